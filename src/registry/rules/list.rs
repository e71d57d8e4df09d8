//! The rules by which conversions earn, as they are shown and proven.
//!
//! A row says one rule in words and names the test that fails when it does not hold. Rows of a kind
//! stand together; ids are never given to another rule.

use super::arrival::ARRIVAL;
use super::change::CHANGE;
use super::credit::CREDIT;

/// What a rule is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RuleKind {
    /// Who earns a conversion.
    Credit,
    /// Why nobody does.
    Refusal,
    /// What page loads tell of people.
    Arrival,
    /// What an action costs.
    Payout,
    /// What limits leave of it.
    Limit,
    /// How it changes afterwards, and until when.
    Change,
}

impl RuleKind {
    /// Every kind with its heading, in the order in which they are shown.
    pub const ALL: &'static [(Self, &'static str)] = &[
        (Self::Credit, "Credit"),
        (Self::Refusal, "Refusal"),
        (Self::Arrival, "Page loads"),
        (Self::Payout, "Payout"),
        (Self::Limit, "Limits"),
        (Self::Change, "Changes"),
    ];
}

/// One rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rule {
    /// Names it for ever.
    pub id: &'static str,
    /// What it is about.
    pub kind: RuleKind,
    /// A few words for it.
    pub name: &'static str,
    /// What holds.
    pub text: &'static str,
    /// The test that proves it: its path in this crate, or from `it` on in the tests beside it.
    pub test: &'static str,
}

const fn payout(
    id: &'static str,
    name: &'static str,
    text: &'static str,
    test: &'static str,
) -> Rule {
    Rule {
        id,
        kind: RuleKind::Payout,
        name,
        text,
        test,
    }
}

const fn limit(
    id: &'static str,
    name: &'static str,
    text: &'static str,
    test: &'static str,
) -> Rule {
    Rule {
        id,
        kind: RuleKind::Limit,
        name,
        text,
        test,
    }
}

/// Every rule of prices, by kind and id.
pub const RULES: &[Rule] = &[
    payout(
        "P01",
        "Scheduled terms",
        "The first scheduled terms in force on the action date that pay the event type count, else \
         those of the contract.",
        "catalog::snapshot::terms::tests::\
         the_first_scheduled_payout_in_force_counts_by_the_programs_clock",
    ),
    payout(
        "P02",
        "Restrictions",
        "Where all rules of one restriction hold, nothing is paid, for the order or for the item.",
        "fold::price::order_tests::a_restriction_pays_nothing_where_all_its_rules_hold",
    ),
    payout(
        "P03",
        "First group",
        "The first payout group that holds counts, and only that one; where none does, the \
         default.",
        "fold::price::order_tests::the_first_group_that_holds_counts_and_only_that_one",
    ),
    payout(
        "P04",
        "All rules",
        "A group holds when all its rules do; of the values of a rule any one suffices.",
        "fold::price::order_tests::all_rules_of_a_group_must_hold",
    ),
    payout(
        "P05",
        "Texts",
        "Texts are compared in any case of letters, expressions as they are written.",
        "fold::price::order_tests::every_text_is_asked_by_every_operator_of_texts",
    ),
    payout(
        "P06",
        "Numbers",
        "Numbers are compared exactly.",
        "fold::price::order_tests::every_number_is_asked_by_every_operator_of_numbers",
    ),
    payout(
        "P07",
        "What was not sent",
        "What was not sent fulfils only what it is not.",
        "fold::price::order_tests::what_was_not_said_fulfils_only_what_it_is_not",
    ),
    payout(
        "P08",
        "Exception lists",
        "A rule may ask whether a SKU, a category or a promo code is on a list of the program.",
        "fold::price::order_tests::an_exception_list_is_asked_for_what_is_on_it",
    ),
    payout(
        "P09",
        "Levels",
        "At ORDER level the order is priced once, and a rule about items holds when it does for \
         any \
         of them. At ITEM level each item is priced by the group that holds for it, a fixed amount \
         for each unit; an order without items is one item of one unit.",
        "fold::price::order_tests::\
         items_are_priced_each_by_its_own_group_and_a_flat_price_for_each_unit",
    ),
    payout(
        "P10",
        "Rounding",
        "A rate is rounded half to even to the minor unit, once on the order or on each item.",
        "fold::price::order_tests::\
         rates_are_rounded_half_to_even_once_on_the_order_or_on_each_item",
    ),
    payout(
        "P11",
        "Items without money",
        "Items that were sent without money share the amount of the order by their units.",
        "fold::action::tests::lines_without_money_share_the_amount_by_their_units",
    ),
    payout(
        "P12",
        "Changes",
        "A changed action is priced anew by the terms of its conversion; what was taken out of it \
         earns nothing.",
        "fold::action::tests::a_new_amount_is_priced_by_the_same_terms",
    ),
    payout(
        "P13",
        "Clicks",
        "A unique click is paid by the event type of category CLICK, at once and for good: the \
         first group that holds for its ad, property and shared id, or the payout's own price, \
         not rounded. What is due for a day of one partner is the sum, rounded half to even \
         (ours).",
        "it::fold::paid::charged::\
         every_click_is_paid_what_groups_and_limits_leave_or_has_a_code",
    ),
    limit(
        "L01",
        "Payouts",
        "A limit on payouts pays what it has left, and takes from the last item first.",
        "fold::price::limit_tests::\
         a_limit_on_payouts_takes_from_the_last_item_first_what_is_over",
    ),
    limit(
        "L02",
        "Actions",
        "A limit on the number of actions pays nothing beyond it; the action is credited all the \
         same.",
        "fold::price::limit_tests::a_limit_on_the_number_of_actions_pays_nothing_beyond_it",
    ),
    limit(
        "L03",
        "Order of limits",
        "The limits of a group come before those of the event type, each takes from what the one \
         before left, and those of a group are for what it prices alone.",
        "fold::price::limit_tests::\
         the_limits_of_a_group_come_first_and_are_for_its_items_alone",
    ),
    limit(
        "L04",
        "Scopes",
        "A limit counts all actions of the contract together, or those of one customer, order or \
         click.",
        "fold::price::limit_tests::a_limit_counts_its_scope_together_and_no_other",
    ),
    limit(
        "L05",
        "Customers",
        "A customer is told by `CustomerId`, else by `CustomProfileId`; without either there is no \
         limit for the customer.",
        "fold::price::limit_tests::\
         a_customer_is_known_by_number_or_else_by_profile_and_nobody_is_not_limited",
    ),
    limit(
        "L06",
        "Periods",
        "A period is a day, a week from Monday, a month, a quarter or the contract, of the action \
         date in the program's calendar.",
        "fold::price::limit_tests::a_limit_starts_anew_with_each_period",
    ),
    limit(
        "L07",
        "Use",
        "An action uses up what it is paid, and counts as one action where it is paid anything.",
        "fold::price::limit_tests::an_action_uses_up_what_it_is_paid_once_for_each_counter",
    ),
    limit(
        "L08",
        "Room given back",
        "What a reversal or a reduction gives back is there for later conversions and changes \
         of the \
         same period; nothing else is priced again.",
        "it::fold::priced::\
         every_price_is_what_groups_items_and_limits_leave_and_a_rebuild_agrees",
    ),
    limit(
        "L09",
        "Marks",
        "An item that a limit took something of says so, with `OVERLIMIT_BUDGET` or \
         `OVERLIMIT_ACTIONCAP` as its reason.",
        "fold::action::tests::a_limit_marks_the_items_it_takes_from",
    ),
    limit(
        "L10",
        "Edited contracts",
        "What was used stays used when groups move or limits are edited; a new contract begins \
         with \
         nothing used.",
        "fold::price::limit_tests::a_group_is_counted_by_its_name_wherever_it_stands",
    ),
];

