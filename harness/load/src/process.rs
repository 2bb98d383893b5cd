//! What this process may open, and what it has used.

use std::fs;
use std::io;
use std::time::Duration;

use rustix::process::{
    Pid, Resource, Rlimit, getpriority_process, getrlimit, setpriority_process, setrlimit,
};
use rustix::time::{ClockId, clock_gettime};
use thiserror::Error;

/// Files that a process needs beside its connections: standard streams, epoll, logs, libraries.
const OWN_FILES: u64 = 64;

/// A figure of the kernel could not be read.
#[derive(Debug, Error)]
pub enum UsageError {
    /// The file is not there or may not be read.
    #[error("{path}: {error}; the load plane needs Linux's /proc")]
    Unread {
        /// The file.
        path: String,
        /// Why.
        error: io::Error,
    },
    /// The file does not have the fields that proc(5) lists.
    #[error("{path}: no field {field} as proc(5) lists it")]
    Unknown {
        /// The file.
        path: String,
        /// The field's name in proc(5).
        field: &'static str,
    },
}

/// How many files this process may have open.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OpenFiles {
    /// The limit that holds now; `u64::MAX` when there is none.
    pub limit: u64,
}

impl OpenFiles {
    /// Reads the limit, after raising it as far as an ordinary process may.
    pub fn raised() -> OpenFiles {
        let limits = getrlimit(Resource::Nofile);
        let raised = Rlimit { current: limits.maximum, maximum: limits.maximum };
        // A kernel that refuses leaves the old limit, which is then the one that is told.
        let _ = setrlimit(Resource::Nofile, raised);
        OpenFiles { limit: getrlimit(Resource::Nofile).current.unwrap_or(u64::MAX) }
    }

    /// How many connections that allows, one file each.
    pub fn connections(self) -> u64 {
        self.limit.saturating_sub(OWN_FILES)
    }
}

/// Processor time that a process has used, in user and system mode, with the kernel's resolution (10 ms by default).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CpuTime {
    /// Used by the process itself, all threads.
    pub own: Duration,
    /// Used by children that have ended and were waited for.
    pub children: Duration,
}

impl CpuTime {
    /// Of this process.
    pub fn now() -> Result<CpuTime, UsageError> {
        Ok(Stat::of("/proc/self/stat")?.cpu)
    }

    /// Of a running process.
    pub fn of_process(pid: Pid) -> Result<CpuTime, UsageError> {
        Ok(Stat::of(&format!("/proc/{}/stat", pid.as_raw_nonzero()))?.cpu)
    }
}

/// A process, as proc_pid_stat(5) tells of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Stat {
    /// The program, as far as the kernel keeps its name.
    pub(crate) name: String,
    /// Who started it.
    pub(crate) parent: u64,
    /// When it began, in the kernel's ticks since it booted.
    pub(crate) began: u64,
    /// What it used.
    pub(crate) cpu: CpuTime,
}

impl Stat {
    pub(crate) fn of(path: &str) -> Result<Stat, UsageError> {
        // The kernel cuts a name without regard to UTF-8.
        let text = fs::read(path).map_err(|error| UsageError::Unread { path: path.to_owned(), error })?;
        let text = String::from_utf8_lossy(&text);
        let field = |field, name| number(&text, field).ok_or_else(|| unknown(path, name));
        let hertz = rustix::param::clock_ticks_per_second().max(1);
        let time = |a: u64, b: u64| Duration::from_nanos((a + b) * 1_000_000_000 / hertz);
        let name = text.split_once('(').and_then(|(_, rest)| rest.rsplit_once(')'));
        Ok(Stat {
            name: name.ok_or_else(|| unknown(path, "comm"))?.0.replace(char::is_control, ""),
            parent: field(4, "ppid")?,
            began: field(22, "starttime")?,
            cpu: CpuTime {
                own: time(field(14, "utime")?, field(15, "stime")?),
                children: time(field(16, "cutime")?, field(17, "cstime")?),
            },
        })
    }
}

/// The numbered field of proc_pid_stat(5). The program's name, the second, may hold spaces and brackets.
fn number(stat: &str, field: usize) -> Option<u64> {
    let (_, rest) = stat.rsplit_once(')')?;
    rest.split_whitespace().nth(field.checked_sub(3)?)?.parse().ok()
}

/// Memory of this process that is in use and not on disk, bytes (`resident` of proc_pid_statm(5)).
pub fn resident_bytes() -> Result<u64, UsageError> {
    resident("/proc/self/statm")
}

/// The same of a running process.
pub fn resident_bytes_of(pid: u32) -> Result<u64, UsageError> {
    resident(&format!("/proc/{pid}/statm"))
}

fn resident(path: &str) -> Result<u64, UsageError> {
    let text = read(path)?;
    let pages: Option<u64> = text.split_whitespace().nth(1).and_then(|pages| pages.parse().ok());
    Ok(pages.ok_or_else(|| unknown(path, "resident"))? * rustix::param::page_size() as u64)
}

/// Files that a running process has open, connections among them (proc_pid_fd(5)).
pub fn open_files_of(pid: u32) -> Result<u64, UsageError> {
    let path = format!("/proc/{pid}/fd");
    let unread = |error| UsageError::Unread { path: path.clone(), error };
    // Since Linux 6.2 the folder's size is their number; before it was always 0. To list thousands of them takes milliseconds.
    match fs::metadata(&path).map_err(unread)?.len() {
        0 => Ok(fs::read_dir(&path).map_err(unread)?.count() as u64),
        files => Ok(files),
    }
}

