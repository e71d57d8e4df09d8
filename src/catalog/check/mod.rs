//! The rules of single values: a text in, the compiled value or a complaint out.
//!
//! Nothing here knows which entity a value belongs to; `build` does.

pub(super) mod domain;
pub(super) mod landing;
pub(super) mod notify;
pub(super) mod pattern;
pub(super) mod payout;
pub(super) mod period;
pub(super) mod rule;
pub(super) mod schedule;
pub(super) mod template;
pub(super) mod text;
pub(super) mod word;

pub use text::{AD_TYPES, CATEGORIES, PROGRAM_STATES, RISKS, STATES, UNIQUE_TYPES, UNIQUE_WINDOWS};
pub use word::{
    ACCEPTS, BODY_TYPES, CODE_POLICIES, CREDIT_GROUPS, CREDIT_POLICIES, LIST_TYPES, NOTICE_KINDS,
    PERIODS, SCOPES, Words,
};
