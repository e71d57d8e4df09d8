//! Why a report is not answered.

/// One problem of a query.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{field}: {message}")]
pub struct QueryError {
    /// The parameter, as sent when it is unknown.
    pub field: String,
    /// What is wrong and what is allowed.
    pub message: String,
}

impl QueryError {
    /// A problem of the parameter `field`.
    pub fn new(field: impl Into<String>, message: impl Into<String>) -> Self {
        Self {
            field: field.into(),
            message: message.into(),
        }
    }
}

/// Why a report is not answered.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ReportError {
    /// The query is wrong; every problem found.
    #[error("the query has {} problems", .0.len())]
    Invalid(Vec<QueryError>),
    /// The program is not one of the brand's, or there is none.
    #[error("no such program")]
    NotFound,
    /// The sums can't be read.
    #[error("the sums can't be read: {0}")]
    Unreadable(String),
}
