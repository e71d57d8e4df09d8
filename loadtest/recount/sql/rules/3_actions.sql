-- Which conversions become actions, of which click, and what they come to.

-- What brands said, in its order: the rows of the import by time, then requests.
CREATE TABLE said AS
SELECT
    s.*,
    coalesce(i.id, n.id) AS named,
    (s.forged OR s.number IS NOT NULL) AS has_click_id,
    p.zone, p.decimals, (SELECT max(window_ms) FROM contract WHERE program = s.program) AS look_back
FROM sent_conversion AS s
JOIN program AS p ON p.id = s.program
LEFT JOIN (SELECT id, name, program FROM judged WHERE NOT is_live AND NOT unknown_partner) AS i
    ON i.name = s.click AND i.program = s.program
LEFT JOIN (SELECT id, number, program FROM judged WHERE is_live AND NOT unknown_partner) AS n
    ON n.number = s.number AND n.program = s.program;

-- Names of persons, and those that were sent together.
CREATE TABLE person AS
SELECT seq, program, 'c' AS kind, customer AS name FROM said WHERE customer <> ''
UNION ALL
SELECT seq, program, 'p', profile FROM said WHERE profile <> '';

CREATE TABLE link AS
SELECT a.seq, a.program, a.kind, a.name, b.kind AS other_kind, b.name AS other_name
FROM person AS a JOIN person AS b ON a.seq = b.seq AND a.kind <> b.kind;

-- All names of the person that a conversion names: those sent, what was sent with them before, and
-- what was sent with customers among those.
CREATE TABLE known_as AS
WITH one AS (
    SELECT seq, program, kind, name FROM person
    UNION
    SELECT p.seq, p.program, l.other_kind, l.other_name
    FROM person AS p
    JOIN link AS l USING (program, kind, name)
    WHERE l.seq < p.seq
)
SELECT * FROM one
UNION
SELECT o.seq, o.program, l.other_kind, l.other_name
FROM one AS o JOIN link AS l USING (program, kind, name)
WHERE o.kind = 'c' AND l.seq < o.seq;

-- The clicks that may have led to a conversion: the one that it names, and those that were named
-- before for its person, as far back as the longest referral window.
CREATE TABLE step AS
SELECT s.seq, s.named AS click, true AS is_named FROM said AS s WHERE s.named IS NOT NULL
UNION
SELECT DISTINCT s.seq, earlier.named, false
FROM said AS s
JOIN known_as AS k USING (seq)
JOIN person AS t ON t.program = k.program AND t.kind = k.kind AND t.name = k.name AND t.seq < s.seq
JOIN said AS earlier ON earlier.seq = t.seq
JOIN judged AS c ON c.id = earlier.named
WHERE c.ms BETWEEN s.ms - s.look_back AND s.ms + 120000
    AND earlier.named IS DISTINCT FROM s.named;

-- The clicks that can earn it. A click that is named earns alone or nobody does.
CREATE TABLE eligible AS
SELECT t.seq, t.click, (c.ms, c.tie) AS place, k.start_ms AS contract
FROM step AS t
JOIN said AS s USING (seq)
JOIN judged AS c ON c.id = t.click
JOIN contract AS k ON k.program = c.program AND k.partner = c.partner
    AND k.start_ms <= s.ms AND (k.end_ms IS NULL OR s.ms < k.end_ms)
JOIN payout AS o ON o.program = k.program AND o.partner = k.partner AND o.start_ms = k.start_ms
    AND o.event_type = s.event_type
WHERE NOT c.inactive AND NOT c.no_contract AND NOT c.malformed
    AND c.ms <= s.ms + 120000
    AND s.ms - c.ms <= k.window_ms
    AND (t.is_named OR s.named IS NULL);

-- The last click earns, of one millisecond the one with the higher number; an order once for each
-- event type.
CREATE TABLE credited AS
SELECT * FROM (
    SELECT
        s.*, e.click AS winner, e.contract,
        row_number() OVER (PARTITION BY s.program, s.event_type, s.order_id ORDER BY s.seq) AS nth
    FROM said AS s
    JOIN (SELECT seq, arg_max(click, place) AS click, arg_max(contract, place) AS contract
          FROM eligible GROUP BY seq) AS e USING (seq)
)
WHERE nth = 1;

