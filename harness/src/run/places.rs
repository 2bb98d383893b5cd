//! Where the pieces of a run are: its folder for the gateway's files, its free ports; and texts with these filled in.

use std::collections::BTreeMap;
use std::io;
use std::net::TcpListener;
use std::path::PathBuf;

use crate::drivers::monotonic_us;
use crate::record::Micros;

/// What `{…}` stands for in a contract and in the files beside it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Places {
    /// `{work}`: the folder of the gateway's files, absolute.
    pub work: PathBuf,
    /// `{site}`: the site's name in topics.
    pub site: String,
    /// `{port.NAME}`: free loopback ports.
    pub ports: BTreeMap<String, u16>,
    /// This very program, which keeps the others.
    pub palisade: PathBuf,
    /// Where the machine's monotonic clock stands when the run's is at 0, µs: lines of logs get their instants so.
    pub zero_us: Micros,
}

impl Places {
    /// Places with a free loopback port for each name. All are held until the last one is known, so that no two are the
    /// same; they are free again when this returns. The clock starts now.
    ///
    /// # Errors
    /// When the system has no port to give, or does not say where this program lies.
    pub fn pick(work: PathBuf, site: String, names: &[String]) -> io::Result<Places> {
        let mut held = Vec::new();
        let mut ports = BTreeMap::new();
        for name in names {
            let listener = TcpListener::bind(("127.0.0.1", 0))?;
            ports.insert(name.clone(), listener.local_addr()?.port());
            held.push(listener);
        }
        Ok(Places { work, site, ports, palisade: std::env::current_exe()?, zero_us: monotonic_us() })
    }

    /// Fills in `{work}`, `{site}` and `{port.NAME}`. Every other brace stays as it is: files have braces of their own.
    ///
    /// # Errors
    /// A sentence, when a port is named that there is not.
    pub fn fill(&self, text: &str) -> Result<String, String> {
        let mut filled = String::with_capacity(text.len());
        let mut rest = text;
        while let Some(at) = rest.find('{') {
            filled.push_str(&rest[..at]);
            rest = &rest[at..];
            let name = rest[1..].split('}').next().unwrap_or_default();
            // `${site}` is a script's own.
            let foreign = filled.ends_with('$') || rest.len() < name.len() + 2;
            match if foreign { None } else { self.meaning(name)? } {
                Some(meaning) => {
                    filled.push_str(&meaning);
                    rest = &rest[name.len() + 2..];
                }
                None => {
                    filled.push('{');
                    rest = &rest[1..];
                }
            }
        }
        filled.push_str(rest);
        Ok(filled)
    }

    fn meaning(&self, name: &str) -> Result<Option<String>, String> {
        Ok(match name {
            "work" => Some(self.work.display().to_string()),
            "site" => Some(self.site.clone()),
            _ => match name.strip_prefix("port.") {
                Some(port) => match self.ports.get(port) {
                    Some(port) => Some(port.to_string()),
                    None => return Err(format!("`{{port.{port}}}` names no port; add it to [ports] names")),
                },
                None => None,
            },
        })
    }
}

/// Fills in `${NAME}` from the environment.
///
/// # Errors
/// The first name that is not set.
pub fn environment(text: &str) -> Result<String, String> {
    let mut filled = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("${") {
        filled.push_str(before);
        let Some((name, tail)) = after.split_once('}') else {
            filled.push_str("${");
            rest = after;
            continue;
        };
        filled.push_str(&std::env::var(name).map_err(|_| name.to_owned())?);
        rest = tail;
    }
    filled.push_str(rest);
    Ok(filled)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_known_is_filled_in() {
        let names = ["mqtt".to_owned(), "ui".to_owned()];
        let mut places = Places::pick("/w".into(), "yard".into(), &names).expect("free ports");
        assert_ne!(places.ports["mqtt"], places.ports["ui"]);
        places.ports.insert("mqtt".into(), 1_884);
        for (text, filled) in [
            ("port {port.mqtt}", "port 1884"),
            ("{work}/line-1 of {site}", "/w/line-1 of yard"),
            ("f({ a: {port.mqtt} })", "f({ a: 1884 })"),
            ("{device} {{work}} {work", "{device} {/w} {work"),
            ("`site/${site}/${port.none}`", "`site/${site}/${port.none}`"),
            ("", ""),
        ] {
            assert_eq!(places.fill(text).as_deref(), Ok(filled), "{text}");
        }
        assert!(places.fill("{port.none}").is_err_and(|why| why.contains("none")));
    }

    #[test]
    fn the_environment_is_filled_in_or_named() {
        let home = std::env::var("PATH").expect("every test has one");
        assert_eq!(environment("a${PATH}b$c"), Ok(format!("a{home}b$c")));
        assert_eq!(environment("${PALISADE_NEVER_SET}/x"), Err("PALISADE_NEVER_SET".into()));
    }
}
