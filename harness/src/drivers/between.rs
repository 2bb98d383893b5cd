//! The fault proxy of a run: it stands between devices and the gateway, and the journal says what it did and which
//! events the gateway had. It is quiet until the first message is due; instants of faults count from there.
//!
//! Chance is drawn by device and by how many connections it has made, so that a seed gives each device the same faults
//! in whatever order devices connect, and copies beside it change nothing.

use std::collections::BTreeMap;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use palisade_load::codec::{Inbox, Packet, Version};
use palisade_load::fault::{Applied, Outcome, Proxy, Settings, Way, Witness};
use palisade_sim::whole::Tape;
use palisade_sim::words::{AgentKey, DeviceIx};
use serde_json::Value;

use super::fleet::Common;
use super::mqtt::Address;
use crate::fault::Faults;
use crate::record::{Befell, Entry, Fault, Micros, Passed, Proxied, digest};

/// Threads that serve the connections.
const THREADS: usize = 2;
/// How often what was done is written down.
const LOOK: Duration = Duration::from_millis(50);
/// Longest packet that is looked at.
const LONGEST: usize = 1 << 20;

/// The faults of a run.
#[derive(Clone, Debug, PartialEq)]
pub struct Plan {
    /// What happens.
    pub faults: Faults,
    /// The file that it was read from, as typed.
    pub file: String,
    /// Where chance comes from.
    pub seed: u64,
}

/// A proxy at work.
#[derive(Debug)]
pub struct Between {
    /// Where devices connect.
    pub address: Address,
    proxy: Arc<Proxy>,
    watch: Arc<Watch>,
    thread: JoinHandle<()>,
}

impl Between {
    /// Listens on a free loopback port.
    ///
    /// # Errors
    /// A sentence, when the gateway's address is none or the kernel gives no port or thread.
    pub fn start(plan: &Plan, to: &Address, tape: &Tape, common: &Common) -> Result<Between, String> {
        let to = to.resolve().map_err(|error| format!("{to} has no address: {error}"))?;
        let eye = Arc::new(Eye::new(tape, common));
        let settings = Settings {
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
            to,
            faults: plan.faults.lines(),
            seed: plan.seed,
            threads: THREADS,
            quiet: true,
            witness: Some(eye.clone()),
        };
        let failed = |error| format!("the proxy for the faults could not be started: {error}");
        let proxy = Arc::new(Proxy::start(settings).map_err(failed)?);
        let address = Address { host: "127.0.0.1".into(), port: proxy.address().port() };
        let (begun_us, stop, totals) = Default::default();
        let (plan, common) = (plan.clone(), common.clone());
        let watch = Arc::new(Watch { plan, common, eye, begun_us, stop, totals });
        let (seen, writes) = (proxy.clone(), watch.clone());
        let write_down = move || {
            while !writes.stop.load(Ordering::Relaxed) {
                std::thread::sleep(LOOK);
                writes.write(&seen.take_log());
            }
        };
        let thread = std::thread::Builder::new().name("faults".into()).spawn(write_down).map_err(failed)?;
        Ok(Between { address, proxy, watch, thread })
    }

    /// From this instant of the run's clock on there are faults.
    pub fn begin(&self, at_us: Micros) {
        self.watch.begun_us.store(at_us, Ordering::SeqCst);
        self.watch.announce(at_us);
        self.proxy.begin(self.watch.common.clock.instant(at_us));
    }

    /// Whether devices that connect wait until they are let through.
    pub fn hold(&self, hold: bool) {
        self.proxy.hold(hold);
    }

    /// Ends it, and writes down the rest. Connections that stand are reset.
    pub fn end(self) {
        self.watch.stop.store(true, Ordering::Relaxed);
        // A watcher that panicked has nothing more to write.
        let _ = self.thread.join();
        let Some(proxy) = Arc::into_inner(self.proxy) else { return };
        match proxy.stop() {
            Ok((outcome, rest)) => {
                self.watch.write(&rest);
                self.watch.sum_up(&outcome);
            }
            Err(error) => {
                self.watch.common.note("info", format!("the proxy for the faults stopped: {error}"))
            }
        }
    }
}

/// Writes down what faults did.
#[derive(Debug)]
struct Watch {
    plan: Plan,
    common: Common,
    eye: Arc<Eye>,
    begun_us: AtomicI64,
    stop: AtomicBool,
    /// By fault and word: how often, how much.
    totals: Mutex<BTreeMap<String, [u64; 2]>>,
}

impl Watch {
    fn announce(&self, at_us: Micros) {
        let us = |ns: u64| i64::try_from(ns / 1_000).unwrap_or(i64::MAX);
        for (i, (fault, line)) in self.plan.faults.fault.iter().zip(self.plan.faults.lines()).enumerate() {
            self.common.journal.write(Entry::Fault(Fault {
                number: i + 1,
                part: self.common.part.into(),
                kind: line.what.word().into(),
                text: fault.to_string(),
                from_us: at_us + us(line.from),
                until_us: (line.until != u64::MAX).then(|| at_us + us(line.until)),
            }));
        }
    }

