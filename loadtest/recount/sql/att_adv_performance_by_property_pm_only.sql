-- Performance by Property.
SELECT
    partner::VARCHAR AS MediaId,
    partner_name(partner) AS Partner,
    property AS MediaPropertyId,
    coalesce((
        SELECT any_value(x.name)
        FROM (SELECT id, unnest(properties) AS x FROM partner) AS m
        WHERE m.id = asked.partner AND x.id::VARCHAR = asked.property
    ), '') AS MediaProperty,
    {performance}
FROM asked
GROUP BY partner, property
