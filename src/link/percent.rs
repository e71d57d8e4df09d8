//! Percent-decoding of query values by the rules of HTML forms.
//!
//! Hot path. Called for each value that holds an escape; writes into a buffer the caller reuses.
//! `+` is a space; an escape that is not two hexadecimal digits stays as it is.

/// Whether `raw` reads differently once decoded.
#[must_use]
pub fn is_escaped(raw: &[u8]) -> bool {
    memchr::memchr2(b'%', b'+', raw).is_some()
}

/// Appends `raw`, decoded once, to `out`.
pub fn decode(raw: &[u8], out: &mut Vec<u8>) {
    let mut rest = raw;
    while let Some(at) = memchr::memchr2(b'%', b'+', rest) {
        let (plain, escape) = rest.split_at_checked(at).unwrap_or((rest, &[]));
        out.extend_from_slice(plain);
        rest = match escape {
            [b'%', high, low, after @ ..] => match (hex(*high), hex(*low)) {
                (Some(high), Some(low)) => {
                    out.push(high << 4 | low);
                    after
                }
                _ => keep_percent(escape, out),
            },
            [b'+', after @ ..] => {
                out.push(b' ');
                after
            }
            _ => keep_percent(escape, out),
        };
    }
    out.extend_from_slice(rest);
}

fn keep_percent<'a>(escape: &'a [u8], out: &mut Vec<u8>) -> &'a [u8] {
    out.push(b'%');
    escape.get(1..).unwrap_or_default()
}

fn hex(digit: u8) -> Option<u8> {
    match digit {
        b'0'..=b'9' => Some(digit - b'0'),
        b'a'..=b'f' => Some(digit - b'a' + 10),
        b'A'..=b'F' => Some(digit - b'A' + 10),
        _ => None,
    }
}

/// Appends `value` so that it can stand as the value of a query pair: everything but letters,
/// digits and `-._~` is escaped.
pub fn encode(value: &[u8], out: &mut Vec<u8>) {
    const HEX: &[u8; 16] = b"0123456789ABCDEF";
    for byte in value {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~') {
            out.push(*byte);
        } else {
            let digit = |nibble: u8| HEX.get(usize::from(nibble)).copied().unwrap_or(b'0');
            out.extend_from_slice(&[b'%', digit(byte >> 4), digit(byte & 15)]);
        }
    }
}
