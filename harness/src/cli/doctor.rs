//! `palisade doctor`.

use std::net::TcpListener;
use std::path::{Path, PathBuf};

use serde::Serialize;

use super::say::print;
use super::{Exit, Failure, OutputFormat};

/// Devices of a shipped scenario, connections of its gateway included: what one run opens.
const FILES_OF_A_RUN: u64 = 600;

/// Options of `palisade doctor`.
#[derive(clap::Args, Debug)]
pub struct Args {
    /// Where runs are to be written.
    #[arg(long, default_value = "results")]
    out: PathBuf,
    /// How results are printed on stdout.
    #[arg(long, value_enum, default_value_t)]
    output_format: OutputFormat,
}

/// How a finding is to be taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
enum State {
    /// As it should be.
    Ok,
    /// Something optional is not here.
    Absent,
    /// Palisade does not work without it.
    Missing,
}

/// One thing looked at.
#[derive(Debug, Serialize)]
struct Finding {
    what: &'static str,
    state: State,
    found: String,
    /// What to do about it; empty when nothing is to be done.
    remedy: String,
}

pub(super) fn run(args: Args) -> Result<Exit, Failure> {
    let findings = [
        loopback(),
        open_files(),
        results(&args.out),
        processors(),
        program("mosquitto", "a broker to test against", "mosquitto"),
        program("chromium", "opens the HTML report in the tests", "chromium"),
    ];
    let text = match args.output_format {
        OutputFormat::Human => human(&findings),
        OutputFormat::Json => {
            serde_json::to_string_pretty(&findings).map_err(|error| Failure::new(Exit::Bug, error))? + "\n"
        }
    };
    print(&text)?;
    if let Some(finding) = findings.iter().find(|finding| finding.state == State::Missing) {
        return Err(Failure::new(
            Exit::Harness,
            format!("{}: {}; {}", finding.what, finding.found, finding.remedy),
        ));
    }
    Ok(Exit::Ok)
}

fn human(findings: &[Finding]) -> String {
    let mut text = String::new();
    for Finding { what, state, found, remedy } in findings {
        let mark = match state {
            State::Ok => "ok     ",
            State::Absent => "absent ",
            State::Missing => "MISSING",
        };
        text += &format!("{mark}  {what:<12}  {found}\n");
        if !remedy.is_empty() {
            text += &format!("{:23}  -> {remedy}\n", "");
        }
    }
    text + "\nNext: palisade run scenarios/cuiyuan.toml\n"
}

fn loopback() -> Finding {
    match TcpListener::bind(("127.0.0.1", 0)) {
        Ok(_) => ok("loopback", "a port on 127.0.0.1 can be opened".into()),
        Err(error) => Finding {
            what: "loopback",
            state: State::Missing,
            found: format!("no port on 127.0.0.1 can be opened: {error}"),
            remedy: "bring the loopback interface up: ip link set lo up".into(),
        },
    }
}

/// Soft limit of open files, as Linux shows it; unlimited or unknown counts as enough.
fn open_files() -> Finding {
    let limits = std::fs::read_to_string("/proc/self/limits").unwrap_or_default();
    let limit = limits
        .lines()
        .find_map(|line| line.strip_prefix("Max open files")?.split_whitespace().next()?.parse::<u64>().ok());
    match limit {
        Some(limit) if limit < FILES_OF_A_RUN => Finding {
            what: "open files",
            state: State::Missing,
            found: format!("at most {limit}; a run of the shipped compound opens about {FILES_OF_A_RUN}"),
            remedy: "ulimit -n 4096".into(),
        },
        Some(limit) => ok("open files", format!("at most {limit}; one device needs one")),
        None => ok("open files", "no limit found".into()),
    }
}

fn results(out: &Path) -> Finding {
    let probe = out.join(".palisade-doctor");
    let tried = std::fs::create_dir_all(out)
        .and_then(|()| std::fs::write(&probe, b"x"))
        .and_then(|()| std::fs::remove_file(&probe));
    match tried {
        Ok(()) => ok("results", format!("{} can be written", out.display())),
        Err(error) => Finding {
            what: "results",
            state: State::Missing,
            found: format!("{} cannot be written: {error}", out.display()),
            remedy: "name another folder with --out".into(),
        },
    }
}

fn processors() -> Finding {
    let count = std::thread::available_parallelism().map_or(1, usize::from);
    let finding = ok("processors", format!("{count}"));
    if count > 1 {
        return finding;
    }
    Finding {
        state: State::Absent,
        remedy: "with one processor the harness and a local gateway slow each other; watch the lateness"
            .into(),
        ..finding
    }
}

fn program(name: &'static str, purpose: &str, package: &str) -> Finding {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let found = std::env::split_paths(&path)
        .chain([PathBuf::from("/usr/sbin")])
        .map(|folder| folder.join(name))
        .find(|file| file.is_file());
    match found {
        Some(file) => ok(name, format!("{} ({purpose})", file.display())),
        None => Finding {
            what: name,
            state: State::Absent,
            found: format!("not installed ({purpose})"),
            remedy: format!("apt-get install {package}"),
        },
    }
}

fn ok(what: &'static str, found: String) -> Finding {
    Finding { what, state: State::Ok, found, remedy: String::new() }
}
