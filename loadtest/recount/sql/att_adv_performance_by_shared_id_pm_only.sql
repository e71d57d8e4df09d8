-- Performance by Shared ID.
SELECT
    partner::VARCHAR AS MediaId,
    partner_name(partner) AS Partner,
    shared AS SharedId,
    {performance}
FROM asked
GROUP BY partner, shared
