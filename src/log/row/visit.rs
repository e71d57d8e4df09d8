//! The rows of `visits`.
//!
//! Format u8 (1), flags u8 (1 a test, 2 an app), event (0, or 1 with start signed and precision),
//! claim (0 none, 1 forged, 2 and the 21 bytes of a click id), count of persons and for each its
//! kind u8 and 16 bytes, then the texts in the order of [`Came`]. The program is in the key.

use crate::log::family;
use crate::model::click_id::ClickId;
use crate::model::id::ProgramId;
use crate::model::submission::{Claim, Fingerprint, Person, PersonKind};
use crate::model::visit::{Came, Visit};

use super::bytes::{Corrupt, Cursor, put_bytes, put_varint};
use super::submission::{put_event, read_event};

const FORMAT: u8 = 1;
const TEST: u8 = 1;
const APP: u8 = 2;

/// The row of `visit`.
#[must_use]
pub fn write(visit: &Visit) -> Vec<u8> {
    let mut out = Vec::with_capacity(128);
    let flag = |is_set: bool, flag: u8| if is_set { flag } else { 0 };
    let flags = flag(visit.is_test, TEST) | flag(visit.is_app, APP);
    out.extend_from_slice(&[FORMAT, flags]);
    put_event(&mut out, visit.event);
    match &visit.claim {
        Claim::None => out.push(0),
        Claim::Forged => out.push(1),
        Claim::Verified(id) => {
            out.push(2);
            out.extend_from_slice(&id.body());
        }
    }
    put_varint(&mut out, visit.persons.len() as u64);
    for person in &visit.persons {
        out.push(person.kind.byte());
        out.extend_from_slice(&person.id.0);
    }
    let came = &visit.came;
    for text in [
        &came.utm_source,
        &came.utm_medium,
        &came.utm_campaign,
        &came.query_names,
        &came.referrer_host,
    ] {
        put_bytes(&mut out, text.as_bytes());
    }
    out
}

/// Reads the row of an arrival of `program`.
///
/// # Errors
/// The row is not what [`write()`] writes.
pub fn read(program: ProgramId, row: &[u8]) -> Result<Visit, Corrupt> {
    let mut cursor = Cursor::new(family::VISITS, row);
    let [format, flags] = cursor.array()?;
    if format != FORMAT || flags & !(TEST | APP) != 0 {
        return Err(cursor.corrupt("its format is unknown"));
    }
    let event = read_event(&mut cursor)?;
    let claim = match cursor.u8()? {
        0 => Claim::None,
        1 => Claim::Forged,
        2 => match ClickId::from_body(&cursor.array()?) {
            Some(id) => Claim::Verified(id),
            None => return Err(cursor.corrupt("a click id has its reserved bit set")),
        },
        _ => return Err(cursor.corrupt("a claim is unknown")),
    };
    let mut persons = Vec::new();
    for _ in 0..cursor.varint()? {
        let Some(kind) = PersonKind::from_byte(cursor.u8()?) else {
            return Err(cursor.corrupt("a person is unknown"));
        };
        let id = Fingerprint(cursor.array()?);
        persons.push(Person { kind, id });
    }
    let came = Came {
        utm_source: cursor.text()?.into(),
        utm_medium: cursor.text()?.into(),
        utm_campaign: cursor.text()?.into(),
        query_names: cursor.text()?.into(),
        referrer_host: cursor.text()?.into(),
    };
    cursor.end()?;
    Ok(Visit {
        program,
        event,
        claim,
        persons,
        is_test: flags & TEST != 0,
        is_app: flags & APP != 0,
        came,
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::model::id::{AdId, EventNumber, PartnerId};
    use crate::model::submission::EventTime;
    use crate::model::time::Millis;

    const PROGRAM: ProgramId = ProgramId(7);

    fn visit() -> Visit {
        let click = ClickId {
            number: EventNumber(1 << 40),
            partner: PartnerId(280),
            ad: AdId(12),
            program: PROGRAM,
            unrecorded: false,
            key_number: 3,
        };
        let person = |field, value| Person::named(PROGRAM, field, value).unwrap();
        Visit {
            program: PROGRAM,
            event: EventTime::At {
                start: Millis(-5),
                precision: 1_000,
            },
            claim: Claim::Verified(click),
            persons: vec![person("CustomerId", "c"), person("GoogAId", "g")],
            is_test: true,
            is_app: false,
            came: Came {
                utm_source: "s".into(),
                utm_medium: "m".into(),
                utm_campaign: "c".into(),
                query_names: "a,b".into(),
                referrer_host: "blog.example".into(),
            },
        }
    }

    #[test]
    fn visits_read_back() {
        let mut sent = visit();
        assert_eq!(read(PROGRAM, &write(&sent)), Ok(sent.clone()));
        for claim in [Claim::None, Claim::Forged] {
            sent.claim = claim;
            (sent.is_test, sent.is_app) = (sent.is_app, sent.is_test);
            assert_eq!(read(PROGRAM, &write(&sent)), Ok(sent.clone()));
        }
        let empty = Visit {
            program: PROGRAM,
            ..Visit::default()
        };
        assert_eq!(write(&empty), [1, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
        assert_eq!(read(PROGRAM, &write(&empty)), Ok(empty));
    }

    #[test]
    fn other_bytes_are_refused() {
        let row = write(&visit());
        for (at, byte) in [(0, 2), (1, 4), (2, 2)] {
            let mut other = row.clone();
            other[at] = byte;
            assert!(read(PROGRAM, &other).is_err(), "{at}");
        }
        let long = [&row[..], &[0]].concat();
        assert!(read(PROGRAM, &long).is_err());
        assert!(read(PROGRAM, &row[..row.len() - 1]).is_err());
    }

    proptest! {
        #[test]
        fn any_bytes_are_survived(row: Vec<u8>) {
            std::hint::black_box(read(PROGRAM, &row).is_ok());
        }
    }
}
