#![allow(clippy::unwrap_used, reason = "tests")]
//! One record of a gateway that did everything right, and for each defect the same record as it would have been.

use std::collections::BTreeMap;

use super::record::{Bypass, End, Forwarded, Life, Link, Order, Said};
use super::record::{Heard, Sent};
use super::told::Told;
use super::*;

const WALL_MS: i64 = 1_800_000_000_000;
const DEVICES: [(&str, &str); 8] = [
    ("Beam-1", "beam"),
    ("beam-2", "beam"),
    ("smoke-1", "smoke_detector"),
    ("smoke-2", "smoke_detector"),
    ("cam-1", "camera"),
    ("cam-门", "camera"),
    ("door-1", "intercom"),
    ("door-2", "intercom"),
];

/// A record that is being written.
struct Script {
    record: Record,
    now_us: i64,
}

impl Script {
    fn say(&mut self, after_ms: i64, device: usize, kind: &str) -> &mut Sent {
        self.now_us += after_ms * 1000;
        let (name, class) = DEVICES[device];
        let number = self.record.sent.len() + 1;
        let id = match number % 5 {
            0 => format!("r1-{number}-{}", "x".repeat(40)),
            1 => format!("r1-{number}-Q"),
            _ => format!("r1-{number}"),
        };
        let wall_ms = WALL_MS + self.now_us / 1000;
        let link = self.record.links.iter().rposition(|link| link.device == name).unwrap();
        self.record.sent.push(Sent {
            at_us: self.now_us,
            wall_ms,
            device: name.into(),
            class: class.into(),
            id,
            signal: format!("{class}_{kind}"),
            kind: kind.into(),
            ts: wall_ms - 40,
            qos: u8::from(!number.is_multiple_of(7)),
            packet_id: number as u16,
            bytes: 100,
            link,
            ..Sent::default()
        });
        self.record.sent.last_mut().unwrap()
    }

    fn connect(&mut self, device: usize) {
        let device = DEVICES[device].0.to_owned();
        let link = Link { device, from_us: self.now_us, to_us: i64::MAX / 2, end: End::Last };
        self.record.links.push(link);
    }

    fn part(&mut self, device: usize, end: End) {
        let link = self.record.links.iter_mut().rfind(|link| link.device == DEVICES[device].0).unwrap();
        (link.to_us, link.end) = (self.now_us, end);
    }

    fn round(&mut self) {
        for (i, j) in [(0, 4), (1, 5), (2, 6), (3, 7)] {
            self.say(80, i, "alarm");
            self.say(80, j, "info");
        }
        for (i, j) in [(0, 4), (1, 5), (2, 6), (3, 7)] {
            self.say(40, i, "restore");
            self.say(40, j, "warning");
        }
    }

    fn flood(&mut self) {
        self.now_us += 300_000;
        for device in 0..4 {
            self.say(10, device, "alarm");
        }
        self.now_us += 300_000;
        for device in 0..4 {
            self.say(20, device, "restore");
        }
    }

    fn chatter(&mut self) {
        for i in 0..14 {
            self.say(8, 4, if i % 2 == 0 { "info" } else { "warning" }).qos = 1;
            if i > 6 {
                let other = [0, 1, 2, 3, 5, 6, 7][i - 7];
                self.say(7, other, if other < 4 { "restore" } else { "info" });
            } else {
                self.now_us += 7_000;
            }
        }
        self.now_us += 300_000;
    }

    fn odd(&mut self) {
        for device in [6, 7] {
            self.say(700, device, "info");
            let ts = self.record.sent.last().unwrap().ts;
            self.say(0, device, "warning").ts = ts;
            self.say(300, device, "info");
            self.say(0, device, "warning").ts += 1;
        }
        for (device, bytes) in [(4, 3_000), (5, 9_000), (6, 30_000), (7, 31_000)] {
            self.say(60, device, "info").bytes = bytes;
        }
        for (device, age_ms) in [(4, 1_000_000), (5, 2_000_000), (6, 30_000)] {
            self.say(60, device, "warning").ts -= age_ms;
        }
        for device in [5, 6, 7] {
            let first = self.say(260, device, "info");
            first.qos = 1;
            let packet_id = first.packet_id;
            let copy = self.record.sent.last().unwrap().clone();
            self.now_us += 60_000;
            self.record.sent.push(Sent { at_us: self.now_us, packet_id: packet_id + 500, ..copy });
            let reused = self.say(230, device, "warning");
            (reused.qos, reused.packet_id) = (1, packet_id);
        }
    }

