//! A total spread over parts by their weights, without losing or making a unit.
//!
//! By largest remainder: each part gets its share rounded down, and the units that are left go to
//! the largest remainders, the earlier part first where two are alike. So the parts add up to the
//! total exactly, and no part of a total up to the sum of the weights is above its weight.

/// Spreads `total` over parts of these `weights`, in whole `unit`s; what a unit does not divide
/// goes to the last part that has a weight. Where all weights are 0 they count as equal. No part
/// gets anything when the total, the unit or a weight is below 0, or when there is no part.
#[must_use]
pub fn over(total: i64, weights: &[i64], unit: i64) -> Vec<i64> {
    let mut parts = vec![0_i64; weights.len()];
    if total <= 0 || unit <= 0 || weights.iter().any(|weight| *weight < 0) {
        return parts;
    }
    let is_weighted = weights.iter().any(|weight| *weight > 0);
    let weight = |at: usize| {
        let weight = weights.get(at).copied().unwrap_or_default();
        if is_weighted { i128::from(weight) } else { 1 }
    };
    let sum: i128 = (0..weights.len()).map(weight).sum();
    if sum == 0 {
        return parts;
    }
    let units = i128::from(total / unit);
    let mut left = units;
    let mut remainders = Vec::with_capacity(parts.len());
    for (at, part) in parts.iter_mut().enumerate() {
        // At most the total, so it fits.
        let whole = units * weight(at) / sum;
        left -= whole;
        *part = i64::try_from(whole).unwrap_or(0) * unit;
        remainders.push((std::cmp::Reverse(units * weight(at) % sum), at));
    }
    remainders.sort_unstable();
    for (_, at) in remainders {
        if left == 0 {
            break;
        }
        left -= 1;
        if let Some(part) = parts.get_mut(at) {
            *part += unit;
        }
    }
    let last = (0..weights.len()).rev().find(|at| weight(*at) > 0);
    if let Some(part) = last.and_then(|at| parts.get_mut(at)) {
        *part += total % unit;
    }
    parts
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_largest_remainders_get_what_is_left() {
        for (total, weights, unit, expected) in [
            (10, &[1, 1, 1][..], 1, &[4, 3, 3][..]),
            (20, &[1, 1, 1], 1, &[7, 7, 6]),
            (100, &[1, 2, 4], 1, &[14, 29, 57]),
            (5, &[0, 10, 0], 1, &[0, 5, 0]),
            (3, &[0, 0], 1, &[2, 1]),
            // Minor units of a currency: cents of 10,000 millionths.
            (10_000, &[50_000, 50_000], 10_000, &[10_000, 0]),
            (7, &[1, 1], 2, &[4, 3]),
            (0, &[1, 1], 1, &[0, 0]),
            (-5, &[1, 1], 1, &[0, 0]),
            (5, &[1, -1], 1, &[0, 0]),
            (5, &[], 1, &[]),
            (
                i64::MAX,
                &[i64::MAX, i64::MAX],
                1,
                &[i64::MAX / 2 + 1, i64::MAX / 2],
            ),
        ] {
            assert_eq!(over(total, weights, unit), expected, "{total} {weights:?}");
        }
    }

    proptest! {
        #[test]
        fn nothing_is_lost_and_no_part_exceeds_its_weight(
            weights in prop::collection::vec(0_i64..1_000_000, 1..20),
            share in 0_u32..=1_000,
        ) {
            let sum: i64 = weights.iter().sum();
            let total = sum * i64::from(share) / 1_000;
            let parts = over(total, &weights, 1);
            prop_assert_eq!(parts.iter().sum::<i64>(), total);
            for (part, weight) in parts.iter().zip(&weights) {
                prop_assert!(part <= weight && *part >= 0);
                // Less than a unit from its exact share.
                let off = i128::from(*part) * i128::from(sum)
                    - i128::from(total) * i128::from(*weight);
                prop_assert!(off.abs() < i128::from(sum.max(1)));
            }
        }
    }
}
