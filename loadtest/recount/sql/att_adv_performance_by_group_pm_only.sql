-- Performance by Partner Group.
SELECT
    coalesce((SELECT any_value("group") FROM partner AS m WHERE m.id = asked.partner), '')
        AS "Group",
    {performance}
FROM asked
GROUP BY 1
