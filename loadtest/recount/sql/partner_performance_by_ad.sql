-- Earnings by Ad.
SELECT
    program::VARCHAR AS CampaignId,
    (SELECT any_value(name) FROM program AS p WHERE p.id = asked.program) AS Campaign,
    (SELECT any_value(brand_name) FROM program AS p WHERE p.id = asked.program) AS Advertiser,
    ad::VARCHAR AS AdId,
    ad_name(ad) AS Ad,
    {earnings}
FROM asked
GROUP BY program, ad
