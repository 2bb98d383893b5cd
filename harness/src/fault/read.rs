//! From a text to checked faults, or to everything that is wrong.

use palisade_sim::model::scenario::Duration;
use palisade_sim::model::typed::{self, Problem, Problems, Source, SourceText, Spans};
use serde_json::Value;

use super::{Ail, Break, DeviceFault, Fault, Faults, Restart, What};

/// The JSON Schema of a file of faults.
pub fn schema() -> Value {
    schemars::schema_for!(Faults).to_value()
}

/// Reads and checks faults.
///
/// # Errors
/// Everything that is wrong, in the order of the file.
pub fn read(text: &SourceText) -> Result<Faults, Problems> {
    let typed = typed::read::<Faults>(text, &schema(), "the file of faults");
    let mut problems = typed.problems;
    let Some(faults) = typed.file else { return Err(problems.sorted(&text.name)) };
    let mut desk = Desk { spans: &typed.spans, source: &typed.source, problems: &mut problems };
    desk.format(&faults);
    for (i, fault) in faults.fault.iter().enumerate() {
        desk.scope(&format!("fault[{i}]"), fault);
        let what = format!("fault[{i}].what.{}", fault.what.line().word());
        desk.amounts(&what, &fault.what);
        if let Some(when) = fault.what.breaks() {
            desk.breaks(&what, when);
            desk.in_window(&what, fault, when);
        }
        if let Some((chance, every)) = fault.what.chunks() {
            desk.chunks(&what, chance, every);
        }
    }
    for (i, device) in faults.device.iter().enumerate() {
        desk.device(&format!("device[{i}]"), device);
    }
    for (i, restart) in faults.restart.iter().enumerate() {
        desk.restart(&format!("restart[{i}]"), restart);
    }
    if problems.is_empty() { Ok(faults) } else { Err(problems.sorted(&text.name)) }
}

struct Desk<'a> {
    spans: &'a Spans,
    source: &'a Source,
    problems: &'a mut Problems,
}

