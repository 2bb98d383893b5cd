//! The copies of a compound beside the compound itself: they start with it, end with it, and what they came to is noted.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::thread;
use std::time::{Duration, Instant};

use palisade_load::plane::{ClassTally, Outcome, PlaneError, Watch};
use palisade_load::series::Series;
use palisade_load::subscribe::{Account, SoFar, Subscriber, Subscribers};
use palisade_sim::words::DeviceIx;

use super::copies::{self, Deaf, Hearing, Judged, Ledger};
use super::flood::Flooded;
use super::part::{Ended, Ending, Part, RUN_UP_US};
use super::subscribers;
use crate::drivers::crowd::{self, Crowd};
use crate::drivers::fleet::{Common, Figures, Fleet};
use crate::latency;
use crate::record::{Entry, LATE_LOAD, Load, LoadAnswers, LoadCounts, Micros, Note, Pulse, Subscribed};
use crate::schedule::Plan;
use crate::words::counted;

/// How often whoever watches a run is told how far the copies are.
const PULSE: Duration = Duration::from_secs(1);
/// Every so many of these, what was measured of the copies is written down.
const KEEP: u32 = 2;
/// It is done so rarely that it takes no more than such a part of the time.
const KEEP_SHARE: u32 = 50;
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
    let ledger = hearing.as_ref().map(Hearing::ledger).map_err(Clone::clone);
    let disturbed = part.faults.is_some_and(|plan| plan.faults.disturbs());
    thread::scope(|scope| {
        let plane = scope.spawn(|| crowd.run(&address, (&watch, &stop)));
        let (going, over) = mpsc::channel();
        let keeper = Keeper {
            common: &common,
            fleet: copies,
            crowd: &crowd,
            watch: &watch,
            subscribers: subscribers.as_ref().map(Subscribers::so_far),
            ledger,
            disturbed,
        };
        scope.spawn(move || meanwhile(&over, || keeper.pulse(), || keeper.keep()));
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
                let judged = judged(part, (hearing, (&crowd, copies)), &outcome, (watch.start(), &ended.how));
                // Until then answers may come.
                drop(going);
                let heard =
                    Heard { judged, subscribers: heard(part, subscribers, (watch.start(), &ended.how)) };
                sum_up(part, (copies, crowd.clients()), (outcome, heard), ended)
            }
            Err(panic) => std::panic::resume_unwind(panic),
        }
    })
}

/// Until nobody is left who holds the other end: pulses, and every so many of them something is kept, which tells how long that
/// took.
fn meanwhile(over: &Receiver<()>, pulse: impl Fn(), keep: impl Fn() -> Duration) {
    let (mut going, mut pulses) = (true, KEEP);
    while going {
        going = over.recv_timeout(PULSE) == Err(RecvTimeoutError::Timeout);
        pulses = pulses.saturating_sub(1);
        if going && pulses == 0 {
            let took = keep().as_secs_f64() * f64::from(KEEP_SHARE) / PULSE.as_secs_f64();
            pulses = KEEP.max(took as u32);
        }
        pulse();
    }
}

/// Tells whoever watches how far the copies are, and writes down from time to time what was measured of them: the end may never
/// come.
struct Keeper<'a> {
    common: &'a Common,
    fleet: &'a crowd::Fleet,
    crowd: &'a Crowd<'a>,
    watch: &'a Watch,
    /// Who else hears the gateway.
    subscribers: Option<SoFar>,
    /// What was heard of them; or why nobody hears.
    ledger: Result<Arc<Ledger>, String>,
    /// There are faults on the lines, or restarts.
    disturbed: bool,
}

