//! The programs that a system under test is made of: started in order, waited for, stopped in reverse.
//!
//! Each is the leader of a process group of its own, so that a Ctrl-C on the terminal does not reach it before it is
//! stopped here, and so that what it started itself is stopped with it.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, WaitId, WaitIdOptions, kill_process_group, waitid};

use super::places::{Places, environment};

/// How long a program may take to end after it was asked to.
const GOODBYE: Duration = Duration::from_secs(3);
/// How often a program is looked at while it starts or ends.
const LOOK: Duration = Duration::from_millis(10);
/// Lines of a log that are shown when its program has ended.
const SHOWN: usize = 6;
/// Folders in which Debian keeps servers, and which the path of a plain user does not name.
const SERVERS: [&str; 2] = ["/usr/sbin", "/usr/local/sbin"];

/// A contract that names this means the program that reads it, wherever it lies: the embedded gateway is part of it.
const OURSELVES: &str = "palisade";

/// Groups that run now, for an end without any more ado.
static RUNNING: Mutex<Vec<Pid>> = Mutex::new(Vec::new());

/// A program of the system under test, as its contract says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Program {
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
pub(super) enum Ready {
    /// It accepts connections at the loopback port of this name.
    Port(String),
    /// Its output holds this text.
    Line(String),
}

/// What runs.
#[derive(Debug, Default)]
pub(super) struct Processes {
    running: Vec<Running>,
}

#[derive(Debug)]
struct Running {
    id: String,
    child: Child,
    log: PathBuf,
}

impl Processes {
    /// Starts all, each once the one before is ready. Files are taken from `beside`; logs go into the folder `{work}`.
    ///
    /// # Errors
    /// A sentence: which program is missing and how it is installed, which one ended and what it said last, or which
    /// one was not ready in time. What was started until then is stopped.
    pub(super) fn start(
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
        let mut all = Processes::default();
        for program in programs {
            all.running.push(spawn(program, places)?);
            all.wait(program, places, stop)?;
        }
        Ok(all)
    }

    /// Names and process ids.
    pub(super) fn ids(&self) -> Vec<(String, u32)> {
        self.running.iter().map(|one| (one.id.clone(), one.child.id())).collect()
    }

    /// Which one has ended by itself, and what it said last.
    pub(super) fn ended(&mut self) -> Option<String> {
        self.running.iter_mut().find_map(Running::obituary)
    }

    /// Waits until the last one that was started is ready.
    fn wait(&mut self, program: &Program, places: &Places, stop: &dyn Fn() -> bool) -> Result<(), String> {
        let until = Instant::now() + program.patience;
        loop {
            // A program that has ended is not ready, even if somebody else answers at its port.
            if let Some(gone) = self.ended() {
                return Err(with_install(gone, program));
            }
            let log = self.running.last().map(|one| one.log.clone()).unwrap_or_default();
            if is_ready(program, places, &log) {
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
        while let Some(mut one) = self.running.pop() {
            one.stop();
        }
    }
}

impl Running {
    fn group(&self) -> Option<Pid> {
        i32::try_from(self.child.id()).ok().and_then(Pid::from_raw)
    }

    fn obituary(&mut self) -> Option<String> {
        let status = self.child.try_wait().ok().flatten()?;
        let said = last_lines(&self.log);
        Some(format!("{} ended by itself ({}){said}", self.id, described(status)))
    }

    /// Asks it to end, and makes it end when it does not.
    fn stop(&mut self) {
        let Some(group) = self.group() else { return };
        if self.child.try_wait().is_ok_and(|status| status.is_some()) {
            // Its number may be somebody else's by now, but nobody's group as long as one of its own children lives.
            forget(group);
            return;
        }
        // Errors mean that nobody of the group is left.
        let _ = kill_process_group(group, Signal::TERM);
        let until = Instant::now() + GOODBYE;
        while Instant::now() < until && !has_ended(group) {
            std::thread::sleep(LOOK);
        }
        // The leader is not reaped yet, so that the number is still its own: whoever of its group is left ends now.
        let _ = kill_process_group(group, Signal::KILL);
        let _ = self.child.wait();
        forget(group);
    }
}

/// Whether a child has ended, without reaping it.
fn has_ended(child: Pid) -> bool {
    let look = WaitIdOptions::EXITED | WaitIdOptions::NOHANG | WaitIdOptions::NOWAIT;
    !matches!(waitid(WaitId::Pid(child), look), Ok(None))
}

fn running() -> std::sync::MutexGuard<'static, Vec<Pid>> {
    RUNNING.lock().unwrap_or_else(PoisonError::into_inner)
}

fn forget(group: Pid) {
    running().retain(|one| *one != group);
}

/// Ends everything that runs, at once. For an end of this process that asks nobody.
pub(super) fn kill_all() {
    for group in running().drain(..) {
        let _ = kill_process_group(group, Signal::KILL);
    }
}

fn described(status: ExitStatus) -> String {
    status.code().map_or_else(|| status.to_string(), |code| format!("exit code {code}"))
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
    let path = find(&name).ok_or_else(|| missing(program, &format!("there is no program `{name}`")))?;
    let args = program.args.iter().map(fill).collect::<Result<Vec<_>, _>>()?;
    let mut env = Vec::new();
    for (key, value) in &program.env {
        env.push((key, fill(value)?));
    }
    let log = places.work.join(format!("{id}.log"));
    let unlogged = |error| format!("{id}: {} could not be written: {error}", log.display());
    let file = File::create(&log).map_err(unlogged)?;
    let also = file.try_clone().map_err(unlogged)?;
    let child = Command::new(&path)
        .args(args)
        .envs(env)
        .current_dir(&places.work)
        .stdin(Stdio::null())
        .stdout(file)
        .stderr(also)
        .process_group(0)
        .spawn()
        .map_err(|error| format!("{id}: {} could not be started: {error}", path.display()))?;
    let one = Running { id: id.clone(), child, log };
    running().extend(one.group());
    Ok(one)
}

fn missing(program: &Program, what: &str) -> String {
    let remedy = match &program.install {
        Some(install) => format!("install it: {install}"),
        None => "install it".to_owned(),
    };
    format!("{}: {what}\n  remedy: {remedy}", program.id)
}

/// The program of this name: a path as it is, `palisade` for this very program, else the first on the path.
fn find(name: &str) -> Option<PathBuf> {
    if name == OURSELVES {
        return std::env::current_exe().ok();
    }
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
mod tests;
