//! Arrivals on the API's listener: `POST /PageLoad`, without a key, as servers of brands send them.

use hyper::Request;
use hyper::body::Body;

use super::respond::{self, Answer};
use super::state::ApiState;

/// Its path.
pub const PATH: &str = "/PageLoad";

/// Answers an arrival.
pub async fn answer<B>(state: &ApiState, request: Request<B>) -> Answer
where
    B: Body,
    B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    match &state.page_loads {
        // The server that sends it is nobody's customer, so its address tells nothing.
        Some(loads) => loads.answer(request, None, None, || {}).await,
        None => respond::not_found(),
    }
}
