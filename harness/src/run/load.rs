//! The copies of a compound beside the compound itself: they start with it, end with it, and what they came to is noted.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::thread;
use std::time::{Duration, Instant};

use palisade_load::plane::{ClassTally, Outcome, PlaneError, Trace, Watch};
use palisade_load::series::Series;
use palisade_load::subscribe::{Account, Subscriber, Subscribers};
use palisade_sim::words::DeviceIx;

use super::copies::{self, Deaf, Hearing, Judged};
use super::flood::Flooded;
use super::part::{Ended, Ending, Part, RUN_UP_US};
use super::subscribers;
use crate::drivers::crowd::{self, Crowd};
use crate::drivers::fleet::{Common, Figures, Fleet};
use crate::latency;
use crate::record::{Entry, LATE_LOAD, Load, LoadAnswers, LoadCounts, Note, Pulse, Subscribed};
use crate::schedule::Plan;
use crate::words::counted;

/// How often whoever watches a run is told how far the copies are.
const PULSE: Duration = Duration::from_secs(1);
/// Every so many of these, what was measured of the copies is written down.
const KEEP: u32 = 2;
/// Offsets that are told one by one; the others follow from the seed.
const TOLD: u32 = 60;

/// What is said when.
#[derive(Clone, Copy)]
pub(super) struct Plans<'a> {
    /// What the day holds.
    pub(super) day: &'a Plan,
    /// The same with what floods add: what the compound says.
    pub(super) plan: &'a Plan,
    /// What floods add.
    pub(super) flooded: Option<&'a Flooded>,
}

/// Drives a plan, with the copies beside it when there are any.
pub(super) fn beside(part: &mut Part<'_>, fleet: &mut Fleet, plans: Plans<'_>, figures: &Figures) -> Ended {
    let Some(copies) = part.copies else { return part.drive(fleet, plans, figures, None) };
    if copies.copies() == 0 {
        return alone(part, (fleet, copies), plans, figures);
    }
    let (common, tape, address) = (part.common.clone(), part.tape, part.devices_connect_to());
    let floods = plans.flooded.map_or(&[][..], |flooded| &flooded.sends);
    // All end together.
    let day = Plan { ends_us: plans.plan.ends_us, ..plans.day.clone() };
    let crowd =
        Crowd::new(copies, (tape, &day), &common, (|device: DeviceIx| fleet.lines().has(device), floods));
    note(part, "load", headline(copies, crowd.clients(), &day));
    plans.flooded.into_iter().flat_map(Flooded::sentences).for_each(|text| note(part, "load", text));
    let hearing = match copies::listen(part, copies, &crowd) {
        Ok(hearing) => Ok(hearing),
        Err(Deaf::Unheard(why)) => Err(why),
        Err(Deaf::Lost(why)) => return part.ended(Ending::Lost(why)),
    };
    part.copies_hear = hearing.as_ref().ok().map(Hearing::hears);
    let subscribers = match subscribers::listen(part, &copies.shape) {
        Ok(subscribers) => subscribers,
        Err(why) => return part.ended(Ending::Lost(why)),
    };
    let (watch, stop) = (Watch::default(), AtomicBool::new(false));
    let (answers, clients) = (hearing.as_ref().ok().map(Hearing::answers), crowd.clients());
    thread::scope(|scope| {
        let plane = scope.spawn(|| crowd.run(&address, (&watch, &stop)));
        let (going, over) = mpsc::channel();
        scope.spawn(|| pulse(&common, (copies, clients), (&watch, answers.as_deref()), over));
        // Also a wish to stop ends the waiting: then there is nothing to drive.
        while watch.start().is_none() && !plane.is_finished() && !part.stop.asked() {
            thread::sleep(Duration::from_millis(2));
        }
        let ended = match watch.start() {
            Some(start) => {
                subscribers.iter().for_each(|all| all.begin(start));
                hearing.iter().for_each(|hearing: &Hearing| hearing.begin(start));
                part.drive(fleet, plans, figures, Some(part.common.clock.at(start)))
            }
            None => part.ended(Ending::Interrupted),
        };
        if ended.how != Ending::Whole {
            stop.store(true, Ordering::Relaxed);
        }
        match plane.join() {
            Ok(outcome) => {
                let judged = judged(part, (hearing, &crowd), &outcome, (watch.start(), &ended.how));
                // Until then answers may come.
                drop(going);
                let outcome = outcome.map(|(outcome, _)| outcome);
                let heard =
                    Heard { judged, subscribers: heard(part, subscribers, (watch.start(), &ended.how)) };
                sum_up(part, (copies, crowd.clients()), (outcome, heard), ended)
            }
            Err(panic) => std::panic::resume_unwind(panic),
        }
    })
}

