//! `palisade run --fault`: what disturbs devices on purpose is told, and the gateway owes only what it could have had.

use std::fs;

use anyhow::{Context, Result, ensure};
use serde_json::Value;

use crate::tiny::{Tiny, expected_is_the_sum, root};

/// A stretch of the night with many messages in it.
const WINDOW: [&str; 2] = ["--windows", "07:45:07+10s"];

/// A run of the tiny compound under faults, which stand in a file of their own.
struct Run {
    code: Option<i32>,
    report: Value,
    journal: Vec<Value>,
    said: String,
}

fn run(faults: &str, changes: &[(&str, &str)], args: &[&str]) -> Result<Run> {
    let tiny = Tiny::with(changes)?;
    let file = tiny.folder().join("faults.toml");
    fs::write(&file, format!("faults = 1\nname = \"test\"\n\n{faults}"))?;
    let file = file.display().to_string();
    let output = tiny.command(&[&WINDOW[..], &["--fault", &file], args].concat()).output()?;
    let said = String::from_utf8(output.stderr)? + &String::from_utf8(output.stdout)?;
    let report = tiny.report().with_context(|| said.clone())?;
    Ok(Run { code: output.status.code(), report, journal: tiny.journal()?, said })
}

impl Run {
    fn count(&self, path: &str) -> Result<u64> {
        let value = path.split('.').try_fold(&self.report, |at, key| at.get(key));
        value.and_then(Value::as_u64).with_context(|| format!("{path} of {}", self.report["faults"]))
    }

    fn entries<'a>(&'a self, kind: &'a str) -> impl Iterator<Item = &'a Value> {
        self.journal.iter().filter_map(move |entry| entry.get(kind))
    }
}

#[test]
fn a_gateway_under_a_cut_is_told_what_it_lost_and_how_soon_it_was_back() -> Result<()> {
    let cut = "[[fault]]\nwhat = { cut = { at = \"4s\" } }\n";
    let run = run(cut, &[("wrong = \"== 0\"", "\"recovery.max\" = \"< 20s\"")], &[])?;
    ensure!(run.code == Some(0), "{}", run.said);
    ensure!(
        run.said.contains("faults: test, drawn by seed 1") && run.said.contains("fault 1: cut at 4s"),
        "{}",
        run.said
    );
    expected_is_the_sum(&run.report)?;
    let cuts: Vec<&Value> = run.entries("befell").filter(|b| b["done"] == "cut").collect();
    ensure!(cuts.len() as u64 == run.count("faults.disturbances")? && cuts.len() > 10, "{cuts:?}");
    ensure!(run.count("connections.lost")? >= cuts.len() as u64, "{}", run.report["connections"]);
    ensure!(run.count("faults.recovery_ms.count")? > 0, "{}", run.report["faults"]);
    ensure!(run.count("faults.unrecovered")? == 0, "{}", run.report["faults"]);
    ensure!(
        run.report["verdict"]["checks"].to_string().contains("recovery.max"),
        "{}",
        run.report["verdict"]
    );
    let again = run.report["run"]["command"].as_str().unwrap_or_default();
    ensure!(again.contains("--fault="), "{again}");
    Ok(())
}

