-- Performance by Partner.
SELECT
    partner::VARCHAR AS MediaId,
    partner_name(partner) AS Partner,
    {performance}
FROM asked
GROUP BY partner
