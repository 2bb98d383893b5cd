//! `palisade bench what-if`: how long it takes to plan a compound again under everything that may go wrong.

use std::fmt::Write as _;
use std::path::PathBuf;
use std::time::Instant;

use palisade_sim::analysis::rules::RuleBook;
use palisade_sim::analysis::what_if::{Asked, Suffers, Variants, variants, what_if};
use palisade_sim::model::Scenario;

use super::super::say::print;
use super::super::{Exit, Failure};

/// Options of `palisade bench what-if`.
#[derive(clap::Args, Debug)]
pub struct Args {
    /// The scenario file.
    #[arg(default_value = "scenarios/cuiyuan.toml")]
    scenario: PathBuf,
    /// Variants at least: every device and lamp, and whatever else can go wrong by itself, and draws of vans for the rest.
    #[arg(long, value_name = "N", default_value_t = 200)]
    variants: usize,
    /// Threads.
    #[arg(long, value_name = "N", default_value_t = 2)]
    threads: usize,
}

/// In which the variants should be planned on two cores, s.
const TARGET_S: f64 = 60.0;

pub(super) fn run(args: Args) -> Result<Exit, Failure> {
    let scenario = crate::input::load(&args.scenario)?.scenario;
    let book = RuleBook::residential().map_err(|e| Failure::new(Exit::Bug, e))?;
    let asked = variants(&scenario, args.variants, scenario.file.seed);
    let each = by_sort(&scenario, &book, &asked);
    let threads = args.threads.max(1);
    let (started, before_s) = (Instant::now(), processor_s());
    let found = what_if(&scenario, &book, &asked.all, threads);
    let took = Took { wall_s: started.elapsed().as_secs_f64(), processor_s: processor_s() - before_s };
    let text = table(&scenario, (&asked, &found), &each, (took, threads));
    print(&text)?;
    Ok(Exit::Ok)
}

/// How long all variants took.
struct Took {
    wall_s: f64,
    /// Of all threads together: what is left of it when others use the same cores.
    processor_s: f64,
}

/// Processor time of this process so far, s.
fn processor_s() -> f64 {
    let spent = rustix::time::clock_gettime(rustix::time::ClockId::ProcessCPUTime);
    spent.tv_sec as f64 + spent.tv_nsec as f64 * 1e-9
}

/// Processor time of the first variant of each sort alone, with what all variants share, s.
fn by_sort(scenario: &Scenario, book: &RuleBook, asked: &Variants) -> Vec<f64> {
    let mut rest = asked.all.as_slice();
    let alone = |sort: &Asked| {
        let (own, others) = rest.split_at(sort.asked);
        rest = others;
        let before_s = processor_s();
        std::hint::black_box(what_if(scenario, book, &own[..1], 1));
        processor_s() - before_s
    };
    asked.asked.iter().map(alone).collect()
}

fn table(
    scenario: &Scenario,
    (asked, found): (&Variants, &[Suffers]),
    each: &[f64],
    (took, threads): (Took, usize),
) -> String {
    let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let mut out = format!(
        "what-if on {}: {} cameras, {} beams, {} lamps; {threads} threads on {cores} cores; all times are measured\n",
        scenario.file.name,
        scenario.file.kit.camera.len(),
        scenario.file.kit.beam.len(),
        scenario.site.lamps.len(),
    );
    for (Asked { what, there, asked }, alone_s) in asked.asked.iter().zip(each) {
        let of = there.map_or_else(|| "drawn".to_owned(), |there| format!("of {there}"));
        let _ =
            writeln!(out, "{what:<34}{asked:>6} {of:<7}; one by itself, with what all share: {alone_s:.3} s");
    }
    let count = asked.all.len();
    let _ = writeln!(
        out,
        "{:<34}{count:>6} variants in {:.2} s, {:.2} s of processor (target: {TARGET_S:.0} s for 200 of the shipped large compound)",
        "all of them", took.wall_s, took.processor_s
    );
    let each_ms = |s: f64| 1e3 * s / count.max(1) as f64;
    let (wall_ms, processor_ms) = (each_ms(took.wall_s), each_ms(took.processor_s));
    let _ = writeln!(out, "{:<34}{wall_ms:>10.1} ms, {processor_ms:.1} ms of processor", "a variant");
    if let Some(worst) = found.first() {
        let (share, name) = (100.0 * worst.worst_share(), &worst.name);
        let of = worst.worst().map_or("nothing", |loss| loss.measure.words());
        let _ = writeln!(out, "{:<34}{share:>10.1} % of {of}: {name} (computed)", "the worst");
    }
    out
}
