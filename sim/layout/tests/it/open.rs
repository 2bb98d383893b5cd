//! The shipped open compound: its street cells.

use std::path::Path;

use palisade_layout::analysis::plan;
use palisade_layout::model::load::{SourceText, geometry_path, load};

fn text(path: &Path) -> SourceText {
    let text = std::fs::read_to_string(path).expect("a shipped file");
    SourceText { name: path.display().to_string(), text }
}

#[test]
fn each_cell_says_who_answers_what_is_seen_and_how_soon_he_is_there() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../scenarios");
    let toml = text(&folder.join("heping.toml"));
    let geometry = text(&folder.join(geometry_path(&toml).expect("it names its geometry")));
    let scenario = load(&toml, Some(&geometry)).expect("a sound scenario");
    let answer = plan(&scenario);
    assert_eq!(answer.perimeter.status, "no wall in the data; 540.0 m of the outline has no wall");
    let cells = answer.cells;
    assert_eq!(cells.len(), 4);
    let area: f64 = cells.iter().map(|c| c.area_m2).sum();
    assert!((area - 160.0 * 110.0).abs() < 1e-6, "the cells are the compound: {area} m²");
    for cell in &cells {
        let way = cell.response.as_ref().expect("its guard walks it");
        assert!(way.reached == 1.0 && way.longest_s > way.median_s, "{cell:?}");
        assert!(cell.overlaps.is_empty() && cell.seen > 0.1 && !cell.cameras.is_empty(), "{cell:?}");
        let by_day = cell.id.as_str().ends_with("west");
        let problems: &[&str] = if by_day { &["outside 07:00–19:00 nobody answers for it"] } else { &[] };
        assert_eq!(cell.problems, problems, "{}", cell.id);
    }
    assert!(cells[0].posts.len() == 1 && cells[3].posts.is_empty(), "the post looks south-west");
}
