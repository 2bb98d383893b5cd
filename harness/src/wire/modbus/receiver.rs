//! From bytes with their instants to frames. Sans IO: the caller has the port and the clock.
//!
//! A frame ends where its function says, or with a silence of 3.5 characters. Two frames in one piece are two frames.
//! Bytes that begin no frame are broken until the next silence.
//!
//! [`Silence::Exact`] is the standard: a gap of more than 1.5 characters inside a frame voids it. [`Silence::Coarse`] is
//! for a pseudo terminal, where bytes arrive in bursts, without the line's own rhythm, and are seen when the scheduler
//! lets them be seen: gaps void nothing, a broken stretch lasts until a longer silence, and a whole frame behind noise
//! is found.

use std::collections::VecDeque;

use super::bytes::LineRate;
use super::frame::{Direction, Frame, LONGEST, Length, SHORTEST, length};
use crate::record::Micros;

/// Bytes of one stretch that are kept. Far more than a frame: what is longer is noise.
const KEPT: usize = 4 * LONGEST;

/// How gaps are taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Silence {
    /// As the standard says.
    Exact,
    /// What is broken lasts until a silence of so many µs.
    Coarse(Micros),
}

/// What was received.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Heard {
    /// A frame whose check sum is right, whose first byte came at `began_us`.
    Frame {
        /// The frame.
        frame: Frame,
        /// When its first byte was seen, µs.
        began_us: Micros,
    },
    /// So many bytes that are no frame.
    Broken(usize),
}

/// The receiving end of a line.
#[derive(Clone, Debug)]
pub struct Receiver {
    direction: Direction,
    rate: LineRate,
    silence: Silence,
    buffer: Vec<u8>,
    began_us: Micros,
    last_us: Micros,
    /// A gap inside, or a beginning that is no frame.
    void: bool,
    heard: VecDeque<Heard>,
}

impl Receiver {
    /// A receiver of requests or of answers.
    pub fn new(direction: Direction, rate: LineRate, silence: Silence) -> Receiver {
        Receiver {
            direction,
            rate,
            silence,
            buffer: Vec::new(),
            began_us: 0,
            last_us: 0,
            void: false,
            heard: VecDeque::new(),
        }
    }

    /// Bytes came at an instant, µs.
    pub fn bytes(&mut self, at_us: Micros, bytes: &[u8]) {
        self.idle(at_us);
        if self.buffer.is_empty() {
            self.began_us = at_us;
        } else if self.silence == Silence::Exact && at_us - self.last_us > self.rate.character_gap_us() {
            self.void = true;
        }
        self.last_us = at_us;
        for piece in bytes.chunks(LONGEST) {
            self.buffer.extend_from_slice(piece);
            self.by_length();
            if self.buffer.len() > KEPT {
                self.broken(self.buffer.len() - LONGEST);
                self.void = true;
            }
        }
    }

    /// The instant is now: whatever silence has ended is taken. Called at [`Receiver::wakes_us`].
    pub fn idle(&mut self, now_us: Micros) {
        let silent_us = now_us - self.last_us;
        if self.buffer.is_empty() || silent_us < self.rate.frame_gap_us() {
            return;
        }
        self.by_silence();
        if !self.buffer.is_empty() && silent_us >= self.patience_us() {
            self.broken(self.buffer.len());
            self.void = false;
        }
    }

    /// When silence will have ended something, µs, if nothing more comes.
    pub fn wakes_us(&self, now_us: Micros) -> Option<Micros> {
        let first = self.last_us + self.rate.frame_gap_us();
        let at_us = if now_us < first { first } else { self.last_us + self.patience_us() };
        (!self.buffer.is_empty()).then_some(at_us)
    }

    /// What was received next.
    pub fn heard(&mut self) -> Option<Heard> {
        self.heard.pop_front()
    }

    fn patience_us(&self) -> Micros {
        match self.silence {
            Silence::Exact => self.rate.frame_gap_us(),
            Silence::Coarse(us) => us.max(self.rate.frame_gap_us()),
        }
    }

    /// Takes frames whose end is known from their beginning.
    fn by_length(&mut self) {
        while !self.void {
            match self.whole(0) {
                Whole::Frame(frame, bytes) => self.frame(frame, bytes),
                Whole::Not if self.silence == Silence::Exact => self.void = true,
                Whole::Not => match self.behind_noise() {
                    Some((noise, frame, bytes)) => {
                        self.broken(noise);
                        self.frame(frame, bytes);
                    }
                    None => return,
                },
                Whole::Maybe => return,
            }
        }
    }

    /// Takes what the silence of 3.5 characters has ended.
    fn by_silence(&mut self) {
        if !self.void
            && length(self.direction, &self.buffer) == Length::BySilence
            && let Ok(frame) = Frame::check(&self.buffer)
        {
            return self.frame(frame, self.buffer.len());
        }
        if self.silence == Silence::Exact {
            return;
        }
        while let Some((noise, frame, bytes)) = self.behind_noise() {
            self.broken(noise);
            self.frame(frame, bytes);
        }
        self.void = false;
    }

    /// The frame that begins at a place, if its length is known and its check sum right.
    fn whole(&self, at: usize) -> Whole {
        let rest = &self.buffer[at..];
        match length(self.direction, rest) {
            Length::Known(n) if n <= rest.len() => match Frame::check(&rest[..n]) {
                Ok(frame) => Whole::Frame(frame, n),
                Err(_) => Whole::Not,
            },
            Length::Known(_) | Length::NeedsMore | Length::BySilence => Whole::Maybe,
        }
    }

