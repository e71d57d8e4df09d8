-- Earnings by Month, by the program's calendar.
SELECT
    date_trunc('month', day)::DATE::VARCHAR AS Month,
    {earnings}
FROM asked
GROUP BY date_trunc('month', day)
