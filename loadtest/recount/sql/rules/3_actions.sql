-- Which conversions become actions, of which click, and what they come to.

-- What brands said, in its order: the rows of the import by time, then requests.
CREATE TABLE said AS
SELECT
    s.*,
    coalesce(i.id, n.id) AS named,
    (s.forged OR s.number IS NOT NULL) AS has_click_id,
    p.zone, p.decimals,
    (SELECT max(window_ms) FROM contract WHERE program = s.program) AS look_back,
    -- Whose the promo code is; where the partner is forced it does not matter.
    c.partner AS code_owner, c.policy, c.channel IS NOT NULL AS restricted
FROM sent_conversion AS s
JOIN program AS p ON p.id = s.program
LEFT JOIN (SELECT id, name, program FROM judged WHERE NOT is_live AND NOT unknown_partner) AS i
    ON i.name = s.click AND i.program = s.program
LEFT JOIN (SELECT id, number, program FROM judged WHERE is_live AND NOT unknown_partner) AS n
    ON n.number = s.number AND n.program = s.program
LEFT JOIN promo_code AS c ON c.program = s.program AND s.forced IS NULL
    AND (c.end_ms IS NULL OR s.ms < c.end_ms)
    AND CASE c.type WHEN 'RE' THEN regexp_full_match(s.promo, c.code)
        ELSE lower(s.promo) = lower(c.code) END;

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

-- By what people came to pages: by a click that they have with them, or by a channel.
CREATE TABLE came AS
SELECT
    a.* EXCLUDE (ms, number), c.id AS click, coalesce(c.ms, a.ms) AS ms, c.tie,
    CASE WHEN c.id IS NULL THEN CASE
        WHEN medium = 'email' THEN 'Newsletter'
        WHEN source IN ('google', 'bing') AND medium = 'cpc' THEN 'Paid search'
        WHEN is_led THEN 'Referral'
        ELSE 'Direct'
    END END AS channel,
    row_number() OVER (PARTITION BY a.program, a.customer ORDER BY n) AS nth
FROM (
    SELECT *, source || medium <> '' OR (referrer <> ''
        AND NOT regexp_matches(referrer, '^https://[a-z]+\.shop\.example/')) AS is_led
    FROM sent_arrival
) AS a
LEFT JOIN judged AS c ON c.number = a.number AND c.program = a.program AND NOT c.unknown_partner;

-- Where a session begins they are a step: a campaign or a page of others begins one, but for more
-- pages of one channel, and anything else half an hour after the last step.
CREATE TABLE arrived AS
WITH RECURSIVE walk AS (
    SELECT program, customer, 0::BIGINT AS nth, NULL::BIGINT AS n, NULL::BIGINT AS last_ms,
        NULL::VARCHAR AS last_channel, false AS is_step
    FROM came GROUP BY ALL
    UNION ALL
    SELECT
        program, customer, nth, n,
        CASE WHEN is_step THEN ms ELSE last_ms END,
        CASE WHEN is_step THEN channel ELSE last_channel END, is_step
    FROM (
        SELECT
            c.program, c.customer, c.nth, c.n, c.ms, c.channel, w.last_ms, w.last_channel,
            c.click IS NOT NULL OR w.last_ms IS NULL OR c.ms - w.last_ms > 1800000
                OR (c.is_led AND w.last_channel IS DISTINCT FROM c.channel) AS is_step
        FROM walk AS w
        JOIN came AS c ON (c.program, c.customer, c.nth) = (w.program, w.customer, w.nth + 1)
    )
)
SELECT c.* FROM walk AS w JOIN came AS c USING (n) WHERE w.is_step;

-- The clicks that may have led to a conversion: the one that it names, and those that were named
-- before for its person or that this person came to a page by, as far back as the longest referral
-- window.
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
    AND earlier.named IS DISTINCT FROM s.named
UNION
SELECT s.seq, a.click, false
FROM said AS s
JOIN arrived AS a ON a.program = s.program AND a.customer = s.customer AND a.before_seq < s.seq
WHERE a.click IS NOT NULL AND a.ms BETWEEN s.ms - s.look_back AND s.ms + 120000
    AND a.click IS DISTINCT FROM s.named;

-- Everything that may earn it: those clicks and channels, the owner of its code, or the partner
-- that it forces and nobody else.
CREATE TABLE candidate AS
SELECT
    t.seq, 'click' AS kind, t.is_named, t.click, c.partner, c.ms, c.tie, NULL AS channel
FROM step AS t JOIN said AS s USING (seq) JOIN judged AS c ON c.id = t.click
WHERE s.forced IS NULL
UNION ALL
SELECT seq, 'code', false, NULL, code_owner, ms, '', NULL FROM said WHERE code_owner IS NOT NULL
UNION ALL
SELECT seq, 'forced', false, NULL, forced, ms, '', NULL FROM said WHERE forced IS NOT NULL
UNION ALL
SELECT s.seq, 'channel', false, NULL, NULL, a.ms, '', a.channel
FROM said AS s
JOIN arrived AS a ON a.program = s.program AND a.customer = s.customer AND a.before_seq < s.seq
WHERE s.forced IS NULL AND a.click IS NULL
    AND a.ms BETWEEN s.ms - s.look_back AND s.ms + 120000;

-- What speaks for each: an active partner with a contract that pays for the event type, and of a
-- click, that it was a good one at the right time; of a channel, that it takes credit at all.
CREATE TABLE stood AS
SELECT
    t.*, s.policy, s.code_owner, e.first_click, e.pays_all, s.restricted,
    k.start_ms AS contract, list_position(['NON_PREFERRED', 'STANDARD', 'PREFERRED'],
        CASE WHEN t.channel = 'Paid search' THEN 'STANDARD' ELSE k.credit_group END) AS standing,
    coalesce(t.channel = 'Paid search', o.price IS NOT NULL AND m.active)
    AND (t.kind <> 'click' OR (
        NOT c.inactive AND NOT c.no_contract AND NOT c.malformed
        AND c.ms <= s.ms + 120000 AND s.ms - c.ms <= k.window_ms
    )) AS may_earn
