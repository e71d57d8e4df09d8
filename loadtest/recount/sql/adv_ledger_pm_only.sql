-- Ledger: what was sent, by the program's calendar.
SELECT
    day_in(zone, ms)::VARCHAR AS Day,
    stream AS Stream,
    count(*) AS Received,
    count(*) FILTER (outcome = 'Stored') AS Stored,
    0 AS Unrecorded,
    count(*) FILTER (starts_with(outcome, 'Refused')) AS Refused,
    count(*) FILTER (outcome = 'RefusedInvalid') AS RefusedInvalid,
    count(*) FILTER (outcome = 'RefusedRetry') AS RefusedRetry,
    0 AS RefusedUnavailable,
    0 AS RefusedNoConsent
FROM received AS r JOIN program AS p ON p.id = r.program
WHERE list_contains(getvariable('programs'), r.program)
    AND day_in(zone, ms) BETWEEN getvariable('first') AND getvariable('last')
GROUP BY ALL