/// Every rule.
pub fn every() -> impl Iterator<Item = &'static Rule> + Clone {
    CREDIT.iter().chain(ARRIVAL).chain(RULES).chain(CHANGE)
}

/// The rule with this id.
#[must_use]
pub fn by_id(id: &str) -> Option<&'static Rule> {
    every().find(|rule| rule.id == id)
}

/// The rule by which something is refused with `code`: a conversion, or else a change.
#[must_use]
pub fn of_code(code: &str) -> Option<&'static Rule> {
    let refuses = |rule: &Rule| matches!(rule.kind, RuleKind::Refusal | RuleKind::Change);
    every().find(|rule| refuses(rule) && rule.name == code)
}

/// The block of the README that lists the rules.
#[must_use]
pub fn markdown() -> String {
    let table = |(kind, heading): &(RuleKind, &str)| {
        let own = every().filter(|rule| rule.kind == *kind);
        let rows: Vec<String> = own
            .map(|rule| format!("| {} | {} | {} |", rule.id, rule.name, rule.text))
            .collect();
        format!(
            "| {heading} | | What holds |\n|---|---|---|\n{}\n",
            rows.join("\n")
        )
    };
    let tables: Vec<String> = RuleKind::ALL.iter().map(table).collect();
    tables.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_rule_has_its_own_id() {
        for (at, rule) in every().enumerate() {
            let mut others = every().skip(at + 1);
            assert!(others.all(|other| other.id != rule.id), "{}", rule.id);
        }
    }

    #[test]
    fn rules_are_shown_by_kind_and_id_each_once() {
        let text = markdown();
        for (kind, _) in RuleKind::ALL {
            let own = every().filter(|rule| rule.kind == *kind);
            assert!(own.clone().is_sorted_by(|a, b| a.id < b.id));
            for rule in own {
                assert_eq!(text.matches(&format!("| {} |", rule.id)).count(), 1);
            }
        }
    }
}
