//! The tiny site, and ways to change one cause in it.

use std::path::PathBuf;
use std::sync::{Arc, OnceLock};

use palisade_sim::model::Scenario;
use palisade_sim::model::load::{SourceText, load};
use palisade_sim::whole::{Day, Inputs, live};

fn text(name: &str) -> SourceText {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../scenarios").join(name);
    SourceText { name: name.to_owned(), text: std::fs::read_to_string(path).unwrap() }
}

/// The tiny scenario as shipped.
pub(crate) fn tiny() -> Scenario {
    load(&text("tiny.toml"), Some(&text("sites/tiny.geojson"))).unwrap()
}

/// The large scenario as shipped: 翠苑.
pub(crate) fn large() -> Scenario {
    load(&text("cuiyuan.toml"), Some(&text("sites/cuiyuan.geojson"))).unwrap()
}

/// The tiny scenario with its text changed: each old text must be there.
pub(crate) fn tiny_with(changes: &[(&str, &str)]) -> Scenario {
    let mut source = text("tiny.toml");
    for (old, new) in changes {
        assert!(source.text.contains(old), "{old} is not in the tiny scenario");
        source.text = source.text.replace(old, new);
    }
    load(&source, Some(&text("sites/tiny.geojson"))).unwrap()
}

/// A day of a scenario.
pub(crate) fn day(scenario: Scenario, seed: u64) -> Day {
    live(Arc::new(scenario), seed, &Inputs::default(), &mut |_| {})
}

/// The day of the tiny scenario as shipped, seed 1, lived once for all tests.
pub(crate) fn tiny_day() -> &'static Day {
    static DAY: OnceLock<Day> = OnceLock::new();
    DAY.get_or_init(|| day(tiny(), 1))
}
