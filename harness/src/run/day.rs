//! What is made before anything is driven: the day, and the planner's answer beside it.

use std::sync::mpsc::{self, RecvTimeoutError};
use std::time::Duration;

use palisade_sim::analysis::answer::PlanAnswer;
use palisade_sim::whole::{Day, Inputs, live};
use palisade_sim::words::Ms;

use super::stop::Stop;
use crate::input::Loaded;
use crate::progress::Progress;

enum News {
    At(Ms),
    Lived(Box<Day>),
}

/// Lives through the day while the planner works beside it. Nothing when somebody asked to stop: the threads are left
/// to end with the process.
pub(super) fn live_and_plan(
    loaded: &Loaded,
    seed: u64,
    stop: &Stop,
    progress: &Progress,
) -> Result<Option<(Day, PlanAnswer)>, String> {
    progress.begin("living the day");
    let (tell, told) = mpsc::channel();
    let scenario = loaded.scenario.clone();
    let lasting = scenario.file.day.lasting.0.0.max(1);
    std::thread::spawn(move || {
        let news = tell.clone();
        let day = live(scenario, seed, &Inputs::default(), &mut |at| {
            // Nobody listens any more only when the run was stopped.
            let _ = news.send(News::At(at));
        });
        let _ = tell.send(News::Lived(Box::new(day)));
    });
    let scenario = loaded.scenario.clone();
    let planner = std::thread::spawn(move || palisade_sim::analysis::plan(&scenario));
    let mut day = None;
    while !stop.asked() {
        match told.recv_timeout(Duration::from_millis(50)) {
            Ok(News::At(at)) => {
                let share = at.0 as f64 / lasting as f64;
                progress.at(share, || format!("living the day {:.0} %", share * 100.0));
            }
            Ok(News::Lived(lived)) => day = Some(*lived),
            Err(RecvTimeoutError::Disconnected) if day.is_none() => {
                return Err("the twin stopped before its day was over; this is a bug".into());
            }
            Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => {}
        }
        if day.is_some() && planner.is_finished() {
            break;
        }
        if day.is_some() {
            std::thread::sleep(Duration::from_millis(5));
        }
    }
    if stop.asked() {
        return Ok(None);
    }
    let answer = planner.join().map_err(|_| "the planner stopped; this is a bug".to_owned())?;
    Ok(day.map(|day| (day, answer)))
}
