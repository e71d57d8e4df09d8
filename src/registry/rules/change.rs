//! How actions change, lock and are taken back, and why a change is refused.

use super::list::{Rule, RuleKind};

const fn change(
    id: &'static str,
    name: &'static str,
    text: &'static str,
    test: &'static str,
) -> Rule {
    Rule {
        id,
        kind: RuleKind::Change,
        name,
        text,
        test,
    }
}

/// Every rule of changes; refusals first, in the order in which they take precedence.
pub const CHANGE: &[Rule] = &[
    change(
        "M01",
        "ACTION_NOT_FOUND",
        "The order has no such action, and none of its conversions waits for a click.",
        "it::money::run::money_is_what_the_model_says_at_every_slot_and_after_a_rebuild",
    ),
    change(
        "M02",
        "ACTION_LOCKED",
        "The action had locked when the change was received, to the millisecond.",
        "fold::action::tests::an_action_changes_until_the_instant_it_locks",
    ),
    change(
        "M03",
        "ACTION_REVERSED",
        "The action is reversed, and stays so.",
        "fold::action::tests::a_reversed_action_earns_nothing_and_remembers_what_it_did",
    ),
    change(
        "M04",
        "TOO_MANY_MODIFICATIONS",
        "The action was changed 1,000 times.",
        "fold::action::tests::a_thousand_changes_are_taken_and_no_more",
    ),
    change(
        "M05",
        "ITEM_NOT_FOUND",
        "No item of the action has the SKU and the category that are named.",
        "fold::action::tests::items_change_by_pieces_amount_or_difference",
    ),
    change(
        "M06",
        "AMOUNT_BELOW_ZERO",
        "The change would leave an item less than nothing.",
        "fold::action::tests::items_change_by_pieces_amount_or_difference",
    ),
    change(
        "M07",
        "Nothing left",
        "An amount of 0, or the last item taken out, reverses the action.",
        "fold::action::tests::an_amount_of_nothing_reverses_also_what_had_none",
    ),
    change(
        "M08",
        "Amounts over items",
        "A new amount is spread over the items as they share the present one, without losing a \
         cent.",
        "fold::action::tests::a_new_amount_is_spread_over_the_items_without_losing_a_cent",
    ),
    change(
        "M09",
        "Settled figures",
        "What an action had come to when it locked stands, whatever rules the log is folded by.",
        "it::fold::settled::\
         figures_that_locked_win_over_those_of_the_rules_and_survive_a_rebuild",
    ),
    change(
        "M10",
        "Open locking",
        "An action of a contract with open locking locks when a change of it is received for one \
         of the `locking_dispositions` of its event type, as they are then.",
        "it::fold::open::\
         an_open_action_locks_by_a_reason_and_by_no_other",
    ),
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::action::change::ChangeRefusal;

    #[test]
    fn every_refusal_of_a_change_has_a_rule() {
        for (_, _, code, _) in ChangeRefusal::ALL {
            let rules = CHANGE.iter().filter(|rule| rule.name == *code).count();
            assert_eq!(rules, 1, "{code}");
        }
    }
}
