-- What speaks against partners, by the figures of what is asked for, and by how the judgement is
-- written down: shares at the lower end of what chance leaves open, bounds, and medians.

-- Figures of each partner, before one is picked.
CREATE VIEW figure AS
WITH click_of AS (
    SELECT
        bucket AS partner, * EXCLUDE (page),
        -- As it was sent; an import has hosts in small letters.
        CASE WHEN is_live THEN regexp_extract(referrer, '^[^?#]*') ELSE page END AS page,
        robot OR no_browser OR image OR anomaly OR hosting AS at_risk,
        class IN ('U', 'D') AS is_people,
        CASE WHEN contains(address, ':') THEN array_to_string(string_split(address, ':')[1:3], ':')
            ELSE array_to_string(string_split(address, '.')[1:3], '.') END AS network,
        nullif(concat_ws('|', sub1, sub2, sub3), '||') AS subs,
        -- Which 64th of the day, by UTC.
        (ms % 86400000) * 64 // 86400000 AS stretch
    FROM judged
    WHERE list_contains(getvariable('programs'), program)
        AND day BETWEEN getvariable('first') AND getvariable('last')
), clicks AS (
    SELECT
        partner, count(*) AS raw, count(*) FILTER (at_risk) AS risk,
        count(*) FILTER (robot) AS robot, count(*) FILTER (image) AS image,
        count(*) FILTER (no_browser) AS no_browser, count(*) FILTER (anomaly) AS anomaly,
        count(*) FILTER (hosting) AS hosting, count(*) FILTER (no_fetch) AS no_fetch,
        count(*) FILTER (foreign_page) AS foreign_page,
        count(*) FILTER (class = 'D') AS duplicate, count(*) FILTER (is_people) AS people,
        count(*) FILTER (is_people AND subs IS NOT NULL) AS with_subs,
        count(*) FILTER (is_people AND page = '') AS bare
    FROM click_of GROUP BY partner
), top AS (
    SELECT
        partner,
        max(n) FILTER (kind = 'network') AS network, max(n) FILTER (kind = 'agent') AS agent,
        max(n) FILTER (kind = 'subs') AS subs,
        max(n) FILTER (kind = 'page') AS page,
        half_up(sum(n * n) FILTER (kind = 'subs'), sum(n) FILTER (kind = 'subs')) AS same
    FROM (
        SELECT partner, 'network' AS kind, count(*) AS n FROM click_of WHERE is_people
        GROUP BY partner, network
        UNION ALL
        SELECT partner, 'agent', count(*) FROM click_of WHERE is_people GROUP BY partner, agent
        UNION ALL
        SELECT partner, 'subs', count(*) FROM click_of WHERE is_people AND subs IS NOT NULL
        GROUP BY partner, subs
        UNION ALL
        SELECT partner, 'page', count(*) FROM click_of WHERE is_people AND page <> ''
        GROUP BY partner, page
    )
    GROUP BY partner
), stretch_of AS (
    SELECT partner, stretch, count(*) AS n FROM click_of WHERE is_people GROUP BY ALL
), burst AS (
    -- Two in a row; the first of a day follows the last.
    SELECT a.partner, max(a.n + coalesce(b.n, 0)) AS burst
    FROM stretch_of AS a
    LEFT JOIN stretch_of AS b
        ON b.partner = a.partner AND b.stretch IN ((a.stretch + 1) % 64, (a.stretch + 63) % 64)
    GROUP BY a.partner
), action_of AS (
    SELECT
        a.partner, a.reversed, k.robot, k.image, k.no_browser, k.anomaly, k.hosting,
        CASE WHEN a.ms >= k.ms THEN a.ms - k.ms END AS after
    FROM asked_action AS a LEFT JOIN judged AS k ON k.id = a.winner
), actions AS (
    SELECT
        partner, count(*) AS gross, count(*) FILTER (NOT reversed) AS standing,
        count(*) FILTER (robot OR no_browser OR image OR anomaly OR hosting OR after < 5000)
            AS risk,
        count(after) AS clicked, count(*) FILTER (after < 5000) AS within_5s,
        count(*) FILTER (after < 10000) AS within_10s,
        count(*) FILTER (after < 7200000) AS within_2h,
        count(*) FILTER (after >= 7200000 AND after < 86400000) AS within_24h,
        count(*) FILTER (after >= 172800000 AND after < 604800000) AS within_7d,
        count(*) FILTER (robot) AS robot, count(*) FILTER (image) AS image,
        count(*) FILTER (no_browser) AS no_browser, count(*) FILTER (anomaly) AS anomaly,
        count(*) FILTER (hosting) AS hosting
    FROM action_of GROUP BY partner
), claims AS (
    -- Refused though a click was named: its id is forged, another program's, of an unknown partner,
    -- or the click came after the event or too long before it. What is imported has its own day.
    SELECT
        CASE WHEN s.forged THEN 0 ELSE k.bucket END AS partner,
        count(*) FILTER (s.forged OR NOT is_repeat) AS refused,
        count(*) FILTER (NOT s.forged AND is_repeat) AS taken
    FROM (
        SELECT s.*, h.partner AS holder, h.partner IS NOT NULL AS is_repeat
        FROM said AS s
        LEFT JOIN (
            SELECT a.*, w.partner FROM action AS a JOIN judged AS w ON w.id = a.winner
        ) AS h ON (h.program, h.event_type, h.order_id) = (s.program, s.event_type, s.order_id)
            AND h.seq < s.seq AND s.named IS NOT NULL
    ) AS s
    LEFT JOIN judged AS k ON coalesce(k.number = s.number, k.id = s.named)
    LEFT JOIN contract AS c ON c.program = s.program AND c.partner = k.partner
        AND c.start_ms <= s.ms AND (c.end_ms IS NULL OR s.ms < c.end_ms)
    WHERE (s.has_click_id OR s.named IS NOT NULL) AND s.seq NOT IN (SELECT seq FROM action)
        AND list_contains(getvariable('programs'), s.program)
        AND day_in(s.zone, coalesce(s.received, s.ms))
            BETWEEN getvariable('first') AND getvariable('last')
        AND (s.forged OR CASE WHEN is_repeat THEN holder <> k.bucket ELSE
            k.program <> s.program OR k.unknown_partner
            OR (NOT k.inactive AND NOT k.malformed AND (k.ms > s.ms + 120000
                OR (NOT k.no_contract AND s.ms - k.ms > c.window_ms))) END)
    GROUP BY 1
), whole AS (
    SELECT partner FROM clicks UNION SELECT partner FROM actions UNION SELECT partner FROM claims
)
SELECT
    w.partner,
    coalesce(c.raw, 0) AS raw, coalesce(c.risk, 0) AS risk, coalesce(c.robot, 0) AS robot,
    coalesce(c.image, 0) AS image, coalesce(c.no_browser, 0) AS no_browser,
    coalesce(c.anomaly, 0) AS anomaly, coalesce(c.hosting, 0) AS hosting,
    coalesce(c.no_fetch, 0) AS no_fetch, coalesce(c.foreign_page, 0) AS foreign_page,
    coalesce(c.duplicate, 0) AS duplicate, coalesce(c.people, 0) AS people,
    coalesce(c.with_subs, 0) AS with_subs, coalesce(c.bare, 0) AS bare,
    coalesce(t.network, 0) AS network, coalesce(t.agent, 0) AS agent, coalesce(t.subs, 0) AS subs,
    coalesce(t.page, 0) AS page, coalesce(t.same, 0) AS same, coalesce(b.burst, 0) AS burst,
    coalesce(a.gross, 0) AS gross, coalesce(a.standing, 0) AS standing,
    coalesce(a.risk, 0) AS ref_risk, coalesce(a.clicked, 0) AS clicked,
    coalesce(a.within_5s, 0) AS within_5s, coalesce(a.within_10s, 0) AS within_10s,
    coalesce(a.within_2h, 0) AS within_2h, coalesce(a.within_24h, 0) AS within_24h,
    coalesce(a.within_7d, 0) AS within_7d, coalesce(a.robot, 0) AS ref_robot,
    coalesce(a.image, 0) AS ref_image, coalesce(a.no_browser, 0) AS ref_no_browser,
    coalesce(a.anomaly, 0) AS ref_anomaly, coalesce(a.hosting, 0) AS ref_hosting,
    coalesce(r.refused, 0) AS refused, coalesce(r.taken, 0) AS taken
