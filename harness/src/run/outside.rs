//! A system under test that somebody else wrote, as its contract describes it: its places, its serial lines, the
//! platform behind it, its programs.

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use palisade_sim::whole::Tape;
use palisade_sim::whole::tape::TapeDevice;
use palisade_sim::words::DeviceIx;

use super::city::{self, City};
use super::places::Places;
use super::processes::{Processes, Program, Ready};
use super::serial::{SerialLine, SerialRow};
use crate::contract::{self, Carrier, Contract, Decoder, Target};
use crate::drivers::Clock;
use crate::drivers::fleet::{Common, Figures};
use crate::drivers::mqtt::Address;
use crate::drivers::serial::{Faults, Pace, Spec};
use crate::observe::{Cloud, Source};
use crate::pairing::{Rule, To};
use crate::record::{self, Micros};
use crate::wire::command::Verb;
use crate::wire::modbus::LineRate;

/// How long a slave thinks where its line says nothing, µs.
const TURNAROUND_US: Micros = 5_000;
/// How long an input stays on that no signal clears where its line says nothing, µs.
const HOLD_US: Micros = 2_000_000;

/// A contract with its place.
#[derive(Clone, Debug, PartialEq)]
pub struct Outside {
    /// As typed. What it names lies beside it.
    pub path: PathBuf,
    /// What it says.
    pub contract: Contract,
}

impl Outside {
    /// Whether a device speaks on a serial line.
    pub(super) fn is_wired(&self, row: &TapeDevice) -> bool {
        let link =
            self.contract.speech(row.class, row.id.as_str()).and_then(|row| self.contract.link(&row.link));
        link.is_some_and(|link| link.carrier == Carrier::ModbusRtu)
    }
}

/// Where everything is in one run.
pub(super) struct Stage<'a> {
    outside: &'a Outside,
    places: Places,
}