#[test]
fn what_a_fault_swallowed_is_not_owed_and_an_honest_gateway_passes() -> Result<()> {
    // From the first instant on nothing passes up on half of the connections, and nobody is told.
    let half = "[[fault]]\nconnections = 0.5\nwhat = { half_open = { at = \"0s\" } }\n";
    let swallowed = run(half, &[], &[])?;
    ensure!(swallowed.code == Some(0), "{}", swallowed.said);
    let (taken, expected) = (swallowed.count("outcomes.taken")?, swallowed.count("outcomes.expected")?);
    let whole = run("[[fault]]\nwhat = { delay = { by = \"30ms\" } }\n", &[], &[])?;
    ensure!(whole.code == Some(0), "{}", whole.said);
    ensure!(taken > 0 && taken + expected == whole.count("outcomes.expected")?, "{taken} and {expected}");
    ensure!(whole.count("outcomes.taken")? == 0, "a delay takes nothing");
    let rows = swallowed.report["devices"].as_array().context("devices")?;
    let of_devices = rows.iter().filter_map(|row| row["outcomes"]["taken"].as_u64()).sum::<u64>();
    ensure!(of_devices == taken, "{of_devices} of devices, {taken} in all");
    let p50 = whole.report["latency_all_ms"]["response"]["p50"].as_f64().context("p50")?;
    ensure!(p50 >= 30.0, "a delay of 30 ms, and answers after {p50} ms");
    // A device has the same faults in whatever order devices connect.
    let devices = |run: &Run| -> std::collections::BTreeSet<u64> {
        run.entries("befell").filter_map(|b| b["device"].as_u64()).collect()
    };
    let asked = [("wrong = \"== 0\"", "\"load.missed\" = \"== 0\"")];
    let beside = run(half, &asked, &["--fleet", "3"])?;
    ensure!(devices(&swallowed) == devices(&beside), "copies changed the dice");
    // What half of the copies' lines swallowed is no fault of the gateway; the rest is owed.
    let of_copies = |which: &str| beside.count(&format!("load.answers.all.{which}"));
    ensure!(beside.code == Some(0) && of_copies("missed")? == 0, "{}", beside.said);
    ensure!(of_copies("taken")? > 0 && of_copies("answered")? > 0, "{}", beside.said);
    ensure!(beside.report["load"]["answers"]["promised"] == true, "{}", beside.report["load"]);
    Ok(())
}

#[test]
fn copies_behind_faults_of_all_kinds_are_judged_and_an_honest_gateway_passes() -> Result<()> {
    for (kind, what) in [
        ("held", "delay = { by = \"40ms\", jitter = \"60ms\" }"),
        ("cut", "cut = { after = \"3s\", within = \"3s\" }"),
        ("twice", "duplicate = { chance = 0.2 }"),
        ("swapped", "reorder = { chance = 0.2, within = \"200ms\" }"),
        ("flipped", "flip = { bit_error_rate = 2e-4 }"),
        ("short", "truncate = { chance = 0.1 }"),
        ("noise", "garbage = { chance = 0.1, bytes = 20 }"),
    ] {
        let faults = format!("[[fault]]\nconnections = 0.5\nwhat = {{ {what} }}\n");
        let run = run(&faults, &[], &["--fleet", "12"])?;
        ensure!(run.code == Some(0), "{kind}: {}", run.said);
        let all = &run.report["load"]["answers"]["all"];
        ensure!(run.count("load.answers.all.answered")? > 30, "{kind}: {all}");
        ensure!(run.report["load"]["answers"]["promised"] == true, "{kind}: {all}");
    }
    // What a gateway loses of what came to it whole is told, and where it was lost.
    let delay = "[[fault]]\nwhat = { delay = { by = \"20ms\" } }\n";
    let lossy = run(
        delay,
        &[("missed = \"== 0\"", "missed = \">= 0\"")],
        &["--fleet", "12", "--defect", "drop=0.2"],
    )?;
    ensure!(lossy.code == Some(5) && lossy.count("load.answers.all.missed")? > 5, "{}", lossy.said);
    let failures = lossy.report["load"]["answers"]["failures"].as_array().context("failures")?;
    let missed: Vec<_> = failures.iter().filter(|one| one["outcome"] == "missed").collect();
    ensure!(!missed.is_empty() && missed.iter().all(|one| one["reached_us"].is_i64()), "{missed:?}");
    Ok(())
}

#[test]
fn faults_that_would_begin_when_nothing_is_said_any_more_are_refused_or_told() -> Result<()> {
    let late = "[[restart]]\nat = \"300s\"\n";
    let tiny = Tiny::with(&[])?;
    let file = tiny.folder().join("faults.toml");
    fs::write(&file, format!("faults = 1\nname = \"test\"\n\n{late}"))?;
    let output = tiny.command(&[&WINDOW[..], &["--fault", &file.display().to_string()]].concat()).output()?;
    let said = String::from_utf8(output.stderr)?;
    ensure!(output.status.code() == Some(2), "{said}");
    ensure!(said.contains("would begin at 300.0 s") && said.contains("--windows"), "{said}");
    // Beside one that is in time it is told.
    let run = run(&format!("[[fault]]\nwhat = {{ delay = {{ by = \"5ms\" }} }}\n\n{late}"), &[], &[])?;
    ensure!(run.code == Some(0), "{}", run.said);
    let told = "restart 1 (the gateway is killed and started again at 5m) befalls nothing";
    ensure!(run.said.contains(told), "{}", run.said);
    let notes = run.report["notes"].as_array().context("notes")?;
    let in_report = |note: &Value| note["text"].as_str().is_some_and(|text| text.starts_with(told));
    ensure!(notes.iter().any(in_report), "{notes:?}");
    Ok(())
}

