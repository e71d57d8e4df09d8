//! What speaks against paying a click, from what was recorded with it.

use crate::catalog::snapshot::Risk;
use crate::derived::{Class, Reasons, Signs};
use crate::model::click::ClickFlags;

use super::agents::Agent;

/// Flags that keep a click from being paid, each with its reason.
const UNPAID: &[(ClickFlags, Reasons)] = &[
    (ClickFlags::PREFETCH, Reasons::PREFETCH),
    (ClickFlags::HEAD, Reasons::HEAD),
    (ClickFlags::UNKNOWN_PARTNER, Reasons::UNKNOWN_PARTNER),
    (ClickFlags::INACTIVE_PARTNER, Reasons::INACTIVE_PARTNER),
    (ClickFlags::ENDED_CONTRACT, Reasons::ENDED_CONTRACT),
    (ClickFlags::NOT_JOINED, Reasons::NOT_JOINED),
    (ClickFlags::PAUSED_PROGRAM, Reasons::PAUSED_PROGRAM),
    (
        ClickFlags::MALFORMED_DEEP_LINK,
        Reasons::MALFORMED_DEEP_LINK,
    ),
];

const UNPAID_FLAGS: ClickFlags = {
    let mut all = ClickFlags::EXPIRED_AD;
    let mut rest = UNPAID;
    while let [(flag, _), more @ ..] = rest {
        all = all.with(*flag);
        rest = more;
    }
    all
};

/// The reasons against a click, other than being a duplicate.
pub(in crate::fold) fn reasons(flags: ClickFlags, agent: Agent, pays_expired_ads: bool) -> Reasons {
    let mut reasons = match agent {
        Agent::Browser => Reasons::NONE,
        Agent::Robot => Reasons::ROBOT,
        Agent::Absent => Reasons::NO_USER_AGENT,
    };
    if flags.any(UNPAID_FLAGS) {
        for (flag, reason) in UNPAID {
            if flags.any(*flag) {
                reasons.set(*reason);
            }
        }
        if flags.any(ClickFlags::EXPIRED_AD) && !pays_expired_ads {
            reasons.set(Reasons::EXPIRED_AD);
        }
    }
    reasons
}

/// Signs of level High and Critical that a program may leave out of its figures, each with its
/// reason.
const FLAGGED: &[(Signs, Reasons)] = &[
    (Signs::IMAGE, Reasons::IMAGE_CLICK),
    (Signs::ANOMALY, Reasons::REQUEST_ANOMALY),
    (Signs::HOSTING, Reasons::DATA_CENTER),
];

/// The reasons of those signs.
pub(in crate::fold) const RISKS: Reasons =
    Reasons(Reasons::IMAGE_CLICK.0 | Reasons::REQUEST_ANOMALY.0 | Reasons::DATA_CENTER.0);

/// The reasons that a program's setting of risk makes of the signs of a click.
pub(in crate::fold) fn flagged(signs: Signs, risk: Risk) -> Reasons {
    let mut reasons = Reasons::NONE;
    if risk != Risk::Relaxed {
        for (sign, reason) in FLAGGED {
            if signs.any(*sign) {
                reasons.set(*reason);
            }
        }
    }
    reasons
}

/// The class of a click that neither opens nor prolongs a window; `None` when the window decides.
pub(in crate::fold) fn outside_windows(reasons: Reasons) -> Option<Class> {
    if reasons.any(Reasons(Reasons::ROBOT.0 | Reasons::NO_USER_AGENT.0)) {
        Some(Class::Robot)
    } else if reasons.any(Reasons::PREFETCH) {
        Some(Class::Prefetch)
    } else if reasons.any(Reasons::HEAD) {
        Some(Class::Head)
    } else if reasons.any(RISKS) {
        Some(Class::Flagged)
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_flag_that_forbids_payment_gives_its_reason() {
        for (flag, reason) in UNPAID {
            assert_eq!(reasons(*flag, Agent::Browser, true), *reason);
        }
        let harmless = ClickFlags::ALL
            .iter()
            .filter(|(flag, _)| !flag.any(UNPAID_FLAGS))
            .fold(ClickFlags::NONE, |all, (flag, _)| all.with(*flag));
        assert!(harmless.any(ClickFlags::UNKNOWN_AD) && harmless.any(ClickFlags::EARLY_AD));
        assert_eq!(reasons(harmless, Agent::Browser, false), Reasons::NONE);
    }

    #[test]
    fn expired_ads_pay_when_the_program_says_so() {
        let of = |pays| reasons(ClickFlags::EXPIRED_AD, Agent::Browser, pays);
        assert_eq!((of(true), of(false)), (Reasons::NONE, Reasons::EXPIRED_AD));
    }

    #[test]
    fn robots_prefetches_and_heads_stay_outside_windows() {
        let class = |flags, agent| outside_windows(reasons(flags, agent, true));
        assert_eq!(class(ClickFlags::NONE, Agent::Robot), Some(Class::Robot));
        assert_eq!(class(ClickFlags::HEAD, Agent::Absent), Some(Class::Robot));
        assert_eq!(
            class(ClickFlags::PREFETCH.with(ClickFlags::HEAD), Agent::Browser),
            Some(Class::Prefetch)
        );
        assert_eq!(class(ClickFlags::HEAD, Agent::Browser), Some(Class::Head));
        assert_eq!(class(ClickFlags::PAUSED_PROGRAM, Agent::Browser), None);
    }
}
