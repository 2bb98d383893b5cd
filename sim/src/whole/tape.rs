//! The tape: incidents and stimuli of one run, in order, with a digest.

use serde::{Deserialize, Serialize};

use super::chunk::{Reader, Unreadable, Writer};
use crate::contract::{Class, Incident, Stimulus};
use crate::words::{Id, Ms};

const WHAT: &str = "tape";
const MAGIC: &[u8; 8] = b"PALTAPE\n";
const VERSION: u32 = 1;

/// A row of the tape's device table.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TapeDevice {
    /// Its name in the kit.
    pub id: Id,
    /// Its class.
    pub class: Class,
    /// Where it is, m.
    pub at_m: [f64; 3],
    /// MQTT quality of service of its events.
    pub qos: u8,
}

/// The record of one run of the twin.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Tape {
    /// Name of the compound.
    pub name: String,
    /// Digest of the scenario's and the geometry's text.
    pub scenario_digest: String,
    /// The seed.
    pub seed: u64,
    /// Length of the day.
    pub lasting: Ms,
    /// Devices; stimuli point into it.
    pub devices: Vec<TapeDevice>,
    /// Incidents in order of (began, kind, actor); ids count from 0.
    pub incidents: Vec<Incident>,
    /// Stimuli in order of (due, device, signal); ids count from 0.
    pub stimuli: Vec<Stimulus>,
}

impl Tape {
    /// The tape as bytes: versioned, in chunks, each with the digest so far.
    pub fn to_bytes(&self) -> Vec<u8> {
        self.write(Writer::new(MAGIC, VERSION)).0
    }

    /// The digest of everything on the tape, 64 hexadecimal digits.
    pub fn digest(&self) -> String {
        self.write(Writer::digest_only()).1
    }

    fn write(&self, mut to: Writer) -> (Vec<u8>, String) {
        to.chunk(&(&self.name, &self.scenario_digest, self.seed, self.lasting, &self.devices));
        to.list(&self.incidents);
        to.list(&self.stimuli);
        to.finish()
    }

    /// Reads a tape back.
    ///
    /// # Errors
    /// When the bytes are not a tape, are cut, damaged, or of another version.
    pub fn from_bytes(bytes: &[u8]) -> Result<Tape, Unreadable> {
        let mut from = Reader::open(WHAT, bytes, MAGIC, VERSION)?;
        let (name, scenario_digest, seed, lasting, devices) = from.chunk()?;
        let (incidents, stimuli) = (from.list()?, from.list()?);
        from.finish()?;
        Ok(Tape { name, scenario_digest, seed, lasting, devices, incidents, stimuli })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contract::{Cause, IncidentKind, Nuisance, Origin, Place, Signal};
    use crate::words::{DeviceIx, IncidentId, StimulusId};
    use proptest::prelude::*;

    fn incident(id: u32, began: i64, ended: Option<i64>, actor: String) -> Incident {
        Incident {
            id: IncidentId(id),
            kind: IncidentKind::Trip,
            origin: Origin::Plan,
            began: Ms(began),
            ended: ended.map(Ms),
            place: Place::from_m(began as f64, 2.0, 0.0),
            actor,
            outcome: "went out".into(),
        }
    }

    fn stimulus(id: u32, due: i64, device: u32, flat: String, nuisance: bool) -> Stimulus {
        let cause = if nuisance { Cause::Nuisance(Nuisance::Bird) } else { Cause::Incident(IncidentId(0)) };
        Stimulus {
            id: StimulusId(id),
            due: Ms(due),
            device: DeviceIx(device),
            signal: Signal::CallStarted { flat },
            cause,
        }
    }

    fn tape(incidents: Vec<Incident>, stimuli: Vec<Stimulus>) -> Tape {
        let device =
            TapeDevice { id: Id::from("beam-1"), class: Class::Beam, at_m: [1.5, -2.0, 3.0], qos: 1 };
        Tape {
            name: "院子".into(),
            scenario_digest: "ab".into(),
            seed: 3,
            lasting: Ms::DAY,
            devices: vec![device],
            incidents,
            stimuli,
        }
    }

    fn long() -> Tape {
        let stimuli = (0..9000).map(|i| stimulus(i, i64::from(i) * 7, i % 5, format!("b{i}"), i % 2 == 0));
        tape(vec![incident(0, 5, None, "a".into())], stimuli.collect())
    }

    #[test]
    fn a_long_tape_comes_back_and_its_digest_is_that_of_its_records() {
        let written = long();
        let read = Tape::from_bytes(&written.to_bytes()).expect("it was just written");
        assert_eq!(read, written);
        assert_eq!(read.digest(), written.digest());
        let mut other = written.clone();
        other.stimuli[4097].due = Ms(1);
        assert_ne!(other.digest(), written.digest());
    }

    #[test]
    fn what_is_wrong_with_bytes_is_said() {
        let bytes = long().to_bytes();
        assert_eq!(Tape::from_bytes(b"PK\x03\x04 something"), Err(Unreadable::NotThis("tape")));
        let mut newer = bytes.clone();
        newer[8] = 9;
        assert_eq!(Tape::from_bytes(&newer), Err(Unreadable::Version { what: "tape", found: 9, wanted: 1 }));
        for keep in [9, 13, 40, bytes.len() / 2, bytes.len() - 1] {
            assert_eq!(Tape::from_bytes(&bytes[..keep]), Err(Unreadable::Cut("tape")), "{keep} bytes");
        }
        for at in (12..bytes.len()).step_by(997) {
            let mut flipped = bytes.clone();
            flipped[at] ^= 0x10;
            assert!(Tape::from_bytes(&flipped).is_err(), "byte {at} flipped and not noticed");
        }
    }

    proptest! {
        #[test]
        fn any_tape_comes_back(
            incidents in proptest::collection::vec((any::<i64>(), any::<Option<i64>>(), ".{0,12}"), 0..20),
            stimuli in proptest::collection::vec((any::<i64>(), any::<u32>(), ".{0,8}", any::<bool>()), 0..20),
        ) {
            let incidents = incidents.into_iter().enumerate()
                .map(|(i, (began, ended, who))| incident(i as u32, began, ended, who)).collect();
            let stimuli = stimuli.into_iter().enumerate()
                .map(|(i, (due, device, flat, odd))| stimulus(i as u32, due, device, flat, odd)).collect();
            let written = tape(incidents, stimuli);
            let read = Tape::from_bytes(&written.to_bytes());
            prop_assert_eq!(read, Ok(written));
        }
    }
}
