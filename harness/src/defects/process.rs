//! The gateway of an exercise: a process of its own with a store of its own, killed and started again on demand.

use std::io;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::{Child, Command};
use tokio::time::timeout;

use super::sealed::Sealed;

const START: Duration = Duration::from_secs(10);

/// A running gateway.
pub(super) struct Gateway {
    /// Its process; of several the last one is the gateway and those before it are what it stands on.
    children: Vec<Child>,
    /// Where it listens.
    pub(super) address: SocketAddr,
}

impl Gateway {
    /// Starts a gateway on a free port and waits until it listens. Which defect it has is between it and the envelope.
    pub(super) async fn start(
        program: &Path,
        sealed: &Sealed,
        (duty_room, city): (&str, &str),
        store: &Path,
    ) -> io::Result<Gateway> {
        let mut arguments = sealed.arguments();
        arguments.extend([
            "--commands".into(),
            duty_room.into(),
            "--store".into(),
            store.to_string_lossy().into(),
            "--upstream".into(),
            city.into(),
        ]);
        Gateway::spawn(program, &arguments).await
    }

    /// Starts one that passes everything on at once.
    pub(super) async fn echo(program: &Path) -> io::Result<Gateway> {
        Gateway::spawn(program, &["--echo".to_owned()]).await
    }

    /// One made of processes that are kept by somebody else's means.
    pub(super) fn of(children: Vec<Child>, address: SocketAddr) -> Gateway {
        Gateway { children, address }
    }

    async fn spawn(program: &Path, arguments: &[String]) -> io::Result<Gateway> {
        let mut child = Command::new(program)
            .args(["gateway", "--with-parent", "--listen", "127.0.0.1:0"])
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn()?;
        let stdout = child.stdout.take().ok_or_else(|| io::Error::other("no stdout"))?;
        let mut line = String::new();
        let read = timeout(START, BufReader::new(stdout).read_line(&mut line)).await;
        read.map_err(|_| io::Error::other("the gateway did not start listening"))??;
        let address = line.trim().strip_prefix("listening ").and_then(|address| address.parse().ok());
        let address =
            address.ok_or_else(|| io::Error::other(format!("the gateway said `{}`", line.trim())))?;
        Ok(Gateway { children: vec![child], address })
    }

    /// Kills it as a power cut would.
    pub(super) async fn kill(&mut self) -> io::Result<()> {
        for child in &mut self.children {
            child.kill().await?;
        }
        Ok(())
    }

    /// Its resident memory, bytes, where the system tells.
    pub(super) fn memory(&self) -> Option<u64> {
        let statm = std::fs::read_to_string(format!("/proc/{}/statm", self.children.last()?.id()?)).ok()?;
        let pages: u64 = statm.split(' ').nth(1)?.parse().ok()?;
        Some(pages * rustix::param::page_size() as u64)
    }
}

/// A folder that goes when it is no longer needed.
pub(super) struct Folder(PathBuf);

impl Folder {
    /// Makes a folder in memory where the system has one, since a busy disk holds up a gateway that stores; otherwise
    /// among the temporary ones.
    pub(super) fn new(name: &str) -> io::Result<Folder> {
        let name = format!("palisade-defects-{}-{name}", std::process::id());
        let in_memory = Path::new("/dev/shm").join(&name);
        if std::fs::create_dir(&in_memory).is_ok() {
            return Ok(Folder(in_memory));
        }
        let path = std::env::temp_dir().join(name);
        std::fs::create_dir_all(&path)?;
        Ok(Folder(path))
    }

    pub(super) fn file(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        // What cannot be removed is left to the system, whose folder it is.
        let _ = std::fs::remove_dir_all(&self.0);
    }
}
