//! One connection of a customer: requests in, answers out.
//!
//! The [`front`] reads plain requests ([`head`]) where they lie; what is not plain goes on with
//! hyper. Either way answers wait on the [`line`](mod@line) for their turn. The [`stamp`] bounds
//! the patience with a connection. On the thread of the worker.

pub mod front;
pub mod head;
pub mod line;
pub mod stamp;
