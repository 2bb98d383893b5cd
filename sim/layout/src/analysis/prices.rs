//! What work and material cost: `assets/catalogue/prices.toml`, the one list from which every price is taken.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::contract::Class;
use crate::model::catalogue::{CameraModel, Catalogue, Form};
use crate::model::kit::{Beam, Camera, FirePointKind};
use crate::model::site::{Wall, WallKind};
use crate::model::typed::{self, Problem, Problems, SourceText, Typed};
use crate::model::{Device, Scenario};
use crate::words::Id;

/// Renminbi yuan by ISO 4217.
const CURRENCY: &str = "CNY";

/// Prices, yuan.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Prices {
    /// When they were put together.
    pub dated: String,
    /// How they were come by.
    pub how: How,
    /// Currency of all of them.
    pub currency: String,
    /// Work.
    pub work: Work,
    /// Material.
    pub material: Material,
    /// What is reckoned with where a layout does not say more.
    pub ordinary: Ordinary,
    /// One piece of each camera of the catalogue, without mounting.
    pub camera: BTreeMap<Id, f64>,
    /// One pair of each of the catalogue's beams, without posts and mounting.
    pub beam: BTreeMap<Id, f64>,
    /// One metre of a new wall of the perimeter, in place.
    pub wall: Walls,
    /// One piece of everything else, in place.
    pub device: Devices,
}

/// How prices were come by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum How {
    /// Nobody's offer.
    Assumed,
    /// Somebody's offer.
    Quoted,
}

impl How {
    /// The word for it.
    pub fn word(self) -> &'static str {
        match self {
            How::Assumed => "assumed",
            How::Quoted => "quoted",
        }
    }
}

/// Work, yuan each.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Work {
    /// Two fitters come, set one device's angles and check its picture.
    pub visit: f64,
    /// One device is changed for another on its bracket.
    pub swap: f64,
    /// One device is fixed and connected.
    pub mount: f64,
    /// One device is taken down.
    pub take_down: f64,
    /// One tree is pruned.
    pub trim: f64,
}

/// Material, yuan.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Material {
    /// A bracket.
    pub bracket: f64,
    /// A metre of a longer bracket or pole.
    pub extension_per_m: f64,
    /// A pole with its foundation.
    pub pole: f64,
    /// A metre of cable, laid.
    pub cable_per_m: f64,
    /// A lamp without its pole.
    pub luminaire: f64,
}

/// What is reckoned with where a layout does not say more.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Ordinary {
    /// A camera of the catalogue.
    pub camera: Id,
    /// A pair of the catalogue's beams.
    pub beam: Id,
    /// Cable of one device, m.
    pub cable_m: f64,
    /// Height of a lamp, m.
    pub lamp_height_m: f64,
    /// Its luminous flux, lumen.
    pub lamp_flux_lm: f64,
}

/// One metre of a wall in place, yuan: material and work.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Walls {
    /// Height that these prices are for, m; others cost in proportion.
    pub high_m: f64,
    /// Masonry.
    pub wall: f64,
    /// Bars.
    pub fence: f64,
    /// Plants.
    pub hedge: f64,
}

/// One piece in place, yuan: material and work.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Devices {
    /// Gate post.
    pub gate_post: f64,
    /// Barrier with a plate reader.
    pub barrier: f64,
    /// Standing post.
    pub outer_post: f64,
    /// What the guard of a street cell needs.
    pub grid_cell: f64,
    /// Checkpoint of a tour.
    pub checkpoint: f64,
    /// Small fire station.
    pub fire_station: f64,
    /// Hydrant.
    pub hydrant: f64,
    /// Extinguisher.
    pub extinguisher: f64,
    /// Charger for e-bikes.
    pub charger: f64,
    /// Door station.
    pub intercom: f64,
    /// Facade camera with its pole.
    pub facade_camera: f64,
    /// Smoke detector.
    pub smoke_detector: f64,
    /// Heat detector.
    pub heat_detector: f64,
    /// Duty room.
    pub duty_room: f64,
    /// A guard's radio.
    pub guard_radio: f64,
}

/// A sort of thing that has a price.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "the words of `Class`, and four more")]
pub enum Piece {
    GatePost,
    Barrier,
    OuterPost,
    GridCell,
    Checkpoint,
    FireStation,
    Hydrant,
    Extinguisher,
    Charger,
    Intercom,
    Beam,
    Camera,
    FacadeCamera,
    SmokeDetector,
    HeatDetector,
    DutyRoom,
    GuardRadio,
}

