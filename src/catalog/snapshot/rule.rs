//! Rules of a contract: whether one order, item, click or customer is what the contract speaks of.
//!
//! A rule is a pure function of what [`Facts`] tells. What was not sent is like nothing: it fulfils
//! only "is not" and "is in none of these lists". Texts are compared without regard to case;
//! patterns are taken as they stand and must match the whole text.

use std::borrow::Cow;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

use regex::{Regex, RegexBuilder};

use super::codes::ExceptionLists;

/// The longest expression in bytes.
const PATTERN_MAX: usize = 1_024;
/// What one compiled expression may take, and what it may remember while it searches.
const COMPILED_MAX: usize = 256 << 10;

/// One condition.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Rule {
    /// What is looked at.
    pub variable: Variable,
    /// How it is compared.
    pub operator: Operator,
    /// What with.
    pub values: Values,
}

/// What a rule may look at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Variable {
    /// The winning click's ad.
    AdId,
    /// The winning click's property.
    PropertyId,
    /// The winning click's shared id.
    SharedId,
    /// How the action came to its partner, as published.
    ReferringType,
    /// ISO 4217 code.
    Currency,
    /// The brand's own word for the customer.
    CustomerStatus,
    /// Two letters.
    CustomerCountry,
    /// Region.
    CustomerRegion,
    /// City.
    CustomerCity,
    /// Post code.
    CustomerPostCode,
    /// Amount of the order.
    OrderTotal,
    /// Promo code of the order.
    OrderPromoCode,
    /// How the customer paid.
    PaymentType,
    /// `true` or `false`.
    GiftPurchase,
    /// Shop.
    LocationId,
    /// Kind of shop.
    LocationType,
    /// `Text1` to `Text50`.
    Text(u8),
    /// `Numeric1` to `Numeric10`.
    Numeric(u8),
    /// SKU.
    ItemSku,
    /// Category.
    ItemCategory,
    /// Category below it.
    ItemSubCategory,
    /// Name.
    ItemName,
    /// Brand.
    ItemBrand,
    /// Units.
    ItemQuantity,
    /// Amount of the item.
    ItemTotal,
}

/// How a value is compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Operator {
    /// Equal to any value.
    Is,
    /// Equal to no value.
    IsNot,
    /// Holds any value.
    Contains,
    /// Begins with any value.
    StartsWith,
    /// Ends with any value.
    EndsWith,
    /// Matches the expression.
    Regex,
    /// Is on any list.
    InList,
    /// Is on no list.
    NotInList,
    /// Greater than the value.
    Gt,
    /// Greater or equal.
    Gte,
    /// Less than the value.
    Lt,
    /// Less or equal.
    Lte,
}

/// What a value is compared with; any one suffices.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Values {
    /// Texts in lower case.
    Texts(Box<[Box<str>]>),
    /// Millionths.
    Numbers(Box<[i64]>),
    /// Ids of exception lists.
    Lists(Box<[u32]>),
    /// An expression.
    Pattern(Pattern),
}

/// What a rule may ask. Empty texts count as absent.
pub trait Facts {
    /// The value of a text variable.
    fn text(&self, of: Variable) -> Option<Cow<'_, str>>;
    /// The value of a number variable in millionths.
    fn number(&self, of: Variable) -> Option<i64>;
}

impl Variable {
    /// Whether it is told of each item rather than of the order.
    #[must_use]
    pub fn is_of_item(self) -> bool {
        matches!(
            self,
            Self::ItemSku
                | Self::ItemCategory
                | Self::ItemSubCategory
                | Self::ItemName
                | Self::ItemBrand
                | Self::ItemQuantity
                | Self::ItemTotal
        )
    }

    /// Whether a click answers it by itself.
    #[must_use]
    pub fn is_of_click(self) -> bool {
        matches!(self, Self::AdId | Self::PropertyId | Self::SharedId)
    }

    /// Whether it is a number, in millionths.
    #[must_use]
    pub fn is_number(self) -> bool {
        matches!(
            self,
            Self::OrderTotal | Self::Numeric(_) | Self::ItemQuantity | Self::ItemTotal
        )
    }
}

