-- What each click counts as: unique, payable, and what it is paid by itself.

CREATE TABLE click AS
SELECT
    row_number() OVER () AS id,
    sent.*,
    lower(regexp_extract(referrer, '^[a-z]+://([^/?#:]+)', 1)) AS page_host,
    lower(regexp_extract(referrer, '^[a-z]+://[^/?#]+'))
        || regexp_extract(referrer, '^[a-z]+://[^/?#]+([^?#]*)', 1) AS page
FROM sent_click AS sent;

-- What was wrong with the link, and what the request says.
CREATE TABLE seen AS
SELECT
    c.*,
    regexp_replace(c.page_host, '^www\.', '') AS domain,
    day_in(p.zone, c.ms) AS day,
    CASE WHEN m.id IS NULL THEN 0 ELSE c.partner END AS bucket,
    m.id IS NULL AS unknown_partner,
    NOT coalesce(m.active, true) AS inactive,
    k.program IS NULL AS no_contract,
    k.start_ms AS contract,
    coalesce(a.end_ms <= c.ms, false) AS expired,
    coalesce(a.end_ms <= c.ms, false) AND NOT p.pays_expired AS unpaid_expired,
    c.deep <> '' AND NOT (a.expired_page IS NOT NULL AND a.end_ms <= c.ms)
        AND NOT (p.deep AND regexp_matches(c.deep, '^https://www\.shop\.example/')) AS malformed,
    g.robot,
    h.listed AS hosting,
    NOT g.robot AND NOT is_apart AND NOT g.is_browser AS no_browser,
    NOT g.robot AND NOT is_apart AND dest = 'image' AS image,
    NOT g.robot AND NOT is_apart AND (
        (mode NOT IN ('', 'navigate') AND dest <> 'image')
        OR (is_live AND g.recent AND NOT language) OR (g.other_engine AND engine)) AS anomaly,
    NOT g.robot AND NOT is_apart AND is_live AND g.recent AND mode = '' AND dest = '' AS no_fetch,
    NOT g.robot AND m.id IS NOT NULL AND c.page_host <> '' AND len(hosts) > 0
        AND NOT list_bool_or(list_transform(hosts,
            lambda x: domain = x OR domain LIKE '%.' || x)) AS foreign_page,
    g.device, g.browser, g.os,
    p.window_ms, p.rolling, p.risk,
    concat_ws(' ', is_live, c.program, c.partner,
        coalesce(nullif('v' || visitor, 'v'), address || ' ' || agent)) AS window_key
FROM (SELECT *, method = 'HEAD' OR purpose <> '' AS is_apart FROM click) AS c
JOIN program AS p ON p.id = c.program
JOIN agent AS g USING (agent)
JOIN hosting AS h USING (address)
LEFT JOIN ad AS a ON a.program = c.program AND a.id = c.ad
LEFT JOIN (
    SELECT *, list_filter(list_transform(properties, lambda x: x.name),
        lambda x: contains(x, '.') AND NOT contains(x, ' ')) AS hosts
    FROM partner
) AS m ON m.id = c.partner
LEFT JOIN contract AS k ON k.program = c.program AND k.partner = c.partner
    AND k.start_ms <= c.ms AND (k.end_ms IS NULL OR c.ms < k.end_ms);

-- Robots, prefetches and the like neither open nor prolong a window.
CREATE TABLE apart AS
SELECT
    id,
    CASE
        WHEN robot OR agent = '' THEN 'R'
        WHEN purpose <> '' THEN 'P'
        WHEN method = 'HEAD' THEN 'H'
        WHEN risk <> 'RELAXED' AND (image OR anomaly OR hosting) THEN 'F'
    END AS class
FROM seen;

CREATE TABLE turn AS
SELECT
    id, window_key, ms, window_ms, rolling,
    row_number() OVER w AS n,
    ms - lag(ms) OVER w AS gap
FROM seen JOIN apart USING (id)
WHERE class IS NULL
WINDOW w AS (PARTITION BY window_key ORDER BY ms, tie);

-- A fixed window starts with the last unique click, so one click is judged after the other.
CREATE TABLE fixed AS
WITH RECURSIVE walk AS (
    SELECT id, window_key, n, ms AS opened, true AS is_unique
    FROM turn WHERE n = 1 AND NOT rolling
    UNION ALL
    SELECT
        t.id, t.window_key, t.n,
        CASE WHEN t.ms - w.opened >= t.window_ms THEN t.ms ELSE w.opened END,
        t.ms - w.opened >= t.window_ms
    FROM walk AS w JOIN turn AS t ON t.window_key = w.window_key AND t.n = w.n + 1
)
SELECT id, is_unique FROM walk;

CREATE TABLE classed AS
SELECT
    s.*,
    coalesce(a.class, CASE
        WHEN CASE WHEN t.rolling THEN t.gap IS NULL OR t.gap >= t.window_ms ELSE f.is_unique END
        THEN 'U' ELSE 'D'
    END) AS class
FROM seen AS s
JOIN apart AS a USING (id)
LEFT JOIN turn AS t USING (id)
LEFT JOIN fixed AS f USING (id);

