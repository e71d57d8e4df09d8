-- Clicks from Expired Ads.
WITH of_page AS (
    SELECT
        partner, ad, program, page, count(*) AS raw, sum(clicks) AS clicks,
        sum(payable_clicks) AS payable, max(ms) AS last_ms,
        row_number() OVER (PARTITION BY partner, ad ORDER BY count(*) DESC, page) AS nth
    FROM asked WHERE expired
    GROUP BY partner, ad, program, page
), of_ad AS (
    SELECT
        partner, ad, program, sum(raw) AS raw, sum(clicks) AS clicks, sum(payable) AS payable,
        max(last_ms) AS last_ms,
        string_agg(coalesce(nullif(page, ''), '(unknown)') || ' (' || raw || ')', '; '
            ORDER BY nth) FILTER (nth <= 10) AS pages
    FROM of_page
    GROUP BY partner, ad, program
)
SELECT
    o.partner::VARCHAR AS MediaId,
    partner_name(o.partner) AS Partner,
    o.ad::VARCHAR AS AdId,
    a.name AS Ad,
    instant(a.end_ms) AS Expired,
    coalesce(a.expired_page, a.page) AS SentTo,
    o.pages AS ReferringPages,
    coalesce(m.contact, '') AS Contact,
    o.raw AS RawClicks,
    o.clicks AS Clicks,
    o.payable AS PayableClicks,
    instant(o.last_ms) AS LastClick
FROM of_ad AS o
JOIN ad AS a ON a.id = o.ad AND a.program = o.program
LEFT JOIN partner AS m ON m.id = o.partner
