//! A run whose beams and chargers are on a serial line that the reference gateway polls.

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use anyhow::{Context as _, Result, ensure};
use palisade::drivers::between;
use palisade::drivers::serial::{Faults, Pace, Spec};
use palisade::progress::Progress;
use palisade::run::serial::{SerialLine, SerialRow};
use palisade::run::{Request, Stop, Sut, measure};
use palisade::{input, report, schedule};
use palisade_sim::contract::{Class, Signal};
use palisade_sim::model::drive::Window;
use palisade_sim::model::typed::SourceText;
use palisade_sim::whole::{Inputs, Tape, live};
use palisade_sim::words::{DeviceIx, Ms};
use serde_json::{Value, json};

/// The embedded gateway, polling; killed when dropped.
struct Gateway {
    child: Child,
    address: String,
}

impl Gateway {
    fn start(line: &SerialLine, defect: &str) -> Result<Gateway> {
        let mut child = Command::new(env!("CARGO_BIN_EXE_palisade"))
            .args(["gateway", "--with-parent", "--every", "100ms", "--defect", defect])
            .arg("--serial")
            .arg(&line.spec.link)
            .arg("--inputs")
            .arg(line.list())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()?;
        let mut said = String::new();
        BufReader::new(child.stdout.take().context("its output")?).read_line(&mut said)?;
        let address = said.trim().strip_prefix("listening ").context("no address")?;
        Ok(Gateway { address: format!("mqtt://{address}"), child })
    }
}

