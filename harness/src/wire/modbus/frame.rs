//! One frame: unit, function, data, check sum. It has no length field: see [`length`].

use thiserror::Error;

use super::bytes::crc16;

/// Longest frame, bytes.
pub const LONGEST: usize = 256;
/// Shortest frame, bytes: unit, function, check sum.
pub const SHORTEST: usize = 4;
/// The unit whose requests all slaves carry out and none answers.
pub const BROADCAST: u8 = 0;
/// Highest unit that a slave may have.
pub const LAST_UNIT: u8 = 247;
/// Set in the function of an exception.
pub const EXCEPTION: u8 = 0x80;

/// A frame whose check sum is right.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Frame {
    unit: u8,
    /// Function and data, 1 to 253 bytes.
    pdu: Vec<u8>,
}

/// Why bytes are no frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum FrameError {
    /// Too few or too many.
    #[error("{0} bytes are no frame; a frame has {SHORTEST} to {LONGEST}")]
    Length(usize),
    /// The check sum is not that of the bytes before it.
    #[error("the check sum is {said:04x} and should be {computed:04x}")]
    CheckSum {
        /// As received.
        said: u16,
        /// Of the bytes received.
        computed: u16,
    },
}

impl Frame {
    /// A frame for a unit. Nothing when function and data are not 1 to 253 bytes.
    pub fn new(unit: u8, pdu: Vec<u8>) -> Option<Frame> {
        (1..=LONGEST - 3).contains(&pdu.len()).then_some(Frame { unit, pdu })
    }

    /// Reads bytes that are one frame.
    ///
    /// # Errors
    /// When length or check sum are wrong.
    pub fn check(bytes: &[u8]) -> Result<Frame, FrameError> {
        if !(SHORTEST..=LONGEST).contains(&bytes.len()) {
            return Err(FrameError::Length(bytes.len()));
        }
        let (body, sum) = bytes.split_at(bytes.len() - 2);
        let (said, computed) = (u16::from_le_bytes([sum[0], sum[1]]), crc16(body));
        if said != computed {
            return Err(FrameError::CheckSum { said, computed });
        }
        Ok(Frame { unit: body[0], pdu: body[1..].to_vec() })
    }

    /// The bytes, with the check sum's low byte first.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(self.pdu.len() + 3);
        bytes.push(self.unit);
        bytes.extend_from_slice(&self.pdu);
        bytes.extend_from_slice(&crc16(&bytes).to_le_bytes());
        bytes
    }

    /// Whom a request is for, or whose answer it is.
    pub fn unit(&self) -> u8 {
        self.unit
    }

    /// Function and data.
    pub fn pdu(&self) -> &[u8] {
        &self.pdu
    }

    /// The function, with [`EXCEPTION`] set in the answer that refuses.
    pub fn function(&self) -> u8 {
        self.pdu[0]
    }
}

/// Which way a frame goes: the same function has another length there and back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// From the master.
    Request,
    /// From a slave.
    Answer,
}

/// How long the frame is that begins with some bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Length {
    /// So many bytes.
    Known(usize),
    /// Not to be told yet.
    NeedsMore,
    /// Nobody knows this function: only silence ends it.
    BySilence,
}

/// How long the frame is that begins with these bytes.
pub fn length(direction: Direction, bytes: &[u8]) -> Length {
    let Some(&function) = bytes.get(1) else { return Length::NeedsMore };
    let counted =
        |at: usize| bytes.get(at).map_or(Length::NeedsMore, |n| known(at + 1 + usize::from(*n) + 2));
    match (direction, function) {
        (Direction::Request, 1..=6) | (Direction::Answer, 5 | 6 | 15 | 16) => Length::Known(8),
        (Direction::Request, 15 | 16) => counted(6),
        (Direction::Answer, 1..=4) => counted(2),
        (Direction::Answer, EXCEPTION..) => Length::Known(5),
        _ => Length::BySilence,
    }
}

fn known(bytes: usize) -> Length {
    if bytes <= LONGEST { Length::Known(bytes) } else { Length::BySilence }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_follow_function_and_count() {
        use Direction::{Answer, Request};
        for (direction, bytes, expected) in [
            (Request, &[1][..], Length::NeedsMore),
            (Request, &[1, 2], Length::Known(8)),
            (Request, &[1, 16, 0, 1, 0, 2], Length::NeedsMore),
            (Request, &[1, 16, 0, 1, 0, 2, 4], Length::Known(13)),
            (Request, &[1, 15, 0, 1, 0, 2, 250], Length::BySilence),
            (Request, &[1, 0x2B], Length::BySilence),
            (Answer, &[1, 2], Length::NeedsMore),
            (Answer, &[1, 2, 2], Length::Known(7)),
            (Answer, &[1, 16], Length::Known(8)),
            (Answer, &[1, 0x82], Length::Known(5)),
            (Answer, &[1, 7], Length::BySilence),
        ] {
            assert_eq!(length(direction, bytes), expected, "{direction:?} {bytes:02x?}");
        }
    }

    #[test]
    fn what_is_no_frame_says_why() {
        assert_eq!(Frame::check(&[1, 2, 3]), Err(FrameError::Length(3)));
        let said = Frame::check(&[1, 2, 0, 0, 0, 16, 0x79, 0xC7]).expect_err("wrong sum").to_string();
        assert_eq!(said, "the check sum is c779 and should be c679");
        assert_eq!(Frame::new(1, vec![]), None);
        assert_eq!(Frame::new(1, vec![3; 254]), None);
    }
}
