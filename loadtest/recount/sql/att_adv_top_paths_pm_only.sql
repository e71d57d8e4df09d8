-- Top Paths, with repeats or without.
WITH step AS (
    SELECT seq, unnest(partners) AS partner, generate_subscripts(partners, 1) AS nth
    FROM asked_action
), kept AS (
    SELECT seq, partner, nth FROM step
    QUALIFY NOT getvariable('collapse')
        OR partner IS DISTINCT FROM lag(partner) OVER (PARTITION BY seq ORDER BY nth)
), named AS (
    SELECT
        seq,
        string_agg(partner_name(partner), ' → ' ORDER BY nth) AS names,
        string_agg(partner::VARCHAR, ' → ' ORDER BY nth) AS ids,
        count(*) AS length
    FROM kept GROUP BY seq
)
SELECT
    names AS Path,
    ids AS PathIds,
    any_value(length)::VARCHAR AS PathLength,
    count(*) AS Actions,
    money(sum(a.standing_amount)) AS SaleAmount,
    money(sum(a.gross_cost)) AS ActionCost,
    ratio(sum(a.seconds), count(*)) AS TimeToConvert
FROM asked_action AS a JOIN named USING (seq)
WHERE NOT a.reversed AND len(a.partners) <= 9
    AND a.partner = coalesce(getvariable('partner'), a.partner)
GROUP BY names, ids
