//! What is installed: a mark for each device, turned to where it looks, and its name.

use palisade_layout::contract::Class;
use palisade_layout::model::Device;

use super::label::Labels;
use super::pen::{Pen, mm, way};
use super::{Frame, Show};
use crate::{Material, words};

/// How a class of devices is drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Symbol {
    /// An arrow that points where it looks.
    Camera,
    /// The same, hollow: it looks up a facade.
    FacadeCamera,
    /// A square: somebody works here.
    Post,
    /// A bar: it closes a lane.
    Barrier,
    /// A small disc.
    Dot,
    /// A small red square: against fire.
    Fire,
}

/// The symbol of a class; nothing for what has no place of its own on the plan (a beam is a line, a radio walks about).
pub(crate) fn symbol(class: Class) -> Option<Symbol> {
    Some(match class {
        Class::Camera => Symbol::Camera,
        Class::FacadeCamera => Symbol::FacadeCamera,
        Class::GatePost | Class::OuterPost | Class::DutyRoom => Symbol::Post,
        Class::Barrier => Symbol::Barrier,
        Class::FireStation | Class::SmokeDetector | Class::HeatDetector => Symbol::Fire,
        Class::Checkpoint | Class::Charger | Class::Intercom => Symbol::Dot,
        Class::Beam | Class::GuardRadio => return None,
    })
}

/// True for what a reader of one page does not look for.
fn is_small(class: Class) -> bool {
    use Class as C;
    matches!(
        class,
        C::Checkpoint | C::Intercom | C::SmokeDetector | C::HeatDetector | C::FireStation | C::Charger
    )
}

fn shown<'a>(material: &Material<'a>, show: Show) -> impl Iterator<Item = (&'a Device, Symbol)> {
    let devices = material.scenario.devices.iter();
    let devices = devices.filter(move |d| show.small_kit || !is_small(d.class));
    devices.filter_map(|d| Some((d, symbol(d.class)?)))
}

/// Where a device looks, degrees clockwise from north.
fn bearing(material: &Material, device: &Device) -> f64 {
    let kit = &material.scenario.file.kit;
    let found = match device.class {
        Class::Camera => kit.camera.get(device.row).map(|c| c.bearing_deg),
        Class::FacadeCamera => kit.facade_camera.get(device.row).map(|c| c.bearing_deg),
        Class::OuterPost => kit.outer_post.get(device.row).map(|p| p.bearing_deg),
        _ => None,
    };
    found.unwrap_or_default()
}

/// Marks, each class in a group of its own.
pub(super) fn marks(pen: &mut Pen, frame: &Frame, material: &Material, show: Show, labels: &mut Labels) {
    for class in words::CLASSES {
        let devices: Vec<(&Device, Symbol)> =
            shown(material, show).filter(|(d, _)| d.class == class).collect();
        if devices.is_empty() {
            continue;
        }
        pen.group(&format!("class=\"layer kit kit-{}\"", class.word()), |pen| {
            for (device, symbol) in devices {
                let at = frame.on([device.at_m[0], device.at_m[1]]);
                let title = format!("{} ({})", device.id, words::class(class).english);
                mark(pen, symbol, at, bearing(material, device), show.letters_mm, &title);
                labels.keep_off(at, 0.5 * show.letters_mm);
            }
        });
    }
}

/// One mark at a point of the paper.
pub(crate) fn mark(pen: &mut Pen, symbol: Symbol, at: [f64; 2], bearing_deg: f64, size: f64, title: &str) {
    let [x, y] = at;
    let (sin, cos) = bearing_deg.to_radians().sin_cos();
    // Ahead and aside in sizes, north up, clockwise.
    let turned = |ahead: f64, aside: f64| {
        [x + size * (ahead * sin + aside * cos), y - size * (ahead * cos - aside * sin)]
    };
    let arrow = [turned(0.75, 0.0), turned(-0.45, 0.5), turned(-0.2, 0.0), turned(-0.45, -0.5)];
    let square = |half: f64| {
        format!(
            "M{} {}h{}v{}h{}Z",
            mm(x - half),
            mm(y - half),
            mm(2.0 * half),
            mm(2.0 * half),
            mm(-2.0 * half)
        )
    };
    match symbol {
        Symbol::Camera => pen.path("camera", &way(arrow, true), title),
        Symbol::FacadeCamera => pen.path("camera facade", &way(arrow, true), title),
        Symbol::Post => pen.path("post", &square(0.5 * size), title),
        Symbol::Barrier => pen.path("barrier", &square(0.4 * size), title),
        Symbol::Fire => pen.path("fire", &square(0.28 * size), title),
        Symbol::Dot => pen.circle("dot", at, 0.26 * size, title),
    }
}

/// Names: those of cameras and posts first, so that they get the best places.
pub(super) fn ids(pen: &mut Pen, frame: &Frame, material: &Material, show: Show, labels: &mut Labels) {
    let mut devices: Vec<(&Device, Symbol)> = shown(material, show).collect();
    devices.sort_by_key(|(d, _)| is_small(d.class));
    for (device, _) in devices {
        let at = frame.on([device.at_m[0], device.at_m[1]]);
        if !frame.holds(at) {
            continue;
        }
        let small = is_small(device.class);
        let (class, size) = if small { ("id small", 0.8 * show.letters_mm) } else { ("id", show.letters_mm) };
        labels.beside(pen, class, at, 0.65 * show.letters_mm, size, device.id.as_str());
    }
    for beam in &material.scenario.file.kit.beam {
        let middle = [(beam.from_m[0] + beam.to_m[0]) / 2.0, (beam.from_m[1] + beam.to_m[1]) / 2.0];
        labels.beside(pen, "id beam-id", frame.on(middle), 0.6, show.letters_mm, beam.id.as_str());
    }
}
