-- Performance by Referring Domain.
SELECT
    partner::VARCHAR AS MediaId,
    partner_name(partner) AS Partner,
    domain AS ReferringDomain,
    {performance}
FROM asked
GROUP BY partner, domain
