//! Sees which device a connection is of, and which of its events leave the proxy.

use std::array;
use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};
use std::sync::{Mutex, MutexGuard};

use palisade_load::codec::{Inbox, Packet, Publish, Version};
use palisade_load::fault::{Way, Witness};
use palisade_sim::whole::Tape;
use palisade_sim::words::{AgentKey, DeviceIx};
use serde::Deserialize;

use super::copies::{Came, Line, Passage, event_digest};
use super::{THREADS, lock};
use crate::drivers::fleet::Common;
use crate::record::{Entry, Passed, digest};
use crate::wire::id::copy_of_name;

/// Longest packet that is looked at.
const LONGEST: usize = 1 << 20;

/// Whose a connection is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Who {
    /// A device of the compound.
    Own(DeviceIx),
    /// A device of a copy.
    Copy(Line),
}

/// What an event is called.
#[derive(Deserialize)]
struct Named<'a> {
    #[serde(borrow)]
    id: Cow<'a, str>,
}

/// Looks at all connections.
#[derive(Debug)]
pub(super) struct Eye {
    common: Common,
    /// Devices of the compound by name.
    devices: BTreeMap<String, DeviceIx>,
    /// Topics of their events, in the order of the tape.
    topics: Vec<String>,
    /// What each client has made.
    made: Mutex<HashMap<String, Made>>,
    /// Streams of devices by connection: for each thread of the proxy its own, so that none waits for another one.
    streams: [Mutex<HashMap<u64, Stream>>; THREADS],
    copies: Mutex<Came>,
}

/// Connections of a client.
#[derive(Debug, Default)]
struct Made {
    /// How many.
    times: u64,
    /// The last two, the latest first.
    last: [Option<u64>; 2],
}

/// What goes up on one connection.
#[derive(Debug)]
struct Stream {
    who: Who,
    inbox: Inbox,
    /// CONNECT has passed.
    greeted: bool,
    /// It is no MQTT any more, or says CONNECT again: no server reads on.
    broken: bool,
    /// The gateway has said something on it.
    stands: bool,
}

impl Eye {
    pub(super) fn new(tape: &Tape, common: &Common) -> Eye {
        let rows = || tape.devices.iter().map(|row| (row.class, row.id.to_string()));
        Eye {
            common: common.clone(),
            devices: rows().enumerate().map(|(i, (_, name))| (name, DeviceIx(i as u32))).collect(),
            topics: rows().map(|(class, name)| common.event_topic(class, &name)).collect(),
            made: Mutex::default(),
            streams: array::from_fn(|_| Mutex::default()),
            copies: Mutex::default(),
        }
    }

    fn streams(&self, connection: u64) -> MutexGuard<'_, HashMap<u64, Stream>> {
        lock(&self.streams[connection as usize % THREADS])
    }

    /// What was seen of copies.
    pub(super) fn copies(&self) -> MutexGuard<'_, Came> {
        lock(&self.copies)
    }

    /// Whose a connection is, where that is known.
    pub(super) fn who(&self, connection: u64) -> Option<Who> {
        self.streams(connection).get(&connection).map(|stream| stream.who)
    }

    /// Who is called so.
    fn named(&self, client: &str) -> Option<Who> {
        let device = |name: &str| self.devices.get(name).copied();
        device(client).map(Who::Own).or_else(|| {
            let (name, copy) = copy_of_name(client)?;
            Some(Who::Copy(Line { copy, device: device(name)? }))
        })
    }

    /// An event, when it is one of the device whose connection it is on.
    fn event(&self, who: Who, publish: &Publish<'_>) {
        let id = || serde_json::from_slice::<Named<'_>>(publish.payload).ok().map(|event| event.id);
        let at_us = self.common.clock.now_us();
        match who {
            Who::Own(device) => {
                if self.topics.get(device.index()).is_some_and(|topic| *topic == publish.topic) {
                    let (id, part) = (id().unwrap_or_default().into_owned(), self.common.part.into());
                    let digest = digest(publish.payload);
                    self.common.journal.write(Entry::Passed(Passed { at_us, part, device, id, digest }));
                }
            }
            Who::Copy(_) => {
                if let Some(id) = id() {
                    let digest = event_digest(publish.topic, publish.payload);
                    self.copies().passed(&self.common.run, &id, Passage { at_us, digest });
                }
            }
        }
    }
}

impl Witness for Eye {
    fn key(&self, connection: u64, first: &[u8]) -> Option<u64> {
        let client = client_id(first)?;
        let (times, old) = {
            let mut made = lock(&self.made);
            let made = made.entry(client.clone()).or_default();
            made.times += 1;
            let [last, before] = made.last;
            made.last = [Some(connection), last];
            (made.times, before)
        };
        // What became of the one before may not be written down yet.
        old.into_iter().for_each(|old| drop(self.streams(old).remove(&old)));
        if let Some(who) = self.named(&client) {
            let inbox = Inbox::new(Version::V311, LONGEST);
            let stream = Stream { who, inbox, greeted: false, broken: false, stands: false };
            self.streams(connection).insert(connection, stream);
        }
        Some(AgentKey::of(&format!("{client}/{times}")).0)
    }

    fn passed(&self, connection: u64, way: Way, bytes: &[u8]) {
        let mut streams = self.streams(connection);
        let Some(stream) = streams.get_mut(&connection).filter(|stream| !stream.broken) else { return };
        let Stream { who, inbox, greeted, broken, stands } = stream;
        if way == Way::Down {
            if let (Who::Copy(line), false) = (*who, std::mem::replace(stands, true)) {
                self.copies().stands(line, (self.common.clock.now_us(), connection));
            }
            return;
        }
        let fed = inbox.feed(bytes, |version, packet| {
            match packet {
                Packet::Connect(connect) => {
                    *version = connect.version;
                    *broken = std::mem::replace(greeted, true);
                }
                Packet::Publish(publish) => self.event(*who, &publish),
                _ => {}
            }
            !*broken
        });
        *broken |= fed.is_err();
    }
}

/// Who a connection is of, by the CONNECT with which it begins.
fn client_id(first: &[u8]) -> Option<String> {
    let (mut inbox, mut client) = (Inbox::new(Version::V311, LONGEST), None);
    // Bytes that are no MQTT name nobody.
    let _ = inbox.feed(first, |_, packet| {
        if let Packet::Connect(connect) = packet {
            client = Some(connect.client_id.to_owned());
        }
        false
    });
    client
}

#[cfg(test)]
mod tests {
    use palisade_load::codec::{Connect, Login, Many, encode};

    use super::*;

    #[test]
    fn a_connection_is_of_the_client_that_its_first_packet_names() {
        let connect = Connect {
            version: Version::V311,
            clean: true,
            keep_alive_s: 30,
            client_id: "beam-1",
            will: None,
            login: Login::default(),
            properties: Many::NONE,
        };
        let mut bytes = Vec::new();
        encode(Version::V311, &Packet::Connect(connect), &mut bytes).expect("a packet");
        assert_eq!(client_id(&bytes).as_deref(), Some("beam-1"));
        for other in [&bytes[..5], b"GET / HTTP/1.1\r\n", &[]] {
            assert_eq!(client_id(other), None, "{other:?}");
        }
    }
}