    fn lines(&mut self) {
        for device in [6, 4, 6] {
            let copy = self.say(100, device, "info").clone();
            self.now_us += 50_000;
            self.part(device, End::Broken);
            self.now_us += 100_000;
            self.connect(device);
            self.say(10, device, "warning");
            self.now_us += 10_000;
            let link = self.record.links.len() - 1;
            self.record.sent.push(Sent { at_us: self.now_us, dup: true, link, ..copy });
            self.say(400, device, "info").dup = true;
        }
        self.part(7, End::GoodBye);
        self.now_us += 100_000;
        self.connect(7);
    }

    fn bypass(&mut self) {
        let (from_us, to_us) = (self.now_us, self.now_us + 1_000_000);
        for zone in [1, 3] {
            self.record.bypasses.push(Bypass { device: DEVICES[zone].0.into(), from_us, to_us });
        }
        for ms in [100, 200, 700, 300] {
            for zone in [1, 3] {
                self.say(ms, zone, "alarm");
                self.say(60, zone, "restore");
            }
        }
    }

    fn absence(&mut self) {
        self.now_us += 900_000;
        let from_us = self.now_us;
        (0..6).for_each(|i| self.say(50, 4 + i % 4, if i < 4 { "info" } else { "warning" }).qos = 1);
        self.record.absences.push((from_us, self.now_us + 20_000));
        self.now_us += 20_000;
    }

    fn restart(&mut self) {
        let killed_us = self.now_us - 10_000;
        self.record.links.iter_mut().for_each(|link| link.to_us = link.to_us.min(killed_us));
        self.record.lives[0].to_us = killed_us;
        self.record.lives.push(Life { from_us: killed_us + 1, to_us: i64::MAX / 2 });
        self.now_us += 10_000;
        (0..DEVICES.len()).for_each(|device| self.connect(device));
    }
}

/// What devices do, without any answer.
fn stimuli() -> Record {
    let record = Record {
        run: "r1".into(),
        duty_room: "duty".into(),
        lives: vec![Life { from_us: 0, to_us: i64::MAX / 2 }],
        ..Record::default()
    };
    let mut script = Script { record, now_us: 50_000 };
    (0..DEVICES.len()).for_each(|device| script.connect(device));
    script.round();
    script.flood();
    script.chatter();
    script.odd();
    script.flood();
    script.chatter();
    script.lines();
    script.bypass();
    script.absence();
    script.now_us += 300_000;
    script.flood();
    script.absence();
    script.restart();
    script.round();
    script.say(800, 5, "info");
    script.record
}

fn answer(record: &Record, i: usize) -> Heard {
    let sent = &record.sent[i];
    let said = Said {
        id: Some(sent.id.clone()),
        device: Some(sent.device.clone()),
        signal: sent.signal.clone(),
        kind: sent.kind.clone(),
        ts: Some(sent.ts),
        clock: Some(sent.wall_ms),
    };
    let at_us = record.hearable_from(sent.at_us) + 1_000;
    let (topic, raw) = (sent.device.clone(), format!("{{\"id\":\"{}\"", sent.id));
    Heard { at_us, wall_ms: sent.wall_ms, topic, retained: false, raw, said: Some(said) }
}

/// What a gateway says that answers each message that passes `passes`, with what is changed in each answer.
fn answered(
    passes: impl Fn(&Record, usize) -> bool,
    change: impl Fn(&Record, usize, Heard) -> Vec<Heard>,
) -> Record {
    spoken(|record, i| !is_silenced(record, i) && passes(record, i), change)
}

fn is_copy(record: &Record, i: usize) -> bool {
    record.sent[..i].iter().any(|sent| sent.id == record.sent[i].id)
}

fn is_silenced(record: &Record, i: usize) -> bool {
    record.is_bypassed(&record.sent[i])
}

/// The acknowledgement of a restore for which none is owed.
fn acknowledgement(record: &Record, restore: &Sent) -> Order {
    Order {
        at_us: restore.at_us + 2_000,
        to: record.duty_room.clone(),
        id: "beside".into(),
        command: "acknowledge".into(),
        cause: Some(restore.id.clone()),
        about: Some(restore.device.clone()),
    }
}

