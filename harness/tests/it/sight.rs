//! `palisade rays` as another program would use it, and the same rays answered by Embree.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use anyhow::{Context, Result, ensure};
use palisade::import::glb;
use palisade_sim::analysis::scene::{Ends, Scene};
use palisade_sim::words::{AgentKey, Dice};

/// A binary glTF file with one upright panel: x from 0 to 4 m, y = 2 m, z from 0 to 3 m. Its node is moved east by
/// `moved_m`.
pub(crate) fn panel(moved_m: f32) -> Vec<u8> {
    let corners = [[0.0, 2.0, 0.0], [4.0, 2.0, 0.0], [4.0, 2.0, 3.0], [0.0, 2.0, 3.0]];
    gltf(moved_m, &[0, 1, 2, 0, 2, 3], &corners)
}

/// Sixty-four blocks of houses, 30 m by 12 m and 18 m high, on 500 m by 500 m.
fn blocks() -> Vec<u8> {
    // Corners of a box by bits: east, north, up.
    let faces = [[0, 1, 3, 2], [4, 5, 7, 6], [0, 1, 5, 4], [2, 3, 7, 6], [0, 2, 6, 4], [1, 3, 7, 5]];
    let (mut indices, mut corners) = (Vec::new(), Vec::new());
    for block in 0..64_u16 {
        let at = [f32::from(block % 8) * 60.0 + 15.0, f32::from(block / 8) * 60.0 + 24.0];
        let bit = |corner: u16, axis: u16| f32::from(corner >> axis & 1);
        corners
            .extend((0..8).map(|c| [at[0] + 30.0 * bit(c, 0), at[1] + 12.0 * bit(c, 1), 18.0 * bit(c, 2)]));
        for [a, b, c, d] in faces {
            indices.extend([a, b, c, a, c, d].map(|corner| block * 8 + corner));
        }
    }
    gltf(0.0, &indices, &corners)
}

/// A binary glTF file with one mesh, whose node is moved east by `moved_m`.
fn gltf(moved_m: f32, indices: &[u16], corners: &[[f32; 3]]) -> Vec<u8> {
    let mut body: Vec<u8> = indices.iter().flat_map(|i| i.to_le_bytes()).collect();
    let split = body.len();
    body.extend(corners.as_flattened().iter().flat_map(|x| x.to_le_bytes()));
    let most = |worse: fn(f32, f32) -> f32| {
        [0, 1, 2].map(|axis| corners.iter().map(|corner| corner[axis]).reduce(worse).unwrap_or_default())
    };
    let mut head = serde_json::json!({
        "asset": { "version": "2.0" }, "scene": 0, "scenes": [{ "nodes": [0] }],
        "nodes": [{ "mesh": 0, "translation": [moved_m, 0.0, 0.0] }],
        "meshes": [{ "primitives": [{ "attributes": { "POSITION": 1 }, "indices": 0 }] }],
        "accessors": [
            { "componentType": 5123, "type": "SCALAR", "bufferView": 0, "count": indices.len() },
            { "componentType": 5126, "type": "VEC3", "bufferView": 1, "count": corners.len(),
              "min": most(f32::min), "max": most(f32::max) },
        ],
        "bufferViews": [
            { "buffer": 0, "byteOffset": 0, "byteLength": split },
            { "buffer": 0, "byteOffset": split, "byteLength": body.len() - split },
        ],
        "buffers": [{ "byteLength": body.len() }],
    })
    .to_string()
    .into_bytes();
    head.resize(head.len().next_multiple_of(4), b' ');
    let mut file = b"glTF\x02\0\0\0".to_vec();
    file.extend((28 + head.len() as u32 + body.len() as u32).to_le_bytes());
    file.extend((head.len() as u32).to_le_bytes());
    file.extend(b"JSON");
    file.extend(head);
    file.extend((body.len() as u32).to_le_bytes());
    file.extend(b"BIN\0");
    file.extend(body);
    file
}

fn rays(mesh: &Path, text: &str) -> Result<Output> {
    let mut child = Command::new(env!("CARGO_BIN_EXE_palisade"))
        .arg("rays")
        .args([mesh, Path::new("-")])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()?;
    child.stdin.take().context("stdin")?.write_all(text.as_bytes())?;
    Ok(child.wait_with_output()?)
}

#[test]
fn rays_are_answered_line_by_line() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let mesh = folder.path().join("panel.glb");
    std::fs::write(&mesh, panel(10.0))?;
    // Through the panel, beside it, over it, short of it, onto it, back through it, through its diagonal.
    let text = "12 0 1 12 5 1\n9.9 0 1 9.9 5 1\n12 0 3.1 12 5 3.1\n\n12 0 1 12 1.9 1\n12 0 1 12 2 1\n\
                12 5 1 12 0 1\n12 0 1.5 12 5 1.5";
    let output = rays(&mesh, text)?;
    ensure!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert_eq!(String::from_utf8(output.stdout)?, "0\n1\n1\n1\n1\n0\n0\n");
    Ok(())
}

