//! The drawing sheet: A3, landscape, to scale, with frame, grid, north arrow, scale bar, legend and title block, as the
//! building trade draws its site plans (frame and margins as GB/T 14689 gives them for A3 with a binding edge).

mod edge;
mod legend;
mod title;

use palisade_layout::analysis::answer::Gap;
use palisade_layout::analysis::sightlines::BODY_M;

use crate::map::{self, Frame, Pen, STYLE, Show};
use crate::{Failed, Material, fonts, pdf};

/// Width and height of the sheet, mm.
pub const SIZE_MM: [f64; 2] = [420.0, 297.0];
/// Margin on the binding edge, mm.
const BINDING_MM: f64 = 25.0;
/// The other margins, mm.
const MARGIN_MM: f64 = 5.0;
/// Width of the column with legend and title block, mm.
const COLUMN_MM: f64 = 76.0;
/// Room for the grid's figures inside the frame, mm.
const FIGURES_MM: f64 = 4.5;

/// The sheet as SVG and as PDF.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sheet {
    /// One SVG file that needs no other; lengths are millimetres.
    pub svg: String,
    /// One page of PDF.
    pub pdf: Vec<u8>,
    /// It is drawn 1 to so many.
    pub scale: u32,
}

/// Draws the sheet.
///
/// # Errors
/// When the site holds nothing, or a writer refuses.
pub fn sheet(material: &Material) -> Result<Sheet, Failed> {
    let site = &material.scenario.site;
    let empty = || Failed::Empty { scenario: material.scenario.file.name.clone() };
    let ground = map::extent(site).ok_or_else(empty)?;
    let [left, top] = [BINDING_MM + FIGURES_MM, MARGIN_MM + FIGURES_MM];
    let width = SIZE_MM[0] - BINDING_MM - MARGIN_MM - COLUMN_MM - 2.0 * FIGURES_MM;
    let height = SIZE_MM[1] - 2.0 * MARGIN_MM - 2.0 * FIGURES_MM;
    let frame = Frame::to_scale([left, top, width, height], ground);
    let mut pen = Pen::default();
    pen.rect("paper", [0.0, 0.0, SIZE_MM[0], SIZE_MM[1]]);
    let show = Show {
        gaps_at_m: Some(BODY_M),
        zones: true,
        densities: false,
        ids: true,
        small_kit: true,
        letters_mm: (1.6 * frame.mm_per_m).clamp(1.1, 2.2),
    };
    map::draw(&mut pen, material, &frame, show, &Vec::<&Gap>::new());
    edge::draw(&mut pen, &frame);
    let column = SIZE_MM[0] - MARGIN_MM - COLUMN_MM;
    legend::draw(&mut pen, material, column, MARGIN_MM);
    title::draw(&mut pen, material, &frame, column);
    let body = pen.done();
    let svg = |style: &str| {
        format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{0}mm\" height=\"{1}mm\" viewBox=\"0 0 {0} {1}\"><style>{style}</style>{body}</svg>",
            SIZE_MM[0], SIZE_MM[1]
        )
    };
    let name = format!("{} 安防平面布置图", material.scenario.file.name);
    let pdf = pdf::page(&svg(STYLE), &name, SIZE_MM.map(|mm| mm as f32))?;
    let style = STYLE
        .replace("\"Droid Sans Fallback\"", "\"Palisade Han\",\"Droid Sans Fallback\",sans-serif")
        .replace("\"Open Sans\"", "\"Open Sans\",\"Droid Sans\",Arial,sans-serif");
    let face = fonts::face(&body)?;
    Ok(Sheet { svg: svg(&format!("{face}{style}")), pdf, scale: frame.scale() as u32 })
}
