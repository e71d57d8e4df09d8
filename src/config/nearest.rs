//! The known name that a misspelt one is most likely to mean.

/// The name with the fewest edits from `text`, if it takes no more than a third of its length.
pub(super) fn nearest<'a>(text: &str, names: &[&'a str]) -> Option<&'a str> {
    let (edits, name) = names
        .iter()
        .map(|name| (distance(text, name), *name))
        .min_by_key(|(edits, _)| *edits)?;
    (edits <= name.len().div_ceil(3)).then_some(name)
}

/// Levenshtein distance in bytes, names being short ASCII.
fn distance(a: &str, b: &str) -> usize {
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.bytes().enumerate() {
        let mut above_left = i;
        let mut left = i + 1;
        if let Some(first) = row.first_mut() {
            *first = left;
        }
        for (y, cell) in b.bytes().zip(row.iter_mut().skip(1)) {
            let change = above_left + usize::from(x != y);
            above_left = *cell;
            left = change.min(*cell + 1).min(left + 1);
            *cell = left;
        }
    }
    row.last().copied().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn edits_are_counted() {
        for (a, b, edits) in [
            ("", "", 0),
            ("", "abc", 3),
            ("abc", "", 3),
            ("listen", "listen", 0),
            ("lisen", "listen", 1),
            ("listten", "listen", 1),
            ("kitten", "sitting", 3),
        ] {
            assert_eq!(distance(a, b), edits, "{a} {b}");
        }
    }

    #[test]
    fn only_near_names_are_offered() {
        let names = ["listen", "workers", "keep_alive"];
        assert_eq!(nearest("lisen", &names), Some("listen"));
        assert_eq!(nearest("keepalive", &names), Some("keep_alive"));
        assert_eq!(nearest("colour", &names), None);
        assert_eq!(nearest("x", &[]), None);
    }
}
