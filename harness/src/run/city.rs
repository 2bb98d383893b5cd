//! The city platform of a run: what it hears goes into the journal.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use palisade_sim::contract::Severity;
use palisade_sim::words::StimulusId;
use serde_json::Value;

use crate::contract::{Decoder, PlatformDefects, Read, Upstream};
use crate::drivers::city::{self as driver, Ear, Posted, Wrongs};
use crate::drivers::fleet::Common;
use crate::pairing::acknowledged_us;
use crate::record::{self, Entry, Forwarded, Micros};
use crate::wire::id::{mark_of_copy, read_copy};

/// Characters of what is posted that the journal keeps.
const KEPT: usize = 2_000;

/// The platform, and what was posted to it of copies.
pub(super) struct City {
    platform: driver::City,
    /// How loud what must be passed on is.
    severity: Vec<Severity>,
    /// By when it must have come.
    deadline_us: Micros,
    /// How long after it came a post may be acknowledged.
    pub(super) slow_by_us: Micros,
    posts: CopyPosts,
}

/// What was posted about copies so far.
#[derive(Clone, Debug, Default)]
pub(super) struct CopyPosts(Arc<Mutex<Vec<CopyPost>>>);

/// A post about a message of a copy.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct CopyPost {
    /// The id that it carries.
    pub(super) id: String,
    /// Which copy, from 1.
    pub(super) copy: u32,
    /// The message; nothing when its id has another form.
    pub(super) stimulus: Option<StimulusId>,
    /// When it came, µs on the run's clock.
    pub(super) received_us: Micros,
    /// When the platform said that it has it; nothing when it did not.
    pub(super) acknowledged_us: Option<Micros>,
    /// What it says; its device without the mark of the copy.
    pub(super) read: Read,
}

impl City {
    /// The first message is due then: what goes wrong counts from here.
    pub(super) fn begin(&self, first_us: Micros) {
        self.platform.begin(first_us);
    }

    /// By when a message so loud must have come, µs after its instant; nothing when it need not.
    pub(super) fn deadline_us(&self, severity: Severity) -> Option<Micros> {
        self.severity.contains(&severity).then_some(self.deadline_us)
    }

    /// What is posted about copies, now and later.
    pub(super) fn posts(&self) -> CopyPosts {
        self.posts.clone()
    }
}

impl CopyPosts {
    /// All of them by now, in the order in which they came.
    pub(super) fn by_now(&self) -> Vec<CopyPost> {
        let mut posts = self.lock().clone();
        posts.sort_by_key(|post| post.received_us);
        posts
    }

    fn lock(&self) -> MutexGuard<'_, Vec<CopyPost>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Opens it, and writes down what must come to it.
pub(super) fn open(
    upstream: &Upstream,
    at: SocketAddr,
    (reading, common): (Decoder, Common),
    seed: u64,
) -> Result<City, String> {
    let clock = common.clock;
    common.journal.write(Entry::City(record::City {
        part: common.part.into(),
        severity: upstream.severity.clone(),
        deadline_us: upstream.deadline.0.0 * 1_000,
        defects: told(&upstream.defects),
    }));
    let posts = CopyPosts::default();
    let heard = posts.clone();
    let ear: Ear = Arc::new(move |posted| {
        let json = serde_json::from_str(&posted.body).unwrap_or_default();
        heard.lock().extend(of_copy(&posted, (&json, &reading), &common.run));
        common.journal.write(Entry::Forwarded(forwarded(posted, (&json, &reading), common.part)));
    });
    let platform = driver::City::listen(at, (&upstream.path, wrongs(&upstream.defects)), seed, clock, ear)
        .map_err(|error| format!("the city platform cannot listen at {at}: {error}"))?;
    let (severity, deadline_us) = (upstream.severity.clone(), upstream.deadline.0.0 * 1_000);
    let slow_by_us = upstream.defects.slow_by.0.0 * 1_000;
    Ok(City { platform, severity, deadline_us, slow_by_us, posts })
}

/// The same when it is about a message of a copy.
fn of_copy(posted: &Posted, (json, reading): (&Value, &Decoder), run: &str) -> Option<CopyPost> {
    let id = reading.id(json)?;
    let (copy, stimulus) = read_copy(run, &id)?;
    let acknowledged_us = acknowledged_us(posted.answered.word(), posted.answered_us);
    let read = reading.read_row_of_copy(&mark_of_copy(copy), json);
    Some(CopyPost { id, copy, stimulus, received_us: posted.received_us, acknowledged_us, read })
}

fn wrongs(defects: &PlatformDefects) -> Wrongs {
    let from = defects.down_from.0.0 * 1_000;
    Wrongs {
        refuse: defects.refuse,
        slow: defects.slow,
        slow_by_us: defects.slow_by.0.0 * 1_000,
        mute: defects.mute,
        down_us: [from, from + defects.down.0.0 * 1_000],
    }
}

/// What it does wrong, in words.
fn told(defects: &PlatformDefects) -> String {
    let shares = defects.shares().into_iter().filter(|(_, share)| *share > 0.0);
    let mut told: Vec<String> = shares.map(|(key, share)| format!("{key} {:.0} %", share * 100.0)).collect();
    if defects.down.0.0 > 0 {
        told.push(format!("down for {} from {} on", defects.down, defects.down_from));
    }
    told.join(", ")
}

fn forwarded(posted: Posted, (json, reading): (&Value, &Decoder), part: &str) -> Forwarded {
    let read = reading.read_row(json);
    Forwarded {
        received_us: posted.received_us,
        part: part.to_owned(),
        device: read.device,
        signal: read.signal,
        severity: read.severity,
        correlation: read.id,
        payload: posted.body.chars().take(KEPT).collect(),
        answered: posted.answered.word().into(),
        answered_us: posted.answered_us,
    }
}