-- The price of unique clicks where the program pays for clicks, before limits.
CREATE TABLE priced AS
SELECT
    c.id, c.program, c.partner, c.contract, c.day, c.ms, c.tie,
    CASE
        WHEN c.unknown_partner OR c.no_contract THEN 'CONTRACT_NOT_FOUND'
        WHEN c.inactive THEN 'INACTIVE_PARTNER'
        WHEN c.malformed THEN 'MALFORMED_DEEP_LINK'
        WHEN c.unpaid_expired THEN 'EXPIRED_AD'
        WHEN o.price IS NULL THEN 'CLICK_TRACKER_NOT_FOUND'
        WHEN lower(c.shared) = o.restricted THEN 'RESTRICTED'
    END AS error,
    micros(coalesce((
        SELECT arg_min(g.price, g.rank) FROM payout_group AS g
        WHERE g.program = c.program AND g.partner = c.partner AND g.start_ms = c.contract
            AND g.event_type = e.id AND lower(g.value)
            = CASE g.variable WHEN 'AD_ID' THEN c.ad::VARCHAR ELSE lower(c.shared) END
    ), o.price)) AS price
FROM classed AS c
JOIN event_type AS e ON e.program = c.program AND e.category = 'CLICK'
LEFT JOIN payout AS o ON o.program = c.program AND o.partner = c.partner
    AND o.start_ms = c.contract AND o.event_type = e.id
WHERE c.class = 'U';

-- The limits of a contract for clicks: first on their number, then on their cost.
CREATE TABLE limited AS
SELECT
    p.*,
    row_number() OVER (PARTITION BY p.program, p.partner, p.contract ORDER BY p.ms, p.tie) AS n,
    (of_count).most::BIGINT AS count_max,
    date_trunc(coalesce((of_count).period, 'DAY'), p.day)::DATE AS count_from,
    micros((of_cost).most) AS cost_max,
    date_trunc(coalesce((of_cost).period, 'DAY'), p.day)::DATE AS cost_from
FROM (
    SELECT
        *,
        (SELECT any_value(l) FROM payout_limit AS l JOIN event_type AS e ON e.id = l.event_type
         WHERE e.category = 'CLICK' AND l.program = p.program AND l.partner = p.partner
            AND l.start_ms = p.contract AND l.of = 'ACTIONS') AS of_count,
        (SELECT any_value(l) FROM payout_limit AS l JOIN event_type AS e ON e.id = l.event_type
         WHERE e.category = 'CLICK' AND l.program = p.program AND l.partner = p.partner
            AND l.start_ms = p.contract AND l.of = 'PAYOUT') AS of_cost
    FROM priced AS p WHERE error IS NULL
) AS p;

CREATE TABLE paid AS
WITH RECURSIVE walk AS (
    SELECT
        program, partner, contract, 0::BIGINT AS n, NULL::BIGINT AS id, 0::HUGEINT AS cost,
        NULL::VARCHAR AS error, NULL::DATE AS count_from, 0::BIGINT AS count_used,
        NULL::DATE AS cost_from, 0::HUGEINT AS cost_used
    FROM limited GROUP BY ALL
    UNION ALL
    SELECT
        program, partner, contract, n, id, cost,
        CASE WHEN NOT has_room THEN 'OVERLIMIT_ACTIONCAP'
            WHEN cost < price THEN 'OVERLIMIT_BUDGET' END,
        count_from, count_before + (cost > 0)::BIGINT, cost_from, cost_before + cost
    FROM (
        SELECT *, CASE WHEN NOT has_room THEN 0
            ELSE least(price, greatest(cost_max - cost_before, 0)) END::HUGEINT AS cost
        FROM (
            SELECT
                l.*,
                CASE WHEN w.count_from = l.count_from THEN w.count_used ELSE 0 END AS count_before,
                CASE WHEN w.cost_from = l.cost_from THEN w.cost_used ELSE 0 END AS cost_before,
                l.count_max IS NULL OR l.count_max
                    > CASE WHEN w.count_from = l.count_from THEN w.count_used ELSE 0 END AS has_room
            FROM walk AS w
            JOIN limited AS l ON (l.program, l.partner, l.contract, l.n)
                = (w.program, w.partner, w.contract, w.n + 1)
        )
    )
)
SELECT id, cost, error FROM walk WHERE n > 0;

CREATE TABLE judged AS
SELECT
    c.*,
    c.class = 'U' AND NOT (c.unknown_partner OR c.inactive OR c.no_contract OR c.malformed
        OR c.unpaid_expired) AS payable,
    coalesce(paid.cost, 0) AS cpc_cost,
    CASE
        WHEN c.class <> 'U' THEN 'INVALID_CLASSIFICATION'
        WHEN e.id IS NULL THEN 'CLICK_TRACKER_NOT_FOUND'
        ELSE coalesce(p.error, paid.error, '')
    END AS cpc_error
FROM classed AS c
LEFT JOIN event_type AS e ON e.program = c.program AND e.category = 'CLICK'
LEFT JOIN priced AS p ON p.id = c.id
LEFT JOIN paid ON paid.id = c.id;