FROM whole AS w
LEFT JOIN clicks AS c USING (partner)
LEFT JOIN actions AS a USING (partner)
LEFT JOIN top AS t USING (partner)
LEFT JOIN burst AS b USING (partner)
LEFT JOIN claims AS r USING (partner);

-- What clickd estimates, for the judgement alone.
CREATE TABLE estimate (
    partner BIGINT, network BIGINT, agent BIGINT, page BIGINT, subs BIGINT, same BIGINT
);

-- The ends of Wilson's interval at 2.6 standard deviations.
CREATE MACRO interval_end(share, z, side) AS least(greatest((share + z / 2.0 + side
    * sqrt(greatest(z * (share * (1.0 - share) + z / 4.0), 0.0))) / (1.0 + z), 0.0), 1.0);
CREATE MACRO at_least(count, total) AS CASE WHEN total > 0 THEN interval_end(
    least(count::DOUBLE / total::DOUBLE, 1.0), 2.6::DOUBLE * 2.6::DOUBLE / total::DOUBLE, -1.0)
    ELSE 0.0 END;
CREATE MACRO at_most(count, total) AS CASE WHEN total > 0 THEN interval_end(
    least(count::DOUBLE / total::DOUBLE, 1.0), 2.6::DOUBLE * 2.6::DOUBLE / total::DOUBLE, 1.0)
    ELSE 1.0 END;
