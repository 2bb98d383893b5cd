//! Hearing what the gateway says: a connection of its own on a thread of its own, so that no device's work delays the
//! stamp.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::RecvTimeoutError;
use std::thread::JoinHandle;
use std::time::Duration;

use palisade_load::process::prefer_this_thread;
use palisade_load::subscribe::PROMPT;
use palisade_sim::contract::{Class, Signal};
use rumqttc::{AsyncClient, Event as MqttEvent, EventLoop, Packet, Publish, QoS};
use tokio::sync::oneshot;

use crate::contract::Decoder;
use crate::contract::decode::Read;
use crate::drivers::fleet::{Common, Figures};
use crate::drivers::mqtt::{Address, client};
use crate::drivers::platform::{Ear, Heard, Platform};
use crate::latency::Series;
use crate::record::{Entry, Hearing, Micros, Observation};
use crate::wire::mqtt_json::{Event, PROBE};

/// Characters of a payload that the journal keeps.
const KEPT: usize = 2_000;
/// How often the probe asks again.
const ASK: Duration = Duration::from_millis(200);
/// How often a wait looks whether somebody asked to stop.
const LOOK: Duration = Duration::from_millis(50);

/// Listens until it is stopped.
#[derive(Debug)]
pub struct Observer {
    stop: oneshot::Sender<()>,
    thread: JoinHandle<()>,
    cloud: Option<Cloud>,
}

/// Where answers are heard, and how they are read.
#[derive(Debug)]
pub struct Source {
    /// How they are read.
    pub reading: Decoder,
    /// A platform that the gateway sends its answers to; the devices' broker when there is none.
    pub cloud: Option<Cloud>,
}

/// A platform that writes down what it hears.
#[derive(Debug)]
pub struct Cloud {
    platform: Platform,
    /// Whether the probe came.
    probe: Arc<AtomicBool>,
}

impl Cloud {
    /// Listens from now on.
    ///
    /// # Errors
    /// When the address cannot be listened at.
    pub fn listen(
        at: SocketAddr,
        common: Common,
        figures: Arc<Figures>,
        reading: Decoder,
    ) -> io::Result<Cloud> {
        let probe = Arc::new(AtomicBool::new(false));
        let came = probe.clone();
        let clock = common.clock;
        let ear: Ear = Arc::new(move |received_us, heard| match heard {
            Heard::Row(row) if row.device == PROBE => came.store(true, Ordering::SeqCst),
            Heard::Row(row) => {
                figures.answers.fetch_add(1, Ordering::Relaxed);
                let json = row.json();
                let read = reading.read_row(&serde_json::from_str(&json).unwrap_or_default());
                let said = Publish::new("v1/gateway/telemetry", QoS::AtLeastOnce, json);
                common.journal.write(Entry::Observed(observation(&said, received_us, common.part, read)));
            }
            Heard::Gone(why) => common.note("observer", format!("the gateway left the platform: {why}")),
            Heard::Odd(what) => common.note("observer", format!("of the gateway, at the platform: {what}")),
            Heard::Connected | Heard::Device(_) => {}
        });
        Ok(Cloud { platform: Platform::listen(at, clock, ear)?, probe })
    }
}

/// Connects, subscribes, and waits until the gateway passes on the message of a probe.
///
/// # Errors
/// A sentence, when the gateway does not answer within `patience`, or `stop` says so before.
pub fn observe(
    to: &Address,
    source: Source,
    (common, figures): (Common, Arc<Figures>),
    patience: Duration,
    stop_asked: &dyn Fn() -> bool,
) -> Result<Observer, String> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| format!("the runtime could not be started: {error}"))?;
    let (stop, stopped) = oneshot::channel();
    let (tell, told) = std::sync::mpsc::channel();
    let to = to.clone();
    let Source { reading, cloud } = source;
    let heard_at = Place::of(reading, cloud.as_ref());
    let thread = std::thread::Builder::new().name("observer".into()).spawn(move || {
        prefer_this_thread();
        runtime.block_on(async {
            let (client, mut events) = client(&format!("palisade-observer-{}", common.run), &to, None);
            let ready = ready(&client, &mut events, &common, &heard_at);
            let ready = match tokio::time::timeout(patience, ready).await {
                Ok(()) => Ok(()),
                Err(_) => Err(format!(
                    "the gateway at {to} passed on no probe within {} s: it must answer what is said on {} {}",
                    patience.as_secs(),
                    common.event_topic(Class::DutyRoom, PROBE),
                    heard_at.described()
                )),
            };
            let good = ready.is_ok();
            // Nobody waits any more when the run was stopped meanwhile.
            if tell.send(ready).is_ok() && good {
                listen(client, events, (&common, &figures), &heard_at, stopped).await;
            }
        });
    });
    let thread = thread.map_err(|error| format!("a thread could not be started: {error}"))?;
    loop {
        match told.recv_timeout(LOOK) {
            Ok(ready) => return ready.map(|()| Observer { stop, thread, cloud }),
            Err(RecvTimeoutError::Disconnected) => return Err("the observer stopped; this is a bug".into()),
            Err(RecvTimeoutError::Timeout) if stop_asked() => return Err("stopped while connecting".into()),
            Err(RecvTimeoutError::Timeout) => {}
        }
    }
}

