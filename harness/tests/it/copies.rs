//! What the gateway answers to copies of the compound is judged, and what storms and floods do to the compound itself.

use std::process::Command;

use anyhow::{Context, Result, ensure};
use serde_json::Value;

use crate::tiny::{NIGHT, Tiny, judged as run, root};

fn shape(name: &str) -> String {
    root().join("scenarios/load").join(name).display().to_string()
}

/// A shape of its own.
fn own(what: &str) -> Result<(tempfile::TempDir, String)> {
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("own.toml");
    std::fs::write(&path, format!("shape = 1\nname = \"own\"\n\n{what}\n"))?;
    let path = path.display().to_string();
    Ok((folder, path))
}

/// The counts of answers to copies, which sum up.
fn answers(report: &Value) -> Result<&Value> {
    let answers = &report["load"]["answers"];
    ensure!(answers["heard"] == true, "{}", report["load"]);
    let all = &answers["all"];
    let of = |word: &str| all[word].as_u64().unwrap_or_default();
    let words = ["answered", "late", "missed", "duplicate", "wrong", "out_of_order", "undecidable"];
    ensure!(words.iter().map(|word| of(word)).sum::<u64>() == of("expected"), "{all}");
    Ok(answers)
}

fn count(report: &Value, word: &str) -> Result<u64> {
    answers(report)?["all"][word].as_u64().with_context(|| word.to_owned())
}

fn reasons(report: &Value) -> String {
    report["verdict"]["reasons"].to_string()
}

#[test]
fn a_gateway_that_answers_the_compound_and_no_copy_fails() -> Result<()> {
    let (code, report, said) = run(&[], &["--fleet", "4"])?;
    ensure!(code == Some(0), "{said}");
    let (owed, alone) = (count(&report, "expected")?, report["outcomes"]["expected"].as_u64());
    ensure!(owed > 0 && Some(owed) == alone.map(|n| n * 3), "{owed} {alone:?}");
    ensure!(
        count(&report, "answered")? == owed && answers(&report)?["promised"] == true,
        "{}",
        report["load"]
    );
    ensure!(report["load"]["answers_ms"]["count"] == owed, "{}", report["load"]);
    let checks = report["verdict"]["checks"].to_string();
    ensure!(checks.contains("load.missed") && checks.contains("load.late"), "{checks}");

    // The probe of the compound comes first.
    let (code, report, said) = run(&[], &["--fleet", "4", "--defect", "other-sites-lost=1"])?;
    ensure!(code == Some(5), "{said}");
    ensure!(report["outcomes"]["missed"] == 0 && report["outcomes"]["expected"].as_u64() == alone, "{said}");
    ensure!(count(&report, "missed")? == owed && answers(&report)?["harmed"] == 3, "{}", report["load"]);
    let why = reasons(&report);
    ensure!(
        why.contains("to the 3 copies missed (must be == 0): none came at all") && why.contains("tiny-c1"),
        "{why}"
    );
    let any = [("missed = \"== 0\"", "missed = \"== 0\"\n\"load.missed\" = \">= 0\"")];
    let (code, _, said) = run(&any, &["--fleet", "4", "--defect", "other-sites-lost=1"])?;
    ensure!(code == Some(0), "{said}");
    Ok(())
}

#[test]
fn what_is_lost_of_copies_is_told_by_class_and_copy_with_ids() -> Result<()> {
    let shape = shape("alarm-flood.toml");
    let args = ["--fleet", "9", "--shape", &shape, "--defect", "other-sites-lost=0.2"];
    let (code, report, said) = run(&[], &args)?;
    ensure!(code == Some(5), "{said}");
    let (answers, missed) = (answers(&report)?, count(&report, "missed")?);
    ensure!(missed > 3 && missed < count(&report, "expected")? / 2, "{answers}");
    let of_classes = answers["by_class"].as_object().context("classes")?.values();
    ensure!(of_classes.filter_map(|tally| tally["missed"].as_u64()).sum::<u64>() == missed, "{answers}");
    let of_copies = answers["copies"].as_array().context("copies")?;
    ensure!(of_copies.iter().filter_map(|copy| copy["missed"].as_u64()).sum::<u64>() == missed, "{answers}");
    let failures = answers["failures"].as_array().context("failures")?;
    let id = failures[0]["id"].as_str().context("an id")?;
    ensure!(failures.len() as u64 == missed && failures[0]["heard_us"].is_null(), "{answers}");
    ensure!(id.starts_with(report["run"]["tag"].as_str().unwrap_or("-")), "{id}");
    let why = reasons(&report);
    ensure!(why.contains(id) && why.contains("by class beam ") && why.contains("by copy tiny-c"), "{why}");
    Ok(())
}

/// What `explain` says of a run.
fn explained(tiny: &Tiny, asked: &[&str]) -> Result<(Option<i32>, String)> {
    let out = tiny.out();
    let mut command = Command::new(env!("CARGO_BIN_EXE_palisade"));
    let output = command.arg("explain").arg(&out).args(asked).output()?;
    let said = String::from_utf8_lossy(&[&output.stdout[..], &output.stderr[..]].concat()).into_owned();
    Ok((output.status.code(), said))
}

