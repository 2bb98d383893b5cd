//! `palisade plan`: coverage, gaps, the perimeter and the rules, without a gateway. Rules about a gateway's timing are
//! assessed from a run's report.

mod known;
mod planned;

use std::path::{Path, PathBuf};

use palisade_sheets::{Export, Failed, File, Material};
use palisade_sim::analysis::against::{Against, Apart, against, class_patches};
use palisade_sim::analysis::rules::RuleBook;
use palisade_sim::analysis::what_if::{Asked, Suffers, variants, what_if};
use palisade_sim::model::Scenario;

use self::known::{Known, Records};
use self::planned::{Planned, Tools};
use super::prices::prices;
use super::say::print;
use super::{Exit, Failure, OutputFormat};
use crate::report::plan::{against_geojson, geojson, text};
use crate::report::whole;

/// What every variant of a layout suffers, and the map of a change.
const WHAT_IF: &str = "what-if.json";
const AGAINST: &str = "against.geojson";

/// Options of `palisade plan`.
#[derive(clap::Args, Debug)]
pub struct Args {
    /// The scenario file.
    scenario: PathBuf,
    /// Folder for the report, layers, sheets and pages; `results/plan-<scenario>` when not given.
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// What is handed out beside report, pages and sheet: `gpkg`, `tif`, `dxf`, `xlsx`; all of them when not given.
    #[arg(long, value_name = "WHAT,…", value_delimiter = ',')]
    export: Option<Vec<Export>>,
    /// Look for the cheapest fix of so many gaps, the largest first, and for so many measures to be made one after the other.
    #[arg(long, value_name = "N", default_value_t = 10)]
    fixes: usize,
    /// Prices in place of the shipped ones, for fixes, tiers and the bill of materials (`assets/catalogue/prices.toml` explains every key).
    #[arg(long, value_name = "FILE")]
    prices: Option<PathBuf>,
    /// Plan again under everything that may go wrong by itself, one at a time: each device, lamp and row of lamps, grown trees,
    /// seasons, fog, nightfall, all of them however many; and under draws of parked vans, an eighth of this number, or as many
    /// more as all of it is short of the number. 200 when no number is given.
    #[arg(long, value_name = "N", num_args = 0..=1, default_missing_value = "200", value_parser = count)]
    what_if: Option<usize>,
    /// Compare with this older plan of the same compound: ground gained and lost, gaps, rules, devices, money.
    #[arg(long, value_name = "SCENARIO")]
    against: Option<PathBuf>,
    /// Assess the rules about timing from the report of this run folder, and those about patrols from its day.
    #[arg(long, value_name = "RUN")]
    run: Option<PathBuf>,
    /// Assess the rules about patrols from this log: CSV with the columns time, checkpoint, person.
    #[arg(long, value_name = "FILE")]
    log: Option<PathBuf>,
    /// Assess the rule about the trial run from these records: CSV with the columns time, system (`alarm`, `video`, `access`,
    /// `patrol`), one line for each record or each day with records.
    #[arg(long, value_name = "FILE")]
    trial: Option<PathBuf>,
    /// How the answer is printed.
    #[arg(long, value_enum, default_value_t)]
    output_format: OutputFormat,
}

/// A number of variants; what follows the option is often the scenario.
fn count(text: &str) -> Result<usize, String> {
    text.parse().map_err(|_| "it takes a number, or none: then write the scenario before it".to_owned())
}

pub(super) fn run(args: Args) -> Result<Exit, Failure> {
    let text = plan(args)?;
    print(&text)?;
    Ok(Exit::Ok)
}

