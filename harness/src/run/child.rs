//! The embedded gateway as a child process. It is always reaped, and it ends by itself when this process is killed,
//! since its stdin closes.

use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc;
use std::time::{Duration, Instant};

use crate::drivers::mqtt::Address;

const START: Duration = Duration::from_secs(5);
const GOODBYE: Duration = Duration::from_secs(1);

/// A running gateway.
#[derive(Debug)]
pub(super) struct Gateway {
    child: Child,
    pub(super) address: Address,
    /// What it was started with, but for its port.
    options: Vec<String>,
}

impl Gateway {
    /// Starts a gateway on a free loopback port and waits until it listens.
    pub(super) fn start(options: &[String]) -> Result<Gateway, String> {
        Gateway::start_at(0, options)
    }

    /// Ends it, with or without a word, and starts it again at its port after a while.
    pub(super) fn again(&mut self, kill: bool, down: Duration) -> Result<(), String> {
        if kill {
            // Errors mean that it has ended meanwhile.
            let _ = self.child.kill();
        }
        self.end();
        std::thread::sleep(down);
        *self = Gateway::start_at(self.address.port, &self.options.clone())?;
        Ok(())
    }

    fn start_at(port: u16, options: &[String]) -> Result<Gateway, String> {
        let program =
            std::env::current_exe().map_err(|error| format!("the gateway could not be started: {error}"))?;
        let mut child = Command::new(program)
            .args(["gateway", "--with-parent", "--listen", &format!("127.0.0.1:{port}")])
            .args(options)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .map_err(|error| format!("the gateway could not be started: {error}"))?;
        let stdout = child.stdout.take();
        let (tell, told) = mpsc::channel();
        std::thread::spawn(move || {
            let mut line = String::new();
            if let Some(stdout) = stdout {
                // An unreadable line is no address, which is reported below.
                let _ = BufReader::new(stdout).read_line(&mut line);
            }
            let _ = tell.send(line);
        });
        let line = told.recv_timeout(START).unwrap_or_default();
        // Made first, so that the child is reaped whatever it said.
        let mut gateway = Gateway {
            child,
            address: Address { host: "127.0.0.1".into(), port: 0 },
            options: options.to_vec(),
        };
        let port = line.trim().strip_prefix("listening 127.0.0.1:").and_then(|port| port.parse().ok());
        gateway.address.port =
            port.ok_or_else(|| format!("the gateway did not start listening; it said `{}`", line.trim()))?;
        Ok(gateway)
    }

    /// The child's process id.
    pub(super) fn id(&self) -> u32 {
        self.child.id()
    }

    /// How it ended, if it has.
    pub(super) fn ended(&mut self) -> Option<ExitStatus> {
        self.child.try_wait().ok().flatten()
    }
}

impl Drop for Gateway {
    fn drop(&mut self) {
        self.end();
    }
}

impl Gateway {
    /// Asks it to end, and ends it when it does not.
    fn end(&mut self) {
        drop(self.child.stdin.take());
        let until = Instant::now() + GOODBYE;
        while Instant::now() < until {
            if !matches!(self.child.try_wait(), Ok(None)) {
                return;
            }
            std::thread::sleep(Duration::from_millis(5));
        }
        // It did not hear that its parent is done with it. Errors mean that it has ended meanwhile.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
