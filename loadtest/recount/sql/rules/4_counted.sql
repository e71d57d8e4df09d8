-- Everything that counts, one row for each click and each action, with what reports tell apart.

CREATE TABLE counted AS
SELECT
    k.program, k.day, k.bucket AS partner, k.ad, NULL::BIGINT AS event_type, k.shared,
    k.sub1, k.sub2, k.sub3, k.property,
    k.domain, k.device, k.browser, k.os, k.page, k.expired, k.ms,
    1 AS raw_clicks, (k.class = 'U')::INT AS clicks, k.payable::INT AS payable_clicks, k.cpc_cost,
    0 AS gross_actions, 0::HUGEINT AS gross_cost, 0 AS actions, 0::HUGEINT AS amount,
    0::HUGEINT AS cost
FROM judged AS k
UNION ALL
-- What a conversion says of the partner's link counts before what its click says.
SELECT
    a.program, a.day, a.partner, coalesce(k.ad, 0), a.event_type,
    coalesce(nullif(a.shared, ''), k.shared, ''),
    CASE WHEN a.sub1 || a.sub2 || a.sub3 <> '' THEN a.sub1 ELSE coalesce(k.sub1, '') END,
    CASE WHEN a.sub1 || a.sub2 || a.sub3 <> '' THEN a.sub2 ELSE coalesce(k.sub2, '') END,
    CASE WHEN a.sub1 || a.sub2 || a.sub3 <> '' THEN a.sub3 ELSE coalesce(k.sub3, '') END,
    coalesce(k.property, ''), coalesce(k.domain, ''), coalesce(k.device, ''),
    coalesce(k.browser, ''), coalesce(k.os, ''), coalesce(k.page, ''), false, a.ms,
    0, 0, 0, 0, 1, a.gross_cost, (NOT a.reversed)::INT,
    CASE WHEN a.reversed THEN 0 ELSE a.standing_amount END,
    CASE WHEN a.reversed THEN 0 ELSE a.gross_cost END
FROM action AS a LEFT JOIN judged AS k ON k.id = a.winner;

-- What is asked for: programs, days, one partner or all.
CREATE VIEW asked AS
SELECT * REPLACE (asked_day(day, ms) AS day) FROM counted
WHERE list_contains(getvariable('programs'), program)
    AND asked_day(day, ms) BETWEEN getvariable('first') AND getvariable('last')
    AND partner = coalesce(getvariable('partner'), partner);

CREATE VIEW asked_action AS
SELECT a.*, p.steps, p.is_told, p.seconds
FROM action AS a
JOIN path AS p USING (seq)
WHERE list_contains(getvariable('programs'), a.program)
    AND a.day BETWEEN getvariable('first') AND getvariable('last');

CREATE MACRO partner_name(number) AS CASE
    WHEN number = 0 THEN 'Unknown partner'
    ELSE coalesce((SELECT any_value(name) FROM partner WHERE id = number), 'Partner ' || number)
END;

CREATE MACRO ad_name(number) AS
    coalesce((SELECT any_value(name) FROM ad WHERE id = number
        AND list_contains(getvariable('programs'), program)), 'Ad ' || number);
