-- Payable Click Data. The number of an imported click is clickd's own, so it is nothing here.
SELECT
    instant(ms) AS ClickDate,
    number::VARCHAR AS ClickId,
    program::VARCHAR AS CampaignId,
    ad::VARCHAR AS AdId,
    coalesce((SELECT any_value(name) FROM ad WHERE ad.id = k.ad AND ad.program = k.program),
        'Ad ' || ad) AS Ad,
    bucket::VARCHAR AS MediaId,
    partner_name(bucket) AS Partner,
    money(cpc_cost) AS ClickCost,
    '' AS AdjustmentDate,
    cpc_error AS CPCErrorCode,
    domain AS ReferringDomain,
    shared AS SharedId,
    class AS Classification,
    device AS DeviceType,
    browser AS Browser,
    os AS Os
FROM judged AS k
WHERE list_contains(getvariable('programs'), program)
    AND asked_day(day, ms) BETWEEN getvariable('first') AND getvariable('last')
    AND bucket = coalesce(getvariable('partner'), bucket)
    AND class = 'U'