impl Keeper<'_> {
    fn pulse(&self) {
        let (left, acknowledged) = self.watch.messages();
        self.common.journal.write(Entry::Pulse(Pulse {
            at_us: self.common.clock.now_us(),
            connected: self.watch.connected(),
            left,
            acknowledged,
            answers: self.ledger.as_ref().ok().map(|ledger| ledger.answers()),
            pickup_us: self.watch.pickup_us(),
        }));
    }

    /// Writes down what was measured by now. How long that took.
    fn keep(&self) -> Duration {
        let begun = Instant::now();
        let so_far = self.watch.so_far();
        if so_far.writes == 0 {
            return Duration::ZERO;
        }
        let now = (self.common.clock.now_us(), Judged::default());
        let (at_us, judged) = match &self.ledger {
            Ok(ledger) => ledger.so_far(self.crowd, self.fleet, self.disturbed).unwrap_or(now),
            Err(why) => (now.0, deaf(why)),
        };
        let load = load((self.common, at_us), (self.fleet, self.crowd.clients()), &so_far, judged);
        let subscribers =
            self.subscribers.iter().flat_map(|all| subscribers::so_far(self.common, all)).collect();
        self.common.journal.write(Entry::Load(Box::new(Load { so_far: true, subscribers, ..load })));
        begun.elapsed()
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
    let common = part.common.clone();
    let load = |subscribers| Load {
        at_us: common.clock.now_us(),
        part: common.part.into(),
        counts: LoadCounts { shape: copies.shape.name.clone(), ..LoadCounts::default() },
        subscribers,
        ..Load::default()
    };
    let ended = thread::scope(|scope| {
        let (going, over) = mpsc::channel();
        let (common, load) = (&common, &load);
        if let Some(all) = subscribers.as_ref().map(Subscribers::so_far) {
            let keep = move || {
                let begun = Instant::now();
                let load = load(subscribers::so_far(common, &all));
                common.journal.write(Entry::Load(Box::new(Load { so_far: true, ..load })));
                begun.elapsed()
            };
            scope.spawn(move || meanwhile(&over, || {}, keep));
        }
        let ended = part.drive(fleet, plans, figures, Some(part.common.clock.at(start)));
        drop(going);
        ended
    });
    let subscribers = heard(part, subscribers, (Some(start), &ended.how));
    subscribers::sentences(&subscribers).into_iter().for_each(|text| note(part, "load", text));
    part.common.journal.write(Entry::Load(Box::new(load(subscribers))));
    ended
}

/// What was heard of the gateway beside the observer.
struct Heard {
    judged: Judged,
    subscribers: Vec<Subscribed>,
}

/// Nobody heard the answers to the copies.
fn deaf(why_not: &str) -> Judged {
    let answers = LoadAnswers { why_not: why_not.to_owned(), ..LoadAnswers::default() };
    Judged { answers, ..Judged::default() }
}

/// What became of what the copies said; or why that is not known.
fn judged(
    part: &Part<'_>,
    (hearing, said_by): (Result<Hearing, String>, (&Crowd<'_>, &crowd::Fleet)),
    outcome: &Result<Outcome, PlaneError>,
    (start, how): (Option<Instant>, &Ending),
) -> Judged {
    match (hearing, outcome, start) {
        (Ok(hearing), Ok(_), Some(start)) => hearing.end(part, said_by, (start, how)),
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
    let is_over = |one: &Subscriber| whole || subscribers::is_over(one, driven);
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
    let Heard { judged, subscribers } = heard;
    let said = [copies::sentence(&judged.answers)].into_iter().chain(figures(&outcome, fleet.lateness_bound));
    for text in said.chain(subscribers::sentences(&subscribers)) {
        note(part, "load", text);
    }
    if let Some(why) = outcome.too_late(fleet.lateness_bound) {
        let remedy = "take a smaller fleet, or give the gateway another machine (the bound is `[drive] lateness_bound`)";
        note(part, LATE_LOAD, format!("{why}: {remedy}"));
    }
    let at_us = part.common.clock.now_us();
    let load = Load { subscribers, ..load((&part.common, at_us), (fleet, clients), &outcome, judged) };
    part.common.journal.write(Entry::Load(Box::new(load)));
    ended
}

/// The same for the report, with histograms that merge exactly.
fn load(
    (common, at_us): (&Common, Micros),
    (fleet, clients): (&crowd::Fleet, usize),
    outcome: &Outcome,
    Judged { answers, took, posted, looks }: Judged,
) -> Load {
    let (all, links) = (outcome.all(), &outcome.links);
    let leg = answers.upstream.as_ref().map(|_| ("upstream", posted.histogram()));
    let heard = [("answers", took.histogram()), ("hearing", looks.histogram())].into_iter().chain(leg);
    let series = [
        ("pickup", &all.pickup),
        ("lateness", &all.lateness),
        ("service", &all.service),
        ("acknowledged", &all.response),
        ("absence", &links.absence),
        ("drained", &links.drained),
    ];
    let series = series.iter().map(|(name, series)| (*name, series.histogram()));
    let packed = |(name, histogram)| Some((String::from(name), latency::Series::pack(histogram)?));
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
        at_us,
        part: common.part.into(),
        so_far: false,
        counts,
        subscribers: Vec::new(),
        histograms: series.chain(heard).filter_map(packed).collect(),
        answers: Some(answers),
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
fn figures(outcome: &Outcome, bound: Duration) -> Vec<String> {
    let all = outcome.all();
    let mut said = vec![messages(&all, outcome.nice.unwrap_or_default(), bound)];
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

fn messages(all: &ClassTally, nice: i32, bound: Duration) -> String {
    let mut said = format!(
        "messages of the copies: {} left, taken up {} after they were due (bound {bound:?}, nice {nice}), written {} after \
         (p50 / p99 / longest)",
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
