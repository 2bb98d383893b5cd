//! `palisade run --fleet`: copies of the compound beside it, whose answers are judged as well, and a load plane that is
//! late makes a run void.

use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use serde_json::Value;

use crate::tiny::{NIGHT, Tiny, judged as run, root};

/// The remarks of a report about its load.
fn remarks(report: &Value) -> Vec<&str> {
    let notes = report["notes"].as_array().into_iter().flatten();
    notes.filter(|note| note["kind"] == "load").filter_map(|note| note["text"].as_str()).collect()
}

/// Messages of the copies that left.
fn left(report: &Value) -> Result<u64> {
    let remarks = remarks(report);
    let text = remarks.iter().find_map(|text| text.strip_prefix("messages of the copies: "));
    let text = text.with_context(|| format!("{remarks:?}"))?;
    ensure!(!text.contains("without room") && !text.contains("not sent"), "{text}");
    text.split(' ').next().and_then(|n| n.parse().ok()).with_context(|| text.to_owned())
}

fn shape(name: &str) -> String {
    root().join("scenarios/load").join(name).display().to_string()
}

#[test]
fn copies_load_the_gateway_and_leave_the_compounds_own_outcomes_alone() -> Result<()> {
    let alone = run(&[], &[])?;
    let three = run(&[], &["--fleet", "3"])?;
    let five = run(&[], &["--fleet", "5"])?;
    for (code, report, said) in [&alone, &three, &five] {
        ensure!(*code == Some(0), "{said}");
        // The copies' messages and the answers to them are nobody's in the compound.
        ensure!(report["outcomes"] == alone.1["outcomes"], "{} {}", report["outcomes"], alone.1["outcomes"]);
        ensure!(report["tape"] == alone.1["tape"], "the twin does not know of copies");
    }
    ensure!(remarks(&alone.1).is_empty(), "{:?}", remarks(&alone.1));
    let (two, four) = (left(&three.1)?, left(&five.1)?);
    ensure!(two > 0 && four == 2 * two, "two copies said {two} messages, four {four}");
    ensure!(three.2.contains(" connections; the limit of "), "{}", three.2);
    let load = &three.1["load"];
    ensure!(load["left"] == two && load["copies"] == 2 && load["lateness_ms"]["count"] == two, "{load}");
    ensure!(load["acknowledged_ms"]["count"] == load["answered"] && alone.1["load"].is_null(), "{load}");
    let headline = remarks(&three.1).first().copied().unwrap_or_default().to_owned();
    ensure!(headline.starts_with("2 copies with ") && headline.contains("shape constant"), "{headline}");
    let again = three.1["run"]["command"].as_str().unwrap_or_default();
    ensure!(again.contains("--fleet=3"), "{}", three.1["run"]);
    Ok(())
}

#[test]
fn a_flood_makes_each_beam_of_each_copy_speak_once_more_and_a_storm_loses_nothing() -> Result<()> {
    let plain = run(&[], &["--fleet", "3"])?;
    let flood = shape("alarm-flood.toml");
    let flooded = run(&[], &["--fleet", "3", "--shape", &flood])?;
    let more = left(&flooded.1)? - left(&plain.1)?;
    ensure!(more > 0 && more % 2 == 0, "{more} messages more from two copies");
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("storm.toml");
    std::fs::write(&path, "shape = 1\nname = \"now\"\n\n[[storm]]\nat = \"1s\"\nwithin = \"500ms\"\n")?;
    let stormy = run(&[], &["--fleet", "3", "--shape", &path.display().to_string()])?;
    ensure!(left(&stormy.1)? == left(&plain.1)?, "a storm delays and does not swallow");
    let connections =
        remarks(&stormy.1).into_iter().find(|text| text.starts_with("connections of the copies: "));
    ensure!(connections.is_some_and(|text| text.contains("dropped in storms; away for ")), "{connections:?}");
    Ok(())
}

