//! `palisade plan`: coverage, gaps, the perimeter and the rules, without a gateway. Rules about a gateway's timing are
//! assessed from a run's report.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use palisade_sim::analysis::answer::{Gap, GapReason, Perimeter, PlanAnswer};
use palisade_sim::analysis::caster::Caster;
use palisade_sim::analysis::projection::EDITIONS;
use palisade_sim::analysis::rules::{self, ClassMeasured, Finding, Measured, RuleBook, Seen, Status};
use palisade_sim::model::Scenario;
use palisade_sim::model::site::{LocalPlane, Wgs84};
use serde_json::{Value, json};

use super::{Exit, Failure, OutputFormat};

/// Options of `palisade plan`.
#[derive(clap::Args, Debug)]
pub struct Args {
    /// The scenario file.
    scenario: PathBuf,
    /// Folder for report.json and gaps.geojson; `results/plan-<scenario>` when not given.
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// Assess the rules about timing from the report of this run folder.
    #[arg(long, value_name = "RUN")]
    run: Option<PathBuf>,
    /// How the answer is printed.
    #[arg(long, value_enum, default_value_t)]
    output_format: OutputFormat,
}

/// Gaps and stretches that the table shows; the files hold all.
const SHOWN: usize = 10;
/// Names that the table gives for a rule that is not met; the file holds all.
const EVIDENCE: usize = 4;

pub(super) fn run(args: Args) -> Result<Exit, Failure> {
    let text = plan(args)?;
    // A reader that has gone away (`| head`) is no failure of the plan.
    let _ = std::io::stdout().lock().write_all(text.as_bytes());
    Ok(Exit::Ok)
}

/// Works the plan out, writes its files and returns what is to be printed.
fn plan(args: Args) -> Result<String, Failure> {
    let scenario = crate::input::load(&args.scenario)?.scenario;
    let measured = args.run.as_deref().map(measured).transpose()?;
    let book = RuleBook::residential().map_err(|e| Failure::new(Exit::Bug, e))?;
    let caster = Caster::new(&scenario.site);
    let answer = palisade_sim::analysis::plan_with(&scenario, &caster);
    let rules = rules::assess(&book, &scenario, &caster, &answer, measured.as_ref());
    let report = PlanReport { format: 1, scenario: scenario.file.name.clone(), answer, rules };
    let folder = args.out.unwrap_or_else(|| default_folder(&args.scenario));
    let json = serde_json::to_string(&report).map_err(|e| Failure::new(Exit::Bug, e))?;
    save(&folder, "report.json", &json)?;
    save(&folder, "gaps.geojson", &geojson(&report.answer, scenario.site.origin).to_string())?;
    Ok(match args.output_format {
        OutputFormat::Json => json + "\n",
        OutputFormat::Human => {
            let text = table(&scenario, &report.answer) + &rule_table(&report.rules, &book);
            text + &format!("\nwritten to {}\n", folder.display())
        }
    })
}

/// What the plan writes to `report.json`.
#[derive(Debug, PartialEq, serde::Serialize, serde::Deserialize)]
struct PlanReport {
    /// Version of this format: 1.
    format: u32,
    /// Name of the compound.
    scenario: String,
    /// Coverage, gaps, perimeter.
    #[serde(flatten)]
    answer: PlanAnswer,
    /// Each rule of the book, in its order.
    rules: Vec<Finding>,
}

