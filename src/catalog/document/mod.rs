//! The catalogue as its author writes it: plain values, nothing checked yet but their shape.
//!
//! The same types are read from TOML (`parse`), stored as JSON in the log (`stored`) and written
//! back as TOML (`export`). Unknown keys are refused everywhere. `config/catalog.toml` documents
//! each key; the rules of the values are in `build` and `check`.

mod accounts;
mod offers;
mod place;
mod retired;
mod terms;
mod value;
mod whole;

pub use accounts::{BrandDoc, PartnerDoc, PropertyDoc};
pub use offers::{AdDoc, EventTypeDoc, ProgramDoc};
pub use place::Line;
pub(super) use place::contract_place;
pub use retired::{RetiredAd, RetiredDoc, RetiredEventType};
pub use terms::{ContractDoc, PayoutDoc};
pub use whole::CatalogDoc;
