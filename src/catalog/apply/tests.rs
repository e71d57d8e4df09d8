//! Applying on top of a catalogue: what stays, what goes, what is refused.

use std::fmt::Write as _;

use super::{Options, merge};
use crate::catalog::document::{CatalogDoc, Line, RetiredAd};
use crate::catalog::parse_toml;
use crate::model::id::{AdId, ProgramId};

/// Twenty programs of two brands, with an ad, an event type and a contract each.
fn many() -> String {
    let mut text = "[[brand]]\nsid = \"A\"\nname = \"a\"\n[[brand]]\nsid = \"B\"\nname = \"b\"\n\
                    [[partner]]\nid = 1\nname = \"one\"\n[[partner]]\nid = 2\nname = \"two\"\n"
        .to_owned();
    for id in 1..=20 {
        let brand = if id % 2 == 0 { "A" } else { "B" };
        write!(
            text,
            "[[program]]\nid = {id}\nbrand = \"{brand}\"\nname = \"p{id}\"\ntime_zone = \"UTC\"\n\
             currency = \"USD\"\nlanding_page = \"https://p{id}.example/\"\n\
             [[ad]]\nprogram = {id}\nid = {id}0\nname = \"ad{id}\"\ntype = \"BANNER\"\n\
             [[event_type]]\nprogram = {id}\nid = {id}1\nname = \"Sale\"\ncategory = \"SALE\"\n\
             [[contract]]\nprogram = {id}\npartner = 1\nstart = 2026-01-01\n"
        )
        .unwrap();
    }
    text
}

fn current() -> CatalogDoc {
    let mut doc = parse_toml(&many()).unwrap();
    doc.version = 5;
    doc
}

const PRUNE: Options = Options {
    prune: true,
    force: false,
};
const FORCE: Options = Options {
    prune: true,
    force: true,
};

fn apply(next: CatalogDoc, options: Options) -> Result<CatalogDoc, Vec<String>> {
    merge(&current(), next, options, &|program| program.0 <= 2)
        .map(|(merged, built)| {
            assert_eq!(built.version.0, merged.version);
            assert_eq!(built.programs.len(), merged.programs.len());
            merged
        })
        .map_err(|problems| problems.iter().map(ToString::to_string).collect())
}

/// Changing the current document by `change` is refused with exactly these problems.
fn check(change: impl FnOnce(&mut CatalogDoc), options: Options, expected: &[&str]) {
    let mut next = current();
    change(&mut next);
    let problems = apply(next, options).err().unwrap_or_default();
    assert_eq!(
        problems.len(),
        expected.len(),
        "{expected:?}: {problems:#?}"
    );
    for (problem, piece) in problems.iter().zip(expected) {
        assert!(problem.contains(piece), "{problem}, not {piece}");
    }
}

fn partial(text: &str) -> CatalogDoc {
    parse_toml(&format!("version = 5\n{text}")).unwrap()
}

#[test]
fn the_same_document_changes_nothing_but_the_version() {
    for options in [Options::default(), PRUNE, FORCE] {
        let merged = apply(current(), options).unwrap();
        assert_eq!(merged.version, 6);
        assert!(merged.same_content(&current()));
    }
}

#[test]
fn a_stale_base_is_told_with_both_versions() {
    check(
        |next| next.version = 4,
        Options::default(),
        &["exported from version 4, but version 5 is in force"],
    );
}

#[test]
fn what_the_file_does_not_name_stays() {
    let next =
        partial("[[partner]]\nid = 2\nname = \"second\"\n[[partner]]\nid = 3\nname = \"x\"\n");
    let merged = apply(next, Options::default()).unwrap();
    let names: Vec<_> = merged
        .partners
        .iter()
        .map(|partner| partner.name.as_str())
        .collect();
    assert_eq!(names, ["one", "second", "x"]);
    assert_eq!(merged.programs, current().programs);
    assert!(merged.retired.is_empty());
    assert!(
        apply(partial(""), Options::default())
            .unwrap()
            .same_content(&current())
    );
}

