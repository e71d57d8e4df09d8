//! Who earns a conversion, and why nobody does: the rules of credit.

use super::list::{Rule, RuleKind};

const fn refusal(
    id: &'static str,
    code: &'static str,
    text: &'static str,
    test: &'static str,
) -> Rule {
    Rule {
        id,
        kind: RuleKind::Refusal,
        name: code,
        text,
        test,
    }
}

const fn credit(
    id: &'static str,
    name: &'static str,
    text: &'static str,
    test: &'static str,
) -> Rule {
    Rule {
        id,
        kind: RuleKind::Credit,
        name,
        text,
        test,
    }
}

/// Every rule of credit; refusals in the order in which they take precedence.
pub const CREDIT: &[Rule] = &[
    refusal(
        "R01",
        "ACTION_REF_NOT_FOUND",
        "Nothing refers to the conversion: no key, or none that is known; a click id that \
         does not verify, or of another program.",
        "fold::credit::tests::click::\
         only_a_verified_click_of_this_program_and_a_known_partner_is_a_reference",
    ),
    refusal(
        "R02",
        "CONV_DUPLICATE",
        "The order has an action of this event type already, and the event type's window \
         after it has not passed, to the millisecond; without a window it never passes.",
        "fold::credit::tests::refusal::\
         an_order_id_counts_again_when_its_window_has_passed_to_the_millisecond",
    ),
    refusal(
        "R03",
        "CAMPAIGN_NOT_FOUND",
        "The program is not active, or was not when the click was made.",
        "fold::credit::tests::click::what_was_noted_with_the_click_refuses_the_conversion",
    ),
    refusal(
        "R04",
        "ACTIONTRACKER_NOT_ACTIVE",
        "The event type is not active.",
        "fold::credit::tests::refusal::refusals_take_precedence_in_their_order",
    ),
    refusal(
        "R05",
        "NO_ITEM",
        "The event type needs items, and none was sent.",
        "fold::credit::tests::refusal::no_item",
    ),
    refusal(
        "R06",
        "BLACKLISTED_SOURCE_IP",
        "The program refuses the network of `IpAddress`.",
        "fold::credit::tests::refusal::blacklisted_source_ip",
    ),
    refusal(
        "R07",
        "CALL_INCOMPLETE",
        "The call was not answered.",
        "fold::credit::tests::refusal::call_incomplete",
    ),
    refusal(
        "R08",
        "CALL_OUTSIDE_DAILY_RANGE",
        "The call came outside the hours that count on the program's clock.",
        "fold::credit::tests::refusal::call_outside_daily_range",
    ),
    refusal(
        "R09",
        "CALL_DURATION_TOO_SHORT",
        "The talk was shorter than the event type demands, or nobody said how long it was.",
        "fold::credit::tests::refusal::call_duration_too_short",
    ),
    refusal(
        "R10",
        "CALL_DUPLICATE",
        "The caller earned something with a call less than the event type's window before or \
         after.",
        "fold::credit::tests::refusal::call_duplicate",
    ),
    refusal(
        "R11",
        "CALL_FOR_CALL_PER_CONV_AT",
        "Calls of this event type earn nothing themselves.",
        "fold::credit::tests::refusal::call_for_call_per_conv_at",
    ),
    refusal(
        "R12",
        "RESTRICTED_PROMOCODE",
        "The promo code belongs to a channel of the brand's own.",
        "fold::credit::tests::refusal::restricted_promocode",
    ),
    refusal(
        "R13",
        "PARTNER_NOT_ACTIVE",
        "The partner is not active, or was not when the click was made.",
        "fold::credit::tests::click::what_was_noted_with_the_click_refuses_the_conversion",
    ),
    refusal(
        "R14",
        "MALFORMED",
        "The click carried a deep link that was refused.",
        "fold::credit::tests::click::what_was_noted_with_the_click_refuses_the_conversion",
    ),
    refusal(
        "R15",
        "NO_VALID_ACTION_REF",
        "The click came after the event by more than 2 minutes and the event's own precision; \
         or nobody earns it, for different reasons.",
        "fold::credit::tests::click::\
         a_click_may_be_two_minutes_and_the_precision_later_than_the_event",
    ),
    refusal(
        "R16",
        "CONTRACT_NOT_FOUND",
        "No contract of the partner was in force on the action date, or none when the click \
         was made.",
        "fold::credit::tests::click::the_contract_and_payout_in_force_at_the_action_date_count",
    ),
    refusal(
        "R17",
        "OUTSIDE_ASSOCIATION_WINDOW",
        "The action date is later after the click than the contract's referral window; codes, \
         pages and forced partners have none.",
        "fold::credit::tests::click::the_referral_window_ends_after_its_last_millisecond",
    ),
    refusal(
        "R18",
        "REFTYPE_NOT_ACCEPTED",
        "The contract does not accept this way of referring.",
        "fold::credit::tests::refusal::reftype_not_accepted",
    ),
    refusal(
        "R19",
        "ACTIONTERMS_NOT_FOUND",
        "The contract pays nothing for this event type.",
        "fold::credit::tests::click::the_contract_and_payout_in_force_at_the_action_date_count",
    ),
    refusal(
        "R20",
        "MAX_RECURRENCES_REACHED",
        "The click has earned as many actions of this event type as the contract permits; \
         reversed ones count.",
        "fold::credit::tests::refusal::max_recurrences_reached",
    ),
    refusal(
        "R21",
        "UNCLAIMED",
        "Only Non-preferred partners took part, and the event type does not let them earn.",
        "fold::credit::tests::refusal::unclaimed",
    ),
    refusal(
        "R22",
        "BLOCKED_BY_PROMOCODE",
        "The promo code belongs to a partner that does not win, and the winner's credit group \
         is no better than the owner's.",
        "fold::credit::tests::refusal::blocked_by_promocode",
    ),
    refusal(
        "R23",
        "CREDITING_RULE_MISMATCH",
        "A channel of the brand's own wins.",
        "fold::credit::tests::refusal::crediting_rule_mismatch",
    ),
    refusal(
        "R24",
        "OTHER_REF_PRIORITIZED",
        "Another referral earned it. Only of the steps of a path; no conversion is refused by it.",
        "fold::credit::tests::choice::a_click_that_is_named_earns_though_others_came_later",
    ),
    refusal(
        "R25",
        "ACTIONTRACKER_NOT_FOUND",
        "No event type is named that is known. Only of the lines of files; a request is answered \
         400.",
        "conversion::tests::each_bad_field_is_named",
    ),
    refusal(
        "R26",
        "ACTIONTRACKER_CAMPAIGN_MISMATCH",
        "The event type is another program's. Only of the lines of files; a request is answered \
         400.",
        "conversion::tests::each_bad_field_is_named",
    ),
    refusal(
        "R27",
        "OID_MISSING",
        "No order id is sent. Only of the lines of files; a request is answered 400.",
        "conversion::tests::an_empty_body_misses_each_required_field",
    ),
    credit(
        "K01",
        "Forced partner",
        "The partner that the conversion names earns it, whatever else refers to it.",
        "fold::credit::tests::choice::a_forced_partner_earns_whatever_else_is_there",
    ),
    credit(
        "K02",
        "Named click",
        "A verified click id, or the name of an imported click, credits that very click and no \
         other, unless the event type takes the first click, a promo code of a partner was used, \
         or a partner that is not Preferred takes part.",
        "fold::credit::tests::choice::a_click_that_is_named_earns_though_others_came_later",
    ),
    credit(
        "K03",
        "Credit groups",
        "The best credit group among those that could earn comes first.",
        "fold::credit::tests::choice::a_better_group_earns_before_the_click_that_is_named",
    ),
    credit(
        "K04",
        "Code ALWAYS",
        "Within the best group the owner of the code wins, with or without a click.",
        "fold::credit::tests::choice::a_code_that_always_wins_needs_no_click",
    ),
    credit(
        "K05",
        "Code INVOLVED",
        "The same, where the owner has a click that could earn.",
        "fold::credit::tests::choice::a_code_of_the_involved_wins_with_a_click_that_could_earn",
    ),
    credit(
        "K06",
        "Code WINNER",
        "The owner wins only where it would have won without its code.",
        "fold::credit::tests::choice::a_code_of_the_winner_only_keeps_others_out",
    ),
    credit(
        "K07",
        "Codes and groups",
        "A better group wins before any code.",
        "fold::credit::tests::table::groups_codes_and_policies_choose_as_told",
    ),
    credit(
        "K08",
        "Code after the contract",
        "A code stays its owner's after the contract has ended.",
        "fold::credit::tests::refusal::a_code_stays_its_owners_after_the_contract",
    ),
    credit(
        "K09",
        "Last or first click",
        "Within the group the click that is named wins, else the last; where the event type \
         says so, the first.",
        "fold::credit::tests::choice::\
         the_last_or_the_first_click_of_a_journey_earns_as_the_event_type_says",
    ),
    credit(
        "K10",
        "Equal times",
        "Clicks of one millisecond are ordered by their numbers.",
        "fold::credit::tests::choice::\
         clicks_of_one_millisecond_are_ordered_by_number_and_partner",
    ),
    credit(
        "K11",
        "Unique page",
        "A page of one partner alone counts as the last touch.",
        "fold::credit::tests::choice::a_page_of_one_partner_earns_as_the_last_touch",
    ),
    credit(
        "K12",
        "Late events",
        "An event older than the program's late limit counts when it was received; what is \
         imported keeps its date.",
        "fold::credit::tests::click::\
         an_event_older_than_the_late_limit_counts_when_it_was_received",
    ),
    credit(
        "K13",
        "Lost clicks",
        "A click that was not stored 10 seconds after it was answered is credited from its \
         signed id.",
        "fold::credit::tests::click::a_click_that_was_never_stored_is_credited_as_recovered",
    ),
    credit(
        "K14",
        "Journeys",
        "A journey has the clicks under all names of the person: those sent, what was sent \
         with them before, and what was sent with a customer among those.",
        "fold::people::tests::a_journey_leads_over_the_devices_of_a_customer",
    ),
    credit(
        "K15",
        "Programs",
        "What is known of a person in one program is unknown in every other.",
        "fold::people::tests::touches_of_other_programs_are_never_seen",
    ),
    credit(
        "K16",
        "Look-back",
        "A journey reaches back as far as the longest referral window of the program.",
        "fold::credit::tests::choice::\
         a_journey_reaches_back_as_far_as_the_longest_window_and_no_further",
    ),
    credit(
        "K17",
        "Consent",
        "With `TrackingConsent=false` nothing is noted of the person.",
        "fold::people::tests::a_customer_may_forbid_that_names_are_linked",
    ),
    credit(
        "K18",
        "Memory",
        "Names that were last sent together more than 400 days ago are two persons' again, and \
         what led somebody that long ago is forgotten; where the program's late limit and \
         longest referral window come to more, not before.",
        "fold::people::forget::tests::\
         a_horizon_is_exact_to_the_millisecond_whether_rows_are_there_or_not",
    ),
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::refusal::Refusal;

    #[test]
    fn every_code_has_a_rule() {
        for (_, _, code, _) in Refusal::ALL {
            let rules = CREDIT.iter().filter(|rule| rule.name == *code).count();
            assert_eq!(rules, 1, "{code}");
        }
    }
}
