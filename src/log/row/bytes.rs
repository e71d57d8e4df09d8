//! Reading and writing the small pieces that rows are made of: fixed big-endian integers, variable
//! length integers and length-prefixed bytes.
//!
//! A [`Cursor`] never reads past its row and never panics: every miss is a [`Corrupt`] that says
//! what was expected. Variable-length integers are LEB128: seven bits a byte, lowest first.

/// A stored row that can't be what was written.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a row of {family} is damaged: {why}")]
pub struct Corrupt {
    /// The column family it lies in.
    pub family: &'static str,
    /// What was expected.
    pub why: &'static str,
}

/// Appends `value` as LEB128.
pub fn put_varint(out: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        out.push(value.to_le_bytes()[0] | 0x80);
        value >>= 7;
    }
    out.push(value.to_le_bytes()[0]);
}

/// Appends a signed value as zigzag LEB128.
pub fn put_signed(out: &mut Vec<u8>, value: i64) {
    put_varint(
        out,
        (value.cast_unsigned() << 1) ^ (value >> 63).cast_unsigned(),
    );
}

/// Appends `bytes` after their length.
pub fn put_bytes(out: &mut Vec<u8>, bytes: &[u8]) {
    put_varint(out, bytes.len() as u64);
    out.extend_from_slice(bytes);
}

/// Reads a row from front to back.
#[derive(Clone, Debug)]
pub struct Cursor<'a> {
    rest: &'a [u8],
    family: &'static str,
}

impl<'a> Cursor<'a> {
    /// A cursor at the first byte of a row of `family`.
    #[must_use]
    pub fn new(family: &'static str, row: &'a [u8]) -> Self {
        Self { rest: row, family }
    }

    /// What a caller reports when a value makes no sense.
    #[must_use]
    pub fn corrupt(&self, why: &'static str) -> Corrupt {
        Corrupt {
            family: self.family,
            why,
        }
    }

    /// The bytes not read yet.
    #[must_use]
    pub fn rest(&self) -> &'a [u8] {
        self.rest
    }

    /// The next `N` bytes.
    ///
    /// # Errors
    /// The row ends before them.
    pub fn array<const N: usize>(&mut self) -> Result<[u8; N], Corrupt> {
        let (head, rest) = self
            .rest
            .split_first_chunk::<N>()
            .ok_or_else(|| self.corrupt("it ends too early"))?;
        self.rest = rest;
        Ok(*head)
    }

    /// The next byte.
    ///
    /// # Errors
    /// The row ends before it.
    pub fn u8(&mut self) -> Result<u8, Corrupt> {
        self.array::<1>().map(|[byte]| byte)
    }

    /// The next four bytes, big-endian.
    ///
    /// # Errors
    /// The row ends before them.
    pub fn u32(&mut self) -> Result<u32, Corrupt> {
        self.array().map(u32::from_be_bytes)
    }

    /// The next eight bytes, big-endian.
    ///
    /// # Errors
    /// The row ends before them.
    pub fn u64(&mut self) -> Result<u64, Corrupt> {
        self.array().map(u64::from_be_bytes)
    }

    /// The next LEB128 integer.
    ///
    /// # Errors
    /// The row ends inside it, or it does not fit 64 bits.
    pub fn varint(&mut self) -> Result<u64, Corrupt> {
        let mut value = 0_u64;
        for shift in (0..64).step_by(7) {
            let byte = self.u8()?;
            let bits = u64::from(byte & 0x7f);
            if shift == 63 && bits > 1 {
                break;
            }
            value |= bits << shift;
            if byte & 0x80 == 0 {
                return Ok(value);
            }
        }
        Err(self.corrupt("an integer is longer than 64 bits"))
    }

    /// The next LEB128 integer, at most `u32::MAX`.
    ///
    /// # Errors
    /// As [`Self::varint`], or it is larger.
    pub fn varint32(&mut self) -> Result<u32, Corrupt> {
        u32::try_from(self.varint()?).map_err(|_| self.corrupt("an integer is out of range"))
    }

    /// The next zigzag LEB128 integer.
    ///
    /// # Errors
    /// As [`Self::varint`].
    pub fn signed(&mut self) -> Result<i64, Corrupt> {
        let value = self.varint()?;
        Ok((value >> 1).cast_signed() ^ -(value & 1).cast_signed())
    }

    /// The next length-prefixed bytes.
    ///
    /// # Errors
    /// The row ends before them.
    pub fn bytes(&mut self) -> Result<&'a [u8], Corrupt> {
        let len = usize::try_from(self.varint()?).unwrap_or(usize::MAX);
        let (head, rest) = self
            .rest
            .split_at_checked(len)
            .ok_or_else(|| self.corrupt("it ends too early"))?;
        self.rest = rest;
        Ok(head)
    }

    /// The next length-prefixed text.
    ///
    /// # Errors
    /// The row ends before it, or it is not UTF-8.
    pub fn text(&mut self) -> Result<&'a str, Corrupt> {
        let bytes = self.bytes()?;
        std::str::from_utf8(bytes).map_err(|_| self.corrupt("a text is not UTF-8"))
    }

    /// Ends the row.
    ///
    /// # Errors
    /// Bytes are left.
    pub fn end(&self) -> Result<(), Corrupt> {
        if self.rest.is_empty() {
            Ok(())
        } else {
            Err(self.corrupt("bytes follow its end"))
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn pieces_read_back(a: u64, b: i64, text: Vec<u8>) {
            let mut row = Vec::new();
            put_varint(&mut row, a);
            put_signed(&mut row, b);
            put_bytes(&mut row, &text);
            let mut cursor = Cursor::new("test", &row);
            prop_assert_eq!(cursor.varint(), Ok(a));
            prop_assert_eq!(cursor.signed(), Ok(b));
            prop_assert_eq!(cursor.bytes(), Ok(&text[..]));
            prop_assert_eq!(cursor.end(), Ok(()));
        }

        #[test]
        fn any_bytes_are_survived(row: Vec<u8>) {
            let mut cursor = Cursor::new("test", &row);
            while cursor.varint().is_ok() && cursor.bytes().is_ok() {}
            prop_assert!(cursor.rest().len() <= row.len());
        }
    }

    #[test]
    fn integers_over_64_bits_are_refused() {
        let mut row = vec![0xff; 9];
        row.push(2);
        assert!(Cursor::new("test", &row).varint().is_err());
        row[9] = 1;
        assert_eq!(Cursor::new("test", &row).varint(), Ok(u64::MAX));
    }
}
