//! What is to leave, and when.

use std::time::{Duration, Instant};

use super::trace::Told;
use crate::codec::QoS;

/// Nanoseconds after the start of the plane.
pub type Nanos = u64;

/// A message and its instant.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Due<'a> {
    /// When it should leave.
    pub at: Nanos,
    /// Which client says it: its place in the list of clients.
    pub client: u32,
    /// In which class it is counted, from 0.
    pub class: u8,
    /// Quality of service.
    pub qos: QoS,
    /// Whether the server keeps it.
    pub retain: bool,
    /// The topic.
    pub topic: &'a str,
    /// The message.
    pub payload: &'a [u8],
    /// By which number the source is told what became of it; nothing when it does not ask.
    pub tag: Option<u32>,
}

/// The messages of one thread, in the order of their instants. A thread has the clients whose place, divided by the
/// number of threads, leaves the thread's own as remainder.
pub trait Source: Send {
    /// The instant from which the messages count is known now.
    fn begin(&mut self, start: Instant) {
        let _ = start;
    }

    /// The next message; nothing when all have been taken.
    fn peek(&self) -> Option<Due<'_>>;

    /// Goes on to the one after it.
    fn advance(&mut self);

    /// Something happened to a message that has a tag.
    fn told(&mut self, told: Told) {
        let _ = told;
    }
}

impl<S: Source> Source for &mut S {
    fn begin(&mut self, start: Instant) {
        (**self).begin(start);
    }

    fn peek(&self) -> Option<Due<'_>> {
        (**self).peek()
    }

    fn advance(&mut self) {
        (**self).advance();
    }

    fn told(&mut self, told: Told) {
        (**self).told(told);
    }
}

/// Equal messages at equal distances, from one client after the other.
#[derive(Clone, Debug, PartialEq)]
pub struct Steady {
    /// Messages a second; 0: all of them are due at once.
    pub rate: f64,
    /// How many.
    pub messages: u64,
    /// Quality of service.
    pub qos: QoS,
    /// The topic.
    pub topic: String,
    /// The message.
    pub payload: Vec<u8>,
}

impl Steady {
    /// The part of each of `threads` threads that share `clients` clients.
    pub fn split(&self, threads: u32, clients: u32) -> Vec<impl Source + use<>> {
        (0..threads).map(|thread| Part { all: self.clone(), thread, threads, clients, taken: 0 }).collect()
    }
}

/// One thread's part: every `threads`th message.
#[derive(Clone, Debug)]
struct Part {
    all: Steady,
    thread: u32,
    threads: u32,
    clients: u32,
    taken: u64,
}

impl Part {
    /// How many clients this thread has.
    fn own(&self) -> u64 {
        u64::from((self.clients - self.thread).div_ceil(self.threads))
    }
}

impl Source for Part {
    fn peek(&self) -> Option<Due<'_>> {
        let number = self.taken * u64::from(self.threads) + u64::from(self.thread);
        let due = number < self.all.messages && self.thread < self.clients;
        let second = Duration::from_secs(1).as_nanos() as f64;
        due.then(|| Due {
            at: if self.all.rate > 0.0 { (number as f64 * second / self.all.rate) as Nanos } else { 0 },
            client: self.thread + (self.taken % self.own()) as u32 * self.threads,
            class: 0,
            qos: self.all.qos,
            retain: false,
            topic: &self.all.topic,
            payload: &self.all.payload,
            tag: None,
        })
    }

    fn advance(&mut self) {
        self.taken += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_parts_make_the_whole() {
        let (qos, topic, payload) = (QoS::AtMostOnce, String::new(), Vec::new());
        let all = Steady { rate: 1_000.0, messages: 10, qos, topic, payload };
        let mut sent = Vec::new();
        for mut part in all.split(3, 5) {
            while let Some(due) = part.peek() {
                sent.push((due.at / 1_000, due.client));
                part.advance();
            }
        }
        sent.sort_unstable();
        let instants: Vec<u64> = sent.iter().map(|(at, _)| *at).collect();
        assert_eq!(instants, [0, 1_000, 2_000, 3_000, 4_000, 5_000, 6_000, 7_000, 8_000, 9_000]);
        let clients: Vec<u32> = sent.iter().map(|(_, client)| *client).collect();
        assert_eq!(clients, [0, 1, 2, 3, 4, 2, 0, 1, 2, 3]);
    }
}
