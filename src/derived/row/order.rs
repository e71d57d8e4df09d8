//! Value of `orders`: the actions of an order, the oldest first.

use super::bytes::{FORMAT, Reader, Why, push};
use super::key::{ActionId, OrderKey};

/// The stored bytes of the actions of an order.
pub(in crate::derived) fn encode(actions: &[ActionId]) -> Vec<u8> {
    let mut out = vec![FORMAT];
    for action in actions {
        push(&mut out, action.order);
    }
    out
}

/// Reads the stored actions of an order.
pub(in crate::derived) fn decode(key: &OrderKey, bytes: &[u8]) -> Result<Vec<ActionId>, Why> {
    let mut reader = Reader(bytes);
    reader.format(FORMAT)?;
    let mut actions = Vec::new();
    while !reader.0.is_empty() {
        actions.push(ActionId {
            program: key.program,
            event_type: key.event_type,
            order: reader.part()?,
        });
    }
    Ok(actions)
}