    fn write(&self, log: &[Applied]) {
        let begun_us = self.begun_us.load(Ordering::SeqCst);
        let mut totals = self.totals.lock().unwrap_or_else(PoisonError::into_inner);
        for one in log {
            let (word, amount) = one.done.words();
            let amount = amount.map(|(_, amount)| amount);
            let total = totals.entry(format!("{} {word}", one.fault + 1)).or_default();
            *total = [total[0] + 1, total[1] + amount.unwrap_or(0)];
            let Some(device) = self.eye.device(one.connection) else { continue };
            self.common.journal.write(Entry::Befell(Befell {
                at_us: begun_us + i64::try_from(one.at / 1_000).unwrap_or(i64::MAX),
                part: self.common.part.into(),
                fault: one.fault + 1,
                device,
                line: None,
                connection: one.connection,
                way: one.way.word().into(),
                offset: one.offset,
                done: word.into(),
                amount,
            }));
        }
    }

    fn sum_up(&self, outcome: &Outcome) {
        let late = |percent| outcome.lateness.percentile_us(percent);
        self.common.journal.write(Entry::Proxied(Proxied {
            at_us: self.common.clock.now_us(),
            part: self.common.part.into(),
            seed: self.plan.seed,
            name: self.plan.faults.name.clone(),
            connections: outcome.connections,
            unreached: outcome.unreached,
            came: outcome.came,
            left: outcome.left,
            lateness_us: late(50.0).zip(late(99.0)).map(|(half, most)| [half, most]),
            latest_us: late(100.0).unwrap_or_default(),
            held: outcome.lateness.count(),
            totals: self.totals.lock().unwrap_or_else(PoisonError::into_inner).clone(),
        }));
    }
}

/// Sees which device a connection is of, and which of its events leave the proxy.
#[derive(Debug)]
struct Eye {
    common: Common,
    /// Devices of the compound by name, with the topic of their events.
    devices: BTreeMap<String, (DeviceIx, String)>,
    seen: Mutex<Seen>,
}

#[derive(Debug, Default)]
struct Seen {
    /// How many connections each client has made.
    made: BTreeMap<String, u64>,
    /// Streams of the compound's devices by connection.
    streams: BTreeMap<u64, Stream>,
}

/// What goes up on one connection.
#[derive(Debug)]
struct Stream {
    device: DeviceIx,
    topic: String,
    inbox: Inbox,
    /// It is no MQTT any more: no server reads on.
    broken: bool,
}

impl Eye {
    fn new(tape: &Tape, common: &Common) -> Eye {
        let row = |(i, row): (usize, &palisade_sim::whole::tape::TapeDevice)| {
            let name = row.id.to_string();
            let topic = common.event_topic(row.class, &name);
            (name, (DeviceIx(i as u32), topic))
        };
        let devices = tape.devices.iter().enumerate().map(row).collect();
        Eye { common: common.clone(), devices, seen: Mutex::default() }
    }

    fn seen(&self) -> MutexGuard<'_, Seen> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn device(&self, connection: u64) -> Option<DeviceIx> {
        self.seen().streams.get(&connection).map(|stream| stream.device)
    }

    /// The device that says it, when it is an event of the device whose connection it is on.
    fn event(&self, device: DeviceIx, payload: &[u8]) {
        let id = serde_json::from_slice::<Value>(payload).ok();
        let id = id.as_ref().and_then(|event| event.get("id")?.as_str()).unwrap_or_default().to_owned();
        let (at_us, part) = (self.common.clock.now_us(), self.common.part.into());
        let digest = digest(payload);
        self.common.journal.write(Entry::Passed(Passed { at_us, part, device, id, digest }));
    }
}

impl Witness for Eye {
    fn key(&self, connection: u64, first: &[u8]) -> Option<u64> {
        let client = client_id(first)?;
        let mut seen = self.seen();
        let made = seen.made.entry(client.clone()).or_default();
        *made += 1;
        let key = AgentKey::of(&format!("{client}/{made}")).0;
        if let Some((device, topic)) = self.devices.get(&client) {
            let inbox = Inbox::new(Version::V311, LONGEST);
            let stream = Stream { device: *device, topic: topic.clone(), inbox, broken: false };
            seen.streams.insert(connection, stream);
        }
        Some(key)
    }

    fn passed(&self, connection: u64, way: Way, bytes: &[u8]) {
        if way == Way::Down {
            return;
        }
        let mut seen = self.seen();
        let Some(stream) = seen.streams.get_mut(&connection).filter(|stream| !stream.broken) else { return };
        let Stream { device, topic, inbox, broken } = stream;
        let fed = inbox.feed(bytes, |version, packet| {
            match packet {
                Packet::Connect(connect) => *version = connect.version,
                Packet::Publish(publish) if publish.topic == *topic => self.event(*device, publish.payload),
                _ => {}
            }
            true
        });
        *broken = fed.is_err();
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
