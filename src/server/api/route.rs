//! Method and path to a closed enum.

use hyper::Method;

use super::keys::Scope;
use crate::registry::Viewer;
use crate::telemetry::label::ApiRoute;

/// The account that a path names, whether or not there is one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Account<'a> {
    /// Its side.
    pub viewer: Viewer,
    /// Its SID.
    pub sid: &'a str,
}

impl<'a> Account<'a> {
    const BRANDS: &'static str = "/Advertisers/";
    const PARTNERS: &'static str = "/Mediapartners/";

    /// What every path of the account begins with.
    #[must_use]
    pub fn base(self) -> String {
        let side = match self.viewer {
            Viewer::Brand => Self::BRANDS,
            Viewer::Partner => Self::PARTNERS,
        };
        format!("{side}{}", self.sid)
    }

    /// The account and the rest of a path.
    fn of(path: &'a str) -> Option<(Self, &'a str)> {
        let (viewer, rest) = match path.strip_prefix(Self::BRANDS) {
            Some(rest) => (Viewer::Brand, rest),
            None => (Viewer::Partner, path.strip_prefix(Self::PARTNERS)?),
        };
        let (sid, rest) = rest.split_once('/')?;
        Some((Self { viewer, sid }, rest))
    }
}

/// An endpoint below one account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Route<'a> {
    /// `POST …/Conversions`
    Conversions,
    /// `GET …/APISubmissions/{id}`
    Submission(&'a str),
    /// `GET`, `PUT` and `DELETE …/Actions`
    Actions,
    /// `GET …/Actions/{id}`
    Action(&'a str),
    /// `GET …/Actions/{id}/Items`
    ActionItems(&'a str),
    /// `GET …/Actions/{id}/Items/{sku}`
    ActionItem(&'a str, &'a str),
    /// `GET …/ActionUpdates`
    ActionUpdates,
    /// `GET …/ActionUpdates/{id}`
    ActionUpdate(&'a str),
    /// `GET` and `POST …/FTPFileSubmissions`
    Files,
    /// `GET …/FTPFileSubmissions/{id}`
    File(&'a str),
    /// `GET …/FTPFileSubmissions/{id}/ErrorDetails`
    FileErrors(&'a str),
    /// `GET …/FTPSubmissions/{id}/Errors/{line}`
    FileError(&'a str, &'a str),
    /// `GET …/Reports`
    ReportList,
    /// `GET …/Reports/{handle}`
    Report(&'a str),
    /// `GET …/Reports/{handle}/MetaData`
    MetaData(&'a str),
    /// `PUT` and `DELETE …/Reports/{handle}/Pin`
    Pin(&'a str),
}

impl<'a> Route<'a> {
    /// Splits a path into its account and endpoint; nothing for any other path.
    #[must_use]
    pub fn of(path: &'a str) -> Option<(Account<'a>, Self)> {
        let (account, rest) = Account::of(path)?;
        let mut segments = rest.split('/');
        let parts = [(); 5].map(|()| segments.next());
        let route = match parts {
            [Some("Conversions"), None, ..] => Self::Conversions,
            [Some("APISubmissions"), Some(id), None, ..] => Self::Submission(id),
            [Some("Actions"), None, ..] => Self::Actions,
            [Some("Actions"), Some(id), None, ..] => Self::Action(id),
            [Some("Actions"), Some(id), Some("Items"), None, _] => Self::ActionItems(id),
            [Some("Actions"), Some(id), Some("Items"), Some(sku), None] => {
                Self::ActionItem(id, sku)
            }
            [Some("ActionUpdates"), None, ..] => Self::ActionUpdates,
            [Some("ActionUpdates"), Some(id), None, ..] => Self::ActionUpdate(id),
            [Some("FTPFileSubmissions" | "FTPSubmissions"), rest @ ..] => Self::of_files(rest)?,
            [Some("Reports"), None, ..] => Self::ReportList,
            [Some("Reports"), Some(handle), None, ..] => Self::Report(handle),
            [Some("Reports"), Some(handle), Some("MetaData"), None, _] => Self::MetaData(handle),
            [Some("Reports"), Some(handle), Some("Pin"), None, _] => Self::Pin(handle),
            _ => return None,
        };
        route.is_for(account.viewer).then_some((account, route))
    }

    /// Whether accounts of this side have it: partners read, and send nothing.
    #[must_use]
    pub const fn is_for(self, viewer: Viewer) -> bool {
        match self {
            Self::Conversions
            | Self::Submission(_)
            | Self::Files
            | Self::File(_)
            | Self::FileErrors(_)
            | Self::FileError(..) => matches!(viewer, Viewer::Brand),
            _ => true,
        }
    }

    /// The endpoint below the uploaded files; both published spellings.
    fn of_files(rest: [Option<&'a str>; 4]) -> Option<Self> {
        Some(match rest {
            [None, ..] => Self::Files,
            [Some(id), None, ..] => Self::File(id),
            [Some(id), Some("ErrorDetails" | "Errors"), None, _] => Self::FileErrors(id),
            [Some(id), Some("ErrorDetails" | "Errors"), Some(line), None] => {
                Self::FileError(id, line)
            }
            _ => return None,
        })
    }

    /// Whether it answers `method` of accounts of this side.
    #[must_use]
    pub fn allows(self, viewer: Viewer, method: &Method) -> bool {
        match self {
            Self::Conversions => method == Method::POST,
            Self::Actions if Self::changes(method) => viewer == Viewer::Brand,
            Self::Pin(_) => Self::changes(method),
            Self::Files if method == Method::POST => true,
            _ => method == Method::GET || method == Method::HEAD,
        }
    }

    /// Whether `method` changes actions or pins.
    #[must_use]
    pub fn changes(method: &Method) -> bool {
        method == Method::PUT || method == Method::DELETE
    }

    /// Whether its answers have a form as CSV.
    #[must_use]
    pub fn has_csv(self) -> bool {
        matches!(self, Self::Report(_) | Self::Actions | Self::ActionUpdates)
    }

    /// The `Allow` header.
    #[must_use]
    pub fn allow(self, viewer: Viewer) -> &'static str {
        match self {
            Self::Conversions => "POST",
            Self::Actions if viewer == Viewer::Brand => "GET, HEAD, PUT, DELETE",
            Self::Files => "GET, HEAD, POST",
            Self::Pin(_) => "PUT, DELETE",
            _ => "GET, HEAD",
        }
    }

    /// What a request by `method` is counted as.
    #[must_use]
    pub fn label(self, method: &Method) -> ApiRoute {
        match self {
            Self::Actions if Self::changes(method) => ApiRoute::ActionChange,
            Self::Actions => ApiRoute::Actions,
            Self::Action(_) => ApiRoute::Action,
            Self::ActionItems(_) | Self::ActionItem(..) => ApiRoute::ActionItems,
            Self::ActionUpdates | Self::ActionUpdate(_) => ApiRoute::ActionUpdates,
            Self::Files if method == Method::POST => ApiRoute::FileUpload,
            Self::Files | Self::File(_) | Self::FileErrors(_) | Self::FileError(..) => {
                ApiRoute::Files
            }
            Self::Conversions => ApiRoute::Conversions,
            Self::Submission(_) => ApiRoute::Submission,
            Self::ReportList => ApiRoute::ReportList,
            Self::Report(_) => ApiRoute::Report,
            Self::MetaData(_) | Self::Pin(_) => ApiRoute::Other,
        }
    }

    /// What a key must be allowed to do, one of these.
    #[must_use]
    pub fn scopes(self, method: &Method) -> &'static [Scope] {
        match self {
            Self::Conversions => &[Scope::WriteConversions],
            // Both are sent, or their results asked for, there.
            Self::Submission(_)
            | Self::Files
            | Self::File(_)
            | Self::FileErrors(_)
            | Self::FileError(..) => &[Scope::WriteConversions, Scope::ModifyActions],
            Self::Actions if Self::changes(method) => &[Scope::ModifyActions],
            Self::Actions
            | Self::Action(_)
            | Self::ActionItems(_)
            | Self::ActionItem(..)
            | Self::ActionUpdates
            | Self::ActionUpdate(_)
            | Self::ReportList
            | Self::Report(_)
            | Self::MetaData(_)
            | Self::Pin(_) => &[Scope::ReadReports],
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BRAND: Account<'_> = Account {
        viewer: Viewer::Brand,
        sid: "A",
    };

    #[test]
    fn paths_are_matched_whole() {
        for (path, expected) in [
            ("/Advertisers/A/Conversions", Some(Route::Conversions)),
            (
                "/Advertisers/A/APISubmissions/x",
                Some(Route::Submission("x")),
            ),
            ("/Advertisers/A/Reports", Some(Route::ReportList)),
            ("/Advertisers/A/Reports/h", Some(Route::Report("h"))),
            (
                "/Advertisers/A/Reports/h/MetaData",
                Some(Route::MetaData("h")),
            ),
            ("/Advertisers/A/Reports/", Some(Route::Report(""))),
            ("/Advertisers/A/Actions", Some(Route::Actions)),
            ("/Advertisers/A/Actions/1.2.3", Some(Route::Action("1.2.3"))),
            (
                "/Advertisers/A/Actions/i/Items",
                Some(Route::ActionItems("i")),
            ),
            (
                "/Advertisers/A/Actions/i/Items/s",
                Some(Route::ActionItem("i", "s")),
            ),
            (
                "/Advertisers/A/Actions/i/Items/",
                Some(Route::ActionItem("i", "")),
            ),
            ("/Advertisers/A/ActionUpdates", Some(Route::ActionUpdates)),
            (
                "/Advertisers/A/ActionUpdates/u",
                Some(Route::ActionUpdate("u")),
            ),
            ("/Advertisers/A/Actions/i/items", None),
            ("/Advertisers/A/Actions/i/Items/s/", None),
            ("/Advertisers/A/ActionUpdates/u/", None),
            ("/Advertisers/A/Reports/h/MetaData/", None),
            ("/Advertisers/A/Reports/h/metadata", None),
            ("/Advertisers/A/Conversions/", None),
            ("/advertisers/A/Conversions", None),
            ("/Advertisers/A", None),
            ("/Advertisers//Conversions/x", None),
            ("//Advertisers/A/Conversions", None),
            ("/mediapartners/A/Reports", None),
            ("/Mediapartners/A", None),
            ("/Advertisers/A/../B/Conversions", None),
            ("", None),
            ("*", None),
        ] {
            assert_eq!(
                Route::of(path),
                expected.map(|route| (BRAND, route)),
                "{path}"
            );
        }
        let (account, route) = Route::of("/Advertisers//Conversions").unwrap();
        assert_eq!((account.sid, route), ("", Route::Conversions));
    }

    #[test]
    fn partners_have_what_is_read() {
        let partner = Account {
            viewer: Viewer::Partner,
            ..BRAND
        };
        for (path, route) in [
            ("Reports", Some(Route::ReportList)),
            ("Reports/h", Some(Route::Report("h"))),
            ("Reports/h/MetaData", Some(Route::MetaData("h"))),
            ("Actions", Some(Route::Actions)),
            ("Actions/i/Items/s", Some(Route::ActionItem("i", "s"))),
            ("ActionUpdates/u", Some(Route::ActionUpdate("u"))),
            ("Conversions", None),
            ("APISubmissions/x", None),
            ("FTPFileSubmissions", None),
            ("FTPFileSubmissions/J/ErrorDetails", None),
        ] {
            let path = format!("/Mediapartners/A/{path}");
            assert_eq!(Route::of(&path), route.map(|r| (partner, r)), "{path}");
        }
        assert_eq!(partner.base(), "/Mediapartners/A");
        assert_eq!(BRAND.base(), "/Advertisers/A");
    }

    #[test]
    fn methods_match_what_allow_says() {
        for path in [
            "Conversions",
            "Reports",
            "Reports/h",
            "APISubmissions/x",
            "Actions",
            "Actions/i",
            "Actions/i/Items",
            "Actions/i/Items/s",
            "ActionUpdates",
            "ActionUpdates/u",
            "FTPFileSubmissions",
            "FTPFileSubmissions/J",
            "FTPFileSubmissions/J/ErrorDetails",
            "FTPSubmissions/J/Errors/1",
        ] {
            let path = format!("/Advertisers/A/{path}");
            let (_, route) = Route::of(&path).unwrap();
            for method in [
                Method::GET,
                Method::HEAD,
                Method::POST,
                Method::PUT,
                Method::DELETE,
                Method::PATCH,
            ] {
                for viewer in [Viewer::Brand, Viewer::Partner] {
                    let mut listed = route.allow(viewer).split(", ");
                    let listed = listed.any(|name| name == method.as_str());
                    assert_eq!(route.allows(viewer, &method), listed, "{path} {method}");
                }
            }
        }
    }
}
