//! The catalogue in memory: immutable, complete, with everything the hot path needs precomputed.
//!
//! Built by `catalog::build` from a validated document; shared as an `Arc` and replaced whole.
//! Look-ups are one hash probe each and allocate nothing. What a click reads of an entity lies
//! together in the map, so that a big catalogue costs it few lines of memory.
//!
//! Everything is a value of its own, and every question about one (does a rule hold, which code is
//! this, when does an action lock) is a pure function of it: the fold asks the same questions years
//! later and gets the same answers.

mod channels;
mod codes;
mod contract;
mod entities;
mod landing;
mod notify;
mod rule;
mod terms;
mod whole;

pub use channels::{Arrival, Channel, ChannelPart, ChannelRule, Channels};
pub use codes::{
    CodeOwner, CodePolicy, ExceptionList, ExceptionLists, ListKind, PromoCode, PromoCodes,
    UniqueUrls,
};
pub use contract::{Contract, Contracts, Found};
pub use entities::{
    Ad, Brand, CallTerms, CreditPolicy, EventType, PARTNER_VALUES, Partner, Program, Risk,
    Signatures, Site,
};
pub use landing::{DeepLinks, HostRule, Landing, Macro, Segment, Template};
pub use notify::{
    Audience, BodyType, Destination, Filled, Kinds, Method, NoticeKind, NoticeMacro, Piece,
};
pub use rule::{Facts, Operator, Pattern, Rule, Values, Variable};
pub use terms::{
    CreditGroup, Hours, Level, Limit, LimitOf, Locking, Payout, PayoutGroup, Payouts, Period,
    Price, Scheduled, Scope, Terms, Weekdays,
};
pub use whole::Catalog;
