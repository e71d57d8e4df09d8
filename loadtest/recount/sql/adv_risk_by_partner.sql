-- Risk by Partner.
--
-- estimate: TopNetworkClicks of PeopleClicks, TopNetworkShare
-- estimate: TopAgentClicks of PeopleClicks, TopAgentShare
-- bound: TopPageClicks of PeopleClicks, TopPageShare
-- estimate: TopSubIdClicks of SubIdClicks, TopSubIdShare
-- estimate: SameSubIdClicks of SubIdClicks, SameSubIdShare
-- clickd counts these by hash; here they are exact, and the answer must lie within 2 %, and a bound
-- not below. The judgement is made of what was answered.
SELECT
    f.partner::VARCHAR AS MediaId,
    partner_name(f.partner) AS Partner,
    CASE WHEN coalesce(score, 0) < 5 THEN 'monitor' WHEN score < 10 THEN 'look closer'
        WHEN score <= 20 THEN 'investigate' ELSE 'stop' END AS RiskLevel,
    coalesce(reasons, '') AS Reasons,
    f.raw AS RawClicks,
    f.gross AS GrossActions,
    f.standing AS Actions,
    coalesce(score, 0) AS RiskScore,
    f.risk AS RiskClicks,
    ratio(f.risk, f.raw) AS RiskClickShare,
    f.ref_risk AS RiskActions,
    ratio(f.ref_risk, f.gross) AS RiskActionShare,
    f.clicked AS ClickedActions,
    f.within_10s AS Under10sActions,
    f.within_2h AS Under2hActions,
    f.within_24h AS Under24hActions,
    f.within_7d AS Under7dActions,
    f.refused AS RefusedClaims,
    f.taken AS TakenOrders,
    f.people AS PeopleClicks,
    f.network AS TopNetworkClicks,
    ratio(f.network, f.people) AS TopNetworkShare,
    f.agent AS TopAgentClicks,
    ratio(f.agent, f.people) AS TopAgentShare,
    f.page AS TopPageClicks,
    ratio(f.page, f.people) AS TopPageShare,
    f.with_subs AS SubIdClicks,
    f.subs AS TopSubIdClicks,
    ratio(f.subs, f.with_subs) AS TopSubIdShare,
    f.same AS SameSubIdClicks,
    ratio(f.same, f.with_subs) AS SameSubIdShare,
    f.robot AS RobotClicks,
    ratio(f.robot, f.raw) AS RobotShare,
    f.image AS ImageClicks,
    ratio(f.image, f.raw) AS ImageShare,
    f.no_browser AS NoBrowserClicks,
    ratio(f.no_browser, f.raw) AS NoBrowserShare,
    f.anomaly AS AnomalousClicks,
    ratio(f.anomaly, f.raw) AS AnomalyShare,
    f.hosting AS HostingClicks,
    ratio(f.hosting, f.raw) AS HostingShare,
    f.no_fetch AS NoFetchClicks,
    ratio(f.no_fetch, f.raw) AS NoFetchShare,
    f.foreign_page AS ForeignPageClicks,
    ratio(f.foreign_page, f.raw) AS ForeignPageShare,
    f.bare AS NoReferrerClicks,
    ratio(f.bare, f.people) AS NoReferrerShare,
    f.burst AS BurstClicks,
    ratio(f.burst, f.people) AS BurstShare,
    f.duplicate AS DuplicateClicks,
    ratio(f.duplicate, f.raw) AS DuplicateShare,
    f.ref_robot AS RefRobotActions,
    ratio(f.ref_robot, f.gross) AS RefRobotShare,
    f.ref_image AS RefImageActions,
    ratio(f.ref_image, f.gross) AS RefImageShare,
    f.ref_no_browser AS RefNoBrowserActions,
    ratio(f.ref_no_browser, f.gross) AS RefNoBrowserShare,
    f.ref_anomaly AS RefAnomalousActions,
    ratio(f.ref_anomaly, f.gross) AS RefAnomalyShare,
    f.ref_hosting AS RefHostingActions,
    ratio(f.ref_hosting, f.gross) AS RefHostingShare,
    f.within_5s AS Under5sActions,
    ratio(f.within_5s, f.clicked) AS Under5sShare
FROM figure AS f
LEFT JOIN (
    SELECT
        partner, sum(counted) AS score,
        string_agg(code || ': ' || words || ' (' || counted || ')', '; ' ORDER BY place)
            FILTER (place <= 10) AS reasons
    FROM reason GROUP BY partner
) AS r USING (partner)
WHERE f.partner = coalesce(getvariable('partner'), f.partner)
