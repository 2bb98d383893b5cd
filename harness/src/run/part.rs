//! One part of a run: the floor against the echo gateway, or the main part against the system under test.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use crate::words::counted;
use palisade_load::process::prefer_this_thread;
use palisade_sim::model::drive::Window;
use palisade_sim::whole::Tape;
use palisade_sim::words::Ms;

use super::child::Gateway;
use super::city::City;
use super::flood::{self, Flooded};
use super::load::{self, Plans};
use super::machine::Gauge;
use super::processes::Processes;
use super::restart;
use super::stop::Stop;
use super::usage::Looks;
use crate::actuator::Actuator;
use crate::contract::Decoder;
use crate::drivers::between::{self, Between};
use crate::drivers::crowd;
use crate::drivers::fleet::{Common, Figures, Fleet, Timing, Wires};
use crate::drivers::mqtt::Address;
use crate::drivers::orders::{Follows, Orders};
use crate::drivers::serial::Lines;
use crate::fault::{Afflicted, Unsaid};
use crate::observe::{Source, observe};
use crate::pairing::{Rule, Said, owed, owed_for};
use crate::progress::Progress;
use crate::record::{self, Entry, Micros};
use crate::schedule::{self, Plan};

/// How long a gateway may take to answer the probe, and devices to connect.
pub(super) const PATIENCE: Duration = Duration::from_secs(8);
/// All connections down for so long: the gateway is lost.
const SILENCE: Duration = Duration::from_secs(2);
/// Between the plan being made and its first message.
pub(super) const RUN_UP_US: Micros = 200_000;

/// How a part ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Ending {
    /// All of it was driven.
    Whole,
    /// Somebody stopped the run.
    Interrupted,
    /// The gateway is gone, or never was there.
    Lost(String),
    /// The journal cannot be written.
    Disk(String),
}

/// How it ended, and when: from then on nothing was listened for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Ended {
    /// How.
    pub(super) how: Ending,
    /// When, µs on the run's clock.
    pub(super) at_us: Micros,
}

/// What a part is made of.
pub(super) struct Part<'a> {
    pub(super) common: Common,
    pub(super) tape: &'a Tape,
    pub(super) windows: &'a [Window],
    pub(super) heartbeat: Ms,
    pub(super) drain: Ms,
    pub(super) address: Address,
    pub(super) gateway: Option<Gateway>,
    pub(super) stop: &'a Stop,
    pub(super) progress: &'a Progress,
    /// What each device does when it is told to, in the order of the tape.
    pub(super) actuators: Vec<Actuator>,
    /// Serial lines that stand already, since a gateway opens them when it starts.
    pub(super) lines: Option<Lines>,
    /// Commands that are expected.
    pub(super) rules: Vec<Rule>,
    /// Copies of the compound that speak beside it.
    pub(super) copies: Option<&'a crowd::Fleet>,
    /// What disturbs the connections of devices.
    pub(super) faults: Option<&'a between::Plan>,
    /// The proxy that does, once it stands.
    pub(super) between: Option<Between>,
    /// The city platform behind the gateway, if it has one.
    pub(super) city: Option<City>,
    /// Restarts that were done.
    pub(super) restarts: Vec<record::Restart>,
    /// Whether who hears the answers to the copies does so; nothing when nobody does.
    pub(super) copies_hear: Option<Arc<AtomicBool>>,
    /// Devices that do something wrong.
    pub(super) afflicted: Afflicted,
    /// How long the gateway may take to answer the probe.
    pub(super) patience: Duration,
    /// Where its answers are heard.
    pub(super) source: Option<Source>,
    /// The filters under which others hear them, for all sites; none when they come over no broker.
    pub(super) heard_on: Vec<String>,
    /// How they are read there.
    pub(super) reading: Option<Decoder>,
    /// Figures that are watched.
    pub(super) figures: Arc<Figures>,
    /// Its programs, when the harness started them.
    pub(super) processes: Processes,
}

