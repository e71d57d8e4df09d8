-- Earnings by Shared ID.
SELECT
    shared AS SharedId,
    {earnings}
FROM asked
GROUP BY shared
