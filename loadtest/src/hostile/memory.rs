//! What a held connection costs the daemon: resident memory with and without, divided.
//!
//! Read while nobody clicks, so that stored clicks do not count as connections.

/// Bytes that a connection may cost.
pub(super) const EACH_MAX: u64 = 64 << 10;
/// Bytes that it should cost at most.
pub(super) const EACH_GOAL: u64 = 16 << 10;

/// Bytes for each of `connections` connections, rounded up.
pub(super) fn each(before: u64, with: u64, connections: u64) -> u64 {
    with.saturating_sub(before).div_ceil(connections.max(1))
}

/// Bytes as kibibytes with one decimal, rounded up.
pub(super) fn kibibytes(bytes: u64) -> String {
    let tenths = bytes.saturating_mul(10).div_ceil(1_024);
    format!("{}.{} KiB", tenths / 10, tenths % 10)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_is_divided_among_the_connections() {
        assert_eq!(each(10 << 20, 20 << 20, 10 << 10), 1_024);
        assert_eq!(each(0, 10, 3), 4);
        assert_eq!(each(20, 10, 3), 0);
        assert_eq!(each(0, 7, 0), 7);
        // One byte above the bound must not be rounded away.
        assert!(each(0, EACH_MAX * 100 + 1, 100) > EACH_MAX);
    }

    #[test]
    fn kibibytes_have_one_decimal() {
        assert_eq!(kibibytes(16 << 10), "16.0 KiB");
        assert_eq!(kibibytes(1_536), "1.5 KiB");
        assert_eq!(kibibytes(1), "0.1 KiB");
        assert_eq!(kibibytes(0), "0.0 KiB");
    }
}
