//! Reading and writing the parts of keys and values.
//!
//! In: untrusted bytes. Out: numbers, or a word on what is wrong. Keys are big-endian with the
//! sign bit of signed numbers flipped, so that their byte order is their numeric order.

/// Format of the values about clicks, submissions and actions.
pub(in crate::derived) const FORMAT: u8 = 1;

/// Why bytes do not read.
pub(in crate::derived) type Why = &'static str;

/// The value ends before its last field.
pub(in crate::derived) const TOO_SHORT: Why = "too short";
/// The value goes on after its last field.
pub(in crate::derived) const TOO_LONG: Why = "too long";
/// The first byte names no known format.
pub(in crate::derived) const UNKNOWN_FORMAT: Why = "unknown format";
/// A variable-length number is longer than it need be or than fits.
pub(in crate::derived) const BAD_NUMBER: Why = "malformed number";
/// A text is not UTF-8.
const NOT_TEXT: Why = "not UTF-8";

/// A number with a fixed place in a key or value.
pub(in crate::derived) trait Part: Sized {
    /// Its bytes.
    const LEN: usize;
    /// Writes it at `at` and moves `at` behind it. `out` has room by construction of its length.
    fn write(self, out: &mut [u8], at: &mut usize);
    /// Reads it.
    fn read(from: &mut Reader<'_>) -> Result<Self, Why>;
}

fn copy<const N: usize>(bytes: [u8; N], out: &mut [u8], at: &mut usize) {
    if let Some(room) = out.get_mut(*at..*at + N) {
        room.copy_from_slice(&bytes);
    }
    *at += N;
}

macro_rules! part {
    ($($int:ty, $flip:expr;)*) => {
        $(impl Part for $int {
            const LEN: usize = size_of::<$int>();
            fn write(self, out: &mut [u8], at: &mut usize) {
                copy((self ^ $flip).to_be_bytes(), out, at);
            }
            fn read(from: &mut Reader<'_>) -> Result<Self, Why> {
                from.array().map(|bytes| <$int>::from_be_bytes(bytes) ^ $flip)
            }
        })*
    };
}

part! {
    u8, 0;
    u32, 0;
    u64, 0;
    i32, i32::MIN;
    i64, i64::MIN;
}

impl<const N: usize> Part for [u8; N] {
    const LEN: usize = N;
    fn write(self, out: &mut [u8], at: &mut usize) {
        copy(self, out, at);
    }
    fn read(from: &mut Reader<'_>) -> Result<Self, Why> {
        from.array()
    }
}

/// Takes fields off the front of a value.
#[derive(Clone, Debug)]
pub(in crate::derived) struct Reader<'a>(pub(in crate::derived) &'a [u8]);

impl<'a> Reader<'a> {
    /// The next `N` bytes.
    pub(in crate::derived) fn array<const N: usize>(&mut self) -> Result<[u8; N], Why> {
        let (bytes, rest) = self.0.split_first_chunk::<N>().ok_or(TOO_SHORT)?;
        self.0 = rest;
        Ok(*bytes)
    }

    /// The next number.
    pub(in crate::derived) fn part<P: Part>(&mut self) -> Result<P, Why> {
        P::read(self)
    }

    /// Checks the format byte.
    pub(in crate::derived) fn format(&mut self, known: u8) -> Result<(), Why> {
        let format: u8 = self.part()?;
        if format == known {
            Ok(())
        } else {
            Err(UNKNOWN_FORMAT)
        }
    }

    /// The next number of seven bits a byte, lowest first, in its only shortest form.
    pub(in crate::derived) fn varint(&mut self) -> Result<u128, Why> {
        // Most numbers of a report are that short.
        if let [low @ ..0x80, rest @ ..] = self.0 {
            self.0 = rest;
            return Ok((*low).into());
        }
        if let [low, high @ 1..0x80, rest @ ..] = self.0 {
            self.0 = rest;
            return Ok(u128::from(low & 0x7f) | u128::from(*high) << 7);
        }
        self.long_varint()
    }