impl<'a> Stage<'a> {
    /// Picks ports; the gateway's files go into `sut` of the run's folder.
    pub(super) fn set(outside: &'a Outside, folder: &Path, site: &str) -> Result<Stage<'a>, String> {
        let work = std::path::absolute(folder.join(record::SUT))
            .map_err(|error| format!("{} is no folder: {error}", folder.display()))?;
        std::fs::create_dir_all(&work)
            .map_err(|error| format!("{} could not be made: {error}", work.display()))?;
        let places = Places::pick(work, site.to_owned(), &outside.contract.ports.names)
            .map_err(|error| format!("no place for the gateway could be had: {error}"))?;
        Ok(Stage { outside, places })
    }

    /// The folder of the gateway's files.
    pub(super) fn work(&self) -> &Path {
        &self.places.work
    }

    /// The broker that devices connect to.
    pub(super) fn broker(&self) -> Result<Address, String> {
        let link = self.outside.contract.broker().ok_or("the contract has no mqtt link")?;
        let address = self.places.fill(link.address.as_deref().unwrap_or_default())?;
        address.parse().map_err(|error| format!("{error}"))
    }

    /// The serial lines, with the devices that are on them.
    pub(super) fn lines(&self, tape: &Tape, seed: u64) -> Result<Vec<SerialLine>, String> {
        let rows = &self.outside.contract.device;
        // By the place of the row: two rows that read the same are two rows.
        let on = |row: usize| -> Vec<DeviceIx> {
            let all = tape.devices.iter().enumerate();
            let here = all.filter(|(_, device)| {
                self.outside.contract.speech_row(device.class, device.id.as_str()) == Some(row)
            });
            here.map(|(at, _)| DeviceIx(at as u32)).collect()
        };
        let mut lines = Vec::new();
        for link in &self.outside.contract.link {
            if link.carrier != Carrier::ModbusRtu {
                continue;
            }
            let (id, pty) = (&link.id, link.pty.as_deref().unwrap_or_default());
            let spec = Spec {
                name: id.clone(),
                link: PathBuf::from(self.places.fill(pty)?),
                rate: LineRate { baud: link.baud, parity: link.parity, stop_bits: link.stop_bits },
                turnaround_us: link.turnaround.map_or(TURNAROUND_US, |t| t.0.0 * 1_000),
                hold_us: link.hold.map_or(HOLD_US, |hold| hold.0.0 * 1_000),
                pace: match link.pace.unwrap_or_default() {
                    contract::Pace::Frame => Pace::Frame,
                    contract::Pace::Byte => Pace::Byte,
                },
                faults: faults(link.faults.as_ref()).map_err(|why| format!("link {id}: {why}"))?,
                seed,
            };
            let here = rows.iter().enumerate().filter(|(_, row)| row.link == *id).filter_map(|(at, row)| {
                let (unit_from, inputs_per_unit) = row.unit_from.zip(row.inputs_per_unit)?;
                Some(SerialRow { devices: on(at), unit_from, inputs_per_unit })
            });
            lines.push(SerialLine { spec, rows: here.collect() });
        }
        Ok(lines)
    }

    /// Where answers are heard. A platform listens from now on.
    pub(super) fn source(
        &self,
        tape: &Tape,
        common: &Common,
        figures: &Arc<Figures>,
    ) -> Result<Source, String> {
        let contract = &self.outside.contract;
        let reaction = contract.reaction.first().ok_or("the contract says of no reaction")?;
        let reading = reading(contract, &self.places.site, tape);
        let cloud = match contract.link(&reaction.link) {
            Some(link) if link.carrier == Carrier::Thingsboard => {
                let listen = link.listen.as_deref().unwrap_or_default();
                let at = self.places.fill(listen)?;
                let address: SocketAddr =
                    at.parse().map_err(|_| format!("`{at}` is no address; write 127.0.0.1:PORT"))?;
                if !address.ip().is_loopback() {
                    return Err(format!("a platform listens to this machine only, and {address} is not"));
                }
                let cloud = Cloud::listen(address, common.clone(), figures.clone(), reading.clone());
                Some(cloud.map_err(|error| format!("the platform cannot listen at {address}: {error}"))?)
            }
            _ => None,
        };
        Ok(Source { reading, cloud })
    }

    /// The city platform behind it, if there is one; it listens from now on.
    pub(super) fn city(&self, tape: &Tape, common: &Common, seed: u64) -> Result<Option<City>, String> {
        let Some(upstream) = &self.outside.contract.upstream else { return Ok(None) };
        let reading = Decoder::upstream(upstream, &self.places.site, signals(tape));
        let at = self.places.fill(&upstream.listen)?;
        let address: SocketAddr =
            at.parse().map_err(|_| format!("`{at}` is no address; write 127.0.0.1:PORT"))?;
        if !address.ip().is_loopback() {
            return Err(format!("the city platform listens to this machine only, and {address} is not"));
        }
        city::open(upstream, address, (reading, common.clone()), seed).map(Some)
    }

    /// Commands that it owes.
    pub(super) fn rules(&self) -> Vec<Rule> {
        let rule = |row: &contract::CommandRow| Rule {
            signals: row.signal.clone(),
            severities: row.severity.clone(),
            classes: row.class.clone(),
            to: match &row.to {
                Target::Itself => To::Itself,
                Target::Class(class) => To::Class(*class),
                Target::Devices(names) => To::Devices(names.clone()),
            },
            command: row.command.clone(),
            deadline: row.deadline.0,
        };
        self.outside.contract.command.iter().map(rule).collect()
    }

    /// Starts its programs. Lines of their logs get their instants by the run's clock.
    pub(super) fn start(&self, clock: Clock, stop: &dyn Fn() -> bool) -> Result<Processes, String> {
        let programs: Vec<Program> = self.outside.contract.process.iter().map(program).collect();
        let beside = self.outside.path.parent().unwrap_or(Path::new(""));
        let places = Places { zero_us: clock.zero_us(), ..self.places.clone() };
        Processes::start(&programs, beside, &places, stop)
    }
}

fn program(process: &contract::Process) -> Program {
    Program {
        id: process.id.clone(),
        program: process.program.clone(),
        args: process.args.clone(),
        env: process.env.clone(),
        files: process.files.clone(),
        ready: process.ready.as_ref().map(|ready| match ready {
            contract::Ready::Port(name) => Ready::Port(name.clone()),
            contract::Ready::Line(line) => Ready::Line(line.clone()),
        }),
        patience: Duration::from_millis(u64::try_from(process.patience.0.0).unwrap_or(0)),
        install: process.install.clone(),
    }
}

/// The faults of a line, in the words of the driver.
fn faults(typed: Option<&contract::LineFaults>) -> Result<Faults, String> {
    let Some(typed) = typed else { return Ok(Faults::default()) };
    let share = |(key, share): (&str, f64)| match key {
        "slow" => format!("slow={share}/{}ms", typed.slow_by.0.0),
        key => format!("{}={share}", key.replace('_', "-")),
    };
    typed.shares().map(share).join(",").parse().map_err(|error| format!("{error}"))
}

/// The reading of all answers: the gateway's words mean what a device can say by the tape, or because of a command.
pub(super) fn reading(contract: &Contract, site: &str, tape: &Tape) -> Decoder {
    let link = contract.reaction.first().map_or("", |row| row.link.as_str());
    Decoder::of(contract, link, site, signals(tape))
}

/// What each device can say by the tape, or because of a command.
fn signals(tape: &Tape) -> BTreeMap<String, BTreeSet<String>> {
    let because_of_commands = |class| Verb::said_by(class).iter().map(|word| (*word).to_owned());
    let rows = tape.devices.iter().map(|row| (row.id.to_string(), because_of_commands(row.class).collect()));
    let mut signals: BTreeMap<String, BTreeSet<String>> = rows.collect();
    for stimulus in &tape.stimuli {
        if let Some(device) = tape.devices.get(stimulus.device.index()) {
            signals.entry(device.id.to_string()).or_default().insert(stimulus.signal.word());
        }
    }
    signals
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;
    use crate::contract::{Around, read};
    use palisade_sim::contract::Class;
    use palisade_sim::model::typed::SourceText;
    use palisade_sim::words::Ms;

    const CONTRACT: &str = r#"
        contract = 1
        name = "x"
        [[link]]
        id = "bus"
        carrier = "mqtt"
        address = "mqtt://127.0.0.1:1883"
        [[link]]
        id = "line-1"
        carrier = "modbus_rtu"
        pty = "{work}/line-1"
        baud = 19200
        hold = "700ms"
        turnaround = "12ms"
        pace = "byte"
        faults = { slow = 0.25, slow_by = "90ms", wrong_unit = 0.5 }
        [[device]]
        class = ["beam"]
        link = "line-1"
        unit_from = 3
        inputs_per_unit = 16
        [[reaction]]
        link = "bus"
    "#;

    fn outside(text: &str) -> Outside {
        let text = SourceText { name: "contract.toml".into(), text: text.into() };
        let around = Around { beside: &|_| true, set: &|_| true, kit: None };
        let checked = read(&text, &around).unwrap();
        Outside { path: "contract.toml".into(), contract: checked.contract }
    }

    fn tape() -> Tape {
        let device = |name: &str, class| TapeDevice { id: name.into(), class, at_m: [0.0; 3], qos: 1 };
        Tape {
            name: "yard".into(),
            scenario_digest: String::new(),
            seed: 1,
            lasting: Ms(1),
            devices: vec![device("cam", Class::Camera), device("b1", Class::Beam), device("b2", Class::Beam)],
            incidents: Vec::new(),
            stimuli: Vec::new(),
        }
    }

    #[test]
    fn a_line_is_as_its_contract_says() {
        let (outside, folder) = (outside(CONTRACT), tempfile::tempdir().unwrap());
        let lines = Stage::set(&outside, folder.path(), "yard").unwrap().lines(&tape(), 7).unwrap();
        let spec = &lines[0].spec;
        assert_eq!((spec.hold_us, spec.turnaround_us, spec.pace), (700_000, 12_000, Pace::Byte));
        assert_eq!((spec.rate.baud, spec.seed), (19_200, 7));
        assert_eq!(spec.faults.to_string(), "slow=0.25/90ms,wrong-unit=0.5");
        let bare = CONTRACT.lines().filter(|l| {
            !["hold", "turnaround", "pace", "faults"].iter().any(|key| l.trim().starts_with(key))
        });
        let outside = self::outside(&bare.collect::<Vec<_>>().join("\n"));
        let lines = Stage::set(&outside, folder.path(), "yard").unwrap().lines(&tape(), 7).unwrap();
        let spec = &lines[0].spec;
        assert_eq!((spec.hold_us, spec.turnaround_us, spec.pace), (2_000_000, 5_000, Pace::Frame));
        assert_eq!(spec.faults, Faults::default());
    }

    #[test]
    fn of_two_rows_that_read_the_same_the_first_has_the_devices() {
        let mut outside = outside(CONTRACT);
        outside.contract.device.push(outside.contract.device[0].clone());
        let folder = tempfile::tempdir().unwrap();
        let lines = Stage::set(&outside, folder.path(), "yard").unwrap().lines(&tape(), 7).unwrap();
        let devices: Vec<&[DeviceIx]> = lines[0].rows.iter().map(|row| row.devices.as_slice()).collect();
        assert_eq!(devices, [&[DeviceIx(1), DeviceIx(2)][..], &[]]);
    }
}
