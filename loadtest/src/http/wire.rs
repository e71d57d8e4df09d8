//! Requests as bytes, made before they are sent, so that sending costs the tool little.

use bytes::Bytes;
use http_body_util::Full;
use hyper::Request;

/// Appends the bytes of a request without a body, header names in the case of browsers.
pub(crate) fn write(request: &Request<Full<Bytes>>, out: &mut Vec<u8>) {
    let target = request
        .uri()
        .path_and_query()
        .map_or("/", |target| target.as_str());
    for part in [request.method().as_str(), " ", target, " HTTP/1.1\r\n"] {
        out.extend_from_slice(part.as_bytes());
    }
    for (name, value) in request.headers() {
        let mut is_first = true;
        for byte in name.as_str().bytes() {
            out.push(if is_first {
                byte.to_ascii_uppercase()
            } else {
                byte
            });
            is_first = byte == b'-';
        }
        out.extend_from_slice(b": ");
        out.extend_from_slice(value.as_bytes());
        out.extend_from_slice(b"\r\n");
    }
    out.extend_from_slice(b"\r\n");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_is_written_as_a_browser_would() {
        let request = Request::get("/c/1/2/3?subId1=x")
            .header("host", "h:80")
            .header("sec-fetch-site", "none")
            .body(Full::default())
            .unwrap();
        let mut out = b"before".to_vec();
        write(&request, &mut out);
        assert_eq!(
            String::from_utf8(out).unwrap(),
            "beforeGET /c/1/2/3?subId1=x HTTP/1.1\r\nHost: h:80\r\nSec-Fetch-Site: none\r\n\r\n"
        );
    }
}