#[test]
fn what_became_of_a_copys_message_is_told_when_the_compounds_own_were_answered() -> Result<()> {
    let tiny = Tiny::with(&[])?;
    let shape = shape("alarm-flood.toml");
    let args = ["--fleet", "4", "--shape", &shape, "--defect", "other-sites-lost=1"];
    let run = tiny.command(&[&NIGHT[..], &args[..]].concat()).output()?;
    ensure!(run.status.code() == Some(5), "{}", String::from_utf8_lossy(&run.stdout));
    let report = tiny.report()?;
    let failures = report["load"]["answers"]["failures"].as_array().context("failures")?;
    let (code, said) = explained(&tiny, &[])?;
    let first = failures[0]["id"].as_str().context("an id")?;
    ensure!(code == Some(0) && said.contains(first) && said.contains("missed"), "{said}");
    let beam = failures.iter().find(|one| one["class"] == "beam").context("a beam")?;
    let (code, said) = explained(&tiny, &[beam["id"].as_str().context("an id")?])?;
    ensure!(code == Some(0), "{said}");
    for part in [
        "because of a thunderstorm",
        "it left by MQTT at QoS ",
        "the compound's own message of the same",
        "was answered after",
        "messages of its copy (site tiny-c",
        " about the compound",
        "load.missed",
    ] {
        // Lines are broken at a terminal's width.
        let flat = said.split_whitespace().collect::<Vec<_>>().join(" ");
        ensure!(flat.contains(part), "{part}: {said}");
    }
    let wire = said.lines().find(|line| line.contains("  wire ")).context("when it left")?;
    let after: f64 = wire.trim().split_once(" ms").context("an instant")?.0.parse()?;
    ensure!((0.0..500.0).contains(&after), "{wire}");
    let tag = report["run"]["tag"].as_str().context("a tag")?;
    let (code, said) = explained(&tiny, &[&format!("{tag}c1-1")])?;
    ensure!(
        code == Some(3) && said.contains("keeps nothing of the message") && said.contains(first),
        "{said}"
    );
    Ok(())
}

#[test]
fn what_copies_are_told_twice_is_a_failure_of_the_gateway() -> Result<()> {
    let shape = shape("alarm-flood.toml");
    let (code, report, said) = run(&[], &["--fleet", "3", "--shape", &shape, "--defect", "duplicate=0.3"])?;
    ensure!(code == Some(5), "{said}");
    ensure!(
        count(&report, "duplicate")? > 0 && reasons(&report).contains("copies duplicate"),
        "{}",
        reasons(&report)
    );
    Ok(())
}

#[test]
fn a_storm_takes_the_compound_too_and_a_gateway_that_loses_at_reconnect_fails() -> Result<()> {
    let flood = "[[flood]]\nat = \"500ms\"\nwithin = \"2s\"\nclass = \"beam\"\nsays = { beam_broken = { broken_ms = 100 } }";
    let storm = "[[storm]]\nat = \"600ms\"\ndown = \"1500ms\"\nwithin = \"400ms\"\ncause = \"power cut\"";
    let (_folder, shape) = own(&format!("{flood}\n\n{storm}"))?;
    let args = ["--fleet", "6", "--shape", &shape];
    let (code, report, said) = run(&[], &args)?;
    ensure!(code == Some(0), "{said}");
    ensure!(report["connections"]["lost"].as_u64() > Some(10), "{}", report["connections"]);
    ensure!(
        report["load"]["dropped"].as_u64() > Some(50) && report["load"]["stored"].as_u64() > Some(3),
        "{said}"
    );
    ensure!(count(&report, "answered")? == count(&report, "expected")?, "{}", report["load"]);

    let (code, report, said) = run(&[], &[&args[..], &["--defect", "reconnect-lost=900"]].concat())?;
    ensure!(code == Some(5), "{said}");
    ensure!(count(&report, "missed")? > 0, "{}", report["load"]);
    ensure!(report["outcomes"]["missed"].as_u64() > Some(0), "the compound's own: {}", report["outcomes"]);
    let why = reasons(&report);
    ensure!(why.contains("because of flood") && why.contains("copies missed"), "{why}");
    Ok(())
}

