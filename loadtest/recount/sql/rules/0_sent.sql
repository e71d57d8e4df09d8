-- What was sent, as one table of clicks and one of conversions. The folder holds the files.

CREATE TABLE sent_click AS
SELECT
    false AS is_live, coalesce(ExternalClickId, '') AS name, NULL::UBIGINT AS number,
    epoch_ms(EventDate::TIMESTAMPTZ) AS ms, CampaignId::BIGINT AS program,
    MediaId::BIGINT AS partner, coalesce(AdId, '0')::BIGINT AS ad,
    coalesce(IpAddress, '') AS address, coalesce(Visitor, '') AS visitor,
    coalesce(UserAgent, '') AS agent, coalesce(ReferringUrl, '') AS referrer,
    coalesce(DeepLink, '') AS deep, coalesce(SubId1, '') AS sub1, coalesce(SubId2, '') AS sub2,
    coalesce(SubId3, '') AS sub3, coalesce(SharedId, '') AS shared, '' AS property,
    'GET' AS method, '' AS purpose, '' AS dest, '' AS mode, true AS language, false AS engine,
    -- Clicks of one moment come in the order of their texts.
    AdId || '"' || ExternalClickId AS tie
FROM read_csv([getvariable('folder') || '/clicks.csv', getvariable('folder') || '/columns.csv'],
    union_by_name = true, all_varchar = true, header = true)
UNION ALL
SELECT
    true, '', number::UBIGINT, "at"::BIGINT, program::BIGINT, partner::BIGINT, ad::BIGINT,
    coalesce(address, ''), '', coalesce(agent, ''), coalesce(referrer, ''), coalesce(deep, ''),
    coalesce(sub1, ''), coalesce(sub2, ''), coalesce(sub3, ''), coalesce(shared, ''),
    coalesce(property, ''), method, coalesce(purpose, ''), coalesce(dest, ''),
    coalesce(mode, ''), language::BOOLEAN, engine::BOOLEAN, lpad(number, 20, '0')
FROM read_csv(getvariable('folder') || '/live_clicks.csv', all_varchar = true, header = true);

-- Everything that was sent, when, and what was to become of it.
CREATE TABLE received AS
SELECT "at"::BIGINT AS ms, program::BIGINT AS program, stream, outcome
FROM read_csv(getvariable('folder') || '/received.csv', all_varchar = true, header = true);

CREATE TABLE order_row AS
SELECT
    row_number() OVER (ORDER BY EventDate::TIMESTAMPTZ, OrderId) AS seq, *
FROM read_csv([getvariable('folder') || '/orders.csv', getvariable('folder') || '/columns2.csv'],
    union_by_name = true, all_varchar = true, header = true);

CREATE TABLE live_row AS
SELECT 1000000000 + row_number() OVER () AS seq, *
FROM read_csv(getvariable('folder') || '/live_sales.csv', all_varchar = true, header = true);

CREATE TABLE sent_conversion AS
SELECT
    seq, CampaignId::BIGINT AS program, ActionTrackerId::BIGINT AS event_type,
    OrderId AS order_id, epoch_ms(EventDate::TIMESTAMPTZ) AS ms, NULL::BIGINT AS received,
    coalesce(CustomClickId, '') AS click, NULL::UBIGINT AS number, false AS forged,
    coalesce(CustomerId, '') AS customer, coalesce(CustomProfileId, '') AS profile,
    coalesce(Amount, '') AS amount, coalesce(OrderPromoCode, '') AS promo,
    MediaId::BIGINT AS forced, coalesce(SharedId, '') AS shared, coalesce(SubId1, '') AS sub1,
    coalesce(SubId2, '') AS sub2, coalesce(SubId3, '') AS sub3
FROM order_row
UNION ALL
SELECT
    seq, program::BIGINT, event_type::BIGINT, "order", "at"::BIGINT, received::BIGINT, '',
    number::UBIGINT, forged::BOOLEAN, coalesce(customer, ''), coalesce(profile, ''),
    coalesce(amount, ''), coalesce(promo, ''), NULL, '', '', '', ''
FROM live_row;

CREATE TABLE sent_item AS
SELECT seq, ItemSku1 AS sku, ItemCategory1 AS category, ItemPrice1 AS price,
    ItemQuantity1 AS quantity, ItemDiscount1 AS discount, ItemTotalDiscount1 AS total_discount
FROM order_row WHERE ItemSku1 IS NOT NULL
UNION ALL
SELECT seq, ItemSku2, ItemCategory2, ItemPrice2, ItemQuantity2, ItemDiscount2, ItemTotalDiscount2
FROM order_row WHERE ItemSku2 IS NOT NULL
UNION ALL
SELECT l.seq, i.sku, i.category, i.price, i.quantity, NULL, NULL
FROM read_csv(getvariable('folder') || '/live_items.csv', all_varchar = true, header = true) AS i
JOIN live_row AS l USING ("order");

CREATE TABLE sent_change AS
SELECT
    2000000000 + row_number() OVER () AS seq, program::BIGINT AS program,
    event_type::BIGINT AS event_type, "order" AS order_id, kind, coalesce(sku, '') AS sku, amount
FROM read_csv(getvariable('folder') || '/changes.csv', all_varchar = true, header = true);

-- Page loads in the order in which they were sent, and after how many of the live conversions.
CREATE TABLE sent_arrival AS
SELECT
    row_number() OVER () AS n, 1000000000 + "after"::BIGINT AS before_seq,
    program::BIGINT AS program, customer, "at"::BIGINT AS ms, number::UBIGINT AS number,
    coalesce(source, '') AS source, coalesce(medium, '') AS medium,
    coalesce(referrer, '') AS referrer
FROM read_csv(getvariable('folder') || '/arrivals.csv', all_varchar = true, header = true);
