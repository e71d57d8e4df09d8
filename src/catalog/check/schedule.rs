//! Days of the week, hours of the day, and when actions lock.

use crate::catalog::document::LockingDoc;
use crate::catalog::problem::{Complaint, quoted};
use crate::catalog::snapshot::{Hours, Locking, Weekdays};

/// The days, from Monday.
const DAYS: [&str; 7] = ["MON", "TUE", "WED", "THU", "FRI", "SAT", "SUN"];
/// The most months until actions lock.
const MONTHS_MAX: u8 = 24;
/// The most days until actions lock.
const DAYS_MAX: u16 = 366;

/// Days of the week; none named means every day.
pub(in crate::catalog) fn weekdays(names: &[String]) -> Result<Option<Weekdays>, Complaint> {
    let mut days = Weekdays::default();
    for name in names {
        let day = DAYS.iter().zip(0_i8..).find(|(own, _)| *own == name);
        match day {
            Some((_, day)) if !days.contains(day) => days = days.with(day),
            _ => {
                return Err(Complaint::new(
                    format!("{} is no day, or named twice", quoted(name)),
                    format!("any of {}, each once", DAYS.join(", ")),
                ));
            }
        }
    }
    Ok((!names.is_empty()).then_some(days))
}

/// A part of the day such as `09:00-17:00`.
pub(in crate::catalog) fn hours(text: &str) -> Result<Hours, Complaint> {
    let minute = |text: &str| {
        let (hours, minutes) = text.split_once(':')?;
        let two = |text: &str| {
            let digits = text.len() == 2 && text.bytes().all(|b| b.is_ascii_digit());
            text.parse::<u16>().ok().filter(|_| digits)
        };
        let (hours, minutes) = (two(hours)?, two(minutes)?);
        let minute = hours.checked_mul(60)?.checked_add(minutes)?;
        (minutes < 60 && minute <= 24 * 60).then_some(minute)
    };
    let hours = text.split_once('-').and_then(|(from, to)| {
        let (from, to) = (minute(from)?, minute(to)?);
        (from < to).then_some(Hours { from, to })
    });
    hours.ok_or_else(|| {
        Complaint::new(
            format!("{} is no part of a day", quoted(text)),
            "two times of one day such as 09:00-17:00, the first one earlier, at most 24:00",
        )
    })
}

/// When actions lock.
pub(in crate::catalog) fn locking(doc: &LockingDoc) -> Result<Locking, Complaint> {
    let allowed = format!(
        "\"OPEN\", or {{ months = 0 to {MONTHS_MAX}, days = 0 to {DAYS_MAX} }} after the end of \
         the action's month"
    );
    match doc {
        LockingDoc::Word(word) if word == "OPEN" => Ok(Locking::Open),
        LockingDoc::Word(word) => Err(Complaint::new(
            format!("{} is not in the list", quoted(word)),
            allowed,
        )),
        LockingDoc::After(after) => {
            let months = u8::try_from(after.months).ok().filter(|n| *n <= MONTHS_MAX);
            let days = u16::try_from(after.days).ok().filter(|n| *n <= DAYS_MAX);
            match (months, days) {
                (Some(months), Some(days)) => Ok(Locking::AfterMonthEnd { months, days }),
                _ => Err(Complaint::new(
                    format!(
                        "{} months and {} days are too many",
                        after.months, after.days
                    ),
                    allowed,
                )),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::document::LockingDays;

    #[test]
    fn days_are_named_once() {
        let read = |names: &[&str]| {
            let names: Vec<_> = names.iter().map(|name| (*name).to_owned()).collect();
            weekdays(&names)
        };
        assert_eq!(read(&[]), Ok(None));
        let weekend = Weekdays::default().with(5).with(6);
        assert_eq!(read(&["SUN", "SAT"]), Ok(Some(weekend)));
        for names in [&["MON", "MON"][..], &["mon"], &["MONDAY"], &[""]] {
            assert!(read(names).is_err(), "{names:?}");
        }
    }

    #[test]
    fn hours_are_two_times_of_one_day() {
        for (text, from, to) in [
            ("09:00-17:00", 540, 1_020),
            ("00:00-24:00", 0, 1_440),
            ("23:59-24:00", 1_439, 1_440),
        ] {
            assert_eq!(hours(text), Ok(Hours { from, to }), "{text}");
        }
        for text in [
            "",
            "-",
            "09:00",
            "9:00-17:00",
            "09:00-17:60",
            "09:00-24:01",
            "17:00-09:00",
            "09:00-09:00",
            "09:00 - 17:00",
            "0900-1700",
            "+9:00-17:00",
            "09:00-99:00",
            "09:00-17:00-18:00",
        ] {
            assert!(hours(text).is_err(), "{text}");
        }
    }

    #[test]
    fn locking_is_a_word_or_months_and_days() {
        let after = |months, days| locking(&LockingDoc::After(LockingDays { months, days }));
        assert_eq!(locking(&LockingDoc::Word("OPEN".into())), Ok(Locking::Open));
        assert_eq!(
            after(0, 0),
            Ok(Locking::AfterMonthEnd { months: 0, days: 0 })
        );
        assert_eq!(
            after(24, 366),
            Ok(Locking::AfterMonthEnd {
                months: 24,
                days: 366
            })
        );
        assert!(locking(&LockingDoc::Word("open".into())).is_err());
        assert!(after(25, 0).is_err() && after(0, 367).is_err());
        assert!(after(256, 0).is_err() && after(0, 65_536).is_err());
    }
}
