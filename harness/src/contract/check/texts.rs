//! Texts of a contract: what `{…}` and `${…}` stand for, and JSON pointers.

use palisade_sim::model::typed::remedy;

use super::Desk;

impl Desk<'_> {
    /// `{…}` in a text must be known.
    pub(super) fn placeholders(&mut self, path: &str, text: &str, known: &[&str]) {
        let mut rest = text;
        while let Some(at) = rest.find('{') {
            if rest[..at].ends_with('$') {
                rest = &rest[at + 1..];
                continue;
            }
            let name = rest[at + 1..].split('}').next().unwrap_or_default();
            let port = name.strip_prefix("port.");
            let good = match port {
                Some(port) => self.contract.ports.names.iter().any(|p| p == port),
                None => known.contains(&name),
            };
            if !good {
                let ports: Vec<String> =
                    self.contract.ports.names.iter().map(|p| format!("port.{p}")).collect();
                let valid: Vec<&str> =
                    known.iter().copied().chain(ports.iter().map(String::as_str)).collect();
                let message = format!("nothing is known that `{{{name}}}` could stand for");
                let help = match port {
                    Some(port) => format!("add \"{port}\" to `names` of `[ports]`, or use one that is there"),
                    None => remedy(name, &valid),
                };
                self.wrong(path, "contract::placeholder", message, help);
            }
            rest = &rest[at + 1..];
        }
    }

    /// A text of a link or a row: `{…}` must be known, and nothing is taken from the environment.
    pub(super) fn plain_text(&mut self, path: &str, text: &str, known: &[&str]) {
        self.placeholders(path, text, known);
        if let Some(name) = variables(text).first() {
            let message = format!("`${{{name}}}` is filled in for programs only");
            self.wrong(path, "contract::variable", message, "write what it stands for");
        }
    }

    /// A text of a program: `{…}` must be known, and every `${…}` be set.
    pub(super) fn program_text(&mut self, path: &str, text: &str, install: Option<&str>) {
        self.placeholders(path, text, &["work", "site"]);
        for name in variables(text) {
            if (self.around.set)(name) {
                continue;
            }
            let message = format!("the environment has no variable `{name}`");
            let help = match install {
                Some(install) => format!("set it; this program is installed by: {install}"),
                None => "set it before palisade is started, or write what it stands for".to_owned(),
            };
            self.wrong(path, "contract::variable", message, help);
        }
    }

    /// A JSON pointer begins with `/`, and `~` stands only before 0 or 1.
    pub(super) fn pointer(&mut self, path: &str, key: &str, pointer: &str) {
        if !pointer.is_empty() && !pointer.starts_with('/') {
            let message = format!("`fields.{key}` is no JSON pointer");
            self.wrong(path, "contract::pointer", message, "begin it with `/`, such as \"/values/id\"");
        }
        let escaped = |rest: &str| rest.starts_with(['0', '1']);
        if let Some(rest) = pointer.split('~').skip(1).find(|rest| !escaped(rest)) {
            let shown: String = rest.chars().take(1).collect();
            let message = format!("`~{shown}` means nothing in a JSON pointer");
            let help = "write `~0` for the character `~` itself, and `~1` for `/` inside a name";
            self.wrong(path, "contract::pointer", message, help);
        }
    }
}

/// Names of the variables in a text: what stands in `${…}`.
fn variables(text: &str) -> Vec<&str> {
    text.split("${").skip(1).filter_map(|after| after.split_once('}')).map(|(name, _)| name).collect()
}
