-- The list of actions, as far as the made-up set says it.
SELECT
    event_type::VARCHAR AS ActionTrackerId,
    partner::VARCHAR AS MediaPartnerId,
    CASE WHEN reversed THEN 'REVERSED' ELSE 'PENDING' END AS State,
    ad::VARCHAR AS AdId,
    money(CASE WHEN reversed THEN 0 ELSE gross_cost END) AS Payout,
    money(CASE WHEN reversed THEN 0 ELSE standing_amount END) AS Amount,
    ms // 1000 AS EventDate,
    order_id AS Oid,
    shared AS SharedId
FROM (
    SELECT a.*, k.partner, k.ad, k.shared
    FROM action AS a JOIN judged AS k ON k.id = a.winner
)
WHERE list_contains(getvariable('programs'), program)
    AND day BETWEEN getvariable('first') AND getvariable('last')
    AND partner = coalesce(getvariable('partner'), partner)