impl Piece {
    /// What sort a device of a layout is of: fire points are told apart.
    pub fn of(device: &Device, layout: &Scenario) -> Piece {
        let kit = &layout.file.kit;
        let point = || kit.fire_point.get(device.row.checked_sub(kit.fire_station.len())?);
        match device.class {
            Class::GatePost => Piece::GatePost,
            Class::Barrier => Piece::Barrier,
            Class::OuterPost => Piece::OuterPost,
            Class::Checkpoint => Piece::Checkpoint,
            Class::FireStation => match point().map(|point| point.what) {
                Some(FirePointKind::Hydrant) => Piece::Hydrant,
                Some(FirePointKind::Extinguisher) => Piece::Extinguisher,
                None => Piece::FireStation,
            },
            Class::Charger => Piece::Charger,
            Class::Intercom => Piece::Intercom,
            Class::Beam => Piece::Beam,
            Class::Camera => Piece::Camera,
            Class::FacadeCamera => Piece::FacadeCamera,
            Class::SmokeDetector => Piece::SmokeDetector,
            Class::HeatDetector => Piece::HeatDetector,
            Class::DutyRoom => Piece::DutyRoom,
            Class::GuardRadio => Piece::GuardRadio,
        }
    }
}

impl Prices {
    /// Reads prices.
    ///
    /// # Errors
    /// Every unknown key, missing key and wrong type at once, every model without a price and every price below 0, each
    /// with its place and remedy.
    pub fn read(text: &SourceText) -> Result<Prices, Problems> {
        let schema = schemars::schema_for!(Prices).to_value();
        let mut typed: Typed<Prices> = typed::read(text, &schema, "the list of prices");
        if let Some(prices) = &typed.file {
            let wrong = prices.wrong().into_iter().chain(below_0(&text.text));
            wrong.for_each(|(path, message, help)| {
                let span = typed.spans.at(&path);
                typed.problems.add(Problem::new(&typed.source, span, "prices::wrong", message, help));
            });
        }
        match typed.file {
            Some(prices) if typed.problems.is_empty() => Ok(prices),
            _ => Err(typed.problems),
        }
    }

    /// Path, what is wrong there, and the remedy.
    fn wrong(&self) -> Vec<(String, String, String)> {
        let shipped = Catalogue::shipped();
        let cameras: Vec<&str> = shipped.cameras.iter().map(|model| model.id.as_str()).collect();
        let beams: Vec<&str> = shipped.beams.iter().map(|model| model.id.as_str()).collect();
        let mut found = Vec::new();
        for (table, list, models) in [("camera", &self.camera, &cameras), ("beam", &self.beam, &beams)] {
            let lacks = models.iter().filter(|id| !list.contains_key(&Id::from(**id)));
            let lacks = lacks.map(|id| {
                (
                    table.to_owned(),
                    format!("`{id}` has no price"),
                    format!("add `\"{id}\" = ...` to [{table}]"),
                )
            });
            found.extend(lacks);
            for id in list.keys() {
                let path = format!("{table}.{id}");
                if !models.contains(&id.as_str()) {
                    let message = format!("there is no `{id}` in the catalogue");
                    found.push((path, message, typed::remedy(id.as_str(), models)));
                }
            }
        }
        let high_m = self.wall.high_m;
        if high_m.is_nan() || high_m <= 0.0 {
            let message = format!("a wall that is {high_m} m high has no price by its height");
            found.push(("wall.high_m".into(), message, "write a height above 0".into()));
        }
        if self.dated.parse::<jiff::civil::Date>().is_err() {
            let message = format!("`{}` is no date", self.dated);
            found.push(("dated".into(), message, "write it as in \"2026-11-28\"".into()));
        }
        if self.currency != CURRENCY {
            let message = format!("prices in {} cannot be summed up in yuan", self.currency);
            found.push(("currency".into(), message, format!("write them in yuan, and `{CURRENCY}` here")));
        }
        for (key, id, models) in
            [("camera", &self.ordinary.camera, &cameras), ("beam", &self.ordinary.beam, &beams)]
        {
            if !models.contains(&id.as_str()) {
                let message = format!("there is no `{id}` in the catalogue");
                found.push((format!("ordinary.{key}"), message, typed::remedy(id.as_str(), models)));
            }
        }
        found
    }

    /// The prices that are shipped.
    ///
    /// # Errors
    /// Never: a test reads them.
    pub fn shipped() -> Result<Prices, Problems> {
        let text = include_str!("../../../../assets/catalogue/prices.toml");
        Prices::read(&SourceText { name: "prices.toml".into(), text: text.into() })
    }

