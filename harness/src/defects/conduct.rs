//! Does an exercise to a gateway, in real time, and writes down what happens.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use palisade_sim::words::{AgentKey, Dice};
use serde_json::{Map, Value, json};
use tokio::sync::mpsc;
use tokio::time::sleep_until;

use super::exercise::{Act, BYPASS_S, DEVICES, Say, Step};
use super::floor::Floor;
use super::line::{Came, Client, Event, Line};
use super::node_red;
use super::process::{Folder, Gateway};
use super::sealed::Sealed;
use crate::diagnosis::Record;
use crate::diagnosis::record::{Bypass, End, Forwarded, Heard, Life, Link, Order, Said, Sent};
use crate::drivers::Clock;
use crate::drivers::city::{City, Posted, Wrongs};

/// The device that is told about sirens.
const DUTY_ROOM: &str = "duty-room";
/// Number of its connection, and of the subscriber's; those of devices are their places.
const DUTY: usize = DEVICES.len();
const SUBSCRIBER: usize = DEVICES.len() + 1;
const SITE: &str = "bench";
/// Where alarms are posted at the city platform.
const CITY_PATH: &str = "/alarms";
/// A step that is done this much after its instant is a disturbance, and so is what happens meanwhile.
const DISTURBANCE: Duration = Duration::from_millis(100);
/// How often memory is read.
const SAMPLE: Duration = Duration::from_millis(250);
/// How long after the last step answers are waited for.
const LAST_WORD: Duration = Duration::from_millis(1_600);
const SETTLE: Duration = Duration::from_secs(1);

/// Which program is exercised.
#[derive(Clone, Copy, Debug)]
pub(super) struct Subject<'a> {
    /// `palisade`: the embedded gateway, and what keeps other programs.
    pub program: &'a Path,
    /// Where Node-RED is installed, when that is the gateway.
    pub suts: Option<&'a Path>,
    /// With which defect.
    pub sealed: &'a Sealed,
}

/// An exercise under way.
struct Conduct<'a> {
    subject: Subject<'a>,
    folder: &'a Folder,
    gateway: Gateway,
    /// The city platform, to which the embedded gateway passes alarms on; what is posted there is among `posts`.
    city: City,
    posts: Arc<Mutex<Vec<(Instant, String)>>>,
    began: Instant,
    lines: Vec<Option<Line>>,
    /// Of each device, its present connection: a place in the record.
    links: Vec<usize>,
    tell: mpsc::UnboundedSender<Event>,
    told: mpsc::UnboundedReceiver<Event>,
    packet_ids: Vec<u16>,
    subscribed: usize,
    sampled: Option<Instant>,
    record: Record,
}

/// Does the exercise to the gateway in the envelope. `seed` makes the names of the run.
///
/// # Errors
/// When the gateway cannot be started, or lets nobody in.
pub(super) async fn conduct(
    subject: Subject<'_>,
    steps: &[Step],
    floor: &Floor,
    (seed, name): (u64, &str),
) -> io::Result<Record> {
    let folder = Folder::new(name)?;
    let mut conduct = Conduct::begin(subject, &folder, seed).await?;
    let mut due = Instant::now();
    for step in steps {
        due += Duration::from_millis(step.after_ms);
        conduct.listen_until(due).await?;
        let now = Instant::now();
        if now - due > DISTURBANCE {
            let disturbed = (conduct.us(due), conduct.us(now));
            conduct.record.disturbed.push(disturbed);
        }
        conduct.act(&step.act).await?;
        // What was late is not caught up, or messages would come nearer to each other than is planned.
        due = due.max(Instant::now());
    }
    conduct.listen_until(due + LAST_WORD).await?;
    let slow = floor.slow().into_iter().filter(|(_, to)| *to > conduct.began);
    let slow: Vec<(i64, i64)> = slow.map(|(from, to)| (conduct.us(from), conduct.us(to))).collect();
    conduct.record.disturbed.extend(slow);
    Ok(conduct.end())
}