/// The same of a gateway that does not keep bypasses by itself.
fn spoken(
    passes: impl Fn(&Record, usize) -> bool,
    change: impl Fn(&Record, usize, Heard) -> Vec<Heard>,
) -> Record {
    let mut record = stimuli();
    for i in 0..record.sent.len() {
        if record.sent[i].qos > 0 {
            record.sent[i].acked_us = Some(record.sent[i].at_us + 500);
        }
        if !is_copy(&record, i) && passes(&record, i) {
            let heard = change(&record, i, answer(&record, i));
            record.heard.extend(heard);
        }
    }
    for link in record.links.clone().iter().filter(|link| link.end == End::Broken) {
        let said = Said { signal: "device_offline".into(), kind: "warning".into(), ..Said::default() };
        let topic = link.device.clone();
        record.heard.push(Heard { at_us: link.to_us + 1_000, topic, said: Some(said), ..Heard::default() });
    }
    record.heard.sort_by_key(|heard| heard.at_us);
    order(&mut record);
    let alarms = record.heard.iter().filter(|h| h.said.as_ref().is_some_and(|said| said.kind == "alarm"));
    let posted = |heard: &Heard| Forwarded { at_us: heard.at_us + 2_000, said: heard.said.clone() };
    record.forwarded = Some(alarms.map(posted).collect());
    record
}

/// Tells devices what is owed.
fn order(record: &mut Record) {
    let case = Case::of(record);
    let owed = case.symptoms.iter().filter_map(|symptom| match symptom {
        Symptom::Command(Told::Missing(word, cause)) => Some((*word, *cause)),
        _ => None,
    });
    let owed: Vec<(&str, Option<usize>)> = owed.collect();
    let mut bypasses = record.bypasses.iter();
    let orders = owed.into_iter().map(|(word, cause)| {
        let sent = cause.map(|i| record.sent[i].clone());
        let bypass = if cause.is_none() { bypasses.next() } else { None };
        let asked_us = bypass.map_or(0, |bypass| bypass.from_us);
        Order {
            at_us: cause.and_then(|i| case.answered_us(i)).unwrap_or(asked_us) + 500,
            to: bypass.map_or(&record.duty_room, |bypass| &bypass.device).clone(),
            id: format!("{word}-{cause:?}-{:?}", bypass.map(|bypass| &bypass.device)),
            command: word.into(),
            about: sent.as_ref().filter(|_| word == "acknowledge").map(|sent| sent.device.clone()),
            cause: sent.map(|sent| sent.id),
        }
    });
    let mut orders: Vec<Order> = orders.collect();
    orders.sort_by_key(|order| order.at_us);
    record.orders = orders;
}

fn right() -> Record {
    answered(|_, _| true, |_, _, heard| vec![heard])
}

fn check(record: &Record, expected: &str) {
    let diagnosis = diagnose(record);
    assert_eq!(diagnosis.said, expected, "{:#?}", diagnosis.evidence);
}

#[test]
fn a_command_that_a_kill_overtook_is_not_owed() {
    let killed_after = |us: i64| {
        let mut record = right();
        let until_us = record.lives[0].to_us;
        let loud =
            |sent: &Sent| sent.kind == "alarm" && sent.class == "smoke_detector" && sent.at_us < until_us;
        let last = record.sent.iter().rposition(loud).expect("one was sent");
        let (cause, at_us) = (Some(record.sent[last].id.clone()), record.sent[last].at_us);
        let all = record.orders.len();
        record.orders.retain(|order| order.cause != cause);
        assert!(record.orders.len() < all, "it called for a command");
        record.lives[0].to_us = at_us + us;
        diagnose(&record).said == "healthy"
    };
    assert!(killed_after(700_000) && !killed_after(1_500_000));
}

#[test]
fn a_gateway_that_did_everything_right_is_healthy() {
    check(&right(), "healthy");
}

type Passes = fn(&Record, usize) -> bool;

fn gap(record: &Record, i: usize, same: fn(&Sent, &Sent) -> bool) -> i64 {
    let sent = &record.sent[i];
    let before = record.sent[..i].iter().rev().find(|other| same(other, sent));
    before.map_or(0, |other| sent.at_us - other.at_us)
}

