//! One who is always there and gives what it hears to whoever made it, message by message.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::thread::JoinHandle;
use std::time::Instant;

use super::{Habit, Hears, Listening, Log, Notebook, Settings, SubscribeError, Times, listen};

/// What it is called.
const NAME: &str = "ear";

/// A subscriber on a thread of its own. Dropping it lets its thread end.
#[derive(Debug)]
pub struct Ear {
    times: Arc<Times>,
    stands: Arc<AtomicBool>,
    log: Notebook,
    thread: Option<JoinHandle<()>>,
}

impl Ear {
    /// Connects; returns when it has subscribed.
    ///
    /// # Errors
    /// When it could not within the patience of the settings.
    pub fn listen(settings: &Settings, hears: Hears) -> Result<Ear, SubscribeError> {
        let times = Arc::<Times>::default();
        let failed = |why| SubscribeError { name: NAME.into(), to: settings.to, why };
        let settings = Arc::new(settings.clone());
        let Listening { thread, log, stands } =
            listen(NAME, (Habit::Reads, Some(hears)), &settings, &times).map_err(failed)?;
        Ok(Ear { times, stands, log, thread: Some(thread) })
    }

    /// Whether it has subscribed and its connection stands, now and later.
    pub fn hears(&self) -> Arc<AtomicBool> {
        self.stands.clone()
    }

    /// From this instant on it looks how late it comes to what waits for it.
    pub fn begin(&self, start: Instant) {
        self.times.start.get_or_init(|| start);
    }

    /// Listens a little longer, for what is under way, and tells how it fared. Nobody is given anything afterwards.
    pub fn end(mut self) -> Log {
        self.times.end.get_or_init(Instant::now);
        // A thread that panicked has heard nothing more.
        let _ = self.thread.take().map(JoinHandle::join);
        std::mem::take(&mut *self.log.open())
    }
}

impl Drop for Ear {
    fn drop(&mut self) {
        self.times.end.get_or_init(Instant::now);
    }
}
