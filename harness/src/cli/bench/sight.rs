//! `palisade bench sight`.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use super::super::say::print;
use super::super::{Exit, Failure};
use super::agreement::{AT_AN_EDGE_M, Agreement, SAME, agreement};
use super::compound::Compound;
use super::embree::{Embree, Pass, python};

/// Options of `palisade bench sight`.
#[derive(clap::Args, Debug)]
pub struct Args {
    /// The mesh, binary glTF [default: compound-500m/compound-500m.glb beside the folder that PALISADE_SITES names].
    #[arg(long, value_name = "GLB")]
    mesh: Option<PathBuf>,
    /// Its cameras, JSON [default: compound-500m/cameras-200.json there].
    #[arg(long, value_name = "JSON")]
    cameras: Option<PathBuf>,
    /// Threads, and processes of Embree.
    #[arg(long, value_name = "N", default_value_t = 2)]
    threads: usize,
    /// Passes of each; the best counts, and they take turns.
    #[arg(long, value_name = "N", default_value_t = 3)]
    passes: usize,
    /// Random rays that Embree and Palisade are both asked about.
    #[arg(long, value_name = "N", default_value_t = 1_000_000)]
    rays: usize,
}

/// A camera that is moved is worked out anew at all heights: this many of them are tried.
const MOVED: usize = 40;
/// Rays are cast one at a time for every so many pairs of camera and height.
const EVERY: usize = 7;

pub(super) fn run(args: Args) -> Result<Exit, Failure> {
    let (mesh, cameras) = (place(args.mesh, "compound-500m.glb")?, place(args.cameras, "cameras-200.json")?);
    let (threads, passes) = (args.threads.max(1), args.passes.max(1));
    let compound = Compound::read(&mesh, &cameras).map_err(|text| Failure::new(Exit::Input, text))?;
    let peer = python().and_then(|python| Embree::start(&python, &mesh, &cameras, threads));
    let asked = python().and_then(|python| agreement(&python, &mesh, &compound.scene, args.rays));
    let figures = Figures { asked, ..measure(&compound, peer, threads, passes)? };
    let text = table(&compound, &figures, threads);
    print(&text)?;
    let same = figures.by_rays == figures.by_shadows && figures.single.same_cells;
    let explained = figures
        .asked
        .as_ref()
        .map_or(true, |asked| asked.farthest_m <= AT_AN_EDGE_M && asked.share() >= SAME);
    Ok(if same && explained { Exit::Ok } else { Exit::Bug })
}

fn place(given: Option<PathBuf>, name: &str) -> Result<PathBuf, Failure> {
    let default = || {
        std::env::var_os("PALISADE_SITES").map(|sites| Path::new(&sites).join("../compound-500m").join(name))
    };
    given.or_else(default).ok_or_else(|| {
        let text = "no mesh to measure on; name one with --mesh and its cameras with --cameras, or set PALISADE_SITES";
        Failure::new(Exit::Usage, text)
    })
}

/// What was measured, the best of all passes.
struct Figures {
    rays: usize,
    /// Points seen per pair of camera and height.
    by_rays: Vec<usize>,
    by_shadows: Vec<usize>,
    rays_s: f64,
    shadows_s: f64,
    single: Single,
    moved: Moved,
    embree: Result<Pass, String>,
    /// Random rays, answered by both.
    asked: Result<Agreement, String>,
}

/// One camera moved, on one thread.
struct Moved {
    /// Median time for what the camera itself sees at all heights, ms.
    sight_ms: f64,
    /// The same with coverage and gaps, as a planner sees them change.
    shown_ms: f64,
    /// The slowest of these, ms.
    slowest_ms: f64,
    /// Corners of the gaps that were drawn, in the middle.
    corners: usize,
}

/// Rays one at a time, on one thread, for every so many pairs.
struct Single {
    rays: usize,
    took_s: f64,
    /// The cells that are seen are those of the shadows.
    same_cells: bool,
}

