//! The labels of metrics: closed sets of values, each an enum or a set of the model.
//!
//! A label's values are all known at start, so every series exists from the start and a request
//! can never make a new one. No partner, program, path or host is ever a label.

use crate::model::click::ClickFlags;
use crate::model::refusal::Refusal;

/// A label whose values are a closed set.
pub trait Label: Copy {
    /// The label's name in the exposition.
    const NAME: &'static str;

    /// Every value, in index order.
    fn values() -> Vec<&'static str>;

    /// The position of this value in [`Label::values`].
    fn index(self) -> usize;
}

macro_rules! label {
    ($(#[$doc:meta])* $type:ident as $name:literal {
        $($(#[$variant_doc:meta])* $variant:ident = $value:expr,)*
    }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum $type {
            $($(#[$variant_doc])* $variant,)*
        }

        impl $type {
            /// Every value in index order.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];
        }

        impl Label for $type {
            const NAME: &'static str = $name;

            fn values() -> Vec<&'static str> {
                vec![$($value,)*]
            }

            fn index(self) -> usize {
                self as usize
            }
        }
    };
}

label! {
    /// How a link request was answered.
    LinkOutcome as "outcome" {
        /// 302 to a page of the program.
        Redirected = "redirected",
        /// 404: no known program in the path.
        NotFound = "not_found",
        /// 400: the request can't be read.
        BadRequest = "bad_request",
        /// 405: neither GET nor HEAD.
        MethodNotAllowed = "method_not_allowed",
        /// 414: the target is longer than is read.
        UriTooLong = "uri_too_long",
        /// 417: `Expect` asks for something else than to continue.
        ExpectationFailed = "expectation_failed",
        /// 431: the headers are longer or more than are read.
        HeadersTooLarge = "headers_too_large",
    }
}

label! {
    /// What became of a click.
    ClickResult as "result" {
        /// Its row is in the log.
        Stored = "stored",
        /// The customer was sent on, the click is not in the log.
        Unrecorded = "unrecorded",
    }
}

label! {
    /// A listener.
    Listener as "listener" {
        /// Links.
        Public = "public",
        /// The API of brands and partners.
        Api = "api",
        /// Metrics and health.
        Ops = "ops",
    }
}

label! {
    /// Why the daemon closed a connection itself.
    CloseReason as "reason" {
        /// The head of a request, or its body, came too slowly.
        SlowHead = "slow_head",
        /// No request came for too long.
        Idle = "idle",
        /// The client did not take the answer.
        WriteStalled = "write_stalled",
        /// The client went on sending, or did not close, after its last answer.
        Lingering = "lingering",
        /// The daemon is stopping.
        Shutdown = "shutdown",
    }
}

label! {
    /// What became of a submitted conversion.
    SubmissionResult as "result" {
        /// Stored and synced, answered 2xx.
        Stored = "stored",
        /// An exact retry of a stored one, answered like the first.
        Retry = "retry",
        /// Answered 4xx.
        Refused = "refused",
        /// Could not be synced, answered 503.
        Failed = "failed",
    }
}

label! {
    /// What became of an arrival on a page of a brand.
    PageLoadResult as "result" {
        /// Stored and synced, answered 200.
        Stored = "stored",
        /// Not stored, because the person does not want to be followed; answered 200.
        NoConsent = "no_consent",
        /// Answered 4xx.
        Refused = "refused",
        /// Could not be synced, answered 503.
        Failed = "failed",
    }
}

label! {
    /// An endpoint of the API.
    ApiRoute as "route" {
        /// `POST …/Conversions`.
        Conversions = "conversions",
        /// `GET …/APISubmissions/{id}`.
        Submission = "submission",
        /// `GET …/Reports`.
        ReportList = "report_list",
        /// `GET …/Reports/{id}`.
        Report = "report",
        /// `GET …/Actions`.
        Actions = "actions",
        /// `PUT` and `DELETE …/Actions`.
        ActionChange = "action_change",
        /// `GET …/Actions/{id}`.
        Action = "action",
        /// `GET …/Actions/{id}/Items` and what is below.
        ActionItems = "action_items",
        /// `GET …/ActionUpdates` and what is below.
        ActionUpdates = "action_updates",
        /// `POST …/FTPFileSubmissions`.
        FileUpload = "file_upload",
        /// `GET …/FTPFileSubmissions` and what is below.
        Files = "files",
        /// Anything else.
        Other = "other",
    }
}

label! {
    /// What became of a line of an uploaded file.
    LineResult as "result" {
        /// What it says is stored.
        Stored = "stored",
        /// What it says was stored before.
        Retry = "retry",
        /// It is wrong.
        Refused = "refused",
    }
}

label! {
    /// What the rows of an import are.
    ImportKind as "kind" {
        /// Clicks.
        Clicks = "clicks",
        /// Conversions.
        Conversions = "conversions",
    }
}

label! {
    /// What became of a row of an import.
    ImportResult as "result" {
        /// It is stored.
        Stored = "stored",
        /// It was stored before: a click of its name, or the very same conversion.
        Known = "known",
        /// The catalogue has no such program.
        UnknownProgram = "unknown_program",
        /// A field is wrong.
        Invalid = "invalid",
        /// Its order has as many attempts as one may have.
        TooManyAttempts = "too_many_attempts",
    }
}

label! {
    /// The first digit of an HTTP status.
    CodeClass as "code_class" {
        /// 200 to 299.
        Success = "2xx",
        /// 300 to 399.
        Redirection = "3xx",
        /// 400 to 499.
        ClientError = "4xx",
        /// Everything from 500.
        ServerError = "5xx",
    }
}

impl CodeClass {
    /// The class of `status`.
    #[must_use]
    pub fn of(status: u16) -> Self {
        match status {
            0..=299 => Self::Success,
            300..=399 => Self::Redirection,
            400..=499 => Self::ClientError,
            _ => Self::ServerError,
        }
    }
}

label! {
    /// What the log was doing when the store failed.
    LogOperation as "operation" {
        /// Writing a batch.
        Write = "write",
        /// Syncing the write-ahead log.
        Sync = "sync",
        /// Reading.
        Read = "read",
    }
}

label! {
    /// The class the fold gave to a click.
    VerdictClass as "class" {
        /// The first of its visitor within the window.
        Unique = "unique",
        /// Within the window of an earlier one.
        Duplicate = "duplicate",
        /// By the user-agent list.
        Robot = "robot",
        /// Asked by a prefetch or a prerender.
        Prefetch = "prefetch",
        /// Asked with HEAD.
        Head = "head",
        /// Not counted by the program's setting of risk.
        Flagged = "flagged",
    }
}

label! {
    /// How a submission found its click.
    CreditKind as "kind" {
        /// Its click id names a stored click.
        Stored = "stored",
        /// Its click id verifies, but the click is not in the log.
        Recovered = "recovered",
    }
}

label! {
    /// What became of a modification, a reversal or a settlement.
    ChangeResult as "result" {
        /// The action was changed.
        Changed = "changed",
        /// The action was already as it says.
        Unchanged = "unchanged",
        /// It changes nothing.
        Refused = "refused",
        /// The action has locked.
        Settled = "settled",
    }
}

label! {
    /// What a try of a postback came to.
    PostbackResult as "result" {
        /// Answered 2xx.
        Ok = "ok",
        /// Answered with another status.
        Http = "http",
        /// No answer in time.
        Timeout = "timeout",
        /// No connection could be made.
        Refused = "refused",
        /// The connection ended before the answer.
        Cut = "cut",
        /// The host leads to an address that may not be called.
        Address = "address",
        /// The host's name has no address.
        Name = "name",
        /// No trusted TLS connection.
        Tls = "tls",
        /// The request can't be made.
        Malformed = "malformed",
    }
}

label! {
    /// The version of this build, the only value of its label.
    Build as "version" {
        /// This build.
        This = env!("CARGO_PKG_VERSION"),
    }
}

impl Label for ClickFlags {
    const NAME: &'static str = "flag";

    fn values() -> Vec<&'static str> {
        Self::ALL.iter().map(|(_, label)| *label).collect()
    }

    /// The index of the lowest flag of the set; past the end when the set is empty.
    fn index(self) -> usize {
        usize::try_from(self.0.trailing_zeros()).unwrap_or(usize::MAX)
    }
}

impl Label for Refusal {
    const NAME: &'static str = "code";

    fn values() -> Vec<&'static str> {
        Self::ALL.iter().map(|row| row.2).collect()
    }

    fn index(self) -> usize {
        let at = Self::ALL.iter().position(|row| row.0 == self);
        at.unwrap_or(usize::MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_index_leads_to_its_own_value() {
        for (flag, label) in ClickFlags::ALL {
            assert_eq!(ClickFlags::values()[flag.index()], *label);
        }
        for row in Refusal::ALL {
            assert_eq!(Refusal::values()[row.0.index()], row.2);
        }
        for route in ApiRoute::ALL {
            assert_eq!(ApiRoute::ALL[route.index()], *route);
        }
        assert_eq!(
            LinkOutcome::values()[LinkOutcome::UriTooLong.index()],
            "uri_too_long"
        );
        assert_eq!(ApiRoute::values().len(), ApiRoute::ALL.len());
    }

    #[test]
    fn statuses_fall_into_their_class() {
        for (status, value) in [(200, "2xx"), (302, "3xx"), (404, "4xx"), (503, "5xx")] {
            assert_eq!(CodeClass::values()[CodeClass::of(status).index()], value);
        }
    }
}
