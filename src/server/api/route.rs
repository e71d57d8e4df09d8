//! Method and path to a closed enum.

use hyper::Method;

use super::keys::Scope;
use crate::telemetry::label::ApiRoute;

/// An endpoint below one account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Route<'a> {
    /// `POST …/Conversions`
    Conversions,
    /// `GET …/APISubmissions/{id}`
    Submission(&'a str),
    /// `GET …/Reports`
    ReportList,
    /// `GET …/Reports/{handle}`
    Report(&'a str),
    /// `GET …/Reports/{handle}/MetaData`
    MetaData(&'a str),
}

impl<'a> Route<'a> {
    /// Splits a path into its account SID and endpoint; nothing for any other path.
    #[must_use]
    pub fn of(path: &'a str) -> Option<(&'a str, Self)> {
        let (sid, rest) = path.strip_prefix("/Advertisers/")?.split_once('/')?;
        let mut segments = rest.split('/');
        let route = match (segments.next(), segments.next(), segments.next()) {
            (Some("Conversions"), None, None) => Self::Conversions,
            (Some("APISubmissions"), Some(id), None) => Self::Submission(id),
            (Some("Reports"), None, None) => Self::ReportList,
            (Some("Reports"), Some(handle), None) => Self::Report(handle),
            (Some("Reports"), Some(handle), Some("MetaData")) => Self::MetaData(handle),
            _ => return None,
        };
        segments.next().is_none().then_some((sid, route))
    }

    /// Whether it answers `method`.
    #[must_use]
    pub fn allows(self, method: &Method) -> bool {
        match self {
            Self::Conversions => method == Method::POST,
            _ => method == Method::GET || method == Method::HEAD,
        }
    }

    /// The `Allow` header.
    #[must_use]
    pub fn allow(self) -> &'static str {
        match self {
            Self::Conversions => "POST",
            _ => "GET, HEAD",
        }
    }

    /// What it is counted as.
    #[must_use]
    pub fn label(self) -> ApiRoute {
        match self {
            Self::Conversions => ApiRoute::Conversions,
            Self::Submission(_) => ApiRoute::Submission,
            Self::ReportList => ApiRoute::ReportList,
            Self::Report(_) => ApiRoute::Report,
            Self::MetaData(_) => ApiRoute::Other,
        }
    }

    /// What a key must be allowed to do.
    #[must_use]
    pub fn scope(self) -> Scope {
        match self {
            Self::Conversions | Self::Submission(_) => Scope::WriteConversions,
            Self::ReportList | Self::Report(_) | Self::MetaData(_) => Scope::ReadReports,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
            ("/Advertisers/A/Reports/h/MetaData/", None),
            ("/Advertisers/A/Reports/h/metadata", None),
            ("/Advertisers/A/Conversions/", None),
            ("/advertisers/A/Conversions", None),
            ("/Advertisers/A", None),
            ("/Advertisers//Conversions/x", None),
            ("//Advertisers/A/Conversions", None),
            ("/Mediapartners/A/Reports", None),
            ("/Advertisers/A/../B/Conversions", None),
            ("", None),
            ("*", None),
        ] {
            assert_eq!(
                Route::of(path),
                expected.map(|route| ("A", route)),
                "{path}"
            );
        }
        assert_eq!(
            Route::of("/Advertisers//Conversions"),
            Some(("", Route::Conversions))
        );
    }

    #[test]
    fn methods_match_what_allow_says() {
        for path in ["Conversions", "Reports", "Reports/h", "APISubmissions/x"] {
            let path = format!("/Advertisers/A/{path}");
            let (_, route) = Route::of(&path).unwrap();
            for method in [Method::GET, Method::HEAD, Method::POST, Method::PUT] {
                let listed = route
                    .allow()
                    .split(", ")
                    .any(|name| name == method.as_str());
                assert_eq!(route.allows(&method), listed, "{path} {method}");
            }
        }
    }
}
