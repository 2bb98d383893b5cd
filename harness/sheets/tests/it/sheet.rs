//! The drawing sheet: its size, its scale, its words.

use anyhow::{Context, Result, ensure};
use palisade_sheets::sheet::sheet;

use crate::common::{Planned, ask, put};

/// Figures of an attribute in the first element that holds `mark`.
fn figures(svg: &str, mark: &str, attribute: &str) -> Result<Vec<f64>> {
    let at = svg.find(mark).with_context(|| format!("no {mark} in the picture"))?;
    let rest = &svg[at..];
    let from = rest.find(&format!("{attribute}=\"")).context("no such attribute")? + attribute.len() + 2;
    let text: String = rest[from..].chars().take_while(|c| *c != '"').collect();
    let mut figures = Vec::new();
    for word in text.split(|c: char| !(c.is_ascii_digit() || c == '.' || c == '-')).filter(|w| !w.is_empty())
    {
        figures.push(word.parse()?);
    }
    Ok(figures)
}

#[test]
fn the_sheet_of_the_shipped_compound_is_a3_and_to_scale() -> Result<()> {
    let planned = Planned::shipped("cuiyuan.toml")?;
    let made = sheet(&planned.material())?;
    let folder = tempfile::tempdir()?;
    put(folder.path(), "cuiyuan-sheet.svg", made.svg.as_bytes())?;
    let pdf = put(folder.path(), "cuiyuan-sheet.pdf", &made.pdf)?;

    let about = ask("pdfinfo", "poppler-utils", &[&pdf])?;
    ensure!(about.contains("Pages:           1"), "{about}");
    // A3 is 420 x 297 mm: 1190.55 x 841.89 points.
    ensure!(about.contains("1190.55 x 841.89 pts (A3)"), "{about}");
    let fonts = ask("pdffonts", "poppler-utils", &[&pdf])?;
    for line in fonts.lines().skip(2) {
        ensure!(line.contains(" yes yes yes "), "a font is not embedded, cut and searchable: {line}");
    }
    let words = ask("pdftotext", "poppler-utils", &["-layout", &pdf, "-"])?;
    for word in [
        "翠苑",
        "安全技术防范平面布置图",
        "1 : 1000",
        "IEC 62676-4:2014",
        "cam-gate-south-in",
        "主动红外对射",
    ] {
        ensure!(words.contains(word), "the sheet does not say {word}:\n{words}");
    }

    // A zone of beams that is 60 m long on the ground is 60 mm long on paper, where a unit is a millimetre.
    ensure!(
        made.scale == 1000 && made.svg.contains("width=\"420mm\" height=\"297mm\" viewBox=\"0 0 420 297\"")
    );
    let beam = &planned.scenario.file.kit.beam[0];
    let ground = (beam.to_m[0] - beam.from_m[0]).hypot(beam.to_m[1] - beam.from_m[1]);
    let svg = &made.svg[made.svg.find("class=\"layer perimeter\"").context("no perimeter")?..];
    let ends = figures(svg, "<circle class=\"beam-end sends\"", "cx")?[0];
    let other = figures(svg, "<circle class=\"beam-end\"", "cx")?[0];
    let rows = [
        figures(svg, "<circle class=\"beam-end sends\"", "cy")?[0],
        figures(svg, "<circle class=\"beam-end\"", "cy")?[0],
    ];
    let paper = (ends - other).hypot(rows[0] - rows[1]);
    ensure!((paper - ground).abs() < 0.03, "{paper} mm on paper for {ground} m at 1 : 1000");
    Ok(())
}

#[test]
fn a_device_that_goes_is_gone_from_the_sheet() -> Result<()> {
    let planned = Planned::shipped("tiny.toml")?;
    let before = sheet(&planned.material())?;
    let mut scenario = planned.scenario.clone();
    let gone = scenario.file.kit.camera.remove(0).id;
    scenario.devices.retain(|d| d.id != gone);
    let after = sheet(&Planned::of(scenario)?.material())?;
    let label = format!(">{gone}</text>");
    ensure!(before.svg.contains(&label) && !after.svg.contains(&label), "{gone}");
    ensure!(before.pdf.len() > 10_000 && before.pdf != after.pdf);
    Ok(())
}