    /// Price of a camera of the catalogue.
    pub fn model_yuan(&self, model: &CameraModel) -> f64 {
        self.camera.get(&model.id).copied().unwrap_or_default()
    }

    /// Price of a camera without mounting: of its model, else of the cheapest fixed one of the catalogue with at least as
    /// many pixels each way; of the dearest fixed one where none has so many.
    pub fn camera_yuan(&self, camera: &Camera) -> f64 {
        if let Some(yuan) = camera.model.as_ref().and_then(|model| self.camera.get(model)) {
            return *yuan;
        }
        let [width, height] = camera.pixels;
        let fixed = || Catalogue::shipped().cameras.iter().filter(|model| model.form.is_fixed());
        let enough = fixed().filter(|model| model.pixels[0] >= width && model.pixels[1] >= height);
        let cheapest = enough.map(|model| self.model_yuan(model)).min_by(f64::total_cmp);
        cheapest.unwrap_or_else(|| fixed().map(|model| self.model_yuan(model)).fold(0.0, f64::max))
    }

    /// Price of a pair without posts: of its model, else of the cheapest of the catalogue with at least as many rays and
    /// the rated range; of the dearest where none has.
    pub fn pair_yuan(&self, beam: &Beam) -> f64 {
        if let Some(yuan) = beam.model.as_ref().and_then(|model| self.beam.get(model)) {
            return *yuan;
        }
        let models = Catalogue::shipped().beams.iter();
        let enough =
            models.filter(|m| m.rays as usize >= beam.rays_m.len() && m.rated_range_m >= beam.rated_range_m);
        let cheapest = enough.filter_map(|m| self.beam.get(&m.id).copied()).min_by(f64::total_cmp);
        cheapest.unwrap_or_else(|| self.beam.values().copied().fold(0.0, f64::max))
    }

    /// A new wall of the perimeter in place; nothing for what holds earth back, which is none.
    pub fn wall_yuan(&self, wall: &Wall) -> Option<f64> {
        let metre = match wall.made_of {
            WallKind::Wall => self.wall.wall,
            WallKind::Fence => self.wall.fence,
            WallKind::Hedge => self.wall.hedge,
            WallKind::Retaining => return None,
        };
        let long_m = geo::Length::length(&geo::Euclidean, &wall.line);
        wall.perimeter.then_some(metre * long_m * wall.height_m / self.wall.high_m)
    }

    /// One piece in place where no layout says more.
    pub fn piece_yuan(&self, piece: Piece) -> f64 {
        let device = &self.device;
        match piece {
            Piece::GatePost => device.gate_post,
            Piece::Barrier => device.barrier,
            Piece::OuterPost => device.outer_post,
            Piece::GridCell => device.grid_cell,
            Piece::Checkpoint => device.checkpoint,
            Piece::FireStation => device.fire_station,
            Piece::Hydrant => device.hydrant,
            Piece::Extinguisher => device.extinguisher,
            Piece::Charger => device.charger,
            Piece::Intercom => device.intercom,
            Piece::Beam => {
                self.pair_in_place(self.beam.get(&self.ordinary.beam).copied().unwrap_or_default())
            }
            Piece::Camera => {
                let body = self.camera.get(&self.ordinary.camera).copied().unwrap_or_default();
                self.camera_in_place(body, self.material.bracket)
            }
            Piece::FacadeCamera => device.facade_camera,
            Piece::SmokeDetector => device.smoke_detector,
            Piece::HeatDetector => device.heat_detector,
            Piece::DutyRoom => device.duty_room,
            Piece::GuardRadio => device.guard_radio,
        }
    }

    /// A device of a layout in place, its cable as long as is ordinary: the price of a bill of materials.
    pub fn device_yuan(&self, device: &Device, layout: &Scenario) -> f64 {
        let kit = &layout.file.kit;
        let piece = Piece::of(device, layout);
        match (piece, kit.camera.get(device.row), kit.beam.get(device.row)) {
            (Piece::Camera, Some(camera), _) => {
                let held = super::bill::holds(&layout.site, camera.at_m);
                let held = if held { self.material.bracket } else { self.material.pole };
                self.camera_in_place(self.camera_yuan(camera), held)
            }
            (Piece::Beam, _, Some(beam)) => self.pair_in_place(self.pair_yuan(beam)),
            _ => self.piece_yuan(piece),
        }
    }

    /// A camera, what holds it, its cable, and the work.
    fn camera_in_place(&self, body: f64, held: f64) -> f64 {
        body + held + self.cable_yuan() + self.work.mount + self.work.visit
    }

