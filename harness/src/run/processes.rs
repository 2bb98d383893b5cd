//! The programs that a system under test is made of: started in order, waited for, stopped in reverse.
//!
//! Each has a keeper (`palisade keep`) and is the leader of a process group of its own, so that what it started itself is
//! stopped with it.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use super::keeper::Kept;
use super::places::{Places, environment};
use crate::record::INSTANTS;

/// How often a program is looked at while it starts.
const LOOK: Duration = Duration::from_millis(10);
/// Lines of a log that are shown when its program has ended.
const SHOWN: usize = 6;
/// Folders in which Debian keeps servers, and which the path of a plain user does not name.
const SERVERS: [&str; 2] = ["/usr/sbin", "/usr/local/sbin"];

/// A contract that names this means the program that reads it, wherever it lies: the embedded gateway is part of it.
const OURSELVES: &str = "palisade";

/// A program of the system under test, as its contract says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Program {
    /// What it is called in messages, and its log.
    pub id: String,
    /// Its name on the path, or its path; `${NAME}` is taken from the environment.
    pub program: String,
    /// Its arguments; `${NAME}` and [`Places`] are filled in.
    pub args: Vec<String>,
    /// Variables of its environment, beside ours; filled in alike.
    pub env: BTreeMap<String, String>,
    /// Files beside the contract that are copied into the folder `{work}`, filled in.
    pub files: Vec<String>,
    /// When it is ready; at once when nothing is said.
    pub ready: Option<Ready>,
    /// How long it may take.
    pub patience: Duration,
    /// How it is installed, said when it is missing.
    pub install: Option<String>,
}

/// How a program shows that it is ready.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ready {
    /// It accepts connections at the loopback port of this name.
    Port(String),
    /// Its output holds this text.
    Line(String),
}

/// What runs.
#[derive(Debug, Default)]
pub struct Processes {
    running: Vec<Running>,
    /// What they were started from, in the same order.
    programs: Vec<Program>,
    places: Places,
}

#[derive(Debug)]
struct Running {
    id: String,
    kept: Kept,
    log: PathBuf,
}

impl Processes {
    /// Starts all, each once the one before is ready. Files are taken from `beside`; logs go into the folder `{work}`.
    ///
    /// # Errors
    /// A sentence: which program is missing and how it is installed, which one ended and what it said last, or which
    /// one was not ready in time. What was started until then is stopped.
    pub fn start(
        programs: &[Program],
        beside: &Path,
        places: &Places,
        stop: &dyn Fn() -> bool,
    ) -> Result<Processes, String> {
        fs::create_dir_all(&places.work)
            .map_err(|error| format!("{} could not be made: {error}", places.work.display()))?;
        for program in programs {
            copy(program, beside, places)?;
        }
        let (programs, running) = (programs.to_vec(), Vec::new());
        let mut all = Processes { running, programs, places: places.clone() };
        for at in 0..all.programs.len() {
            all.run(at, stop)?;
        }
        Ok(all)
    }

    /// Starts the program at this place, which nothing stands at, and waits until it is ready.
    fn run(&mut self, at: usize, stop: &dyn Fn() -> bool) -> Result<(), String> {
        let program = self.programs[at].clone();
        self.running.insert(at, spawn(&program, &self.places)?);
        self.wait(at, &program, stop)
    }

    /// Ends the program of this id, or all in reverse, with or without a word, and starts what was ended again after a
    /// while.
    ///
    /// # Errors
    /// A sentence: nobody has that id, or it was not ready in time again.
    pub fn again(
        &mut self,
        id: Option<&str>,
        kill: bool,
        down: Duration,
        stop: &dyn Fn() -> bool,
    ) -> Result<(), String> {
        let meant = |program: &Program| id.is_none_or(|id| program.id == id);
        let at: Vec<usize> = (0..self.programs.len()).filter(|at| meant(&self.programs[*at])).collect();
        if at.is_empty() {
            return Err(format!(
                "there is no program {}",
                id.unwrap_or("at all; give a command that restarts it")
            ));
        }
        for at in at.iter().rev() {
            let one = self.running.remove(*at);
            if kill {
                one.kept.kill();
            }
        }
        std::thread::sleep(down);
        at.into_iter().try_for_each(|at| self.run(at, stop))
    }

    /// Names and process ids.
    pub fn ids(&self) -> Vec<(String, u32)> {
        self.running.iter().map(|one| (one.id.clone(), one.kept.id())).collect()
    }

