//! A system under test that somebody else wrote, as its contract describes it: its places, its serial lines, the
//! platform behind it, its programs.

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use palisade_sim::whole::Tape;
use palisade_sim::words::DeviceIx;

use super::places::Places;
use super::processes::{Processes, Program, Ready};
use super::serial::{SerialLine, SerialRow};
use crate::contract::{self, Carrier, Contract, Decoder, DeviceRow, Target};
use crate::drivers::fleet::{Common, Figures};
use crate::drivers::mqtt::Address;
use crate::drivers::serial::Spec;
use crate::observe::{Cloud, Source};
use crate::pairing::{Rule, To};
use crate::wire::modbus::{LineRate, Parity};

/// A contract with its place.
#[derive(Clone, Debug, PartialEq)]
pub struct Outside {
    /// As typed. What it names lies beside it.
    pub path: PathBuf,
    /// What it says.
    pub contract: Contract,
}

/// Where everything is in one run.
pub(super) struct Stage<'a> {
    outside: &'a Outside,
    places: Places,
}

impl<'a> Stage<'a> {
    /// Picks ports; the gateway's files go into `sut` of the run's folder.
    pub(super) fn set(outside: &'a Outside, folder: &Path, site: &str) -> Result<Stage<'a>, String> {
        let work = std::path::absolute(folder.join("sut"))
            .map_err(|error| format!("{} is no folder: {error}", folder.display()))?;
        std::fs::create_dir_all(&work)
            .map_err(|error| format!("{} could not be made: {error}", work.display()))?;
        let places = Places::pick(work, site.to_owned(), &outside.contract.ports.names)
            .map_err(|error| format!("no free port could be had: {error}"))?;
        Ok(Stage { outside, places })
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
        let on = |row: &DeviceRow| -> Vec<DeviceIx> {
            let fits = |row: &DeviceRow, at: usize| {
                let device = &tape.devices[at];
                row.fits(device.class, device.id.as_str())
            };
            let wins =
                |at: usize| rows.iter().find(|other| fits(other, at)).is_some_and(|first| first == row);
            (0..tape.devices.len()).filter(|at| wins(*at)).map(|at| DeviceIx(at as u32)).collect()
        };
        let mut lines = Vec::new();
        for link in &self.outside.contract.link {
            if link.carrier != Carrier::ModbusRtu {
                continue;
            }
            let (id, pty) = (&link.id, link.pty.as_deref().unwrap_or_default());
            let mut spec = Spec {
                name: id.clone(),
                link: PathBuf::from(self.places.fill(pty)?),
                rate: Default::default(),
                turnaround_us: 5_000,
                hold_us: 2_000_000,
                pace: Default::default(),
                faults: Default::default(),
                seed,
            };
            spec.rate = LineRate { baud: link.baud, parity: parity(link.parity), stop_bits: link.stop_bits };
            let here = rows.iter().filter(|row| row.link == *id).filter_map(|row| {
                let (unit_from, inputs_per_unit) = row.unit_from.zip(row.inputs_per_unit)?;
                Some(SerialRow { devices: on(row), unit_from, inputs_per_unit })
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

    /// Starts its programs.
    pub(super) fn start(&self, stop: &dyn Fn() -> bool) -> Result<Processes, String> {
        let programs: Vec<Program> = self.outside.contract.process.iter().map(program).collect();
        let beside = self.outside.path.parent().unwrap_or(Path::new(""));
        Processes::start(&programs, beside, &self.places, stop)
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

fn parity(parity: contract::Parity) -> Parity {
    match parity {
        contract::Parity::None => Parity::None,
        contract::Parity::Even => Parity::Even,
        contract::Parity::Odd => Parity::Odd,
    }
}

/// The reading of all answers: the gateway's words mean what a device can say by the tape.
pub(super) fn reading(contract: &Contract, site: &str, tape: &Tape) -> Decoder {
    let mut signals: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for stimulus in &tape.stimuli {
        if let Some(device) = tape.devices.get(stimulus.device.index()) {
            signals.entry(device.id.to_string()).or_default().insert(stimulus.signal.word());
        }
    }
    let link = contract.reaction.first().map_or("", |row| row.link.as_str());
    Decoder::of(contract, link, site, signals)
}