/// A connection through the proxy takes three files of the process.
#[test]
fn a_limit_of_open_files_that_does_not_suffice_for_the_proxy_is_told_before_anything_is_done() -> Result<()> {
    let tiny = Tiny::with(&[])?;
    let faults = root().join("scenarios/faults/slow-line.toml").display().to_string();
    let refused = |args: &[&str]| -> Result<(Option<i32>, String)> {
        let whole = tiny.command(args);
        let mut limited = std::process::Command::new("sh");
        limited
            .args(["-c", "ulimit -n 210; exec \"$@\"", "sh"])
            .arg(whole.get_program())
            .args(whole.get_args());
        limited.envs(whole.get_envs().filter_map(|(name, value)| Some((name, value?))));
        let output = limited.output()?;
        Ok((output.status.code(), String::from_utf8(output.stderr)?))
    };
    let (code, said) = refused(&["--fleet", "2", "--fault", &faults])?;
    ensure!(code == Some(6) && said.contains("through the proxy of --fault"), "{code:?} {said}");
    let needed =
        said.split("ulimit -n ").nth(1).and_then(|rest| rest.split('`').next()).context("a remedy")?;
    let devices: u64 = (needed.parse::<u64>()? - 64) / 6;
    ensure!(devices > 20 && said.contains(&format!("needs {} connections", 2 * devices)), "{said}");
    Ok(())
}

#[test]
fn a_gateway_that_loses_is_not_excused_by_faults() -> Result<()> {
    let delay = "[[fault]]\nwhat = { delay = { by = \"10ms\" } }\n";
    let run = run(delay, &[], &["--defect", "drop=0.3"])?;
    ensure!(run.code == Some(5) && run.count("outcomes.missed")? > 0, "{}", run.said);
    Ok(())
}

#[test]
fn a_bad_line_alters_messages_and_only_the_line_is_blamed() -> Result<()> {
    let flips = "[[fault]]\nway = \"up\"\nwhat = { flip = { bit_error_rate = 5e-4 } }\n";
    let run = run(flips, &[], &[])?;
    ensure!(run.count("outcomes.taken")? > 0, "{}", run.said);
    ensure!(run.count("outcomes.wrong")? == 0 && run.count("outcomes.spurious")? == 0, "{}", run.said);
    Ok(())
}

#[test]
fn shipped_faults_are_judged_fairly() -> Result<()> {
    let files = fs::read_dir(root().join("scenarios/faults"))?.filter_map(|entry| Some(entry.ok()?.path()));
    let files: Vec<_> =
        files.filter(|path| path.extension().is_some_and(|ending| ending == "toml")).collect();
    ensure!(files.len() >= 7, "{files:?}");
    // A few at a time: each has a gateway and a proxy of its own.
    files.chunks(3).try_for_each(|files| {
        std::thread::scope(|scope| {
            let runs: Vec<_> = files.iter().map(|file| scope.spawn(move || shipped(file))).collect();
            runs.into_iter().try_for_each(|run| run.join().expect("a run does not panic"))
        })
    })
}