#[test]
fn bad_rays_and_bad_meshes_are_named_with_their_place() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let (mesh, broken) = (folder.path().join("panel.glb"), folder.path().join("broken.glb"));
    std::fs::write(&mesh, panel(0.0))?;
    std::fs::write(&broken, &panel(0.0)[..100])?;
    let cut = folder.path().join("cut.glb");
    let mut bytes = panel(0.0);
    let last = bytes.len() - 60;
    bytes[last..last + 2].copy_from_slice(&9u16.to_le_bytes());
    std::fs::write(&cut, bytes)?;
    for (mesh, text, expected) in [
        (&mesh, "1 2 3 4 5 6\n1 2 3 4 five 6\n", "-:2: `five` is no number; give two points a line"),
        (&broken, "", "broken.glb: not a sound glTF file"),
        (&cut, "", "cut.glb: node 0, primitive 0: triangle 0 has a corner that is missing"),
        (&folder.path().join("none.glb"), "", "none.glb: No such file"),
    ] {
        let output = rays(mesh, text)?;
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(3), "{said}");
        ensure!(said.contains(expected), "`{expected}` is not in `{said}`");
    }
    Ok(())
}

#[test]
fn rays_and_bench_are_where_they_belong_in_the_help() -> Result<()> {
    let output = Command::new(env!("CARGO_BIN_EXE_palisade")).arg("--help").output()?;
    let help = String::from_utf8(output.stdout)?;
    ensure!(help.contains("  bench ") && !help.contains("  rays "), "{help}");
    Ok(())
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// Least distance from a point to the edges of the triangles, m.
fn to_an_edge(scene: &Scene, at: [f64; 3]) -> f64 {
    let sub = |a: [f64; 3], b: [f64; 3]| [a[0] - b[0], a[1] - b[1], a[2] - b[2]];
    let dot = |a: [f64; 3], b: [f64; 3]| a[0] * b[0] + a[1] * b[1] + a[2] * b[2];
    let to_side = |a: [f64; 3], b: [f64; 3]| {
        let (ab, ap) = (sub(b, a), sub(at, a));
        let t = (dot(ab, ap) / dot(ab, ab)).clamp(0.0, 1.0);
        let off = [0, 1, 2].map(|k| ap[k] - t * ab[k]);
        dot(off, off).sqrt()
    };
    let sides = |[a, b, c]: [[f64; 3]; 3]| to_side(a, b).min(to_side(b, c)).min(to_side(c, a));
    scene.triangles().map(sides).fold(f64::INFINITY, f64::min)
}

/// A million random rays over the large compound, or over blocks of houses where it is not there; half of them no longer
/// than a camera looks.
#[test]
fn a_million_rays_are_answered_as_embree_does() -> Result<()> {
    const RAYS: u64 = 1_000_000;
    let python = std::env::var("PALISADE_PEERS_PYTHON")
        .context("PALISADE_PEERS_PYTHON is not set: run `bash .ci/test`, which installs Embree")?;
    let folder = tempfile::tempdir()?;
    let mesh = match std::env::var_os("PALISADE_SITES").map(PathBuf::from) {
        Some(sites) => sites.join("../compound-500m/compound-500m.glb"),
        None => {
            let mesh = folder.path().join("blocks.glb");
            std::fs::write(&mesh, blocks())?;
            mesh
        }
    };
    let scene = Scene::new(glb::triangles(&mesh).map_err(anyhow::Error::msg)?);
    let mut draw = Dice::new(1).draw(AgentKey::of("ray"), "embree", 0);
    let rays: Vec<[[f64; 3]; 2]> = (0..RAYS)
        .map(|i| {
            let from = [draw.between(0.0, 500.0), draw.between(0.0, 500.0), draw.between(0.2, 20.0)];
            let reach = if i % 2 == 0 { 60.0 } else { 500.0 };
            let along = |low: f64| [(low - reach).max(0.0), (low + reach).min(500.0)];
            let ([w, e], [s, n]) = (along(from[0]), along(from[1]));
            [from, [draw.between(w, e), draw.between(s, n), draw.between(0.2, 20.0)]]
        })
        .collect();
    let list = folder.path().join("rays.bin");
    std::fs::write(
        &list,
        rays.iter().flatten().flatten().flat_map(|x| x.to_le_bytes()).collect::<Vec<u8>>(),
    )?;
    let script = root().join("harness/tests/peers/embree.py");
    let output = Command::new(python).arg(script).arg("list").args([&mesh, &list]).output()?;
    ensure!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let theirs: Vec<f64> = output
        .stdout
        .chunks_exact(8)
        .map(|c| c.try_into().map(f64::from_le_bytes))
        .collect::<Result<_, _>>()?;
    assert_eq!(theirs.len(), rays.len());
    let ends = Ends { mount_m: 0.0, short_m: 0.001 };
    let (mut different, mut stopped) = (0, 0);
    for ([from, to], theirs) in rays.iter().zip(theirs) {
        let ours = scene.clear(*from, *to, ends);
        stopped += u64::from(!ours);
        if ours == (theirs < 0.0) {
            continue;
        }
        different += 1;
        let met = if ours { theirs } else { scene.first_m(*from, *to, ends).context("it is stopped")? };
        let way = [0, 1, 2].map(|k| to[k] - from[k]);
        let length = way.iter().map(|x| x * x).sum::<f64>().sqrt();
        let edge = to_an_edge(&scene, [0, 1, 2].map(|k| from[k] + way[k] / length * met));
        ensure!(
            edge <= 0.001 || met <= 0.001 || (length - 0.001 - met).abs() <= 0.001,
            "{from:?} {to:?}: clear here {ours}, met after {met} m, {edge} m from an edge"
        );
    }
    eprintln!("{different} of {RAYS} answers differ from Embree's; {stopped} are stopped");
    ensure!((RAYS / 10..RAYS * 9 / 10).contains(&stopped), "{stopped} of {RAYS} are stopped");
    ensure!(different * 10_000 <= RAYS, "{different} of {RAYS} answers differ");
    Ok(())
}
