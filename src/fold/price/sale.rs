//! What was sold, and what rules may ask about it.

use std::borrow::Cow;

use rust_decimal::Decimal;

use crate::catalog::snapshot::{Facts, Payout, Rule, Variable};
use crate::derived::ActionItem;
use crate::log::row::click as click_row;
use crate::log::{Log, LogError};
use crate::model::click::Parameter;
use crate::model::currency::Currency;
use crate::model::id::{AdId, EventNumber, PartnerId, Slot};
use crate::model::money::{MICROS, Money};
use crate::model::referral::ReferringType;
use crate::model::submission::{Item, Submission};

use super::super::error::FoldError;

/// An order as it is priced.
#[derive(Clone, Debug)]
pub(in crate::fold) struct Sale<'a> {
    /// The currency of the program.
    pub(in crate::fold) currency: Currency,
    /// The sale amount; none when no money was sent.
    pub(in crate::fold) amount: Option<Money>,
    /// What is still sold, by number; at least one.
    pub(in crate::fold) items: Vec<Sold<'a>>,
    /// The customer status as last said.
    pub(in crate::fold) customer_status: Option<&'a str>,
    /// How it came to the partner.
    pub(in crate::fold) referring_type: ReferringType,
    /// The ad that earns it.
    pub(in crate::fold) ad: AdId,
    /// What the click says of its link.
    pub(in crate::fold) link: &'a Link,
    /// The conversion.
    pub(in crate::fold) submission: &'a Submission,
}

/// One item that is sold.
#[derive(Clone, Copy, Debug)]
pub(in crate::fold) struct Sold<'a> {
    /// Its number; 0 is an order without items.
    pub(in crate::fold) number: u16,
    /// Pieces.
    pub(in crate::fold) units: u32,
    /// What the customer pays for them.
    pub(in crate::fold) net: Money,
    sku: &'a str,
    category: &'a str,
    sub_category: &'a str,
    name: &'a str,
    brand: &'a str,
}

/// What a click says of its link; empty where it is not known.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(in crate::fold) struct Link {
    /// The partner's property.
    pub(in crate::fold) property: Option<Box<str>>,
    /// The shared id.
    pub(in crate::fold) shared_id: Option<Box<str>>,
}

impl Link {
    /// Whether any rule of `payout` asks for what only the click's row tells.
    pub(in crate::fold) fn is_asked_by(payout: &Payout) -> bool {
        let groups = payout.groups.iter().map(|group| &group.rules);
        let mut rules = payout.restrictions.iter().chain(groups).flatten();
        let asks = |rule: &Rule| matches!(rule.variable, Variable::PropertyId | Variable::SharedId);
        rules.any(asks)
    }

    /// What a stored click says; nothing of one that is not there.
    pub(in crate::fold) fn read(
        log: &Log,
        slot: Slot,
        partner: PartnerId,
        number: EventNumber,
    ) -> Result<Self, FoldError> {
        let mut link = Self::default();
        let Some(row) = log.click_row(slot, partner, number)? else {
            return Ok(link);
        };
        let row = click_row::read(&row).map_err(LogError::from)?;
        for (parameter, value) in row.parameters {
            let place = match parameter {
                Parameter::Property => &mut link.property,
                Parameter::SharedId => &mut link.shared_id,
                _ => continue,
            };
            *place = Some(String::from_utf8_lossy(value).into());
        }
        Ok(link)
    }
}

impl<'a> Sold<'a> {
    /// The items of `lines` that are still sold, with the texts that only `submission` has. An
    /// order without items is one item of one unit.
    pub(in crate::fold) fn of(
        lines: &'a [ActionItem],
        amount: Option<Money>,
        submission: &'a Submission,
    ) -> Vec<Self> {
        let sold = lines.iter().filter(|line| line.units > 0);
        let items: Vec<Self> = sold.map(|line| Self::line(line, submission)).collect();
        if !items.is_empty() {
            return items;
        }
        vec![Self {
            number: 0,
            units: 1,
            net: amount.unwrap_or_default(),
            sku: "",
            category: "",
            sub_category: "",
            name: "",
            brand: "",
        }]
    }