impl<'a> Conduct<'a> {
    async fn begin(subject: Subject<'a>, folder: &'a Folder, seed: u64) -> io::Result<Conduct<'a>> {
        let posts: Arc<Mutex<Vec<(Instant, String)>>> = Arc::default();
        let city = platform(posts.clone())?;
        let gateway = start(subject, &city, folder).await?;
        let began = Instant::now();
        let (tell, told) = mpsc::unbounded_channel();
        let bits = Dice::new(seed).draw(AgentKey::of("exercise"), "run", 0).bits();
        let mut conduct = Conduct {
            subject,
            folder,
            gateway,
            city,
            posts,
            began,
            lines: (0..DEVICES.len() + 2).map(|_| None).collect(),
            links: vec![usize::MAX; DEVICES.len()],
            tell,
            told,
            packet_ids: vec![0; DEVICES.len()],
            subscribed: 0,
            sampled: None,
            record: Record {
                run: format!("r{:04x}", bits & 0xffff),
                duty_room: DUTY_ROOM.into(),
                lives: vec![Life { from_us: 0, to_us: i64::MAX }],
                ..Record::default()
            },
        };
        conduct.subscriber().await?;
        Ok(conduct)
    }

    fn us(&self, at: Instant) -> i64 {
        at.saturating_duration_since(self.began).as_micros() as i64
    }

    fn now_us(&self) -> i64 {
        self.us(Instant::now())
    }

    async fn act(&mut self, act: &Act) -> io::Result<()> {
        match act {
            Act::ConnectAll => {
                self.duty_room().await?;
                for place in 0..DEVICES.len() {
                    self.connect(place).await?;
                }
            }
            Act::Connect(place) => self.connect(*place).await?,
            Act::Break(place) => self.part(*place, End::Broken).await,
            Act::GoodBye(place) => self.part(*place, End::GoodBye).await,
            Act::Say(say) => self.say(say).await?,
            Act::Beat(place) => self.beat(*place).await?,
            Act::Bypass(place) => self.bypass(*place).await?,
            Act::Leave => {
                if let Some(line) = self.lines[SUBSCRIBER].take() {
                    line.good_bye().await;
                }
                let now_us = self.now_us();
                self.record.absences.push((now_us, i64::MAX));
            }
            Act::Return => {
                let now_us = self.now_us();
                if let Some((_, to_us)) = self.record.absences.last_mut() {
                    *to_us = now_us;
                }
                self.subscriber().await?;
            }
            Act::Settle => self.settle().await?,
            Act::Restart => self.restart().await?,
        }
        Ok(())
    }

    /// The subscriber's session is kept while it is away.
    async fn subscriber(&mut self) -> io::Result<()> {
        let client = Client { name: "subscriber", clean: false, will: None };
        let mut line = Line::open(self.gateway.address, client, SUBSCRIBER, self.tell.clone()).await?;
        line.subscribe(&format!("site/{SITE}/alarm/#")).await?;
        self.lines[SUBSCRIBER] = Some(line);
        self.until_subscribed(self.subscribed + 1).await
    }

    /// The duty room gets the commands of all devices, so that one that goes astray is seen.
    async fn duty_room(&mut self) -> io::Result<()> {
        let client = Client { name: DUTY_ROOM, clean: true, will: None };
        let mut line = Line::open(self.gateway.address, client, DUTY, self.tell.clone()).await?;
        line.subscribe(&format!("site/{SITE}/dev/+/cmd")).await?;
        self.lines[DUTY] = Some(line);
        self.until_subscribed(self.subscribed + 1).await
    }

    async fn until_subscribed(&mut self, count: usize) -> io::Result<()> {
        let until = Instant::now() + Duration::from_secs(5);
        while self.subscribed < count {
            if Instant::now() > until {
                return Err(io::Error::other("the gateway granted no subscription"));
            }
            self.listen_until(Instant::now() + Duration::from_millis(2)).await?;
        }
        Ok(())
    }

    async fn connect(&mut self, place: usize) -> io::Result<()> {
        let name = DEVICES[place].name;
        let status = format!("site/{SITE}/dev/{name}/status");
        let client = Client { name, clean: true, will: Some(&status) };
        let mut line = Line::open(self.gateway.address, client, place, self.tell.clone()).await?;
        line.publish(&status, b"online", (0, 0, false, true)).await?;
        self.lines[place] = Some(line);
        self.links[place] = self.record.links.len();
        let from_us = self.now_us();
        self.record.links.push(Link { device: name.into(), from_us, to_us: i64::MAX, end: End::Last });
        Ok(())
    }

    async fn part(&mut self, place: usize, end: End) {
        let Some(line) = self.lines[place].take() else { return };
        let to_us = self.now_us();
        match end {
            End::GoodBye => line.good_bye().await,
            End::Broken | End::Last => drop(line),
        }
        if let Some(link) = self.record.links.get_mut(self.links[place]) {
            (link.to_us, link.end) = (to_us, end);
        }
    }

    async fn say(&mut self, say: &Say) -> io::Result<()> {
        let device = DEVICES[say.device];
        let (signal, kind) = device.signals[say.signal];
        let id = format!("{}-{}{}", self.record.run, say.number, say.tail);
        let first = self.record.sent.iter().position(|sent| sent.id == id);
        let packet_id = self.packet_id(say, first);
        let wall_ms = jiff::Timestamp::now().as_millisecond();
        let ts = match first {
            Some(first) => self.record.sent[first].ts,
            None if say.same_instant => self.last(device.name).map_or(wall_ms, |sent| sent.ts),
            // Distinct from the instant of sending, and from the device's message before.
            None => {
                let last = self.last(device.name).map_or(0, |sent| sent.ts);
                let ts = wall_ms - 40 - say.age_ms;
                if say.age_ms == 0 { ts.max(last + 1) } else { ts }
            }
        };
        let mut event = json!({
            "id": id, "ts": ts, "device": device.name, "class": device.class, "kind": kind, "signal": signal,
        });
        if say.picture > 0 {
            event["picture"] = "A".repeat(say.picture).into();
        }
        let payload = event.to_string();
        let sent = Sent {
            at_us: self.now_us(),
            wall_ms,
            device: device.name.into(),
            class: device.class.into(),
            id,
            signal: signal.into(),
            kind: kind.into(),
            ts,
            qos: say.qos,
            dup: say.dup,
            packet_id,
            bytes: payload.len(),
            acked_us: None,
            link: self.links[say.device],
        };
        self.record.sent.push(sent);
        let topic = format!("site/{SITE}/dev/{}/event", device.name);
        let line = self.lines[say.device].as_mut();
        let line = line.ok_or_else(|| io::Error::other(format!("{} has no line", device.name)))?;
        line.publish(&topic, payload.as_bytes(), (say.qos, packet_id, say.dup, false)).await
    }

    /// The last new message of a device.
    fn last(&self, device: &str) -> Option<&Sent> {
        self.record.sent.iter().rev().find(|sent| sent.device == device)
    }

    fn packet_id(&mut self, say: &Say, first: Option<usize>) -> u16 {
        let device = DEVICES[say.device].name;
        match first {
            _ if say.qos == 0 => 0,
            Some(first) if say.same_packet_id => self.record.sent[first].packet_id,
            None if say.same_packet_id => {
                let mut before = self.record.sent.iter().rev().filter(|s| s.device == device && s.qos > 0);
                let is_first =
                    |sent: &&Sent| self.record.sent.iter().filter(|s| s.id == sent.id).count() == 1;
                before.find(is_first).map_or(1, |sent| sent.packet_id)
            }
            _ => {
                self.packet_ids[say.device] += 1;
                self.packet_ids[say.device]
            }
        }
    }

    async fn beat(&mut self, place: usize) -> io::Result<()> {
        let name = DEVICES[place].name;
        let at_us = self.now_us();
        self.record.beats.push((at_us, name.into()));
        let Some(line) = &mut self.lines[place] else { return Ok(()) };
        let topic = format!("site/{SITE}/dev/{name}/heartbeat");
        line.publish(&topic, json!({ "device": name }).to_string().as_bytes(), (0, 0, false, false)).await
    }

    async fn bypass(&mut self, place: usize) -> io::Result<()> {
        let device = DEVICES[place].name.to_owned();
        let asked =
            json!({ "id": format!("{}-o{place}", self.record.run), "device": device, "for_s": BYPASS_S });
        let from_us = self.now_us();
        self.record.bypasses.push(Bypass { device, from_us, to_us: from_us + BYPASS_S * 1_000_000 });
        let Some(line) = &mut self.lines[DUTY] else { return Ok(()) };
        let topic = format!("site/{SITE}/operator/bypass");
        line.publish(&topic, asked.to_string().as_bytes(), (1, 1, false, false)).await
    }

    /// Waits until all of the last second is acknowledged; a gateway that does not is not waited for longer.
    async fn settle(&mut self) -> io::Result<()> {
        let until = Instant::now() + SETTLE;
        let since_us = self.now_us() - 1_000_000;
        let waits = |sent: &Sent| sent.qos > 0 && sent.at_us > since_us && sent.acked_us.is_none();
        while self.record.sent.iter().any(waits) && Instant::now() < until {
            self.listen_until(Instant::now() + Duration::from_millis(2)).await?;
        }
        Ok(())
    }

    async fn restart(&mut self) -> io::Result<()> {
        self.gateway.kill().await?;
        let killed_us = self.now_us();
        self.lines.iter_mut().for_each(|line| *line = None);
        self.record.links.iter_mut().for_each(|link| link.to_us = link.to_us.min(killed_us));
        if let Some(life) = self.record.lives.last_mut() {
            life.to_us = killed_us;
        }
        let from_us = self.now_us();
        self.gateway = start(self.subject, &self.city, self.folder).await?;
        self.record.lives.push(Life { from_us, to_us: i64::MAX });
        Ok(())
    }

    /// Takes down what comes until an instant.
    async fn listen_until(&mut self, until: Instant) -> io::Result<()> {
        loop {
            if self.sampled.is_none_or(|at| at.elapsed() >= SAMPLE) {
                self.sampled = Some(Instant::now());
                let now_us = self.now_us();
                self.record.memory.extend(self.gateway.memory().map(|bytes| (now_us, bytes)));
            }
            tokio::select! {
                biased;
                event = self.told.recv() => if let Some(event) = event {
                    self.came(event).await?;
                },
                () = sleep_until(until.into()) => return Ok(()),
            }
        }
    }

    async fn came(&mut self, (number, at, came): Event) -> io::Result<()> {
        let at_us = self.us(at);
        match came {
            Came::Subscribed => self.subscribed += 1,
            Came::Acknowledged(packet_id) => {
                let link = self.links.get(number).copied();
                let waits = |sent: &&mut Sent| {
                    Some(sent.link) == link && sent.packet_id == packet_id && sent.acked_us.is_none()
                };
                if let Some(sent) = self.record.sent.iter_mut().rfind(waits) {
                    sent.acked_us = Some(at_us);
                }
            }
            Came::Message { topic, payload, retained, packet_id } => {
                if packet_id > 0
                    && let Some(line) = &mut self.lines[number]
                {
                    // One that is gone is told by the next step that needs it.
                    let _ = line.acknowledge(packet_id).await;
                }
                let late_ms = (self.now_us() - at_us) / 1000;
                let wall_ms = jiff::Timestamp::now().as_millisecond() - late_ms;
                let levels: Vec<&str> = topic.split('/').collect();
                match levels[..] {
                    ["site", _, "alarm", device] => {
                        self.record.heard.push(heard(device, &payload, (at_us, wall_ms, retained)));
                    }
                    ["site", _, "dev", device, "cmd"] => {
                        self.record.orders.push(order(device, &payload, at_us));
                    }
                    _ => {}
                }
            }
        }
        Ok(())
    }

    fn end(mut self) -> Record {
        let now_us = self.now_us();
        self.record.links.iter_mut().for_each(|link| link.to_us = link.to_us.min(now_us));
        self.record.lives.iter_mut().for_each(|life| life.to_us = life.to_us.min(now_us));
        if self.subject.suts.is_none() {
            let posts = std::mem::take(&mut *self.posts.lock().unwrap_or_else(PoisonError::into_inner));
            let of =
                |(at, body): (Instant, String)| Forwarded { at_us: self.us(at), said: said(body.as_bytes()) };
            self.record.forwarded = Some(posts.into_iter().map(of).collect());
        }
        self.record
    }
}

