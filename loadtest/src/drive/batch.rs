//! Clicks as ready-made requests, and what a right answer to one of them is.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::net::SocketAddr;

use anyhow::{Result, bail, ensure};
use bytes::Bytes;
use http_body_util::Full;
use hyper::Request;

use super::open::Requests;
use crate::http::click::{Clicks, click_id};
use crate::http::pipe::Answer;
use crate::http::wire;
use crate::traffic::big::ad_of;
use crate::traffic::crowd::Click;

/// Clicks in order, with the bytes of their requests.
pub(crate) struct Batch {
    bytes: Vec<u8>,
    /// Where each request ends.
    ends: Vec<usize>,
    clicks: Vec<Click>,
}

impl Batch {
    /// The requests of `clicks` to `target`.
    pub(crate) fn new(target: SocketAddr, clicks: impl Iterator<Item = Click>) -> Result<Self> {
        let mut batch = Self {
            bytes: Vec::new(),
            ends: Vec::new(),
            clicks: Vec::new(),
        };
        let mut makers: HashMap<u32, Clicks> = HashMap::new();
        for click in clicks {
            let maker = match makers.entry(click.program) {
                Entry::Occupied(known) => known.into_mut(),
                Entry::Vacant(new) => new.insert(Clicks::new(target, click.program)?),
            };
            wire::write(&maker.request(&click.visit)?, &mut batch.bytes);
            batch.ends.push(batch.bytes.len());
            batch.clicks.push(click);
        }
        Ok(batch)
    }

    /// How many there are.
    pub(crate) fn len(&self) -> usize {
        self.clicks.len()
    }

    /// The bytes of `count` requests from request `first` on, and their clicks; fewer at the end.
    pub(crate) fn get(&self, first: usize, count: usize) -> Option<(&[u8], &[Click])> {
        let end = first.saturating_add(count).min(self.len());
        let clicks = self.clicks.get(first..end)?;
        let at = |index: usize| {
            index
                .checked_sub(1)
                .map_or(Some(0), |i| self.ends.get(i).copied())
        };
        let bytes = self.bytes.get(at(first)?..at(end)?)?;
        (!clicks.is_empty()).then_some((bytes, clicks))
    }
}

impl Requests for Batch {
    fn len(&self) -> usize {
        self.len()
    }

    fn bytes(&self, index: usize) -> Option<&[u8]> {
        Some(self.get(index, 1)?.0)
    }

    fn read(&self, index: usize, answer: &Answer) -> Result<Option<u64>> {
        let Some(click) = self.clicks.get(index) else {
            bail!("there is no click {index}");
        };
        read(click, answer).map(Some)
    }
}

/// One request over and over, for servers of which some make no click ids.
pub(crate) struct Same {
    bytes: Vec<u8>,
    count: usize,
}

impl Same {
    /// The request so many times.
    pub(crate) fn new(request: &Request<Full<Bytes>>, count: usize) -> Self {
        let mut bytes = Vec::new();
        wire::write(request, &mut bytes);
        Self { bytes, count }
    }
}

impl Requests for Same {
    fn len(&self) -> usize {
        self.count
    }

    fn bytes(&self, index: usize) -> Option<&[u8]> {
        (index < self.count).then_some(self.bytes.as_slice())
    }

    fn read(&self, _: usize, answer: &Answer) -> Result<Option<u64>> {
        ensure!(answer.status == 302, "answered {}, not 302", answer.status);
        ensure!(!answer.unrecorded, "the click was not recorded");
        Ok(None)
    }
}

/// The number of a click that was answered as it must be.
///
/// # Errors
/// No 302 to the page of the click's ad with its own click id, or one that is not recorded.
pub(crate) fn read(click: &Click, answer: &Answer) -> Result<u64> {
    ensure!(answer.status == 302, "answered {}, not 302", answer.status);
    let visit = &click.visit;
    let location = answer.location.as_str();
    let id = click_id(location, [visit.partner, visit.ad, click.program])?;
    if id.unrecorded || answer.unrecorded {
        bail!("the click was not recorded");
    }
    ensure!(
        ad_of(location) == Some(visit.ad),
        "the click on ad {} leads to {location}",
        visit.ad
    );
    Ok(id.number)
}

