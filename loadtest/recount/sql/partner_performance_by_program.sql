-- Performance by Brand.
SELECT
    program::VARCHAR AS CampaignId,
    (SELECT any_value(name) FROM program AS p WHERE p.id = asked.program) AS Campaign,
    (SELECT any_value(brand_name) FROM program AS p WHERE p.id = asked.program) AS Advertiser,
    {earnings}
FROM asked
GROUP BY program
