//! Sorting the day: provisional numbers become final ones, whatever order things were said in.

use super::tape::{Tape, TapeDevice};
use super::tracks::Tracks;
use crate::contract::{Cause, Signal, Stimulus};
use crate::model::Scenario;
use crate::twin::frame::{Outbox, TrackLog};
use crate::words::{IncidentId, Ms, StimulusId, TrackId};

/// The tape and the tracks of a day that is over.
pub(super) fn sorted(scenario: &Scenario, seed: u64, outbox: Outbox, log: TrackLog) -> (Tape, Tracks) {
    let (tracks, new_track) = sort_tracks(log);
    let lasting = scenario.file.day.lasting.0;
    let mut incidents = outbox.incidents;
    incidents.sort_by(|a, b| (a.began, a.kind, &a.actor, a.id).cmp(&(b.began, b.kind, &b.actor, b.id)));
    let mut new_id = vec![IncidentId(0); incidents.len()];
    for (place, incident) in incidents.iter_mut().enumerate() {
        new_id[incident.id.index()] = IncidentId(place as u32);
        incident.id = IncidentId(place as u32);
        incident.ended = incident.ended.filter(|ended| *ended < lasting);
    }
    let mut stimuli: Vec<Stimulus> = outbox
        .stimuli
        .into_iter()
        .filter(|(due, ..)| (Ms(0)..lasting).contains(due))
        .map(|(due, device, signal, cause)| {
            let cause = match cause {
                Cause::Incident(id) => Cause::Incident(new_id[id.index()]),
                nuisance @ Cause::Nuisance(_) => nuisance,
            };
            let signal = renumbered(signal, &new_track);
            Stimulus { id: StimulusId(0), due, device, signal, cause }
        })
        .collect();
    stimuli.sort_by(|a, b| (a.due, a.device, &a.signal, a.cause).cmp(&(b.due, b.device, &b.signal, b.cause)));
    for (place, stimulus) in stimuli.iter_mut().enumerate() {
        stimulus.id = StimulusId(place as u32);
    }
    let device = |device: &crate::model::Device| TapeDevice {
        id: device.id.clone(),
        class: device.class,
        at_m: device.at_m,
        qos: device.qos,
    };
    let tape = Tape {
        name: scenario.file.name.clone(),
        scenario_digest: scenario.digest.clone(),
        seed,
        lasting,
        devices: scenario.devices.iter().map(device).collect(),
        incidents,
        stimuli,
    };
    (tape, tracks)
}

/// Tracks in order of (first instant, name), and each old number's new one.
fn sort_tracks(log: TrackLog) -> (Tracks, Vec<TrackId>) {
    let mut tracks = log.tracks;
    tracks.sort_by(|a, b| {
        let began = |track: &crate::twin::frame::Track| track.corners.first().map(|corner| corner.0);
        (began(a), &a.who, a.id).cmp(&(began(b), &b.who, b.id))
    });
    let mut new_track = vec![TrackId(0); tracks.len()];
    for (place, track) in tracks.iter_mut().enumerate() {
        new_track[track.id.index()] = TrackId(place as u32);
        track.id = TrackId(place as u32);
    }
    (Tracks { tracks }, new_track)
}

/// A camera's signal speaks of a track by its number.
fn renumbered(mut signal: Signal, new_track: &[TrackId]) -> Signal {
    if let Signal::TargetEntered { track, .. }
    | Signal::TargetLeft { track, .. }
    | Signal::LineCrossed { track, .. } = &mut signal
    {
        *track = new_track.get(*track as usize).map_or(*track, |new| new.0);
    }
    signal
}
