//! `palisade tape`: lives the day and writes it down, without a gateway.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressStyle};
use palisade_sim::contract::{IncidentKind, Origin};
use palisade_sim::whole::{Day, Inputs, Tape, live};
use palisade_sim::words::Ms;
use serde_json::json;

use super::say::print;
use super::{Exit, Failure, OutputFormat};
use crate::input;

/// Options of `palisade tape`.
#[derive(clap::Args, Debug)]
pub struct Args {
    /// The scenario file.
    scenario: PathBuf,
    /// The seed; the scenario's own when not given.
    #[arg(long, value_name = "N")]
    seed: Option<u64>,
    /// Folder into which `tape.bin` and `tracks.bin` are written.
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// How results are printed on stdout.
    #[arg(long, value_enum, default_value_t)]
    output_format: OutputFormat,
}

pub(super) fn run(args: Args) -> Result<Exit, Failure> {
    let loaded = input::load(&args.scenario)?;
    let seed = args.seed.unwrap_or(loaded.scenario.file.seed);
    let bar = progress_bar(loaded.scenario.file.day.lasting.0);
    let started = Instant::now();
    let day = live(loaded.scenario, seed, &Inputs::default(), &mut |now| {
        bar.set_position(now.0.max(0) as u64);
        bar.set_message(clock(now));
    });
    let took = started.elapsed();
    bar.finish_and_clear();
    let sizes = args.out.as_deref().map(|folder| write(folder, &day)).transpose()?;
    let counts = Counts::of(&day.tape);
    let text = match args.output_format {
        OutputFormat::Human => human(&day, &counts, took, sizes, args.out.as_deref()),
        OutputFormat::Json => machine(&day, &counts, took, sizes),
    };
    print(&text)?;
    Ok(Exit::Ok)
}

fn progress_bar(lasting: Ms) -> ProgressBar {
    let bar = ProgressBar::new(lasting.0.max(0) as u64);
    let style = ProgressStyle::with_template("living the day {bar:30} {msg}");
    bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
    bar
}

fn clock(now: Ms) -> String {
    now.to_string().chars().take(5).collect()
}

/// Writes the day into a folder; returns the sizes of the tape and the tracks, bytes.
fn write(folder: &Path, day: &Day) -> Result<[usize; 2], Failure> {
    let put = |name: &str, bytes: &[u8]| {
        let path = folder.join(name);
        fs::write(&path, bytes).map_err(|error| {
            let text = format!("cannot write {}: {error}; choose another folder with --out", path.display());
            Failure::new(Exit::Harness, text)
        })
    };
    fs::create_dir_all(folder).map_err(|error| {
        let text = format!("cannot make the folder {}: {error}; choose another with --out", folder.display());
        Failure::new(Exit::Input, text)
    })?;
    let (tape, tracks) = (day.tape.to_bytes(), day.tracks.to_bytes());
    put("tape.bin", &tape)?;
    put("tracks.bin", &tracks)?;
    Ok([tape.len(), tracks.len()])
}

/// What is on a tape, counted.
struct Counts {
    incidents: BTreeMap<IncidentKind, BTreeMap<Origin, usize>>,
    origins: BTreeMap<Origin, usize>,
    stimuli: BTreeMap<&'static str, BTreeMap<String, usize>>,
    nuisances: usize,
}

impl Counts {
    fn of(tape: &Tape) -> Counts {
        let mut counts = Counts {
            incidents: BTreeMap::new(),
            origins: BTreeMap::new(),
            stimuli: BTreeMap::new(),
            nuisances: 0,
        };
        for incident in &tape.incidents {
            *counts.incidents.entry(incident.kind).or_default().entry(incident.origin).or_default() += 1;
            *counts.origins.entry(incident.origin).or_default() += 1;
        }
        for stimulus in &tape.stimuli {
            let class = tape.devices[stimulus.device.index()].class.word();
            *counts.stimuli.entry(class).or_default().entry(stimulus.signal.word()).or_default() += 1;
            counts.nuisances +=
                usize::from(matches!(stimulus.cause, palisade_sim::contract::Cause::Nuisance(_)));
        }
        counts
    }