CREATE MACRO share_of(count, total) AS
    CASE WHEN total > 0 THEN count::DOUBLE / total::DOUBLE ELSE 0.0 END;
CREATE MACRO share_words(count, total) AS
    format('{:.1f} % ({} of {})', 100.0 * share_of(count, total), count::BIGINT, total::BIGINT);
CREATE MACRO against(median) AS
    CASE WHEN median IS NULL THEN ''
        ELSE format('; the median partner has {:.1f} %', 100.0 * median) END;

-- Each part of a partner's events that is compared with others.
CREATE VIEW compared AS
SELECT f.partner, c.*, share_of(c.count, c.total) AS share
FROM figure AS f
JOIN estimate AS e USING (partner), LATERAL (VALUES
    (1, 'TOO_SOON', 'actions came less than 5 s after their click', f.within_5s, f.clicked, 10,
        0.02::DOUBLE, 3.0::DOUBLE, 10.0::DOUBLE, 80.0::DOUBLE),
    (2, 'TOO_SOON', 'actions came less than 10 s after their click', f.within_10s, f.clicked, 10,
        0.05, 3.0, 10.0, 60.0),
    (3, 'UNTRUE_CLAIMS', 'conversions name clicks that can''t have led to them', f.refused,
        f.gross + f.refused + f.taken, 10, 0.05, 3.0, 10.0, 80.0),
    (4, 'ADDRESS_CONCENTRATION', 'clicks come from one network, estimated', e.network, f.people,
        200, 0.2, 3.0, 10.0, 60.0),
    (5, 'AGENT_CONCENTRATION', 'clicks come from one user agent, estimated', e.agent, f.people,
        200, 0.4, 1.5, 10.0, 40.0),
    (6, 'SUB_ID_CONCENTRATION', 'clicks with sub ids carry the same ones, estimated', e.subs,
        f.with_subs, 200, 0.9, 2.0, 10.0, 10.0),
    (7, 'REVERSALS', 'actions are reversed', f.gross - f.standing, f.gross, 10,
        0.2, 3.0, 10.0, 50.0),
    (8, 'DUPLICATE', 'clicks are duplicates', f.duplicate, f.raw, 200, 0.2, 2.0, 10.0, 50.0),
    (9, 'FOREIGN_PAGE', 'clicks come from pages of others', f.foreign_page, f.raw, 50,
        0.2, 2.0, 10.0, 50.0),
    (10, 'NO_FETCH_METADATA', 'clicks do not say what they are for', f.no_fetch, f.raw, 50,
        0.5, 2.0, 10.0, 50.0),
    (11, 'RATE', '', f.gross, f.people, 200, 0, 0, 0, 0),
    (12, 'EARLY', '', f.within_2h, f.clicked, 10, 0, 0, 0, 0),
    (13, 'DUPLICATE_ORDERS', 'conversions name orders of another partner''s action', f.taken,
        f.gross + f.refused + f.taken, 10, 0.05, 3.0, 10.0, 80.0),
    (14, 'NO_REFERRER', 'clicks say no page that they come from', f.bare, f.people, 200,
        0.5, 2.0, 10.0, 40.0),
    (15, 'ONE_REFERRER', 'clicks, at most, come from one page', e.page, f.people, 200,
        0.9, 2.0, 10.0, 10.0),
    (16, 'BURST', 'clicks came within the same 45 minutes of the day', f.burst, f.people, 200,
        0.2, 3.0, 10.0, 40.0)
) AS c (nth, code, words, count, total, events_min, usual, times, points, more);

