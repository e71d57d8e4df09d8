//! One thing that is wrong with a submitted conversion.

use std::borrow::Cow;

use crate::model::currency::Currency;
use crate::model::money::MoneyError;

/// What is wrong with one field: the body's answer lists every one of them.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{field}: {message}")]
pub struct FieldError {
    /// The field by its published name, or `body` for the body as a whole.
    pub field: Cow<'static, str>,
    /// What is wrong and what is allowed.
    pub message: String,
}

/// The name that errors about the whole body carry.
pub const BODY: &str = "body";

/// Characters of a field name that an error repeats.
const NAME_SHOWN_MAX: usize = 64;

impl FieldError {
    /// An error about `field`; an over-long name is cut to what an answer can show.
    pub fn new(field: impl Into<Cow<'static, str>>, message: impl Into<String>) -> Self {
        let mut field = field.into();
        if field.len() > NAME_SHOWN_MAX {
            field = field
                .chars()
                .take(NAME_SHOWN_MAX)
                .collect::<String>()
                .into();
        }
        Self {
            field,
            message: message.into(),
        }
    }

    /// An error about an amount of `currency`.
    pub fn of_money(
        field: impl Into<Cow<'static, str>>,
        error: &MoneyError,
        currency: Currency,
    ) -> Self {
        let message = match error {
            MoneyError::Syntax => format!("is {error}"),
            MoneyError::Decimals { .. } => format!("{error}, {currency}"),
            MoneyError::TooLarge => error.to_string(),
        };
        Self::new(field, message)
    }

    /// An error about the body as a whole.
    pub fn body(message: impl Into<String>) -> Self {
        Self::new(BODY, message)
    }
}