    fn by_origin(&self, origin: Origin) -> usize {
        self.origins.get(&origin).copied().unwrap_or(0)
    }

    /// Share of the incidents that the script does not hold, 0..1.
    fn unscripted(&self) -> f64 {
        let all: usize = self.origins.values().sum();
        1.0 - self.by_origin(Origin::Script) as f64 / all.max(1) as f64
    }
}

fn word<T: serde::Serialize>(value: T) -> String {
    match serde_json::to_value(value) {
        Ok(serde_json::Value::String(word)) => word,
        _ => String::new(),
    }
}

fn human(
    day: &Day,
    counts: &Counts,
    took: Duration,
    sizes: Option<[usize; 2]>,
    out: Option<&Path>,
) -> String {
    let tape = &day.tape;
    let mut text = String::new();
    let _ = writeln!(text, "{}: a day lived in {:.2} s, seed {}", tape.name, took.as_secs_f64(), tape.seed);
    let _ = writeln!(text, "digest {}", tape.digest());
    let _ = writeln!(text, "tracks {} of {} movers", day.tracks.digest(), day.tracks.tracks.len());
    let _ = writeln!(
        text,
        "\n{} incidents, {:.1} % of them from plans and chances\n  {:<18}{:>8}{:>8}{:>8}",
        tape.incidents.len(),
        100.0 * counts.unscripted(),
        "",
        "plan",
        "chance",
        "script"
    );
    for (kind, origins) in &counts.incidents {
        let n = |origin: Origin| origins.get(&origin).copied().unwrap_or(0);
        let _ = writeln!(
            text,
            "  {:<18}{:>8}{:>8}{:>8}",
            word(kind),
            n(Origin::Plan),
            n(Origin::Chance),
            n(Origin::Script)
        );
    }
    let _ = writeln!(text, "\n{} stimuli, {} of them without a cause", tape.stimuli.len(), counts.nuisances);
    for (class, signals) in &counts.stimuli {
        let all: usize = signals.values().sum();
        let list: Vec<String> = signals.iter().map(|(signal, n)| format!("{signal} {n}")).collect();
        let _ = writeln!(text, "  {class:<16}{all:>7}  {}", list.join(", "));
    }
    if let (Some([tape, tracks]), Some(folder)) = (sizes, out) {
        let kib = |bytes: usize| bytes.div_ceil(1024);
        let _ = writeln!(
            text,
            "\nwrote {} ({} KiB) and {} ({} KiB)",
            folder.join("tape.bin").display(),
            kib(tape),
            folder.join("tracks.bin").display(),
            kib(tracks)
        );
    }
    text
}

fn machine(day: &Day, counts: &Counts, took: Duration, sizes: Option<[usize; 2]>) -> String {
    let tape = &day.tape;
    let incidents: BTreeMap<String, BTreeMap<String, usize>> = counts
        .incidents
        .iter()
        .map(|(kind, origins)| (word(kind), origins.iter().map(|(o, n)| (word(o), *n)).collect()))
        .collect();
    let document = json!({
        "name": tape.name,
        "seed": tape.seed,
        "digest": tape.digest(),
        "tracks_digest": day.tracks.digest(),
        "movers": day.tracks.tracks.len(),
        "incidents": incidents,
        "incidents_total": tape.incidents.len(),
        "unscripted_share": counts.unscripted(),
        "stimuli": counts.stimuli,
        "stimuli_total": tape.stimuli.len(),
        "nuisances": counts.nuisances,
        "lived_in_s": took.as_secs_f64(),
        "bytes": sizes.map(|[tape, tracks]| json!({ "tape": tape, "tracks": tracks })),
    });
    format!("{document:#}\n")
}