#[test]
fn pruned_ids_are_retired_and_never_come_back() {
    let mut next = current();
    next.programs.retain(|program| program.id.0 != 20);
    next.ads.retain(|ad| ad.program.0 != 20 && ad.id.0 != 10);
    next.event_types
        .retain(|kind| kind.program.0 != 20 && kind.id.0 != 11);
    next.contracts.retain(|contract| contract.program.0 != 20);
    next.partners.retain(|partner| partner.id.0 != 2);
    let pruned = apply(next, PRUNE).unwrap();
    assert_eq!(pruned.programs.len(), 19);
    let retired = &pruned.retired;
    assert_eq!(retired.programs, [ProgramId(20)]);
    assert_eq!(retired.partners.len(), 1);
    assert_eq!(
        retired.ads,
        [RetiredAd {
            program: ProgramId(1),
            id: AdId(10)
        }]
    );
    assert_eq!(retired.event_types.len(), 1);

    let mut back = current();
    back.version = pruned.version;
    let problems = merge(&pruned, back, Options::default(), &|_| false).unwrap_err();
    let shown: Vec<_> = problems.iter().map(ToString::to_string).collect();
    assert_eq!(shown.len(), 4, "{shown:#?}");
    for piece in [
        "program 20: id",
        "partner 2: id",
        "ad 10 of program 1",
        "event_type 11",
    ] {
        let told = |text: &String| text.contains(piece) && text.contains("retired");
        assert!(shown.iter().any(told), "{piece}: {shown:#?}");
    }
}

#[test]
fn many_programs_do_not_vanish_by_accident() {
    let off = |count: usize| {
        move |next: &mut CatalogDoc| {
            for program in next.programs.iter_mut().take(count) {
                program.state = "DEACTIVATED".to_owned();
            }
        }
    };
    check(off(2), Options::default(), &[]);
    check(
        off(3),
        Options::default(),
        &["3 of 20 active programs would vanish"],
    );
    check(off(20), FORCE, &[]);
    let prune_three = |next: &mut CatalogDoc| {
        next.programs.retain(|program| program.id.0 > 3);
        next.ads.retain(|ad| ad.program.0 > 3);
        next.event_types.retain(|kind| kind.program.0 > 3);
        next.contracts.retain(|contract| contract.program.0 > 3);
    };
    check(
        prune_three,
        PRUNE,
        &["3 of 20 active programs would vanish"],
    );
    check(prune_three, FORCE, &[]);
}

#[test]
fn an_empty_file_does_not_prune_everything() {
    let refused = apply(partial(""), PRUNE).unwrap_err();
    assert!(refused.concat().contains("names nothing"), "{refused:?}");
    let emptied = apply(partial(""), FORCE).unwrap();
    assert!(emptied.is_empty());
    assert_eq!(
        (emptied.retired.programs.len(), emptied.retired.ads.len()),
        (20, 0)
    );
}

#[test]
fn ids_do_not_move() {
    check(
        |next| next.programs[0].brand = "A".to_owned(),
        FORCE,
        &["program 1: brand: the program would move here from brand B"],
    );
    check(
        |next| next.ads[0].program = ProgramId(2),
        PRUNE,
        &["ad 10 of program 2: id: the ad would move here from program 1"],
    );
    check(
        |next| next.event_types[0].program = ProgramId(2),
        PRUNE,
        &["event_type 11 of program 2: id: the event type would move here from program 1"],
    );
}

#[test]
fn currency_and_zone_are_fixed_once_there_are_events() {
    for (program, problems) in [(0, 2), (1, 2), (2, 0)] {
        let mut next = current();
        next.programs[program].currency = "EUR".to_owned();
        next.programs[program].time_zone = "Asia/Tokyo".to_owned();
        let told = apply(next, Options::default()).err().unwrap_or_default();
        assert_eq!(told.len(), problems, "{program}: {told:?}");
    }
}

#[test]
fn problems_of_the_change_and_of_the_whole_are_told_together() {
    check(
        |next| {
            next.programs[0].currency = "EURO".to_owned();
            next.ads[0].kind = "POSTER".to_owned();
            let mut twice = next.partners[0].clone();
            twice.line = Line(Some(99));
            next.partners.push(twice);
        },
        Options::default(),
        &[
            "currency: changes",
            "`EURO`",
            "`POSTER`",
            "line 99, partner 1: id: is already used on line 7",
        ],
    );
}