    fn long_varint(&mut self) -> Result<u128, Why> {
        let mut value: u128 = 0;
        let mut shift = 0_u32;
        loop {
            let byte: u8 = self.part()?;
            let bits = u128::from(byte & 0x7f);
            if shift > 126 || (shift == 126 && bits > 3) || (byte == 0 && shift > 0) {
                return Err(BAD_NUMBER);
            }
            value |= bits << shift;
            if byte & 0x80 == 0 {
                return Ok(value);
            }
            shift += 7;
        }
    }

    /// The next text: its length and its bytes.
    pub(in crate::derived) fn text(&mut self) -> Result<&'a str, Why> {
        let len = usize::try_from(self.varint()?).map_err(|_| TOO_SHORT)?;
        let (text, rest) = self.0.split_at_checked(len).ok_or(TOO_SHORT)?;
        self.0 = rest;
        std::str::from_utf8(text).map_err(|_| NOT_TEXT)
    }

    /// A presence byte and, when it is 1, what `read` takes.
    pub(in crate::derived) fn option<T>(
        &mut self,
        read: impl FnOnce(&mut Self) -> Result<T, Why>,
    ) -> Result<Option<T>, Why> {
        match self.part()? {
            0_u8 => Ok(None),
            1 => read(self).map(Some),
            _ => Err("unknown presence"),
        }
    }

    /// The next number of at most 32 bits in seven bits a byte.
    pub(in crate::derived) fn varint32(&mut self) -> Result<u32, Why> {
        u32::try_from(self.varint()?).map_err(|_| BAD_NUMBER)
    }

    /// Everything that is left.
    pub(in crate::derived) fn rest(&mut self) -> &'a [u8] {
        std::mem::take(&mut self.0)
    }

    /// Checks that nothing is left.
    pub(in crate::derived) fn end(&self) -> Result<(), Why> {
        if self.0.is_empty() {
            Ok(())
        } else {
            Err(TOO_LONG)
        }
    }
}

/// Appends a number as it stands in a key.
pub(in crate::derived) fn push<P: Part>(out: &mut Vec<u8>, part: P) {
    let mut at = out.len();
    out.resize(at + P::LEN, 0);
    part.write(out, &mut at);
}

/// Appends a text: its length and its bytes.
pub(in crate::derived) fn push_text(out: &mut Vec<u8>, text: &str) {
    push_varint(out, text.len() as u128);
    out.extend_from_slice(text.as_bytes());
}

/// Appends a presence byte and, when there is something, what `write` makes of it.
pub(in crate::derived) fn push_option<T>(
    out: &mut Vec<u8>,
    value: Option<T>,
    write: impl FnOnce(&mut Vec<u8>, T),
) {
    out.push(u8::from(value.is_some()));
    if let Some(value) = value {
        write(out, value);
    }
}

/// Appends `value` in seven bits a byte, lowest first.
pub(in crate::derived) fn push_varint(out: &mut Vec<u8>, mut value: u128) {
    loop {
        let low = u8::try_from(value & 0x7f).unwrap_or(0);
        value >>= 7;
        if value == 0 {
            out.push(low);
            return;
        }
        out.push(low | 0x80);
    }
}

/// Folds the sign into the lowest bit, so that small numbers of either sign are short.
pub(in crate::derived) fn zigzag(value: i128) -> u128 {
    ((value << 1) ^ (value >> 127)).cast_unsigned()
}

/// Undoes [`zigzag`].
pub(in crate::derived) fn unzigzag(value: u128) -> i128 {
    (value >> 1).cast_signed() ^ -(value & 1).cast_signed()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn overlong_and_overflowing_numbers_are_refused() {
        for bytes in [&[0x80, 0x00][..], &[0xff; 19], &[0x80; 3], &[]] {
            assert!(Reader(bytes).varint().is_err(), "{bytes:?}");
        }
        let mut most = Vec::new();
        push_varint(&mut most, u128::MAX);
        assert_eq!(most.len(), 19);
        assert_eq!(Reader(&most).varint(), Ok(u128::MAX));
    }

    proptest! {
        #[test]
        fn numbers_read_back(value: i128) {
            prop_assert_eq!(unzigzag(zigzag(value)), value);
            let mut bytes = Vec::new();
            push_varint(&mut bytes, zigzag(value));
            let mut reader = Reader(&bytes);
            prop_assert_eq!(reader.varint(), Ok(zigzag(value)));
            prop_assert_eq!(reader.end(), Ok(()));
        }
    }
}
