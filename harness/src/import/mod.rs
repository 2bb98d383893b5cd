//! Reads an OpenStreetMap file and proposes a scenario: site from the map, kit from rules, everything guessed said.
//!
//! [`osm`] reads, [`shapes`] closes outlines, [`counts`] surveys one compound in UTM metres, [`site`] makes geometry
//! that passes the check, [`kit`] and `cameras` propose what is installed, [`write`] puts it on disk.

mod cameras;
pub mod counts;
pub mod glb;
pub mod ground;
pub mod kit;
pub mod notes;
pub mod osm;
pub mod plane;
pub mod shapes;
pub mod site;
pub mod write;

use std::path::Path;

use geo::{Area, Polygon};
use palisade_sim::model::ScenarioFile;
use palisade_sim::model::Site;
use palisade_sim::model::scenario::{Day, SiteRef};
use serde::Serialize;

use counts::Counts;
use notes::Notes;
use osm::Map;
use write::Files;

/// What to import.
#[derive(Clone, Debug)]
pub struct Wish {
    /// The way of the compound; the largest `landuse=residential` when not said.
    pub way: Option<i64>,
    /// How far from the outline barriers and gates belong to it, m.
    pub snap_m: f64,
}

/// A compound that the map offers.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Candidate {
    /// The way.
    pub way: i64,
    /// Its name, if any.
    pub name: Option<String>,
    /// Its area, m².
    pub area_m2: f64,
    /// How many buildings it holds.
    pub buildings: usize,
    /// Share of its area that was downloaded, as far as the file shows, 0..1.
    pub downloaded: f64,
}

/// What came out of a map.
pub struct Imported {
    /// The counts.
    pub counts: Counts,
    /// Compounds that the map offers, the chosen one included, largest first.
    pub candidates: Vec<Candidate>,
    /// Found, guessed, dropped.
    pub notes: Notes,
    /// The site.
    pub site: Site,
    /// What was written.
    pub files: Files,
}

/// `import.json`.
#[derive(Serialize)]
pub struct Record<'a> {
    /// Version of this record: 1.
    format: u32,
    /// Who made the data.
    attribution: &'static str,
    /// The rules behind the counts.
    rules: [&'static str; 6],
    /// The counts.
    counts: &'a Counts,
    /// Sentences that a reader must know.
    warnings: Vec<String>,
    /// Compounds that the map offers.
    candidates: &'a [Candidate],
    /// In the data.
    found: &'a [notes::Note],
    /// Not in the data.
    guessed: &'a [notes::Note],
    /// In the data, but not used.
    dropped: &'a [notes::Note],
}

const RULES: [&str; 6] = [
    "lengths and areas are planar in WGS 84 / UTM",
    "building: any building=* closed way or whole multipolygon; in the compound when a point on its surface is",
    "gate: node barrier=gate or lift_gate at most snap_m from the outline (0 inside)",
    "barrier: ways barrier=* except kerb, clipped to the outline widened by snap_m",
    "ring with a barrier: part of the outline that has such a line within snap_m",
    "roads: highway=* ways clipped to the outline; crossings: places where one meets the outline",
];

impl Imported {
    /// What `import.json` says.
    pub fn record(&self) -> Record<'_> {
        Record {
            format: 1,
            attribution: write::ATTRIBUTION,
            rules: RULES,
            counts: &self.counts,
            warnings: self.warnings(),
            candidates: &self.candidates,
            found: &self.notes.found,
            guessed: &self.notes.guessed,
            dropped: &self.notes.dropped,
        }
    }

    /// Sentences that a reader must know.
    pub fn warnings(&self) -> Vec<String> {
        let mut list = Vec::new();
        let counts = &self.counts;
        if counts.downloaded < 0.999 {
            let share = counts.downloaded * 100.0;
            let worth =
                if counts.downloaded < 0.9 { ": any coverage figure for it is worthless" } else { "" };
            list.push(format!(
                "only about {share:.1} % of the compound was downloaded, as far as the file shows{worth}"
            ));
        }
        if counts.barrier_m == 0.0 && counts.gates == 0 {
            list.push("no boundary in the data: neither barrier nor gate is mapped; whether there is one is unknown".into());
        } else if counts.ring_with_barrier_m < counts.perimeter_m * 0.999 {
            let hole = counts.perimeter_m - counts.ring_with_barrier_m;
            list.push(format!("{hole:.0} m of the outline have no mapped barrier within {} m: a real gap or not yet mapped, the map does not say", counts.snap_m));
        }
        list
    }
}

/// Why a map cannot be imported.
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    /// The file cannot be read.
    #[error("cannot read the map {path}: {why}; {remedy}")]
    Unreadable {
        /// The file.
        path: String,
        /// Why.
        why: String,
        /// What to do about it.
        remedy: &'static str,
    },
    /// The file is no sound map.
    #[error("{path}: {source}")]
    Osm {
        /// The file.
        path: String,
        /// What is wrong.
        source: osm::OsmError,
    },
    /// The way that was asked for is not there or does not close.
    #[error("way {0} is not in the map or does not close; `--way` takes the id of a closed way")]
    NoSuchWay(i64),
    /// Nothing in the map is a compound.
    #[error("the map has no closed way `landuse=residential`; name the outline with `--way ID`")]
    NoCompound,
    /// The compound has no ground to stand on.
    #[error("nobody can stand anywhere inside way {0}: choose another outline with `--way ID`")]
    NoGround(i64),
    /// The projection failed.
    #[error("cannot project to UTM: {0}")]
    Projection(String),
    /// A result cannot be written.
    #[error("cannot write {path}: {why}")]
    Unwritable {
        /// The file.
        path: String,
        /// Why.
        why: String,
    },
}

