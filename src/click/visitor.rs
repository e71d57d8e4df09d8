//! Who clicked, as far as a daily keyed hash can tell.
//!
//! Hot path. The hash is SipHash-2-4 over the client's address and user agent under a salt of one
//! UTC day. The salt is destroyed two days later; from then on nobody can tell whose click it was,
//! nor join two days.

use std::hash::Hasher as _;
use std::net::IpAddr;

use siphasher::sip::SipHasher24;

use crate::model::click::Visitor;
use crate::model::time::{Day, Millis};

/// Bytes of a salt.
pub const SALT_LEN: usize = 16;

/// The salts at hand, by UTC day.
#[derive(Clone, Default)]
pub struct Salts(Vec<(Day, [u8; SALT_LEN])>);

impl std::fmt::Debug for Salts {
    /// Shows the days only.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_list()
            .entries(self.0.iter().map(|salt| salt.0))
            .finish()
    }
}

impl Salts {
    /// These salts.
    #[must_use]
    pub fn new(salts: Vec<(Day, [u8; SALT_LEN])>) -> Self {
        Self(salts)
    }

    /// The visitor of a click at `at`: under the salt of its day and, while a unique-click window
    /// of `window` milliseconds may reach back over midnight, under that of the day before.
    ///
    /// A day without a salt has no visitors: each click is then told from no other, as number 0.
    #[must_use]
    pub fn visitor(
        &self,
        at: Millis,
        window: i64,
        address: IpAddr,
        user_agent: &[u8],
    ) -> (Visitor, Option<Visitor>) {
        let day = at.utc_day();
        let today = self.hash(day, address, user_agent).unwrap_or_default();
        if at.since(day.utc_start()) >= window {
            return (today, None);
        }
        (
            today,
            self.hash(Day(day.0.saturating_sub(1)), address, user_agent),
        )
    }

    fn hash(&self, day: Day, address: IpAddr, user_agent: &[u8]) -> Option<Visitor> {
        let (_, salt) = self.0.iter().find(|salt| salt.0 == day)?;
        let mut hasher = SipHasher24::new_with_key(salt);
        write_address(&mut hasher, address);
        hasher.write(user_agent);
        Some(Visitor(hasher.finish()))
    }
}

/// Whom an import tells apart.
#[derive(Clone, Copy, Debug)]
pub enum Who<'a> {
    /// By a text of the other system.
    Named(&'a str),
    /// By address, where it is known, and user agent.
    From(Option<IpAddr>, &'a str),
}

/// A visitor of an import, under the salt of its job: nobody whom a live click or another job
/// knows.
#[must_use]
pub fn of_import(salt: &[u8; SALT_LEN], who: Who<'_>) -> Visitor {
    let mut hasher = SipHasher24::new_with_key(salt);
    match who {
        Who::Named(text) => {
            hasher.write(&[1]);
            hasher.write(text.as_bytes());
        }
        Who::From(address, user_agent) => {
            hasher.write(&[2, u8::from(address.is_some())]);
            if let Some(address) = address {
                write_address(&mut hasher, address);
            }
            hasher.write(user_agent.as_bytes());
        }
    }
    Visitor(hasher.finish())
}

fn write_address(hasher: &mut SipHasher24, address: IpAddr) {
    match address.to_canonical() {
        IpAddr::V4(v4) => hasher.write(&v4.to_ipv6_mapped().octets()),
        IpAddr::V6(v6) => hasher.write(&v6.octets()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::time::{DAY, MINUTE};

    #[test]
    fn an_import_tells_by_text_or_by_address_and_agent_under_its_own_salt() {
        let salt = [7; SALT_LEN];
        let at = |text: &str| Some(text.parse::<IpAddr>().unwrap());
        let of = |who| of_import(&salt, who);
        let all = [
            of(Who::Named("")),
            of(Who::Named("a")),
            of(Who::From(None, "a")),
            of(Who::From(at("192.0.2.1"), "a")),
            of(Who::From(at("192.0.2.2"), "a")),
            of(Who::From(at("192.0.2.1"), "b")),
            of_import(&[8; SALT_LEN], Who::Named("a")),
        ];
        for (nth, visitor) in all.iter().enumerate() {
            assert!(!all[nth + 1..].contains(visitor), "{nth}");
        }
        assert_eq!(of(Who::From(at("::ffff:192.0.2.1"), "a")), all[3]);
    }

    #[test]
    fn visitors_differ_by_address_agent_and_day_and_join_over_midnight() {
        let salts = Salts::new(vec![(Day(10), [1; 16]), (Day(11), [2; 16])]);
        let address = |text: &str| text.parse::<IpAddr>().unwrap();
        let at = |millis| Millis(11 * DAY + millis);
        let window = 30 * MINUTE;
        let (evening, none) = salts.visitor(at(-1), window, address("192.0.2.1"), b"A");
        assert_eq!(none, None);
        let (morning, joined) = salts.visitor(at(window - 1), window, address("192.0.2.1"), b"A");
        assert_ne!(morning, evening);
        assert_eq!(joined, Some(evening));
        assert_eq!(
            salts.visitor(at(window), window, address("192.0.2.1"), b"A"),
            (morning, None)
        );
        let mapped = salts
            .visitor(at(window), window, address("::ffff:192.0.2.1"), b"A")
            .0;
        assert_eq!(mapped, morning);
        for (other, agent) in [("192.0.2.2", b"A"), ("192.0.2.1", b"B")] {
            assert_ne!(
                salts.visitor(at(window), window, address(other), agent).0,
                morning
            );
        }
    }
}
