//! Benches of what the user waits for: seeking, and frames with a crowd. A frame counts as done when the device has
//! finished it.

use std::sync::Arc;
use std::time::{Duration, Instant};

use palisade_sim::twin::frame::Role;
use palisade_sim::words::Ms;
use serde::Serialize;

use crate::eye::Eye;
use crate::overlays::Overlays;
use crate::pad::hash;
use crate::run_folder::{Mover, Run, mover};
use crate::scene::{DETAIL_M, Fixed, Scene};
use crate::stills::vantage;
use crate::studio::{NoPicture, Shot, Studio};

/// Size of the benches' pictures, px.
pub const SIZE: [u32; 2] = [1280, 720];

/// Figures of a bench, ms.
#[derive(Clone, Debug, Serialize)]
pub struct Figures {
    /// Which bench.
    pub bench: &'static str,
    /// How many were measured.
    pub count: usize,
    /// Bodies drawn.
    pub bodies: usize,
    /// Median, ms.
    pub p50_ms: f64,
    /// 99th percentile, ms.
    pub p99_ms: f64,
    /// Longest, ms.
    pub max_ms: f64,
    /// Pictures a second at the mean.
    pub per_second: f64,
    /// Share of the time in which the scene was brought to the instant, the rest being the renderer's.
    pub scene_share: f64,
}

fn figures(bench: &'static str, bodies: usize, all: &mut [Duration], scene: Duration) -> Figures {
    all.sort();
    let ms = |d: Duration| d.as_secs_f64() * 1000.0;
    let rank = |share: f64| {
        let i = ((all.len() as f64 * share).ceil() as usize).clamp(1, all.len().max(1)) - 1;
        all.get(i).copied().map_or(0.0, ms)
    };
    let sum: Duration = all.iter().sum();
    Figures {
        bench,
        count: all.len(),
        bodies,
        p50_ms: rank(0.5),
        p99_ms: rank(0.99),
        max_ms: rank(1.0),
        per_second: all.len() as f64 / sum.as_secs_f64().max(1e-9),
        scene_share: scene.as_secs_f64() / sum.as_secs_f64().max(1e-9),
    }
}

/// The size's shape.
fn aspect() -> f64 {
    f64::from(SIZE[0]) / f64::from(SIZE[1])
}

/// An eye on the ground among the buildings, and one over the whole: the bench takes turns.
fn eyes(run: &Run) -> [Eye; 2] {
    let site = &run.scenario.site;
    [vantage::whole(site, 38.0, 55.0, aspect()), vantage::street(site, 70.0)]
}

/// Jumps to random instants of the day, each until its picture is done. The light is worked out at once for none of
/// them: the window does that behind the picture.
///
/// # Errors
/// When there is no driver.
pub fn seek(run: Arc<Run>, count: usize) -> Result<Figures, NoPicture> {
    let fixed = Arc::new(Fixed::new(run.clone()));
    let mut studio = Studio::new(fixed, Ms(43_200_000))?;
    let eyes = eyes(&run);
    let over = Overlays { beams: true, ..Overlays::default() };
    let shot = |at, eye| Shot { at, eye, overlays: over, hidden: Vec::new(), detail_m: DETAIL_M, size: SIZE };
    // As the window does before its first picture: a driver makes its shaders when they are first used.
    for eye in eyes {
        studio.frame(&shot(Ms(43_200_000), eye), true);
    }
    let mut all = Vec::new();
    let (mut scene, mut bodies) = (Duration::ZERO, 0);
    for i in 0..count {
        let at = Ms((hash(i as u64 ^ 0x5ee4) * run.tape.lasting.0 as f64) as i64);
        let (whole, part) = studio.frame(&shot(at, eyes[i % 2]), false);
        all.push(whole);
        scene += part;
        bodies = bodies.max(run.movers(at).len());
    }
    Ok(figures("seek", bodies, &mut all, scene))
}

/// Draws frames with `people` walking.
///
/// # Errors
/// When there is no driver.
pub fn frames(run: Arc<Run>, people: usize, count: usize) -> Result<Figures, NoPicture> {
    let fixed = Arc::new(Fixed::new(run.clone()));
    let noon = Ms(43_200_000);
    let mut studio = Studio::new(fixed, noon)?;
    let eye = eyes(&run)[0];
    let shot = |at| Shot {
        at,
        eye,
        overlays: Overlays::default(),
        hidden: Vec::new(),
        detail_m: DETAIL_M,
        size: SIZE,
    };
    studio.frame(&shot(noon), true);
    let mut all = Vec::new();
    let mut scene = Duration::ZERO;
    // The program does nothing but this bench, and the run lives as long as it.
    let run: &'static Run = Box::leak(Box::new(run));
    for i in 0..count as i64 {
        let at = noon + Ms(i * 100);
        studio.world().resource_mut::<Scene>().crowd = Some(crowd(run, people, i * 100));
        let (whole, part) = studio.frame(&shot(at), false);
        // The first frames bring shaders and buffers.
        if i >= 3 {
            all.push(whole);
            scene += part;
        }
    }
    Ok(figures("frames", people, &mut all, scene))
}

/// So many people on foot who walk as people of the run do at other hours of its day.
fn crowd(run: &'static Run, people: usize, later_ms: i64) -> Vec<Mover<'static>> {
    let mut list = Vec::new();
    let on_foot: Vec<_> = run
        .tracks
        .tracks
        .iter()
        .filter(|t| !matches!(t.role, Role::Vehicle | Role::Object | Role::Bike) && t.corners.len() > 1)
        .collect();
    let mut i = 0u64;
    while list.len() < people && i < 50 * people as u64 && !on_foot.is_empty() {
        let track = on_foot[(hash(i) * on_foot.len() as f64) as usize];
        let (from, to) = (track.corners[0].0.0, track.corners[track.corners.len() - 1].0.0);
        let into = (hash(i ^ 0xfeed) * (to - from) as f64) as i64 + later_ms;
        list.extend(mover(track, Ms(from + into.rem_euclid((to - from).max(1)))));
        i += 1;
    }
    list
}

/// A frame's measure.
pub(crate) fn timed<T>(work: impl FnOnce() -> T) -> (T, Duration) {
    let began = Instant::now();
    let made = work();
    (made, began.elapsed())
}
