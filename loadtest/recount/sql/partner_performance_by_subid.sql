-- Performance by Sub ID.
SELECT
    sub1 AS SubId1,
    sub2 AS SubId2,
    sub3 AS SubId3,
    {earnings}
FROM asked
GROUP BY sub1, sub2, sub3