/// What a run's report says of the gateway's timing.
fn measured(run: &Path) -> Result<Measured, Failure> {
    let path = run.join("report.json");
    let wrong = |why: String| {
        let remedy = "give the folder of a run that has a report (`palisade report RUN` makes it again)";
        Failure::new(Exit::Input, format!("{}: {why}; {remedy}", path.display()))
    };
    let text = std::fs::read_to_string(&path).map_err(|e| wrong(e.to_string()))?;
    let report: crate::report::Report = serde_json::from_str(&text).map_err(|e| wrong(e.to_string()))?;
    let mut classes: BTreeMap<String, ClassMeasured> = BTreeMap::new();
    for (class, tally) in &report.outcomes_by_class {
        let told = classes.entry(class.clone()).or_default();
        (told.expected, told.missed) = (tally.expected as u64, tally.missed as u64);
    }
    for device in &report.devices {
        let told = classes.entry(device.class.clone()).or_default();
        let slowest = device.response_ms.max.map(|ms| ms / 1000.0);
        told.slowest_s = match (told.slowest_s, slowest) {
            (Some(a), Some(b)) => Some(a.max(b)),
            (a, b) => a.or(b),
        };
    }
    Ok(Measured { classes })
}

/// The rules: how many hold, which do not, and what is missing for the rest.
fn rule_table(rules: &[Finding], book: &RuleBook) -> String {
    let of = |status: Status| rules.iter().filter(move |f| f.status == status);
    let mut out = format!(
        "\nRules ({}, {}): {} pass, {} fail, {} not assessable, {} not applicable.\n",
        book.name,
        book.dated,
        of(Status::Pass).count(),
        of(Status::Fail).count(),
        of(Status::NotAssessable).count(),
        of(Status::NotApplicable).count(),
    );
    for finding in of(Status::Fail) {
        let figure =
            |x: Option<f64>| x.map_or_else(String::new, |x| format!("{}", (x * 100.0).round() / 100.0));
        let unconfirmed = if finding.seen == Seen::Recall { " (unconfirmed)" } else { "" };
        let _ = writeln!(
            out,
            "  FAIL {:<4} {}{unconfirmed}\n            {} {} where {} is demanded; {}",
            finding.id,
            finding.title,
            figure(finding.measured),
            finding.unit,
            figure(finding.demanded),
            finding.clause,
        );
        if !finding.evidence.is_empty() {
            let more = finding.evidence.len().saturating_sub(EVIDENCE);
            let more = if more > 0 { format!(", and {more} more") } else { String::new() };
            let shown: Vec<&str> = finding.evidence.iter().take(EVIDENCE).map(String::as_str).collect();
            let _ = writeln!(out, "            {}{more}", shown.join(", "));
        }
    }
    let mut needs: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for finding in of(Status::NotAssessable) {
        needs.entry(finding.needs.as_deref().unwrap_or_default()).or_default().push(&finding.id);
    }
    for (what, ids) in needs {
        let _ = writeln!(out, "  not assessable {}: needs {what}", ids.join(", "));
    }
    out
}

fn default_folder(scenario: &Path) -> PathBuf {
    let stem = scenario.file_stem().unwrap_or_default().to_string_lossy();
    Path::new("results").join(format!("plan-{stem}"))
}

fn save(folder: &Path, name: &str, text: &str) -> Result<(), Failure> {
    let path = folder.join(name);
    std::fs::create_dir_all(folder).and_then(|()| std::fs::write(&path, text)).map_err(|error| {
        let remedy = "name a folder that can be written with --out";
        Failure::new(Exit::Harness, format!("{} could not be written: {error}; {remedy}", path.display()))
    })
}

/// The answer as tables.
fn table(scenario: &Scenario, answer: &PlanAnswer) -> String {
    let mut out = format!(
        "{}: {} m² of public ground, {} cameras. All figures are computed.\n",
        scenario.file.name,
        thousands(answer.public_ground_m2),
        scenario.file.kit.camera.len(),
    );
    for edition in EDITIONS {
        if let Some(heights) = answer.coverage.get(edition.name) {
            let _ = write!(out, "\nIEC 62676-4:{:<8} px/m", edition.name);
            heights.keys().for_each(|height| out += &format!("{:>20}", format!("at {height} m")));
            out.push('\n');
            for class in edition.classes {
                let _ = write!(out, "  {:<14}{:>8}", class.name, class.px_per_m);
                for share in heights.values().filter_map(|classes| classes.get(class.name)) {
                    let text = format!("{} m²  {:5.1} %", thousands(share.area_m2), 100.0 * share.share);
                    let _ = write!(out, "{text:>20}");
                }
                out.push('\n');
            }
        }
    }
    out + &gaps(answer) + &perimeter(&answer.perimeter)
}

