//! `palisade import`.

use std::path::{Path, PathBuf};

use clap::Parser as _;

use super::say::{print, remark};
use super::{Cli, Exit, Failure, OutputFormat, Verb};
use crate::import::{ImportError, Imported, Wish, import, write::ATTRIBUTION};
use crate::input;

/// Options of `palisade import`.
#[derive(clap::Args, Debug)]
pub struct Args {
    /// An OpenStreetMap file (`.osm`, XML).
    map: PathBuf,
    /// Where the scenario is written.
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    /// The closed way that is the compound's outline [default: the landuse=residential with most buildings in the map, weighed by how much of it was downloaded].
    #[arg(long, value_name = "ID")]
    way: Option<i64>,
    /// How far from the outline barriers and gates belong to it, m.
    #[arg(long, value_name = "METRES", default_value_t = 10.0)]
    snap_m: f64,
    /// Run the new scenario at once.
    #[arg(long)]
    go: bool,
    /// How the counts are printed.
    #[arg(long, value_enum, default_value_t)]
    output_format: OutputFormat,
}

pub(super) fn run(args: Args) -> Result<Exit, Failure> {
    if !(0.0..=200.0).contains(&args.snap_m) {
        return Err(Failure::new(Exit::Usage, "`--snap-m` lies between 0 and 200 m"));
    }
    let wish = Wish { way: args.way, snap_m: args.snap_m };
    let imported = import(&args.map, &args.out, &wish).map_err(|error| {
        let exit = if matches!(error, ImportError::Unwritable { .. }) { Exit::Harness } else { Exit::Input };
        Failure::new(exit, error)
    })?;
    match args.output_format {
        OutputFormat::Human => print(&human(&imported))?,
        OutputFormat::Json => {
            let text =
                serde_json::to_string_pretty(&imported.record()).map_err(|e| Failure::new(Exit::Bug, e))?;
            print(&format!("{text}\n"))?;
        }
    }
    input::load(&imported.files.scenario).map_err(|problems| {
        let message =
            format!("the proposal does not pass its own check; this is a bug in the import:\n{problems}");
        Failure::new(Exit::Bug, message)
    })?;
    remark(format_args!("wrote {}", imported.files.scenario.display()));
    if args.go { go(&imported.files.scenario) } else { Ok(Exit::Ok) }
}

/// Does what `palisade run SCENARIO` does.
fn go(scenario: &Path) -> Result<Exit, Failure> {
    let words = ["palisade".as_ref(), "run".as_ref(), scenario.as_os_str()];
    match Cli::try_parse_from(words).map(|cli| cli.verb) {
        Ok(Verb::Run(args)) => super::run::run(&args),
        Ok(_) => Err(Failure::new(Exit::Bug, "`run` was read as another verb")),
        Err(error) => Err(Failure::new(Exit::Bug, error)),
    }
}

/// The counts and remarks as a page.
fn human(imported: &Imported) -> String {
    use std::fmt::Write as _;
    let c = &imported.counts;
    let mut page = String::new();
    let mut row = |what: &str, value: String| {
        let _ = writeln!(page, "  {what:<34} {value}");
    };
    row("compound", format!("way {}, EPSG:{}, snap {} m", c.way, c.epsg, c.snap_m));
    row("area, perimeter", format!("{:.1} m², {:.1} m", c.area_m2, c.perimeter_m));
    row("buildings in file / compound", format!("{} / {}", c.buildings_in_file, c.buildings_in_compound));
    row("with building:levels / height", format!("{} / {}", c.with_levels, c.with_height));
    row("footprint", format!("{:.0} m²", c.footprint_m2));
    row("gates", format!("{}", c.gates));
    row("barrier", format!("{:.1} m", c.barrier_m));
    let share = if c.perimeter_m > 0.0 { c.ring_with_barrier_m / c.perimeter_m * 100.0 } else { 0.0 };
    row("outline with a barrier", format!("{:.0} m, {share:.0} %", c.ring_with_barrier_m));
    let roads: Vec<String> = c.roads_m.iter().map(|(kind, m)| format!("{kind} {m:.0} m")).collect();
    row("roads inside", if roads.is_empty() { "none".into() } else { roads.join(", ") });
    row("roads crossing the outline", c.crossings.to_string());
    row("downloaded", format!("about {:.1} %", c.downloaded * 100.0));
    for warning in imported.warnings() {
        let _ = writeln!(page, "! {warning}");
    }
    if imported.candidates.len() > 1 {
        let _ = writeln!(page, "residential outlines in the map (choose with --way):");
        for c in &imported.candidates {
            let name = c.name.as_deref().unwrap_or("no name");
            let cut = match (c.downloaded * 100.0).round() {
                ..100.0 => format!("; at least {:.0} % of it are in the map", c.downloaded * 100.0),
                _ => String::new(),
            };
            let _ = writeln!(page, "  {} {name}: {:.0} m², {} buildings{cut}", c.way, c.area_m2, c.buildings);
        }
    }
    let lists = [
        ("found", &imported.notes.found),
        ("guessed", &imported.notes.guessed),
        ("dropped", &imported.notes.dropped),
    ];
    for (title, list) in lists {
        let _ = writeln!(page, "{title}:");
        for note in list {
            let _ = writeln!(page, "  {:>5} {}", note.count, note.what);
        }
    }
    let _ = writeln!(page, "map data: {ATTRIBUTION}");
    page
}
