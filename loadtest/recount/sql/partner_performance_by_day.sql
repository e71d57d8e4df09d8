-- Earnings by Day, by the program's calendar.
SELECT
    date_trunc('day', day)::DATE::VARCHAR AS Day,
    {earnings}
FROM asked
GROUP BY date_trunc('day', day)