fn gaps(answer: &PlanAnswer) -> String {
    let area: f64 = answer.gaps.iter().map(|g| g.area_m2).sum();
    let mut out = format!(
        "\nGaps: {}, {} m² over both heights; {} more of less than 4 m² each, {:.1} m².\n",
        answer.gaps.len(),
        thousands(area),
        answer.small_gaps.count,
        answer.small_gaps.area_m2,
    );
    if !answer.gaps.is_empty() {
        out += "     area m²  height m  mostly                            around (east, north) m\n";
    }
    for gap in answer.gaps.iter().take(SHOWN) {
        let cause = match &gap.culprit {
            Some(culprit) => format!("{} ({culprit})", words(gap.reason)),
            None => words(gap.reason).to_owned(),
        };
        let [x, y] = middle(gap);
        let _ =
            writeln!(out, "{:>12}{:>10}  {cause:<34}{x:.0}, {y:.0}", thousands(gap.area_m2), gap.height_m);
    }
    out
}

fn perimeter(perimeter: &Perimeter) -> String {
    let mut out = format!("\nPerimeter: {}.\n", perimeter.status);
    if perimeter.length_m > 0.0 {
        let _ = writeln!(
            out,
            "  {:.1} m of wall: {:.1} m guarded by beams, {:.1} m of gates; {} open ends.",
            perimeter.length_m,
            perimeter.guarded_m,
            perimeter.gates_m,
            perimeter.open_ends_m.len(),
        );
    }
    for gap in perimeter.gaps.iter().take(SHOWN) {
        let [from, to] = gap.along_m;
        let beam = gap.beam.as_ref().map(|b| format!(" ({b})")).unwrap_or_default();
        let _ =
            writeln!(out, "  {:>9.1} m of {} from {from:.1} m: {}{beam}", to - from, gap.wall, gap.reason);
    }
    out
}

fn words(reason: GapReason) -> &'static str {
    match reason {
        GapReason::Range => "range",
        GapReason::OutsideView => "outside the view",
        GapReason::DeadZone => "dead zone",
        GapReason::Building => "building",
        GapReason::Wall => "wall",
        GapReason::Crown => "crown",
        GapReason::NoCamera => "no camera",
    }
}

/// The middle of a gap's rectangle, local metres.
fn middle(gap: &Gap) -> [f64; 2] {
    let outer = gap.polygon.first().map_or(&[][..], Vec::as_slice);
    [0, 1].map(|k| {
        let low = outer.iter().map(|p| p[k]).fold(f64::INFINITY, f64::min);
        let high = outer.iter().map(|p| p[k]).fold(f64::NEG_INFINITY, f64::max);
        (low + high) / 2.0
    })
}

/// A whole number with commas.
fn thousands(x: f64) -> String {
    let digits = format!("{x:.0}");
    let mut out = String::new();
    for (i, c) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            out.push(',');
        }
        out.push(c);
    }
    out
}

