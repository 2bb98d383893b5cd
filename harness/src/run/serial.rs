//! Serial lines of a run: which devices are where, made before the gateway starts, since it opens them as its ports.

use std::path::PathBuf;

use palisade_sim::whole::Tape;
use palisade_sim::words::{DeviceIx, Ms};

use crate::drivers::Clock;
use crate::drivers::serial::{Lines, Spec};
use crate::record::Journal;
use crate::wire::modbus::module::Table;

/// A line that the gateway polls.
#[derive(Clone, Debug)]
pub struct SerialLine {
    /// The line itself.
    pub spec: Spec,
    /// Its devices, in rows.
    pub rows: Vec<SerialRow>,
}

/// Devices of a line whose inputs follow each other.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SerialRow {
    /// The devices, in the order of the kit.
    pub devices: Vec<DeviceIx>,
    /// The slave of the first one, 1..=247.
    pub unit_from: u8,
    /// Discrete inputs of each slave.
    pub inputs_per_unit: u16,
}

impl SerialLine {
    /// Where its devices are.
    ///
    /// # Errors
    /// A sentence, when they do not fit, or two rows use one slave.
    pub fn table(&self, tape: &Tape) -> Result<Table, String> {
        let name = &self.spec.name;
        let mut all = Table::default();
        for row in &self.rows {
            let class = |device: &DeviceIx| Some((*device, tape.devices.get(device.index())?.class));
            let devices = row.devices.iter().filter_map(class);
            let table = Table::allot(devices, row.unit_from, row.inputs_per_unit)
                .map_err(|error| format!("line {name}: {error}"))?;
            all.join(table).map_err(|unit| {
                format!(
                    "line {name}: two rows of devices use unit {unit}; give the later one a higher unit_from"
                )
            })?;
        }
        Ok(all)
    }

    /// The list of its inputs, beside the port's name: `line-1.csv` for `line-1`.
    pub fn list(&self) -> PathBuf {
        self.spec.link.with_extension("csv")
    }
}

/// Makes the lines, with the states of the first window, and writes the list of each.
pub(super) fn open(
    lines: &[SerialLine],
    tape: &Tape,
    first: Ms,
    site: &str,
    (clock, journal, part): (Clock, Journal, &'static str),
) -> Result<Lines, String> {
    let mut with_tables = Vec::new();
    for line in lines {
        let table = line.table(tape)?;
        let name = |device: DeviceIx| {
            tape.devices.get(device.index()).map_or_else(String::new, |row| row.id.to_string())
        };
        let list = line.list();
        std::fs::write(&list, table.csv(site, name))
            .map_err(|error| format!("{} could not be written: {error}", list.display()))?;
        with_tables.push((line.spec.clone(), table));
    }
    let lines = Lines::open(with_tables, clock, journal, part).map_err(|error| error.to_string())?;
    lines.begin(&tape.stimuli, first);
    Ok(lines)
}
