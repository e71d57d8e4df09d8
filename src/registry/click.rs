//! The listings of clicks one by one: which clicks each one shows, and its columns.

use super::facet::FacetKind;

/// Which clicks a listing shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shown {
    /// Every click.
    All,
    /// Unique clicks, which are paid by themselves unless something speaks against it, those that
    /// were paid before they were judged otherwise, and adjustments.
    Unique,
    /// No click, but the adjustments of clicks and of settled actions.
    Adjusted,
}

/// A column of a listing of clicks.
#[derive(Clone, Copy, Debug)]
pub struct Field {
    /// Column name in answers.
    pub name: &'static str,
    /// What it holds.
    pub kind: FieldKind,
    /// What it means, as a sentence.
    pub help: &'static str,
}

/// What a column of a listing holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FieldKind {
    /// When it was.
    Date,
    /// The number of its event.
    Number,
    /// The program's number.
    Program,
    /// The ad's number.
    AdId,
    /// The ad's name.
    Ad,
    /// The partner's number.
    PartnerId,
    /// The partner's name.
    Partner,
    /// What it is paid.
    Cost,
    /// When that was adjusted.
    Adjusted,
    /// The settled action that was adjusted.
    Action,
    /// Why not its price.
    Error,
    /// Host of the page it was on.
    ReferringDomain,
    /// Shared id of its link.
    SharedId,
    /// What it counts as.
    Class,
    /// One part of what its user agent names: device, browser or system.
    Device(u8),
}

/// What a listing can be narrowed to that no verdict tells.
pub const NARROWED_BY: &[FacetKind] = &[
    FacetKind::Ad,
    FacetKind::SharedId,
    FacetKind::Property,
    FacetKind::Domain,
    FacetKind::ExpiredAd,
];

/// Most clicks that a query by one of these looks at, since each must be read from the log.
pub const LOOKED_MAX: u32 = 200_000;

/// The columns of clicks, in order.
pub const FIELDS: &[Field] = &[
    Field {
        name: "ClickDate",
        kind: FieldKind::Date,
        help: "When the click was, in UTC; an imported one by its own time; in a row of an action, \
            its date.",
    },
    Field {
        name: "ClickId",
        kind: FieldKind::Number,
        help: "Number of the click (ours; the signed click id of the landing page begins with it).",
    },
    Field {
        name: "CampaignId",
        kind: FieldKind::Program,
        help: "Number of the program.",
    },
    Field {
        name: "AdId",
        kind: FieldKind::AdId,
        help: "Number of the ad that the link names.",
    },
    Field {
        name: "Ad",
        kind: FieldKind::Ad,
        help: "Name of the ad.",
    },
    Field {
        name: "MediaId",
        kind: FieldKind::PartnerId,
        help: "Number of the partner; 0 for an unknown one.",
    },
    Field {
        name: "Partner",
        kind: FieldKind::Partner,
        help: "Name of the partner.",
    },
    Field {
        name: "ClickCost",
        kind: FieldKind::Cost,
        help: "What the click is paid on its own day, not rounded; in a row of an adjustment, what \
            it is paid more since then.",
    },
    Field {
        name: "AdjustmentDate",
        kind: FieldKind::Adjusted,
        help: "When the past was judged by other lists, in the row of an adjustment; empty in that \
            of the click itself (ours).",
    },
    Field {
        name: "CPCErrorCode",
        kind: FieldKind::Error,
        help: "Why the click is not paid its price; empty where it is.",
    },
    Field {
        name: "ReferringDomain",
        kind: FieldKind::ReferringDomain,
        help: "Host of the page that the click was on, without `www.`; empty when the browser did \
            not say.",
    },
    Field {
        name: "SharedId",
        kind: FieldKind::SharedId,
        help: "Shared id of the link; empty without one.",
    },
    Field {
        name: "Classification",
        kind: FieldKind::Class,
        help: "U unique, D duplicate, R robot, P prefetch, H HEAD request, F flagged under the \
            strict setting (U is the trade's, the others are ours).",
    },
    Field {
        name: "DeviceType",
        kind: FieldKind::Device(0),
        help: "DESKTOP, PHONE, TABLET, GAME, TV, ROBOT or UNKNOWN, as the user agent says.",
    },
    Field {
        name: "Browser",
        kind: FieldKind::Device(1),
        help: "Browser that the user agent names.",
    },
    Field {
        name: "Os",
        kind: FieldKind::Device(2),
        help: "System that the user agent names.",
    },
];

/// The last column of [`Shown::Adjusted`].
const ACTION_ID: Field = Field {
    name: "ActionId",
    kind: FieldKind::Action,
    help: "The settled action that is adjusted; empty in the row of a click (ours).",
};

impl Shown {
    /// Its columns, in order.
    pub fn fields(self) -> impl Iterator<Item = &'static Field> {
        let more = (self == Self::Adjusted).then_some(&ACTION_ID);
        FIELDS.iter().chain(more)
    }

    /// What a row is for, in words.
    #[must_use]
    pub const fn words(self) -> &'static str {
        match self {
            Self::All => "click",
            Self::Unique => "unique click",
            Self::Adjusted => "adjustment",
        }
    }
}