#[test]
fn a_compressed_day_is_more_load_and_changes_nothing_that_is_judged() -> Result<()> {
    let plain = run(&[], &["--fleet", "3"])?;
    let fast = run(&[], &["--fleet", "3", "--shape", &shape("compressed.toml")])?;
    ensure!(fast.0 == Some(0), "{}", fast.2);
    let (slow, quick) = (left(&plain.1)?, left(&fast.1)?);
    ensure!(quick > slow + 10, "{slow} messages became {quick}");
    ensure!(fast.1["outcomes"] == plain.1["outcomes"], "{}", fast.1["outcomes"]);
    ensure!(fast.1["load"]["compress"] == 20 && plain.1["load"]["compress"] == 1, "{}", fast.1["load"]);
    ensure!(remarks(&fast.1)[0].contains("compressed 20 times"), "{:?}", remarks(&fast.1));
    Ok(())
}

/// A shape of its own, in the run's short window: a flood while somebody is away or slow.
fn own(what: &str) -> Result<(tempfile::TempDir, String)> {
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("own.toml");
    let flood = "[[flood]]\nat = \"500ms\"\nwithin = \"1500ms\"\nclass = \"beam\"";
    std::fs::write(&path, format!("shape = 1\nname = \"own\"\n\n{flood}\n\n{what}\n"))?;
    let path = path.display().to_string();
    Ok((folder, path))
}

/// The figures of a subscriber, and of the control.
fn subscribers(report: &Value) -> Result<(&Value, &Value)> {
    let all = report["load"]["subscribers"].as_array().with_context(|| report["load"].to_string())?;
    ensure!(all.len() == 2 && all[0]["name"] == "control", "{all:?}");
    Ok((&all[1], &all[0]))
}

#[test]
fn a_duty_room_that_was_away_gets_all_that_was_said_meanwhile_and_a_gateway_that_forgets_it_fails()
-> Result<()> {
    let away = "[[subscriber]]\nname = \"duty-room\"\nwhat = { away = { at = \"300ms\", lasts = \"2s\" } }";
    let (_folder, shape) = own(away)?;
    let args = ["--fleet", "3", "--shape", &shape];
    let (code, report, said) = run(&[], &args)?;
    ensure!(code == Some(0), "{said}");
    let (duty_room, control) = subscribers(&report)?;
    ensure!(control["lost"] == 0 && control["owed"].as_u64() > Some(4), "{control}");
    ensure!(duty_room["owed"] == control["owed"] && duty_room["lost"] == 0, "{duty_room}");
    ensure!(
        duty_room["said_meanwhile"].as_u64() > Some(3) && duty_room["session_kept"] == true,
        "{duty_room}"
    );
    ensure!(
        duty_room["waiting_max"].as_u64() > Some(3) && duty_room["drained_ms"].is_number(),
        "{duty_room}"
    );
    ensure!(duty_room["out_of_order"] == 0 && duty_room["duplicates"] == 0, "{duty_room}");
    ensure!(duty_room["behind_ms"]["max"].as_f64() > Some(300.0), "{duty_room}");
    let (compound, other) = (&duty_room["compound_meanwhile_ms"], &duty_room["compound_otherwise_ms"]);
    ensure!(compound["count"].as_u64().max(other["count"].as_u64()) > Some(0), "{duty_room}");
    ensure!(remarks(&report).iter().any(|text| text.starts_with("subscriber duty-room was away")), "{said}");

    let (code, report, said) = run(&[], &[&args[..], &["--defect", "absence-lost"]].concat())?;
    ensure!(code == Some(5), "{said}");
    let (duty_room, control) = subscribers(&report)?;
    ensure!(duty_room["lost"] == duty_room["said_meanwhile"] && control["lost"] == 0, "{duty_room}");
    ensure!(duty_room["session_kept"] == false, "{duty_room}");
    // What was lost is named, with its topic, and why.
    let first = &duty_room["losses"][0];
    ensure!(
        first["topic"].to_string().contains("site/tiny/alarm/")
            && first["payload"].to_string().contains("id"),
        "{first}"
    );
    ensure!(duty_room["why"][0] == "the gateway had forgotten its session", "{duty_room}");
    let why = report["verdict"]["reasons"].to_string();
    ensure!(why.contains("to subscribers lost (must be == 0): duty-room (was away"), "{why}");
    ensure!(report["outcomes"]["missed"] == 0, "the observer, who was there, heard all");
    Ok(())
}

