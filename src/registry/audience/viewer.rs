//! Who may see a report: brands, partners or both.

/// The side of an account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Viewer {
    /// A brand, which sees all partners in its own programs.
    Brand,
    /// A partner, which sees itself alone, in every program that it takes part in.
    Partner,
}

/// Whom a report is for; for anybody else it does not exist.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Audience {
    /// Brands.
    Brand,
    /// Partners.
    Partner,
    /// Brands and partners.
    Both,
}

impl Audience {
    /// Whether `viewer` is among them.
    #[must_use]
    pub const fn includes(self, viewer: Viewer) -> bool {
        match self {
            Self::Brand => matches!(viewer, Viewer::Brand),
            Self::Partner => matches!(viewer, Viewer::Partner),
            Self::Both => true,
        }
    }

    /// Whom it names, in words.
    #[must_use]
    pub const fn words(self) -> &'static str {
        match self {
            Self::Brand => "brands",
            Self::Partner => "partners",
            Self::Both => "brands, partners",
        }
    }
}
