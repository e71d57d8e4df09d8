//! What the objects of an action are made from.

use crate::catalog::snapshot::Program;
use crate::derived::{Action, ActionId};
use crate::model::submission::Submission;
use crate::model::time::Millis;
use crate::registry::Viewer;

use super::facts::ClickFacts;
use super::instant;
use super::value::Amount;

/// What all objects of one program share.
#[derive(Clone, Copy)]
pub(super) struct Context<'a> {
    /// Who reads them.
    pub(super) viewer: Viewer,
    /// What the paths of the account begin with.
    pub(super) base: &'a str,
    pub(super) program: &'a Program,
}

impl Context<'_> {
    pub(super) fn amount(&self, micros: i64) -> Amount {
        Amount {
            micros,
            decimals: self.program.currency.decimals(),
        }
    }

    pub(super) fn shown(&self, at: Millis) -> String {
        instant::shown_in(&self.program.time_zone, at)
    }

    pub(super) fn action_uri(&self, id: ActionId) -> String {
        format!("{}/Actions/{id}", self.base)
    }

    pub(super) fn update_uri(&self, id: &str) -> String {
        format!("{}/ActionUpdates/{id}", self.base)
    }

    /// What brands alone are shown: their customers' data and their own notes.
    pub(super) fn of_brand<T>(&self, value: T) -> Option<T> {
        (self.viewer == Viewer::Brand).then_some(value)
    }

    /// What the partner alone is shown.
    pub(super) fn of_partner<T>(&self, value: T) -> Option<T> {
        (self.viewer == Viewer::Partner).then_some(value)
    }
}

/// An action with what was said and seen before it came to be.
pub(super) struct Story<'a> {
    pub(super) context: &'a Context<'a>,
    pub(super) id: ActionId,
    pub(super) action: Action,
    /// Empty when the catalogue has it no more.
    pub(super) partner_name: &'a str,
    pub(super) conversion: Option<Submission>,
    pub(super) click: ClickFacts,
}

impl Story<'_> {
    /// A field of the conversion; empty when it was not sent.
    pub(super) fn sent(&self, name: &str) -> &str {
        let fields = self.conversion.iter().flat_map(|sent| &sent.fields);
        let mut found = fields.filter(|(listed, _)| &**listed == name);
        found.next().map_or("", |(_, value)| value)
    }

    pub(super) fn event_type_name(&self) -> &str {
        let event_type = self.context.program.event_types.get(&self.id.event_type);
        event_type.map_or("", |event_type| &event_type.name)
    }

    pub(super) fn event_code(&self) -> &str {
        let event_type = self.context.program.event_types.get(&self.id.event_type);
        let code = event_type.and_then(|event_type| event_type.code.as_deref());
        code.unwrap_or_default()
    }

    pub(super) fn locking_date(&self) -> String {
        let locking = self.action.locking;
        locking.map_or_else(String::new, |at| self.context.shown(at))
    }

    /// When the customer clicked; empty where no click led to the action.
    pub(super) fn referring_date(&self) -> String {
        let click = self.action.click;
        click.map_or_else(String::new, |click| self.context.shown(click.time))
    }

    /// The host of the page that the click was on.
    pub(super) fn referring_domain(&self) -> String {
        self.click.referring_domain()
    }

    pub(super) fn promo_code(&self) -> &str {
        match self.sent("OrderPromoCode") {
            "" => self.sent("PromoCode"),
            code => code,
        }
    }

    /// As last said, in the brand's own word.
    pub(super) fn customer_status(&self) -> &str {
        let first = self.conversion.as_ref();
        let first = first.and_then(|conversion| conversion.customer_status.as_deref());
        let last = self.action.customer_status.as_deref();
        last.or(first).unwrap_or_default()
    }

    /// What the conversion says of the click counts before what the click says.
    pub(super) fn shared_id(&self) -> &str {
        match self.label("SharedId") {
            "" => &self.click.shared_id,
            shared_id => shared_id,
        }
    }

    /// The partner's sub ids, of the conversion where it names any.
    pub(super) fn sub_ids(&self) -> [&str; 3] {
        let said = ["SubId1", "SubId2", "SubId3"].map(|name| self.label(name));
        if said.iter().any(|said| !said.is_empty()) {
            return said;
        }
        self.click.sub_ids.each_ref().map(String::as_str)
    }

    /// What the conversion says of the link; nothing where that is another partner's.
    fn label(&self, name: &str) -> &str {
        let conversion = self.conversion.as_ref();
        let is_other = conversion.is_some_and(|sent| sent.names_another(self.action.partner));
        if is_other { "" } else { self.sent(name) }
    }

    /// The customer's network, told from others by a hash of the program's own.
    pub(super) fn hashed_network(&self) -> String {
        let network = self.sent("IpAddress");
        if network.is_empty() {
            return String::new();
        }
        let mut hasher = blake3::Hasher::new();
        hasher.update(b"clickd network v1");
        hasher.update(&self.id.program.0.to_be_bytes());
        hasher.update(network.as_bytes());
        let hash = hasher.finalize().to_hex();
        hash.get(..32).unwrap_or_default().to_owned()
    }
}
