//! Where notices of actions go, and what they say.

use crate::model::id::{EventTypeId, PartnerId, ProgramId};

/// One receiver of notices.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Destination {
    /// Its id; never used again once it is gone.
    pub id: u32,
    /// Whose actions it hears of.
    pub program: ProgramId,
    /// Who it is.
    pub audience: Audience,
    /// The only event type it hears of, if it says so.
    pub event_type: Option<EventTypeId>,
    /// What it hears of.
    pub kinds: Kinds,
    /// How it is called.
    pub method: Method,
    /// Where; its macros are filled percent-encoded.
    pub url: Filled,
    /// What it is sent.
    pub body: Option<(BodyType, Filled)>,
    /// How long a notice waits at least, milliseconds.
    pub delay: i64,
    /// Whether its state is ACTIVE.
    pub active: bool,
}

/// Who hears.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Audience {
    /// The program's brand, of all partners.
    Brand,
    /// A partner, of its own actions.
    Partner(PartnerId),
}

/// What can be told of an action.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum NoticeKind {
    /// It came.
    Tracked,
    /// It changed.
    Modified,
    /// It was reversed.
    Reversed,
}

/// A set of what can be told.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Kinds(u8);

/// How a destination is called.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    /// GET, without a body.
    Get,
    /// POST.
    Post,
}

/// What a body is, and so how macros are escaped in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BodyType {
    /// `application/json`.
    Json,
    /// `application/x-www-form-urlencoded`.
    Form,
    /// `text/plain`.
    Text,
}

/// A text with macros, split once so that filling one is copying.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Filled(pub Box<[Piece]>);

/// A piece of a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Piece {
    /// Copied as it stands.
    Literal(Box<str>),
    /// Replaced by an escaped value.
    Macro(NoticeMacro),
}

macro_rules! notice_macros {
    ($($name:ident: $text:literal, $number:literal, $doc:literal;)*) => {
        /// A value that a notice can hold.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum NoticeMacro {
            $(#[doc = $doc] $name,)*
        }

        impl NoticeMacro {
            /// Every macro with its name, as it is written between braces.
            pub const ALL: &'static [(Self, &'static str)] = &[$((Self::$name, $text)),*];

            /// Whether it is always a plain number, which JSON takes without quotes.
            #[must_use]
            pub fn is_number(self) -> bool {
                match self { $(Self::$name => $number),* }
            }

            /// What it stands for.
            #[must_use]
            pub fn meaning(self) -> &'static str {
                match self { $(Self::$name => $doc),* }
            }
        }
    };
}

notice_macros! {
    CampaignId: "CampaignId", true, "The program.";
    CampaignName: "CampaignName", false, "Its name.";
    ActionTrackerId: "ActionTrackerId", true, "The event type.";
    ActionTrackerName: "ActionTrackerName", false, "Its name.";
    MediaPartnerId: "MediaPartnerId", true, "The partner.";
    MediaPartnerName: "MediaPartnerName", false, "Its name.";
    ActionType: "ActionType", false, "Category of the event type.";
    ReferringType: "ReferringType", false, "How the action came to the partner.";
    ActionId: "ActionId", false, "The action.";
    Status: "Status", false, "PENDING, APPROVED or REVERSED.";
    StatusDetail: "StatusDetail", false, "Reason of the last change.";
    AdId: "AdId", true, "The ad; 0 when there was none.";
    Payout: "Payout", true, "What the action earns.";
    DeltaPayout: "DeltaPayout", true, "By how much that changed.";
    IntendedPayout: "IntendedPayout", true, "What it would earn without limits.";
    Amount: "Amount", true, "Amount of the sale; 0 when none was sent.";
    DeltaAmount: "DeltaAmount", true, "By how much that changed.";
    IntendedAmount: "IntendedAmount", true, "Amount as it was first sent.";
    Currency: "Currency", false, "ISO 4217 code.";
    OriginalCurrency: "OriginalCurrency", false, "ISO 4217 code as it was sent.";
    OriginalAmount: "OriginalAmount", true, "Amount in that currency.";
    EventDate: "EventDate", false, "When the action happened.";
    CreationDate: "CreationDate", false, "When it was received.";
    LockingDate: "LockingDate", false, "When it locks; empty while that is open.";
    ReferringDate: "ReferringDate", false, "When the customer was referred; empty without a click.";
    Oid: "Oid", false, "Order id.";
    PromoCode: "PromoCode", false, "Promo code of the order.";
    CustomerStatus: "CustomerStatus", false, "The brand's word for the customer.";
    SharedId: "SharedId", false, "The click's shared id.";
    LandingPageUrl: "LandingPageUrl", false, "Where the click led.";
    SubId1: "SubId1", false, "The click's first sub id, for its partner only.";
    SubId2: "SubId2", false, "The click's second sub id, for its partner only.";
    SubId3: "SubId3", false, "The click's third sub id, for its partner only.";
    Items: "Items", false, "The items as a JSON list, in JSON bodies only.";
    EventId: "EventId", false, "The notice; the same however often it is sent.";
}

