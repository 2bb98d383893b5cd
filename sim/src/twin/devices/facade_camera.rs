//! Cameras that look up a facade (高空抛物监控): a falling object on enough frames leads back to its window.

use crate::analysis::facade::fall::Flight;
use crate::analysis::facade::frames::enough_frames;
use crate::analysis::facade::window::{Column, nearest_column, storey_of};
use crate::contract::Signal;
use crate::model::site::Building;
use crate::words::Draw;

/// Gravity, m/s².
const GRAVITY: f64 = 9.81;

/// What a camera made of a fall.
#[derive(Clone, Debug, PartialEq)]
pub struct Report {
    /// Time from the throw to the last frame on which it was seen, s.
    pub last_s: f64,
    /// What it says.
    pub signal: Signal,
}

/// Leads frames back to a window. The analytics measure height and speed on the first frames and let the object
/// rise again without drag: z + v²/2g; a pixel's worth of error in height comes on top.
pub fn traced(building: &Building, columns: &[Column], frames: &[Flight], draw: &mut Draw) -> Option<Report> {
    let (first, last) = (frames.first()?, frames.last()?);
    if (frames.len() as u32) < enough_frames() {
        return None;
    }
    let fallen =
        if first.velocity[2] < 0.0 { first.velocity[2] * first.velocity[2] / (2.0 * GRAVITY) } else { 0.0 };
    let height = first.place_m[2] + fallen + draw.normal_within(0.0, 0.3, -1.0, 1.0);
    let column = nearest_column(columns, [first.place_m[0], first.place_m[1]])?;
    let frames = frames.len() as u32;
    let signal = Signal::ObjectFell { storey: storey_of(building, height), column: column.number, frames };
    Some(Report { last_s: last.at_s, signal })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analysis::facade::fall::{Fall, Missile};
    use crate::analysis::facade::frames::{Filmed, seen};
    use crate::analysis::facade::window::{columns, sill_m};
    use crate::analysis::light::Light;
    use crate::analysis::sightlines::Caster;
    use crate::model::kit::FacadeCamera;
    use crate::model::site::{Site, Use};
    use crate::words::{AgentKey, Dice, Id};
    use geo::polygon;

    fn tower() -> Building {
        Building {
            id: Id::from("b01"),
            name: None,
            usage: Use::Residential,
            outline: polygon![(x: 0.0, y: 0.0), (x: 30.0, y: 0.0), (x: 30.0, y: 12.0), (x: 0.0, y: 12.0)],
            storeys: 18,
            height_m: 54.0,
            flats_per_storey: 2,
            height_assumed: false,
        }
    }

    fn site() -> Site {
        let origin = crate::model::site::Wgs84 { lon_deg: 120.0, lat_deg: 30.0 };
        Site {
            origin,
            compounds: vec![],
            buildings: vec![tower()],
            walls: vec![],
            gates: vec![],
            paths: vec![],
            trees: vec![],
            lamps: vec![],
            entrances: vec![],
            areas: vec![],
        }
    }

    /// Stands 25 m south of the facade and looks up at it.
    fn camera(bearing_deg: f64) -> FacadeCamera {
        FacadeCamera {
            id: Id::from("fc-1"),
            at_m: [15.0, -25.0],
            height_m: 3.0,
            building: Id::from("b01"),
            bearing_deg,
            elevation_deg: 40.0,
            hfov_deg: 80.0,
            pixels: [2560, 1440],
            frames_per_s: 25.0,
        }
    }

    /// What a camera reports about a pot of one kilogram from a storey of a column of the south side.
    fn reports(camera: &FacadeCamera, storey: u32, column: usize) -> Option<Signal> {
        let (building, rays) = (tower(), Caster::new(&site()));
        let columns = columns(&building);
        let from = columns[column];
        let start = [from.foot_m[0], from.foot_m[1] + 0.4 * from.outward[1], sill_m(&building, storey)];
        let missile = Missile::lump(1.0);
        let fall = Fall::of(missile, start, [0.0, 1.5 * from.outward[1], 0.0]);
        let frames = seen(camera, &rays, missile, &fall, Filmed { phase_s: 0.013, light: Light::Day });
        let mut draw = Dice::new(3).draw(AgentKey::of("fc-1"), "trace", 0);
        traced(&building, &columns, &frames, &mut draw).map(|r| r.signal)
    }

    #[test]
    fn a_pot_is_led_back_to_its_window() {
        for storey in [6, 12, 15] {
            let Some(Signal::ObjectFell { storey: said, column, frames }) = reports(&camera(0.0), storey, 4)
            else {
                panic!("storey {storey} was not seen");
            };
            assert!((said - storey as i32).abs() <= 1, "{said} instead of {storey}");
            assert!(column == 5 && frames >= enough_frames(), "column {column}, {frames} frames");
        }
    }

    #[test]
    fn turned_away_or_on_the_other_side_of_the_house_it_sees_nothing() {
        assert_eq!(reports(&camera(180.0), 12, 4), None);
        let north = columns(&tower()).iter().position(|c| c.outward[1] > 0.5).expect("a north side");
        assert_eq!(reports(&camera(0.0), 12, north + 4), None);
    }
}