    /// The first whole frame behind bytes that are none.
    fn behind_noise(&self) -> Option<(usize, Frame, usize)> {
        let last = self.buffer.len().saturating_sub(SHORTEST);
        (1..=last).find_map(|at| match self.whole(at) {
            Whole::Frame(frame, bytes) => Some((at, frame, bytes)),
            Whole::Not | Whole::Maybe => None,
        })
    }

    fn frame(&mut self, frame: Frame, bytes: usize) {
        self.heard.push_back(Heard::Frame { frame, began_us: self.began_us });
        self.drop_first(bytes);
    }

    fn broken(&mut self, bytes: usize) {
        if bytes > 0 {
            self.heard.push_back(Heard::Broken(bytes));
        }
        self.drop_first(bytes);
    }

    fn drop_first(&mut self, bytes: usize) {
        self.buffer.drain(..bytes);
        // When the next one began was not seen: not before the last bytes came.
        self.began_us = self.last_us;
    }
}

enum Whole {
    /// A frame of so many bytes.
    Frame(Frame, usize),
    /// It is as long as it should be and no frame.
    Not,
    /// It may become one.
    Maybe,
}

#[cfg(test)]
mod tests {
    use super::*;

    const POLL: [u8; 8] = [1, 2, 0, 0, 0, 16, 0x79, 0xC6];
    /// Read exception status: a function whose length the receiver does not know.
    const STRANGE: [u8; 4] = [1, 7, 0x41, 0xE2];

    /// What the receiver makes of pieces of bytes at instants; `F` for a frame, `b3` for three broken bytes.
    fn check(silence: Silence, pieces: &[(Micros, &[u8])], expected: &str) {
        let mut receiver = Receiver::new(Direction::Request, LineRate::default(), silence);
        for (at_us, bytes) in pieces {
            while let Some(wake) = receiver.wakes_us(receiver.last_us).filter(|wake| wake < at_us) {
                receiver.idle(wake);
                match receiver.wakes_us(wake) {
                    Some(again) if again > wake && again < *at_us => receiver.idle(again),
                    _ => break,
                }
            }
            receiver.bytes(*at_us, bytes);
        }
        receiver.idle(Micros::MAX / 2);
        let mut said = Vec::new();
        while let Some(heard) = receiver.heard() {
            said.push(match heard {
                Heard::Frame { frame, .. } => format!("F{}", frame.function()),
                Heard::Broken(n) => format!("b{n}"),
            });
        }
        assert_eq!(said.join(" "), expected, "{silence:?}, {} pieces", pieces.len());
    }

    #[test]
    fn frames_end_by_length_and_by_silence() {
        for silence in [Silence::Exact, Silence::Coarse(20_000)] {
            check(silence, &[(0, &POLL)], "F2");
            check(silence, &[(0, &[POLL, POLL].concat())], "F2 F2");
            check(silence, &[(0, &POLL[..3]), (1_000, &POLL[3..])], "F2");
            check(silence, &[(0, &STRANGE), (9_000, &POLL)], "F7 F2");
            check(silence, &[(0, &[&POLL[..], &STRANGE].concat()), (50_000, &POLL)], "F2 F7 F2");
        }
    }

    #[test]
    fn gaps_void_a_frame_by_the_standard_and_not_on_a_pseudo_terminal() {
        let in_two = |gap_us| [(0, &POLL[..3]), (gap_us, &POLL[3..])];
        // 1.5 characters are 1,563 µs, 3.5 are 3,646 µs.
        check(Silence::Exact, &in_two(1_500), "F2");
        check(Silence::Exact, &in_two(1_700), "b8");
        check(Silence::Exact, &in_two(4_000), "b3 b5");
        check(Silence::Coarse(20_000), &in_two(4_000), "F2");
        check(Silence::Coarse(20_000), &in_two(30_000), "b3 b5");
        let slowly: Vec<(Micros, &[u8])> =
            POLL.chunks(1).enumerate().map(|(i, b)| (i as i64 * 1_042, b)).collect();
        check(Silence::Exact, &slowly, "F2");
    }

    #[test]
    fn noise_is_passed_over() {
        let noisy = [&[0xFF, 0x00, 0x33][..], &POLL].concat();
        check(Silence::Exact, &[(0, &[0xFF, 0, 3]), (5_000, &POLL)], "b3 F2");
        check(Silence::Exact, &[(0, &noisy), (9_000, &POLL)], "b11 F2");
        check(Silence::Coarse(20_000), &[(0, &noisy), (9_000, &POLL)], "b3 F2 F2");
        check(Silence::Coarse(20_000), &[(0, &POLL[..7]), (1_000, &POLL)], "b7 F2");
        // Noise that looks like the beginning of a long request.
        let long = [&[9, 16, 0, 0, 0, 100, 200][..], &POLL].concat();
        check(Silence::Coarse(20_000), &[(0, &long), (500_000, &POLL)], "b7 F2 F2");
        check(Silence::Coarse(20_000), &[(0, &[0x55; 3_000]), (90_000, &POLL)], "b1024 b1024 b952 F2");
    }

    #[test]
    fn instants_of_the_first_byte_are_kept() {
        let mut receiver = Receiver::new(Direction::Request, LineRate::default(), Silence::Coarse(20_000));
        receiver.bytes(100, &POLL[..2]);
        receiver.bytes(900, &POLL[2..]);
        assert!(matches!(receiver.heard(), Some(Heard::Frame { began_us: 100, .. })));
        assert_eq!(receiver.wakes_us(900), None);
    }
}