/// Where answers come.
struct Place {
    /// The filters of answers; none when a platform hears them.
    filters: Vec<String>,
    reading: Decoder,
    /// Whether the platform heard the probe.
    probe: Arc<AtomicBool>,
}

impl Place {
    fn of(reading: Decoder, cloud: Option<&Cloud>) -> Place {
        Place {
            filters: if cloud.is_none() { reading.filters() } else { Vec::new() },
            reading,
            probe: cloud.map(|cloud| cloud.probe.clone()).unwrap_or_default(),
        }
    }

    fn described(&self) -> String {
        if self.filters.is_empty() {
            return "in the telemetry that it sends to its platform".into();
        }
        format!("on {}", self.filters.join(" or "))
    }

    /// Whether a message is the answer to a probe.
    fn is_probe(&self, publish: &Publish) -> bool {
        publish.topic.ends_with(PROBE) || self.reading.read(&publish.topic, &publish.payload).device == PROBE
    }

    /// Asks for all answers, if they come over the broker.
    fn subscribe(&self, client: &AsyncClient) {
        for filter in &self.filters {
            // The queue has room: nothing else was asked of this client.
            let _ = client.try_subscribe(filter.clone(), QoS::AtLeastOnce);
        }
    }
}

/// Subscribes, then asks until an answer comes. A lost connection starts again.
async fn ready(client: &AsyncClient, events: &mut EventLoop, common: &Common, place: &Place) {
    let run = &common.run;
    let topic = common.event_topic(Class::DutyRoom, PROBE);
    if !common.contract.probe && place.filters.is_empty() {
        return;
    }
    let mut ask = tokio::time::interval(ASK);
    let mut subscribed = false;
    // Each question has an id of its own: a gateway may rightly answer one id only once, or lose one and not the next.
    let mut questions = (1..).map(|n: u32| {
        Event {
            id: format!("{run}-probe{n}"),
            ts: 0,
            device: PROBE.into(),
            class: Class::DutyRoom,
            kind: Signal::DoorClosed.severity(),
            signal: Signal::DoorClosed,
        }
        .encode()
    });
    loop {
        tokio::select! {
            event = events.poll() => match event {
                Ok(MqttEvent::Incoming(Packet::ConnAck(_))) => {
                    place.subscribe(client);
                    subscribed = place.filters.is_empty();
                }
                Ok(MqttEvent::Incoming(Packet::SubAck(_))) => {
                    subscribed = true;
                    if !common.contract.probe {
                        return;
                    }
                }
                Ok(MqttEvent::Incoming(Packet::Publish(publish))) if !publish.retain => {
                    if place.is_probe(&publish) {
                        return;
                    }
                }
                Ok(_) => {}
                Err(_) => {
                    subscribed = false;
                    tokio::time::sleep(ASK).await;
                }
            },
            _ = ask.tick(), if subscribed => {
                if place.probe.load(Ordering::SeqCst) {
                    return;
                }
                if let Some(payload) = questions.next() {
                    // When it cannot be taken now, the next tick asks again.
                    let _ = client.try_publish(&topic, QoS::AtLeastOnce, false, payload);
                }
            }
        }
    }
}

