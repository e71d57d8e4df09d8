-- Contribution.
WITH part AS (
    SELECT
        unnest(list_distinct(partners)) AS one, partners, partner AS credited, is_told
    FROM asked_action WHERE NOT reversed
), told AS (
    SELECT
        one, credited,
        partners[1] = one AS is_first,
        partners[-1] = one AS is_last,
        len(list_filter(partners, lambda x: x = one)) AS own,
        len(partners) AS length, is_told AND one = credited AS is_told
    FROM part
)
SELECT
    one::VARCHAR AS MediaId,
    partner_name(one) AS Partner,
    count(*) FILTER (is_first AND own < length) AS Introducer,
    count(*) FILTER (NOT is_first AND NOT is_last) AS Influencer,
    count(*) FILTER (is_last AND own < length) AS Closer,
    count(*) FILTER (own = length) AS Solo,
    count(*) FILTER (one = credited) AS Credited,
    count(*) FILTER (one <> credited) AS Assisted,
    count(*) AS Participations,
    sum(own - is_told::INT) AS ParticipatingClicks
FROM told
WHERE one = coalesce(getvariable('partner'), one)
GROUP BY one
