//! Clicks one by one, as the rows of a report: which there are, and what each shows.
//!
//! In: a checked query, a view of one moment, and [`super::Facts`], by which the log is asked for
//! the clicks of the page that is shown, and for others only where the query asks for what no
//! verdict tells. Out: a page in the shape of every report. Rows come by program, partner and
//! time. A link names the slot up to which its page was made, so all pages of one list show the
//! same clicks: a verdict never changes but by a judgement of the past. Payable Click Data has the
//! adjustments of a program's clicks that were made in the days asked for behind its clicks, and
//! Adjustments those of its actions too, and no clicks. A click shows nothing that is its partner's
//! alone, sub ids above all.

mod asked;
mod list;
mod select;

pub use asked::{Asked, CLASSES};
pub use list::Clicks;