    fn line(line: &'a ActionItem, submission: &'a Submission) -> Self {
        let is_same = |item: &&Item| item.number == line.number;
        let sent = submission.order.items.iter().find(is_same);
        let (sub_category, brand) = sent.map_or(("", ""), |item| (&item.sub_category, &item.brand));
        Self {
            number: line.number,
            units: line.units,
            net: line.net,
            sku: &line.sku,
            category: &line.category,
            sub_category,
            name: &line.name,
            brand,
        }
    }
}

/// What is known when an order is looked at, or one item of it.
pub(super) struct Known<'a> {
    pub(super) sale: &'a Sale<'a>,
    pub(super) item: &'a Sold<'a>,
}

impl Known<'_> {
    fn field(&self, name: &str) -> Option<Cow<'_, str>> {
        self.sale.submission.field(name).map(Cow::Borrowed)
    }
}

impl Facts for Known<'_> {
    fn text(&self, of: Variable) -> Option<Cow<'_, str>> {
        let (sale, item) = (self.sale, self.item);
        let text = |text| Some(Cow::Borrowed(text)).filter(|text: &Cow<'_, str>| !text.is_empty());
        match of {
            Variable::AdId => Some(Cow::Owned(sale.ad.to_string())),
            Variable::PropertyId => text(sale.link.property.as_deref()?),
            // One is only submitted with a forced partner, and then there is no link.
            Variable::SharedId => self
                .field("SharedId")
                .or_else(|| text(sale.link.shared_id.as_deref()?)),
            Variable::ReferringType => Some(Cow::Borrowed(sale.referring_type.name())),
            Variable::Currency => Some(Cow::Owned(sale.currency.code().to_owned())),
            Variable::CustomerStatus => text(sale.customer_status?),
            Variable::CustomerCountry => self.field("CustomerCountry"),
            Variable::CustomerRegion => self.field("CustomerRegion"),
            Variable::CustomerCity => self.field("CustomerCity"),
            Variable::CustomerPostCode => self.field("CustomerPostCode"),
            Variable::OrderPromoCode => self
                .field("OrderPromoCode")
                .or_else(|| self.field("PromoCode")),
            Variable::PaymentType => self.field("PaymentType"),
            Variable::GiftPurchase => self.field("GiftPurchase"),
            Variable::LocationId => self.field("LocationId"),
            Variable::LocationType => self.field("LocationType"),
            Variable::Text(n) => self.field(&format!("Text{n}")),
            Variable::ItemSku => text(item.sku),
            Variable::ItemCategory => text(item.category),
            Variable::ItemSubCategory => text(item.sub_category),
            Variable::ItemName => text(item.name),
            Variable::ItemBrand => text(item.brand),
            Variable::OrderTotal
            | Variable::Numeric(_)
            | Variable::ItemQuantity
            | Variable::ItemTotal => None,
        }
    }

    fn number(&self, of: Variable) -> Option<i64> {
        match of {
            Variable::OrderTotal => self.sale.amount.map(|amount| amount.0),
            Variable::Numeric(n) => millionths(&self.field(&format!("Numeric{n}"))?),
            Variable::ItemQuantity => i64::from(self.item.units).checked_mul(MICROS),
            // Without any money there are no totals, not totals of nothing.
            Variable::ItemTotal => self.sale.amount.map(|_| self.item.net.0),
            _ => None,
        }
    }
}

/// A decimal number in millionths; what is finer does not count.
fn millionths(text: &str) -> Option<i64> {
    let number: Decimal = text.parse().ok()?;
    let millionths = number.checked_mul(Decimal::from(MICROS))?;
    i64::try_from(millionths.trunc()).ok()
}
