//! `palisade rays`: answers a list of rays against a mesh. Hidden from help: it is there for checks by other programs.

use std::fs::File;
use std::io::{BufRead, BufReader, BufWriter, ErrorKind, Write};
use std::path::{Path, PathBuf};

use palisade_sim::analysis::scene::{Ends, Scene};

use super::{Exit, Failure};
use crate::import::glb;

/// Options of `palisade rays`.
#[derive(clap::Args, Debug)]
pub struct Args {
    /// A binary glTF file, metres, coordinates taken as they are (z up).
    mesh: PathBuf,
    /// Rays, a line each: `x y z x y z`, the first point and the second, m. `-` reads standard input. Prints a line for
    /// each: 1 when the second point is seen from the first, 0 when a triangle stops the view (not in the last
    /// millimetre before the second point).
    file: PathBuf,
}

/// What a ray meets in the last millimetre before its second point does not stop it: the point may lie on a surface.
pub(super) const ENDS: Ends = Ends { mount_m: 0.0, short_m: 0.001 };
/// Rays that are answered together.
const BLOCK: usize = 1 << 16;

pub(super) fn run(args: Args) -> Result<Exit, Failure> {
    let triangles = glb::triangles(&args.mesh).map_err(|text| Failure::new(Exit::Input, text))?;
    let scene = Scene::new(triangles);
    let mut lines = open(&args.file)?;
    let mut out = BufWriter::with_capacity(1 << 16, std::io::stdout().lock());
    let (mut number, mut line, mut block) = (0u64, String::new(), Vec::with_capacity(BLOCK));
    loop {
        line.clear();
        number += 1;
        let bad = |why: &str| {
            let text = format!(
                "{}:{number}: {why}; give two points a line as `x y z x y z`, six numbers in metres",
                args.file.display()
            );
            Failure::new(Exit::Input, text)
        };
        let read = lines.read_line(&mut line).map_err(|error| bad(&error.to_string()))?;
        if !line.trim().is_empty() {
            block.push(ray(&line).map_err(|why| bad(&why))?);
        }
        if block.len() == BLOCK || read == 0 {
            match out.write_all(&answer(&scene, &block)) {
                // A reader that has gone away (`| head`) is no failure.
                Err(error) if error.kind() == ErrorKind::BrokenPipe => return Ok(Exit::Ok),
                other => other.map_err(|error| Failure::new(Exit::Harness, error))?,
            }
            block.clear();
        }
        if read == 0 {
            let _ = out.flush();
            return Ok(Exit::Ok);
        }
    }
}

fn open(path: &Path) -> Result<Box<dyn BufRead>, Failure> {
    if path == Path::new("-") {
        return Ok(Box::new(BufReader::new(std::io::stdin())));
    }
    let file = File::open(path).map_err(|error| {
        Failure::new(
            Exit::Input,
            format!("{}: {error}; name a file of rays that can be read", path.display()),
        )
    })?;
    Ok(Box::new(BufReader::with_capacity(1 << 16, file)))
}

/// A line's two points.
fn ray(line: &str) -> Result<[[f64; 3]; 2], String> {
    let mut numbers = [0f64; 6];
    let mut words = line.split_ascii_whitespace();
    for (k, number) in numbers.iter_mut().enumerate() {
        let word = words.next().ok_or_else(|| format!("{k} numbers instead of six"))?;
        *number = word.parse().map_err(|_| format!("`{word}` is no number"))?;
        if !number.is_finite() {
            return Err(format!("`{word}` is no finite number"));
        }
    }
    match words.next() {
        Some(word) => Err(format!("more than six numbers, from `{word}` on")),
        None => Ok([[numbers[0], numbers[1], numbers[2]], [numbers[3], numbers[4], numbers[5]]]),
    }
}

/// The answers as lines, worked out by all processors, in the order of the rays.
fn answer(scene: &Scene, rays: &[[[f64; 3]; 2]]) -> Vec<u8> {
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let mut text = vec![b'\n'; 2 * rays.len()];
    let each = rays.len().div_ceil(threads).max(1);
    std::thread::scope(|scope| {
        for (rays, text) in rays.chunks(each).zip(text.chunks_mut(2 * each)) {
            scope.spawn(move || {
                for (ray, place) in rays.iter().zip(text.chunks_exact_mut(2)) {
                    place[0] = b'0' + u8::from(scene.clear(ray[0], ray[1], ENDS));
                }
            });
        }
    });
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_two_points_and_a_bad_one_says_why() {
        assert_eq!(ray("1 2 3 4.5 -5 6e1\r\n"), Ok([[1.0, 2.0, 3.0], [4.5, -5.0, 60.0]]));
        for (line, why) in [
            ("1 2 3", "3 numbers instead of six"),
            ("1 2 3 4 5 x", "`x` is no number"),
            ("1 2 3 4 5 nan", "`nan` is no finite number"),
            ("1 2 3 4 5 6 7", "more than six numbers, from `7` on"),
        ] {
            assert_eq!(ray(line), Err(why.to_owned()));
        }
    }
}