/// No click number was given twice.
pub(crate) fn check_numbers(numbers: &mut [u64]) -> Result<()> {
    numbers.sort_unstable();
    let mut pairs = numbers.iter().zip(numbers.iter().skip(1));
    if let Some((number, _)) = pairs.find(|(one, next)| one == next) {
        bail!("click number {number} was given twice");
    }
    Ok(())
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::http::click::tests::id;
    use crate::http::mock::Seen;
    use crate::traffic::big::page;
    use crate::traffic::crowd::Crowd;

    /// The 302 to a click, numbered within its millisecond.
    pub(crate) fn redirect(request: &Seen, counter: u64) -> String {
        let mut numbers = request
            .path
            .split(['/', '?'])
            .filter_map(|part| part.parse().ok());
        let mut next = || numbers.next().unwrap();
        let link: [u32; 3] = [next(), next(), next()];
        let id = id(1_795_368_000_000, counter, link, 0);
        let page = page(link[1], 0);
        format!("HTTP/1.1 302 Found\r\nLocation: {page}?im_ref={id}\r\nContent-Length: 0\r\n\r\n")
    }

    fn batch(count: u64) -> Batch {
        let target = "127.0.0.1:80".parse().unwrap();
        Batch::new(target, Crowd::Small.clicks(1, count)).unwrap()
    }

    #[test]
    fn requests_are_cut_at_their_ends() {
        let batch = batch(5);
        let whole: Vec<u8> = (0..5)
            .flat_map(|n| batch.get(n, 1).unwrap().0.to_vec())
            .collect();
        assert_eq!(whole, batch.bytes);
        for (first, count, found) in [(0, 5, 5), (3, 16, 2), (4, 1, 1)] {
            let (bytes, clicks) = batch.get(first, count).unwrap();
            let text = String::from_utf8(bytes.to_vec()).unwrap();
            assert_eq!(text.matches("GET /c/").count(), found);
            assert!(text.starts_with("GET /c/") && text.ends_with("\r\n\r\n"));
            assert_eq!(clicks.len(), found);
            let link = format!("/c/{}/{}/7?", clicks[0].visit.partner, clicks[0].visit.ad);
            assert!(text.contains(&link), "{text}");
        }
        assert!(batch.get(5, 1).is_none() && batch.get(9, 1).is_none());
    }

    #[test]
    fn only_the_recorded_answer_to_this_click_will_do() {
        let click = Crowd::Small.click(1, 0);
        let link = [click.visit.partner, click.visit.ad, click.program];
        let answer = |status, page: &str, link, flags| Answer {
            status,
            location: format!("{page}?im_ref={}", id(1_795_368_000_000, 9, link, flags)),
            unrecorded: flags & 0x80 != 0,
            close: false,
        };
        let own = page(click.visit.ad, 0);
        let other = page(click.visit.ad + 1, 0);
        assert_eq!(
            read(&click, &answer(302, &own, link, 0)).unwrap() & 0xfff,
            9
        );
        for (answer, said) in [
            (answer(404, &own, link, 0), "answered 404"),
            (answer(302, &own, link, 0x80), "not recorded"),
            (answer(302, &own, [0, link[1], link[2]], 0), "the link was"),
            (answer(302, &own, [link[0], link[1], 8], 0), "the link was"),
            (answer(302, &other, link, 0), "leads to"),
        ] {
            let error = read(&click, &answer).unwrap_err().to_string();
            assert!(error.contains(said), "{error}");
        }
    }

    #[test]
    fn a_number_given_twice_is_found() {
        assert!(check_numbers(&mut [3, 1, 2]).is_ok());
        assert!(check_numbers(&mut [3, 1, 3]).is_err());
    }
}