async fn start(
    Subject { program, suts, sealed }: Subject<'_>,
    city: &City,
    folder: &Folder,
) -> io::Result<Gateway> {
    match suts {
        Some(suts) => node_red::start(program, suts, sealed, folder).await,
        None => {
            let city = format!("http://{}{CITY_PATH}", city.address());
            Gateway::start(program, sealed, (DUTY_ROOM, &city), &folder.file("store.jsonl")).await
        }
    }
}

/// A city platform that takes everything.
fn platform(posts: Arc<Mutex<Vec<(Instant, String)>>>) -> io::Result<City> {
    let ear = move |posted: Posted| {
        posts.lock().unwrap_or_else(PoisonError::into_inner).push((Instant::now(), posted.body));
    };
    let at = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
    City::listen(at, (CITY_PATH, Wrongs::default()), 0, Clock::start(), Arc::new(ear))
}

/// What came on an alarm topic.
fn heard(device: &str, payload: &[u8], (at_us, wall_ms, retained): (i64, i64, bool)) -> Heard {
    let raw = String::from_utf8_lossy(payload).into_owned();
    Heard { at_us, wall_ms, topic: device.to_owned(), retained, raw, said: said(payload) }
}

/// What an alarm says; nothing when nobody can read it.
fn said(payload: &[u8]) -> Option<Said> {
    let body: Map<String, Value> = serde_json::from_slice(payload).ok()?;
    let text = |key: &str| body.get(key).and_then(Value::as_str).map(str::to_owned);
    Some(Said {
        id: text("id"),
        device: text("device"),
        signal: text("signal").unwrap_or_default(),
        kind: text("kind").unwrap_or_default(),
        ts: body.get("ts").and_then(Value::as_i64),
        clock: body.get("gateway_ts").and_then(Value::as_i64),
    })
}

/// A command that came.
fn order(to: &str, payload: &[u8], at_us: i64) -> Order {
    let body: Map<String, Value> = serde_json::from_slice(payload).unwrap_or_default();
    let text = |value: Option<&Value>| value.and_then(Value::as_str).map(str::to_owned);
    Order {
        at_us,
        to: to.to_owned(),
        id: text(body.get("id")).unwrap_or_default(),
        command: text(body.get("command")).unwrap_or_default(),
        cause: text(body.get("cause")),
        about: text(body.get("args").and_then(|args| args.get("device"))),
    }
}
