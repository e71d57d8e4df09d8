//! Credit groups × promo-code policies × last and first click, against the rule told again.

use crate::catalog::snapshot::{CodeOwner, CodePolicy, CreditGroup};
use crate::model::id::PartnerId;
use crate::model::refusal::Refusal;
use crate::model::submission::Reference;
use crate::model::time::MINUTE;

use super::fixture::{Scene, click, customer};

const GROUPS: [CreditGroup; 3] = [
    CreditGroup::NonPreferred,
    CreditGroup::Standard,
    CreditGroup::Preferred,
];
const POLICIES: [CodePolicy; 3] = [CodePolicy::Always, CodePolicy::Involved, CodePolicy::Winner];

/// Groups of partners 10, 11 and 12, of which 10 came first and 11 last; the owner of the code
/// that was used and its policy; whether the first click counts.
type Row = ([CreditGroup; 3], Option<(u32, CodePolicy)>, bool);

fn rows() -> impl Iterator<Item = Row> {
    let groups = GROUPS.into_iter().flat_map(|one| {
        GROUPS
            .into_iter()
            .flat_map(move |two| GROUPS.map(|three| [one, two, three]))
    });
    groups.flat_map(|groups| {
        let owned = [10, 11, 12].into_iter();
        let codes = owned.flat_map(|owner| POLICIES.map(|policy| Some((owner, policy))));
        let codes = codes.chain([None]);
        codes.flat_map(move |code| [false, true].map(|first| (groups, code, first)))
    })
}

fn found((groups, code, first): Row) -> Result<u32, Refusal> {
    let mut scene = Scene::new();
    for (partner, group) in [10, 11, 12].into_iter().zip(groups) {
        scene.group(partner, group);
    }
    scene.refers(Reference::Person(customer()));
    scene.came(customer(), click(10, 0));
    scene.came(customer(), click(11, MINUTE));
    if let Some((owner, policy)) = code {
        scene.code(CodeOwner::Partner(PartnerId(owner)), policy);
    }
    if first {
        scene.first_click();
    }
    scene.earns()
}

/// The same, told for this journey alone.
fn told(([ten, eleven, twelve], code, first): Row) -> Result<u32, Refusal> {
    let by_clicks = match (ten.cmp(&eleven), first) {
        (std::cmp::Ordering::Greater, _) | (std::cmp::Ordering::Equal, true) => 10,
        (std::cmp::Ordering::Less, _) | (std::cmp::Ordering::Equal, false) => 11,
    };
    let best = ten.max(eleven);
    let Some((owner, policy)) = code else {
        return Ok(by_clicks);
    };
    let own = match owner {
        10 => ten,
        11 => eleven,
        _ => twelve,
    };
    if owner == by_clicks {
        return Ok(owner);
    }
    let takes = match policy {
        CodePolicy::Always => true,
        CodePolicy::Involved => owner != 12,
        CodePolicy::Winner => false,
    };
    if best > own {
        Ok(by_clicks)
    } else if takes {
        Ok(owner)
    } else {
        Err(Refusal::BlockedByPromocode)
    }
}

#[test]
fn groups_codes_and_policies_choose_as_told() {
    let mut kinds = [0; 3];
    for row in rows() {
        let found = found(row);
        assert_eq!(found, told(row), "{row:?}");
        kinds[found.map_or(2, |partner| usize::from(partner == 12))] += 1;
    }
    assert_eq!(kinds.iter().sum::<i32>(), 27 * 10 * 2);
    assert!(kinds.iter().all(|count| *count > 20), "{kinds:?}");
}
