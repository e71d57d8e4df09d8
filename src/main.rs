//! The `clickd` binary.

fn main() {}
