//! What page loads tell of people, and when they tell nothing.

use super::list::{Rule, RuleKind};

const fn arrival(
    id: &'static str,
    name: &'static str,
    text: &'static str,
    test: &'static str,
) -> Rule {
    Rule {
        id,
        kind: RuleKind::Arrival,
        name,
        text,
        test,
    }
}

/// Every rule of arrivals.
pub const ARRIVAL: &[Rule] = &[
    arrival(
        "A01",
        "Arrivals",
        "A page load with a click id that holds is a step of its click under every name that is \
         sent, at the click's own time, and makes these names one person's.",
        "it::visit::credited::a_click_on_one_device_earns_a_sale_on_another",
    ),
    arrival(
        "A02",
        "Forged arrivals",
        "A click id that does not hold, or is of another program, is as if none was sent.",
        "it::visit::credited::a_forged_click_id_earns_nothing",
    ),
    arrival(
        "A03",
        "Sessions",
        "A page load without a click id is a step of the first channel whose rules hold, else of \
         `Referral` or `Direct`, where it begins a session: a campaign or a page of others does, \
         anything else 30 minutes after the last step.",
        "it::visit::credited::channels_are_steps_of_the_path_and_sessions_one_step_each",
    ),
    arrival(
        "A04",
        "Unfollowed arrivals",
        "With `Sec-GPC: 1` or `TrackingConsent=false` nothing is kept of a page load but a count.",
        "it::visit::kept::nothing_is_kept_of_whoever_does_not_want_to_be_followed",
    ),
    arrival(
        "A05",
        "Cookies",
        "Where a program has `cookie = true`, a click of a customer is a step of the cookie that \
         it carried, and a page load that sends this cookie back makes it one of the names of the \
         person.",
        "it::visit::cookie::\
         a_click_earns_the_sale_of_the_customer_who_came_back_with_its_cookie",
    ),
    arrival(
        "A06",
        "Unfollowed cookies",
        "With `Sec-GPC: 1` no cookie is set, read or kept.",
        "it::visit::cookie::links_of_a_program_with_cookies_set_one_and_set_it_again",
    ),
];
