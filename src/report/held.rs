//! Answers held for a while, so that the pages of one answer show one state of the figures.
//!
//! An answer of more than one page is held under its account, report, query and slot; a link to
//! another page names the slot. The oldest go first when more than [`ROWS_MAX`] rows are held.
//! When an answer is no longer held, the page is made from the newest figures and says so.

use std::collections::VecDeque;
use std::sync::Arc;

use parking_lot::Mutex;

use crate::registry::Report;

use super::answer::Answer;
use super::query::Query;

/// Rows held at most, in all answers together; about 130 bytes each.
pub const ROWS_MAX: usize = 100_000;

struct Entry {
    sid: Box<str>,
    query: Query,
    answer: Arc<Answer>,
}

/// The answers held. Shared by the threads that answer.
#[derive(Default)]
pub struct Held(Mutex<VecDeque<Entry>>);

impl Held {
    /// The answer that a link's `AsOf` names, if it is still held.
    #[must_use]
    pub fn find(&self, sid: &str, report: &Report, query: &Query) -> Option<Arc<Answer>> {
        let slot = query.as_of?;
        let entries = self.0.lock();
        let found = entries.iter().find(|entry| {
            *entry.sid == *sid
                && entry.answer.report.handle == report.handle
                && entry.answer.as_of.is_some_and(|as_of| as_of.slot == slot)
                && entry.query.same_rows(query)
        });
        found.map(|entry| Arc::clone(&entry.answer))
    }

    /// Holds an answer that has more rows than the query's page.
    pub fn hold(&self, sid: &str, query: &Query, answer: &Arc<Answer>) {
        let size = usize::try_from(query.page_size).unwrap_or(usize::MAX);
        if answer.rows.len() <= size || answer.rows.len() > ROWS_MAX {
            return;
        }
        let mut entries = self.0.lock();
        entries.push_back(Entry {
            sid: sid.into(),
            query: query.clone(),
            answer: Arc::clone(answer),
        });
        let rows = |entries: &VecDeque<Entry>| -> usize {
            entries.iter().map(|entry| entry.answer.rows.len()).sum()
        };
        while rows(&entries) > ROWS_MAX {
            entries.pop_front();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::derived::Watermark;
    use crate::model::id::Slot;
    use crate::model::tally::Tally;
    use crate::model::time::{Day, Millis};
    use crate::registry::REPORTS;
    use crate::registry::dimension::RowKey;
    use crate::report::answer::Row;
    use crate::report::clicks::Asked;

    fn query() -> Query {
        Query {
            program: None,
            programs: Vec::new(),
            currency: None,
            partner: None,
            facet: None,
            group: None,
            min_clicks: 0,
            min_actions: 0,
            compare: None,
            collapse: None,
            show: Vec::new(),
            start: Day(1),
            end: Day(2),
            zone: None,
            sort: None,
            page: 1,
            page_size: 10,
            as_of: None,
            format: None,
            clicks: Asked::default(),
        }
    }

    fn answer(slot: u32, rows: usize) -> Arc<Answer> {
        let row = Row {
            key: RowKey::default(),
            tally: Tally::default(),
            details: Vec::new(),
            of_event_types: Vec::new(),
            before: None,
        };
        Arc::new(Answer {
            report: &REPORTS[0],
            as_of: Some(Watermark {
                slot: Slot(slot),
                wall_end: Millis(0),
            }),
            is_complete: false,
            rows: vec![row; rows],
            is_added_up: false,
            columns: Vec::new(),
        })
    }

    fn asks(slot: u32) -> Query {
        Query {
            page: 2,
            page_size: 20,
            as_of: Some(Slot(slot)),
            ..query()
        }
    }

    #[test]
    fn an_answer_is_found_by_account_report_query_and_slot() {
        let held = Held::default();
        held.hold("A", &query(), &answer(5, 11));
        held.hold("A", &query(), &answer(6, 10));
        assert!(held.find("A", &REPORTS[0], &asks(5)).is_some());
        assert!(held.find("B", &REPORTS[0], &asks(5)).is_none());
        assert!(held.find("A", &REPORTS[1], &asks(5)).is_none());
        assert!(held.find("A", &REPORTS[0], &query()).is_none());
        let other = Query {
            start: Day(0),
            ..asks(5)
        };
        assert!(held.find("A", &REPORTS[0], &other).is_none());
        // One page is its own whole and is not held.
        assert!(held.find("A", &REPORTS[0], &asks(6)).is_none());
    }

    #[test]
    fn the_oldest_go_first() {
        let held = Held::default();
        for slot in 0..3 {
            held.hold("A", &query(), &answer(slot, ROWS_MAX / 2));
        }
        held.hold("A", &query(), &answer(9, ROWS_MAX + 1));
        let found = |slot| held.find("A", &REPORTS[0], &asks(slot)).is_some();
        assert_eq!([0, 1, 2, 9].map(found), [false, true, true, false]);
    }
}
