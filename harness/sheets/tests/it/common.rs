//! The shipped compounds with their plans, and programs that read what is written.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};
use palisade_layout::analysis::caster::Caster;
use palisade_layout::analysis::prices::Prices;
use palisade_layout::analysis::repairs::{repairs, unrepaired};
use palisade_layout::analysis::rules::{self, RuleBook};
use palisade_layout::analysis::views::Views;
use palisade_layout::analysis::{PlanReport, plan_with};
use palisade_layout::model::Scenario;
use palisade_layout::model::load::{SourceText, geometry_path, load};
use palisade_sheets::Material;

/// A compound with its plan.
pub(crate) struct Planned {
    pub(crate) scenario: Scenario,
    pub(crate) caster: Caster,
    pub(crate) report: PlanReport,
    pub(crate) prices: Prices,
}

impl Planned {
    pub(crate) fn material(&self) -> Material<'_> {
        let Planned { scenario, caster, report, prices } = self;
        Material { scenario, report, caster, prices }
    }

    /// Plans a scenario.
    pub(crate) fn of(scenario: Scenario) -> Result<Planned> {
        let caster = Caster::of(&scenario);
        let views = Views::of(&scenario, &caster);
        let mut answer = plan_with(&scenario, &caster, &views);
        let book = RuleBook::residential()?;
        let prices = Prices::shipped().map_err(|p| anyhow::anyhow!("{p:?}"))?;
        answer.perimeter.repairs = repairs((&scenario, &caster, &views), (&book, &prices), &answer, 2);
        answer.perimeter.unrepaired = unrepaired(&scenario, &answer.perimeter, &book);
        let rules = rules::assess(&book, &scenario, (&caster, &views), &answer, None);
        let report = PlanReport {
            format: 1,
            scenario: scenario.file.name.clone(),
            answer,
            rules,
            ..PlanReport::default()
        };
        Ok(Planned { scenario, caster, report, prices })
    }

    /// Plans a scenario that is shipped.
    pub(crate) fn shipped(name: &str) -> Result<Planned> {
        Planned::of(read(name, None)?)
    }
}

pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// Reads a shipped scenario, with another geometry where one is given.
pub(crate) fn read(name: &str, geometry: Option<String>) -> Result<Scenario> {
    let path = root().join("scenarios").join(name);
    let source = |path: &Path, text: String| SourceText { name: path.display().to_string(), text };
    let toml = source(&path, std::fs::read_to_string(&path)?);
    let beside = geometry_path(&toml).map_err(|p| anyhow::anyhow!("{p:?}"))?;
    let beside = path.with_file_name(beside);
    let text = match geometry {
        Some(text) => text,
        None => std::fs::read_to_string(&beside)?,
    };
    load(&toml, Some(&source(&beside, text))).map_err(|p| anyhow::anyhow!("{p:#?}"))
}

/// Runs a program that somebody else wrote and returns what it says.
pub(crate) fn ask(program: &str, package: &str, arguments: &[&str]) -> Result<String> {
    let output = Command::new(program)
        .args(arguments)
        .output()
        .with_context(|| format!("`{program}` is not installed: apt-get install {package}"))?;
    ensure!(
        output.status.success(),
        "{program} {arguments:?}: {}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

/// Writes a file into a folder and returns its path as text. With `PALISADE_SHEETS_KEEP` set to a folder it is also put
/// there, to be looked at.
pub(crate) fn put(folder: &Path, name: &str, bytes: &[u8]) -> Result<String> {
    if let Ok(keep) = std::env::var("PALISADE_SHEETS_KEEP") {
        std::fs::create_dir_all(&keep)?;
        std::fs::write(Path::new(&keep).join(name), bytes)?;
    }
    let path = folder.join(name);
    std::fs::write(&path, bytes)?;
    Ok(path.display().to_string())
}
