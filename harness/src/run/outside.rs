//! A system under test that somebody else wrote, as its contract describes it: its places, its serial lines, the
//! platform behind it, its programs.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use palisade_sim::whole::Tape;
use palisade_sim::words::DeviceIx;

use super::places::Places;
use super::processes::{Processes, Program, Ready};
use super::serial::{SerialLine, SerialRow};
use crate::contract::{self, Contract, DeviceRow, Link, Reading};
use crate::drivers::fleet::{Common, Figures};
use crate::drivers::mqtt::Address;
use crate::drivers::serial::Spec;
use crate::observe::{Cloud, Source};

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
        let address = self.outside.contract.link.iter().find_map(|link| match link {
            Link::Mqtt { address, .. } => Some(address),
            _ => None,
        });
        let address = self.places.fill(address.ok_or("the contract has no mqtt link")?)?;
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
            let Link::ModbusRtu { id, pty, baud } = link else { continue };
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
            spec.rate.baud = baud.unwrap_or(spec.rate.baud);
            let here = rows.iter().filter(|row| row.link == *id).filter_map(|row| {
                let (unit_from, inputs_per_unit) = row.unit_from.zip(row.inputs_per_unit)?;
                Some(SerialRow { devices: on(row), unit_from, inputs_per_unit })
            });
            lines.push(SerialLine { spec, rows: here.collect() });
        }
        Ok(lines)
    }

    /// Where answers are heard. A platform listens from now on.
    pub(super) fn source(&self, common: &Common, figures: &Arc<Figures>) -> Result<Source, String> {
        let contract = &self.outside.contract;
        let reaction = contract.reaction.first().ok_or("the contract says of no reaction")?;
        let reading = Reading::new(reaction.clone(), &self.places.site);
        let cloud = match contract.named(&reaction.link) {
            Some(Link::Thingsboard { listen, .. }) => {
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
        Ok(Source { reading: Some(reading), cloud })
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