#[test]
fn a_flood_is_the_compounds_as_well_under_numbers_that_the_tape_does_not_have() -> Result<()> {
    let plain = run(&[], &["--fleet", "2"])?.1;
    let (code, report, said) = run(&[], &["--fleet", "2", "--shape", &shape("alarm-flood.toml")])?;
    ensure!(code == Some(0), "{said}");
    let of = |report: &Value| report["outcomes"]["expected"].as_u64().unwrap_or_default();
    let (more, of_copy) =
        (of(&report) - of(&plain), count(&report, "expected")? - count(&plain, "expected")?);
    ensure!(more > 4 && more % 2 == 0 && more == of_copy, "{more} {of_copy}");
    let windows = report["windows"].as_array().context("windows")?;
    let main = windows.iter().filter(|window| window["part"] == "main");
    let in_windows = main.filter_map(|window| window["expected"].as_u64()).sum::<u64>();
    ensure!(in_windows == of(&report), "windows hold what comes after their ends: {windows:?}");
    ensure!(report["outcomes"]["answered"] == report["outcomes"]["expected"], "{}", report["outcomes"]);
    ensure!(report["tape"] == plain["tape"], "the twin does not know of floods");
    let notes = report["notes"].to_string();
    ensure!(notes.contains("thunderstorm: ") && notes.contains("say beam_broken from "), "{notes}");

    let (code, report, said) =
        run(&[], &["--fleet", "2", "--shape", &shape("alarm-flood.toml"), "--defect", "flood-tail-lost=3"])?;
    ensure!(code == Some(5), "{said}");
    ensure!(reasons(&report).contains("because of thunderstorm"), "{}", reasons(&report));
    let failure = report["failures"][0]["text"].as_str().context("a failure")?;
    ensure!(failure.ends_with("the device said it because of a thunderstorm"), "{failure}");
    Ok(())
}

#[test]
fn a_power_cut_hits_what_hangs_on_the_mains() -> Result<()> {
    let (code, report, said) = run(&[], &["--fleet", "2", "--shape", &shape("power-cut.toml")])?;
    ensure!(code == Some(0), "{said}");
    let (lost, devices) =
        (report["connections"]["devices"].as_u64(), report["devices"].as_array().map(Vec::len));
    ensure!(lost > Some(2) && lost < devices.map(|n| n as u64 / 2), "{lost:?} of {devices:?}");
    Ok(())
}

#[test]
fn a_shape_befalls_a_compound_without_copies_and_a_search_for_the_limit_begins_with_it() -> Result<()> {
    let storm = "[[storm]]\nat = \"600ms\"\ndown = \"1500ms\"\nwithin = \"400ms\"\ncause = \"power cut\"\n\n[[flood]]\n\
         at = \"500ms\"\nwithin = \"2s\"\nclass = \"beam\"\nsays = { beam_broken = { broken_ms = 100 } }";
    let (_folder, shape) = own(storm)?;
    let (code, report, said) = run(&[], &["--shape", &shape])?;
    ensure!(code == Some(0), "{said}");
    ensure!(report["connections"]["lost"].as_u64() > Some(10), "{}", report["connections"]);
    ensure!(report["load"]["copies"] == 0 && report["load"]["answers"].is_null(), "{}", report["load"]);
    ensure!(report["faults"]["episodes"].to_string().contains("storm 1"), "{}", report["faults"]);

    let alone = ["--find-limit", "--fleet", "2", "--shape", &shape, "--defect", "reconnect-lost=900"];
    let tiny = Tiny::with(&[])?;
    let output = tiny.command(&[&NIGHT[..], &alone[..]].concat()).output()?;
    let said = String::from_utf8_lossy(&[&output.stdout[..], &output.stderr[..]].concat()).into_owned();
    ensure!(output.status.code() == Some(5) && said.contains("fails already"), "{said}");

    let ramp = tiny.command(&["--shape", &self::shape("ramp.toml")]).output()?;
    let said = String::from_utf8(ramp.stderr)?;
    ensure!(ramp.status.code() == Some(2) && said.contains("add --fleet"), "{said}");
    Ok(())
}

#[test]
fn a_contracts_row_that_names_a_device_holds_for_its_copies_too() -> Result<()> {
    let shipped = std::fs::read_to_string(root().join("scenarios/sut/builtin/contract.toml"))?;
    // Nobody listens there.
    let row = "[[device]]\ndevices = [\"beam-north\"]\nlink = \"bus\"\ntopic = \"elsewhere/{site}/{device}\"\n\n[[device]]";
    let tiny = Tiny::with(&[])?;
    let contract = tiny.folder().join("contract.toml");
    std::fs::write(&contract, shipped.replacen("[[device]]", row, 1))?;
    let (shape, contract) = (shape("alarm-flood.toml"), contract.display().to_string());
    let args = ["--fleet", "3", "--shape", &shape, "--sut", &contract];
    let output = tiny.command(&[&NIGHT[..], &args[..]].concat()).output()?;
    let (report, said) = (tiny.report()?, String::from_utf8_lossy(&output.stderr).into_owned());
    ensure!(output.status.code() == Some(5), "{said}");
    let named = |failures: &Value| -> Result<Vec<String>> {
        let mut all: Vec<String> = failures
            .as_array()
            .context("failures")?
            .iter()
            .filter_map(|one| Some(one["device"].as_str()?.to_owned()))
            .collect();
        all.sort();
        all.dedup();
        Ok(all)
    };
    ensure!(named(&report["failures"])? == ["beam-north"], "{}", report["failures"]);
    let of_copies = named(&answers(&report)?["failures"])?;
    ensure!(of_copies == ["beam-north-c1", "beam-north-c2"], "{of_copies:?}");
    Ok(())
}
