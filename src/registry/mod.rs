//! Closed tables of what is kept and what can be asked for. A new report or measure is a new row.
//!
//! [`cube`] names the sums that the fold keeps and [`facet`] what they are kept apart by,
//! [`measure`], [`dimension`] and [`bucket`] the columns that can be made from them, [`show`] those
//! that are there on request, [`filter`] the parameters of a query, [`report`] the reports and
//! [`audience`] whom they are for. [`click`] has the columns of listings of clicks, [`cpc`] why a
//! click is not paid, [`risk`] what speaks against clicks and actions, and [`ledger`] the reports
//! of what arrived. Queries are checked, answers computed, the list of reports served and the
//! README written from these tables alone: no code elsewhere knows a report by name. [`rules`] says
//! by which rules conversions earn.

pub mod audience;
pub mod bucket;
pub mod click;
pub mod cpc;
pub mod cube;
pub mod describe;
pub mod dimension;
pub mod facet;
pub mod filter;
pub mod ledger;
pub mod measure;
pub mod path;
pub mod report;
pub mod risk;
pub mod rules;
pub mod show;

pub use audience::Viewer;
pub use cube::CubeId;
pub use report::{REPORTS, Report};
