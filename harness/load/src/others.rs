//! Who else uses the processors: programs that this process did not start. Who reads that a machine was too slow wants their
//! names.

use std::collections::BTreeMap;
use std::fs;
use std::iter::successors;
use std::thread;
use std::time::Instant;

use crate::process::{CpuTime, Stat};

/// A process: its number, and when it began, since numbers come again.
type Who = (u64, u64);

/// A look at all processes, as far as this one sees them.
#[derive(Debug)]
pub struct Others {
    looked: Instant,
    seen: BTreeMap<Who, Stat>,
}

/// How many are told of.
const MOST: usize = 3;
/// What uses less of a processor moves no 99th percentile and is not told.
const TOLD: f64 = 0.005;

/// What others used.
#[derive(Clone, Debug, PartialEq)]
pub struct Other {
    /// The program, as far as the kernel keeps its name.
    pub name: String,
    /// Processors that all of this name used on the average; 1.0 is a whole one.
    pub processors: f64,
}

impl Others {
    /// Looks at them now.
    pub fn look() -> Others {
        let entries = fs::read_dir("/proc").into_iter().flatten().flatten();
        let numbers = entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok());
        let seen = |number: u64| {
            // Whoever ended meanwhile is not there.
            let stat = Stat::of(&format!("/proc/{number}/stat")).ok()?;
            Some(((number, stat.began), stat))
        };
        Others { looked: Instant::now(), seen: numbers.filter_map(seen).collect() }
    }

    /// What others than this process, and those that came of it, used until a later look: at most three, the greediest first, none
    /// that used less than 0.005 of a processor.
    pub fn until(&self, later: &Others) -> Vec<Other> {
        let seconds = later.looked.saturating_duration_since(self.looked).as_secs_f64().max(1e-9);
        let used = between(&self.seen, &later.seen, std::process::id().into());
        // Whoever inherits an orphan that ends has all of its life at once.
        let most = thread::available_parallelism().map_or(1, usize::from) as f64;
        let other = |(name, used): (String, f64)| Other { name, processors: (used / seconds).min(most) };
        used.into_iter().map(other).filter(|other| other.processors >= TOLD).take(MOST).collect()
    }
}

/// Seconds of a processor by name. What a process used that has ended is told of its parent, who waited for it.
fn between(was: &BTreeMap<Who, Stat>, is: &BTreeMap<Who, Stat>, own: u64) -> Vec<(String, f64)> {
    let all = |cpu: CpuTime| (cpu.own + cpu.children).as_secs_f64();
    let parents_of = |seen: &BTreeMap<Who, Stat>| -> BTreeMap<u64, u64> {
        seen.iter().map(|((number, _), stat)| (*number, stat.parent)).collect()
    };
    let (old_parents, parents) = (parents_of(was), parents_of(is));
    let mut ended: BTreeMap<u64, f64> = BTreeMap::new();
    for (_, stat) in was.iter().filter(|(who, _)| !is.contains_key(who)) {
        // Whoever waits for a process has its use and that of those for whom that one had waited.
        let mut line = successors(Some(stat.parent), |number| old_parents.get(number).copied());
        if let Some(heir) = line.find(|number| parents.contains_key(number)) {
            *ended.entry(heir).or_default() += all(stat.cpu);
        }
    }
    let is_own = |number: u64| successors(Some(number), |n| parents.get(n).copied()).any(|n| n == own);
    let mut by_name: BTreeMap<&str, f64> = BTreeMap::new();
    for (who, stat) in is.iter().filter(|((number, _), _)| !is_own(*number)) {
        // What its children had used before the first look, if they have ended since, is among its own only now.
        let of_children = ended.get(&who.0).copied().unwrap_or_default();
        let before = was.get(who).map_or(0.0, |stat| all(stat.cpu)) + of_children;
        *by_name.entry(&stat.name).or_default() += (all(stat.cpu) - before).max(0.0);
    }
    let mut used: Vec<_> = by_name.into_iter().map(|(name, used)| (name.to_owned(), used)).collect();
    used.retain(|(_, seconds)| *seconds > 0.0);
    used.sort_by(|a, b| b.1.total_cmp(&a.1));
    used
}