    /// A pair on two brackets with its cable, aligned.
    pub(crate) fn pair_in_place(&self, pair: f64) -> f64 {
        pair + 2.0 * (self.material.bracket + self.work.mount) + self.cable_yuan() + self.work.visit
    }

    fn cable_yuan(&self) -> f64 {
        self.ordinary.cable_m * self.material.cable_per_m
    }
}

/// Every figure of a list of prices that is no amount: path, what is wrong there, and the remedy.
fn below_0(text: &str) -> Vec<(String, String, String)> {
    let all: toml::Table = toml::from_str(text).unwrap_or_default();
    let tables = all.iter().filter_map(|(table, rows)| Some((table, rows.as_table()?)));
    let rows = tables.flat_map(|(table, rows)| rows.iter().map(move |(key, value)| (table, key, value)));
    let numbers = rows.filter_map(|(table, key, value)| {
        Some((table, key, value.as_float().or(value.as_integer().map(|whole| whole as f64))?))
    });
    let wrong = numbers.filter(|(_, _, x)| !x.is_finite() || *x < 0.0);
    wrong
        .map(|(table, key, x)| {
            let remedy = "write a figure of 0 or more".to_owned();
            (format!("{table}.{key}"), format!("`{key}` is {x}"), remedy)
        })
        .collect()
}

impl Form {
    /// True for cameras that look one way through one lens at ground.
    pub fn is_fixed(self) -> bool {
        matches!(self, Form::Bullet | Form::Dome | Form::Turret)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analysis::sample;

    #[test]
    fn a_camera_costs_what_its_model_does_or_the_cheapest_that_will_do() {
        let prices = Prices::shipped().expect("the shipped prices");
        let camera = |model: Option<&str>, pixels: [u32; 2]| Camera {
            model: model.map(Id::from),
            pixels,
            ..sample::camera("c", [0.0, 0.0], 0.0)
        };
        for (model, pixels, yuan) in [
            (Some("ptz-4mp"), [2560, 1440], 2800.0),
            (None, [1920, 1080], 220.0),
            (None, [2000, 1080], 330.0),
            (None, [8000, 6000], 660.0),
        ] {
            assert_eq!(prices.camera_yuan(&camera(model, pixels)), yuan, "{model:?} {pixels:?}");
        }
        // 340 + bracket 90 + 30 m of cable 660 + fixing 260 + angles 200.
        assert_eq!(prices.piece_yuan(Piece::Camera), 1550.0);
        assert_eq!(prices.piece_yuan(Piece::Beam), 310.0 + 2.0 * (90.0 + 260.0) + 660.0 + 200.0);
    }

    #[test]
    fn a_slip_of_the_pen_is_named_with_its_place() {
        let shipped = include_str!("../../../../assets/catalogue/prices.toml");
        for (from, to, expected) in [
            ("swap = 120.0", "swop = \"120\"", "`swop` is no key of `work`"),
            ("swap = 120.0", "swop = \"120\"", "lacks the key `swap`"),
            ("\"ptz-4mp\" = 2800.0", "", "`ptz-4mp` has no price"),
            ("\"ptz-4mp\"", "\"ptz-5mp\"", "there is no `ptz-5mp` in the catalogue"),
            ("\"ptz-4mp\" = 2800.0", "\"ptz-4mp\" = -1.0", "`ptz-4mp` is -1"),
            ("visit = 200.0", "visit = -200", "`visit` is -200"),
            ("pole = 1900.0", "pole = nan", "`pole` is NaN"),
            ("dated = \"2026-11-28\"", "dated = \"yesterday\"", "`yesterday` is no date"),
            ("\"CNY\"", "\"EUR\"", "prices in EUR cannot be summed up in yuan"),
            ("beam = \"dual-100m\"", "beam = \"dual-10m\"", "there is no `dual-10m`"),
            ("how = \"assumed\"", "how = \"guessed\"", "`guessed` is no `how`"),
            ("high_m = 2.2", "high_m = 0.0", "a wall that is 0 m high has no price"),
            ("fence = 390.0", "fense = 390.0", "`fense` is no key of `wall`"),
        ] {
            let text = shipped.replacen(from, to, 1);
            let problems = Prices::read(&SourceText { name: "mine.toml".into(), text }).expect_err(to);
            let told: Vec<String> = problems.iter().map(ToString::to_string).collect();
            assert!(told.iter().any(|p| p.contains(expected)), "{told:?}");
        }
    }
}