#[test]
fn a_zone_that_is_heard_shows_a_bypass_without_end_beside_one_that_is_not() {
    let after = |r: &Record, i: usize| {
        let over = |b: &Bypass| {
            let (here, then) = (r.life_at(r.sent[i].at_us), r.life_at(b.from_us));
            b.device == r.sent[i].device && b.to_us <= r.sent[i].at_us && here == then
        };
        r.sent[i].kind == "alarm" && r.bypasses.iter().any(over)
    };
    for deaf in ["beam-2", "smoke-2"] {
        let record = answered(|r, i| r.sent[i].device != deaf && !after(r, i), |_, _, heard| vec![heard]);
        check(&record, "bypass-endless + zone-deaf");
    }
}

#[test]
fn a_bypass_that_one_of_two_zones_is_not_told_of_is_missing() {
    for zone in ["beam-2", "smoke-2"] {
        let mut record = right();
        record.orders.retain(|order| order.command != "bypass" || order.to != zone);
        let told = Told::all(&Case::of(&record));
        assert_eq!(told, [Told::Missing("bypass", None)]);
        let again = record.orders.iter().find(|order| order.command == "bypass").expect("the other").clone();
        record.orders.push(again);
        let told = Told::all(&Case::of(&record));
        assert!(matches!(told[..], [Told::Again(_), Told::Missing("bypass", None)]), "{told:?}");
    }
}

#[test]
fn losses_are_named_by_what_was_lost() {
    let cases: [(&str, Passes); 16] = [
        ("zone-deaf", |r, i| r.sent[i].device != "smoke-1"),
        ("class-deaf", |r, i| r.sent[i].class != "camera"),
        ("signal-deaf", |r, i| r.sent[i].signal != "intercom_warning"),
        ("restores-lost", |r, i| r.sent[i].kind != "restore"),
        ("alarms-only", |r, i| r.sent[i].kind == "alarm" || r.sent[i].kind == "restore"),
        ("qos-0-lost", |r, i| r.sent[i].qos > 0),
        ("dup-flag-lost", |r, i| !r.sent[i].dup),
        ("oversize-lost", |r, i| r.sent[i].bytes < 20_000),
        ("old-lost", |r, i| r.sent[i].wall_ms - r.sent[i].ts < 500_000),
        ("same-instant-merged", |r, i| {
            !r.sent[..i].iter().any(|o| o.device == r.sent[i].device && o.ts == r.sent[i].ts)
        }),
        ("packet-id-lost", |r, i| {
            let sent = &r.sent[i];
            !r.sent[..i].iter().any(|o| o.device == sent.device && o.packet_id == sent.packet_id)
        }),
        ("deaf-after-count", |r, i| i < 100 || r.life_at(r.sent[i].at_us) > 0),
        ("absence-lost", |r, i| !r.is_away(r.sent[i].at_us)),
        ("after-idle-lost", |r, i| gap(r, i, |_, _| true) < 650_000),
        ("reconnect-lost", |r, i| {
            let link = &r.links[r.sent[i].link];
            let life = r.life_at(link.from_us);
            let back = r.links[..r.sent[i].link]
                .iter()
                .any(|l| l.device == link.device && r.life_at(l.from_us) == life);
            !back || r.sent[i].at_us - link.from_us > 50_000
        }),
        ("not-stored", |r, i| {
            let killed = r.lives[0].to_us;
            !(killed - 160_000..killed).contains(&r.sent[i].at_us)
        }),
    ];
    for (id, passes) in cases {
        check(&answered(passes, |_, _, heard| vec![heard]), id);
    }
}

#[test]
fn chance_is_said_where_no_rule_fits() {
    let scattered = [3, 4, 9, 17, 18, 30, 41, 47, 58, 60, 77, 79, 90, 101, 108];
    check(&answered(|_, i| !scattered.contains(&i), |_, _, heard| vec![heard]), "lost-at-random");
    let twice = |_: &Record, i: usize, heard: Heard| {
        if scattered.contains(&i) { vec![heard.clone(), heard] } else { vec![heard] }
    };
    check(&answered(|_, _| true, twice), "twice-at-random");
}

/// Every answer with something changed in what it says.
fn changed(change: impl Fn(&Record, usize, &mut Said)) -> Record {
    answered(
        |_, _| true,
        |record, i, mut heard| {
            heard.said.iter_mut().for_each(|said| change(record, i, said));
            vec![heard]
        },
    )
}