impl Drop for Gateway {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The tiny compound in a folder of its own. How punctual a loaded machine is is judged elsewhere.
fn compound(folder: &Path) -> Result<PathBuf> {
    let scenarios = Path::new(env!("CARGO_MANIFEST_DIR")).join("../scenarios");
    let text = fs::read_to_string(scenarios.join("tiny.toml"))?;
    let patient = text.replace("lateness_bound = \"10ms\"", "lateness_bound = \"20s\"");
    ensure!(patient != text, "tiny.toml no longer holds the bound");
    let patient = patient.replace("\"beam.response.p99\" = \"< 1s\"", "wrong = \"== 0\"");
    fs::write(folder.join("tiny.toml"), patient)?;
    fs::create_dir(folder.join("sites"))?;
    fs::copy(scenarios.join("sites/tiny.geojson"), folder.join("sites/tiny.geojson"))?;
    Ok(folder.join("tiny.toml"))
}

/// All beams and chargers on one line.
fn line(tape: &Tape, folder: &Path) -> SerialLine {
    let polled = |class| matches!(class, Class::Beam | Class::Charger);
    let devices = tape.devices.iter().enumerate().filter(|(_, row)| polled(row.class));
    let spec = Spec {
        name: "line-1".into(),
        link: folder.join("line-1"),
        rate: Default::default(),
        turnaround_us: 5_000,
        hold_us: 2_000_000,
        pace: Pace::Frame,
        faults: Faults::default(),
        seed: 1,
    };
    let devices = devices.map(|(at, _)| DeviceIx(at as u32)).collect();
    SerialLine { spec, rows: vec![SerialRow { devices, unit_from: 1, inputs_per_unit: 8 }] }
}

/// A window that ends while the first broken beam is still broken, and one long after it was restored.
fn windows(tape: &Tape) -> Result<Vec<Window>> {
    let said = |wanted: fn(&Signal) -> bool| tape.stimuli.iter().find(move |s| wanted(&s.signal));
    let broken = said(|s| matches!(s, Signal::BeamBroken { .. })).context("no beam is broken")?;
    let restored = said(|s| *s == Signal::BeamRestored).context("none is restored")?;
    ensure!(restored.device == broken.device && (restored.due - broken.due) > Ms(1_000));
    let (first, second) = ((broken.due.0 - 1_000) / 1_000, restored.due.0 / 1_000 + 20);
    let at = |s: i64| format!("{:02}:{:02}:{:02}", s / 3_600, s / 60 % 60, s % 60);
    let length_ms = broken.due.0 - first * 1_000 + 500;
    let text = format!("{}+{length_ms}ms,{}+2s", at(first), at(second));
    schedule::parse_windows(&text).with_context(|| text.clone())
}

fn run(defect: &str) -> Result<(Value, Vec<Value>)> {
    run_under(defect, None, "")
}

/// The same with faults on the wire, as a file's `[[fault]]` says them, and slaves that do wrong as a contract says it.
fn run_under(defect: &str, faults: Option<&str>, slaves: &str) -> Result<(Value, Vec<Value>)> {
    let folder = tempfile::tempdir()?;
    let path = compound(folder.path())?;
    let loaded = input::load(&path)?;
    let seed = loaded.scenario.file.seed;
    let tape = live(loaded.scenario.clone(), seed, &Inputs::default(), &mut |_| ()).tape;
    let mut line = line(&tape, folder.path());
    line.spec.faults = slaves.parse()?;
    let name = |device: DeviceIx| tape.devices[device.index()].id.to_string();
    let table = line.table(&tape).map_err(anyhow::Error::msg)?;
    fs::write(line.list(), table.csv("tiny", name))?;
    let gateway = Gateway::start(&line, defect)?;
    let out = folder.path().join("out");
    let request = Request {
        fleet: None,
        faults: faults.map(disturbed).transpose()?,
        kept: Vec::new(),
        told: Default::default(),
        day: None,
        options: Vec::new(),
        in_vain: false,
        loaded,
        path,
        seed,
        out: Some(out.clone()),
        windows: Some(windows(&tape)?),
        sut: Sut::Mqtt(gateway.address.parse()?),
        floor: false,
        serial: vec![line],
        commands: Vec::new(),
    };
    let measured = measure(&request, &Stop::default(), &Progress::new())?;
    ensure!(measured.trouble.is_none(), "{:?}", measured.trouble);
    let report = serde_json::to_value(report::make(&out)?)?;
    let journal = fs::read_to_string(out.join("journal.jsonl"))?;
    let journal = journal.lines().map(serde_json::from_str).collect::<Result<Vec<Value>, _>>()?;
    Ok((report, journal))
}

fn disturbed(faults: &str) -> Result<between::Plan> {
    let text = format!("faults = 1\nname = \"wire\"\n\n[[fault]]\n{faults}\n");
    let text = SourceText { name: "faults.toml".into(), text };
    let faults = palisade::fault::read(&text).map_err(|problems| anyhow::anyhow!("{problems}"))?;
    Ok(between::Plan { faults, file: "faults.toml".into(), seed: 1 })
}

#[test]
fn a_wire_that_is_cut_takes_what_it_would_have_carried_and_a_noisy_one_costs_a_poll() -> Result<()> {
    let (quiet, _) = run("")?;
    let owed = quiet["outcomes_by_class"]["beam"]["expected"].as_u64().context("beams")?;
    let (cut, journal) = run_under("", Some("what = { cut = { at = \"0s\" } }"), "")?;
    let beam = &cut["outcomes_by_class"]["beam"];
    ensure!(beam["taken"] == owed && beam["missed"] == 0 && beam["expected"] == 0, "{beam}");
    ensure!(journal.iter().any(|entry| entry["befell"]["line"] == "line-1"), "the journal names the line");
    let flips = "way = \"up\"\nwhat = { flip = { bit_error_rate = 2e-3 } }";
    let (noisy, journal) = run_under("", Some(flips), "")?;
    let beam = &noisy["outcomes_by_class"]["beam"];
    ensure!(beam["answered"] == owed && noisy["outcomes"]["spurious"] == 0, "{noisy:#}");
    ensure!(journal.iter().any(|entry| entry["befell"]["done"] == "flipped"), "nothing was disturbed");
    Ok(())
}

#[test]
fn what_slaves_keep_to_themselves_because_the_contract_asks_for_it_is_not_owed() -> Result<()> {
    let (quiet, _) = run("")?;
    let owed = quiet["outcomes_by_class"]["beam"]["expected"].as_u64().context("beams")?;
    let (mute, journal) = run_under("", None, "silent=1")?;
    let beam = &mute["outcomes_by_class"]["beam"];
    ensure!(beam["taken"] == owed && beam["missed"] == 0 && beam["expected"] == 0, "{beam}");
    let spoilt: Vec<&Value> = journal.iter().filter_map(|entry| entry.get("spoilt")).collect();
    ensure!(!spoilt.is_empty() && spoilt.iter().all(|one| one["told"] == false), "{spoilt:?}");
    ensure!(spoilt.iter().all(|one| one["by"]["silent"].as_u64() > Some(0)), "{spoilt:?}");
    // Whatever comes of one silence in two, it is not the gateway's to answer for.
    let (half, _) = run_under("", None, "silent=0.5")?;
    let beam = &half["outcomes_by_class"]["beam"];
    let sum = beam["answered"].as_u64().zip(beam["taken"].as_u64()).map(|(answered, taken)| answered + taken);
    ensure!(sum == Some(owed) && beam["missed"] == 0, "{beam} {}", half["verdict"]);
    // Whoever does not hear what was told is still to blame.
    let (deaf, _) = run_under("deaf-to=beam-north", None, "silent=0.01")?;
    ensure!(deaf["outcomes_by_class"]["beam"]["missed"].as_u64() >= Some(1), "{deaf:#}");
    Ok(())
}

#[test]
fn polled_beams_are_answered_and_the_poll_explains_their_latency() -> Result<()> {
    let (report, journal) = run("")?;
    assert_eq!((&report["exit"], &report["verdict"]["reasons"]), (&json!(0), &json!([])));
    let beam = &report["outcomes_by_class"]["beam"];
    ensure!(beam["expected"].as_u64() >= Some(1) && beam["answered"] == beam["expected"], "{beam}");
    // The second window finds the beam restored: the gateway says so, and that is neither owed nor invented.
    assert_eq!(report["outcomes"]["spurious"], 0, "{:#}", report["extras"]);
    let left = |payload: &str| {
        journal.iter().filter_map(|entry| entry.get("left")).any(|left| left["payload"] == payload)
    };
    ensure!(left("on") && left("off"), "the line's messages are written down");
    let line = &report["links"][0];
    assert_eq!(
        (&line["name"], &line["carrier"], &line["strangers"]),
        (&json!("line-1"), &json!("modbus_rtu"), &json!(0))
    );
    ensure!(line["polls"].as_u64() > Some(10) && line["broken"] == 0, "{line:#}");
    let (expected, measured) = (&line["expected_ms"], &line["measured_ms"]);
    assert_eq!((&expected["count"], &measured["count"]), (&beam["expected"], &beam["expected"]));
    // No faster than the characters of the answer, which take 6 ms and the slave's 5.
    ensure!(measured["p50"].as_f64() > Some(11.0), "{line:#}");
    ensure!(expected["max"].as_f64() > Some(100.0), "{line:#}");
    ensure!(line["told"].as_str().is_some_and(|t| t.contains("latency is bounded by the poll")), "{line:#}");
    Ok(())
}

#[test]
fn a_gateway_that_does_not_hear_a_polled_beam_fails() -> Result<()> {
    let (report, _) = run("deaf-to=beam-north")?;
    let beam = &report["outcomes_by_class"]["beam"];
    ensure!(beam["missed"].as_u64() >= Some(1) && report["exit"] == 5, "{beam} {}", report["verdict"]);
    let reasons = report["verdict"]["reasons"].to_string();
    ensure!(reasons.contains("beam-north beam_broken"), "{reasons}");
    Ok(())
}
