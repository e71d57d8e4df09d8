-- Contribution.
WITH part AS (
    SELECT
        unnest(list_distinct(steps)) AS one, steps, partner::VARCHAR AS credited, is_told
    FROM asked_action WHERE NOT reversed
), told AS (
    SELECT
        one, credited,
        steps[1] = one AS is_first,
        steps[-1] = one AS is_last,
        len(list_filter(steps, lambda x: x = one)) AS own,
        len(steps) AS length, is_told AND one = credited AS is_told
    FROM part WHERE one[1] <> ':'
)
SELECT
    one AS MediaId,
    partner_name(try_cast(one AS BIGINT)) AS Partner,
    count(*) FILTER (is_first AND own < length) AS Introducer,
    count(*) FILTER (NOT is_first AND NOT is_last) AS Influencer,
    count(*) FILTER (is_last AND own < length) AS Closer,
    count(*) FILTER (own = length) AS Solo,
    count(*) FILTER (one = credited) AS Credited,
    count(*) FILTER (one <> credited) AS Assisted,
    count(*) AS Participations,
    sum(own - is_told::INT) AS ParticipatingClicks
FROM told
WHERE one = coalesce(getvariable('partner')::VARCHAR, one)
GROUP BY one
