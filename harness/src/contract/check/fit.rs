//! Whether a contract fits the kit of a scenario: devices that it names, rows that no device comes to, units of serial
//! lines.

use palisade_sim::contract::Class;
use palisade_sim::model::typed::{Problem, remedy};
use palisade_sim::words::DeviceIx;

use super::super::{Carrier, Kit, Target};
use super::Desk;
use crate::wire::modbus::module::{DoesNotFit, Table};

impl Desk<'_> {
    /// A remark at a place: the contract can be used as it is.
    pub(super) fn remark(&mut self, path: &str, code: &'static str, message: String, help: &str) {
        self.warnings.add(Problem::new(self.source, self.spans.at(path), code, message, help).warning());
    }

    /// Adds what does not fit.
    pub(super) fn kit(&mut self, kit: &Kit) {
        let unknown = self.named_devices(kit);
        let of_row = self.of_rows(kit);
        self.rows_without_devices(&of_row, &unknown);
        self.lines(kit, &of_row);
        for (i, row) in self.contract.reaction.iter().enumerate() {
            if !row.class.is_empty() && !kit.has_one_of(&row.class) {
                let message = "no device of the scenario is of such a class".to_owned();
                let help =
                    "nothing is expected by this row here; leave it for other sites, or name another class";
                self.remark(&format!("reaction[{i}].class"), "contract::no-device", message, help);
            }
        }
        self.targets(kit);
    }

    /// Every device that a row names must be there. Returns which rows name one that is not.
    fn named_devices(&mut self, kit: &Kit) -> Vec<usize> {
        let mut unknown = Vec::new();
        for (i, row) in self.contract.device.iter().enumerate() {
            for (k, name) in row.devices.iter().enumerate() {
                if self.unknown_device(&format!("device[{i}].devices[{k}]"), name, kit) {
                    unknown.push(i);
                }
            }
        }
        unknown
    }

    fn unknown_device(&mut self, path: &str, name: &str, kit: &Kit) -> bool {
        let unknown = kit.devices.iter().all(|(id, _)| id != name);
        if unknown {
            let ids: Vec<&str> = kit.devices.iter().map(|(id, _)| id.as_str()).collect();
            let message = format!("the scenario has no device `{name}`");
            self.wrong(path, "contract::unknown-device", message, remedy(name, &ids));
        }
        unknown
    }

    /// The devices that come to each row, in the order of the kit.
    fn of_rows(&self, kit: &Kit) -> Vec<Vec<(DeviceIx, Class)>> {
        let mut of_row = vec![Vec::new(); self.contract.device.len()];
        for (ix, (id, class)) in kit.devices.iter().enumerate() {
            if let Some(row) = self.contract.speech_row(*class, id) {
                of_row[row].push((DeviceIx(ix as u32), *class));
            }
        }
        of_row
    }

    fn rows_without_devices(&mut self, of_row: &[Vec<(DeviceIx, Class)>], unknown: &[usize]) {
        for (i, row) in self.contract.device.iter().enumerate() {
            if !of_row[i].is_empty() || unknown.contains(&i) {
                continue;
            }
            if row.devices.is_empty() {
                let message = "no device of the scenario comes here".to_owned();
                let help = "leave the row for other sites, or remove it";
                let key = if row.class.is_empty() { "link" } else { "class" };
                self.remark(&format!("device[{i}].{key}"), "contract::no-device", message, help);
            } else {
                let message = "none of these devices comes here: rows above fit them".to_owned();
                let help = "put this row above those, or remove it";
                self.wrong(&format!("device[{i}].devices"), "contract::unreached", message, help);
            }
        }
    }

    /// The devices of each serial line must have room in its units, and no unit be given twice.
    fn lines(&mut self, kit: &Kit, of_row: &[Vec<(DeviceIx, Class)>]) {
        for link in self.contract.link.iter().filter(|l| l.carrier == Carrier::ModbusRtu) {
            let mut line = Table::default();
            for (i, row) in self.contract.device.iter().enumerate().filter(|(_, row)| row.link == link.id) {
                let Some((unit_from, inputs)) = row.unit_from.zip(row.inputs_per_unit) else { continue };
                if !(1..=247).contains(&unit_from) || inputs == 0 {
                    // That is said already, without a scenario.
                    continue;
                }
                let path = |key: &str| format!("device[{i}].{key}");
                let devices = &of_row[i];
                match Table::allot(devices.iter().copied(), unit_from, inputs) {
                    Ok(table) => self.join(&path("unit_from"), &mut line, table, &link.id),
                    Err(DoesNotFit::Units) => {
                        let message = format!(
                            "{} devices with {inputs} inputs a unit from unit {unit_from} on need units beyond 247",
                            devices.len()
                        );
                        let help = "give each unit more inputs, begin lower, or split the line";
                        self.wrong(&path("unit_from"), "contract::units", message, help);
                    }
                    Err(error @ DoesNotFit::Inputs { wanted, .. }) => {
                        let help = format!("write {wanted} or more; 16 is usual");
                        self.wrong(&path("inputs_per_unit"), "contract::units", error.to_string(), help);
                    }
                    Err(DoesNotFit::Class(class)) => self.not_on_a_line(&path, class, devices, kit),
                }
            }
        }
    }

    fn join(&mut self, path: &str, line: &mut Table, table: Table, link: &str) {
        let last = line.units().keys().next_back().copied();
        if let Err(unit) = line.join(table) {
            let message = format!("unit {unit} of `{link}` is given twice: a row above has it already");
            let help = match last {
                Some(last) if last < 247 => format!("units up to {last} are taken; write {}", last + 1),
                _ => "split the line: every unit of it is taken".to_owned(),
            };
            self.wrong(path, "contract::units", message, help);
        }
    }

    /// A device whose class has no inputs. A class that is named says so without a scenario.
    fn not_on_a_line(
        &mut self,
        path: &dyn Fn(&str) -> String,
        class: Class,
        devices: &[(DeviceIx, Class)],
        kit: &Kit,
    ) {
        let first = devices.iter().find(|(_, c)| *c == class);
        let id = first.and_then(|(ix, _)| kit.devices.get(ix.index())).map_or("", |(id, _)| id.as_str());
        let message = format!("`{id}` is a {}, which no I/O module could show", class.word());
        let help = "give it a row of its own above, on another link";
        self.wrong(&path("link"), "contract::serial", message, help);
    }

    /// Commands must have somebody who can be told.
    fn targets(&mut self, kit: &Kit) {
        for (i, row) in self.contract.command.iter().enumerate() {
            let path = format!("command[{i}].to");
            match &row.to {
                Target::Itself => {}
                Target::Devices(names) => {
                    for (k, name) in names.iter().enumerate() {
                        self.unknown_device(&format!("{path}.devices[{k}]"), name, kit);
                    }
                }
                Target::Class(class) if kit.has_one_of(&[*class]) => {}
                Target::Class(class) => {
                    let message =
                        format!("the scenario has no {}, so that nobody could be told this", class.word());
                    if row.class.is_empty() || kit.has_one_of(&row.class) {
                        self.wrong(&path, "contract::no-device", message, "name devices that it has");
                    } else {
                        let help = "nothing is owed by this row here; leave it for other sites";
                        self.remark(&path, "contract::no-device", message, help);
                    }
                }
            }
        }
    }
}