/// How long the calling thread was ready to run and had no processor, since it began (proc_pid_schedstat).
pub fn waited_for_processor() -> Result<Duration, UsageError> {
    let path = "/proc/thread-self/schedstat";
    let text = read(path)?;
    let waited = text.split_whitespace().nth(1).and_then(|ns| ns.parse().ok());
    waited.map(Duration::from_nanos).ok_or_else(|| unknown(path, "run_delay"))
}

/// What the calling thread has used of a processor, user and system.
pub fn cpu_of_thread() -> Duration {
    let used = clock_gettime(ClockId::ThreadCPUTime);
    Duration::new(used.tv_sec.unsigned_abs(), used.tv_nsec as u32)
}

/// The nice value of a thread that everything else makes room for (setpriority(2)).
const FIRST: i32 = -20;

/// Has the kernel prefer the calling thread to others that are ready to run, as far as this process may: with CAP_SYS_NICE, or
/// down to the limit of `ulimit -e`. The nice value that it has then.
pub fn prefer_this_thread() -> i32 {
    // On Linux each thread has its own value, and what is more than the process may is refused. One that it has stays.
    let now = getpriority_process(None).unwrap_or_default();
    (FIRST..now).find(|nice| setpriority_process(None, *nice).is_ok()).unwrap_or(now)
}

fn read(path: &str) -> Result<String, UsageError> {
    fs::read_to_string(path).map_err(|error| UsageError::Unread { path: path.to_owned(), error })
}

fn unknown(path: &str, field: &'static str) -> UsageError {
    UsageError::Unknown { path: path.to_owned(), field }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_name_may_hold_spaces_and_brackets() {
        let stat = "7 (a) b (c) S 1 7 7 0 -1 4194560 1 2 3 4 250 50 30 20 20 0 1 0 9";
        assert_eq!(
            [14, 15, 16, 17].map(|field| number(stat, field)),
            [Some(250), Some(50), Some(30), Some(20)]
        );
        assert_eq!(number("7 (cut", 14), None);
    }

    #[test]
    fn work_shows_in_processor_time_and_memory() {
        let (cpu, memory) = (CpuTime::now().expect("stat"), resident_bytes().expect("statm"));
        let mut block = vec![0_u8; 32 << 20];
        while CpuTime::now().expect("stat").own < cpu.own + Duration::from_millis(30) {
            block.iter_mut().step_by(512).for_each(|byte| *byte = byte.wrapping_add(1));
        }
        assert!(resident_bytes().expect("statm") >= memory + (24 << 20));
        let own = Pid::from_raw(std::process::id() as i32).expect("a process has a number");
        assert!(CpuTime::of_process(own).expect("stat").own >= cpu.own);
    }

    #[test]
    fn threads_that_share_one_processor_wait_for_it() {
        let busy = || {
            let before = waited_for_processor().expect("schedstat");
            let until = std::time::Instant::now() + Duration::from_millis(200);
            while std::time::Instant::now() < until {
                std::hint::spin_loop();
            }
            waited_for_processor().expect("schedstat").saturating_sub(before)
        };
        let threads = 2 * std::thread::available_parallelism().map_or(1, usize::from) + 2;
        let workers: Vec<_> = (0..threads).map(|_| std::thread::spawn(busy)).collect();
        let waited: Duration = workers.into_iter().map(|worker| worker.join().expect("no panic")).sum();
        assert!(waited > Duration::from_millis(50), "{waited:?}");
    }

    #[test]
    fn a_thread_is_preferred_and_no_other_one_with_it() {
        let nice = || getpriority_process(None).expect("getpriority");
        let before = nice();
        let (told, seen) =
            std::thread::spawn(move || (prefer_this_thread(), nice())).join().expect("no panic");
        assert_eq!((told, nice()), (seen, before));
        assert!(told <= before, "{told} after {before}");
    }

    #[test]
    fn open_files_are_as_many_as_are_listed() {
        use std::io::{Read as _, Write as _};
        use std::process::{Command, Stdio};
        let cat = Command::new("cat").stdin(Stdio::piped()).stdout(Stdio::piped()).spawn();
        let mut child = cat.expect("cat starts");
        // Whoever answers has opened what it needs.
        let mut came = [0];
        child.stdin.as_mut().expect("a pipe").write_all(b"x").expect("it reads");
        child.stdout.as_mut().expect("a pipe").read_exact(&mut came).expect("it answers");
        let told = open_files_of(child.id());
        let listed = fs::read_dir(format!("/proc/{}/fd", child.id())).map(Iterator::count);
        child.kill().and_then(|()| child.wait()).expect("it ends");
        assert_eq!(told.ok(), listed.ok().map(|n| n as u64));
        assert!(open_files_of(child.id()).is_err(), "nobody is left");
    }

    #[test]
    fn the_limit_is_as_high_as_it_may_be() {
        let files = OpenFiles::raised();
        assert_eq!(Some(files.limit), getrlimit(Resource::Nofile).maximum.or(Some(u64::MAX)));
        assert_eq!(OpenFiles { limit: 20_000 }.connections(), 19_936);
        assert_eq!(OpenFiles { limit: 10 }.connections(), 0);
    }
}
