//! The row of a click.
//!
//! Hot path. Written once per click from borrowed parts, read by the fold and by `explain`.
//!
//! | piece | form |
//! |---|---|
//! | format | u8, now 1 |
//! | layout | u8: bit 0 IPv6, bit 1 has a visitor under the day before's salt, bit 2 a cookie |
//! | flags, program, ad | varints |
//! | network | 3 bytes (IPv4 /24) or 6 bytes (IPv6 /48) |
//! | visitor, visitor before | u64 each, the second only if the layout says so |
//! | cookie | 16 bytes, only if the layout says so |
//! | user agent, referrer, shape, landing | varint references into `strings`, 0 when absent |
//! | parameters | to the end: code u8, length-prefixed value |

use crate::model::click::{Click, ClickFlags, Network, Parameter, Visitor};
use crate::model::id::{AdId, ProgramId, StringRef};
use crate::model::submission::Fingerprint;

use super::bytes::{Corrupt, Cursor, put_bytes, put_varint};
use crate::log::family;

const FORMAT: u8 = 1;
const IPV6: u8 = 1;
const HAS_BEFORE: u8 = 2;
const HAS_COOKIE: u8 = 4;

/// The parameters of a stored click, in link order. Borrows from the row.
#[derive(Clone, Debug, Default)]
pub struct Parameters<'a> {
    rest: &'a [u8],
}

