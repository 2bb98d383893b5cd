//! Trees: a trunk and a crown of several clumps, in the colour of the season.

use palisade_sim::model::site::{Site, Tree};

use super::{Cells, Layers};
use crate::pad::{Colour, hash, key, rgb, shade};

/// Draws all trees. `date` is `YYYY-MM-DD`.
pub fn draw(cells: &mut Cells, site: &Site, date: &str) {
    let month: u32 = date.split('-').nth(1).and_then(|m| m.parse().ok()).unwrap_or(6);
    for tree in &site.trees {
        draw_one(cells.at(tree.at.x, tree.at.y), tree, month, site.origin.lat_deg < 0.0);
    }
}

fn leaves(tree: &Tree, month: u32, south: bool) -> Option<Colour> {
    let month = if south { (month + 5) % 12 + 1 } else { month };
    let pick = hash(key(&tree.id.to_string()) ^ 77);
    if tree.evergreen {
        return Some(rgb([0x35_5f38, 0x2f_5a3f, 0x3f_6a35][(pick * 3.0) as usize]));
    }
    match month {
        12 | 1 | 2 => None,
        3 | 4 => Some(rgb([0x78_a648, 0x69_9a42, 0x8f_b45a, 0xd9_a7b8][(pick * 3.3) as usize])),
        10 | 11 => Some(rgb([0xc0_8a35, 0xb0_6f2c, 0x9a_8f3a][(pick * 3.0) as usize])),
        _ => Some(rgb([0x4f_8238, 0x5b_8c3c, 0x47_763a][(pick * 3.0) as usize])),
    }
}

fn draw_one(layers: &mut Layers, tree: &Tree, month: u32, south: bool) {
    let Layers { mass: pad, detail } = layers;
    let id = key(&tree.id.to_string());
    let (x, y, r) = (tree.at.x, tree.at.y, tree.crown_radius_m);
    let trunk = (0.035 * tree.height_m).clamp(0.10, 0.4);
    let bark = rgb(0x5e_4d3c);
    pad.post([x, y, 0.0], [trunk, trunk * 0.6], tree.crown_base_m + 0.3 * r, 7, bark);
    let (low, high) = (tree.crown_base_m, tree.height_m);
    let middle = (low + high) / 2.0;
    let Some(colour) = leaves(tree, month, south) else {
        for k in 0..9 {
            let turn = std::f64::consts::TAU * (f64::from(k) / 9.0 + 0.1 * hash(id ^ k as u64));
            let reach = r * (0.6 + 0.4 * hash(id ^ (40 + k as u64)));
            let top = low + (high - low) * (0.55 + 0.45 * hash(id ^ (80 + k as u64)));
            pad.bar([x, y, low * 0.8], [x + reach * turn.cos(), y + reach * turn.sin(), top], 0.09, bark);
        }
        return;
    };
    // The whole keeps within the ellipsoid that stops a view.
    let upright = (high - low) / 2.0;
    pad.blob([x, y, middle], [r * 0.82, r * 0.82, upright * 0.9], 6, 0.13, id, colour);
    for k in 0..4u32 {
        let turn = std::f64::consts::TAU * (f64::from(k) / 4.0 + hash(id));
        let z = middle + upright * (0.9 * hash(id ^ u64::from(k * 7 + 3)) - 0.45);
        let (cx, cy) = (x + 0.45 * r * turn.cos(), y + 0.45 * r * turn.sin());
        let tone = 0.88 + 0.24 * hash(id ^ u64::from(k)) as f32;
        let half = [0.52 * r, 0.52 * r, 0.42 * upright];
        detail.blob([cx, cy, z], half, 5, 0.16, id ^ u64::from(k), shade(colour, tone));
    }
}