impl Part<'_> {
    /// Connects, drives, listens.
    pub(super) fn run(mut self) -> Ended {
        let mut day = schedule::plan(self.tape, self.windows, self.heartbeat, self.drain);
        // Whoever answers in time is heard, also after the last message.
        day.ends_us += (self.common.contract.longest_deadline().0 - self.drain).0.max(0) * 1000;
        let flooded = flood::flooded(&self, &day);
        let sends = flooded.as_ref().map_or(&[][..], |flooded| &flooded.sends);
        let plan = flood::with(&day, sends, &self);
        if let (Some(flooded), Some(source)) = (&flooded, &mut self.source) {
            flooded.signals().for_each(|(device, signal)| source.reading.may_say(&device, signal));
        }
        let plans = Plans { day: &day, plan: &plan, flooded: flooded.as_ref() };
        match &flooded {
            Some(flooded) => Part { tape: &flooded.tape, ..self }.carry_out(plans),
            None => self.carry_out(plans),
        }
    }

    fn carry_out(mut self, plans: Plans<'_>) -> Ended {
        let plan = plans.plan;
        let figures = self.figures.clone();
        self.progress.begin(&self.headline(plan));
        let stop = self.stop;
        let asked = || stop.asked();
        let heard = (self.common.clone(), figures.clone());
        let source = self.source.take().expect("a part has its source");
        self.heard_on =
            if source.cloud.is_none() { source.reading.filters_of_all_sites() } else { Vec::new() };
        self.reading = Some(source.reading.clone());
        let observer = observe(&self.address, source, heard, self.patience, &asked);
        let observer = match observer {
            Ok(observer) => observer,
            Err(why) => return self.ended(Ending::Lost(why)),
        };
        if let Err(why) = self.disturb() {
            observer.stop();
            return self.ended(Ending::Lost(why));
        }
        let actuators = std::mem::take(&mut self.actuators);
        let orders = match Orders::start(self.common.clone(), actuators, self.follows()) {
            Ok(orders) => orders,
            Err(why) => {
                observer.stop();
                return self.ended(Ending::Lost(why));
            }
        };
        let common = &self.common;
        let none = Lines::none(common.clock, common.journal.clone(), common.part);
        let wires = Wires { broker: &self.devices_connect_to(), lines: self.lines.take().unwrap_or(none) };
        let desk = orders.desk();
        let fleet = Fleet::connect(self.tape, wires, common, figures.clone(), PATIENCE, &asked, desk);
        match fleet {
            Ok(mut fleet) => {
                self.afflict(&mut fleet);
                let gauge = Gauge::read();
                let ended = load::beside(&mut self, &mut fleet, plans, &figures);
                let machine = gauge.since(ended.at_us, self.common.part);
                machine.into_iter().for_each(|m| self.common.journal.write(Entry::Machine(m)));
                fleet.lines().write_figures();
                fleet.remark_outages();
                // First the observer: what a gateway makes of the goodbyes is not the run's.
                observer.stop();
                fleet.close();
                self.between.take().into_iter().for_each(Between::end);
                ended
            }
            Err(why) => {
                let ended = self.ended(Ending::Lost(why));
                observer.stop();
                ended
            }
        }
    }

    /// Puts the proxy between devices and the gateway when there are faults. The observer hears the gateway without it.
    fn disturb(&mut self) -> Result<(), String> {
        let start = |plan| Between::start(plan, &self.address, self.tape, &self.common);
        self.between = self.faults.map(start).transpose()?;
        Ok(())
    }

    /// Draws the devices that do something wrong.
    fn afflict(&mut self, fleet: &mut Fleet) {
        let Some(faults) = self.faults else { return };
        let kit: Vec<_> = self.tape.devices.iter().map(|row| (row.id.to_string(), row.class)).collect();
        let wired = |device| fleet.lines().has(device);
        self.afflicted = faults.faults.afflicted(faults.seed, &kit, &wired);
        fleet.afflict(&self.afflicted);
    }

    /// Writes down who does something wrong, what is never said, and what is said again.
    fn write_afflicted(&self, plan: &Plan, unsaid: &[Unsaid], start_us: Micros) {
        let (journal, part) = (&self.common.journal, self.common.part);
        let texts: Vec<String> =
            self.faults.iter().flat_map(|f| &f.faults.device).map(ToString::to_string).collect();
        for one in self.afflicted.all() {
            let away = one.away(plan.ends_us);
            journal.write(Entry::Afflicted(record::Afflicted {
                number: one.number,
                part: part.into(),
                device: one.device,
                kind: one.ail.word().into(),
                text: texts.get(one.number - 1).cloned().unwrap_or_default(),
                from_us: start_us + one.from_us,
                until_us: (one.until_us != i64::MAX).then(|| start_us + one.until_us),
                away: away.into_iter().map(|(from, to)| (start_us + from, start_us + to)).collect(),
            }));
        }
        for Unsaid { stimulus, device, at_us, fault } in unsaid.iter().copied() {
            let at_us = start_us + at_us;
            journal.write(Entry::Unsaid(record::Unsaid { stimulus, device, at_us, fault }));
        }
        for send in &plan.sends {
            if let schedule::What::Again { of, .. } = send.what
                && let Some(stimulus) = send.what.id()
            {
                let (device, at_us) = (send.device, start_us + send.at_us);
                journal.write(Entry::Repeated(record::Repeated { stimulus, of, device, at_us }));
            }
        }
    }

    /// The gateway, or the proxy before it.
    pub(super) fn devices_connect_to(&self) -> Address {
        self.between.as_ref().map_or(&self.address, |between| &between.address).clone()
    }

    /// What the gateway owes after what devices say because of commands.
    fn follows(&self) -> Box<Follows> {
        let (rules, devices) = (self.rules.clone(), self.tape.devices.clone());
        let part = self.common.part;
        Box::new(move |device, stimulus, signal, intended_us| {
            owed_for(&rules, &devices, Said { stimulus, device, signal, intended_us }, part)
        })
    }

    /// An end at this instant. That somebody stopped the run is the reason for whatever else ended then.
    pub(super) fn ended(&self, how: Ending) -> Ended {
        let how = match how {
            Ending::Lost(_) if self.stop.asked() => Ending::Interrupted,
            how => how,
        };
        Ended { how, at_us: self.common.clock.now_us() }
    }

    fn headline(&self, plan: &Plan) -> String {
        let part = if self.common.part == "floor" { "floor, against an echo" } else { "driving" };
        format!(
            "{part}: {}, {:.0} s, {} owed an answer, {}, {}",
            counted(plan.windows.len(), "window"),
            plan.ends_us as f64 / 1e6,
            counted(self.expected(plan), "message"),
            counted(self.tape.devices.len(), "device"),
            self.address,
        )
    }

    /// Messages of a plan to which the contract expects an answer.
    fn expected(&self, plan: &Plan) -> usize {
        let contract = &self.common.contract;
        let answered = |send: &&schedule::Send| {
            let Some(id) = send.what.stimulus() else { return false };
            let row = self.tape.devices.get(send.device.index());
            self.tape.stimuli.get(id.index()).zip(row).is_some_and(|(s, row)| {
                contract.reaction(row.class, &s.signal.word(), s.signal.severity()).is_some()
            })
        };
        plan.sends.iter().filter(answered).count()
    }

    /// Drives the plan from an instant on, or as soon as it is announced.
    pub(super) fn drive(
        &mut self,
        fleet: &mut Fleet,
        plans: Plans<'_>,
        figures: &Figures,
        from: Option<Micros>,
    ) -> Ended {
        let plan = plans.plan;
        let (plan, unsaid) = &self.afflicted.plan(plan);
        let start_us = from.unwrap_or(self.common.clock.now_us() + RUN_UP_US);
        let timing = Timing { start_us };
        self.write_afflicted(plan, unsaid, start_us);
        plans.flooded.into_iter().for_each(|flooded: &Flooded| flooded.write(self, start_us));
        fleet.ail(start_us, plan.ends_us);
        if let Some(copies) = self.copies {
            flood::storms(self, fleet, copies, start_us);
        }
        let fleet = &*fleet;
        let halt = AtomicBool::new(false);
        fleet.announce(self.tape, plan, timing);
        self.between.iter().for_each(|between| between.begin(start_us));
        self.city.iter().for_each(|city| city.begin(start_us));
        if let Some(faults) = self.faults {
            fleet.lines().disturb(&faults.faults.lines(), faults.seed, start_us);
        }
        for owed in owed(&self.rules, self.tape, plan, start_us, self.common.part) {
            self.common.journal.write(Entry::Owed(owed));
        }
        let tape = self.tape;
        std::thread::scope(|scope| {
            let stop = || halt.load(Ordering::Relaxed);
            let sender = scope.spawn(move || {
                prefer_this_thread();
                fleet.drive(tape, plan, timing, &stop);
            });
            let how = self.watch(fleet, plan, start_us, figures);
            let ended = self.ended(how);
            halt.store(true, Ordering::Relaxed);
            match sender.join() {
                Ok(()) => ended,
                Err(panic) => std::panic::resume_unwind(panic),
            }
        })
    }

    /// Watches until the plan has ended or something ends it.
    fn watch(&mut self, fleet: &Fleet, plan: &Plan, start_us: Micros, figures: &Figures) -> Ending {
        let clock = self.common.clock;
        let mut heard = Instant::now();
        let mut told = Told::default();
        let mut last_us = None;
        let restarts = self.faults.map_or(&[][..], |plan| &plan.faults.restart);
        let seed = self.faults.map_or(0, |plan| plan.seed);
        let mut looks = Looks::new(start_us, plan.ends_us);
        let mut due = restart::due(restarts, seed, (start_us, plan.ends_us));
        loop {
            self.look_at_processes(&mut looks);
            let restarted = self.restarts.len();
            if let Err(ending) = self.restart(&mut due, figures) {
                return ending;
            }
            if self.restarts.len() > restarted {
                heard = Instant::now();
            }
            let at_us = clock.now_us() - start_us;
            self.tell_windows(plan, at_us, figures, &mut told);
            if at_us >= plan.ends_us {
                self.between.iter().for_each(Between::settle);
                // Whatever devices said because of a command until now is still listened for.
                let last_us = *last_us.get_or_insert_with(|| fleet.desk().last_call());
                if clock.now_us() >= last_us {
                    return Ending::Whole;
                }
            }
            if self.stop.asked() {
                return Ending::Interrupted;
            }
            if let Some(fault) = self.common.journal.fault() {
                return Ending::Disk(fault.to_owned());
            }
            if let Some(status) = self.gateway.as_mut().and_then(Gateway::ended) {
                return Ending::Lost(format!("the gateway's process ended: {status}"));
            }
            if let Some(why) = self.processes.ended() {
                return Ending::Lost(why);
            }
            fleet.lines().write_disturbances();
            if let Some(fault) = fleet.lines().fault() {
                return Ending::Lost(fault.to_owned());
            }
            let stormy = self.is_stormy(at_us);
            if figures.connected.load(Ordering::SeqCst) > 0 || fleet.connections() == 0 || stormy {
                heard = Instant::now();
            } else if heard.elapsed() > SILENCE {
                let wait = SILENCE.as_secs();
                return Ending::Lost(format!("no device had a connection to {} for {wait} s", self.address));
            }
            self.progress
                .at((at_us as f64 / plan.ends_us as f64).min(1.0), || self.now(plan, at_us, figures));
            let wake_us = last_us.unwrap_or(start_us + plan.ends_us);
            std::thread::sleep(clock.until(wake_us).min(Duration::from_millis(25)));
        }
    }

    /// Whether a storm has taken connections at an instant of the plan, or devices are away because they do something wrong on
    /// purpose.
    fn is_stormy(&self, at_us: Micros) -> bool {
        if self.afflicted.all().any(|one| one.away(at_us + 1).last().is_some_and(|(_, to)| at_us < *to)) {
            return true;
        }
        let storms = self.copies.iter().flat_map(|copies| &copies.shape.storm);
        storms
            .map(|storm| (storm.at.0, storm.at.0 + storm.lasts().0))
            .any(|(from, to)| (from..to).contains(&Ms(at_us / 1_000)))
    }

    /// A line for each window whose listening is over.
    fn tell_windows(&self, plan: &Plan, at_us: Micros, figures: &Figures, told: &mut Told) {
        while let Some(window) = plan.windows.get(told.windows) {
            let ends_us = plan.windows.get(told.windows + 1).map_or(plan.ends_us, |next| next.began_us);
            if at_us < ends_us {
                return;
            }
            let left = figures.left.load(Ordering::Relaxed);
            let answers = figures.answers.load(Ordering::Relaxed);
            let time = window.from.to_string();
            self.progress.line(|| {
                format!(
                    "{}window {}/{} at {}: {} sent, {} answers",
                    if self.common.part == "floor" { "floor " } else { "" },
                    told.windows + 1,
                    plan.windows.len(),
                    &time[..8.min(time.len())],
                    left - told.left,
                    answers - told.answers,
                )
            });
            *told = Told { windows: told.windows + 1, left, answers };
        }
    }

    fn now(&self, plan: &Plan, at_us: Micros, figures: &Figures) -> String {
        let index = figures.window.load(Ordering::Relaxed);
        let time = plan
            .windows
            .get(index)
            .map_or(Ms(0), |w| w.from + Ms(((at_us - w.began_us) / 1000).clamp(0, w.lasting.0)));
        let time = time.to_string();
        format!(
            "{} window {}/{} {} · {} sent, {} answers · at most {:.1} ms late",
            self.common.part,
            index + 1,
            plan.windows.len(),
            &time[..8.min(time.len())],
            figures.left.load(Ordering::Relaxed),
            figures.answers.load(Ordering::Relaxed),
            figures.latest_us.load(Ordering::Relaxed) as f64 / 1000.0,
        )
    }
}

/// What was told of the windows so far.
#[derive(Default)]
struct Told {
    windows: usize,
    left: usize,
    answers: usize,
}