/// Reads a map file.
pub fn read(path: &Path) -> Result<Map, ImportError> {
    let unreadable = |(why, remedy): (String, &'static str)| ImportError::Unreadable {
        path: path.display().to_string(),
        why,
        remedy,
    };
    let text = std::fs::read(path).map_err(|e| unreadable(why_not(&e)))?;
    let text = String::from_utf8(text).map_err(|_| {
        unreadable(("it is not UTF-8 text".into(), "export the map as OSM XML (`.osm`), not as PBF"))
    })?;
    osm::read(&text).map_err(|source| ImportError::Osm { path: path.display().to_string(), source })
}

/// Why a map cannot be read, and what to do about it.
fn why_not(error: &std::io::Error) -> (String, &'static str) {
    use std::io::ErrorKind;
    match error.kind() {
        ErrorKind::NotFound => (
            "there is no such file".into(),
            "check the path; a map is what openstreetmap.org hands out under Export (`.osm`)",
        ),
        ErrorKind::PermissionDenied => ("permission denied".into(), "make it readable for this user"),
        ErrorKind::IsADirectory => ("it is a folder".into(), "name the `.osm` file in it"),
        _ => (error.to_string(), "check the disk and the path"),
    }
}

/// Imports a compound of a map into a folder.
pub fn import(path: &Path, out: &Path, wish: &Wish) -> Result<Imported, ImportError> {
    let map = read(path)?;
    let candidates = candidates(&map)?;
    let way = wish.way.or(candidates.first().map(|c| c.way)).ok_or(ImportError::NoCompound)?;
    let survey = counts::survey(&map, way, wish.snap_m)?;
    let mut draft = site::draft(&map, &survey, way, wish.snap_m)?;
    let proposal = kit::propose(&mut draft).ok_or(ImportError::NoGround(way))?;
    let stem = path.file_stem().map_or("import".into(), |s| s.to_string_lossy().into_owned());
    let name = if candidates.len() > 1 { format!("{stem}-{way}") } else { stem };
    let called = map.ways.get(&way).and_then(|w| w.tags.get("name").cloned());
    let file = ScenarioFile {
        format: 1,
        name: called.unwrap_or_else(|| format!("way {way}")),
        seed: 1,
        site: SiteRef { geometry: format!("sites/{name}.geojson"), origin: draft.site.origin },
        day: Day::default(),
        kit: proposal.kit,
        cast: proposal.cast,
        script: proposal.script,
        drive: Default::default(),
        sut: Default::default(),
        thresholds: thresholds(),
        project: Default::default(),
    };
    let files =
        Files { scenario: Default::default(), geometry: Default::default(), record: Default::default() };
    let mut imported =
        Imported { counts: survey.counts, candidates, notes: draft.notes, site: draft.site, files };
    imported.files = write::all(out, &name, &file, &imported)?;
    Ok(imported)
}

fn thresholds() -> palisade_sim::model::drive::Thresholds {
    let all = [
        ("missed", "== 0"),
        ("duplicate", "== 0"),
        ("wrong", "== 0"),
        ("response.p99", "< 2s"),
        ("lateness.p99", "< 10ms"),
    ];
    all.iter().map(|(figure, must)| ((*figure).to_owned(), (*must).to_owned())).collect()
}

/// The closed ways `landuse=residential` of a map, the one with most downloaded buildings first.
pub fn candidates(map: &Map) -> Result<Vec<Candidate>, ImportError> {
    let mut list = Vec::new();
    let residential = |w: &osm::Way| w.closed() && w.tags.get("landuse").is_some_and(|v| v == "residential");
    let mut built: Option<Vec<geo::Point<f64>>> = None;
    for (id, way) in map.ways.iter().filter(|(_, w)| residential(w)) {
        let Some(first) = way.nodes.iter().find_map(|n| map.nodes.get(n)) else { continue };
        let utm = plane::Utm::at(first.lon, first.lat).map_err(|e| ImportError::Projection(e.to_string()))?;
        let place = |n: i64| map.nodes.get(&n).and_then(|n| utm.metres(n.lon, n.lat).ok());
        let points = built.get_or_insert_with(|| {
            let (buildings, _) = shapes::buildings(map, &place);
            buildings.iter().filter_map(|b| shapes::surface_point(&b.outline)).collect()
        });
        let outline = Polygon::new(shapes::line(way, &place), vec![]);
        let buildings = points.iter().filter(|p| geo::Contains::contains(&outline, *p)).count();
        list.push(Candidate {
            way: *id,
            name: way.tags.get("name").cloned(),
            area_m2: outline.unsigned_area(),
            buildings,
            downloaded: counts::downloaded(map, &utm, &outline),
        });
    }
    // A large outline of which a corner was downloaded is worth less than a small one that is whole.
    let worth = |c: &Candidate| c.buildings as f64 * c.downloaded;
    list.sort_by(|a, b| worth(b).total_cmp(&worth(a)).then(b.area_m2.total_cmp(&a.area_m2)));
    Ok(list)
}
