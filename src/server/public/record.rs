//! What is stored of a click: the facts of request and decision as one row of the turn.
//!
//! Hot path. Strings become references into the log's dictionary; when a slot takes no more new
//! strings, only what is known already is kept: the family of a user agent, the origin of a
//! referrer, or nothing, and the click is flagged.

use std::net::IpAddr;

use crate::click::{Cookie, Decision, Salts};
use crate::link::Link;
use crate::log::TurnWriter;
use crate::model::click::{Click, ClickFlags, Network};
use crate::model::click_id::ClickId;
use crate::model::id::StringRef;

use super::visit::Visit;

/// Bytes of a landing page that are stored.
const LANDING_BYTES_MAX: usize = 512;

/// All that is known of one click.
#[derive(Clone, Copy)]
pub(super) struct Facts<'a> {
    pub(super) decision: &'a Decision<'a>,
    pub(super) link: &'a Link<'a>,
    pub(super) visit: &'a Visit<'a>,
    /// The outline of the request's headers.
    pub(super) shape: &'a [u8],
    /// The client's.
    pub(super) address: IpAddr,
    /// The browser's, of a program that has one.
    pub(super) cookie: Option<Cookie>,
}

impl Facts<'_> {
    /// Appends the click to the turn under `id`; the flags it is stored with.
    pub(super) fn store(&self, writer: &mut TurnWriter, salts: &Salts, id: &ClickId) -> ClickFlags {
        let (link, visit) = (self.link, self.visit);
        let window = self.decision.program.unique_window;
        let at = id.number.time();
        let (visitor, visitor_before) = salts.visitor(at, window, self.address, visit.user_agent);
        let family = visit
            .user_agent
            .split(|byte| matches!(byte, b'/' | b' '))
            .next();
        let landing = self.decision.landing.url.as_bytes();
        let landing = landing.get(..LANDING_BYTES_MAX).unwrap_or(landing);
        let [user_agent, referrer, shape, landing] = [
            reference(writer, visit.user_agent, family.unwrap_or_default()),
            reference(writer, &visit.referrer.1, &visit.referrer.0),
            reference(writer, self.shape, &[]),
            reference(writer, landing, &[]),
        ];
        let mut flags = self.decision.flags.with(visit.flags);
        if [user_agent, referrer, shape, landing]
            .iter()
            .any(|found| found.1)
        {
            flags.set(ClickFlags::LIMITED_STRINGS);
        }
        let click = Click {
            flags,
            program: link.program,
            ad: link.ad,
            network: Network::of(self.address),
            visitor,
            visitor_before,
            cookie: self.cookie.map(|cookie| cookie.person(link.program).id),
            user_agent: user_agent.0,
            referrer: referrer.0,
            shape: shape.0,
            landing: landing.0,
            parameters: link.parameters(),
        };
        writer.push(link.partner, id.number, &click);
        flags
    }
}

/// The reference of `whole`, else that of `part` if it is known; and whether `whole` had no room.
fn reference(writer: &mut TurnWriter, whole: &[u8], part: &[u8]) -> (StringRef, bool) {
    match writer.intern(whole) {
        Some(found) => (found, false),
        None => (writer.known(part).unwrap_or_default(), true),
    }
}