#[test]
fn every_shipped_shape_can_be_run_and_says_what_it_did() -> Result<()> {
    let files =
        std::fs::read_dir(root().join("scenarios/load"))?.filter_map(|entry| Some(entry.ok()?.path()));
    let files: Vec<_> =
        files.filter(|path| path.extension().is_some_and(|ending| ending == "toml")).collect();
    ensure!(files.len() >= 11, "{files:?}");
    // A few at a time: each has a gateway of its own.
    let some = |files: &[std::path::PathBuf]| -> Vec<(String, Result<Value>)> {
        std::thread::scope(|scope| {
            let run = |file: &std::path::Path| -> Result<Value> {
                let tiny = Tiny::with(&[])?;
                let shape = file.display().to_string();
                let args = ["--windows", "02:14:00+12s", "--fleet", "3", "--shape", &shape];
                let output = tiny.command(&args).output()?;
                let said = String::from_utf8_lossy(&output.stdout).into_owned();
                ensure!(output.status.code() == Some(0), "{}: {said}", file.display());
                tiny.report()
            };
            let name =
                |file: &std::path::Path| file.file_stem().unwrap_or_default().to_string_lossy().into_owned();
            let all: Vec<_> = files.iter().map(|file| (name(file), scope.spawn(move || run(file)))).collect();
            all.into_iter().map(|(name, run)| (name, run.join().expect("a run does not panic"))).collect()
        })
    };
    for (name, report) in files.chunks(4).flat_map(some) {
        let report = report?;
        let told = remarks(&report).join("\n");
        ensure!(told.contains(&format!("shape {}", name.replace('-', " "))), "{name}: {told}");
        let load = &report["load"];
        ensure!(load["left"].as_u64() > Some(0), "{name}: {load}");
        let one = |which: usize| &load["subscribers"][which];
        match name.as_str() {
            // What the beams of all copies said meanwhile came afterwards, all of it.
            "session-backlog" => {
                let duty_room = one(1);
                ensure!(duty_room["lost"] == 0 && duty_room["session_kept"] == true, "{duty_room}");
                ensure!(duty_room["said_meanwhile"].as_u64() > Some(3), "{duty_room}");
                ensure!(duty_room["drained_ms"].is_number(), "{duty_room}");
                ensure!(told.contains("subscriber duty-room was away from 4.0 s on for 6.0 s: "), "{told}");
            }
            "slow-subscriber" => {
                ensure!(one(1)["name"] == "display" && one(2)["waiting_max"].as_u64() > Some(3), "{load}");
            }
            "retained-backlog" => {
                ensure!(told.contains("the broker keeps the last event of each device"), "{told}")
            }
            "reconnect-storm" | "store-and-forward" => ensure!(load["dropped"].as_u64() > Some(10), "{load}"),
            _ => {}
        }
    }
    Ok(())
}

#[test]
fn a_subscriber_that_reads_nothing_has_a_queue_and_nobody_else_waits() -> Result<()> {
    let slow = "[[subscriber]]\nname = \"hung\"\nwhat = { slow = { at = \"300ms\", lasts = \"2s\", bytes_per_s = 0 } }";
    let (_folder, shape) = own(slow)?;
    let meanwhile = [("\"response.p99\"", "\"subscribers.waiting\" = \"> 3\"\n\"response.p99\"")];
    let (code, report, said) = run(&meanwhile, &["--fleet", "3", "--shape", &shape])?;
    ensure!(code == Some(0), "{said}");
    let (hung, control) = subscribers(&report)?;
    ensure!(hung["lost"] == 0 && hung["owed"] == control["owed"], "{hung}");
    ensure!(hung["waiting_max"].as_u64() > Some(3) && hung["drained_ms"].is_number(), "{hung}");
    ensure!(hung["session_kept"].is_null() && hung["broke"] == 0, "{hung}");
    Ok(())
}

#[test]
fn what_devices_stored_while_their_line_was_down_leaves_when_they_are_back() -> Result<()> {
    let plain = run(&[], &["--fleet", "3"])?;
    let (_folder, shape) = own("[[storm]]\nat = \"400ms\"\ndown = \"1800ms\"\nwithin = \"100ms\"")?;
    let stored = run(&[], &["--fleet", "3", "--shape", &shape])?;
    ensure!(stored.0 == Some(0), "{}", stored.2);
    let load = &stored.1["load"];
    ensure!(load["left"].as_u64() > plain.1["load"]["left"].as_u64(), "{load}");
    ensure!(
        load["stored"].as_u64() > Some(3) && load["unsent"] == 0 && plain.1["load"]["stored"] == 0,
        "{load}"
    );
    ensure!(load["drained_ms"]["count"].as_u64() > Some(0), "{load}");
    ensure!(load["lateness_ms"]["max"].as_f64() > Some(300.0), "{load}");
    Ok(())
}

