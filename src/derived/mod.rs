//! What the fold has made of the log: a second store that can be thrown away and made again.
//!
//! In: the fold thread's rows, a [`Batch`] at a time. Out: cells for reports, verdicts for
//! listings, outcomes for submissions, read by any thread from one snapshot each.
//!
//! Invariants: everything a slot changes but the verdicts on its clicks and the windows behind them
//! comes in the batch that carries the watermark. Verdicts and windows may come earlier, together
//! and with a note of how many there are ([`Begun`]); no view shows them before the watermark does,
//! so a slot is seen whole or not at all. Nobody sees a generation that has never served, so its
//! rows come in any pieces, and it is written out before it serves. The rows are a pure function of
//! the log, so no write here is ever synced and a store that does not open, or that is ahead of the
//! log, is discarded and made again; every stored value begins with its format byte, and no decoder
//! panics on any bytes.
//!
//! A store lives in `derived/<generation>/`; the file `derived/CURRENT` names the one that serves.
//! A rebuild fills the next generation while the current one goes on serving, then flips the file.

mod adjusted;
mod batch;
mod counters;
mod directory;
mod error;
mod family;
mod generation;
mod handle;
mod journeys;
mod imports;
mod listing;
mod orders;
mod row;
mod uploads;
mod view;

pub use adjusted::{AdjustedKey, AdjustedKind, AdjustedRow};
pub use batch::Batch;
pub use error::DerivedError;
pub use family::{Family, Options};
pub use generation::{Families, Generation};
pub use handle::{Derived, Watermark};
pub use journeys::Noted;
pub use row::action::{Action, ActionFlags, ActionState, Referred};
pub use row::counter::{Counted, Counter, Hold};
pub use row::external::External;
pub use row::item::ActionItem;
pub use row::journey::horizon::{Horizon, HorizonKey};
pub use row::journey::path::{CreditRule, Path, Source, Step, Touch};
pub use row::journey::person::{PeopleKey, TouchKey};
pub use row::journey::recurrence::RecurrenceKey;
pub use row::key::{
    ActionId, ActionIdError, CellKey, CounterKey, ExternalKey, IndexKey, IndexKind, JobWindowKey,
    NoticeKey, OrderKey, OutcomeKey, UpdateKey, VerdictKey, WaitingKey, WindowKey,
};
pub use row::mark::{Begun, Mark};
pub use row::outcome::{Settled, SubmissionOutcome};
pub use row::update::{Notice, Update, UpdateKind};
pub use row::verdict::{Charge, Class, Held, Judged, Periods, Reasons, Signs, Verdict, Window};
pub use uploads::{
    LINES_KEPT_MAX, RefusedLine, RefusedLineKey, UploadCount, UploadKey, WhyRefused,
};
pub use view::{Cell, Stop, TakeCell, View};
