//! Forms as the lines of a CSV file.

use std::collections::BTreeMap;

/// A file whose columns are the fields of all `forms`, and whose lines are the forms.
pub(crate) fn csv<'a>(forms: impl Iterator<Item = &'a str>) -> String {
    let read = |form: &str| -> BTreeMap<String, String> {
        let pairs = url::form_urlencoded::parse(form.as_bytes());
        pairs.into_owned().collect()
    };
    let rows: Vec<BTreeMap<String, String>> = forms.map(read).collect();
    let mut columns: Vec<&str> = rows
        .iter()
        .flat_map(BTreeMap::keys)
        .map(|key| &**key)
        .collect();
    columns.sort_unstable();
    columns.dedup();
    let mut text = columns.join(",") + "\n";
    for row in &rows {
        let values = columns
            .iter()
            .map(|name| row.get(*name).map_or("", |value| &**value));
        text += &(values.collect::<Vec<_>>().join(",") + "\n");
    }
    text
}