-- The first change that takes an action back, and those before it.
CREATE TABLE taken_back AS
SELECT c.seq AS action, min(x.seq) AS by
FROM credited AS c
JOIN sent_change AS x USING (program, event_type, order_id)
WHERE x.kind = 'REVERSE'
GROUP BY ALL;

CREATE TABLE changed AS
SELECT c.seq AS action, x.sku, arg_max(micros(x.amount), x.seq) AS amount
FROM credited AS c
JOIN sent_change AS x USING (program, event_type, order_id)
LEFT JOIN taken_back AS b ON b.action = c.seq
WHERE x.kind = 'MODIFY' AND (b.by IS NULL OR x.seq < b.by)
GROUP BY ALL;

-- Items with what they came to before anything was taken back.
CREATE TABLE item AS
SELECT
    i.seq AS action, i.sku, i.category, i.quantity::BIGINT AS units,
    coalesce(x.amount, (micros(i.price) - micros(coalesce(i.discount, '0'))) * i.quantity::BIGINT
        - micros(coalesce(i.total_discount, '0'))) AS net
FROM sent_item AS i
JOIN credited AS c USING (seq)
LEFT JOIN changed AS x ON x.action = i.seq AND x.sku = i.sku;

CREATE TABLE standing AS
SELECT
    c.seq,
    coalesce(x.amount, micros(nullif(c.amount, '')),
        (SELECT sum(net) FROM item WHERE action = c.seq), 0)::HUGEINT AS amount
FROM credited AS c
LEFT JOIN changed AS x ON x.action = c.seq AND x.sku = '';

-- What a price comes to on a base, once rounded to the currency.
CREATE MACRO cost_of(price, base, units, decimals) AS
    CASE WHEN price LIKE '%\%' ESCAPE '\' THEN
        half_even(base * micros(rtrim(price, '%')), 100000000 * 10 ** (6 - decimals)::BIGINT)
            * 10 ** (6 - decimals)::BIGINT
    ELSE micros(price) * units END::HUGEINT;

CREATE TABLE action AS
SELECT
    c.*,
    o.level,
    s.amount AS standing_amount,
    CASE o.level WHEN 'ITEM' THEN (
        SELECT coalesce(sum(cost_of(coalesce((
            SELECT arg_min(g.price, g.rank) FROM payout_group AS g
            WHERE g.program = c.program AND g.partner = o.partner AND g.start_ms = c.contract
                AND g.event_type = c.event_type AND g.variable = 'ITEM_CATEGORY'
                AND lower(g.value) = lower(i.category)
        ), o.price), i.net, i.units, c.decimals)), 0)
        FROM item AS i WHERE i.action = c.seq
    ) ELSE cost_of(coalesce((
        SELECT arg_min(g.price, g.rank) FROM payout_group AS g
        WHERE g.program = c.program AND g.partner = o.partner AND g.start_ms = c.contract
            AND g.event_type = c.event_type AND g.variable = 'ORDER_TOTAL'
            AND s.amount >= micros(g.value)
    ), o.price), s.amount, 1, c.decimals) END AS gross_cost,
    b.by IS NOT NULL AS reversed,
    day_in(c.zone, c.ms) AS day
FROM credited AS c
JOIN judged AS k ON k.id = c.winner
JOIN standing AS s USING (seq)
JOIN payout AS o ON o.program = c.program AND o.partner = k.partner AND o.start_ms = c.contract
    AND o.event_type = c.event_type
LEFT JOIN taken_back AS b ON b.action = c.seq;

-- The path of each action, by its clicks in the order of time.
CREATE TABLE path AS
SELECT
    t.seq,
    list(k.partner ORDER BY k.ms, k.tie) AS partners,
    greatest(a.ms - min(k.ms), 0) // 1000 AS seconds
FROM step AS t
JOIN action AS a USING (seq)
JOIN judged AS k ON k.id = t.click
WHERE k.ms BETWEEN a.ms - a.look_back AND a.ms + 120000
GROUP BY t.seq, a.ms;
