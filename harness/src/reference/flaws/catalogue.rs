//! The catalogue of defects, `assets/catalogue/defects.toml`, and what is drawn from it.

use std::sync::OnceLock;

use palisade_sim::words::{AgentKey, Dice};
use serde::{Deserialize, Serialize};

/// One defect as the catalogue describes it.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Entry {
    /// Its name.
    pub id: String,
    /// What it spoils.
    pub strand: String,
    /// One sentence; the gateway is the subject.
    pub what: String,
    /// The weakest that is drawn.
    pub least: Option<f64>,
    /// The strongest that is drawn.
    pub most: Option<f64>,
    /// The unit of both.
    pub unit: Option<String>,
    /// Strands or ids that hide it, or that it hides.
    #[serde(default)]
    pub clashes: Vec<String>,
}

/// A defect with its strength.
#[derive(Clone, Debug, PartialEq)]
pub struct Drawn {
    /// Which one.
    pub id: &'static str,
    /// How strong, in the unit of the catalogue; 0 when it knows no degrees.
    pub strength: f64,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    defect: Vec<Entry>,
}

/// All defects, in the catalogue's order. A catalogue that does not read is empty, which a test forbids.
pub fn all() -> &'static [Entry] {
    static READ: OnceLock<Vec<Entry>> = OnceLock::new();
    READ.get_or_init(|| {
        let file = toml::from_str(include_str!("../../../../assets/catalogue/defects.toml"));
        file.map(|file: File| file.defect).unwrap_or_default()
    })
}

/// The defect with this name.
pub fn find(id: &str) -> Option<&'static Entry> {
    all().iter().find(|entry| entry.id == id)
}

impl Entry {
    /// The defect with a strength that the seed draws. What is counted is a whole number.
    pub fn draw(&'static self, seed: u64) -> Drawn {
        let unit = Dice::new(seed).draw(AgentKey::of(&self.id), "strength", 0).unit();
        let (least, most) = (self.least.unwrap_or(0.0), self.most.unwrap_or(0.0));
        let drawn = least + (most - least) * unit;
        Drawn { id: &self.id, strength: if most > 1.0 { drawn.round() } else { drawn } }
    }

    /// The defect in the middle of its range, when nobody says how strong.
    pub fn usual(&'static self) -> Drawn {
        let middle = (self.least.unwrap_or(0.0) + self.most.unwrap_or(0.0)) / 2.0;
        Drawn { id: &self.id, strength: if middle > 1.0 { middle.round() } else { middle } }
    }

    fn spares(&self, other: &Entry) -> bool {
        !self.clashes.iter().any(|name| *name == other.id || *name == other.strand)
    }

    /// Whether both can be told in one gateway: they spoil different things, and neither hides the other.
    pub fn goes_with(&self, other: &Entry) -> bool {
        self.strand != other.strand && self.spares(other) && other.spares(self)
    }
}

/// Every two that go together, in an order that the seed draws.
fn pairs(seed: u64) -> Vec<(&'static Entry, &'static Entry)> {
    let each = all().iter().enumerate();
    let mut pairs: Vec<_> = each
        .flat_map(|(i, one)| all()[i + 1..].iter().map(move |other| (one, other)))
        .filter(|(one, other)| one.goes_with(other))
        .collect();
    let dice = Dice::new(seed);
    pairs.sort_by_cached_key(|(one, other)| {
        dice.draw(AgentKey::of(&format!("{}+{}", one.id, other.id)), "pair", 0).bits()
    });
    pairs
}

/// What a gateway is bent by: a row of a draw. Nobody can tell from the row which defect it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Row {
    /// By nothing.
    Healthy,
    /// By one defect: the place in the order that the seed draws.
    One(usize),
    /// By one of those named: the place in the order of these that the seed draws.
    Among(&'static [&'static str], usize),
    /// By two: the place in the order of pairs that the seed draws.
    Two(usize),
}

impl Row {
    /// The defects of this row.
    pub fn open(self, seed: u64) -> Vec<Drawn> {
        match self {
            Row::Healthy => Vec::new(),
            Row::One(place) => {
                let dice = Dice::new(seed);
                let mut order: Vec<&'static Entry> = all().iter().collect();
                order.sort_by_cached_key(|entry| dice.draw(AgentKey::of(&entry.id), "place", 0).bits());
                order.get(place).map(|entry| entry.draw(seed)).into_iter().collect()
            }
            Row::Among(ids, place) => {
                let dice = Dice::new(seed);
                let mut order = ids.to_vec();
                order.sort_by_cached_key(|id| dice.draw(AgentKey::of(id), "place", 0).bits());
                let entry = order.get(place).and_then(|id| find(id));
                entry.map(|entry| entry.draw(seed)).into_iter().collect()
            }
            Row::Two(place) => {
                let pair = pairs(seed).into_iter().nth(place);
                pair.map(|(one, other)| vec![one.draw(seed), other.draw(seed)]).unwrap_or_default()
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn the_catalogue_reads_and_says_of_each_what_it_is() {
        assert!(all().len() >= 40, "{} defects", all().len());
        let ids: BTreeSet<&str> = all().iter().map(|entry| entry.id.as_str()).collect();
        assert_eq!(ids.len(), all().len(), "two have one name");
        let strands: BTreeSet<&str> = all().iter().map(|entry| entry.strand.as_str()).collect();
        for entry in all() {
            let range = (entry.least, entry.most, &entry.unit);
            let sound = matches!(range, (None, None, None))
                || matches!(range, (Some(least), Some(most), Some(_)) if least < most);
            assert!(sound, "{}: a range has `least` below `most`, and a unit", entry.id);
            for name in &entry.clashes {
                let known = ids.contains(name.as_str()) || strands.contains(name.as_str());
                assert!(known, "{}: `{name}` is no defect and no strand", entry.id);
            }
        }
    }

    #[test]
    fn a_seed_draws_each_defect_once_with_a_strength_of_its_range() {
        for seed in 1..20 {
            let drawn: Vec<Drawn> = (0..all().len()).flat_map(|row| Row::One(row).open(seed)).collect();
            let ids: BTreeSet<&str> = drawn.iter().map(|drawn| drawn.id).collect();
            assert_eq!(ids.len(), all().len());
            for Drawn { id, strength } in drawn {
                let range = find(id).map(|entry| (entry.least.unwrap_or(0.0), entry.most.unwrap_or(0.0)));
                assert!(range.is_some_and(|(least, most)| (least..=most).contains(&strength)), "{id}");
            }
        }
        assert_ne!(Row::One(0).open(1), Row::One(0).open(2));
        assert!(Row::Healthy.open(1).is_empty() && Row::One(1_000).open(1).is_empty());
    }

    #[test]
    fn a_pair_is_of_two_strands_and_the_seed_draws_which() {
        let strand = |drawn: &Drawn| find(drawn.id).map(|entry| entry.strand.clone());
        for row in 0..20 {
            let pair = Row::Two(row).open(3);
            assert_eq!(pair.len(), 2);
            assert_ne!(strand(&pair[0]), strand(&pair[1]));
        }
        assert_ne!(Row::Two(0).open(1), Row::Two(0).open(2));
    }
}
