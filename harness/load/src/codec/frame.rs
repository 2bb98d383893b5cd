//! Where a packet begins and ends in a stream: the fixed header.

use super::reader::Reader;
use super::{Malformed, Packet, Version, decode};

/// The most bytes that may follow a fixed header.
pub const LONGEST_BODY: usize = 268_435_455;
/// The most bytes of a fixed header.
const LONGEST_HEADER: usize = 5;

/// One packet as it stands in the stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Frame<'a> {
    /// Kind in the high half, flags in the low one.
    pub first: u8,
    /// What follows the fixed header.
    pub body: &'a [u8],
    /// Bytes of the fixed header.
    pub header: usize,
}

impl Frame<'_> {
    /// Bytes of the whole packet.
    pub fn len(&self) -> usize {
        self.header + self.body.len()
    }

    /// A packet has at least two bytes.
    pub fn is_empty(&self) -> bool {
        false
    }
}

/// The first whole packet in `bytes`; nothing when more must come. `longest` bounds the whole packet, so that a length
/// that is garbage is told at once instead of being waited for.
pub fn frame(bytes: &[u8], longest: usize) -> Result<Option<Frame<'_>>, Malformed> {
    let Some((&first, rest)) = bytes.split_first() else { return Ok(None) };
    if first < 0x10 {
        return Err(Malformed { at: 0, what: "packets of kind 0 do not exist" });
    }
    // Told before the length is read: what is no MQTT at all is seldom as long as it seems to say.
    if !has_flags(first) {
        return Err(Malformed { at: 0, what: "flags that this kind of packet does not have" });
    }
    let mut reader = Reader::new(rest, 1);
    let length = match reader.variable() {
        Ok(length) => length as usize,
        Err(_) if bytes.len() < LONGEST_HEADER && rest.iter().all(|byte| *byte >= 0x80) => return Ok(None),
        Err(error) => return Err(error),
    };
    let header = reader.at();
    if header + length > longest {
        return Err(Malformed { at: 1, what: "a packet longer than is accepted here" });
    }
    Ok(bytes.get(header..header + length).map(|body| Frame { first, body, header }))
}

/// Only PUBLISH has flags; three kinds have a fixed one.
fn has_flags(first: u8) -> bool {
    match first >> 4 {
        3 => true,
        6 | 8 | 10 => first & 0x0f == 2,
        _ => first & 0x0f == 0,
    }
}

/// Puts packets together from pieces as they come from a socket. Between pieces it keeps the beginning of the packet
/// that is not whole yet, and nothing else.
#[derive(Debug)]
pub struct Inbox {
    version: Version,
    longest: usize,
    begun: Vec<u8>,
}

impl Inbox {
    /// Accepts packets of up to `longest` bytes.
    pub fn new(version: Version, longest: usize) -> Inbox {
        Inbox { version, longest, begun: Vec::new() }
    }

    /// From now on packets are of this version: a server learns it from CONNECT.
    pub fn speak(&mut self, version: Version) {
        self.version = version;
    }

    /// Forgets the packet that had begun: the connection is a new one.
    pub fn clear(&mut self) {
        self.begun = Vec::new();
    }

    /// Bytes of the packet that has begun.
    pub fn pending(&self) -> usize {
        self.begun.len()
    }

    /// Takes in a piece and hands each packet that it completes to `each`, which says whether to go on; after a no
    /// the rest of the piece is dropped.
    pub fn feed(
        &mut self,
        piece: &[u8],
        mut each: impl FnMut(&mut Version, Packet<'_>) -> bool,
    ) -> Result<(), Malformed> {
        if self.begun.is_empty() {
            let used = self.packets(piece, &mut each)?;
            self.begun.extend_from_slice(&piece[used..]);
            return Ok(());
        }
        let mut whole = std::mem::take(&mut self.begun);
        whole.extend_from_slice(piece);
        let used = self.packets(&whole, &mut each)?;
        if used < whole.len() {
            whole.drain(..used);
            self.begun = whole;
        }
        Ok(())
    }

    /// How many bytes of `bytes` were whole packets.
    fn packets(
        &mut self,
        bytes: &[u8],
        each: &mut impl FnMut(&mut Version, Packet<'_>) -> bool,
    ) -> Result<usize, Malformed> {
        let mut used = 0;
        while let Some(frame) = frame(&bytes[used..], self.longest)? {
            used += frame.len();
            let packet = decode(self.version, frame)?;
            if !each(&mut self.version, packet) {
                return Ok(bytes.len());
            }
        }
        Ok(used)
    }
}