/// The gaps as GeoJSON, longitudes and latitudes in degrees, rings closed.
fn geojson(answer: &PlanAnswer, origin: Wgs84) -> Value {
    let plane = LocalPlane::at(origin);
    let degrees = |x: f64| (x * 1e8).round() / 1e8;
    let point = |p: &[f64; 2]| {
        let (lon, lat) = plane.to_wgs84((p[0], p[1]).into());
        json!([degrees(lon), degrees(lat)])
    };
    let ring =
        |points: &Vec<[f64; 2]>| -> Vec<Value> { points.iter().chain(points.first()).map(point).collect() };
    let feature = |gap: &Gap| {
        json!({
            "type": "Feature",
            "properties": {
                "kind": "gap",
                "height_m": gap.height_m,
                "area_m2": gap.area_m2,
                "reason": gap.reason,
                "culprit": gap.culprit,
            },
            "geometry": {
                "type": "Polygon",
                "coordinates": gap.polygon.iter().map(ring).collect::<Vec<_>>(),
            },
        })
    };
    json!({ "type": "FeatureCollection", "features": answer.gaps.iter().map(feature).collect::<Vec<_>>() })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn gap() -> Gap {
        Gap {
            height_m: 1.5,
            area_m2: 12_000.0,
            reason: GapReason::OutsideView,
            culprit: Some("cam-07".into()),
            causes: Vec::new(),
            polygon: vec![
                vec![[0.0, 0.0], [120.0, 0.0], [120.0, 110.0], [0.0, 110.0]],
                vec![[10.0, 10.0], [10.0, 50.0], [40.0, 50.0], [40.0, 10.0]],
            ],
        }
    }

    #[test]
    fn numbers_get_commas() {
        let shown = [0.0, 12.4, 999.6, 1_234_567.0].map(thousands);
        assert_eq!(shown, ["0", "12", "1,000", "1,234,567"]);
    }

    #[test]
    fn gaps_are_listed_with_their_cause_and_place() {
        let answer = PlanAnswer { gaps: vec![gap()], ..PlanAnswer::default() };
        let text = gaps(&answer);
        let row = text.lines().last().unwrap_or_default();
        assert_eq!(row, "      12,000       1.5  outside the view (cam-07)         60, 55");
    }

    #[test]
    fn the_shipped_yard_is_planned_and_written() {
        let folder = tempfile::tempdir().expect("a folder");
        let args = |output_format| Args {
            scenario: concat!(env!("CARGO_MANIFEST_DIR"), "/../scenarios/tiny.toml").into(),
            out: Some(folder.path().join("deep/plan")),
            run: None,
            output_format,
        };
        let text = plan(args(OutputFormat::Human)).expect("a plan");
        for part in
            ["小院", "IEC 62676-4:2014", "recognise", "scrutinise", "Gaps: ", "Perimeter: ", "deep/plan"]
        {
            assert!(text.contains(part), "{part} is missing in\n{text}");
        }
        let json: PlanReport =
            serde_json::from_str(&plan(args(OutputFormat::Json)).expect("a plan")).expect("JSON");
        let saved = std::fs::read_to_string(folder.path().join("deep/plan/report.json")).expect("a file");
        assert_eq!(serde_json::from_str::<PlanReport>(&saved).expect("JSON"), json);
        let gaps = std::fs::read_to_string(folder.path().join("deep/plan/gaps.geojson")).expect("a file");
        let gaps: geojson::FeatureCollection = gaps.parse().expect("GeoJSON");
        assert_eq!(gaps.features.len(), json.answer.gaps.len());
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
        let failure = save(&file, "plan.json", "{}").expect_err("a file is no folder");
        assert_eq!(failure.exit(), Exit::Harness);
        assert!(failure.to_string().contains("--out"));
    }

    #[test]
    fn geojson_has_closed_rings_about_the_origin() {
        let origin = Wgs84 { lon_deg: 120.0, lat_deg: 30.0 };
        let answer = PlanAnswer { gaps: vec![gap()], ..PlanAnswer::default() };
        let text = geojson(&answer, origin).to_string();
        let read: geojson::FeatureCollection = text.parse().expect("GeoJSON");
        let geometry = read.features[0].geometry.as_ref().expect("a geometry");
        let geojson::GeometryValue::Polygon { coordinates } = &geometry.value else {
            panic!("not a polygon: {geometry:?}")
        };
        assert_eq!(coordinates.len(), 2);
        assert!(coordinates.iter().all(|ring| ring.first() == ring.last() && ring.len() == 5));
        assert_eq!(coordinates[0][0].as_slice(), [120.0, 30.0]);
        // 120 m east at 30° north are 0.001244°.
        assert!((coordinates[0][1].as_slice()[0] - 120.001_243_6).abs() < 1e-6, "{coordinates:?}");
    }
}