impl<'a> Iterator for Parameters<'a> {
    type Item = (Parameter, &'a [u8]);

    /// The next parameter. Rows are checked when they are read, so the end is always a true end.
    fn next(&mut self) -> Option<Self::Item> {
        let mut cursor = Cursor::new(family::CLICKS, self.rest);
        let parameter = Parameter::from_code(cursor.u8().ok()?)?;
        let value = cursor.bytes().ok()?;
        self.rest = cursor.rest();
        Some((parameter, value))
    }
}

/// Appends the row of `click`.
pub fn write<'p, P>(out: &mut Vec<u8>, click: &Click<P>)
where
    P: Iterator<Item = (Parameter, &'p [u8])> + Clone,
{
    let (v6, network): (u8, &[u8]) = match &click.network {
        Network::V4(bytes) => (0, bytes),
        Network::V6(bytes) => (IPV6, bytes),
    };
    let flag = |is_set: bool, flag: u8| if is_set { flag } else { 0 };
    let before = flag(click.visitor_before.is_some(), HAS_BEFORE);
    let cookie = flag(click.cookie.is_some(), HAS_COOKIE);
    out.extend_from_slice(&[FORMAT, v6 | before | cookie]);
    put_varint(out, u64::from(click.flags.0));
    put_varint(out, u64::from(click.program.0));
    put_varint(out, u64::from(click.ad.0));
    out.extend_from_slice(network);
    out.extend_from_slice(&click.visitor.0.to_be_bytes());
    if let Some(before) = click.visitor_before {
        out.extend_from_slice(&before.0.to_be_bytes());
    }
    if let Some(cookie) = click.cookie {
        out.extend_from_slice(&cookie.0);
    }
    for reference in [click.user_agent, click.referrer, click.shape, click.landing] {
        put_varint(out, u64::from(reference.0));
    }
    for (parameter, value) in click.parameters.clone() {
        out.push(parameter.code());
        put_bytes(out, value);
    }
}

/// Reads a row.
///
/// # Errors
/// The row is not what [`write()`] writes.
pub fn read(row: &[u8]) -> Result<Click<Parameters<'_>>, Corrupt> {
    let mut cursor = Cursor::new(family::CLICKS, row);
    let [format, layout] = cursor.array::<2>()?;
    if format != FORMAT || layout & !(IPV6 | HAS_BEFORE | HAS_COOKIE) != 0 {
        return Err(cursor.corrupt("its format is unknown"));
    }
    let flags = ClickFlags(cursor.varint32()?);
    let program = ProgramId(cursor.varint32()?);
    let ad = AdId(cursor.varint32()?);
    let network = match layout & IPV6 {
        0 => Network::V4(cursor.array()?),
        _ => Network::V6(cursor.array()?),
    };
    let visitor = Visitor(cursor.u64()?);
    let visitor_before = match layout & HAS_BEFORE {
        0 => None,
        _ => Some(Visitor(cursor.u64()?)),
    };
    let cookie = match layout & HAS_COOKIE {
        0 => None,
        _ => Some(Fingerprint(cursor.array()?)),
    };
    let mut reference = || cursor.varint32().map(StringRef);
    let (user_agent, referrer) = (reference()?, reference()?);
    let (shape, landing) = (reference()?, reference()?);
    let parameters = Parameters {
        rest: cursor.rest(),
    };
    while !cursor.rest().is_empty() {
        if Parameter::from_code(cursor.u8()?).is_none() {
            return Err(cursor.corrupt("a parameter is unknown"));
        }
        cursor.bytes()?;
    }
    Ok(Click {
        flags,
        program,
        ad,
        network,
        visitor,
        visitor_before,
        cookie,
        user_agent,
        referrer,
        shape,
        landing,
        parameters,
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn sample() -> Click<Vec<(Parameter, &'static [u8])>> {
        Click {
            flags: ClickFlags::GPC.with(ClickFlags::EXPIRED_AD),
            program: ProgramId(7),
            ad: AdId(3_000),
            network: Network::V4([192, 0, 2]),
            visitor: Visitor(0x0102_0304_0506_0708),
            visitor_before: Some(Visitor(u64::MAX)),
            cookie: Some(Fingerprint([0xcc; 16])),
            user_agent: StringRef(1),
            referrer: StringRef(0),
            shape: StringRef(300),
            landing: StringRef(4),
            parameters: vec![(Parameter::SubId(1), b"blog"), (Parameter::Unknown, b"x=y")],
        }
    }

    fn bytes(click: &Click<Vec<(Parameter, &'static [u8])>>) -> Vec<u8> {
        let mut row = Vec::new();
        write(&mut row, &borrow(click));
        row
    }

    fn borrow(
        click: &Click<Vec<(Parameter, &'static [u8])>>,
    ) -> Click<std::vec::IntoIter<(Parameter, &'static [u8])>> {
        Click {
            flags: click.flags,
            program: click.program,
            ad: click.ad,
            network: click.network,
            visitor: click.visitor,
            visitor_before: click.visitor_before,
            cookie: click.cookie,
            user_agent: click.user_agent,
            referrer: click.referrer,
            shape: click.shape,
            landing: click.landing,
            parameters: click.parameters.clone().into_iter(),
        }
    }

    #[test]
    fn a_row_is_these_bytes() {
        let hex = bytes(&sample()).iter().fold(String::new(), |hex, byte| {
            use std::fmt::Write as _;
            let mut hex = hex;
            write!(hex, "{byte:02x}").unwrap();
            hex
        });
        assert_eq!(
            hex,
            "010614".to_owned()
                + "07"
                + "b817"
                + "c00002"
                + "0102030405060708"
                + "ffffffffffffffff"
                + "cccccccccccccccccccccccccccccccc"
                + "01"
                + "00"
                + "ac02"
                + "04"
                + "0104626c6f67"
                + "0703783d79"
        );
    }

    #[test]
    fn rows_read_back() {
        let mut click = sample();
        for network in [Network::V4([1, 2, 3]), Network::V6([1, 2, 3, 4, 5, 6])] {
            for before in [None, Some(Visitor(9))] {
                (click.network, click.visitor_before) = (network, before);
                click.cookie = before.is_none().then_some(Fingerprint([5; 16]));
                let row = bytes(&click);
                let read = read(&row).unwrap();
                assert_eq!((read.network, read.visitor_before), (network, before));
                assert_eq!(read.cookie, click.cookie);
                assert_eq!(
                    (read.flags, read.program, read.ad),
                    (click.flags, click.program, click.ad)
                );
                assert_eq!(read.landing, click.landing);
                assert_eq!(read.parameters.collect::<Vec<_>>(), click.parameters);
            }
        }
    }

    proptest! {
        #[test]
        fn any_bytes_are_survived(row: Vec<u8>) {
            if let Ok(click) = read(&row) {
                prop_assert!(click.parameters.count() <= row.len());
            }
        }

        #[test]
        fn no_prefix_passes_for_a_row_of_other_parameters(cut in 0_usize..76) {
            let row = bytes(&sample());
            let cut = cut.min(row.len() - 1);
            if let Ok(click) = read(&row[..cut]) {
                prop_assert!(click.parameters.count() < 2);
            }
        }
    }
}
