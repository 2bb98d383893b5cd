//! One part of a run: the floor against the echo gateway, or the main part against the system under test.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use palisade_sim::model::drive::Window;
use palisade_sim::whole::Tape;
use palisade_sim::words::Ms;

use super::child::Gateway;
use super::stop::Stop;
use crate::drivers::fleet::{Common, Figures, Fleet, Timing};
use crate::drivers::mqtt::Address;
use crate::observe::observe;
use crate::progress::Progress;
use crate::record::Micros;
use crate::schedule::{self, Plan};

/// How long a gateway may take to answer the probe, and devices to connect.
const PATIENCE: Duration = Duration::from_secs(8);
/// All connections down for so long: the gateway is lost.
const SILENCE: Duration = Duration::from_secs(2);
/// Between the plan being made and its first message.
const RUN_UP_US: Micros = 200_000;

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

/// What a part is made of.
pub(super) struct Part<'a> {
    pub(super) common: Common,
    pub(super) tape: &'a Tape,
    pub(super) windows: &'a [Window],
    pub(super) heartbeat: Ms,
    pub(super) drain: Ms,
    pub(super) deadline: Ms,
    pub(super) address: Address,
    pub(super) gateway: Option<Gateway>,
    pub(super) stop: &'a Stop,
    pub(super) progress: &'a Progress,
}

impl Part<'_> {
    /// Connects, drives, listens.
    pub(super) fn run(mut self) -> Ending {
        let mut plan = schedule::plan(self.tape, self.windows, self.heartbeat, self.drain);
        // Whoever answers in time is heard, also after the last message.
        plan.ends_us += (self.deadline - self.drain).0.max(0) * 1000;
        let figures = Arc::new(Figures::default());
        self.progress.begin(&self.headline(&plan));
        let observer = match observe(&self.address, self.common.clone(), figures.clone(), PATIENCE) {
            Ok(observer) => observer,
            Err(why) => return Ending::Lost(why),
        };
        let fleet = Fleet::connect(self.tape, &self.address, &self.common, figures.clone(), PATIENCE);
        let ending = match fleet {
            Ok(fleet) => {
                let ending = self.drive(&fleet, &plan, &figures);
                observer.stop();
                fleet.close();
                ending
            }
            Err(why) => {
                observer.stop();
                Ending::Lost(why)
            }
        };
        let breaks = figures.breaks.load(Ordering::SeqCst);
        if breaks > 0 {
            self.common.note("info", format!("{breaks} connections broke"));
        }
        ending
    }

    fn headline(&self, plan: &Plan) -> String {
        let part = if self.common.part == "floor" { "floor, against an echo" } else { "driving" };
        format!(
            "{part}: {} windows, {:.0} s, {} messages that expect an answer, {} devices, {}",
            plan.windows.len(),
            plan.ends_us as f64 / 1e6,
            plan.expected(),
            self.tape.devices.len(),
            self.address,
        )
    }

    fn drive(&mut self, fleet: &Fleet, plan: &Plan, figures: &Figures) -> Ending {
        let start_us = self.common.clock.now_us() + RUN_UP_US;
        let timing = Timing { start_us, deadline_us: self.deadline.0 * 1000 };
        let halt = AtomicBool::new(false);
        let tape = self.tape;
        std::thread::scope(|scope| {
            let stop = || halt.load(Ordering::Relaxed);
            let sender = scope.spawn(move || fleet.drive(tape, plan, timing, &stop));
            let ending = self.watch(plan, start_us, figures);
            halt.store(true, Ordering::Relaxed);
            match sender.join() {
                Ok(()) => ending,
                Err(panic) => std::panic::resume_unwind(panic),
            }
        })
    }

    /// Watches until the plan has ended or something ends it.
    fn watch(&mut self, plan: &Plan, start_us: Micros, figures: &Figures) -> Ending {
        let clock = self.common.clock;
        let mut heard = Instant::now();
        loop {
            let at_us = clock.now_us() - start_us;
            if at_us >= plan.ends_us {
                return Ending::Whole;
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
            if figures.connected.load(Ordering::SeqCst) > 0 || self.tape.devices.is_empty() {
                heard = Instant::now();
            } else if heard.elapsed() > SILENCE {
                let wait = SILENCE.as_secs();
                return Ending::Lost(format!("no device had a connection to {} for {wait} s", self.address));
            }
            self.progress.at(at_us as f64 / plan.ends_us as f64, || self.now(plan, at_us, figures));
            std::thread::sleep(clock.until(start_us + plan.ends_us).min(Duration::from_millis(25)));
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
