//! Who is credited, over a map instead of a store.

mod choice;
mod click;
mod fixture;
mod path;
mod refusal;
mod table;
mod told;
