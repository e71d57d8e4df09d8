-- Performance by Device and Browser.
SELECT
    device AS DeviceType,
    browser AS Browser,
    os AS Os,
    {performance}
FROM asked
GROUP BY device, browser, os