#[cfg(test)]
mod tests {
    use std::process::Command;
    use std::time::Duration;

    use super::*;

    fn stat(name: &str, parent: u64, own_s: u64, children_s: u64) -> Stat {
        let (own, children) = (Duration::from_secs(own_s), Duration::from_secs(children_s));
        Stat { name: name.into(), parent, began: 7, cpu: CpuTime { own, children } }
    }

    fn seen(all: &[(u64, Stat)]) -> BTreeMap<Who, Stat> {
        all.iter().map(|(number, stat)| ((*number, stat.began), stat.clone())).collect()
    }

    #[test]
    fn programs_are_told_by_what_they_used_meanwhile() {
        let was = seen(&[
            (1, stat("init", 0, 50, 900)),
            (10, stat("make", 1, 1, 20)),
            (11, stat("cc", 10, 3, 0)),
            (20, stat("palisade", 1, 5, 0)),
            (21, stat("gateway", 20, 5, 0)),
            (30, stat("idle", 1, 9, 9)),
        ]);
        let is = seen(&[
            (1, stat("init", 0, 50, 900)),
            // The one compiler went on for 2 s, further ones came and went in 4 s.
            (10, stat("make", 1, 2, 29)),
            (12, stat("cc", 10, 8, 0)),
            (13, stat("cc", 10, 4, 0)),
            (20, stat("palisade", 1, 50, 0)),
            (21, stat("gateway", 20, 50, 0)),
            (22, stat("helper", 21, 50, 0)),
            (30, stat("idle", 1, 9, 9)),
        ]);
        assert_eq!(between(&was, &is, 20), [("cc".to_owned(), 12.0), ("make".to_owned(), 7.0)]);
        assert_eq!(between(&was, &was, 20), []);
    }

    #[test]
    fn what_had_been_used_before_is_not_told_when_a_whole_line_of_processes_ends() {
        let was =
            seen(&[(5, stat("bash", 1, 0, 0)), (6, stat("cargo", 5, 1, 500)), (7, stat("rustc", 6, 60, 0))]);
        let is = seen(&[(5, stat("bash", 1, 0, 567))]);
        assert_eq!(between(&was, &is, 20), [("bash".to_owned(), 6.0)]);
    }

    /// Is busy while a file is there.
    const BUSY: &str = r#"while [ -e "$1" ]; do :; done"#;

    #[test]
    fn a_child_is_not_told_and_whoever_has_another_parent_is() {
        let folder = std::env::temp_dir().join(format!("palisade-others-{}", std::process::id()));
        fs::create_dir_all(&folder).expect("a folder");
        let [stranger, child, there] = ["a-stranger", "a-child", "there"].map(|name| folder.join(name));
        for name in [&stranger, &child] {
            std::os::unix::fs::symlink("/bin/sh", name).expect("a link");
        }
        fs::write(&there, "").expect("a file");
        let others = Others::look();
        let mut child = Command::new(&child).args(["-c", BUSY, "-"]).arg(&there).spawn().expect("a shell");
        // Its parent ends at once.
        let mut parent = Command::new("sh");
        parent.args(["-c", r#""$0" -c "$1" - "$2" &"#]).arg(&stranger).arg(BUSY).arg(&there);
        assert!(parent.status().expect("a shell").success());
        let used = |name: &str, least_s: f64| {
            let used = between(&others.seen, &Others::look().seen, std::process::id().into());
            used.iter().any(|(other, seconds)| other == name && *seconds >= least_s)
        };
        let patience = Instant::now() + Duration::from_secs(60);
        while !used("a-stranger", 0.2) && Instant::now() < patience {
            thread::sleep(Duration::from_millis(20));
        }
        let (strange, own) = (used("a-stranger", 0.2), used("a-child", 0.0));
        fs::remove_dir_all(folder).expect("removed");
        child.wait().expect("a child");
        assert!(strange && !own, "{strange} {own}");
    }
}