    /// What each says of messages that it gives up for a client, each sentence once, at most three of each.
    pub fn gives_up(&self, client: &str) -> Vec<String> {
        let mut said: Vec<String> = Vec::new();
        for one in &self.running {
            let log = fs::read(&one.log).unwrap_or_default();
            let log = String::from_utf8_lossy(&log);
            let mut own: Vec<&str> = gives_up(&log, client).collect();
            own.sort_unstable_by(|one, other| without_time(one).cmp(without_time(other)));
            own.dedup_by(|one, other| without_time(one) == without_time(other));
            said.extend(own.iter().take(3).map(|line| format!("{} says: {line}", one.id)));
        }
        said
    }

    /// Which one has ended by itself, and what it said last.
    pub fn ended(&mut self) -> Option<String> {
        self.running.iter_mut().find_map(Running::obituary)
    }

    /// Waits until the one that was just started is ready.
    fn wait(&mut self, at: usize, program: &Program, stop: &dyn Fn() -> bool) -> Result<(), String> {
        let until = Instant::now() + program.patience;
        loop {
            // A program that has ended is not ready, even if somebody else answers at its port.
            if let Some(gone) = self.ended() {
                return Err(with_install(gone, program));
            }
            let log = self.running[at].log.clone();
            if is_ready(program, &self.places, &log) {
                return Ok(());
            }
            if stop() {
                return Err("stopped while the gateway started".into());
            }
            if Instant::now() >= until {
                let waited = program.patience.as_secs_f64();
                let sign = match &program.ready {
                    Some(Ready::Port(name)) => format!("nobody listens at the port `{name}`"),
                    Some(Ready::Line(line)) => format!("its output has no `{line}`"),
                    None => String::new(),
                };
                let said = last_lines(&log);
                return Err(format!("{} was not ready within {waited:.0} s: {sign}{said}", program.id));
            }
            std::thread::sleep(LOOK);
        }
    }
}

impl Drop for Processes {
    fn drop(&mut self) {
        // In reverse: each is stopped when it is dropped.
        while self.running.pop().is_some() {}
    }
}

impl Running {
    fn obituary(&mut self) -> Option<String> {
        let how = self.kept.ended()?;
        let said = last_lines(&self.log);
        Some(format!("{} ended by itself ({how}){said}", self.id))
    }
}

fn with_install(why: String, program: &Program) -> String {
    match &program.install {
        Some(install) => format!("{why}\n  remedy: if something is missing, `{install}` installs it"),
        None => why,
    }
}

fn copy(program: &Program, beside: &Path, places: &Places) -> Result<(), String> {
    for name in &program.files {
        let from = beside.join(name);
        let text = fs::read_to_string(&from)
            .map_err(|error| format!("{}: {} could not be read: {error}", program.id, from.display()))?;
        let filled =
            places.fill(&text).map_err(|why| format!("{}: {}: {why}", program.id, from.display()))?;
        let to = places.work.join(Path::new(name).file_name().unwrap_or_default());
        fs::write(&to, filled)
            .map_err(|error| format!("{}: {} could not be written: {error}", program.id, to.display()))?;
    }
    Ok(())
}

fn spawn(program: &Program, places: &Places) -> Result<Running, String> {
    let id = &program.id;
    let fill = |text: &String| {
        let text = environment(text).map_err(|name| missing(program, &format!("{name} is not set")))?;
        places.fill(&text).map_err(|why| format!("{id}: {why}"))
    };
    let name = fill(&program.program)?;
    let path = find(&name, &places.palisade)
        .ok_or_else(|| missing(program, &format!("there is no program `{name}`")))?;
    let args = program.args.iter().map(fill).collect::<Result<Vec<_>, _>>()?;
    let mut env = Vec::new();
    for (key, value) in &program.env {
        env.push((key, fill(value)?));
    }
    let log = places.work.join(format!("{id}.log"));
    let unlogged = |error| format!("{id}: {} could not be written: {error}", log.display());
    let instants = log.with_extension(INSTANTS);
    set_aside(&log).and_then(|()| set_aside(&instants)).map_err(unlogged)?;
    let file = File::create(&log).map_err(unlogged)?;
    let mut keeper = Command::new(&places.palisade);
    keeper.args(["keep", "--instants"]).arg(&instants).arg(format!("--zero-us={}", places.zero_us));
    keeper.arg("--").arg(&path).args(args).envs(env).current_dir(&places.work).stderr(file);
    let kept =
        Kept::start(keeper).map_err(|why| format!("{id}: {} could not be started: {why}", path.display()))?;
    Ok(Running { id: id.clone(), kept, log })
}

