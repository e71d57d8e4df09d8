-- Earnings by Week, by the program's calendar.
SELECT
    date_trunc('week', day)::DATE::VARCHAR AS Week,
    {earnings}
FROM asked
GROUP BY date_trunc('week', day)
