//! Bytes are taken from the front; whoever takes too many is told where.

use super::{LONGEST_BODY, Malformed};

/// The rest of a packet.
#[derive(Clone, Copy, Debug)]
pub struct Reader<'a> {
    rest: &'a [u8],
    /// Where in the packet the rest begins.
    at: usize,
}

impl<'a> Reader<'a> {
    pub(super) fn new(rest: &'a [u8], at: usize) -> Reader<'a> {
        Reader { rest, at }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.rest.is_empty()
    }

    pub(super) fn at(&self) -> usize {
        self.at
    }

    pub(super) fn wrong(&self, what: &'static str) -> Malformed {
        Malformed { at: self.at, what }
    }

    /// All that is left.
    pub(super) fn all(&mut self) -> &'a [u8] {
        self.at += self.rest.len();
        std::mem::take(&mut self.rest)
    }

    pub(super) fn slice(&mut self, bytes: usize) -> Result<&'a [u8], Malformed> {
        let cut = self.rest.split_at_checked(bytes);
        let (taken, rest) =
            cut.ok_or(Malformed { at: self.at + self.rest.len(), what: "the packet ends too early" })?;
        (self.rest, self.at) = (rest, self.at + bytes);
        Ok(taken)
    }

    /// The next `bytes` as a reader of their own.
    pub(super) fn part(&mut self, bytes: usize) -> Result<Reader<'a>, Malformed> {
        let at = self.at;
        Ok(Reader::new(self.slice(bytes)?, at))
    }

    pub(super) fn u8(&mut self) -> Result<u8, Malformed> {
        Ok(self.slice(1)?[0])
    }

    pub(super) fn u16(&mut self) -> Result<u16, Malformed> {
        let b = self.slice(2)?;
        Ok(u16::from_be_bytes([b[0], b[1]]))
    }

    pub(super) fn u32(&mut self) -> Result<u32, Malformed> {
        let b = self.slice(4)?;
        Ok(u32::from_be_bytes([b[0], b[1], b[2], b[3]]))
    }

    /// Seven bits a byte, the low ones first, in as few bytes as the number needs.
    pub(super) fn variable(&mut self) -> Result<u32, Malformed> {
        let start = *self;
        let (mut value, mut last) = (0, 0);
        for place in 0..4 {
            last = self.u8()?;
            value |= u32::from(last & 0x7f) << (7 * place);
            if last < 0x80 {
                // A number that ends in a zero byte could have been shorter.
                let spare = place > 0 && last == 0;
                return if spare {
                    Err(start.wrong("a length in more bytes than it needs"))
                } else {
                    Ok(value)
                };
            }
        }
        debug_assert!(last >= 0x80 && value <= LONGEST_BODY as u32);
        Err(start.wrong("a length of more than four bytes"))
    }

    pub(super) fn block(&mut self) -> Result<&'a [u8], Malformed> {
        let bytes = self.u16()?;
        self.slice(usize::from(bytes))
    }

    pub(super) fn text(&mut self) -> Result<&'a str, Malformed> {
        let bytes = self.u16()?;
        let at = self.at;
        let text = std::str::from_utf8(self.slice(usize::from(bytes))?)
            .map_err(|error| Malformed { at: at + error.valid_up_to(), what: "text that is not UTF-8" })?;
        match text.find('\0') {
            Some(zero) => Err(Malformed { at: at + zero, what: "text with the character U+0000" }),
            None => Ok(text),
        }
    }

    pub(super) fn packet_id(&mut self) -> Result<u16, Malformed> {
        let start = *self;
        match self.u16()? {
            0 => Err(start.wrong("a packet identifier of 0")),
            id => Ok(id),
        }
    }

    /// Nothing may be left.
    pub(super) fn end(&self) -> Result<(), Malformed> {
        if self.rest.is_empty() { Ok(()) } else { Err(self.wrong("bytes after the end of the packet")) }
    }
}
