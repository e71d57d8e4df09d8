//! Where a customer goes, and what was wrong with the link.
//!
//! Hot path. Pure and free of allocation once the deep-link answers are warm. Within a known
//! program every link leads somewhere: a deep link that is permitted, else the ad's page, else the
//! program's. What was wrong is only noted.

use crate::catalog::Catalog;
use crate::catalog::snapshot::{Ad, Found, Landing, Partner, Program};
use crate::link::Link;
use crate::model::click::ClickFlags;
use crate::model::time::Millis;

use super::deep_link::DeepLinkCache;

/// Where a click leads.
#[derive(Clone, Copy, Debug)]
pub struct Decision<'a> {
    /// The link's program.
    pub program: &'a Program,
    /// The link's partner, if the catalogue knows it.
    pub partner: Option<&'a Partner>,
    /// The link's ad, if the program has it.
    pub ad: Option<&'a Ad>,
    /// The page, before templates and click id.
    pub landing: &'a Landing,
    /// What was noticed.
    pub flags: ClickFlags,
}

/// Flags under which a customer goes to the program's default page.
pub const TO_DEFAULT: ClickFlags = ClickFlags::UNKNOWN_PARTNER
    .with(ClickFlags::INACTIVE_PARTNER)
    .with(ClickFlags::ENDED_CONTRACT)
    .with(ClickFlags::NOT_JOINED)
    .with(ClickFlags::PAUSED_PROGRAM)
    .with(ClickFlags::UNKNOWN_AD);

/// Decides for `link` at `now`; `None` if its program is unknown. `host` is the name the customer
/// asked (without a port), which a deep link must not lead back to.
#[must_use]
pub fn decide<'a>(
    catalog: &'a Catalog,
    link: &Link<'_>,
    now: Millis,
    host: &[u8],
    deep_links: &'a mut DeepLinkCache,
) -> Option<Decision<'a>> {
    let program = catalog.program(link.program)?;
    let mut flags = link.flags;
    if !program.active {
        flags.set(ClickFlags::PAUSED_PROGRAM);
    }
    let partner = catalog.partner(link.partner);
    match partner {
        None => flags.set(ClickFlags::UNKNOWN_PARTNER),
        Some(partner) => {
            if !partner.active {
                flags.set(ClickFlags::INACTIVE_PARTNER);
            }
            match catalog.contract(program.id, partner.id, now) {
                Found::InForce(_) => {}
                Found::Ended => flags.set(ClickFlags::ENDED_CONTRACT),
                Found::NotJoined => flags.set(ClickFlags::NOT_JOINED),
            }
        }
    }
    let ad = program.ads.get(&link.ad);
    let page = match ad {
        None => {
            flags.set(ClickFlags::UNKNOWN_AD);
            &program.landing
        }
        Some(ad) => {
            flags.set(age(ad, now));
            let expired = ad.expired_landing.as_deref();
            expired
                .filter(|_| flags.any(ClickFlags::EXPIRED_AD))
                .unwrap_or(&ad.landing)
        }
    };
    let moved = ad.is_some_and(|ad| ad.expired_landing.is_some());
    let landing = match link.deep_link {
        None => page,
        // A page that an expired ad names for its end stands above the deep link.
        Some(_) if moved && flags.any(ClickFlags::EXPIRED_AD) => page,
        Some(raw) => {
            let permitted = ad.is_none_or(|ad| ad.deep_links);
            let deep = deep_links
                .check(program, raw)
                // A redirect to ourselves would go round for ever.
                .filter(|deep| !deep.host().eq_ignore_ascii_case(host));
            if let Some(deep) = deep.filter(|_| permitted) {
                deep
            } else {
                flags.set(ClickFlags::MALFORMED_DEEP_LINK);
                page
            }
        }
    };
    let landing = if flags.any(TO_DEFAULT) {
        &program.landing
    } else {
        landing
    };
    Some(Decision {
        program,
        partner,
        ad,
        landing,
        flags,
    })
}

fn age(ad: &Ad, now: Millis) -> ClickFlags {
    if ad.end.is_some_and(|end| end <= now) {
        ClickFlags::EXPIRED_AD
    } else if ad.start.is_some_and(|start| now < start) {
        ClickFlags::EARLY_AD
    } else {
        ClickFlags::NONE
    }
}
