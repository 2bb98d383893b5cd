//! Which cameras show the place that a device watches: those whose picture an alarm of it brings up.

use super::super::caster::Caster;
use super::super::figures::figures;
use super::super::projection::View;
use super::super::sightlines::look;
use super::beam::broken_at;
use crate::model::Scenario;
use crate::words::Id;

/// The cameras that show, at their working density, some of what a device watches: a beam's whole zone, the place of
/// any other device. In the order of the kit; none for a device that the kit does not have.
pub fn watching(scenario: &Scenario, caster: &Caster, device: &Id) -> Vec<Id> {
    let places = places(scenario, device);
    let shows = |camera: &&crate::model::kit::Camera| {
        let view = View::of(camera);
        let seen = |at: &[f64; 3]| look(&view, camera, caster, *at);
        places.iter().filter_map(seen).any(|look| look.px_per_m >= camera.working_px_per_m)
    };
    scenario.file.kit.camera.iter().filter(shows).map(|camera| camera.id.clone()).collect()
}

fn places(scenario: &Scenario, device: &Id) -> Vec<[f64; 3]> {
    if let Some(beam) = scenario.file.kit.beam.iter().find(|beam| beam.id == *device) {
        return broken_at(beam);
    }
    let row = scenario.devices.iter().find(|row| row.id == *device);
    let low_m = figures().watching.low_m;
    row.map(|row| [row.at_m[0], row.at_m[1], row.at_m[2].max(low_m)]).into_iter().collect()
}