#[test]
fn wrong_answers_are_named_by_what_is_wrong() {
    type Change = fn(&Record, usize, &mut Said);
    let cases: [(&str, Change); 10] = [
        ("id-case-folded", |_, _, said| said.id = said.id.as_ref().map(|id| id.to_lowercase())),
        ("id-truncated", |_, _, said| {
            said.id = said.id.as_ref().map(|id| id.chars().take(20).collect());
        }),
        ("id-missing", |_, _, said| said.id = None),
        ("id-previous", |record, i, said| {
            let before = record.sent[..i].iter().rfind(|sent| sent.device == record.sent[i].device);
            said.id = before.map_or(said.id.clone(), |sent| Some(sent.id.clone()));
        }),
        ("severity-swapped", |_, _, said| match said.kind.as_str() {
            "alarm" => said.kind = "info".into(),
            "info" => said.kind = "alarm".into(),
            _ => {}
        }),
        ("ts-zone-off", |_, _, said| said.ts = said.ts.map(|ts| ts + 8 * 3_600_000)),
        ("ts-own-clock", |record, i, said| said.ts = Some(record.sent[i].wall_ms + 1)),
        ("clock-off", |record, i, said| said.clock = Some(record.sent[i].wall_ms + 6_000)),
        ("ts-in-seconds", |_, _, said| said.ts = said.ts.map(|ts| ts / 1000)),
        ("text-garbled", |record, i, said| {
            said.device = Some(record.sent[i].device.bytes().map(char::from).collect());
        }),
    ];
    for (id, change) in cases {
        check(&changed(change), id);
    }
    let other_device = answered(
        |_, _| true,
        |_, _, mut heard| {
            if heard.topic == "cam-1" {
                heard.topic = "door-1".into();
                heard.said.iter_mut().for_each(|said| said.device = Some("door-1".into()));
            }
            vec![heard]
        },
    );
    check(&other_device, "wrong-device");
    let malformed = |_: &Record, i: usize, heard: Heard| {
        vec![if i % 9 == 4 { Heard { said: None, ..heard } } else { heard }]
    };
    check(&answered(|_, _| true, malformed), "malformed-json");
}

/// Every answer later by what is said, µs, with the commands that go with it.
fn late(by_us: impl Fn(&Record, usize) -> i64) -> Record {
    answered(
        |_, _| true,
        |record, i, mut heard| {
            // A microsecond for each place keeps those in order that come together.
            let sent_us = record.sent[i].at_us;
            let by_us = if record.is_away(sent_us) { 0 } else { by_us(record, i) };
            let due_us = sent_us + by_us;
            heard.at_us = record.hearable_from(due_us) + 1_000 + i as i64;
            vec![heard]
        },
    )
}

#[test]
fn late_answers_are_named_by_when_they_come() {
    type By = fn(&Record, usize) -> i64;
    let cases: [(&str, By); 6] = [
        ("delayed", |_, _| 500_000),
        ("delay-grows", |r, i| {
            let at_us = r.sent[i].at_us;
            (at_us - r.lives[r.life_at(at_us)].from_us) / 20
        }),
        ("batches", |r, i| 700_000 - (r.sent[i].at_us % 700_000)),
        ("slow-start", |r, i| {
            let at_us = r.sent[i].at_us;
            (r.lives[r.life_at(at_us)].from_us + 1_200_000 - at_us).max(0)
        }),
        ("slow-after-idle", |r, i| if gap(r, i, |_, _| true) > 650_000 { 400_000 } else { 0 }),
        ("class-late", |r, i| if r.sent[i].class == "camera" { 500_000 } else { 0 }),
    ];
    for (id, by_us) in cases {
        check(&late(by_us), id);
    }
}

#[test]
fn the_gateways_own_time_is_known_however_late_it_answers() {
    let own_time = |record: &Record, i: usize, mut heard: Heard| {
        let sent = &record.sent[i];
        let late = sent.class == "camera" && !record.is_away(sent.at_us);
        heard.at_us = record.hearable_from(sent.at_us + if late { 2_500_000 } else { 0 }) + 1_000 + i as i64;
        heard.wall_ms = sent.wall_ms + (heard.at_us - sent.at_us) / 1_000;
        heard.said.iter_mut().for_each(|said| said.ts = Some(sent.wall_ms + 1));
        vec![heard]
    };
    check(&answered(|_, _| true, own_time), "class-late + ts-own-clock");
}

