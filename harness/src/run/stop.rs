//! Ctrl-C: the first asks for an end with a partial report, the second ends at once.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use tokio::signal::unix::{SignalKind, signal};

use crate::exit::{Exit, Failure};

/// Whether somebody asked the run to stop.
#[derive(Clone, Debug, Default)]
pub struct Stop {
    asked: Arc<AtomicBool>,
}

impl Stop {
    /// Listens for SIGINT and SIGTERM from now on.
    ///
    /// # Errors
    /// When the system does not let it listen.
    pub fn on_signals() -> Result<Stop, Failure> {
        let unheard =
            |error: std::io::Error| Failure::new(Exit::Bug, format!("signals cannot be heard: {error}"));
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(unheard)?;
        let stop = Stop::default();
        let asked = stop.asked.clone();
        let (mut interrupt, mut terminate) = {
            let _inside = runtime.enter();
            (
                signal(SignalKind::interrupt()).map_err(unheard)?,
                signal(SignalKind::terminate()).map_err(unheard)?,
            )
        };
        std::thread::Builder::new()
            .name("signals".into())
            .spawn(move || {
                runtime.block_on(async {
                    loop {
                        tokio::select! {
                            _ = interrupt.recv() => {}
                            _ = terminate.recv() => {}
                        }
                        if asked.swap(true, Ordering::SeqCst) {
                            // The gateway and the keepers of programs see their stdin close, and end what they run.
                            std::process::exit(Exit::Interrupted as i32);
                        }
                    }
                });
            })
            .map_err(unheard)?;
        Ok(stop)
    }

    /// Asks for an end, as the first Ctrl-C does.
    pub fn ask(&self) {
        self.asked.store(true, Ordering::SeqCst);
    }

    /// Whether somebody asked.
    pub fn asked(&self) -> bool {
        self.asked.load(Ordering::SeqCst)
    }
}
