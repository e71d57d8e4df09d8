-- Performance by Ad.
SELECT
    ad::VARCHAR AS AdId,
    ad_name(ad) AS Ad,
    {performance}
FROM asked
GROUP BY ad