#[test]
fn what_comes_beside_the_answers_is_named() {
    let beside = |change: fn(&mut Heard)| {
        answered(
            |_, _| true,
            move |_, i, heard| {
                let mut more = heard.clone();
                more.at_us += 100_000;
                change(&mut more);
                if i % 11 == 3 { vec![heard, more] } else { vec![heard] }
            },
        )
    };
    let invented: fn(&mut Heard) = |heard| {
        let said = heard.said.as_mut().unwrap();
        (said.id, said.ts) = (Some("r1-9999".into()), None);
    };
    let foreign: fn(&mut Heard) = |heard| {
        let said = heard.said.as_mut().unwrap();
        (said.id, said.ts) = (Some("old-7".into()), None);
    };
    check(&beside(invented), "spurious-alarm");
    check(&beside(foreign), "foreign-echo");
    check(&beside(|heard| heard.retained = true), "retained-replay");
    let offline: fn(&mut Heard) = |heard| {
        heard.said = Some(Said { signal: "device_offline".into(), ..Said::default() });
    };
    check(&beside(offline), "offline-false");
}

type Spoil<'s> = &'s dyn Fn(&mut Record);

#[test]
fn links_acknowledgements_commands_and_memory_are_named() {
    let is_offline = |heard: &Heard| heard.said.as_ref().is_some_and(|said| said.signal == "device_offline");
    let cases: [(&str, Spoil<'_>); 12] = [
        ("wills-ignored", &|r| r.heard.retain(|heard| !is_offline(heard))),
        ("offline-once", &|r| {
            let last = r.heard.iter().rposition(|h| is_offline(h) && h.topic == "door-1").unwrap();
            r.heard.remove(last);
        }),
        ("acks-late", &|r| {
            r.sent.iter_mut().for_each(|sent| sent.acked_us = sent.acked_us.map(|at| at + 600_000));
        }),
        ("acks-missing", &|r| r.sent.iter_mut().step_by(4).for_each(|sent| sent.acked_us = None)),
        ("commands-none", &|r| r.orders.clear()),
        ("command-late", &|r| r.orders.iter_mut().for_each(|order| order.at_us += 700_000)),
        ("command-misdirected", &|r| r.orders.iter_mut().for_each(|order| order.to = "cam-1".into())),
        // Right for one of the two zones that are bypassed.
        ("command-misdirected", &|r| r.orders.iter_mut().for_each(|order| order.to = "beam-2".into())),
        ("command-misdirected", &|r| r.orders.iter_mut().for_each(|order| order.to = "smoke-2".into())),
        ("siren-left-on", &|r| r.orders.retain(|order| order.command != "siren_off")),
        ("upstream-forgotten", &|r| {
            let third = r.forwarded.iter().flatten().step_by(3).cloned().collect();
            r.forwarded = Some(third);
        }),
        ("leaks", &|r| r.memory = vec![(0, 6_000_000), (5_000_000, 26_000_000)]),
    ];
    for (id, spoil) in cases {
        let mut record = right();
        spoil(&mut record);
        check(&record, id);
    }
}

#[test]
fn what_nobody_looked_at_is_not_missing_and_one_alarm_on_its_way_is_no_rule() {
    let mut record = right();
    record.forwarded = None;
    check(&record, "healthy");
    // The last one was said just before the gateway was killed.
    let mut record = right();
    record.forwarded.iter_mut().for_each(|posts| drop(posts.pop()));
    check(&record, "healthy");
    let mut record = right();
    record.forwarded.iter_mut().for_each(|posts| drop(posts.remove(0)));
    let said = diagnose(&record).said;
    assert!(said.starts_with("unknown: ") && said.contains("the city platform never had"), "{said}");
}

#[test]
fn two_defects_are_both_named_and_what_nobody_knows_is_unknown() {
    let mut record = answered(|r, i| r.sent[i].class != "camera", |_, _, heard| vec![heard]);
    record.memory = vec![(0, 6_000_000), (5_000_000, 26_000_000)];
    check(&record, "class-deaf + leaks");
    let mut record = right();
    record.heard.remove(20);
    let said = diagnose(&record).said;
    assert!(said.starts_with("unknown: ") && said.contains("was not answered"), "{said}");
}

/// Every n-th message of those that come to a process of the gateway is lost; copies do not count.
fn every(n: usize) -> impl Fn(&Record, usize) -> bool {
    move |record, i| {
        let life = |of: usize| record.life_at(record.sent[of].at_us);
        let before = (0..=i).filter(|other| life(*other) == life(i) && !is_copy(record, *other));
        !before.count().is_multiple_of(n)
    }
}

#[test]
fn a_loss_that_took_the_alarm_of_a_bypassed_zone_counts_beside_a_forgotten_bypass() {
    let plain = stimuli();
    let taken = |n: usize| (0..plain.sent.len()).find(|i| is_silenced(&plain, *i) && !every(n)(&plain, *i));
    let (n, taken) = (5..16).find_map(|n| Some((n, taken(n)?))).expect("one falls there");
    let mut record = spoken(every(n), |_, _, heard| vec![heard]);
    let over = |sent: &&Sent| sent.device == plain.sent[taken].device && sent.kind == "restore";
    let restore = plain.sent.iter().skip(taken).find(over).expect("it was over");
    // What was lost on its way out was heard, and its restore is acknowledged.
    let because_of_its_end = acknowledgement(&plain, restore);
    record.orders.push(because_of_its_end.clone());
    check(&record, "bypass-forgotten + every-nth-lost");
    // Where all of them were lost, a command because of one tells of it, or because of its end.
    let because_of_it = Order {
        command: "siren_on".into(),
        cause: Some(plain.sent[taken].id.clone()),
        about: None,
        ..because_of_its_end.clone()
    };
    for order in [because_of_its_end, because_of_it] {
        let mut tells = right();
        tells.orders.push(order);
        let diagnosis = diagnose(&tells);
        assert_eq!(diagnosis.said, "bypass-forgotten");
        let shown = format!("bypass-forgotten: acted on during their bypass: {}", plain.sent[taken].id);
        assert_eq!(diagnosis.evidence, [shown]);
    }
}

/// Messages that come to the same process of the gateway before one and with it, without what an endless bypass takes.
fn behind_an_endless_bypass(record: &Record, i: usize) -> Vec<usize> {
    let is_out = |of: &usize| {
        is_copy(record, *of) || is_silenced(record, *of) || record.was_bypassed(&record.sent[*of])
    };
    let life = |of: usize| record.life_at(record.sent[of].at_us);
    (0..=i).filter(|other| life(*other) == life(i) && !is_out(other)).collect()
}

#[test]
fn the_end_of_an_alarm_whose_own_was_lost_tells_nothing_of_a_bypass() {
    let plain = stimuli();
    let begins_us = plain.bypasses[0].from_us;
    let zone = |sent: &Sent| sent.device == plain.bypasses[0].device;
    let last = plain.sent.iter().rposition(|sent| zone(sent) && sent.at_us < begins_us).expect("it spoke");
    let alarm = plain.sent[..last].iter().rposition(|sent| zone(sent) && sent.kind == "alarm").expect("one");
    let ends = |i: usize| (alarm + 1..=last).contains(&i) && zone(&plain.sent[i]);
    let mut record = answered(|_, i| !ends(i), |_, _, heard| vec![heard]);
    let after = plain.sent.iter().skip(last + 1).find(|sent| zone(sent) && sent.kind == "restore");
    record.orders.push(acknowledgement(&plain, after.expect("it was over")));
    let said = diagnose(&record).said;
    assert!(said.starts_with("unknown: ") && !said.contains("bypass"), "{said}");
}

#[test]
fn a_bypass_without_end_takes_alarms_before_they_are_counted() {
    let mut found = Vec::new();
    for n in 5..16 {
        let counted = move |record: &Record, i: usize| {
            let before = behind_an_endless_bypass(record, i);
            before.last() == Some(&i) && !before.len().is_multiple_of(n)
        };
        found.push(diagnose(&answered(counted, |_, _, heard| vec![heard])).said);
    }
    assert_eq!(found, vec!["bypass-endless + every-nth-lost"; 11]);
    let idle = |record: &Record, i: usize| {
        let before = behind_an_endless_bypass(record, i);
        let last = before.iter().rev().nth(1).map_or(i64::MAX / 2, |last| record.sent[*last].at_us);
        before.last() == Some(&i) && record.sent[i].at_us - last < 650_000
    };
    check(&answered(idle, |_, _, heard| vec![heard]), "after-idle-lost + bypass-endless");
}

#[test]
fn commands_that_a_standstill_held_back_are_told_from_late_ones() {
    const STANDSTILL_US: i64 = 600_000;
    let plain = right();
    // Each begins between an alarm's answer and its command.
    let mut begins: Vec<i64> = Vec::new();
    for order in plain.orders.iter().filter(|order| order.command == "siren_on") {
        let at_us = order.at_us - 250;
        if begins.last().is_none_or(|last| at_us - last > 2 * STANDSTILL_US) && !plain.is_away(at_us) {
            begins.push(at_us);
        }
    }
    let held = |at_us: i64| {
        let ends = begins.iter().map(|from| (*from, from + STANDSTILL_US));
        ends.clone().find(|(from, to)| (*from..*to).contains(&at_us)).map_or(at_us, |(_, to)| to)
    };
    let mut record = plain.clone();
    // A microsecond for each place keeps those in order that come together.
    for (place, heard) in record.heard.iter_mut().enumerate() {
        heard.at_us = held(heard.at_us) + place as i64;
    }
    record.heard.sort_by_key(|heard| heard.at_us);
    record.sent.iter_mut().for_each(|sent| sent.acked_us = sent.acked_us.map(held));
    record.orders.iter_mut().for_each(|order| order.at_us = held(order.at_us) + 1_000);
    let late = Told::all(&Case::of(&record)).iter().filter(|told| matches!(told, Told::Late(_))).count();
    assert!(late >= begins.len() && begins.len() > 2, "{late} late in {} standstills", begins.len());
    check(&record, "stalls");
    // Where nothing else was due at its end, a command is the first that comes.
    let mut quiet = record.clone();
    let held = quiet.orders.iter_mut().find(|order| order.at_us - 1_000 == begins[1] + STANDSTILL_US);
    held.expect("one was held back").at_us -= 150_000;
    check(&quiet, "stalls");
    record.orders.iter_mut().for_each(|order| order.at_us += 700_000);
    check(&record, "command-late + stalls");
}

#[test]
fn what_was_late_while_the_machine_was_slow_is_nobodys_fault() {
    let standstill = |record: &Record, i: usize| {
        if (2..6).contains(&i) { record.sent[6].at_us - record.sent[i].at_us + 200_000 } else { 0 }
    };
    let mut record = late(standstill);
    record.heard.sort_by_key(|heard| heard.at_us);
    assert!(diagnose(&record).said.contains("was answered after"), "{}", diagnose(&record).said);
    let from_us = record.sent[2].at_us;
    record.disturbed.push((from_us, from_us + 900_000));
    let said = diagnose(&record).said;
    assert_eq!(said, "healthy");
}

#[test]
fn answers_that_wait_behind_echoes_of_their_device_are_explained_by_both() {
    const SPACE_US: i64 = 90_000;
    let mut record = answered(
        |_, _| true,
        |record, i, heard| {
            let mut echo = heard.clone();
            let said = echo.said.as_mut().unwrap();
            let number = record.sent[i].id.rsplit_once('-').unwrap().1;
            (said.id, said.ts) = (Some(format!("r0echo-{number}")), None);
            if i % 2 == 0 { vec![heard, echo] } else { vec![heard] }
        },
    );
    // Each device says one thing at a time; an echo that has had its turn comes later all the same.
    let mut free: BTreeMap<(usize, String), i64> = BTreeMap::new();
    for at in 0..record.heard.len() {
        let life = record.life_at(record.heard[at].at_us);
        let heard = &mut record.heard[at];
        let Some(id) = heard.said.as_ref().and_then(|said| said.id.clone()) else { continue };
        let free = free.entry((life, heard.topic.clone())).or_default();
        let leaves = heard.at_us.max(*free);
        *free = leaves + SPACE_US;
        heard.at_us = leaves + if id.starts_with("r0echo") { 120_000 } else { 0 };
    }
    record.heard.sort_by_key(|heard| heard.at_us);
    let mut diagnosis = diagnose(&record);
    diagnosis.defects.sort_unstable();
    assert_eq!(diagnosis.defects, ["device-throttled", "foreign-echo"], "{:#?}", diagnosis.evidence);
    assert_eq!(diagnosis.unexplained, 0, "{:#?}", diagnosis.evidence);
}
