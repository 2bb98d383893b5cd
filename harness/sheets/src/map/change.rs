//! What changed between two plans: ground gained and lost, gaps closed and opened, stretches of walls, devices.

use geo::Rect;
use palisade_layout::analysis::against::{Against, DeviceChange, Fate, Outcome, Sight, Turn};
use palisade_layout::analysis::coverage::LOW_M;

use super::label::Labels;
use super::pen::{Pen, mm, way};
use super::{Frame, Show, ground, kit};
use crate::Material;

/// Draws the ground and what changed on it. The layers are `change-<light>-<height>`.
pub(crate) fn draw(pen: &mut Pen, material: &Material, told: &Against, frame: &Frame, show: Show) {
    let site = &material.scenario.site;
    let mut labels = Labels::within(frame);
    let Frame { left, top, width, height, .. } = *frame;
    pen.raw("<defs><clipPath id=\"change-window\">");
    pen.rect("", [left, top, width, height]);
    pen.raw("</clipPath></defs>");
    pen.group("clip-path=\"url(#change-window)\"", |pen| {
        pen.group("class=\"layer ground\"", |pen| ground::under(pen, frame, site));
        for (light, sight) in [("day", &told.day), ("night", &told.night)] {
            for (name, low) in [("body", false), ("low", true)] {
                let class = format!("class=\"layer change-{light}-{name}\"");
                pen.group(&class, |pen| patches(pen, frame, sight, low));
            }
        }
        pen.group("class=\"layer trees\"", |pen| ground::trees(pen, frame, site));
        pen.group("class=\"layer buildings\"", |pen| ground::buildings(pen, frame, site));
        pen.group("class=\"layer walls\"", |pen| ground::walls(pen, frame, site));
        stretches(pen, frame, told);
        pen.group("class=\"layer gates\"", |pen| ground::gates(pen, frame, site));
        kit::marks(pen, frame, material, show, &mut labels);
        devices(pen, frame, told, show, &mut labels);
        pen.group("class=\"layer names\"", |pen| ground::names(pen, frame, site, show, &mut labels));
    });
}

/// Ground that holds everything that changed, for the frame of the map.
pub(crate) fn extent(told: &Against, ground: Rect<f64>) -> Rect<f64> {
    let places = told.devices.iter().flat_map(|d| [d.at_m.before, d.at_m.after]).flatten();
    places.fold(ground, |all, [x, y]| {
        let (low, high) = (all.min(), all.max());
        Rect::new((low.x.min(x), low.y.min(y)), (high.x.max(x), high.y.max(y)))
    })
}

fn patches(pen: &mut Pen, frame: &Frame, sight: &Sight, low: bool) {
    let shown = |height_m: f64| ((height_m - LOW_M).abs() < 1e-9) == low;
    let data = |rings: &[Vec<[f64; 2]>]| -> String {
        rings.iter().map(|ring| way(frame.all(ring.iter().copied()), true)).collect()
    };
    for patch in sight.patches.iter().filter(|p| shown(p.height_m)) {
        let (class, what) = match patch.turn {
            Turn::Gained => ("gained", "seen now and not before"),
            Turn::Lost => ("lost", "seen before and not now"),
        };
        let title = format!("{:.2} m² {what}, at {} m", patch.area_m2, patch.height_m);
        pen.path(class, &data(&patch.polygon), &title);
    }
    for gap in sight.gaps.changed.iter().filter(|g| shown(g.height_m)) {
        let class = match gap.outcome {
            Outcome::Closed => "gap-closed",
            Outcome::Opened => "gap-opened",
            Outcome::Shrunk | Outcome::Grown | Outcome::Moved => continue,
        };
        let title = format!("gap of {:.0} m² {}", gap.area_m2.before.max(gap.area_m2.after), &class[4..]);
        gap.outlines.iter().for_each(|rings| pen.path(class, &data(rings), &title));
    }
}

fn stretches(pen: &mut Pen, frame: &Frame, told: &Against) {
    pen.group("class=\"layer change-walls\"", |pen| {
        for held in &told.perimeter.stretches {
            let (class, what) = match held.turn {
                Turn::Gained => ("wall-gained", "that a zone guards now"),
                Turn::Lost => ("wall-lost", "that no zone guards any more"),
            };
            let title = format!("{:.1} m of {} {what}", held.along_m[1] - held.along_m[0], held.wall);
            pen.path(class, &way(held.ends_m.map(|end| frame.on(end)), false), &title);
        }
    });
}

/// A ring about each device that changed, its name beside it, and a line from where it was.
fn devices(pen: &mut Pen, frame: &Frame, told: &Against, show: Show, labels: &mut Labels) {
    let radius = 1.1 * show.letters_mm;
    let placed: Vec<(&DeviceChange, [f64; 2])> =
        told.devices.iter().filter_map(|d| Some((d, frame.on(d.at_m.after.or(d.at_m.before)?)))).collect();
    placed.iter().for_each(|(_, at)| labels.keep_off(*at, radius));
    pen.group("class=\"layer change-devices\"", |pen| {
        for (device, at) in placed {
            let (class, word) = match device.fate {
                Fate::Added => ("ring added", "new"),
                Fate::Removed => ("ring removed", "gone"),
                Fate::Changed => ("ring changed", "changed"),
            };
            let moved = device.keys.iter().any(|key| key.key == "at_m");
            if let Some(then) = device.at_m.before.filter(|_| moved) {
                pen.path("moved", &way([frame.on(then), at], false), "");
            }
            let keys: Vec<&str> = device.keys.iter().map(|k| k.key.as_str()).collect();
            let title = format!("{} ({}): {word} {}", device.id, device.table, keys.join(", "));
            pen.circle(class, at, radius, title.trim_end());
            if device.fate == Fate::Removed {
                let [x, y, arm] = [at[0], at[1], 0.7 * radius];
                let (left, top) = (mm(x - arm), mm(y - arm));
                let cross = format!("M{left} {top}l{0} {0}M{left} {1}l{0} -{0}", mm(2.0 * arm), mm(y + arm));
                pen.path("ring removed", &cross, "");
            }
            labels.beside(
                pen,
                "id b halo",
                at,
                radius + 0.7,
                show.letters_mm,
                &format!("{} {word}", device.id),
            );
        }
    });
}