/// Works the plan out, writes its files and returns what is to be printed.
fn plan(args: Args) -> Result<String, Failure> {
    let scenario = crate::input::load(&args.scenario)?.scenario;
    let records =
        Records { run: args.run.as_deref(), log: args.log.as_deref(), trial: args.trial.as_deref() };
    let known = Known::of(records, (&args.scenario, &scenario))?;
    let tools = Tools {
        book: RuleBook::residential().map_err(|e| Failure::new(Exit::Bug, e))?,
        prices: prices(args.prices.as_deref())?,
        threads: std::thread::available_parallelism().map_or(1, std::num::NonZero::get),
    };
    let mut planned = Planned::of(scenario, &tools, known.measured(), args.fixes)?;
    let folder = args.out.clone().unwrap_or_else(|| default_folder(&args.scenario));
    if let Some(count) = args.what_if {
        (planned.report.what_if, planned.report.what_if_asked) =
            ask_what_if(&planned.scenario, &tools, count, &folder)?;
    }
    if let Some(older) = &args.against {
        planned.report.against = Some(hold_against(&planned, older, (&tools, &known), &folder)?);
    }
    let (scenario, report) = (planned.scenario.as_ref(), &planned.report);
    let json = serde_json::to_string(report).map_err(|e| Failure::new(Exit::Bug, e))?;
    save(&folder, "report.json", json.as_bytes())?;
    let origin = scenario.site.origin;
    for (name, gaps) in
        [("gaps.geojson", &report.answer.gaps), ("gaps-night.geojson", &report.answer.gaps_night)]
    {
        save(&folder, name, geojson(gaps, origin).to_string().as_bytes())?;
    }
    let exports = args.export.as_deref().unwrap_or(&Export::ALL);
    let material = Material { scenario, report, caster: &planned.caster, prices: &tools.prices };
    let mut written = hand_out(&material, exports, &folder)?;
    written.extend(args.what_if.map(|_| WHAT_IF.to_owned()));
    written.extend(args.against.as_ref().map(|_| AGAINST.to_owned()));
    Ok(match args.output_format {
        OutputFormat::Json => json + "\n",
        OutputFormat::Human => {
            text(scenario, report, &tools.book, &tools.prices)
                + &format!("\nwritten to {}\n", folder.display())
                + &older(&folder, &written)
        }
    })
}

/// Plans an older layout in the same way, holds the new plan against it, and writes the map of the change.
fn hold_against(
    planned: &Planned,
    older: &Path,
    (tools, known): (&Tools, &Known),
    folder: &Path,
) -> Result<Against, Failure> {
    let scenario = crate::input::load(older)?.scenario;
    // A run is one of the new layout; of the old one it says something where both are the same.
    let measured = known.of_another(&planned.scenario, &scenario);
    let before = Planned::of(scenario, tools, measured.as_ref(), 0)?;
    let apart = |e: Apart| Failure::new(Exit::Input, format!("{}: {e}", older.display()));
    let told = against(&before.side(), &planned.side(), &tools.prices).map_err(apart)?;
    let patches = class_patches(&before.side(), &planned.side()).map_err(apart)?;
    let map = against_geojson(&told, &patches, planned.scenario.site.origin);
    save(folder, AGAINST, map.to_string().as_bytes())?;
    Ok(told)
}

/// What suffers under each variant, so many at least; all of them go into `what-if.json`, too.
fn ask_what_if(
    scenario: &Scenario,
    tools: &Tools,
    count: usize,
    folder: &Path,
) -> Result<(Vec<Suffers>, Vec<Asked>), Failure> {
    let variants = variants(scenario, count, scenario.file.seed);
    let suffers = what_if(scenario, &tools.book, &variants.all, tools.threads);
    let json = serde_json::to_string(&suffers).map_err(|e| Failure::new(Exit::Bug, e))?;
    save(folder, WHAT_IF, json.as_bytes())?;
    Ok((suffers, variants.asked))
}

/// Names what an earlier plan left in a folder and this one did not write.
fn older(folder: &Path, written: &[String]) -> String {
    let beside =
        [WHAT_IF, AGAINST].into_iter().chain(Export::ALL.into_iter().flat_map(Export::names).copied());
    let left = beside.filter(|name| !written.iter().any(|own| own == name) && folder.join(name).is_file());
    let left: Vec<&str> = left.collect();
    if left.is_empty() { String::new() } else { format!("of an earlier plan: {}\n", left.join(", ")) }
}

fn default_folder(scenario: &Path) -> PathBuf {
    let stem = scenario.file_stem().unwrap_or_default().to_string_lossy();
    Path::new("results").join(format!("plan-{stem}"))
}

/// Writes what a plan hands out, and names it.
fn hand_out(material: &Material, exports: &[Export], folder: &Path) -> Result<Vec<String>, Failure> {
    let files = palisade_sheets::files(material, exports).map_err(unmade)?;
    let saved = |file: File| save(folder, &file.name, &file.bytes).map(|()| file.name);
    files.into_iter().map(saved).collect()
}