#[test]
fn a_load_plane_that_is_late_makes_the_run_void() -> Result<()> {
    for (typed, bound) in [("lateness_bound = \"200ms\"", "200ms"), ("", "2ms")] {
        let tiny = Tiny::with(&[("lateness_bound = \"20s\"", typed)])?;
        let mut run = tiny.command(&[&NIGHT[..], &["--fleet", "9"]].concat()).spawn()?;
        tiny.wait_for("{\"window\"", Duration::from_secs(60))?;
        // The machine stands still for a while.
        for (signal, pause) in [("-STOP", Duration::from_millis(900)), ("-CONT", Duration::ZERO)] {
            ensure!(
                Command::new("kill").args([signal, &run.id().to_string()]).status()?.success(),
                "kill {signal}"
            );
            std::thread::sleep(pause);
        }
        ensure!(run.wait()?.code() == Some(6), "the run was accepted");
        let reasons = tiny.report()?["harness"]["reasons"].to_string();
        ensure!(reasons.contains("the load plane took up 1 % of its messages"), "{reasons}");
        ensure!(reasons.contains(&format!("the bound is {bound};")), "{reasons}");
    }
    Ok(())
}

/// The harness takes the duty room's line, and so no siren can sound: that is not the gateway's doing.
#[test]
fn a_storm_on_the_duty_room_leaves_its_commands_undecidable() -> Result<()> {
    let storm = "[[storm]]\nat = \"500ms\"\ndown = \"8s\"\nwithin = \"1s\"\nclass = [\"duty_room\"]\n\n\
                 [[flood]]\nat = \"2s\"\nwithin = \"1s\"\nclass = \"beam\"\nsays = { beam_broken = { broken_ms = 800 } }";
    let (_folder, shape) = own(storm)?;
    let contract = root().join("scenarios/sut/builtin/contract.toml").display().to_string();
    let (code, report, said) = run(&[], &["--shape", &shape, "--sut", &contract])?;
    ensure!(code == Some(0), "{said}");
    let commands = &report["commands"];
    ensure!(commands["undecidable"].as_u64() > Some(3) && commands["missed"] == 0, "{commands}");
    let rules = report["rules"].as_array().context("rules")?;
    let siren = rules.iter().find(|rule| rule["id"] == "11").context("rule 11")?;
    ensure!(siren["status"] != "fail", "{siren}");
    Ok(())
}

