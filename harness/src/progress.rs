//! What happens now: a bar on a terminal, a few plain lines elsewhere. Always on stderr.

use std::io::{IsTerminal as _, Write as _};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

/// Shows what happens now.
#[derive(Debug)]
pub struct Progress {
    bar: Option<ProgressBar>,
    silent: bool,
}

impl Progress {
    /// A bar when stderr is a terminal, else lines.
    pub fn new() -> Progress {
        let bar = std::io::stderr().is_terminal().then(|| {
            let bar = ProgressBar::with_draw_target(Some(1000), ProgressDrawTarget::stderr());
            // The template is a constant; without it the bar looks plain.
            if let Ok(style) = ProgressStyle::with_template("{bar:24} {msg}") {
                bar.set_style(style.progress_chars("━╸ "));
            }
            bar
        });
        Progress { bar, silent: false }
    }

    /// Shows nothing: somebody else has the terminal.
    pub fn silent() -> Progress {
        Progress { bar: None, silent: true }
    }

    /// Something new begins: a line of its own where there is no bar.
    pub fn begin(&self, what: &str) {
        match &self.bar {
            Some(bar) => {
                bar.set_position(0);
                bar.set_message(what.to_owned());
            }
            None if self.silent => {}
            None => {
                // A reader that has gone away is no reason to stop a measurement.
                let _ = writeln!(std::io::stderr(), "{what}");
            }
        }
    }

    /// Something came to its end: a line where there is no bar.
    pub fn line(&self, what: impl FnOnce() -> String) {
        if self.bar.is_none() && !self.silent {
            // A reader that has gone away is no reason to stop a measurement.
            let _ = writeln!(std::io::stderr(), "{}", what());
        }
    }

    /// How far it is, 0..1, and what happens at this instant. Only a bar shows it.
    pub fn at(&self, share: f64, what: impl FnOnce() -> String) {
        if let Some(bar) = &self.bar {
            bar.set_position((share.clamp(0.0, 1.0) * 1000.0) as u64);
            bar.set_message(what());
        }
    }

    /// Takes the bar away.
    pub fn end(&self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}

impl Default for Progress {
    fn default() -> Progress {
        Progress::new()
    }
}
