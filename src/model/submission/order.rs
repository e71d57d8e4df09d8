//! The money of an order as the fold uses it: everything is computed once, when it is received.

use crate::model::money::Money;

/// Items are numbered from 1 to this.
pub const ITEM_NUMBER_MAX: u16 = 500;
/// Most units of one item.
pub const UNITS_MAX: u32 = 1_000_000;

/// What was sold, less discounts, without shipping and tax.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Order {
    /// The sale amount and the base of a rate on the order; absent when no money was sent.
    pub amount: Option<Money>,
    /// In the order of their numbers. Where they have money, they add up to `amount`.
    pub items: Vec<Item>,
}

/// One item of an order. A text that was not sent is empty.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Item {
    /// The number in its field names, 1 to [`ITEM_NUMBER_MAX`].
    pub number: u16,
    /// `ItemQuantity`, 1 to [`UNITS_MAX`]; 1 when it was not sent.
    pub units: u32,
    /// What it was sold for, after its discounts and its share of those of the order; absent when
    /// the items were sent without money.
    pub net: Option<Money>,
    /// What was taken off its price, its share of the order's discounts included.
    pub rebate: Money,
    /// `ItemSku`.
    pub sku: Box<str>,
    /// `ItemCategory`.
    pub category: Box<str>,
    /// `ItemSubCategory`.
    pub sub_category: Box<str>,
    /// `ItemName`.
    pub name: Box<str>,
    /// `ItemBrand`.
    pub brand: Box<str>,
    /// `ItemPromoCode`; nobody is credited by it.
    pub promo_code: Box<str>,
}

impl Default for Item {
    fn default() -> Self {
        Self {
            number: 1,
            units: 1,
            net: None,
            rebate: Money::ZERO,
            sku: Box::default(),
            category: Box::default(),
            sub_category: Box::default(),
            name: Box::default(),
            brand: Box::default(),
            promo_code: Box::default(),
        }
    }
}
