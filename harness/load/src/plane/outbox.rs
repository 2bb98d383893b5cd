//! What a client still has to write, with the instant of each message.

use std::collections::VecDeque;

use super::source::Nanos;

/// What is kept of an empty outbox, bytes and messages: enough for a few messages, too little to matter ten thousand
/// times.
const KEPT_BYTES: usize = 512;
const KEPT_MARKS: usize = 8;

/// One packet that waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Mark {
    /// When it should leave.
    pub(super) due: Nanos,
    /// Its bytes.
    pub(super) length: u32,
    /// Its packet identifier; 0 at QoS 0.
    pub(super) id: u16,
    /// Its class; none when it belongs to the protocol.
    pub(super) class: Option<u8>,
    /// By which number its source is told of it.
    pub(super) tag: Option<u32>,
    /// It has left before.
    pub(super) again: bool,
}

/// Packets in the order in which they leave.
#[derive(Debug, Default)]
pub(super) struct Outbox {
    bytes: Vec<u8>,
    /// Bytes of whole packets at the front that have left.
    gone: usize,
    /// Bytes written of the packet behind them.
    begun: usize,
    /// Bytes up to the end of the last packet.
    marked: usize,
    marks: VecDeque<Mark>,
}

impl Outbox {
    pub(super) fn is_empty(&self) -> bool {
        self.marks.is_empty()
    }

    /// Bytes that wait.
    pub(super) fn waiting(&self) -> usize {
        self.bytes.len() - self.gone - self.begun
    }

    /// Where a packet is appended; [`Outbox::mark`] must follow.
    pub(super) fn buffer(&mut self) -> &mut Vec<u8> {
        &mut self.bytes
    }

    /// The bytes appended since the last mark are this packet.
    pub(super) fn mark(&mut self, due: Nanos, id: u16, class: Option<u8>, tag: Option<u32>) {
        let length = (self.bytes.len() - self.marked) as u32;
        self.marked = self.bytes.len();
        self.marks.push_back(Mark { due, length, id, class, tag, again: false });
    }

    /// Bytes that may be written when at most `answerable` packets with an identifier may leave.
    pub(super) fn ready(&self, answerable: usize) -> &[u8] {
        let rest = &self.bytes[self.gone + self.begun..];
        if self.marks.len() <= answerable {
            return rest;
        }
        let (mut length, mut left) = (0, answerable);
        for mark in &self.marks {
            if mark.id != 0 && mark.class.is_some() {
                if left == 0 {
                    break;
                }
                left -= 1;
            }
            length += mark.length as usize;
        }
        &rest[..length.saturating_sub(self.begun).min(rest.len())]
    }

    /// So many bytes were written; each packet that has left as a whole is handed out with its bytes.
    pub(super) fn wrote(&mut self, bytes: usize, mut left: impl FnMut(Mark, &[u8])) {
        self.begun += bytes;
        while let Some(mark) = self.marks.front().copied().filter(|mark| mark.length as usize <= self.begun) {
            let length = mark.length as usize;
            self.marks.pop_front();
            left(mark, &self.bytes[self.gone..self.gone + length]);
            self.begun -= length;
            self.gone += length;
        }
        if self.marks.is_empty() {
            self.bytes.clear();
            (self.gone, self.marked) = (0, 0);
            self.bytes.shrink_to(KEPT_BYTES);
            if self.marks.capacity() > KEPT_MARKS {
                self.marks.shrink_to(KEPT_MARKS);
            }
        } else if self.gone >= self.bytes.len() / 2 && self.gone >= KEPT_BYTES {
            self.bytes.drain(..self.gone);
            self.marked -= self.gone;
            self.gone = 0;
        }
    }

    /// The connection is gone: what had begun begins again on the next one, and what belongs to the old one is
    /// forgotten.
    pub(super) fn rewind(&mut self) {
        let (mut at, bytes) = (self.gone, std::mem::take(&mut self.bytes));
        self.marks.retain(|mark| {
            let packet = &bytes[at..at + mark.length as usize];
            at += packet.len();
            if mark.class.is_some() {
                self.bytes.extend_from_slice(packet);
            }
            mark.class.is_some()
        });
        (self.gone, self.begun, self.marked) = (0, 0, self.bytes.len());
    }

