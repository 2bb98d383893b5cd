//! Serial lines of a contract: their keys, and the rows of devices on them.

use super::super::{Carrier, DeviceRow, LineFaults, Link};
use super::Desk;
use crate::wire::modbus::module::inputs;

impl Desk<'_> {
    /// What only a serial line has.
    pub(super) fn line(&mut self, i: usize, link: &Link) {
        let path = |key: &str| format!("link[{i}].{key}");
        if link.carrier != Carrier::ModbusRtu {
            let keys = [
                ("hold", link.hold.is_some()),
                ("turnaround", link.turnaround.is_some()),
                ("pace", link.pace.is_some()),
                ("faults", link.faults.is_some()),
            ];
            for (key, _) in keys.iter().filter(|(_, given)| *given) {
                let message = format!("`{key}` says something about serial lines only");
                self.wrong(&path(key), "contract::link", message, "remove it, or change `carrier`");
            }
            return;
        }
        if !(300..=1_000_000).contains(&link.baud) {
            let message = format!("{} bits a second is no speed of a serial line", link.baud);
            self.wrong(&path("baud"), "contract::serial", message, "write one such as 9600 or 115200");
        }
        if !(1..=2).contains(&link.stop_bits) {
            let message = format!("{} stop bits", link.stop_bits);
            self.wrong(&path("stop_bits"), "contract::serial", message, "write 1 or 2");
        }
        if link.hold.is_some_and(|hold| hold.0.0 <= 0) {
            let message = "an input that is held for nothing is never seen".to_owned();
            self.wrong(&path("hold"), "contract::serial", message, "write how long, such as \"2s\"");
        }
        if let Some(faults) = &link.faults {
            self.faults(&path("faults"), faults);
        }
    }

    fn faults(&mut self, path: &str, faults: &LineFaults) {
        let shares = faults.shares();
        let bad = |share: f64| !(0.0..=1.0).contains(&share);
        for (key, share) in shares.iter().filter(|(_, share)| bad(*share)) {
            let message = format!("{share} is no share of all answers");
            self.wrong(&format!("{path}.{key}"), "contract::faults", message, "write a number from 0 to 1");
        }
        let sum: f64 = shares.iter().map(|(_, share)| share).sum();
        if sum > 1.0 && !shares.iter().any(|(_, share)| bad(*share)) {
            let message = format!("an answer suffers one fault at most, and these shares sum to {sum}");
            self.wrong(path, "contract::faults", message, "lower them, so that they sum to 1 at most");
        }
        if faults.slow > 0.0 && faults.slow_by.0.0 <= 0 {
            let message = "a slow answer must come later than others".to_owned();
            let path = format!("{path}.slow_by");
            self.wrong(&path, "contract::faults", message, "write how late it comes, such as \"500ms\"");
        }
    }

    /// What a row of devices on a serial line needs.
    pub(super) fn on_line(&mut self, i: usize, row: &DeviceRow) {
        let path = |key: &str| format!("device[{i}].{key}");
        let given = [
            ("unit_from", row.unit_from.is_some(), 1),
            ("inputs_per_unit", row.inputs_per_unit.is_some(), 16),
        ];
        for (key, _, usual) in given.iter().filter(|(_, given, _)| !given) {
            let message = format!("devices on a serial line need `{key}`");
            self.wrong(&path("link"), "contract::serial", message, format!("add `{key} = {usual}`"));
        }
        if row.unit_from.is_some_and(|u| !(1..=247).contains(&u)) {
            let message = "units run from 1 to 247".to_owned();
            self.wrong(&path("unit_from"), "contract::serial", message, "write a number in that range");
        }
        if row.inputs_per_unit == Some(0) {
            let message = "a unit without inputs shows nothing".to_owned();
            self.wrong(
                &path("inputs_per_unit"),
                "contract::serial",
                message,
                "write how many it has, such as 16",
            );
        }
        for (k, class) in row.class.iter().enumerate().filter(|(_, class)| inputs(**class).is_empty()) {
            let message = format!("a {} has nothing that an I/O module could show", class.word());
            let help = "remove it here; devices without a row of their own speak on the broker";
            self.wrong(&path(&format!("class[{k}]")), "contract::serial", message, help);
        }
    }

    /// Two rows of one line cannot begin with one unit, whatever devices there are.
    pub(super) fn unit_twice(&mut self, i: usize, row: &DeviceRow) {
        let same = |other: &DeviceRow| other.link == row.link && other.unit_from == row.unit_from;
        let (Some(unit), true) = (row.unit_from, self.contract.device[..i].iter().any(same)) else { return };
        let message = format!("unit {unit} of `{}` is given twice: a row above begins with it", row.link);
        let help = "begin with a unit behind those that the row above needs";
        self.wrong(&format!("device[{i}].unit_from"), "contract::units", message, help);
    }
}
