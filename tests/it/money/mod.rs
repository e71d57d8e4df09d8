//! Money from outside: random histories of conversions and changes through a real log and the
//! real fold, and at every sealed slot each figure against a model.
//!
//! The world (`world`) says things to the log and notes what it said; `terms` is its catalogue as
//! plain data. The model (`model`, with `credit`, `people` and `price`) knows only these notes and
//! which click and entry the log put into which slot, and who arrived in it: it uses nothing of
//! `fold`, `derived`, `catalog` or the money of `model`. `check` compares. A payout group or a
//! credit rule is added as data in `terms` and as a rule in `price` or `credit`, and has then to
//! hold in every history. `killed` does the same to processes that are killed.

mod check;
mod credit;
mod killed;
mod model;
mod people;
mod price;
mod run;
mod said;
mod terms;
mod world;