    /// Packets that had left leave again, before all others. Nothing may have been written since [`Outbox::rewind`].
    pub(super) fn put_back(&mut self, packets: impl IntoIterator<Item = (Mark, Box<[u8]>)>) {
        let (mut bytes, mut marks) = (Vec::new(), VecDeque::new());
        for (mark, packet) in packets {
            bytes.extend_from_slice(&packet);
            marks.push_back(Mark { again: true, ..mark });
        }
        if marks.is_empty() {
            return;
        }
        bytes.append(&mut self.bytes);
        marks.append(&mut self.marks);
        (self.bytes, self.marks) = (bytes, marks);
        self.marked = self.bytes.len();
    }

    /// What waits.
    pub(super) fn rest(&self) -> impl Iterator<Item = Mark> + '_ {
        self.marks.iter().copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn filled(packets: &[(&str, u16)]) -> Outbox {
        let mut outbox = Outbox::default();
        for (i, (bytes, id)) in packets.iter().enumerate() {
            outbox.buffer().extend_from_slice(bytes.as_bytes());
            outbox.mark(i as Nanos, *id, (*bytes != "ping").then_some(0), None);
        }
        outbox
    }

    fn wrote(outbox: &mut Outbox, bytes: usize) -> Vec<Nanos> {
        let mut left = Vec::new();
        outbox.wrote(bytes, |mark, _| left.push(mark.due));
        left
    }

    #[test]
    fn a_message_has_left_when_its_last_byte_has() {
        let mut outbox = filled(&[("abc", 0), ("de", 0), ("f", 0)]);
        assert_eq!(wrote(&mut outbox, 2), []);
        assert_eq!(outbox.ready(9), b"cdef");
        assert_eq!(wrote(&mut outbox, 3), [0, 1]);
        assert_eq!((outbox.ready(9), outbox.waiting()), (&b"f"[..], 1));
        assert_eq!(wrote(&mut outbox, 1), [2]);
        assert!(outbox.is_empty() && outbox.waiting() == 0);
    }

    #[test]
    fn a_full_window_holds_back_what_wants_an_answer_and_what_is_behind_it() {
        let mut outbox = filled(&[("ab", 1), ("ping", 0), ("cd", 2), ("ef", 0)]);
        assert_eq!(outbox.ready(0), b"");
        assert_eq!(outbox.ready(1), b"abping");
        assert_eq!(outbox.ready(2), b"abpingcdef");
        assert_eq!(wrote(&mut outbox, 1), []);
        assert_eq!(outbox.ready(1), b"bping");
    }

    #[test]
    fn what_had_begun_begins_again_and_the_protocols_own_is_forgotten() {
        let mut outbox = filled(&[("ab", 0), ("ping", 0), ("cdef", 0)]);
        assert_eq!(wrote(&mut outbox, 7), [0, 1]);
        outbox.rewind();
        assert_eq!(outbox.ready(9), b"cdef");
        outbox.buffer().extend_from_slice(b"gh");
        outbox.mark(3, 0, Some(0), None);
        assert_eq!(wrote(&mut outbox, 6), [2, 3]);
        let mut outbox = filled(&[("ping", 0), ("ab", 0)]);
        outbox.rewind();
        assert_eq!((outbox.ready(9), outbox.marks.len()), (&b"ab"[..], 1));
    }

    #[test]
    fn what_had_left_leaves_again_first() {
        let mut outbox = filled(&[("ab", 1), ("cd", 2), ("ef", 3)]);
        let mut gone = Vec::new();
        outbox.wrote(4, |mark, packet| gone.push((mark, Box::from(packet))));
        outbox.rewind();
        outbox.put_back(gone);
        assert_eq!(outbox.ready(9), b"abcdef");
        let again: Vec<(u16, bool)> = outbox.rest().map(|mark| (mark.id, mark.again)).collect();
        assert_eq!(again, [(1, true), (2, true), (3, false)]);
        outbox.buffer().extend_from_slice(b"gh");
        outbox.mark(4, 4, Some(0), None);
        assert_eq!(wrote(&mut outbox, 8), [0, 1, 2, 4]);
    }

    #[test]
    fn a_long_queue_gives_its_room_back() {
        let mut outbox = Outbox::default();
        for i in 0..10_000 {
            outbox.buffer().extend_from_slice(&[7; 40]);
            outbox.mark(i, 0, Some(0), None);
        }
        assert_eq!(wrote(&mut outbox, 399_999).len(), 9_999);
        assert!(outbox.bytes.len() < 1_000, "{}", outbox.bytes.len());
        assert_eq!(wrote(&mut outbox, 1), [9_999]);
        assert!(outbox.bytes.capacity() <= KEPT_BYTES && outbox.marks.capacity() <= 2 * KEPT_MARKS);
    }
}