FROM candidate AS t
JOIN said AS s USING (seq)
JOIN event_type AS e ON e.id = s.event_type AND e.program = s.program
LEFT JOIN partner AS m ON m.id = t.partner
LEFT JOIN judged AS c ON c.id = t.click
LEFT JOIN contract AS k ON k.program = s.program AND k.partner = t.partner
    AND k.start_ms <= s.ms AND (k.end_ms IS NULL OR s.ms < k.end_ms)
LEFT JOIN payout AS o ON o.program = k.program AND o.partner = k.partner
    AND o.start_ms = k.start_ms AND o.event_type = s.event_type;

-- What the candidates of a conversion are together. A click that is named earns alone or nobody
-- does, unless the first click earns, a partner's code was used, or somebody who is not Preferred
-- takes part. The owner of a code earns by it always, or with a click that may earn, or never.
CREATE TABLE together AS
SELECT
    seq,
    bool_or(is_named) AND NOT bool_or(
        first_click OR policy IS NOT NULL
        OR ((may_earn OR is_named) AND coalesce(standing < 3, false))
    ) AS named_alone,
    coalesce(bool_or(policy = 'ALWAYS' OR (policy = 'INVOLVED' AND kind = 'click' AND may_earn
        AND partner = code_owner)), false) AS code_counts,
    arg_max(click, (ms, tie)) FILTER (kind = 'click' AND may_earn AND partner = code_owner)
        AS click_of_owner,
    max(standing) FILTER (kind = 'code') AS owner_standing
FROM stood
GROUP BY seq;

-- Those who take part, of the best credit group among them.
CREATE TABLE eligible AS
SELECT s.*, t.click_of_owner, t.owner_standing
FROM stood AS s JOIN together AS t USING (seq)
WHERE may_earn AND NOT restricted AND (is_named OR NOT named_alone)
    AND (kind <> 'code' OR code_counts)
QUALIFY standing = max(standing) OVER (PARTITION BY seq);

-- Of these a code wins, else the first click where the event type says so, else the click that is
-- named, else the last; of one millisecond the one with the higher number.
CREATE TABLE won AS
SELECT * EXCLUDE (click), CASE kind WHEN 'code' THEN click_of_owner ELSE click END AS winner
FROM (
    SELECT *, row_number() OVER (PARTITION BY seq ORDER BY kind = 'code' DESC,
        is_named AND NOT first_click DESC, CASE WHEN first_click THEN -ms ELSE ms END DESC,
        CASE WHEN NOT first_click THEN tie END DESC, tie) AS place
    FROM eligible
)
WHERE place = 1 AND kind <> 'channel'
    -- Partners of the last group earn where the event type lets them.
    AND (standing > 1 OR pays_all OR kind = 'forced')
    -- A code of somebody else keeps it from all but a better group.
    AND (policy IS NULL OR partner = code_owner OR coalesce(standing > owner_standing, false));

-- An order counts once for each event type.
CREATE TABLE credited AS
SELECT s.*, w.winner, w.contract, w.partner
FROM said AS s JOIN won AS w USING (seq)
QUALIFY row_number() OVER (PARTITION BY s.program, s.event_type, s.order_id ORDER BY s.seq) = 1;

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
            WHERE g.program = c.program AND g.partner = c.partner AND g.start_ms = c.contract
                AND g.event_type = c.event_type AND g.variable = 'ITEM_CATEGORY'
                AND lower(g.value) = lower(i.category)
        ), o.price), i.net, i.units, c.decimals)), 0)
        FROM item AS i WHERE i.action = c.seq
    ) ELSE cost_of(coalesce((
        SELECT arg_min(g.price, g.rank) FROM payout_group AS g
        WHERE g.program = c.program AND g.partner = c.partner AND g.start_ms = c.contract
            AND g.event_type = c.event_type AND g.variable = 'ORDER_TOTAL'
            AND s.amount >= micros(g.value)
    ), o.price), s.amount, 1, c.decimals) END AS gross_cost,
    b.by IS NOT NULL AS reversed,
    day_in(c.zone, c.ms) AS day
FROM credited AS c
JOIN standing AS s USING (seq)
JOIN payout AS o ON o.program = c.program AND o.partner = c.partner AND o.start_ms = c.contract
    AND o.event_type = c.event_type
LEFT JOIN taken_back AS b ON b.action = c.seq;

-- The path of each action, by its clicks and channels in the order of time; a colon begins the name
-- of a channel. A credited partner without a click among them is the last step.
CREATE TABLE path AS
SELECT
    seq,
    CASE WHEN is_told THEN list_append(steps, partner::VARCHAR) ELSE steps END AS steps,
    is_told,
    coalesce(greatest(ms - first, 0) // 1000, 0) AS seconds
FROM (
    SELECT
        seq, partner, ms, first, coalesce(found, []) AS steps,
        NOT list_contains(coalesce(found, []), partner::VARCHAR) AS is_told
    FROM action
    LEFT JOIN (
        SELECT
            t.seq, min(t.ms) AS first,
            list(coalesce(':' || t.channel, t.partner::VARCHAR) ORDER BY t.ms, t.tie) AS found
        FROM candidate AS t JOIN action AS a USING (seq)
        WHERE t.kind IN ('click', 'channel') AND t.ms BETWEEN a.ms - a.look_back AND a.ms + 120000
        GROUP BY t.seq
    ) USING (seq)
);