impl Operator {
    /// Whether it speaks of what the value is not.
    #[must_use]
    pub fn is_negative(self) -> bool {
        matches!(self, Self::IsNot | Self::NotInList)
    }
}

impl Rule {
    /// Whether it holds for what `facts` tells.
    #[must_use]
    pub fn holds(&self, facts: &dyn Facts, lists: &ExceptionLists) -> bool {
        let found = match &self.values {
            Values::Numbers(numbers) => facts
                .number(self.variable)
                .is_some_and(|number| numbers.iter().any(|of| self.operator.fits(number, *of))),
            Values::Lists(ids) => facts
                .text(self.variable)
                .is_some_and(|text| ids.iter().any(|id| lists.holds(*id, &text))),
            Values::Texts(_) | Values::Pattern(_) => facts
                .text(self.variable)
                .is_some_and(|text| self.values.are_like(self.operator, &text)),
        };
        found != self.operator.is_negative()
    }
}

impl Operator {
    fn fits(self, number: i64, of: i64) -> bool {
        match self {
            Self::Is | Self::IsNot => number == of,
            Self::Gt => number > of,
            Self::Gte => number >= of,
            Self::Lt => number < of,
            Self::Lte => number <= of,
            _ => false,
        }
    }
}

impl Values {
    /// Whether a text is like any of them, apart from the sense of the operator. Nothing is like
    /// an empty text.
    pub(super) fn are_like(&self, operator: Operator, text: &str) -> bool {
        if text.is_empty() {
            return false;
        }
        match self {
            Self::Pattern(pattern) => operator == Operator::Regex && pattern.matches(text),
            Self::Texts(texts) => {
                let text = text.to_lowercase();
                texts.iter().any(|of| match operator {
                    Operator::Is | Operator::IsNot => text == **of,
                    Operator::Contains => text.contains(&**of),
                    Operator::StartsWith => text.starts_with(&**of),
                    Operator::EndsWith => text.ends_with(&**of),
                    _ => false,
                })
            }
            Self::Numbers(_) | Self::Lists(_) => false,
        }
    }
}

/// A compiled expression. Two are equal when their texts are.
#[derive(Clone, Debug)]
pub struct Pattern {
    text: Box<str>,
    compiled: Arc<Regex>,
}

impl Pattern {
    /// Compiles an expression that has to match a whole text.
    ///
    /// # Errors
    /// What is wrong with it: empty, too long, no expression, or too large once compiled.
    pub fn new(text: &str) -> Result<Self, String> {
        if text.is_empty() || text.len() > PATTERN_MAX {
            return Err(format!("is not 1 to {PATTERN_MAX} bytes long"));
        }
        // Checked on its own first, so that no bracket of it closes the one put around it.
        regex_syntax(text)?;
        let whole = format!(r"\A(?:{text})\z");
        let compiled = RegexBuilder::new(&whole)
            .size_limit(COMPILED_MAX)
            .dfa_size_limit(COMPILED_MAX)
            .build()
            .map_err(|error| one_line(&error))?;
        Ok(Self {
            text: text.into(),
            compiled: Arc::new(compiled),
        })
    }

    /// The expression as written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Whether the whole of `text` matches.
    #[must_use]
    pub fn matches(&self, text: &str) -> bool {
        self.compiled.is_match(text)
    }
}

fn regex_syntax(text: &str) -> Result<(), String> {
    let built = RegexBuilder::new(text).size_limit(COMPILED_MAX).build();
    built.map(|_| ()).map_err(|error| one_line(&error))
}

fn one_line(error: &regex::Error) -> String {
    match error {
        regex::Error::CompiledTooBig(_) => {
            format!("takes more than {COMPILED_MAX} bytes once compiled")
        }
        other => {
            let text = other.to_string();
            let reason = text.lines().last().unwrap_or_default();
            format!(
                "is no regular expression: {}",
                reason.trim_start_matches("error: ")
            )
        }
    }
}

impl PartialEq for Pattern {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

impl Eq for Pattern {}

impl Hash for Pattern {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.text.hash(state);
    }
}

#[cfg(test)]
#[path = "rule_tests.rs"]
mod tests;
