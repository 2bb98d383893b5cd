//! What a plan hands out: a drawing sheet, map layers, bills of material, a page for the manager and one for the planner.
//!
//! Everything here renders what `palisade_layout::analysis` found and decides nothing. Each output is a function from
//! [`Material`] to bytes; the caller writes the files. No engine, no sockets: this room is tested in seconds.

pub mod bill;
pub mod density;
pub mod fonts;
pub mod layers;
pub mod manager;
mod map;
mod pdf;
pub mod planner;
pub mod sheet;
mod words;

pub use words::thousands;

use palisade_layout::analysis::PlanReport;
use palisade_layout::analysis::caster::Caster;
use palisade_layout::analysis::prices::Prices;
use palisade_layout::model::Scenario;

/// What every output is made from.
#[derive(Clone, Copy)]
pub struct Material<'a> {
    /// The compound and what is installed.
    pub scenario: &'a Scenario,
    /// What the plan found.
    pub report: &'a PlanReport,
    /// The caster that the plan was made with: zones of cameras are drawn from it.
    pub caster: &'a Caster,
    /// The list of prices.
    pub prices: &'a Prices,
}

/// Why an output could not be made.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Failed {
    /// The site has no extent: nothing has a place.
    #[error(
        "{scenario}: the site holds nothing that could be drawn; give its geometry at least one outline, wall or building"
    )]
    Empty {
        /// Name of the compound.
        scenario: String,
    },
    /// A shipped font or template is not what it should be.
    #[error("{0}")]
    Font(#[from] fonts::Unusable),
    /// A writer refused what it was given.
    #[error("{what} could not be made: {why}")]
    Writer {
        /// The output.
        what: &'static str,
        /// What the writer said.
        why: String,
    },
}

/// A file that a plan hands out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct File {
    /// Its name in the plan's folder.
    pub name: String,
    /// What it holds.
    pub bytes: Vec<u8>,
}

impl File {
    fn new(name: impl Into<String>, bytes: impl Into<Vec<u8>>) -> File {
        File { name: name.into(), bytes: bytes.into() }
    }
}

/// What is handed out only when it is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Export {
    /// `plan.gpkg`: layers for map programs.
    Gpkg,
    /// `coverage-<height>.tif` and `coverage-night-<height>.tif`: the coverage raster.
    Tif,
    /// `plan.dxf`: layers for drawing programs.
    Dxf,
    /// `kit.xlsx` and `kit.csv`: the bill of materials.
    Xlsx,
}

impl Export {
    /// All of them.
    pub const ALL: [Export; 4] = [Export::Gpkg, Export::Tif, Export::Dxf, Export::Xlsx];

    /// The word by which it is asked for.
    pub fn word(self) -> &'static str {
        match self {
            Export::Gpkg => "gpkg",
            Export::Tif => "tif",
            Export::Dxf => "dxf",
            Export::Xlsx => "xlsx",
        }
    }

    /// Names of its files.
    pub fn names(self) -> &'static [&'static str] {
        match self {
            Export::Gpkg => &["plan.gpkg"],
            Export::Tif => {
                &["coverage-0.5.tif", "coverage-night-0.5.tif", "coverage-1.5.tif", "coverage-night-1.5.tif"]
            }
            Export::Dxf => &["plan.dxf"],
            Export::Xlsx => &["kit.xlsx", "kit.csv"],
        }
    }

    fn files(self, material: &Material) -> Result<Vec<File>, Failed> {
        Ok(match self {
            Export::Gpkg => vec![File::new("plan.gpkg", layers::package(material)?)],
            Export::Tif => layers::rasters(material)?,
            Export::Dxf => vec![File::new("plan.dxf", layers::drawing(material)?)],
            Export::Xlsx => vec![
                File::new("kit.xlsx", bill::workbook(material)?),
                File::new("kit.csv", bill::csv(material)?),
            ],
        })
    }
}

impl std::str::FromStr for Export {
    type Err = String;

    fn from_str(text: &str) -> Result<Export, String> {
        let valid = || Export::ALL.map(Export::word).join(", ");
        let found = Export::ALL.into_iter().find(|export| export.word() == text);
        found.ok_or_else(|| format!("`{text}` is nothing that a plan is exported as; valid are {}", valid()))
    }
}

/// All that a plan hands out: sheets and pages, and the exports that are asked for.
///
/// # Errors
/// When the site holds nothing, or a writer refuses.
pub fn files(material: &Material, exports: &[Export]) -> Result<Vec<File>, Failed> {
    let sheet = sheet::sheet(material)?;
    let manager = manager::manager(material)?;
    let mut files = vec![
        File::new("plan.html", planner::page(material)?),
        File::new("manager.html", manager.html),
        File::new("manager.pdf", manager.pdf),
        File::new("sheet.svg", sheet.svg),
        File::new("sheet.pdf", sheet.pdf),
    ];
    for export in exports {
        files.extend(export.files(material)?);
    }
    Ok(files)
}

impl Failed {
    fn writer(what: &'static str, why: impl std::fmt::Display) -> Failed {
        Failed::Writer { what, why: why.to_string() }
    }
}
