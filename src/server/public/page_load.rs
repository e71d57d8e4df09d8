//! Arrivals on the public listener: `/p/PageLoad` and `/p/{program}`.
//!
//! By hyper's way only: a plain request is never one of these, so a click pays nothing for them.

use std::rc::Rc;

use hyper::Request;
use hyper::body::Incoming;
use hyper::header::{CONNECTION, HeaderValue};

use crate::model::id::ProgramId;

use super::answer::Answer;
use super::connection::line::Line;
use super::turn;

/// What a path below `/p/` names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Place {
    /// The program, where it is not said in the body alone.
    program: Option<ProgramId>,
}

impl Place {
    /// The place of arrivals at `path`, if it is one.
    pub(super) fn of(path: &str) -> Option<Self> {
        let name = path.strip_prefix("/p/")?;
        if name == "PageLoad" {
            return Some(Self { program: None });
        }
        let is_number = name.bytes().all(|byte| byte.is_ascii_digit()) && !name.starts_with('0');
        let program = name.parse().ok().filter(|_| is_number).map(ProgramId)?;
        Some(Self {
            program: Some(program),
        })
    }
}

/// Answers an arrival, from the request to the sync that covers it.
pub(super) async fn answer(
    place: Place,
    request: Request<Incoming>,
    peer: std::net::IpAddr,
    line: Rc<Line>,
    is_last: bool,
) -> Answer {
    let loads = turn::with(|turn| turn.page_loads());
    let Some(loads) = loads else {
        // Only workers serve connections, so there is always a turn.
        return Answer::default();
    };
    // The bytes of the body looked like the head of a next request.
    let body_read = || line.stamp.head_done();
    let peer = Some(peer);
    let mut answer = loads.answer(request, peer, place.program, body_read).await;
    let is_draining = turn::with(|turn| turn.is_draining()) == Some(true);
    if is_last || is_draining {
        let close = HeaderValue::from_static("close");
        answer.headers_mut().insert(CONNECTION, close);
    }
    answer
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_matched_whole() {
        let of = |path: &str| Place::of(path).map(|place| place.program);
        assert_eq!(of("/p/PageLoad"), Some(None));
        assert_eq!(of("/p/1000"), Some(Some(ProgramId(1000))));
        for other in [
            "/p/",
            "/p",
            "/p/pageload",
            "/p/PageLoad/",
            "/p/01",
            "/p/+1",
            "/p/1/2",
            "/p/99999999999",
            "/c/1/2/3",
            "/PageLoad",
        ] {
            assert_eq!(of(other), None, "{other}");
        }
    }
}