fn measure(
    compound: &Compound,
    peer: Result<Embree, String>,
    threads: usize,
    passes: usize,
) -> Result<Figures, Failure> {
    let (mut rays_s, mut shadows_s) = (f64::INFINITY, f64::INFINITY);
    let (mut by_rays, mut by_shadows) = (Vec::new(), Vec::new());
    let (mut peer, mut embree) = match peer {
        Ok(peer) => (Some(peer), Err(String::new())),
        Err(why) => (None, Err(why)),
    };
    for _ in 0..passes {
        let (seen, cast_s) = rays(compound, threads);
        (by_rays, rays_s) = (seen, rays_s.min(cast_s));
        if let Some(peer) = &mut peer {
            let pass = peer.pass().map_err(|text| Failure::new(Exit::Harness, text))?;
            let faster = embree.as_ref().map_or(true, |best: &Pass| pass.cast_s < best.cast_s);
            if faster {
                embree = Ok(pass);
            }
        }
        let started = Instant::now();
        by_shadows = shadows(compound, threads);
        shadows_s = shadows_s.min(started.elapsed().as_secs_f64());
    }
    let count = |pair| compound.asked(pair).count();
    let rays = (0..compound.pairs()).map(count).sum();
    let (single, moved) = (single(compound), moved(compound));
    let asked = Err(String::new());
    Ok(Figures { rays, by_rays, by_shadows, rays_s, shadows_s, single, moved, embree, asked })
}

/// Every point by its own line. As for Embree, each thread has a fixed share of the pairs, and the time is that of
/// casting alone, of the thread that took longest.
fn rays(compound: &Compound, threads: usize) -> (Vec<usize>, f64) {
    let shares: Vec<(Vec<usize>, f64)> = std::thread::scope(|scope| {
        let work = |part: usize| {
            let (mut seen, mut cast_s) = (Vec::new(), 0.0);
            for pair in (part..compound.pairs()).step_by(threads) {
                let (count, took) = compound.by_rays(pair);
                seen.push(count);
                cast_s += took.as_secs_f64();
            }
            (seen, cast_s)
        };
        let running: Vec<_> = (0..threads).map(|part| scope.spawn(move || work(part))).collect();
        running.into_iter().map(|thread| thread.join().expect("a share of the rays does not panic")).collect()
    });
    let seen = (0..compound.pairs()).map(|pair| shares[pair % threads].0[pair / threads]).collect();
    (seen, shares.iter().map(|(_, cast_s)| *cast_s).fold(0.0, f64::max))
}

/// The whole map by shadows, from the cameras to the points seen.
fn shadows(compound: &Compound, threads: usize) -> Vec<usize> {
    let next = AtomicUsize::new(0);
    let work = || {
        let mut seen = Vec::new();
        loop {
            let pair = next.fetch_add(1, Ordering::Relaxed);
            if pair >= compound.pairs() {
                return seen;
            }
            seen.push((pair, compound.by_shadows(pair).count()));
        }
    };
    let mut seen: Vec<(usize, usize)> = std::thread::scope(|scope| {
        let running: Vec<_> = (0..threads).map(|_| scope.spawn(work)).collect();
        running
            .into_iter()
            .flat_map(|thread| thread.join().expect("a share of the map does not panic"))
            .collect()
    });
    seen.sort_unstable();
    seen.into_iter().map(|(_, count)| count).collect()
}

fn single(compound: &Compound) -> Single {
    let mut single = Single { rays: 0, took_s: 0.0, same_cells: true };
    for pair in (0..compound.pairs()).step_by(EVERY) {
        let (cells, took) = compound.by_single_rays(pair);
        let mut by_shadows = Vec::new();
        compound.by_shadows(pair).each(|cell, _| by_shadows.push(cell));
        single.rays += compound.asked(pair).count();
        single.took_s += took.as_secs_f64();
        single.same_cells &= cells == by_shadows;
    }
    single
}

/// Cameras are moved one after the other on a map that is open with all of them.
fn moved(compound: &Compound) -> Moved {
    let heights = compound.pairs() / compound.cameras.len();
    let step = compound.cameras.len().div_ceil(MOVED);
    let mut opened = compound.opened();
    let (mut sight, mut shown, mut corners) = (Vec::new(), Vec::new(), Vec::new());
    for camera in (0..compound.cameras.len()).step_by(step) {
        let started = Instant::now();
        let seen: usize = (0..heights).map(|h| compound.by_shadows(camera * heights + h).count()).sum();
        std::hint::black_box(seen);
        sight.push(started.elapsed().as_secs_f64() * 1e3);
        let started = Instant::now();
        let now = opened.moved(camera);
        std::hint::black_box(now.open_m2);
        shown.push(started.elapsed().as_secs_f64() * 1e3);
        corners.push(now.corners);
    }
    sight.sort_by(f64::total_cmp);
    shown.sort_by(f64::total_cmp);
    corners.sort_unstable();
    let middle = shown.len() / 2;
    Moved {
        sight_ms: sight[middle],
        shown_ms: shown[middle],
        slowest_ms: shown.iter().copied().fold(0.0, f64::max),
        corners: corners[middle],
    }
}

/// A row: what, the figure, and what it is to reach where there is such a thing.
fn line(what: &str, figure: &str, target: &str) -> String {
    let target = if target.is_empty() { String::new() } else { format!("  [target: {target}]") };
    format!("{what:<36}{figure}{target}")
}