impl NoticeMacro {
    /// The macro with this name, in this very case.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        let mut all = Self::ALL.iter();
        all.find(|(_, own)| *own == name).map(|row| row.0)
    }

    /// Its name, as it is written between braces.
    #[must_use]
    pub fn name(self) -> &'static str {
        let mut all = Self::ALL.iter();
        all.find(|(own, _)| *own == self).map_or("", |row| row.1)
    }

    /// Whether it would show a partner's own value to others.
    #[must_use]
    pub fn is_partners_own(self) -> bool {
        matches!(self, Self::SubId1 | Self::SubId2 | Self::SubId3)
    }
}

impl Kinds {
    /// All of them.
    pub const ALL: Self = Self(0b111);

    /// The set with `kind` in it.
    #[must_use]
    pub fn with(self, kind: NoticeKind) -> Self {
        Self(self.0 | Self::bit(kind))
    }

    /// Whether `kind` is in it.
    #[must_use]
    pub fn contains(self, kind: NoticeKind) -> bool {
        self.0 & Self::bit(kind) != 0
    }

    fn bit(kind: NoticeKind) -> u8 {
        match kind {
            NoticeKind::Tracked => 1,
            NoticeKind::Modified => 2,
            NoticeKind::Reversed => 4,
        }
    }
}

impl Destination {
    /// Whether it hears of such a thing.
    #[must_use]
    pub fn hears(&self, kind: NoticeKind, event_type: EventTypeId, partner: PartnerId) -> bool {
        let own = match self.audience {
            Audience::Brand => true,
            Audience::Partner(own) => own == partner,
        };
        let named = self.event_type.is_none_or(|of| of == event_type);
        self.active && self.kinds.contains(kind) && named && own
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn macros_are_found_by_their_names_in_their_own_case() {
        for (of, name) in NoticeMacro::ALL {
            assert_eq!(NoticeMacro::named(name), Some(*of));
            assert_eq!(of.name(), *name);
            assert_eq!(NoticeMacro::named(&name.to_lowercase()), None);
        }
    }

    #[test]
    fn a_destination_hears_of_what_it_asked_for() {
        let mut destination = Destination {
            id: 1,
            program: ProgramId(1),
            audience: Audience::Brand,
            event_type: None,
            kinds: Kinds::default().with(NoticeKind::Reversed),
            method: Method::Get,
            url: Filled::default(),
            body: None,
            delay: 0,
            active: true,
        };
        let of = |own: &Destination, kind| own.hears(kind, EventTypeId(2), PartnerId(3));
        assert!(of(&destination, NoticeKind::Reversed));
        assert!(!of(&destination, NoticeKind::Tracked));
        destination.kinds = Kinds::ALL;
        assert!(of(&destination, NoticeKind::Tracked));
        destination.event_type = Some(EventTypeId(3));
        assert!(!of(&destination, NoticeKind::Tracked));
        destination.event_type = Some(EventTypeId(2));
        destination.audience = Audience::Partner(PartnerId(4));
        assert!(!of(&destination, NoticeKind::Tracked));
        destination.audience = Audience::Partner(PartnerId(3));
        assert!(of(&destination, NoticeKind::Tracked));
        destination.active = false;
        assert!(!of(&destination, NoticeKind::Tracked));
    }
}
