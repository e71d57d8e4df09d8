-- Performance by Event Type.
SELECT
    event_type::VARCHAR AS ActionTrackerId,
    (SELECT any_value(name) FROM event_type AS e WHERE e.id = asked.event_type) AS ActionTracker,
    sum(gross_actions) AS GrossActions,
    money(sum(gross_cost)) AS GrossActionCost,
    sum(actions) AS Actions,
    money(sum(amount)) AS SaleAmount,
    money(sum(cost)) AS ActionCost,
    ratio(sum(amount), sum(actions) * 1000000) AS AOV,
    ratio(sum(amount), sum(cost)) AS ROAS
FROM asked
WHERE event_type IS NOT NULL
GROUP BY asked.event_type