fn table(compound: &Compound, figures: &Figures, threads: usize) -> String {
    let mut lines = vec![
        format!(
            "sight on {} triangles, {} cameras, {} rays, {threads} threads; all figures are measured",
            compound.scene.len(),
            compound.cameras.len(),
            figures.rays
        ),
        line("preparation of the search", &format!("{:>10.3} s", compound.preparation.as_secs_f64()), ""),
    ];
    lines.extend(map(figures));
    lines.extend(beside_embree(figures));
    lines.extend(same(figures));
    let moved = &figures.moved;
    lines.push(line(
        "one camera moved: what it sees",
        &format!("{:>10.2} ms, median, one thread", moved.sight_ms),
        "",
    ));
    lines.push(line(
        "one camera moved: and gaps redrawn",
        &format!(
            "{:>10.2} ms, median, one thread; slowest {:.2}; sight at three heights, coverage, gaps of {} corners",
            moved.shown_ms, moved.slowest_ms, moved.corners
        ),
        "<= 16 ms",
    ));
    lines.push(line("200 variants of a real compound", "see `palisade bench what-if`", "<= 60 s"));
    lines.push(line(
        "500 seeded mutations",
        "see `cargo test -p palisade-layout --test it mutations`",
        "every one found, none on 20 clean layouts",
    ));
    lines.join("\n") + "\n"
}

/// The whole map, by each way.
fn map(figures: &Figures) -> Vec<String> {
    let single = &figures.single;
    let rate = single.rays as f64 / single.took_s / 1e6;
    vec![
        line("by rays in bundles, casting alone", &cast(figures.rays_s, figures.rays, &figures.by_rays), ""),
        line(
            "by shadows, the whole map",
            &cast(figures.shadows_s, figures.rays, &figures.by_shadows),
            "<= 1.5 s on compound-500m",
        ),
        line("by rays one at a time, one thread", &format!("{rate:>10.1} M rays/s"), ""),
    ]
}

fn cast(s: f64, rays: usize, seen: &[usize]) -> String {
    let share = seen.iter().sum::<usize>() as f64 / rays.max(1) as f64;
    format!("{s:>10.3} s {:>8.1} M rays/s   seen {share:.4}", rays as f64 / s / 1e6)
}

/// Embree on the same map, and how much faster or slower each way is.
fn beside_embree(figures: &Figures) -> Vec<String> {
    let pass = match &figures.embree {
        Ok(pass) => pass,
        Err(why) => return vec![why.clone()],
    };
    let apart: usize = pass.seen.iter().zip(&figures.by_rays).map(|(a, b)| a.abs_diff(*b)).sum();
    let seen: usize = figures.by_rays.iter().sum();
    let times = |s: f64| format!("{:>10.2} x Embree", pass.cast_s / s);
    let difference =
        format!("{apart:>10} of {seen} points seen, per camera and height; rays asked: {} there", pass.rays);
    vec![
        line("Embree, casting alone", &cast(pass.cast_s, pass.rays, &pass.seen), ""),
        line("Embree, preparation", &format!("{:>10.3} s", pass.build_s), ""),
        line("by rays", &times(figures.rays_s), ">= 1.0"),
        line("by shadows", &times(figures.shadows_s), ""),
        line("difference from Embree", &difference, ""),
    ]
}

/// Whether the ways agree with each other, and with Embree on random rays.
fn same(figures: &Figures) -> Vec<String> {
    let word = |same: bool| if same { "the same" } else { "DIFFERENT: a bug" };
    let counts = word(figures.by_rays == figures.by_shadows);
    let cells = word(figures.single.same_cells);
    let mut lines = Vec::new();
    match &figures.asked {
        Err(why) if *why == figures.embree.as_ref().err().cloned().unwrap_or_default() => {}
        Err(why) => lines.push(why.clone()),
        Ok(asked) => lines.push(line(
            "same answer as Embree",
            &format!(
                "{:>10.4} % of {} random rays, {} of them stopped; {} differ, at most {:.3} mm from an edge or an end",
                100.0 * asked.share(),
                asked.rays,
                asked.stopped,
                asked.different,
                1e3 * asked.farthest_m
            ),
            ">= 99.99 %, each difference within 1 mm",
        )),
    }
    lines.push(line("bundles and shadows", &format!("{counts} count for every camera and height"), ""));
    lines.push(line(
        "rays one at a time and shadows",
        &format!("{cells} cells, for every {EVERY}th camera and height"),
        "",
    ));
    lines
}