-- The share of the median partner, of three with enough events at least.
CREATE VIEW median AS
SELECT nth, shares[len(shares) // 2 + 1] AS share
FROM (
    SELECT nth, list_sort(list(share)) AS shares
    FROM compared WHERE partner <> 0 AND total >= events_min
    GROUP BY nth
)
WHERE len(shares) >= 3;

CREATE VIEW reason AS
WITH sign AS (
    SELECT f.partner, s.* FROM figure AS f, LATERAL (VALUES
        ('SPIDERS_AND_BOTS', 'Critical', f.robot, f.raw, 'clicks', 100.0::DOUBLE),
        ('IMAGE_CLICK', 'Critical', f.image, f.raw, 'clicks', 100.0),
        ('NO_BROWSER', 'High', f.no_browser, f.raw, 'clicks', 100.0),
        ('REQUEST_ANOMALY', 'High', f.anomaly, f.raw, 'clicks', 100.0),
        ('DATA_CENTER', 'High', f.hosting, f.raw, 'clicks', 100.0),
        ('REF_SPIDERS_AND_BOTS', 'Critical', f.ref_robot, f.gross, 'actions', 50.0),
        ('REF_IMAGE_CLICK', 'Critical', f.ref_image, f.gross, 'actions', 50.0),
        ('REF_NO_BROWSER', 'High', f.ref_no_browser, f.gross, 'actions', 50.0),
        ('REF_REQUEST_ANOMALY', 'High', f.ref_anomaly, f.gross, 'actions', 50.0),
        ('REF_DATA_CENTER', 'High', f.ref_hosting, f.gross, 'actions', 50.0)
    ) AS s (code, level, count, total, what, weight)
), bound AS (
    SELECT c.*, m.share AS median,
        greatest(c.usual, c.times * coalesce(m.share, 0.0)) AS bound
    FROM compared AS c LEFT JOIN median AS m USING (nth)
), rate AS (
    SELECT *, CASE WHEN median > 0.0 THEN least(5.0::DOUBLE * median, 0.3::DOUBLE) ELSE 0.3 END
        AS most
    FROM bound WHERE nth = 11
), found AS (
    SELECT partner, code, 0 AS nth,
        share_words(count, total) || ' ' || what || ', level ' || level AS words,
        at_least(count, total) * weight AS points
    FROM sign
    UNION ALL
    SELECT partner, code, nth, share_words(count, total) || ' ' || words || against(median),
        points + more * (at_least(count, total) - bound) / (1.0 - bound)
    FROM bound
    WHERE nth NOT IN (11, 12) AND total >= events_min AND count >= 3
        AND at_least(count, total) > bound AND bound < 1.0
        AND (median IS NOT NULL OR code NOT IN
            ('SUB_ID_CONCENTRATION', 'NO_REFERRER', 'ONE_REFERRER', 'BURST'))
    UNION ALL
    SELECT partner, 'LOW_RATE', 0,
        share_words(count, total) || ' clicks have an action' || against(median), 12.0
    FROM rate WHERE total >= 1000 AND count / total < median / 10.0
        AND at_most(count, total) < median / 2.0
    UNION ALL
    SELECT partner, 'HIGH_RATE', 0,
        share_words(count, total) || ' clicks have an action' || against(median),
        12.0 + 10.0 * (at_least(count, total) - most) / (1.0 - most)
    FROM rate WHERE count >= 10 AND at_least(count, total) > most
    UNION ALL
    SELECT f.partner, 'FLAT_TIMES', 0,
        share_words(f.within_24h + f.within_7d, f.clicked)
            || ' actions spread evenly from two hours to seven days after their click, '
            || f.within_2h || ' before' || CASE WHEN m.share IS NULL THEN '' ELSE
                format('; the median partner has {:.1f} % before', 100.0 * m.share) END, 25.0
    FROM figure AS f LEFT JOIN median AS m ON m.nth = 12
    WHERE f.clicked >= 20 AND NOT coalesce(m.share < 0.3, false)
        AND at_most(f.within_2h, f.clicked) < 0.25
        AND f.within_24h / 22.0 <= 6.0 * f.within_7d / 120.0
        AND at_least(f.within_24h + f.within_7d, f.clicked) >= 0.5
    UNION ALL
    SELECT f.partner, 'SUB_ID_SPREAD', 0,
        f.with_subs || ' clicks carry sub ids of their own, estimated; those of the median '
            || 'partner come ' || m.same || ' times', 15.0
    FROM figure AS f JOIN estimate AS e USING (partner), (
        SELECT list_sort(list(e.same)) AS all_same, all_same[len(all_same) // 2 + 1] AS same
        FROM figure AS f JOIN estimate AS e USING (partner)
        WHERE partner <> 0 AND f.with_subs >= 200
    ) AS m
    WHERE f.with_subs >= 200 AND e.same = 1 AND m.same >= 10 AND len(m.all_same) >= 3
)
SELECT
    partner, code, words, points,
    -- Points are whole, and 100 in all at most.
    greatest(least(floor(points), 100 - coalesce(sum(floor(points)) OVER (
        PARTITION BY partner ORDER BY points DESC, code
        ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING), 0)), 0)::BIGINT AS counted,
    row_number() OVER (PARTITION BY partner ORDER BY points DESC, code) AS place
FROM (
    SELECT * FROM found WHERE points >= 1.0
    QUALIFY row_number() OVER (PARTITION BY partner, code ORDER BY points DESC, nth) = 1
);
