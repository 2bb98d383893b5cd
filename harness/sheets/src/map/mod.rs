//! The plan as SVG groups, to scale: what stands there, what is installed, what is seen and what is not.

pub(crate) mod change;
mod frame;
mod ground;
mod kit;
mod label;
mod pen;
mod perimeter;
mod seen;

use geo::{Coord, Rect};
use palisade_layout::analysis::answer::Gap;
use palisade_layout::model::Site;

pub(crate) use frame::Frame;
pub(crate) use kit::{Symbol, mark as kit_mark, symbol};
use label::Labels;
pub(crate) use pen::{Anchor, Pen, mm, way};
pub(crate) use seen::BANDS;

use crate::Material;

/// The style of everything that is drawn here, for paper.
pub(crate) const STYLE: &str = include_str!("../../../../assets/sheets/plan.css");

/// What of the plan is drawn.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Show {
    /// The target height whose gaps are shown, m; `None` shows every height, each in a group of its own.
    pub(crate) gaps_at_m: Option<f64>,
    /// Zones of cameras by density.
    pub(crate) zones: bool,
    /// The raster of densities, a layer a height.
    pub(crate) densities: bool,
    /// Ids: names of devices, and of buildings and gates that have no other.
    pub(crate) ids: bool,
    /// Devices that a reader of one page does not look for: checkpoints, hydrants, door stations, detectors.
    pub(crate) small_kit: bool,
    /// Size of the writing, mm.
    pub(crate) letters_mm: f64,
}

impl Show {
    /// What a reader of one page looks for: gaps for one height, posts, cameras and beams without their names.
    pub(crate) fn overview(gaps_at_m: f64) -> Show {
        Show {
            gaps_at_m: Some(gaps_at_m),
            zones: false,
            densities: false,
            ids: false,
            small_kit: false,
            letters_mm: 1.7,
        }
    }
}

/// A piece of ground with a margin about it, m.
pub(crate) fn grown(ground: Rect<f64>, by_m: f64) -> Rect<f64> {
    let by = Coord { x: by_m, y: by_m };
    Rect::new(ground.min() - by, ground.max() + by)
}

/// The ground of the compound with a margin in which names at its edge find room.
pub(crate) fn overview_ground(site: &Site) -> Option<Rect<f64>> {
    /// Share of the longer side, and the least margin, m.
    const MARGIN: (f64, f64) = (0.04, 5.0);
    let ground = extent(site)?;
    Some(grown(ground, (MARGIN.0 * ground.width().max(ground.height())).max(MARGIN.1)))
}

/// The piece of ground that holds the compound, its walls and what is installed; nothing when there is nothing.
pub(crate) fn extent(site: &Site) -> Option<Rect<f64>> {
    let rings = site.compounds.iter().map(|c| c.outline.exterior());
    let rings = rings.chain(site.buildings.iter().map(|b| b.outline.exterior()));
    let lines = rings.chain(site.walls.iter().map(|w| &w.line));
    let mut corners = lines.flat_map(|line| line.0.iter().copied());
    let first = corners.next()?;
    let (low, high) = corners.fold((first, first), |(low, high): (Coord<f64>, Coord<f64>), c| {
        (Coord { x: low.x.min(c.x), y: low.y.min(c.y) }, Coord { x: high.x.max(c.x), y: high.y.max(c.y) })
    });
    Some(Rect::new(low, high))
}

/// Draws the plan into a window of the paper. `numbered` are the gaps that carry a number, from 1.
pub(crate) fn draw(pen: &mut Pen, material: &Material, frame: &Frame, show: Show, numbered: &[&Gap]) {
    let mut labels = Labels::within(frame);
    let site = &material.scenario.site;
    pen.raw(&clip(frame));
    pen.group("clip-path=\"url(#window)\"", |pen| {
        pen.group("class=\"layer ground\"", |pen| ground::under(pen, frame, site));
        if show.densities {
            seen::densities(pen, frame, &material.report.answer.grid);
        }
        if show.zones {
            pen.group("class=\"layer zones\"", |pen| seen::zones(pen, frame, material));
        }
        seen::gaps(pen, frame, &material.report.answer.gaps, show);
        pen.group("class=\"layer trees\"", |pen| ground::trees(pen, frame, site));
        pen.group("class=\"layer buildings\"", |pen| ground::buildings(pen, frame, site));
        if show.zones {
            pen.group("class=\"layer zones\"", |pen| seen::tasks(pen, frame, material));
        }
        pen.group("class=\"layer walls\"", |pen| ground::walls(pen, frame, site));
        pen.group("class=\"layer perimeter\"", |pen| {
            perimeter::draw(pen, frame, material, show, &mut labels);
        });
        pen.group("class=\"layer gates\"", |pen| ground::gates(pen, frame, site));
        seen::keep_numbers_free(frame, numbered, show, &mut labels);
        kit::marks(pen, frame, material, show, &mut labels);
        pen.group("class=\"layer names\"", |pen| ground::names(pen, frame, site, show, &mut labels));
        if show.ids {
            pen.group("class=\"layer ids\"", |pen| kit::ids(pen, frame, material, show, &mut labels));
        }
        pen.group("class=\"layer numbers\"", |pen| seen::numbers(pen, frame, numbered, show));
    });
}

/// What the groups refer to: the window and the hatches.
fn clip(frame: &Frame) -> String {
    let Frame { left, top, width, height, .. } = *frame;
    format!(
        "<defs><clipPath id=\"window\"><rect x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\"/></clipPath>\
         <pattern id=\"hatch\" width=\"1.6\" height=\"1.6\" patternUnits=\"userSpaceOnUse\" patternTransform=\"rotate(45)\"><path class=\"hatch\" d=\"M0 0V1.6\"/></pattern></defs>",
        mm(left),
        mm(top),
        mm(width),
        mm(height)
    )
}
