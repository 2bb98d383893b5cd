//! `palisade bench sight`.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use super::super::{Exit, Failure};
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
    let figures = measure(&compound, peer, threads, passes)?;
    let text = table(&compound, &figures, threads);
    std::io::stdout().write_all(text.as_bytes()).map_err(|error| Failure::new(Exit::Harness, error))?;
    let same = figures.by_rays == figures.by_shadows && figures.single.same_cells;
    Ok(if same { Exit::Ok } else { Exit::Bug })
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
    moved_ms: f64,
    embree: Result<Pass, String>,
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
    let (single, moved_ms) = (single(compound), moved_ms(compound));
    Ok(Figures { rays, by_rays, by_shadows, rays_s, shadows_s, single, moved_ms, embree })
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

/// Median time for one camera at all heights, on one thread, ms.
fn moved_ms(compound: &Compound) -> f64 {
    let heights = compound.pairs() / compound.cameras.len();
    let step = compound.cameras.len().div_ceil(MOVED);
    let mut took: Vec<f64> = (0..compound.cameras.len())
        .step_by(step)
        .map(|camera| {
            let started = Instant::now();
            let seen: usize = (0..heights).map(|h| compound.by_shadows(camera * heights + h).count()).sum();
            std::hint::black_box(seen);
            started.elapsed().as_secs_f64() * 1e3
        })
        .collect();
    took.sort_by(f64::total_cmp);
    took[took.len() / 2]
}

fn table(compound: &Compound, figures: &Figures, threads: usize) -> String {
    let seen = |pairs: &[usize]| pairs.iter().sum::<usize>();
    let share = |pairs: &[usize]| seen(pairs) as f64 / figures.rays.max(1) as f64;
    let rate = |s: f64| figures.rays as f64 / s / 1e6;
    let mut lines = vec![
        format!(
            "sight on {} triangles, {} cameras, {} rays, {threads} threads; all figures are measured",
            compound.scene.len(),
            compound.cameras.len(),
            figures.rays
        ),
        format!("{:<34}{:>10.3} s", "preparation of the search", compound.preparation.as_secs_f64()),
        row(
            "by rays in bundles, casting alone",
            figures.rays_s,
            rate(figures.rays_s),
            share(&figures.by_rays),
        ),
        row(
            "by shadows, the whole map",
            figures.shadows_s,
            rate(figures.shadows_s),
            share(&figures.by_shadows),
        ),
    ];
    let single = &figures.single;
    let one = "by rays one at a time, one thread";
    lines.push(format!("{one:<34}{:>10.1} M rays/s", single.rays as f64 / single.took_s / 1e6));
    match &figures.embree {
        Err(why) => lines.push(why.clone()),
        Ok(pass) => {
            lines.push(row(
                "Embree, casting alone",
                pass.cast_s,
                pass.rays as f64 / pass.cast_s / 1e6,
                share(&pass.seen),
            ));
            lines.push(format!("{:<34}{:>10.3} s", "Embree, preparation", pass.build_s));
            lines.push(format!("{:<34}{:>10.2} x Embree", "by rays", pass.cast_s / figures.rays_s));
            lines.push(format!("{:<34}{:>10.2} x Embree", "by shadows", pass.cast_s / figures.shadows_s));
            let apart: usize = pass.seen.iter().zip(&figures.by_rays).map(|(a, b)| a.abs_diff(*b)).sum();
            lines.push(format!(
                "{:<34}{:>10} of {} points seen, per camera and height; rays asked: {} there",
                "difference from Embree",
                apart,
                seen(&figures.by_rays),
                pass.rays
            ));
        }
    }
    let word = |same: bool| if same { "the same" } else { "DIFFERENT: a bug" };
    let counts = word(figures.by_rays == figures.by_shadows);
    let cells = word(figures.single.same_cells);
    lines.push(format!("{:<34}{counts} count for every camera and height", "bundles and shadows"));
    lines.push(format!(
        "{:<34}{cells} cells, for every {EVERY}th camera and height",
        "rays one at a time and shadows"
    ));
    let moved = "one camera moved, three heights";
    lines.push(format!("{moved:<34}{:>10.2} ms, median, one thread", figures.moved_ms));
    lines.push(format!("{:<34}see `palisade bench what-if`", "200 variants of a real compound"));
    lines.join("\n") + "\n"
}

fn row(what: &str, s: f64, rate: f64, share: f64) -> String {
    format!("{what:<34}{s:>10.3} s {rate:>8.1} M rays/s   seen {share:.4}")
}
