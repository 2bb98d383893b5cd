//! What the judge of a run takes for granted: `assets/assumptions/judge.toml`, with the reason for each figure.

use std::sync::LazyLock;

use serde::Deserialize;

use crate::record::Micros;

/// The figures of the file.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Assumed {
    /// So long after a device is back a gateway may still say that it was gone, s.
    offline_grace_s: f64,
    /// Share of a device class above which it is not assessed when faults took it.
    pub taken_share: f64,
    /// Memory by which the harness may grow, kB a minute.
    pub harness_memory_kb_per_min: f64,
    /// Open files by which it may grow, a minute.
    pub harness_files_per_min: f64,
}

impl Assumed {
    /// How long after a device is back a gateway may still say that it was gone.
    pub fn offline_grace_us(&self) -> Micros {
        (self.offline_grace_s * 1e6) as Micros
    }
}

/// The shipped figures. The file is part of the program, and a test reads it.
#[expect(clippy::expect_used, reason = "the file is compiled in, and a test reads it")]
pub fn assumed() -> &'static Assumed {
    static READ: LazyLock<Assumed> = LazyLock::new(|| {
        toml::from_str(include_str!("../../../assets/assumptions/judge.toml")).expect("judge.toml reads")
    });
    &READ
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_shipped_figures_read_and_make_sense() {
        let assumed = assumed();
        assert!(assumed.offline_grace_us() > 0 && (0.0..1.0).contains(&assumed.taken_share), "{assumed:?}");
        assert!(
            assumed.harness_memory_kb_per_min > 0.0 && assumed.harness_files_per_min > 0.0,
            "{assumed:?}"
        );
    }
}
