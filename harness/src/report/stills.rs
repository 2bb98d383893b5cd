//! Pictures of a run, as `palisade-view stills RUN --out DIR` writes them: PNG files and an index `stills.json`. They
//! are kept in the run folder, so that a report that is made again has them too.

use std::fs;
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::write;
use crate::exit::{Exit, Failure};

/// Folder of the pictures in a run folder.
const FOLDER: &str = "stills";
/// Name of the index.
const INDEX: &str = "stills.json";
/// Bytes of all pictures together above which a mail with the page may be refused.
const MUCH: usize = 6_000_000;

/// A row of the index.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Row {
    /// Its file, beside the index.
    pub(super) file: String,
    /// What it shows.
    pub(super) title: String,
    /// The same in Chinese.
    #[serde(default)]
    pub(super) title_zh: Option<String>,
    /// When in the day, ms after midnight.
    #[serde(default)]
    pub(super) at_ms: Option<i64>,
    /// More words.
    #[serde(default)]
    pub(super) caption: Option<String>,
}

/// A picture with what is said of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Still {
    pub(super) row: Row,
    /// The PNG file.
    pub(super) png: Vec<u8>,
    /// Pixels, width and height.
    pub(super) pixels: [u32; 2],
}

/// Copies pictures with their index into a run folder, in place of those that it had. A sentence when they are much to
/// put into one page.
///
/// # Errors
/// Exit 3 when the index or a picture cannot be used; then the run folder keeps what it had.
pub fn adopt(from: &Path, run: &Path) -> Result<Option<String>, Failure> {
    // A folder that is no run's gets no pictures.
    super::folder::read_journal(run)?;
    let stills = read(from).map_err(|why| {
        let remedy = "write the folder with `palisade-view stills RUN --out DIR` and name it again";
        Failure::new(Exit::Input, format!("--stills {}: {why}\n  remedy: {remedy}", from.display()))
    })?;
    if stills.is_empty() {
        let text = format!("--stills {}: {INDEX} names no picture", from.display());
        return Err(Failure::new(Exit::Input, text));
    }
    let to = run.join(FOLDER);
    let same = matches!((from.canonicalize(), to.canonicalize()), (Ok(from), Ok(to)) if from == to);
    if !same {
        let old = read(&to).unwrap_or_default();
        for still in old.iter().filter(|old| stills.iter().all(|new| new.row.file != old.row.file)) {
            // What is no picture of ours any more is at most useless.
            let _ = fs::remove_file(to.join(&still.row.file));
        }
        for still in &stills {
            write::file(run, &format!("{FOLDER}/{}", still.row.file), &still.png)?;
        }
        let rows: Vec<&Row> = stills.iter().map(|s| &s.row).collect();
        let index = serde_json::to_vec_pretty(&rows).map_err(|e| write::bug(INDEX, e))?;
        write::file(run, &format!("{FOLDER}/{INDEX}"), &index)?;
    }
    let bytes: usize = stills.iter().map(|s| s.png.len()).sum();
    Ok((bytes > MUCH).then(|| {
        format!(
            "the {} pictures have {:.1} MB, more than {} MB: the page may be too big to mail; take smaller ones",
            stills.len(),
            bytes as f64 / 1e6,
            MUCH / 1_000_000
        )
    }))
}

/// The pictures of a run folder; none when it has none.
pub(super) fn of_run(run: &Path) -> Result<Vec<Still>, String> {
    let folder = run.join(FOLDER);
    if folder.join(INDEX).exists() { read(&folder) } else { Ok(Vec::new()) }
}

fn read(folder: &Path) -> Result<Vec<Still>, String> {
    let index = fs::read(folder.join(INDEX)).map_err(|error| format!("{INDEX} cannot be read: {error}"))?;
    let rows: Vec<Row> =
        serde_json::from_slice(&index).map_err(|error| format!("{INDEX} is no list of pictures: {error}"))?;
    rows.into_iter().map(|row| still(folder, row)).collect()
}

fn still(folder: &Path, row: Row) -> Result<Still, String> {
    let file = &row.file;
    let plain = Path::new(file).file_name().is_some_and(|name| name == file.as_str());
    if !plain || file.starts_with('.') {
        return Err(format!("{INDEX} names `{file}`, which is no file beside it"));
    }
    let png = fs::read(folder.join(file)).map_err(|error| format!("{file} cannot be read: {error}"))?;
    let pixels = pixels(&png).map_err(|why| format!("{file} is no whole PNG picture: {why}"))?;
    Ok(Still { row, png, pixels })
}

/// Width and height of a PNG file whose parts are all there.
fn pixels(png: &[u8]) -> Result<[u32; 2], &'static str> {
    const SIGNATURE: [u8; 8] = [0x89, b'P', b'N', b'G', b'\r', b'\n', 0x1a, b'\n'];
    let mut rest = png.strip_prefix(&SIGNATURE).ok_or("it does not begin as one")?;
    let mut pixels = None;
    loop {
        let (head, after) = rest.split_at_checked(8).ok_or("its end is missing")?;
        let number = |bytes: &[u8]| bytes.iter().fold(0u32, |n, b| n << 8 | u32::from(*b));
        let (length, kind) = (number(&head[..4]) as usize, &head[4..]);
        // Behind the data of a part stands its check sum.
        let (data, next) = after
            .split_at_checked(length)
            .and_then(|(data, next)| Some((data, next.get(4..)?)))
            .ok_or("its end is missing")?;
        match (kind, pixels) {
            (b"IHDR", None) if length == 13 => pixels = Some([number(&data[..4]), number(&data[4..8])]),
            (_, None) => return Err("it does not say its size first"),
            (b"IEND", Some(found)) => return Ok(found),
            _ => {}
        }
        rest = next;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_whole_png_has_its_size_and_a_cut_one_is_refused() {
        let png = super::super::html::tiny_png();
        assert_eq!(pixels(&png), Ok([2, 1]));
        for cut in 0..png.len() {
            assert!(pixels(&png[..cut]).is_err(), "cut at {cut}");
        }
        assert!(pixels(b"GIF89a").is_err());
    }
}
