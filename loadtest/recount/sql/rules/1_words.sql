-- How figures are written and rounded.

-- a / b in whole numbers, halves to the even one; nothing is negative here.
CREATE MACRO half_even(a, b) AS
    a::HUGEINT // b::HUGEINT + CASE
        WHEN 2 * (a::HUGEINT % b::HUGEINT) > b THEN 1
        WHEN 2 * (a::HUGEINT % b::HUGEINT) = b AND (a::HUGEINT // b::HUGEINT) % 2 = 1 THEN 1
        ELSE 0
    END;

-- a / b as a whole number, halves up; nothing is negative here.
CREATE MACRO half_up(a, b) AS (2 * a::HUGEINT + b::HUGEINT) // (2 * b::HUGEINT);

-- Millionths as a decimal number with at least so many decimals.
CREATE MACRO decimal_text(micros, decimals) AS
    (micros::HUGEINT // 1000000)::VARCHAR || CASE
        WHEN greatest(length(rtrim(lpad((micros::HUGEINT % 1000000)::VARCHAR, 6, '0'), '0')),
            decimals) = 0 THEN ''
        ELSE '.' || left(lpad((micros::HUGEINT % 1000000)::VARCHAR, 6, '0'), greatest(length(rtrim(
            lpad((micros::HUGEINT % 1000000)::VARCHAR, 6, '0'), '0')), decimals))
    END;

-- Millionths in the currency of the question.
CREATE MACRO money(micros) AS decimal_text(micros, getvariable('decimals'));

-- A ratio with six decimals; nothing where it divides by nothing.
CREATE MACRO ratio(a, b) AS
    CASE WHEN b > 0 THEN decimal_text(half_even(a::HUGEINT * 1000000, b), 6) END;

-- A moment.
CREATE MACRO instant(ms) AS strftime(make_timestamp(ms * 1000), '%Y-%m-%dT%H:%M:%S.%g') || 'Z';

-- The calendar day of a moment in a zone.
CREATE MACRO day_in(zone, ms) AS timezone(zone, to_timestamp(ms / 1000.0))::DATE;

-- The day that something counts on: the program's, or that of the zone that is asked for.
CREATE MACRO asked_day(day, ms) AS
    CASE WHEN getvariable('zone') IS NULL THEN day ELSE day_in(getvariable('zone'), ms) END;

-- Millionths of an amount that is written as a decimal number.
CREATE MACRO micros(amount) AS (amount::DECIMAL(18, 6) * 1000000)::HUGEINT;

-- Millionths of a figure as it is shown.
CREATE MACRO shown(figure) AS (figure::DECIMAL(38, 6) * 1000000)::HUGEINT;

-- The part of a figure that it has changed by, halves to the even one.
CREATE MACRO changed(after, before) AS CASE WHEN shown(before) > 0 THEN
    CASE WHEN shown(after) < shown(before)
        AND half_even((shown(before) - shown(after)) * 1000000, shown(before)) > 0
        THEN '-' ELSE '' END
    || decimal_text(half_even(abs(shown(after) - shown(before)) * 1000000, shown(before)), 6) END;