/// Tells whoever watches how far the copies are, until nobody is left who holds the other end, and writes down what was
/// measured of them: the end may never come.
fn pulse(
    common: &Common,
    (fleet, clients): (&crowd::Fleet, usize),
    (watch, answers): (&Watch, Option<&AtomicU64>),
    over: Receiver<()>,
) {
    let (mut going, mut told) = (true, 0);
    while going {
        going = over.recv_timeout(PULSE) == Err(RecvTimeoutError::Timeout);
        told += 1;
        let so_far = if going && told % KEEP == 0 { watch.so_far() } else { Outcome::default() };
        if so_far.writes > 0 {
            let heard = answers.map_or(0, |answers| answers.load(Ordering::Relaxed));
            let why_not = format!("the run ended before the {heard} answers that were heard could be judged");
            let answers = Some(LoadAnswers { why_not, ..LoadAnswers::default() });
            let load = load(common, fleet, clients, &so_far);
            common.journal.write(Entry::Load(Box::new(Load { so_far: true, answers, ..load })));
        }
        let (left, acknowledged) = watch.messages();
        common.journal.write(Entry::Pulse(Pulse {
            at_us: common.clock.now_us(),
            connected: watch.connected(),
            left,
            acknowledged,
            answers: answers.map(|answers| answers.load(Ordering::Relaxed)),
            pickup_us: watch.pickup_us(),
        }));
    }
}

/// Drives a plan that a shape befalls, without any copies.
fn alone(
    part: &mut Part<'_>,
    (fleet, copies): (&mut Fleet, &crowd::Fleet),
    plans: Plans<'_>,
    figures: &Figures,
) -> Ended {
    plans.flooded.into_iter().flat_map(Flooded::sentences).for_each(|text| note(part, "load", text));
    let subscribers = match subscribers::listen(part, &copies.shape) {
        Ok(subscribers) => subscribers,
        Err(why) => return part.ended(Ending::Lost(why)),
    };
    let start = Instant::now() + Duration::from_micros(RUN_UP_US.unsigned_abs());
    subscribers.iter().for_each(|all| all.begin(start));
    let ended = part.drive(fleet, plans, figures, Some(part.common.clock.at(start)));
    let subscribers = heard(part, subscribers, (Some(start), &ended.how));
    subscribers::sentences(&subscribers).into_iter().for_each(|text| note(part, "load", text));
    let counts = LoadCounts { shape: copies.shape.name.clone(), ..LoadCounts::default() };
    let (at_us, histograms) = (part.common.clock.now_us(), BTreeMap::new());
    let part_name = part.common.part.into();
    let load = Load { at_us, part: part_name, so_far: false, counts, subscribers, answers: None, histograms };
    part.common.journal.write(Entry::Load(Box::new(load)));
    ended
}

/// What was heard of the gateway beside the observer.
struct Heard {
    judged: Judged,
    subscribers: Vec<Subscribed>,
}

