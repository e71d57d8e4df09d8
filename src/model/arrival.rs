//! What arrives, and what becomes of it: the words of the ledger.
//!
//! Everything that arrives is counted once as received, and once more by what became of it:
//! received = stored + refused + unrecorded. Codes are stored and never given to another.

use serde::Serialize;

/// What flows in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Stream {
    /// Clicks on tracking links.
    Click,
    /// Submitted conversions.
    Conversion,
    /// Submitted modifications and reversals.
    Modification,
    /// What locked, said by the daemon itself.
    Settlement,
    /// Clicks of imports.
    ImportedClick,
    /// Arrivals on pages of brands.
    PageLoad,
}

impl Stream {
    /// Every stream with its stored code and its name for people.
    pub const ALL: &'static [(Self, u8, &'static str)] = &[
        (Self::Click, 0, "Clicks"),
        (Self::Conversion, 1, "Conversions"),
        (Self::Modification, 2, "Modifications"),
        (Self::Settlement, 3, "Settlements"),
        (Self::ImportedClick, 4, "Imported clicks"),
        (Self::PageLoad, 5, "Page loads"),
    ];

    /// Its stored code.
    #[must_use]
    pub fn code(self) -> u8 {
        let mut rows = Self::ALL.iter();
        rows.find(|row| row.0 == self).map_or(u8::MAX, |row| row.1)
    }

    /// The stream stored as `code`.
    #[must_use]
    pub fn from_code(code: u8) -> Option<Self> {
        let mut rows = Self::ALL.iter();
        rows.find(|row| row.1 == code).map(|row| row.0)
    }

    /// Its name for people.
    #[must_use]
    pub fn name(self) -> &'static str {
        let mut rows = Self::ALL.iter();
        rows.find(|row| row.0 == self).map_or("", |row| row.2)
    }
}

/// What became of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// It arrived; every arrival has one of the other outcomes as well.
    Received,
    /// It is in the log.
    Stored,
    /// The customer was sent on, but the click is not in the log.
    Unrecorded,
    /// It was turned away.
    Refused(RefusedReason),
}

/// Why an arrival was turned away.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum RefusedReason {
    /// The program of a link is not in the catalogue.
    UnknownProgram,
    /// The path is no tracking link.
    NotALink,
    /// Another method than GET and HEAD, or than POST.
    Method,
    /// The request target or the head is too long.
    TooLong,
    /// The request breaks a rule of HTTP (no `Host`, bytes outside ASCII).
    BadRequest,
    /// A field of a conversion, of a change, of an arrival or of a row of an import is wrong.
    Invalid,
    /// The same conversion, change or imported click is stored already; the first answer was
    /// repeated.
    Retry,
    /// The store could not take it; the sender was told to try again.
    Unavailable,
    /// The signature of a submission does not hold.
    Signature,
    /// The person who came does not want to be followed.
    NoConsent,
}

impl RefusedReason {
    /// Every reason with its stored code and its label.
    pub const ALL: &'static [(Self, u8, &'static str)] = &[
        (Self::UnknownProgram, 16, "unknown_program"),
        (Self::NotALink, 17, "not_a_link"),
        (Self::Method, 18, "method"),
        (Self::TooLong, 19, "too_long"),
        (Self::BadRequest, 20, "bad_request"),
        (Self::Invalid, 21, "invalid"),
        (Self::Retry, 22, "retry"),
        (Self::Unavailable, 23, "unavailable"),
        (Self::Signature, 24, "signature"),
        (Self::NoConsent, 25, "no_consent"),
    ];
}

impl Outcome {
    /// Its stored code.
    #[must_use]
    pub fn code(self) -> u8 {
        match self {
            Self::Received => 0,
            Self::Stored => 1,
            Self::Unrecorded => 2,
            Self::Refused(reason) => RefusedReason::ALL
                .iter()
                .find(|row| row.0 == reason)
                .map_or(u8::MAX, |row| row.1),
        }
    }

    /// The outcome stored as `code`.
    #[must_use]
    pub fn from_code(code: u8) -> Option<Self> {
        match code {
            0 => Some(Self::Received),
            1 => Some(Self::Stored),
            2 => Some(Self::Unrecorded),
            _ => RefusedReason::ALL
                .iter()
                .find(|row| row.1 == code)
                .map(|row| Self::Refused(row.0)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_stream_reads_back_from_its_code() {
        for (stream, code, name) in Stream::ALL {
            assert_eq!((stream.code(), stream.name()), (*code, *name));
            assert_eq!(Stream::from_code(*code), Some(*stream));
        }
        assert_eq!(Stream::from_code(6), None);
    }

    #[test]
    fn every_outcome_reads_back_from_its_code() {
        let refused = RefusedReason::ALL.iter().map(|row| Outcome::Refused(row.0));
        for outcome in [Outcome::Received, Outcome::Stored, Outcome::Unrecorded]
            .into_iter()
            .chain(refused)
        {
            assert_eq!(Outcome::from_code(outcome.code()), Some(outcome));
        }
        assert_eq!(Outcome::from_code(15), None);
    }
}
