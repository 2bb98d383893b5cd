//! Passing alarms on to the city platform: each is posted until it is acknowledged, those of a device in their order.

use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::sync::mpsc::{self, Receiver, Sender};
use std::time::Duration;

/// Posts at a time.
const WORKERS: usize = 8;
/// How long an acknowledgement may take.
const PATIENCE: Duration = Duration::from_secs(1);
/// Before the first repetition; doubled each time, up to [`LONGEST`].
const AGAIN: Duration = Duration::from_millis(200);
/// Longest wait before a repetition.
const LONGEST: Duration = Duration::from_secs(2);

/// What passes alarms on.
#[derive(Debug)]
pub struct Forwarder {
    workers: Vec<Sender<Vec<u8>>>,
}

impl Forwarder {
    /// Starts its threads, which end with the process.
    ///
    /// # Errors
    /// When a thread cannot be started.
    pub fn start(url: &str) -> std::io::Result<Forwarder> {
        let worker = |i: usize| {
            let (to, from) = mpsc::channel();
            let url = url.to_owned();
            let thread = std::thread::Builder::new().name(format!("upstream-{i}"));
            thread.spawn(move || post_all(&url, &from)).map(|_| to)
        };
        Ok(Forwarder { workers: (0..WORKERS).map(worker).collect::<std::io::Result<_>>()? })
    }

    /// Passes an alarm of a device on. It never waits.
    pub fn forward(&self, device: &str, payload: &[u8]) {
        let mut hasher = DefaultHasher::new();
        device.hash(&mut hasher);
        let worker = (hasher.finish() % WORKERS as u64) as usize;
        // A worker that is gone has panicked, which its thread has told.
        let _ = self.workers[worker].send(payload.to_owned());
    }
}

fn post_all(url: &str, from: &Receiver<Vec<u8>>) {
    let config = ureq::Agent::config_builder().timeout_global(Some(PATIENCE)).http_status_as_error(false);
    let agent: ureq::Agent = config.build().into();
    while let Ok(payload) = from.recv() {
        let mut wait = AGAIN;
        loop {
            let answer = agent.post(url).content_type("application/json").send(&payload[..]);
            match answer {
                Ok(response) if response.status().is_success() => break,
                Ok(response) if response.status().is_client_error() => {
                    tracing::warn!(status = %response.status(), "the city platform does not want an alarm");
                    break;
                }
                Ok(response) => {
                    tracing::info!(status = %response.status(), "the city platform refused an alarm")
                }
                Err(error) => tracing::info!(%error, "the city platform did not answer"),
            }
            std::thread::sleep(wait);
            wait = (wait * 2).min(LONGEST);
        }
    }
}
