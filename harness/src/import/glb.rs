//! Reads the triangles of a binary glTF file, for sight. Coordinates are taken as they are, metres with z up, although
//! glTF itself has y up; the transforms of the file's nodes are applied.

use std::path::Path;

use gltf::{Gltf, Node, mesh::Mode};

/// A triangle's corners, m.
pub type Corners = [[f64; 3]; 3];

/// Reads the triangles of a file; the error says the file, the place and the remedy.
pub fn triangles(path: &Path) -> Result<Vec<Corners>, String> {
    let say = |what: &str, remedy: &str| format!("{}: {what}; {remedy}", path.display());
    let bytes = std::fs::read(path)
        .map_err(|error| say(&error.to_string(), "name a binary glTF file (`.glb`) that can be read"))?;
    let gltf = Gltf::from_slice(&bytes).map_err(|error| {
        say(&format!("not a sound glTF file: {error}"), "export the mesh as binary glTF again")
    })?;
    let mut found = Vec::new();
    let whole: Vec<Node> = match gltf.default_scene().or_else(|| gltf.scenes().next()) {
        Some(scene) => scene.nodes().collect(),
        None => gltf.nodes().collect(),
    };
    let unmoved = [[1., 0., 0., 0.], [0., 1., 0., 0.], [0., 0., 1., 0.], [0., 0., 0., 1.]];
    for node in whole {
        collect(&node, &unmoved, gltf.blob.as_deref(), &mut found).map_err(|what| {
            say(&what, "export it as one `.glb` file with its buffers inside and no compression")
        })?;
    }
    if found.is_empty() {
        return Err(say("it holds no triangle", "export the mesh with its faces as triangles"));
    }
    Ok(found)
}

/// A node's transform: four columns.
type Matrix = [[f64; 4]; 4];

fn times(a: &Matrix, b: &Matrix) -> Matrix {
    let cell = |column: usize, row: usize| (0..4).map(|k| a[k][row] * b[column][k]).sum();
    [0, 1, 2, 3].map(|column| [0, 1, 2, 3].map(|row| cell(column, row)))
}

fn collect(node: &Node, above: &Matrix, blob: Option<&[u8]>, found: &mut Vec<Corners>) -> Result<(), String> {
    let own = node.transform().matrix().map(|column| column.map(f64::from));
    let matrix = times(above, &own);
    for primitive in node.mesh().iter().flat_map(|mesh| mesh.primitives()) {
        let at = || format!("node {}, primitive {}", node.index(), primitive.index());
        if primitive.mode() != Mode::Triangles {
            return Err(format!("{}: it is drawn as {:?}, not as triangles", at(), primitive.mode()));
        }
        let reader = primitive.reader(|buffer| match buffer.source() {
            gltf::buffer::Source::Bin => blob.filter(|bytes| bytes.len() >= buffer.length()),
            gltf::buffer::Source::Uri(_) => None,
        });
        let corners =
            reader.read_positions().ok_or_else(|| format!("{}: its corners are not in the file", at()))?;
        let corners: Vec<[f64; 3]> = corners.map(|c| moved(&matrix, c.map(f64::from))).collect();
        let order: Vec<u32> = match reader.read_indices() {
            Some(order) => order.into_u32().collect(),
            None => (0..corners.len() as u32).collect(),
        };
        for (face, three) in order.chunks_exact(3).enumerate() {
            let corner = |k: usize| {
                corners.get(three[k] as usize).copied().filter(|c| c.iter().all(|x| x.is_finite()))
            };
            match (corner(0), corner(1), corner(2)) {
                (Some(a), Some(b), Some(c)) => found.push([a, b, c]),
                _ => {
                    return Err(format!(
                        "{}: triangle {face} has a corner that is missing or no number",
                        at()
                    ));
                }
            }
        }
    }
    node.children().try_for_each(|child| collect(&child, &matrix, blob, found))
}

fn moved(matrix: &Matrix, [x, y, z]: [f64; 3]) -> [f64; 3] {
    [0, 1, 2].map(|row| matrix[0][row] * x + matrix[1][row] * y + matrix[2][row] * z + matrix[3][row])
}