impl Desk<'_> {
    fn wrong(&mut self, path: &str, code: &'static str, message: String, help: &str) {
        self.problems.add(Problem::new(self.source, self.spans.at(path), code, message, help));
    }

    fn format(&mut self, faults: &Faults) {
        if faults.faults != 1 {
            let message =
                format!("these are faults of format {}; this Palisade reads format 1", faults.faults);
            let help = "write `faults = 1` and follow `scenarios/faults/flaky-link.toml`";
            self.wrong("faults", "fault::format", message, help);
        }
        if faults.fault.is_empty() && faults.restart.is_empty() && faults.device.is_empty() {
            let help = "add a `[[fault]]`, a `[[device]]` or a `[[restart]]`; without a file of faults nothing happens on the way either";
            self.wrong("name", "fault::none", "no fault is said here".to_owned(), help);
        }
    }

    fn share(&mut self, path: &str, share: Option<f64>, of: &str) {
        if let Some(share) = share.filter(|share| !(*share > 0.0 && *share <= 1.0)) {
            let help = "write a number over 0 (none) and up to 1 (all)";
            self.wrong(path, "fault::share", format!("{share} is no share of {of}"), help);
        }
    }

    fn scope(&mut self, path: &str, fault: &Fault) {
        self.share(&format!("{path}.connections"), fault.connections, "connections");
        self.time(path, fault.from, fault.until);
    }

    fn time(&mut self, path: &str, from: Option<Duration>, until: Option<Duration>) {
        let from = from.unwrap_or_default();
        if let Some(until) = until.filter(|until| *until <= from) {
            let message = format!("from {from} until {until} is no time");
            let help = "end it later than it begins, or leave `until` out";
            self.wrong(&format!("{path}.until"), "fault::no-time", message, help);
        }
    }

    /// What is nothing does nothing, and whoever wrote it believes that it does something.
    fn amounts(&mut self, path: &str, what: &What) {
        let (key, nothing) = match what {
            What::Delay { by, jitter } => ("by", by.0.0 == 0 && jitter.is_none_or(|jitter| jitter.0.0 == 0)),
            What::Rate { bytes_per_s } => ("bytes_per_s", *bytes_per_s == 0),
            What::Drip { bytes, .. } if *bytes == 0 => ("bytes", true),
            What::Drip { every, .. } => ("every", every.0.0 == 0),
            What::Reorder { within, .. } => ("within", within.0.0 == 0),
            What::Garbage { bytes, .. } => ("bytes", *bytes == 0),
            What::Flip { bit_error_rate } => {
                return self.share(&format!("{path}.bit_error_rate"), Some(*bit_error_rate), "bits");
            }
            _ => return,
        };
        if nothing {
            let message = format!("`{key}` is nothing here");
            let help = "write more than 0; a line on which nothing passes is `half_open`";
            self.wrong(&format!("{path}.{key}"), "fault::nothing", message, help);
        }
    }

    fn breaks(&mut self, path: &str, when: &Break) {
        let said = [when.at.is_some(), when.after.is_some(), when.after_bytes.is_some()];
        if said.into_iter().filter(|said| *said).count() != 1 {
            let message = "when it breaks must be said exactly once".to_owned();
            let help = "write one of `at` (after the proxy's start), `after` (after the connection's opening) and `after_bytes`";
            self.wrong(path, "fault::when", message, help);
        } else if when.after_bytes.is_some() && when.within.is_some() {
            let message = "`within` is a time, and this breaks by its bytes".to_owned();
            let help = "leave `within` out, or write `at` or `after`";
            self.wrong(&format!("{path}.within"), "fault::when", message, help);
        }
    }

    /// An instant that its own window excludes never comes.
    fn in_window(&mut self, path: &str, fault: &Fault, when: &Break) {
        let Some(at) = when.at else { return };
        let last = at.0.0 + when.within.unwrap_or_default().0.0;
        let early = fault.from.is_some_and(|from| last < from.0.0);
        if early || fault.until.is_some_and(|until| at >= until) {
            let message = format!("it breaks at {at}, and the fault is not at work then");
            let help = "leave `from` and `until` out; `at` says when";
            self.wrong(&format!("{path}.at"), "fault::never", message, help);
        }
    }

    fn device(&mut self, path: &str, fault: &DeviceFault) {
        self.share(&format!("{path}.share"), fault.share, "devices");
        self.time(path, fault.from, fault.until);
        let what = format!("{path}.what.{}", fault.what.word());
        let help = "write more than 0; a device that says nothing is `silent`";
        let mut nothing = |key: &str, is: bool| {
            if is {
                let message = format!("`{key}` is nothing here");
                self.wrong(&format!("{what}.{key}"), "fault::nothing", message, help);
            }
        };
        match &fault.what {
            Ail::Chatter { times, every } => {
                nothing("times", *times == 0);
                nothing("every", every.0.0 == 0);
            }
            Ail::Reboot { every, down } => {
                nothing("down", down.0.0 == 0);
                if down >= every {
                    let message = format!("away for {down} every {every} is always away");
                    let help = "make `down` shorter than `every`, or let the device be `silent`";
                    self.wrong(&format!("{what}.down"), "fault::reboot", message, help);
                }
            }
            Ail::Clock { ahead, behind } if ahead.is_some() == behind.is_some() => {
                let message = "how wrong the clock is must be said exactly once".to_owned();
                let help = "write either `ahead = \"3h\"` or `behind = \"5m\"`";
                self.wrong(&what, "fault::clock", message, help);
            }
            Ail::OldFirmware { without } => self.fields(&format!("{what}.without"), without),
            Ail::Silent | Ail::Stuck | Ail::Clock { .. } | Ail::DuplicateId => {}
        }
    }

    fn fields(&mut self, path: &str, without: &[String]) {
        const FIELDS: [&str; 6] = ["id", "ts", "device", "class", "kind", "signal"];
        let help = format!("a message has {}", FIELDS.join(", "));
        if without.is_empty() {
            self.wrong(path, "fault::nothing", "no field is left out".to_owned(), &help);
        }
        if let Some(other) = without.iter().find(|field| !FIELDS.contains(&field.as_str())) {
            let message = format!("no message has a field `{other}` that every message has");
            self.wrong(path, "fault::field", message, &help);
        }
    }

    fn restart(&mut self, path: &str, restart: &Restart) {
        let (at, every) = (restart.at, restart.every);
        if at.is_some() == every.is_some() {
            let message = "when it restarts must be said exactly once".to_owned();
            let help = "write either `at = \"10s\"` (once) or `every = \"20s\"` (again and again)";
            self.wrong(path, "fault::when", message, help);
        }
        if let Some(every) = every.filter(|every| restart.within.unwrap_or_default() >= *every) {
            let message = format!("every {every}, and drawn from {}", restart.within.unwrap_or_default());
            let help = "let it be drawn from less time than lies between two of them";
            let key = if every.0.0 == 0 { "every" } else { "within" };
            self.wrong(&format!("{path}.{key}"), "fault::when", message, help);
        }
        let own = [
            ("process", restart.process.is_some()),
            ("how", restart.how.is_some()),
            ("down", restart.down.is_some()),
        ];
        let other = own.iter().find(|(_, said)| *said && !restart.command.is_empty());
        if let Some((key, _)) = other {
            let message =
                format!("a command restarts the gateway by itself, and `{key}` says how Palisade would");
            let help = "leave it out, or leave the command out";
            self.wrong(&format!("{path}.{key}"), "fault::restart", message, help);
        }
    }

    fn chunks(&mut self, path: &str, chance: Option<f64>, every: Option<u32>) {
        if chance.is_some() == every.is_some() {
            let message = "which chunks it befalls must be said exactly once".to_owned();
            let help =
                "write either `chance = 0.05` (each with this probability) or `every = 20` (one in so many)";
            self.wrong(path, "fault::which", message, help);
        }
        self.share(&format!("{path}.chance"), chance, "chunks");
        if every == Some(0) {
            let help = "write 1 (each chunk) or more";
            self.wrong(&format!("{path}.every"), "fault::which", "no chunk is one in 0".to_owned(), help);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Faults from the text of one `what`.
    fn one(what: &str) -> Result<Faults, Problems> {
        let text = format!("faults = 1\nname = \"t\"\n\n[[fault]]\nwhat = {{ {what} }}\n");
        read(&SourceText { name: "t.toml".into(), text })
    }

    #[test]
    fn each_fault_is_read_and_said() {
        let check = |what: &str, said: &str| {
            let faults = one(what).unwrap_or_else(|wrong| panic!("{what}: {wrong:?}"));
            assert_eq!(faults.fault[0].to_string(), format!("{said}, both ways"));
            let word = what.split(' ').next().unwrap_or_default();
            assert_eq!(faults.lines()[0].what.word(), word);
        };
        check("delay = { by = \"80ms\" }", "delay of 80ms");
        check("delay = { by = \"0s\", jitter = \"2s\" }", "delay of 0s and up to 2s more");
        check("rate = { bytes_per_s = 1200 }", "rate of 1200 bytes/s");
        check("drip = { bytes = 3, every = \"40ms\" }", "drip of 3 bytes every 40ms");
        check("cut = { after_bytes = 200 }", "cut after 200 bytes");
        check("reset = { at = \"5s\", within = \"2s\" }", "reset at 5s, within 2s");
        check("half_open = { after = \"5s\" }", "half_open 5s after the opening");
        check("truncate = { chance = 0.02 }", "truncate of each chunk with a chance of 2 %");
        check("duplicate = { every = 20 }", "duplicate of one chunk in 20");
        check("reorder = { every = 2, within = \"1s\" }", "reorder of one chunk in 2, within 1s");
        check("garbage = { every = 9, bytes = 16 }", "garbage of one chunk in 9, 1 to 16 bytes");
        check("flip = { bit_error_rate = 1e-5 }", "flip of one bit in 100000");
    }

    #[test]
    fn what_does_nothing_or_says_two_things_is_wrong() {
        let check = |what: &str, code: &str| {
            let wrong = one(what).expect_err(what);
            let codes: Vec<&str> = wrong.iter().map(Problem::code).collect();
            assert_eq!(codes, [code], "{what}");
        };
        check("delay = { by = \"0s\" }", "fault::nothing");
        check("drip = { bytes = 3, every = \"0s\" }", "fault::nothing");
        check("cut = { }", "fault::when");
        check("cut = { at = \"1s\", after_bytes = 2 }", "fault::when");
        check("cut = { after_bytes = 2, within = \"1s\" }", "fault::when");
        check("truncate = { chance = 0.5, every = 2 }", "fault::which");
        check("duplicate = { every = 0 }", "fault::which");
        check("garbage = { chance = 0.0, bytes = 3 }", "fault::share");
        check("flip = { bit_error_rate = 1.5 }", "fault::share");
    }
}