/// What programs say of messages that they give up: mosquitto 2.0 `Outgoing messages are being dropped for client ID`, EMQX 5
/// `dropped_qos0_msg` and `dropped_msg_due_to_mqueue_is_full`, HiveMQ 4 `discarded`.
const GIVES_UP: [&str; 2] = ["drop", "discard"];

/// What a program says of messages that it gives up for a client, line by line.
fn gives_up<'a>(log: &'a str, client: &str) -> impl Iterator<Item = &'a str> {
    let of_client = log.lines().filter(move |line| line.contains(client));
    of_client.filter(|line| GIVES_UP.iter().any(|word| line.to_lowercase().contains(word))).map(str::trim)
}

/// A line of a log without the time before it.
fn without_time(line: &str) -> &str {
    line.trim_start_matches(|c: char| !c.is_alphabetic())
}

/// What a program said before it was restarted is kept as `ID.1.log`, `ID.2.log` and so on, and its instants alike.
fn set_aside(file: &Path) -> std::io::Result<()> {
    let ending = file.extension().unwrap_or_default().display();
    let mut others = (1..).map(|n: u32| file.with_extension(format!("{n}.{ending}")));
    match others.find(|other| !other.exists()) {
        Some(other) if file.exists() => fs::rename(file, other),
        _ => Ok(()),
    }
}

fn missing(program: &Program, what: &str) -> String {
    let remedy = match &program.install {
        Some(install) => format!("install it: {install}"),
        None => "install it".to_owned(),
    };
    format!("{}: {what}\n  remedy: {remedy}", program.id)
}

/// The program of this name: a path as it is, `palisade` for this very program, else the first on the path.
fn find(name: &str, palisade: &Path) -> Option<PathBuf> {
    if name == OURSELVES { Some(palisade.to_owned()) } else { runnable(name) }
}

/// The file that is run by this name: a path as it is, else the first on the path.
pub fn runnable(name: &str) -> Option<PathBuf> {
    let can_run = |path: &PathBuf| {
        path.metadata().is_ok_and(|meta| meta.is_file() && meta.permissions().mode() & 0o111 != 0)
    };
    if name.contains('/') {
        return Some(PathBuf::from(name)).filter(can_run);
    }
    let path = std::env::var_os("PATH").unwrap_or_default();
    let folders = std::env::split_paths(&path).chain(SERVERS.map(PathBuf::from));
    folders.map(|folder| folder.join(name)).find(can_run)
}

fn is_ready(program: &Program, places: &Places, log: &Path) -> bool {
    match &program.ready {
        None => true,
        Some(Ready::Port(name)) => places.ports.get(name).is_some_and(|port| {
            let at = SocketAddr::from((Ipv4Addr::LOCALHOST, *port));
            TcpStream::connect_timeout(&at, Duration::from_millis(200)).is_ok()
        }),
        Some(Ready::Line(line)) => said(log).contains(line.as_str()),
    }
}

fn said(log: &Path) -> String {
    String::from_utf8_lossy(&fs::read(log).unwrap_or_default()).into_owned()
}

fn last_lines(log: &Path) -> String {
    let said = said(log);
    let lines: Vec<&str> = said.lines().filter(|line| !line.trim().is_empty()).collect();
    if lines.is_empty() {
        return "; it said nothing".into();
    }
    let last = lines[lines.len().saturating_sub(SHOWN)..].join("\n    ");
    format!("; it said last, in {}:\n    {last}", log.display())
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    #[test]
    fn what_a_broker_gives_up_for_a_client_is_found_in_its_log() {
        let log = "1795881600: mosquitto version 2.0.11 running\n1795881604: Outgoing messages are being dropped for client \
                   palisade-r1-duty-room.\n1795881604: Outgoing messages are being dropped for client other.\n";
        let found: Vec<&str> = gives_up(log, "palisade-r1-duty-room").map(without_time).collect();
        assert_eq!(found, ["Outgoing messages are being dropped for client palisade-r1-duty-room."]);
        assert_eq!(gives_up(log, "palisade-r1-display").count(), 0);
    }

    #[test]
    fn a_program_is_a_file_that_can_be_run() {
        let ourselves = Path::new("/bin/palisade");
        let find = |name: &str| find(name, ourselves);
        let folder = tempfile::tempdir().expect("a folder");
        let plain = folder.path().join("plain");
        fs::write(&plain, "x").expect("written");
        assert_eq!(find(&plain.display().to_string()), None);
        let sh = find("sh").expect("a shell");
        let link = folder.path().join("link");
        symlink(sh, &link).expect("linked");
        assert_eq!(find(&link.display().to_string()), Some(link));
        assert_eq!(find("palisade"), Some(ourselves.to_owned()), "the program that reads the contract");
    }
}