/// Drives the honest gateway under a shipped file of faults: what is said there befalls it, and it is not blamed.
fn shipped(file: &std::path::Path) -> Result<()> {
    let tiny = Tiny::with(&[])?;
    let file_name = file.display().to_string();
    let output = tiny.command(&["--windows", "07:45:07+22s", "--fault", &file_name]).output()?;
    let said = String::from_utf8(output.stdout)? + &String::from_utf8(output.stderr)?;
    let text = fs::read_to_string(file)?;
    if text.lines().any(|line| line.starts_with("process = ")) {
        // Of a gateway with several programs: `it::outside` drives it.
        ensure!(output.status.code() == Some(2) && said.contains("leave `process` out"), "{said}");
        return Ok(());
    }
    let report = tiny.report().with_context(|| said.clone())?;
    let faults = &report["faults"];
    // How late an answer may be while the gateway starts again is the thresholds' affair; it comes, and once.
    let is_restarted = faults["restarts"].as_array().is_some_and(|restarts| !restarts.is_empty());
    ensure!(output.status.code() == Some(0) || is_restarted, "{}: {said}", file.display());
    for bad in ["missed", "duplicate", "wrong", "out_of_order", "undecidable"] {
        ensure!(report["outcomes"][bad] == 0, "{}: {bad}: {said}", file.display());
    }
    let name = text.lines().find_map(|line| line.strip_prefix("name = \"")?.split('"').next());
    ensure!(faults["name"].as_str() == name, "{faults}");
    // What begins after the driven seconds does nothing.
    let at_work = |fault: &Value| {
        let done = fault["done"].as_object().is_some_and(|done| !done.is_empty());
        done || fault["devices"].as_array().is_some_and(|devices| !devices.is_empty())
    };
    let all = ["list", "devices"].iter().filter_map(|list| faults[*list].as_array()).flatten();
    let worked =
        all.filter(|fault| at_work(fault)).count() + faults["restarts"].as_array().map_or(0, Vec::len);
    ensure!(worked > 0, "{}: nothing befell anybody: {faults}", file.display());
    expected_is_the_sum(&report)?;
    ensure!(report["outcomes"]["expected"].as_u64() > Some(0), "{}", report["outcomes"]);
    Ok(())
}

#[test]
fn a_gateway_that_is_killed_and_comes_back_loses_nothing_that_qos_1_promised() -> Result<()> {
    let restart = "[[restart]]\nat = \"3s\"\ndown = \"700ms\"\n";
    let run = run(restart, &[("wrong = \"== 0\"", "\"recovery.unrecovered\" = \"== 0\"")], &[])?;
    ensure!(
        run.said.contains("restart: the gateway is killed and started again at 3s, away for 700ms"),
        "{}",
        run.said
    );
    ensure!(run.code == Some(0), "{}", run.said);
    let done = &run.report["faults"]["restarts"][0];
    ensure!(done["down_ms"].as_f64().is_some_and(|ms| ms >= 700.0), "{done}");
    ensure!(done["recovery_ms"].as_f64().is_some() && run.count("faults.disturbances")? == 1, "{done}");
    ensure!(run.count("outcomes.missed")? == 0 && run.count("outcomes.duplicate")? == 0, "{}", run.said);
    ensure!(run.count("connections.lost")? > 10, "{}", run.report["connections"]);
    ensure!(run.report["sut"]["lost"] == false, "a restart on purpose is no loss");
    Ok(())
}

/// Copies, too: who hears the answers to them is back before anybody speaks.
#[test]
fn what_copies_are_owed_across_a_restart_is_asked_for() -> Result<()> {
    let restart = "[[restart]]\nat = \"2s\"\ndown = \"3s\"\n";
    let sound = run(restart, &[], &["--fleet", "4"])?;
    let load = &sound.report["load"]["answers"];
    ensure!(load["promised"] == true && load["all"]["expected"].as_u64() > Some(20), "{load} {}", sound.said);
    ensure!(load["all"]["missed"] == 0 && load["all"]["duplicate"] == 0, "{load} {}", sound.said);
    let asked = |run: &Run, figure: &str| -> Option<bool> {
        let checks = run.report["verdict"]["checks"].as_array()?;
        checks.iter().find(|check| check["figure"] == figure)?["pass"].as_bool()
    };
    ensure!(asked(&sound, "load.missed") == Some(true), "{}", sound.report["verdict"]);
    let lossy = run(restart, &[], &["--fleet", "4", "--defect", "drop=0.3"])?;
    ensure!(lossy.code == Some(5) && asked(&lossy, "load.missed") == Some(false), "{}", lossy.said);
    Ok(())
}