async fn listen(
    client: AsyncClient,
    mut events: EventLoop,
    (common, figures): (&Common, &Figures),
    place: &Place,
    mut stopped: oneshot::Receiver<()>,
) {
    let mut gone: Option<(Micros, String)> = None;
    figures.hears.store(true, Ordering::SeqCst);
    // Looks that were missed are made up for: one that takes long delays all that were due meanwhile.
    let (mut look, mut delays) = (tokio::time::interval(PROMPT), Series::default());
    'heard: loop {
        let event = {
            let mut polled = std::pin::pin!(events.poll());
            loop {
                tokio::select! {
                    biased;
                    event = &mut polled => break event,
                    _ = &mut stopped => break 'heard,
                    due = look.tick() => delays.take(due.elapsed().as_micros() as Micros),
                }
            }
        };
        match event {
            Ok(MqttEvent::Incoming(Packet::Publish(publish))) => {
                let received_us = common.clock.now_us();
                if !place.is_probe(&publish) {
                    figures.answers.fetch_add(1, Ordering::Relaxed);
                    let read = place.reading.read(&publish.topic, &publish.payload);
                    let seen = observation(&publish, received_us, common.part, read);
                    common.journal.write(Entry::Observed(seen));
                }
            }
            Ok(MqttEvent::Incoming(Packet::ConnAck(_))) => {
                place.subscribe(&client);
                // A platform hears by itself.
                figures.hears.store(place.filters.is_empty(), Ordering::SeqCst);
            }
            Ok(MqttEvent::Incoming(Packet::SubAck(_))) => {
                figures.hears.store(true, Ordering::SeqCst);
                if let Some((since_us, why)) = gone.take() {
                    deaf(common, since_us, &why);
                }
            }
            Ok(_) => {}
            Err(error) => {
                figures.hears.store(false, Ordering::SeqCst);
                gone.get_or_insert_with(|| (common.clock.now_us(), error.to_string()));
                tokio::time::sleep(Duration::from_millis(100)).await;
                look.reset();
            }
        }
    }
    if let Some((since_us, why)) = gone {
        deaf(common, since_us, &why);
    }
    // A platform hears on threads of its own.
    let packed = Series::pack(delays.histogram()).filter(|_| !place.filters.is_empty());
    let hearing = |delays| Hearing { at_us: common.clock.now_us(), part: common.part.to_owned(), delays };
    packed.into_iter().for_each(|delays| common.journal.write(Entry::Hearing(hearing(delays))));
    let _ = client.try_disconnect();
    let goodbye = async { while events.poll().await.is_ok() {} };
    // The connection is closed either way.
    let _ = tokio::time::timeout(Duration::from_millis(200), goodbye).await;
}

/// Says that nothing was heard until now. The session is a clean one: what was said meanwhile is not said again.
fn deaf(common: &Common, since_us: Micros, why: &str) {
    let (since, for_s) = (since_us as f64 / 1e6, (common.clock.now_us() - since_us) as f64 / 1e6);
    let text = format!(
        "the observer had no connection for {for_s:.1} s from {since:.1} s on, and answers of that time may be \
         missing: {why}"
    );
    common.note("observer", text);
}

/// What was said, as it was read. What could not be read keeps its payload, and the device that its topic names.
fn observation(publish: &Publish, received_us: Micros, part: &str, read: Read) -> Observation {
    Observation {
        received_us,
        part: part.to_owned(),
        topic: publish.topic.clone(),
        device: read.device,
        signal: read.signal,
        severity: read.severity,
        correlation: read.id,
        payload: String::from_utf8_lossy(&publish.payload).chars().take(KEPT).collect(),
        retained: publish.retain,
        clock_ms: read.clock_ms,
    }
}

impl Observer {
    /// Stops listening.
    pub fn stop(self) {
        // It may have stopped by itself, which is a bug that its thread has reported.
        let _ = self.stop.send(());
        let _ = self.thread.join();
        if let Some(cloud) = self.cloud {
            tracing::debug!(address = %cloud.platform.address(), "the platform closes");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_be_read_is_still_an_observation() {
        let long = "院".repeat(5_000);
        let mut publish = Publish::new("site/s/alarm/beam-1", QoS::AtLeastOnce, long);
        publish.retain = true;
        let read = Read { device: "beam-1".into(), ..Read::default() };
        let seen = observation(&publish, 7, "main", read);
        assert_eq!((seen.device.as_str(), seen.signal.as_str(), seen.severity), ("beam-1", "", None));
        assert_eq!((seen.payload.chars().count(), seen.retained, seen.received_us), (KEPT, true, 7));
    }
}
