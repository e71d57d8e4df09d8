-- The list of actions, as far as the made-up set says it.
SELECT
    event_type::VARCHAR AS ActionTrackerId,
    a.partner::VARCHAR AS MediaPartnerId,
    CASE WHEN reversed THEN 'REVERSED' ELSE 'PENDING' END AS State,
    coalesce(k.ad, 0)::VARCHAR AS AdId,
    money(CASE WHEN reversed THEN 0 ELSE gross_cost END) AS Payout,
    money(CASE WHEN reversed THEN 0 ELSE standing_amount END) AS Amount,
    a.ms // 1000 AS EventDate,
    order_id AS Oid,
    coalesce(nullif(a.shared, ''), k.shared, '') AS SharedId,
    a.promo AS PromoCode
FROM action AS a LEFT JOIN judged AS k ON k.id = a.winner
WHERE list_contains(getvariable('programs'), a.program)
    AND a.day BETWEEN getvariable('first') AND getvariable('last')
    AND a.partner = coalesce(getvariable('partner'), a.partner)