#[test]
fn a_restart_that_nobody_can_do_is_refused_before_the_day_is_lived() -> Result<()> {
    let check = |restart: &str, args: &[&str], exit: i32, text: &str| -> Result<()> {
        let tiny = Tiny::with(&[])?;
        let file = tiny.folder().join("faults.toml");
        fs::write(&file, format!("faults = 1\nname = \"test\"\n\n[[restart]]\n{restart}\n"))?;
        let file = file.display().to_string();
        let output = tiny.command(&[&["--fault", &file], args].concat()).output()?;
        let said = String::from_utf8(output.stderr)?;
        ensure!(output.status.code() == Some(exit) && said.contains(text), "{said}");
        ensure!(!tiny.out().exists(), "a folder was made");
        Ok(())
    };
    let stranger = ["--sut", "mqtt://127.0.0.1:9"];
    check("at = \"1s\"", &stranger, 2, "give the `[[restart]]` a `command`")?;
    check("at = \"1s\"\nprocess = \"node\"", &[], 2, "leave `process` out")?;
    check("at = \"1s\"\nevery = \"1s\"", &[], 3, "exactly once")?;
    check("at = \"1s\"\nhow = \"stop\"\ncommand = [\"true\"]", &[], 3, "leave the command out")
}

/// The window without faults of devices: what is expected of each class.
fn well() -> Result<Run> {
    run("[[device]]\ndevices = [\"hydrant-1\"]\nwhat = \"stuck\"\n", &[], &[])
}

#[test]
fn devices_that_say_less_or_more_are_owed_what_they_said() -> Result<()> {
    let well = well()?;
    let expected =
        |run: &Run, class: &str| run.report["outcomes_by_class"][class]["expected"].as_u64().unwrap_or(0);
    let (barriers, all) = (expected(&well, "barrier"), well.count("outcomes.expected")?);
    ensure!(well.code == Some(0) && barriers > 1 && all > barriers, "{}", well.said);
    let check = |what: &str, owed: u64, unsaid: u64, repeated: u64| -> Result<Run> {
        let run = run(&format!("[[device]]\nclass = [\"barrier\"]\nwhat = {what}\n"), &[], &[])?;
        ensure!(run.code == Some(0), "{what}: {}", run.said);
        let row = &run.report["faults"]["devices"][0];
        ensure!(row["unsaid"] == unsaid && row["repeated"] == repeated, "{what}: {row}");
        ensure!(expected(&run, "barrier") == owed, "{what}: {}", run.report["outcomes_by_class"]);
        ensure!(run.count("outcomes.answered")? == all - barriers + owed, "{what}: {}", run.said);
        ensure!(run.count("outcomes.spurious")? == 0, "{what}: {}", run.report["extras"]);
        Ok(run)
    };
    check("\"silent\"", 0, barriers, 0)?;
    check("{ chatter = { times = 2, every = \"50ms\" } }", barriers * 3, 0, barriers * 2)?;
    let slow = check("{ clock = { behind = \"3h\" } }", barriers, 0, 0)?;
    let ts = |run: &Run| -> Result<i64> {
        let left = run
            .entries("left")
            .find(|left| left["topic"].to_string().contains("barrier"))
            .context("none left")?;
        let event: Value = serde_json::from_str(left["payload"].as_str().context("a payload")?)?;
        event["ts"].as_i64().context("ts")
    };
    ensure!((ts(&well)? - ts(&slow)?) / 60_000 > 150, "the clock was right");
    let old = check("{ old_firmware = { without = [\"id\", \"kind\"] } }", 0, 0, 0)?;
    ensure!(
        old.entries("left").any(|left| !left["payload"].to_string().contains("kind")),
        "{:?}",
        old.journal.len()
    );
    Ok(())
}

#[test]
fn devices_that_lose_their_connections_are_no_fault_of_the_gateway() -> Result<()> {
    let check = |what: &str, changes: &str| -> Result<Run> {
        let run = run(
            &format!("[[device]]\nclass = [\"camera\", \"intercom\", \"barrier\"]\nwhat = {what}\n"),
            &[],
            &[],
        )?;
        ensure!(run.code == Some(0), "{what}: {}", run.said);
        ensure!(run.count("connections.lost")? > 5, "{what}: {}", run.report["connections"]);
        ensure!(
            run.count("outcomes.missed")? == 0 && run.count("outcomes.spurious")? == 0,
            "{what}: {}",
            run.said
        );
        ensure!(
            run.report["faults"]["devices"][0]["text"].to_string().contains(changes),
            "{}",
            run.report["faults"]
        );
        Ok(run)
    };
    let reboots = check("{ reboot = { every = \"2s\", down = \"600ms\" } }", "reboot every 2s for 600ms")?;
    let row = &reboots.report["faults"]["devices"][0];
    ensure!(row["reboots"].as_u64() > Some(5) && reboots.count("faults.disturbances")? > 5, "{row}");
    let offline = reboots.report["extras"].to_string();
    ensure!(offline.contains("device_offline"), "the gateway saw none of it: {offline}");
    check("\"duplicate_id\"", "duplicate id")?;
    Ok(())
}

