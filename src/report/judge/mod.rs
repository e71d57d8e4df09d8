//! How partners stand: what speaks against each, with points, by the cells of the risk cube.
//!
//! In: the sums of a judged report and the buckets beside their cells. Out: the same sums with the
//! made figures, and the reasons, the most telling first. Pure; the same figures give the same
//! judgement. Nothing here reaches a payout: a person decides.
//!
//! A share is taken at the lower end of what chance leaves open (`Share::at_least`), so a few
//! events never accuse anybody. Reasons of level Critical and High have their share in per cent as
//! points, inherited ones half of it. All others have points only beyond a bound that is a fixed
//! share, and beyond a multiple of the median partner of the query; what is but another way of
//! working speaks only where there is such a median.

mod compared;
mod reasons;
mod share;
mod verdict;

pub(super) use verdict::Judge;
