//! Numbers that name things: programs, ads, partners, event types, slots and stored events.
//!
//! Each is a type of its own, so that a partner can never stand where a program is meant. Text
//! forms are plain decimal, except [`SubmissionId`], which is written like a UUID, and [`JobId`].

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

macro_rules! number {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[derive(Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub u32);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }
    };
}

number!(
    /// A brand's program (formerly campaign).
    ProgramId
);
number!(
    /// An ad (asset) of one program.
    AdId
);
number!(
    /// A partner (media partner). Number 0 gathers the clicks of unknown partners in reports.
    PartnerId
);
number!(
    /// An event type (action tracker) of one program.
    EventTypeId
);
number!(
    /// A commit slot of the log: a logical number, one higher about every second.
    Slot
);
number!(
    /// A version of the catalogue; 0 is the empty catalogue before the first apply.
    CatalogVersion
);
number!(
    /// A version of the classification rules; 0 means no rules were ever stored.
    RulesVersion
);
number!(
    /// A version of what judges the past; 0 means that each slot is judged by its own rules.
    JudgementVersion
);
number!(
    /// A string of the log's dictionary (user agent, referrer, …); 0 means absent.
    StringRef
);

impl PartnerId {
    /// Stands for every partner number the catalogue does not know.
    pub const UNKNOWN: Self = Self(0);
}

impl Slot {
    /// The slot after this one.
    #[must_use]
    pub fn next(self) -> Self {
        Self(self.0.saturating_add(1))
    }
}

/// The number of one stored event (click or submission), unique for ever in one log.
///
/// From the highest bit: 42 bits of mint time in milliseconds since 2020-01-01T00:00:00Z, 10 bits
/// of writer, 12 bits of counter. Numbers of one writer grow strictly.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EventNumber(pub u64);

/// Names one submission for ever: where it lies in the log.
///
/// Its text form is `A-` and 32 hexadecimal digits grouped like a UUID, the form of impact.com's
/// `APISubmissions` ids.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SubmissionId {
    /// The slot it was committed in.
    pub slot: Slot,
    /// The program it was submitted to.
    pub program: ProgramId,
    /// Its own number.
    pub number: EventNumber,
}

impl fmt::Display for SubmissionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (program, number) = (self.program.0, self.number.0);
        write!(
            f,
            "A-{:08x}-{:04x}-{:04x}-{:04x}-{:012x}",
            self.slot.0,
            program >> 16,
            program & 0xffff,
            number >> 48,
            number & 0xffff_ffff_ffff
        )
    }
}

/// The text is no submission id.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a submission id: expected `A-` and 32 hexadecimal digits in UUID groups")]
pub struct SubmissionIdError;

impl FromStr for SubmissionId {
    type Err = SubmissionIdError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let mut value: u128 = 0;
        let body = text.strip_prefix("A-").ok_or(SubmissionIdError)?;
        let mut digits = 0;
        for (i, byte) in body.bytes().enumerate() {
            match (i, byte) {
                (8 | 13 | 18 | 23, b'-') => {}
                (8 | 13 | 18 | 23, _) => return Err(SubmissionIdError),
                (_, b'0'..=b'9') => value = value << 4 | u128::from(byte - b'0'),
                (_, b'a'..=b'f') => value = value << 4 | u128::from(byte - b'a' + 10),
                _ => return Err(SubmissionIdError),
            }
            digits += 1;
            if digits > 36 {
                return Err(SubmissionIdError);
            }
        }
        if digits != 36 {
            return Err(SubmissionIdError);
        }
        let [s0, s1, s2, s3, p0, p1, p2, p3, number @ ..] = value.to_be_bytes();
        Ok(Self {
            slot: Slot(u32::from_be_bytes([s0, s1, s2, s3])),
            program: ProgramId(u32::from_be_bytes([p0, p1, p2, p3])),
            number: EventNumber(u64::from_be_bytes(number)),
        })
    }
}

/// Names a file of events by what is in it, so that the same file is the same job.
///
/// Its text form is `J-` and 16 hexadecimal digits. The highest bit is always 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct JobId(pub u64);

impl JobId {
    /// The job of the content with this digest: its first 8 bytes without the highest bit.
    #[must_use]
    pub fn of_digest(digest: &[u8; 32]) -> Self {
        let [a, b, c, d, e, f, g, h, ..] = *digest;
        Self(u64::from_be_bytes([a & 0x7f, b, c, d, e, f, g, h]))
    }
}

impl fmt::Display for JobId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "J-{:016x}", self.0)
    }
}

/// The text is no job id.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a job id: expected `J-` and 16 hexadecimal digits")]
pub struct JobIdError;

impl FromStr for JobId {
    type Err = JobIdError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let digits = text.strip_prefix("J-").ok_or(JobIdError)?;
        let is_hex = |byte: u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
        if digits.len() != 16 || !digits.bytes().all(is_hex) {
            return Err(JobIdError);
        }
        let number = u64::from_str_radix(digits, 16).map_err(|_| JobIdError)?;
        (number >> 63 == 0)
            .then_some(Self(number))
            .ok_or(JobIdError)
    }
}

impl From<JobId> for String {
    fn from(id: JobId) -> Self {
        id.to_string()
    }
}

impl TryFrom<String> for JobId {
    type Error = JobIdError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn job_id_reads_back_what_it_writes_and_refuses_other_texts() {
        let mut digest = [0xff; 32];
        digest[7] = 0x01;
        let id = JobId::of_digest(&digest);
        assert_eq!(id.to_string(), "J-7fffffffffffff01");
        assert_eq!(id.to_string().parse(), Ok(id));
        let json = serde_json::to_string(&id).unwrap();
        assert_eq!(json, "\"J-7fffffffffffff01\"");
        assert_eq!(serde_json::from_str::<JobId>(&json).unwrap(), id);
        for text in [
            "",
            "7fffffffffffff01",
            "J-7fffffffffffff0",
            "J-7fffffffffffff011",
            "J-7FFFFFFFFFFFFF01",
            "J-8000000000000000",
            "J-+fffffffffffff01",
        ] {
            assert_eq!(text.parse::<JobId>(), Err(JobIdError), "{text}");
        }
    }

    #[test]
    fn submission_id_reads_back_what_it_writes() {
        let id = SubmissionId {
            slot: Slot(0x0102_0304),
            program: ProgramId(0xa0b0_c0d0),
            number: EventNumber(0xffee_ddcc_bbaa_9988),
        };
        let text = id.to_string();
        assert_eq!(text, "A-01020304-a0b0-c0d0-ffee-ddccbbaa9988");
        assert_eq!(text.parse(), Ok(id));
    }

    #[test]
    fn submission_id_refuses_other_texts() {
        for text in [
            "",
            "A-",
            "01020304-a0b0-c0d0-ffee-ddccbbaa9988",
            "A-01020304-a0b0-c0d0-ffee-ddccbbaa998",
            "A-01020304-a0b0-c0d0-ffee-ddccbbaa99888",
            "A-01020304a0b0-c0d0-ffee-ddccbbaa99-88",
            "A-01020304-A0B0-c0d0-ffee-ddccbbaa9988",
            "A-0102030é-a0b0-c0d0-ffee-ddccbbaa9988",
        ] {
            assert_eq!(
                text.parse::<SubmissionId>(),
                Err(SubmissionIdError),
                "{text}"
            );
        }
    }
}
