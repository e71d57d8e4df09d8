//! A good document, and how its faulty forms are checked.

use crate::catalog::snapshot::Catalog;
use crate::catalog::{Problem, parse_toml};
use crate::model::id::CatalogVersion;

pub(super) const BASE: &str = r#"
[[brand]]
sid = "IRacme"
name = "Acme"
[[program]]
id = 7
brand = "IRacme"
name = "Acme shop"
time_zone = "Europe/Berlin"
currency = "EUR"
landing_page = "https://www.acme.example"
deep_linking = true
deep_link_domains = ["acme.example", "*.Acme.example"]
partner_template = "p={irpid}"
[[event_type]]
program = 7
id = 70
code = "SALE"
name = "Sale"
category = "SALE"
[[event_type]]
program = 7
id = 71
name = "Sign-up"
category = "LEAD"
[[ad]]
program = 7
id = 12
name = "Spring"
type = "BANNER"
landing_page = "https://www.acme.example/spring"
[[partner]]
id = 280
name = "Blog"
properties = [{ id = 1, name = "blog.example" }]
[[contract]]
program = 7
partner = 280
start = 2026-01-01
end = 2026-06-30
payouts = [{ event_type = 70, rate = "12.5%" }, { event_type = 71, amount = "5.00" }]
"#;

pub(super) fn build(text: &str) -> Result<Catalog, Vec<Problem>> {
    Catalog::build(&parse_toml(text)?, CatalogVersion(3))
}

/// The base document with `from` replaced by `to` has exactly the problems that begin and read
/// like the `expected`: pairs of a place and a piece of the problem.
pub(super) fn check(from: &str, to: &str, expected: &[(&str, &str)]) {
    assert!(BASE.contains(from), "{from}");
    let text = BASE.replacen(from, to, 1);
    let problems = build(&text).err().unwrap_or_default();
    let shown: Vec<_> = problems.iter().map(ToString::to_string).collect();
    assert_eq!(shown.len(), expected.len(), "{to}: {shown:#?}");
    for (problem, (place, piece)) in problems.iter().zip(expected) {
        assert!(
            problem.place.contains(place),
            "{to}: {problem}, not {place}"
        );
        assert!(
            problem.problem.contains(piece),
            "{to}: {problem}, not {piece}"
        );
        assert!(
            !problem.allowed.is_empty(),
            "{to}: {problem} does not say what is allowed"
        );
    }
}

/// The base document with `more` after it.
pub(super) fn check_more(more: &str, expected: &[(&str, &str)]) {
    let last = "payouts = [{ event_type = 70, rate = \"12.5%\" }, { event_type = 71, amount = \
                \"5.00\" }]\n";
    check(last, &format!("{last}{more}"), expected);
}
