//! The catalogue: cameras, lenses and beams as they are sold, without brands, so that a kit may say `model = "…"`.
//!
//! It is read and checked as scenarios are: everything that is wrong comes back at once, with its place and a remedy. What is
//! shipped is part of the program and needs no file on disk.

use std::sync::LazyLock;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::lens::{Focal, Lens, LensKind};
use super::near::remedy;
use super::place::Spans;
use super::problem::{Problem, Problems, Source, SourceText};
use super::typed;
use crate::words::Id;

/// What can be bought. Lists are in the order of their files.
#[derive(Clone, Debug, PartialEq)]
pub struct Catalogue {
    /// Cameras.
    pub cameras: Vec<CameraModel>,
    /// Beams.
    pub beams: Vec<BeamModel>,
}

/// A camera as it is sold.
#[derive(Clone, Debug, PartialEq)]
pub struct CameraModel {
    /// Its name in the catalogue.
    pub id: Id,
    /// What it looks like.
    pub form: Form,
    /// Pixels, width and height.
    pub pixels: [u32; 2],
    /// Its lens.
    pub lens: Lens,
    /// Horizontal angle of view, degrees; from the sensor's width and the lens.
    pub hfov_deg: f64,
    /// Whether its lens zooms.
    pub focal: Focal,
    /// Least illuminance of an upright target that its analytics need, lx.
    pub min_lux: f64,
    /// Least illuminance of its data sheet, lx.
    pub sensitivity_lux: f64,
    /// Reach of its own infrared light, m; 0 has none.
    pub ir_range_m: f64,
}

/// What a camera looks like.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Form {
    /// A tube on a bracket.
    Bullet,
    /// A ball behind glass.
    Dome,
    /// A ball in a socket.
    Turret,
    /// Pans, tilts and zooms.
    Ptz,
    /// Half the round or more.
    Panoramic,
    /// Looks up a facade.
    Facade,
}

