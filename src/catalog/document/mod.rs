//! The catalogue as its author writes it: plain values, nothing checked yet but their shape.
//!
//! The same types are read from TOML (`parse`), stored as JSON in the log (`stored`) and written
//! back as TOML (`export`). Unknown keys are refused everywhere. `config/catalog.toml` documents
//! each key; the rules of the values are in `build` and `check`.

mod accounts;
mod lists;
mod offers;
mod payout;
mod place;
mod retired;
mod terms;
mod value;
mod whole;

pub use accounts::{BrandDoc, PartnerDoc, PropertyDoc};
pub use lists::{ChannelDoc, ChannelRuleDoc, ExceptionListDoc, PostbackDoc, PromoCodeDoc};
pub use offers::{AdDoc, CallDoc, EventTypeDoc, ProgramDoc};
pub use payout::{GroupDoc, LimitDoc, PayoutDoc, PayoutMore, RuleDoc};
pub use place::Line;
pub(super) use place::contract_place;
pub use retired::{RetiredAd, RetiredDoc, RetiredEventType};
pub use terms::{ContractDoc, ContractMore, LockingDays, LockingDoc, ScheduledDoc};
pub use whole::CatalogDoc;
