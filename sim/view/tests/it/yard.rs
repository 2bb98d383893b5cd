//! A run's folder of the small yard, made once: what `palisade run` writes before it drives.

use std::path::{Path, PathBuf};
use std::sync::{Arc, LazyLock};

use palisade_sim::analysis;
use palisade_sim::model::load::{SourceText, load};
use palisade_sim::whole::{Inputs, live};

/// The folder, kept until the tests end.
static YARD: LazyLock<tempfile::TempDir> = LazyLock::new(|| {
    let dir = tempfile::tempdir().unwrap();
    let scenarios = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../scenarios");
    let read = |name: &str| std::fs::read_to_string(scenarios.join(name)).unwrap();
    let (toml, geometry) = (read("tiny.toml"), read("sites/tiny.geojson"));
    let text = |name: &str, text: &str| SourceText { name: name.into(), text: text.into() };
    let scenario = load(&text("tiny.toml", &toml), Some(&text("tiny.geojson", &geometry))).unwrap();
    let scenario = Arc::new(scenario);
    let day = live(scenario.clone(), scenario.file.seed, &Inputs::default(), &mut |_| {});
    let put = |name: &str, bytes: &[u8]| std::fs::write(dir.path().join(name), bytes).unwrap();
    put("scenario.toml", toml.as_bytes());
    put("site.geojson", geometry.as_bytes());
    put("tape.bin", &day.tape.to_bytes());
    put("tracks.bin", &day.tracks.to_bytes());
    put("plan.json", &serde_json::to_vec(&analysis::plan(&scenario)).unwrap());
    let missed = day.tape.incidents.iter().find(|i| format!("{:?}", i.kind) == "Intrusion").unwrap();
    let broken = day.tape.stimuli.iter().find(|s| s.signal.word() == "beam_broken").unwrap();
    let device = &day.tape.devices[broken.device.index()].id;
    // As much of a report as the viewer reads: one alarm that the gateway never passed on.
    let report = serde_json::json!({
        "incidents": [{"id": missed.id.0, "detected": true, "said": [
            {"due_ms": broken.due.0, "device": device, "signal": "beam_broken", "outcome": "missed"}]}],
        "devices": [{"id": device, "stimuli": 2, "outcomes": {"expected": 1, "missed": 1},
            "response_ms": {"count": 0, "p50": null, "p99": null, "max": null}}],
        "windows": [{"from_ms": broken.due.0 - 5_000, "lasting_ms": 10_000}],
    });
    put("report.json", report.to_string().as_bytes());
    dir
});

/// The folder.
pub(crate) fn folder() -> PathBuf {
    YARD.path().to_owned()
}
