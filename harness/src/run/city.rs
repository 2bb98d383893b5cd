//! The city platform of a run: what it hears goes into the journal.

use std::net::SocketAddr;
use std::sync::Arc;

use crate::contract::{Decoder, PlatformDefects, Upstream};
use crate::drivers::city::{Ear, Posted, Wrongs};
use crate::drivers::fleet::Common;
use crate::record::{self, Entry, Forwarded};

pub(super) use crate::drivers::city::City;

/// Characters of what is posted that the journal keeps.
const KEPT: usize = 2_000;

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
    let ear: Ear = Arc::new(move |posted| {
        common.journal.write(Entry::Forwarded(forwarded(posted, &reading, common.part)));
    });
    City::listen(at, (&upstream.path, wrongs(&upstream.defects)), seed, clock, ear)
        .map_err(|error| format!("the city platform cannot listen at {at}: {error}"))
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

fn forwarded(posted: Posted, reading: &Decoder, part: &str) -> Forwarded {
    let json = serde_json::from_str(&posted.body).unwrap_or_default();
    let read = reading.read_row(&json);
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
