//! Landing pages: what a customer may be sent to by the catalogue.

use url::{Host, Url};

use crate::catalog::problem::{Complaint, quoted};
use crate::catalog::snapshot::Landing;

/// The longest landing page in bytes, as written and as serialised.
pub(in crate::catalog) const LANDING_MAX: usize = 2_048;

/// An absolute http or https URL with a domain name, in the URL parser's own serialised form.
pub(in crate::catalog) fn landing(text: &str) -> Result<Landing, Complaint> {
    let allowed = "an http or https URL with a host name, at most 2048 bytes";
    let refuse = |problem: String| Err(Complaint::new(problem, allowed));
    if text.len() > LANDING_MAX {
        return refuse(format!("is {} bytes long", text.len()));
    }
    if text.is_empty() || text.trim() != text || text.chars().any(char::is_control) {
        return refuse(format!(
            "{} is empty or holds blanks around it or control characters",
            quoted(text)
        ));
    }
    let url = match Url::parse(text) {
        Ok(url) => url,
        Err(error) => return refuse(format!("{} is no URL: {error}", quoted(text))),
    };
    if !matches!(url.scheme(), "http" | "https") {
        return refuse(format!(
            "{} has the scheme `{}`",
            quoted(text),
            url.scheme()
        ));
    }
    if !url.username().is_empty() || url.password().is_some() {
        return refuse(format!("{} holds a user name or password", quoted(text)));
    }
    match url.host() {
        Some(Host::Domain(host)) if !host.is_empty() => {}
        _ => return refuse(format!("{} names an IP address as its host", quoted(text))),
    }
    if url.as_str().len() > LANDING_MAX {
        return refuse(format!("is {} bytes long when encoded", url.as_str().len()));
    }
    Ok(Landing::new(url.as_str()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_are_kept_in_serialised_form() {
        for (text, url) in [
            ("https://brand.example", "https://brand.example/"),
            (
                "HTTP://Brand.Example:80/a b?c=d e#f",
                "http://brand.example/a%20b?c=d%20e#f",
            ),
            (
                "https://müller.example/ä",
                "https://xn--mller-kva.example/%C3%A4",
            ),
            ("https://brand.example\\x", "https://brand.example/x"),
            ("https://@brand.example/", "https://brand.example/"),
        ] {
            assert_eq!(landing(text).map(|l| l.url), Ok(url.into()), "{text}");
        }
    }

    #[test]
    fn other_pages_are_refused_with_the_reason() {
        let long = format!("https://b.example/{}", "x".repeat(LANDING_MAX));
        let encoded = format!("https://b.example/{}", "ä".repeat(700));
        let dots = format!("https://b.example/{}", "./".repeat(LANDING_MAX));
        for (text, reason) in [
            (&*dots, "bytes long"),
            ("", "empty"),
            ("brand.example", "no URL"),
            ("//brand.example/", "no URL"),
            ("ftp://brand.example/", "scheme"),
            ("javascript:alert(1)", "scheme"),
            ("mailto:a@b.example", "scheme"),
            ("https://user@brand.example/", "user name"),
            ("https://:pw@brand.example/", "user name"),
            ("https://192.0.2.1/", "IP address"),
            ("https://0x7f.1/", "IP address"),
            ("https://[2001:db8::1]/", "IP address"),
            (" https://brand.example/", "blanks"),
            ("https://brand.example/\n", "blanks"),
            ("https://brand.exa\tmple/", "control"),
            ("https://", "no URL"),
            (&long, "bytes long"),
            (&encoded, "bytes long when encoded"),
        ] {
            let complaint = landing(text).expect_err(text);
            assert!(complaint.problem.contains(reason), "{text}: {complaint:?}");
        }
    }
}
