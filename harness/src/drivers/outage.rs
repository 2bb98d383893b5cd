//! Connections that were lost, told in few sentences. Pure.

use crate::words::counted;

use crate::record::Micros;

/// Sentences at most; the rest are counted.
const SENTENCES: usize = 20;

/// One connection's time without.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Outage {
    /// The device, by its place in the tape.
    pub(super) device: usize,
    /// When it went down, µs.
    pub(super) down_us: Micros,
    /// When it came back, µs, if it did.
    pub(super) up_us: Option<Micros>,
    /// Why it went down.
    pub(super) why: String,
}

/// A sentence for each time that connections were lost together: those that overlap belong together.
pub(super) fn summary(outages: &[Outage], names: &[String]) -> Vec<String> {
    let mut sorted: Vec<&Outage> = outages.iter().collect();
    sorted.sort_by_key(|o| (o.down_us, o.device));
    let mut groups: Vec<Vec<&Outage>> = Vec::new();
    let mut until = Micros::MIN;
    for outage in sorted {
        match groups.last_mut() {
            Some(group) if outage.down_us <= until => group.push(outage),
            _ => groups.push(vec![outage]),
        }
        until = until.max(outage.up_us.unwrap_or(Micros::MAX));
    }
    let mut said: Vec<String> = groups.iter().take(SENTENCES).map(|group| sentence(group, names)).collect();
    if groups.len() > SENTENCES {
        said.push(format!("connections were lost {} more", counted(groups.len() - SENTENCES, "time")));
    }
    said
}

fn sentence(group: &[&Outage], names: &[String]) -> String {
    let Some(first) = group.first() else { return String::new() };
    let who = match (group, names.get(first.device)) {
        ([_], Some(name)) => format!("the connection of {name} was lost"),
        _ => format!("{} connections were lost", group.len()),
    };
    let gone = group.iter().filter(|o| o.up_us.is_none()).count();
    let last = group.iter().filter_map(|o| o.up_us).max();
    let back = match last {
        Some(up) if gone == 0 => format!("all back after {:.1} s", (up - first.down_us) as f64 / 1e6),
        _ => format!("{gone} of them not back"),
    };
    format!("{who} at {:.1} s, {back}: {}", first.down_us as f64 / 1e6, first.why)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn connections_lost_together_are_one_sentence() {
        let outage = |device, down_us, up_us| Outage { device, down_us, up_us, why: "reset".into() };
        let names = ["beam-1".to_owned(), "beam-2".to_owned()];
        let all = [
            outage(1, 12_310_000, Some(13_000_000)),
            outage(0, 12_300_000, Some(13_900_000)),
            outage(0, 20_000_000, None),
        ];
        assert_eq!(
            summary(&all, &names),
            [
                "2 connections were lost at 12.3 s, all back after 1.6 s: reset",
                "the connection of beam-1 was lost at 20.0 s, 1 of them not back: reset",
            ]
        );
        assert!(summary(&[], &names).is_empty());
    }
}