#[test]
fn a_run_with_copies_that_is_killed_leaves_what_was_measured_of_them() -> Result<()> {
    let tiny = Tiny::with(&[])?;
    let mut run = tiny.command(&[&NIGHT[..], &["--fleet", "3", "--defect", "drop=0.5"]].concat()).spawn()?;
    // Also of answers that were owed and had not come.
    tiny.wait_for(r#""outcome":"missed""#, Duration::from_secs(60))?;
    ensure!(Command::new("kill").args(["-KILL", &run.id().to_string()]).status()?.success(), "kill -KILL");
    run.wait()?;
    let again = Command::new(env!("CARGO_BIN_EXE_palisade")).arg("report").arg(tiny.out()).output()?;
    ensure!(again.status.code() == Some(6), "{:?}", again.status);
    let report = tiny.report()?;
    let load = &report["load"];
    ensure!(report["partial"] == true && load["copies"] == 2 && load["left"].as_u64() > Some(0), "{load}");
    ensure!(load["lateness_ms"]["count"] == load["left"], "{load}");
    let answers = &load["answers"];
    let of = |outcome: &str| answers["all"][outcome].as_u64().unwrap_or_default();
    ensure!(of("answered") > 0 && of("missed") > 0, "{answers}");
    ensure!(load["answers_ms"]["count"].as_u64() == Some(of("answered") + of("late")), "{load}");
    ensure!(answers["promised"] == false && answers["failures"][0]["outcome"] == "missed", "{answers}");
    let told = remarks(&report).into_iter().find(|text| text.contains("when they were last written down"));
    let told = told.with_context(|| format!("{:?}", remarks(&report)))?;
    let counts = format!("{} answers to them owed, {} as they should be", of("expected"), of("answered"));
    ensure!(told.contains(&counts), "{told}");
    Ok(())
}

#[test]
fn a_killed_run_leaves_what_its_subscribers_had_heard_with_copies_and_without() -> Result<()> {
    let away =
        "[[subscriber]]\nname = \"duty-room\"\nwhat = { away = { at = \"100ms\", lasts = \"1500ms\" } }";
    let (_folder, shape) = own(away)?;
    let window = ["--windows", "02:14:08+1m", "--shape", &shape];
    for (copies, figure) in [(&["--fleet", "9", "--defect", "absence-lost"][..], "lost"), (&[], "owed")] {
        let tiny = Tiny::with(&[])?;
        let mut run = tiny.command(&[&window[..], copies].concat()).spawn()?;
        let so_far = |entry: &Value| {
            let load = &entry["load"];
            load["so_far"] == true && load["subscribers"][1][figure].as_u64() > Some(0)
        };
        let began = Instant::now();
        // A line may be half written.
        while !tiny.journal().is_ok_and(|journal| journal.iter().any(so_far)) {
            ensure!(run.try_wait()?.is_none() && began.elapsed() < Duration::from_secs(60), "{figure}: none");
            std::thread::sleep(Duration::from_millis(200));
        }
        ensure!(
            Command::new("kill").args(["-KILL", &run.id().to_string()]).status()?.success(),
            "kill -KILL"
        );
        run.wait()?;
        let again = Command::new(env!("CARGO_BIN_EXE_palisade")).arg("report").arg(tiny.out()).output()?;
        ensure!(again.status.code() == Some(6), "{:?}", again.status);
        let report = tiny.report()?;
        let (duty_room, control) = subscribers(&report)?;
        ensure!(duty_room[figure].as_u64() > Some(0) && control["lost"] == 0, "{duty_room} {control}");
        let [owed, lost] = ["owed", "lost"].map(|what| duty_room[what].as_u64().unwrap_or_default());
        // What is still under way to somebody is no loss.
        ensure!(copies.is_empty() == (lost == 0), "{duty_room}");
        let told = remarks(&report).into_iter().find(|text| text.starts_with("subscribers until "));
        let told = told.with_context(|| format!("{:?}", remarks(&report)))?;
        ensure!(told.contains(&format!("duty-room owed {owed} message")), "{told}");
        ensure!(told.ends_with(&format!("lost {lost}")), "{told}");
    }
    Ok(())
}

#[test]
fn what_makes_no_fleet_is_refused_before_the_day_is_lived() -> Result<()> {
    let check = |args: &[&str], exit: i32, said: &str| -> Result<()> {
        let tiny = Tiny::with(&[])?;
        // What the contract of another gateway asks for; nothing of it is started.
        let output = tiny.command(args).env("PALISADE_SUTS", tiny.folder()).output()?;
        let stderr = String::from_utf8(output.stderr)?;
        ensure!(output.status.code() == Some(exit) && stderr.contains(said), "{stderr}");
        ensure!(!tiny.out().exists(), "a folder was made");
        Ok(())
    };
    check(&["--shape", &shape("ramp.toml")], 2, "add --fleet with 2 or more compounds")?;
    check(&["--fleet", "0"], 2, "0 is not in 1..=10000")?;
    let broken = root().join("scenarios/broken/shapes/no-shape.toml").display().to_string();
    check(&["--fleet", "2", "--shape", &broken], 3, "1.5 is no share of the fleet")?;
    let (backlog, sut) =
        (shape("session-backlog.toml"), root().join("scenarios/sut/thingsboard/contract.toml"));
    let platform = sut.display().to_string();
    let deaf = "the subscribers of this shape would hear nothing";
    check(&["--fleet", "2", "--shape", &backlog, "--sut", &platform], 2, deaf)?;
    check(&["--fleet", "10000"], 6, "take a smaller fleet")
}
