//! The kinds of partners: clean ones, and one for each sign of fraud that is planted.

/// What a partner does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Kind {
    /// Nothing wrong.
    Clean,
    /// Clicks of declared robots.
    Robots,
    /// Clicks of programs' libraries.
    Library,
    /// Clicks without a user agent.
    NoAgent,
    /// Clicks from networks of hosts.
    Hosting,
    /// Clicks that an image fires.
    Image,
    /// Clicks whose headers do not fit the browser that they name.
    Headers,
    /// Visitors who click again and again.
    Repeats,
    /// Clicks from one network.
    Network,
    /// Clicks of one user agent.
    OneAgent,
    /// One label for all clicks.
    OneLabel,
    /// A label for each click.
    EachLabel,
    /// Clicks without a referrer.
    NoPage,
    /// Clicks from one page.
    OnePage,
    /// Clicks from pages that are not the partner's.
    ForeignPage,
    /// Most clicks within minutes.
    Burst,
    /// Conversions within seconds of their click.
    Soon,
    /// Conversions at any time of a week.
    Flat,
    /// Many clicks that convert hardly ever.
    Flood,
    /// Clicks that convert far too often.
    Converts,
    /// Actions that are taken back.
    Reversals,
    /// Orders that were another partner's.
    Orders,
    /// Conversions that name clicks which came after them.
    Impossible,
    /// Conversions that name forged click ids.
    Forged,
}

/// What is sent over HTTP besides the import.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Live {
    /// Links that a person follows.
    Followed,
    /// Links in the address of an image.
    Image,
    /// A browser's name and a program's headers.
    Headers,
}

impl Kind {
    /// Every kind that is planted.
    pub(super) const PLANTED: [Self; 23] = [
        Self::Robots,
        Self::Library,
        Self::NoAgent,
        Self::Hosting,
        Self::Image,
        Self::Headers,
        Self::Repeats,
        Self::Network,
        Self::OneAgent,
        Self::OneLabel,
        Self::EachLabel,
        Self::NoPage,
        Self::OnePage,
        Self::ForeignPage,
        Self::Burst,
        Self::Soon,
        Self::Flat,
        Self::Flood,
        Self::Converts,
        Self::Reversals,
        Self::Orders,
        Self::Impossible,
        Self::Forged,
    ];

    /// Its name in the table.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Clean => "clean",
            Self::Robots => "declared robots",
            Self::Library => "libraries",
            Self::NoAgent => "no user agent",
            Self::Hosting => "networks of hosts",
            Self::Image => "images",
            Self::Headers => "headers that do not fit",
            Self::Repeats => "repeated clicks",
            Self::Network => "one network",
            Self::OneAgent => "one user agent",
            Self::OneLabel => "one sub id",
            Self::EachLabel => "a sub id each",
            Self::NoPage => "no referrer",
            Self::OnePage => "one referrer",
            Self::ForeignPage => "foreign referrers",
            Self::Burst => "burst",
            Self::Soon => "converts at once",
            Self::Flat => "converts at any time",
            Self::Flood => "hardly converts",
            Self::Converts => "converts too often",
            Self::Reversals => "reversals",
            Self::Orders => "orders of others",
            Self::Impossible => "clicks after conversions",
            Self::Forged => "forged click ids",
        }
    }

    /// Clicks of one partner, unless they are as many as one of the sample has.
    pub(super) fn clicks(self) -> Option<u64> {
        match self {
            Self::Flood => Some(12_000),
            Self::Flat => Some(8_000),
            Self::Soon | Self::Reversals => Some(5_000),
            Self::Image | Self::Headers => Some(500),
            _ => None,
        }
    }

    /// The codes of which one must be the first reason against it; none if nothing may be.
    pub(super) fn reasons(self) -> &'static [&'static str] {
        match self {
            Self::Clean => &[],
            Self::Robots => &["SPIDERS_AND_BOTS"],
            Self::Library => &["SPIDERS_AND_BOTS", "NO_BROWSER"],
            Self::NoAgent => &["NO_BROWSER"],
            Self::Hosting => &["DATA_CENTER"],
            Self::Image => &["IMAGE_CLICK"],
            Self::Headers => &["REQUEST_ANOMALY"],
            Self::Repeats => &["DUPLICATE"],
            Self::Network => &["ADDRESS_CONCENTRATION"],
            Self::OneAgent => &["AGENT_CONCENTRATION"],
            Self::OneLabel => &["SUB_ID_CONCENTRATION"],
            Self::EachLabel => &["SUB_ID_SPREAD"],
            Self::NoPage => &["NO_REFERRER"],
            Self::OnePage => &["ONE_REFERRER"],
            Self::ForeignPage => &["FOREIGN_PAGE"],
            Self::Burst => &["BURST"],
            Self::Soon => &["TOO_SOON"],
            Self::Flat => &["FLAT_TIMES"],
            Self::Flood => &["LOW_RATE"],
            Self::Converts => &["HIGH_RATE"],
            Self::Reversals => &["REVERSALS"],
            Self::Orders => &["DUPLICATE_ORDERS", "UNTRUE_CLAIMS"],
            Self::Impossible | Self::Forged => &["UNTRUE_CLAIMS"],
        }
    }

    /// What is sent over HTTP, and how many of it for a thousand clicks of the import.
    pub(super) fn live(self) -> Option<(Live, u64)> {
        match self {
            Self::Clean | Self::Forged => Some((Live::Followed, 30)),
            Self::Image => Some((Live::Image, 1_000)),
            Self::Headers => Some((Live::Headers, 1_000)),
            _ => None,
        }
    }
}
