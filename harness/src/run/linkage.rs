//! The linkage list of a compound (联动表), as an installer would type it: which camera shows what an alarm is about, which
//! doors and barriers open in a fire, that a door opens when the resident says yes, and that an arm goes up again which met
//! something. A gateway finds it in its folder as `linkage.csv`.

use std::path::{Path, PathBuf};

use palisade_sim::analysis::caster::Caster;
use palisade_sim::analysis::rules::watching;
use palisade_sim::model::Scenario;
use palisade_sim::words::Id;

use super::folder;
use crate::exit::{Exit, Failure};
use crate::reference::Linkage;
use crate::reference::linkage::Row;

/// Its name.
pub(super) const FILE: &str = "linkage.csv";

/// Writes the list into a folder; its path.
pub(super) fn write(scenario: &Scenario, to: &Path) -> Result<PathBuf, Failure> {
    let text = Linkage::write(&rows(scenario)).map_err(|error| Failure::new(Exit::Bug, error))?;
    let path = to.join(FILE);
    folder::write(&path, text.as_bytes())?;
    Ok(path)
}

fn rows(scenario: &Scenario) -> Vec<Row> {
    let kit = &scenario.file.kit;
    let caster = Caster::of(scenario);
    let row = |device: &Id, signal: &str, to: &Id, command: &str| Row {
        device: device.to_string(),
        signal: signal.to_owned(),
        to: to.to_string(),
        command: command.to_owned(),
    };
    let beams = kit.beam.iter().map(|beam| (&beam.id, "beam_broken"));
    let buttons = kit.gate_post.iter().map(|post| (&post.id, "panic_pressed"));
    let mut rows: Vec<Row> = Vec::new();
    for (device, signal) in beams.chain(buttons) {
        let cameras = watching(scenario, &caster, device);
        rows.extend(cameras.iter().map(|camera| row(device, signal, camera, "show")));
    }
    let smoke = kit.smoke_detector.iter().map(|detector| (&detector.id, "smoke_alarm"));
    let heat = kit.heat_detector.iter().map(|detector| (&detector.id, "heat_alarm"));
    for (device, signal) in smoke.chain(heat) {
        rows.extend(kit.intercom.iter().map(|door| row(device, signal, &door.id, "release")));
        rows.extend(kit.barrier.iter().map(|barrier| row(device, signal, &barrier.id, "lift")));
    }
    rows.extend(kit.intercom.iter().map(|door| row(&door.id, "call_confirmed", &door.id, "unlock")));
    rows.extend(kit.barrier.iter().map(|barrier| row(&barrier.id, "arm_blocked", &barrier.id, "lift")));
    rows
}

#[cfg(test)]
mod tests {
    use palisade_sim::model::load::{SourceText, load};

    use super::*;

    #[test]
    fn the_yard_links_its_north_wall_with_the_camera_along_it_and_a_fire_with_every_way_out() {
        let source = |name: &str, text: &str| SourceText { name: name.to_owned(), text: text.to_owned() };
        let (toml, site) = (
            include_str!("../../../scenarios/tiny.toml"),
            include_str!("../../../scenarios/sites/tiny.geojson"),
        );
        let scenario = load(&source("tiny.toml", toml), Some(&source("tiny.geojson", site))).expect("sound");
        let rows = rows(&scenario);
        let told = |device: &str| -> Vec<&str> {
            rows.iter().filter(|row| row.device == device).map(|row| row.to.as_str()).collect()
        };
        assert!(told("beam-north").contains(&"cam-north-wall"), "{:?}", told("beam-north"));
        assert!(!told("beam-north").contains(&"cam-south-gate"), "{:?}", told("beam-north"));
        let ways = ["door-b01-1", "door-b01-2", "door-b02-1", "door-b02-2", "barrier-south"];
        assert_eq!(told("smoke-shed"), ways);
        assert_eq!(told("smoke-shed"), told("heat-shed"));
        let of = |device: &str| -> Vec<(&str, &str)> {
            let its = rows.iter().filter(|row| row.device == device && row.to == device);
            its.map(|row| (row.signal.as_str(), row.command.as_str())).collect()
        };
        assert_eq!(of("door-b01-1"), [("call_confirmed", "unlock")]);
        assert_eq!(of("barrier-south"), [("arm_blocked", "lift")]);
    }
}