/// A catalogue with an exception list, postbacks, and channels and codes in an order.
fn with_lists(channels: &[&str]) -> String {
    let mut text = "[[exception_list]]\nprogram = 1\nid = 1\nname = \"l\"\ntype = \"SKU\"\n\
                    values = [\"a\"]\n"
        .to_owned();
    for name in channels {
        write!(
            text,
            "[[channel]]\nprogram = 1\nname = \"{name}\"\n\
             [[promo_code]]\nprogram = 1\ncode = \"{name}.*\"\ntype = \"RE\"\npartner = 1\n\
             credit_policy = \"ALWAYS\"\n"
        )
        .unwrap();
    }
    for id in [1, 2] {
        write!(
            text,
            "[[postback]]\nid = {id}\nprogram = 1\naudience = \"BRAND\"\n\
             url = \"https://p1.example/\"\n"
        )
        .unwrap();
    }
    text
}

fn over(current: &str, next: &str, options: Options) -> Result<CatalogDoc, Vec<String>> {
    let current = parse_toml(&format!("{}{current}", many())).unwrap();
    let next = parse_toml(&format!("{}{next}", many())).unwrap();
    merge(&current, next, options, &|_| false)
        .map(|(merged, _)| merged)
        .map_err(|problems| problems.iter().map(ToString::to_string).collect())
}

#[test]
fn channels_and_codes_stand_in_the_order_of_the_file() {
    let old = with_lists(&["a", "b", "c", "d"]);
    for (next, kept, pruned) in [
        (&["d", "c", "b", "a"][..], "dcba", "dcba"),
        (&["x", "a", "b", "c", "d"], "xabcd", "xabcd"),
        (&["c", "x"], "abcdx", "cx"),
        (&["d", "b"], "adbc", "db"),
        (&[], "abcd", ""),
    ] {
        for (options, expected) in [(Options::default(), kept), (PRUNE, pruned)] {
            let merged = over(&old, &with_lists(next), options).unwrap();
            let names = merged.channels.iter().map(|channel| &*channel.name);
            assert_eq!(names.collect::<String>(), expected, "{next:?}");
            let codes = merged
                .promo_codes
                .iter()
                .map(|code| code.code.trim_end_matches(".*"));
            assert_eq!(codes.collect::<String>(), expected, "{next:?}");
        }
    }
}

#[test]
fn lists_that_the_file_does_not_name_stay_unless_pruned() {
    let old = with_lists(&["a"]);
    let kept = over(&old, "", Options::default()).unwrap();
    assert_eq!((kept.exception_lists.len(), kept.postbacks.len()), (1, 2));
    assert!(kept.retired.is_empty());
    let pruned = over(&old, "", PRUNE).unwrap();
    assert!(pruned.exception_lists.is_empty() && pruned.promo_codes.is_empty());
    assert_eq!(pruned.retired.postbacks, [1, 2]);
    let changed = old.replace("values = [\"a\"]", "values = [\"b\"]");
    let changed = over(&old, &changed, Options::default()).unwrap();
    assert_eq!(changed.exception_lists[0].values, ["b"]);
    let mut back = parse_toml(&format!("{}{old}", many())).unwrap();
    back.version = pruned.version;
    let problems = merge(&pruned, back, Options::default(), &|_| false).unwrap_err();
    let shown: Vec<_> = problems.iter().map(ToString::to_string).collect();
    assert_eq!(shown.len(), 2, "{shown:#?}");
    assert!(
        shown[0].contains("postback 1: id: was retired"),
        "{shown:?}"
    );
}

#[test]
fn a_postback_stays_with_its_program_and_its_hearer() {
    let old = with_lists(&[]);
    let moved = old.replace("id = 2\nprogram = 1", "id = 2\nprogram = 2");
    let told = over(&old, &moved, Options::default()).unwrap_err();
    assert_eq!(told.len(), 1, "{told:?}");
    assert!(
        told[0].contains("postback 2: program: can't change"),
        "{told:?}"
    );
    let heard = old.replacen("\"BRAND\"", "\"PARTNER\"\npartner = 1", 1);
    let told = over(&old, &heard, Options::default()).unwrap_err();
    let [audience, partner] = &told[..] else {
        panic!("{told:?}");
    };
    assert!(audience.contains("postback 1: audience") && partner.contains("1: partner"));
}