/// A site without anything is wrong input; a writer that refuses what we made is a bug.
fn unmade(failed: Failed) -> Failure {
    let exit = if matches!(failed, Failed::Empty { .. }) { Exit::Input } else { Exit::Bug };
    Failure::new(exit, failed)
}

fn save(folder: &Path, name: &str, bytes: &[u8]) -> Result<(), Failure> {
    let path = folder.join(name);
    whole(&path, bytes).map_err(|error| {
        let remedy = "name a folder that can be written with --out";
        Failure::new(Exit::Harness, format!("{} could not be written: {error}; {remedy}", path.display()))
    })
}

#[cfg(test)]
mod tests {
    use palisade_sim::analysis::PlanReport;
    use palisade_sim::analysis::rules::Status;

    use super::*;

    #[test]
    fn the_shipped_yard_is_planned_and_written() {
        let folder = tempfile::tempdir().expect("a folder");
        let args = |output_format| Args {
            scenario: concat!(env!("CARGO_MANIFEST_DIR"), "/../scenarios/tiny.toml").into(),
            out: Some(folder.path().join("deep/plan")),
            fixes: 3,
            prices: None,
            what_if: Some(40),
            against: None,
            run: None,
            export: None,
            log: None,
            trial: None,
            output_format,
        };
        let deep = folder.path().join("deep/plan");
        std::fs::create_dir_all(&deep).and_then(|()| std::fs::write(deep.join(AGAINST), "")).expect("a file");
        let text = plan(args(OutputFormat::Human)).expect("a plan");
        for part in [
            "小院",
            "IEC 62676-4:2014",
            "recognise",
            "scrutinise",
            "Gaps: ",
            "Fixes of the 3 largest gaps",
            "What to do first: 3 measures",
            "What if: 61 variants",
            "assumed, 2026-11-28",
            "Perimeter: ",
            "Repairs of the perimeter: ",
            "Beams: ",
            "Facades: ",
            "Fire detection: ",
            "Privacy: ",
            "Street cells: 1.",
            "Tier basic 基本级",
            "deep/plan",
            "of an earlier plan: against.geojson\n",
        ] {
            assert!(text.contains(part), "{part} is missing in\n{text}");
        }
        let json: PlanReport =
            serde_json::from_str(&plan(args(OutputFormat::Json)).expect("a plan")).expect("JSON");
        let saved = std::fs::read_to_string(folder.path().join("deep/plan/report.json")).expect("a file");
        assert_eq!(serde_json::from_str::<PlanReport>(&saved).expect("JSON"), json);
        let gaps = std::fs::read_to_string(folder.path().join("deep/plan/gaps.geojson")).expect("a file");
        let gaps: geojson::FeatureCollection = gaps.parse().expect("GeoJSON");
        assert_eq!(gaps.features.len(), json.answer.gaps.len());
        for name in ["sheet.pdf", "manager.pdf"] {
            let pdf = std::fs::read(folder.path().join("deep/plan").join(name)).expect("a file");
            assert!(pdf.starts_with(b"%PDF-"), "{name}");
        }
        assert!(json.rules.len() >= 40 && text.contains("Rules (residential"), "{text}");
        for finding in json.rules.iter().filter(|f| f.status == Status::Fail) {
            assert!(text.contains(&finding.title), "{}", finding.title);
        }
    }

    #[test]
    fn a_folder_that_cannot_be_written_is_the_harness_s_failure() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("file");
        std::fs::write(&file, "").expect("a file");
        let failure = save(&file, "plan.json", b"{}").expect_err("a file is no folder");
        assert_eq!(failure.exit(), Exit::Harness);
        assert!(failure.to_string().contains("--out"));
    }

    /// A name that is a folder stands for a disk on which there is no room.
    #[test]
    fn what_cannot_be_written_leaves_no_half_file() {
        let folder = tempfile::tempdir().expect("a folder");
        std::fs::create_dir(folder.path().join("report.json")).expect("a folder");
        save(folder.path(), "report.json", b"{}").expect_err("a folder is no file");
        let left: Vec<_> = std::fs::read_dir(folder.path()).expect("a folder").flatten().collect();
        assert_eq!(left.len(), 1, "{left:?}");
    }
}
