//! What a discrete input means: the list that an installer types, a row for each input.
//!
//! `unit,input,site,device,class,on,on_kind,off,off_kind`: when the input of the unit goes on, the device says `on`, as loudly
//! as `on_kind`; when it goes off, `off`. A row without `off` says nothing then.

use std::collections::BTreeMap;

use serde::Deserialize;

/// One row.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Row {
    /// The slave, 1..=247.
    pub unit: u8,
    /// Its discrete input, from 0.
    pub input: u16,
    /// The site, as topics name it.
    pub site: String,
    /// The device.
    pub device: String,
    /// Its class.
    pub class: String,
    /// What it says when the input goes on.
    pub on: String,
    /// How loudly: `alarm`, `warning`, `restore`, `info`.
    pub on_kind: String,
    /// What it says when the input goes off; empty for nothing.
    pub off: String,
    /// How loudly.
    pub off_kind: String,
}

/// Why a list is of no use.
#[derive(Debug, thiserror::Error)]
pub enum BadList {
    /// A row cannot be read.
    #[error("{0}")]
    Row(#[from] csv::Error),
    /// A slave that cannot be.
    #[error("unit {0} is none that a slave may have; write 1 to 247")]
    Unit(u8),
    /// Two rows speak of one input.
    #[error("input {1} of unit {0} stands there twice")]
    Twice(u8, u16),
    /// No row.
    #[error("it holds no row")]
    Empty,
    /// Inputs too far apart for one question.
    #[error("the inputs of unit {0} reach over more than 2,000 addresses, which no question may ask for")]
    TooWide(u8),
}

/// All rows by unit and input.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Inputs {
    rows: BTreeMap<u8, BTreeMap<u16, Row>>,
}

/// What an input's change says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Said {
    /// The site.
    pub site: String,
    /// The device.
    pub device: String,
    /// Its class.
    pub class: String,
    /// The signal.
    pub signal: String,
    /// How loudly.
    pub kind: String,
}

impl Inputs {
    /// Reads a list.
    ///
    /// # Errors
    /// With the first thing that is wrong.
    pub fn read(text: &str) -> Result<Inputs, BadList> {
        let mut inputs = Inputs::default();
        for row in csv::Reader::from_reader(text.as_bytes()).deserialize() {
            let row: Row = row?;
            let (unit, input) = (row.unit, row.input);
            if !(1..=247).contains(&unit) {
                return Err(BadList::Unit(unit));
            }
            if inputs.rows.entry(unit).or_default().insert(input, row).is_some() {
                return Err(BadList::Twice(unit, input));
            }
            let (first, count) = inputs.span(unit);
            if usize::from(first) + usize::from(count) > 65_536 || count > 2_000 {
                return Err(BadList::TooWide(unit));
            }
        }
        if inputs.rows.is_empty() { Err(BadList::Empty) } else { Ok(inputs) }
    }

    /// The units that are polled.
    pub fn units(&self) -> Vec<u8> {
        self.rows.keys().copied().collect()
    }

    /// First address and number of inputs that are asked for.
    pub fn span(&self, unit: u8) -> (u16, u16) {
        let rows = self.rows.get(&unit);
        let ends = rows.and_then(|rows| rows.keys().next().zip(rows.keys().next_back()));
        ends.map_or((0, 0), |(first, last)| (*first, (last - first).saturating_add(1)))
    }

    /// What follows when the inputs of a unit, from the first of its span, are now so and were so before. Before the
    /// first answer all are taken to have been off.
    pub fn changes(&self, unit: u8, before: &[bool], now: &[bool]) -> Vec<Said> {
        let (first, _) = self.span(unit);
        let Some(rows) = self.rows.get(&unit) else { return Vec::new() };
        let said = |(input, row): (&u16, &Row)| {
            let at = usize::from(input - first);
            let (was, is) = (before.get(at).copied().unwrap_or(false), *now.get(at)?);
            let (signal, kind) = if is { (&row.on, &row.on_kind) } else { (&row.off, &row.off_kind) };
            (was != is && !signal.is_empty()).then(|| Said {
                site: row.site.clone(),
                device: row.device.clone(),
                class: row.class.clone(),
                signal: signal.clone(),
                kind: kind.clone(),
            })
        };
        rows.iter().filter_map(said).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIST: &str = "unit,input,site,device,class,on,on_kind,off,off_kind\n\
        1,2,yard,beam-1,beam,beam_broken,alarm,beam_restored,restore\n\
        1,5,yard,shed,charger,socket_hot,alarm,,\n";

    #[test]
    fn changes_are_said_once_each_way() {
        let inputs = Inputs::read(LIST).expect("sound");
        assert_eq!((inputs.units(), inputs.span(1)), (vec![1], (2, 4)));
        let words = |before: &[bool], now: &[bool]| -> Vec<String> {
            inputs.changes(1, before, now).into_iter().map(|s| format!("{} {}", s.device, s.signal)).collect()
        };
        let (off, on) = ([false; 4], [true; 4]);
        assert_eq!(words(&[], &on), ["beam-1 beam_broken", "shed socket_hot"]);
        assert_eq!(words(&on, &on), Vec::<String>::new());
        assert_eq!(words(&on, &off), ["beam-1 beam_restored"]);
        assert_eq!(words(&[], &off), Vec::<String>::new());
    }

    #[test]
    fn what_is_wrong_is_said() {
        for (from, to, said) in [
            ("1,5,", "1,2,", "input 2 of unit 1 stands there twice"),
            ("1,5,", "248,5,", "unit 248 is none"),
            ("1,5,", "1,2005,", "more than 2,000 addresses"),
            ("1,5,", "one,5,", "invalid digit"),
            ("off_kind\n", "loud\n", "loud"),
        ] {
            let wrong = Inputs::read(&LIST.replace(from, to)).expect_err(said).to_string();
            assert!(wrong.contains(said), "{wrong}");
        }
        assert!(matches!(Inputs::read(LIST.lines().next().expect("a row")), Err(BadList::Empty)));
    }
}
