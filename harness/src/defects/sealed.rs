//! An envelope with a gateway's defect. It can be handed to the gateway unread, and it is opened only by who has judged.

use crate::diagnosis::{Diagnosis, Record, diagnose};
use crate::reference::flaws::{Drawn, Row};

/// What a gateway is bent by, unread: nothing outside this file sees seed and row.
#[derive(Clone, Debug)]
pub struct Sealed {
    seed: u64,
    row: Row,
}

/// A verdict on a record. It cannot be had without a record, and nothing else goes into it.
#[derive(Clone, Debug)]
pub struct Judged {
    diagnosis: Diagnosis,
}

impl Judged {
    /// Judges what was seen, and only that.
    pub fn of(record: &Record) -> Judged {
        Judged { diagnosis: diagnose(record) }
    }

    /// Whether everything that was seen is explained.
    pub fn is_sure(&self) -> bool {
        self.diagnosis.unexplained == 0
    }
}

impl Sealed {
    /// A row of what a seed draws.
    pub fn new(seed: u64, row: Row) -> Sealed {
        Sealed { seed, row }
    }

    /// What the gateway's process is told.
    pub(super) fn arguments(&self) -> Vec<String> {
        let seed = self.seed;
        let row = match self.row {
            Row::Healthy | Row::Among(..) => return Vec::new(),
            Row::One(place) => place.to_string(),
            Row::Two(place) => format!("pair-{place}"),
        };
        vec!["--seed".into(), seed.to_string(), "--sealed".into(), format!("{seed}/{row}")]
    }

    /// What the process of a gateway that somebody else wrote finds in its environment.
    pub(super) fn environment(&self) -> Vec<(&'static str, String)> {
        let drawn = self.row.open(self.seed).into_iter().next();
        drawn.map_or(Vec::new(), |Drawn { id, strength }| {
            vec![("PALISADE_DEFECT", id.to_owned()), ("PALISADE_STRENGTH", strength.to_string())]
        })
    }

    /// What the gateway was bent by, for a verdict that stands already.
    pub fn open(self, judged: Judged) -> (Vec<Drawn>, Diagnosis) {
        (self.row.open(self.seed), judged.diagnosis)
    }
}