/// What became of what the copies said; or why that is not known.
fn judged(
    part: &Part<'_>,
    (hearing, crowd): (Result<Hearing, String>, &Crowd<'_>),
    outcome: &Result<(Outcome, Vec<Trace>), PlaneError>,
    (start, how): (Option<Instant>, &Ending),
) -> Judged {
    let deaf = |why_not: &str| {
        let answers = LoadAnswers { why_not: why_not.to_owned(), ..LoadAnswers::default() };
        Judged { answers, ..Judged::default() }
    };
    match (hearing, outcome, start, part.copies) {
        (Ok(hearing), Ok((_, traces)), Some(start), Some(copies)) => {
            hearing.end(part, (crowd, traces), copies, (start, how))
        }
        (Err(why), ..) => deaf(&why),
        _ => deaf("the copies did not speak"),
    }
}

/// What the subscribers heard, once everybody has what waited for it. Of whoever was still away or slow when a run was cut
/// nothing is known.
fn heard(
    part: &Part<'_>,
    subscribers: Option<Subscribers>,
    (start, how): (Option<Instant>, &Ending),
) -> Vec<Subscribed> {
    let (Some(subscribers), Some(start)) = (subscribers, start) else { return Vec::new() };
    let start_us = part.common.clock.at(start);
    let (driven, whole) = (start.elapsed(), *how == Ending::Whole);
    let is_over = |one: &Subscriber| whole || one.habit.stretch().is_none_or(|(_, until)| until <= driven);
    let of = |(one, account): &(_, Account)| {
        // Whoever lost nothing is given up by nobody.
        let said = if account.lost > 0 { subscribers::gives_up(part, one) } else { Vec::new() };
        subscribers::account(one, account, (start_us, said))
    };
    subscribers.end().iter().filter(|(one, _)| is_over(one)).map(of).collect()
}

/// Notes what the copies came to. Copies that were never connected are a gateway that was not reached.
fn sum_up(
    part: &Part<'_>,
    (fleet, clients): (&crowd::Fleet, usize),
    (outcome, heard): (Result<Outcome, PlaneError>, Heard),
    ended: Ended,
) -> Ended {
    let outcome = match outcome {
        Ok(outcome) => outcome,
        Err(error) => return part.ended(Ending::Lost(format!("the copies of the compound: {error}"))),
    };
    let Heard { judged: Judged { answers, took, posted, looks }, subscribers } = heard;
    let said = [copies::sentence(&answers)].into_iter().chain(figures(&outcome));
    for text in said.chain(subscribers::sentences(&subscribers)) {
        note(part, "load", text);
    }
    if let Some(why) = outcome.too_late(fleet.lateness_bound) {
        note(part, LATE_LOAD, why);
    }
    let mut load = load(&part.common, fleet, clients, &outcome);
    let leg = answers.upstream.as_ref().map(|_| ("upstream", posted.histogram()));
    for (name, heard) in
        [("answers", took.histogram()), ("hearing", looks.histogram())].into_iter().chain(leg)
    {
        load.histograms.extend(latency::Series::pack(heard).map(|packed| (name.to_owned(), packed)));
    }
    let load = Load { subscribers, answers: Some(answers), ..load };
    part.common.journal.write(Entry::Load(Box::new(load)));
    ended
}

/// The same for the report, with histograms that merge exactly.
fn load(common: &Common, fleet: &crowd::Fleet, clients: usize, outcome: &Outcome) -> Load {
    let (all, links) = (outcome.all(), &outcome.links);
    let series = [
        ("pickup", &all.pickup),
        ("lateness", &all.lateness),
        ("service", &all.service),
        ("acknowledged", &all.response),
        ("absence", &links.absence),
        ("drained", &links.drained),
    ];
    let packed =
        |(name, series): (&str, &Series)| Some((name.to_owned(), latency::Series::pack(series.histogram())?));
    let counts = LoadCounts {
        copies: fleet.copies(),
        clients,
        shape: fleet.shape.name.clone(),
        compress: fleet.shape.pace(),
        left: all.left,
        answered: all.answered,
        denied: all.denied,
        unanswered: all.unanswered,
        refused: all.refused,
        unsent: all.unsent,
        stored: all.stored,
        repeated: all.repeated,
        connected: links.stood,
        broke: links.broke,
        dropped: links.dropped,
        reasons: links.reasons.clone(),
    };
    Load {
        at_us: common.clock.now_us(),
        part: common.part.into(),
        so_far: false,
        counts,
        subscribers: Vec::new(),
        answers: None,
        histograms: series.into_iter().filter_map(packed).collect(),
    }
}

fn note(part: &Part<'_>, kind: &str, text: String) {
    let at_us = part.common.clock.now_us();
    part.common.journal.write(Entry::Note(Note { at_us, kind: kind.into(), text }));
}

/// Who speaks, by which shape, and where in the windows each copy stands.
fn headline(fleet: &crowd::Fleet, clients: usize, plan: &Plan) -> String {
    let window = plan.windows.iter().map(|w| w.lasting.0 * 1000).min().unwrap_or(1);
    let told = (1..=fleet.copies()).take(TOLD as usize);
    let offsets: Vec<String> =
        told.map(|copy| format!("{:.1}", fleet.offset_us(copy, window) as f64 / 1e6)).collect();
    let pace = match fleet.shape.pace() {
        1 => String::new(),
        pace => format!(", compressed {pace} times, which nobody is judged by"),
    };
    let kept = if fleet.shape.retain { ", the broker keeps the last event of each device" } else { "" };
    let more = if fleet.copies() > TOLD { " and so on" } else { "" };
    format!(
        "{} with {} load the gateway, shape {}{pace}{kept}; in the shortest window they speak later by {}{more} s",
        counted(fleet.copies(), "copy"),
        counted(clients, "connection"),
        fleet.shape.name,
        offsets.join(", ")
    )
}

/// What was measured, in sentences.
fn figures(outcome: &Outcome) -> Vec<String> {
    let all = outcome.all();
    let mut said = vec![messages(&all)];
    if all.response.count() > 0 {
        let (service, response) = (spread(&all.service), spread(&all.response));
        said.push(format!(
            "acknowledged: {} of them; {service} after they left, {response} after they were due (p50 / p99 / longest)",
            all.answered
        ));
    }
    let links = &outcome.links;
    let mut connections = format!("connections of the copies: {} made, {} broke", links.stood, links.broke);
    if links.dropped > 0 {
        let away = spread(&links.absence);
        connections +=
            &format!(", {} dropped in storms; away for {away} (p50 / p99 / longest)", links.dropped);
    }
    if all.stored > 0 {
        let drained = spread(&links.drained);
        connections += &format!(
            "; {} waited in their devices, the last of each was done {drained} after its return (p50 / p99 / \
             longest)",
            counted(all.stored, "message")
        );
    }
    connections.extend(links.reasons.iter().map(|(why, n)| format!("; {}: {why}", counted(n, "time"))));
    said.push(connections);
    said
}

fn messages(all: &ClassTally) -> String {
    let mut said = format!(
        "messages of the copies: {} left, taken up {} after they were due, written {} after (p50 / p99 / longest)",
        all.left,
        spread(&all.pickup),
        spread(&all.lateness),
    );
    let lost = [
        (all.unanswered, "never acknowledged"),
        (all.refused, "without room"),
        (all.unsent, "not sent in time"),
        (all.repeated, "sent again, since their connection broke without an acknowledgement"),
    ];
    said.extend(lost.iter().filter(|(n, _)| *n > 0).map(|(n, what)| format!("; {n} {what}")));
    said
}

/// `0.1 / 2.3 / 4.5 ms`.
fn spread(series: &Series) -> String {
    let at = |percent| series.percentile_us(percent).unwrap_or(0) as f64 / 1000.0;
    format!("{:.2} / {:.2} / {:.2} ms", at(50.0), at(99.0), at(100.0))
}
