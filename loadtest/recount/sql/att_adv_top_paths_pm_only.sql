-- Top Paths, with repeats or without.
WITH step AS (
    SELECT seq, unnest(steps) AS step, generate_subscripts(steps, 1) AS nth
    FROM asked_action
), kept AS (
    SELECT seq, step, nth FROM step
    QUALIFY NOT getvariable('collapse')
        OR step IS DISTINCT FROM lag(step) OVER (PARTITION BY seq ORDER BY nth)
), named AS (
    SELECT
        seq,
        string_agg(CASE WHEN step[1] = ':' THEN step[2:]
            ELSE partner_name(try_cast(step AS BIGINT)) END, ' → ' ORDER BY nth) AS names,
        string_agg(step, ' → ' ORDER BY nth) AS ids,
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
WHERE NOT a.reversed AND len(a.steps) <= 9
    AND a.partner = coalesce(getvariable('partner'), a.partner)
GROUP BY names, ids