/// A pair of active infrared beams as it is sold.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct BeamModel {
    /// Its name in the catalogue.
    pub id: Id,
    /// Rays of the pair.
    pub rays: u32,
    /// Rated outdoor range, m.
    pub rated_range_m: f64,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct CameraFile {
    /// Cameras.
    camera: Vec<CameraRow>,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct CameraRow {
    /// Its name.
    id: Id,
    /// What it looks like.
    form: Form,
    /// Width and height of the sensor, mm.
    sensor_mm: [f64; 2],
    /// Pixels, width and height.
    pixels: [u32; 2],
    /// Its lens, by name.
    lens: Id,
    /// Least illuminance that its analytics need, lx.
    min_lux: f64,
    /// Least illuminance of its data sheet, lx.
    sensitivity_lux: f64,
    /// Reach of its own infrared light, m.
    ir_range_m: f64,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct LensFile {
    /// Lenses.
    lens: Vec<LensRow>,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct LensRow {
    /// Its name.
    id: Id,
    /// How it draws.
    kind: LensKind,
    /// Whether it zooms.
    focal: Focal,
    /// Focal length, mm; of a zoom lens the shortest.
    focal_mm: f64,
    /// Terms of its distortion.
    terms: [f64; 2],
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct BeamFile {
    /// Beams.
    beam: Vec<BeamModel>,
}

static SHIPPED: LazyLock<Catalogue> = LazyLock::new(|| {
    let text = |name: &str, text: &str| SourceText { name: name.into(), text: text.into() };
    let cameras = text("cameras.toml", include_str!("../../../../assets/catalogue/cameras.toml"));
    let lenses = text("lenses.toml", include_str!("../../../../assets/catalogue/lenses.toml"));
    let beams = text("beams.toml", include_str!("../../../../assets/catalogue/beams.toml"));
    Catalogue::read(&cameras, &lenses, &beams).expect("a test reads the catalogue that is shipped")
});

impl Catalogue {
    /// What is shipped: `assets/catalogue`.
    pub fn shipped() -> &'static Catalogue {
        &SHIPPED
    }

    /// The camera of that name.
    pub fn camera(&self, id: &str) -> Option<&CameraModel> {
        self.cameras.iter().find(|c| c.id.as_str() == id)
    }

    /// The beam of that name.
    pub fn beam(&self, id: &str) -> Option<&BeamModel> {
        self.beams.iter().find(|b| b.id.as_str() == id)
    }

    /// Reads a catalogue from the texts of its three files, or says everything that is wrong.
    pub fn read(
        cameras: &SourceText,
        lenses: &SourceText,
        beams: &SourceText,
    ) -> Result<Catalogue, Problems> {
        let mut problems = Problems::default();
        let lens_rows = Part::<LensFile>::read(lenses, &mut problems);
        let camera_rows = Part::<CameraFile>::read(cameras, &mut problems);
        let beam_rows = Part::<BeamFile>::read(beams, &mut problems);
        let (Some(lens_part), Some(camera_part), Some(beam_part)) = (lens_rows, camera_rows, beam_rows)
        else {
            return Err(problems);
        };
        lens_part.check_lenses(&mut problems);
        beam_part.check_beams(&mut problems);
        let models = camera_part.cameras(&lens_part.file.lens, &mut problems);
        if !problems.is_empty() {
            return Err(problems);
        }
        Ok(Catalogue { cameras: models, beams: beam_part.file.beam })
    }
}

/// One file of the catalogue, with the places of its keys.
struct Part<T> {
    file: T,
    spans: Spans,
    source: Source,
}

impl<T: serde::de::DeserializeOwned + JsonSchema> Part<T> {
    fn read(text: &SourceText, problems: &mut Problems) -> Option<Part<T>> {
        let schema = schemars::schema_for!(T).to_value();
        let typed = typed::read::<T>(text, &schema, "the catalogue");
        let sound = typed.problems.is_empty();
        problems.append(typed.problems);
        typed.file.filter(|_| sound).map(|file| Part { file, spans: typed.spans, source: typed.source })
    }
}

impl<T> Part<T> {
    fn wrong(&self, path: &str, code: &'static str, message: String, help: &str, problems: &mut Problems) {
        problems.add(Problem::new(&self.source, self.spans.at(path), code, message, help));
    }

    fn positive(&self, path: &str, value: f64, problems: &mut Problems) {
        if value <= 0.0 {
            let message = format!("`{path}` is {value}; it must be greater than 0");
            self.wrong(path, "catalogue::not-positive", message, "write what the data sheet says", problems);
        }
    }

    fn once<'a>(&self, list: &str, ids: impl Iterator<Item = &'a Id>, problems: &mut Problems) {
        let mut seen: Vec<&Id> = Vec::new();
        for (i, id) in ids.enumerate() {
            if seen.contains(&id) {
                let message = format!("`{id}` stands in the catalogue twice");
                let path = format!("{list}[{i}].id");
                self.wrong(&path, "catalogue::duplicate", message, "give each its own name", problems);
            }
            seen.push(id);
        }
    }
}

impl Part<LensFile> {
    fn check_lenses(&self, problems: &mut Problems) {
        self.once("lens", self.file.lens.iter().map(|l| &l.id), problems);
        for (i, lens) in self.file.lens.iter().enumerate() {
            self.positive(&format!("lens[{i}].focal_mm"), lens.focal_mm, problems);
        }
    }
}

impl Part<BeamFile> {
    fn check_beams(&self, problems: &mut Problems) {
        self.once("beam", self.file.beam.iter().map(|b| &b.id), problems);
        for (i, beam) in self.file.beam.iter().enumerate() {
            self.positive(&format!("beam[{i}].rays"), f64::from(beam.rays), problems);
            self.positive(&format!("beam[{i}].rated_range_m"), beam.rated_range_m, problems);
        }
    }
}

impl Part<CameraFile> {
    fn cameras(&self, lenses: &[LensRow], problems: &mut Problems) -> Vec<CameraModel> {
        self.once("camera", self.file.camera.iter().map(|c| &c.id), problems);
        let rows = self.file.camera.iter().enumerate();
        rows.filter_map(|(i, row)| {
            let key = |k: &str| format!("camera[{i}].{k}");
            self.positive(&key("sensor_mm"), row.sensor_mm[0].min(row.sensor_mm[1]), problems);
            self.positive(&key("pixels"), f64::from(row.pixels[0].min(row.pixels[1])), problems);
            self.positive(&key("min_lux"), row.min_lux, problems);
            self.positive(&key("sensitivity_lux"), row.sensitivity_lux, problems);
            let Some(lens) = lenses.iter().find(|l| l.id == row.lens) else {
                let valid: Vec<&str> = lenses.iter().map(|l| l.id.as_str()).collect();
                let message = format!("there is no lens `{}`", row.lens);
                let help = remedy(row.lens.as_str(), &valid);
                self.wrong(&key("lens"), "catalogue::unknown-lens", message, &help, problems);
                return None;
            };
            let drawn = Lens { kind: lens.kind, terms: lens.terms };
            let Some(half) = drawn.angle(row.sensor_mm[0] / (2.0 * lens.focal_mm)) else {
                let message = format!("the picture of lens `{}` is smaller than the sensor is wide", lens.id);
                let help = "a longer focal length, or terms whose picture does not turn back";
                self.wrong(&key("sensor_mm"), "catalogue::small-picture", message, help, problems);
                return None;
            };
            Some(CameraModel {
                id: row.id.clone(),
                form: row.form,
                pixels: row.pixels,
                lens: drawn,
                hfov_deg: 2.0 * half.to_degrees(),
                focal: lens.focal,
                min_lux: row.min_lux,
                sensitivity_lux: row.sensitivity_lux,
                ir_range_m: row.ir_range_m,
            })
        })
        .collect()
    }
}

/// Writes into the cameras and beams of a scenario's table what their models say and they do not.
pub(crate) fn complete(scenario: &mut toml::Table, catalogue: &Catalogue) {
    let Some(kit) = scenario.get_mut("kit").and_then(toml::Value::as_table_mut) else { return };
    each_with_model(kit, "camera", |row, model| {
        let Some(model) = catalogue.camera(model) else { return };
        let kind = match model.lens.kind {
            LensKind::Rectilinear => "rectilinear",
            LensKind::FTheta => "f_theta",
        };
        let focal = match model.focal {
            Focal::Fixed => "fixed",
            Focal::Zoom => "zoom",
        };
        let pixels = model.pixels.map(|n| toml::Value::Integer(n.into())).to_vec();
        for (key, value) in [
            ("hfov_deg", model.hfov_deg.into()),
            ("min_lux", model.min_lux.into()),
            ("sensitivity_lux", model.sensitivity_lux.into()),
            ("focal", focal.into()),
            ("ir_range_m", model.ir_range_m.into()),
            ("pixels", toml::Value::Array(pixels)),
        ] {
            row.entry(key).or_insert(value);
        }
        // A typed lens goes with its own terms.
        if !row.contains_key("lens") && !row.contains_key("distortion") {
            let terms = model.lens.terms.map(toml::Value::Float).to_vec();
            row.insert("lens".into(), kind.into());
            row.insert("distortion".into(), toml::Value::Array(terms));
        }
    });
    each_with_model(kit, "beam", |row, model| {
        if let Some(model) = catalogue.beam(model) {
            row.entry("rated_range_m").or_insert(model.rated_range_m.into());
        }
    });
}

fn each_with_model(kit: &mut toml::Table, list: &str, mut complete: impl FnMut(&mut toml::Table, &str)) {
    let rows = kit.get_mut(list).and_then(toml::Value::as_array_mut);
    for row in rows.into_iter().flatten().filter_map(toml::Value::as_table_mut) {
        if let Some(model) = row.get("model").and_then(toml::Value::as_str).map(str::to_owned) {
            complete(row, &model);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_shipped_is_sound() {
        let shipped = Catalogue::shipped();
        assert!(shipped.cameras.len() >= 30 && shipped.beams.len() == 8);
    }

    #[test]
    fn angles_of_view_follow_from_sensor_and_lens() {
        // 12 mm and no distortion: 2 atan(5.57 / 24). 2.8 mm by angle: u (1 + u² / 20) = 5.12 / 5.6.
        let angle = |id: &str| Catalogue::shipped().camera(id).expect("in the catalogue").hfov_deg;
        assert!((angle("bullet-2mp-12mm") - 2.0 * libm::atan(5.57 / 24.0).to_degrees()).abs() < 1e-9);
        let half = (angle("dome-4mp-2.8mm") / 2.0).to_radians();
        assert!((half * (1.0 + half * half / 20.0) - 5.12 / 5.6).abs() < 1e-9);
        assert!(angle("panoramic-8mp") > 170.0 && angle("bullet-4mp-4mm") < angle("bullet-4mp-2.8mm"));
    }

    fn problems(change: impl Fn(&str, String) -> String) -> Vec<String> {
        let text = |name: &str, text: &str| SourceText { name: name.into(), text: change(name, text.into()) };
        let cameras = text("cameras.toml", include_str!("../../../../assets/catalogue/cameras.toml"));
        let lenses = text("lenses.toml", include_str!("../../../../assets/catalogue/lenses.toml"));
        let beams = text("beams.toml", include_str!("../../../../assets/catalogue/beams.toml"));
        let problems = Catalogue::read(&cameras, &lenses, &beams).expect_err("something is wrong");
        problems.iter().map(|p| format!("{}: {p}", p.file())).collect()
    }

    #[test]
    fn what_is_wrong_is_said_with_its_file() {
        let check = |file: &str, from: &str, to: &str, expected: &str| {
            let found = problems(|name, text| if name == file { text.replacen(from, to, 1) } else { text });
            assert!(found.iter().any(|f| f.starts_with(file) && f.contains(expected)), "{found:?}");
        };
        check("cameras.toml", "lens = \"2.8mm\"", "lens = \"2.9mm\"", "no lens `2.9mm`");
        check("cameras.toml", "min_lux = 0.05", "min_lux = 0.0", "greater than 0");
        check("cameras.toml", "form = \"bullet\"", "form = \"tube\"", "`tube` is no `form`");
        check("lenses.toml", "id = \"4mm\"", "id = \"2.8mm\"", "twice");
        check("lenses.toml", "focal_mm = 6.0", "focal_mm = 0.0", "greater than 0");
        check("beams.toml", "rated_range_m = 30.0", "rated_range_m = -1.0", "greater than 0");
        check("beams.toml", "[[beam]]", "[[beam]", "");
    }
}