#[test]
fn a_device_that_does_not_exist_is_refused() -> Result<()> {
    let tiny = Tiny::with(&[])?;
    let file = tiny.folder().join("faults.toml");
    fs::write(&file, "faults = 1\nname = \"t\"\n\n[[device]]\ndevices = [\"beem-1\"]\nwhat = \"silent\"\n")?;
    let output = tiny.command(&["--fault", &file.display().to_string()]).output()?;
    let said = String::from_utf8(output.stderr)?;
    ensure!(
        output.status.code() == Some(2) && said.contains("names beem-1, which the scenario lacks"),
        "{said}"
    );
    Ok(())
}

#[test]
fn a_gateway_that_keeps_every_message_grows_and_seconds_of_it_are_not_judged() -> Result<()> {
    let contract = fs::read_to_string(root().join("scenarios/sut/builtin/contract.toml"))?;
    let check = |defect: &str, limit: &str, exit: i32, grows: bool| -> Result<()> {
        let limit = [("wrong = \"== 0\"", limit)];
        let tiny = Tiny::with(&limit)?;
        let path = tiny.folder().join("contract.toml");
        let started = "\"--commands\", \"duty-room\"";
        ensure!(contract.contains(started), "the contract starts it otherwise");
        fs::write(&path, contract.replace(started, &format!("{started}, \"--defect\", \"{defect}\"")))?;
        let sut = path.display().to_string();
        let output = tiny.command(&[&WINDOW[..], &["--sut", &sut]].concat()).output()?;
        let said = String::from_utf8(output.stdout)? + &String::from_utf8(output.stderr)?;
        ensure!(output.status.code() == Some(exit), "{defect}: {said}");
        let usage = &tiny.report()?["usage"][0];
        ensure!(usage["process"] == "gateway" && usage["looks"].as_u64() > Some(20), "{defect}: {usage}");
        let short = "but it was not measured: the gateway's processes were looked at for";
        let reasons = tiny.report()?["verdict"]["reasons"].to_string();
        ensure!(reasons.contains(short) == (exit == 5), "{defect}: {reasons}");
        // A tenth of what the leaky one keeps; a healthy process that warms up still stays below.
        let slope = usage["memory_kb"]["trend_per_min"].as_f64().context("a trend")?;
        ensure!((slope > 30_000.0) == grows, "{defect}: {usage}");
        Ok(())
    };
    check("", "", 0, false)?;
    check("leaks=5000", "\"leak.memory\" = \"< 30000\"", 5, true)
}

#[test]
fn a_command_that_restarts_nothing_is_seen_through_and_one_that_is_no_program_is_refused() -> Result<()> {
    let nothing = run("[[restart]]\nat = \"2s\"\ncommand = [\"true\"]\n", &[], &[])?;
    ensure!(nothing.report["faults"]["restarts"][0]["broke"] == 0, "{}", nothing.report["faults"]);
    let told = |run: &Run| run.report["faults"]["told"].to_string();
    ensure!(told(&nothing).contains("nobody here saw a gateway go away"), "{}", told(&nothing));
    let real = run("[[restart]]\nat = \"2s\"\n", &[], &[])?;
    ensure!(real.report["faults"]["restarts"][0]["broke"].as_u64() > Some(10), "{}", real.report["faults"]);
    ensure!(!told(&real).contains("nobody here saw"), "{}", told(&real));
    let tiny = Tiny::with(&[])?;
    let file = tiny.folder().join("faults.toml");
    let text = "faults = 1\nname = \"test\"\n\n[[restart]]\nat = \"2s\"\ncommand = [\"/no/such/program\"]\n";
    fs::write(&file, text)?;
    let output = tiny.command(&["--fault", &file.display().to_string()]).output()?;
    let said = String::from_utf8(output.stderr)?;
    ensure!(output.status.code() == Some(3) && said.contains("`/no/such/program`"), "{said}");
    ensure!(said.contains("remedy: ") && !tiny.out().exists(), "{said}");
    Ok(())
}
