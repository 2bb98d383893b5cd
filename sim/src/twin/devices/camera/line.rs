//! Lines that nobody should cross: the walls of the perimeter, without their gates.

use crate::analysis::wall_line::WallLine;
use crate::model::site::Site;

/// A straight piece of a perimeter wall, m.
pub type Piece = [[f64; 2]; 2];

/// The perimeter's walls as straight pieces; gates are left out.
pub fn pieces(site: &Site) -> Vec<Piece> {
    let mut all = Vec::new();
    for wall in site.rim() {
        let line = WallLine::new(&wall.line);
        for [from, to] in line.standing(&site.gates) {
            let inner = line.pieces().map(|(along, _, _)| along).filter(|along| *along > from && *along < to);
            let stops: Vec<f64> = std::iter::once(from).chain(inner).chain(std::iter::once(to)).collect();
            for pair in stops.windows(2) {
                let (a, b) = (line.at(pair[0]), line.at(pair[1]));
                all.push([[a.x, a.y], [b.x, b.y]]);
            }
        }
    }
    all
}

/// The fraction of a way at which it crosses a piece; nothing when it does not, or runs along it.
pub fn crossed(piece: Piece, [from, to]: [[f64; 2]; 2]) -> Option<f64> {
    let way = [to[0] - from[0], to[1] - from[1]];
    let wall = [piece[1][0] - piece[0][0], piece[1][1] - piece[0][1]];
    let away = [piece[0][0] - from[0], piece[0][1] - from[1]];
    let cross = |a: [f64; 2], b: [f64; 2]| a[0] * b[1] - a[1] * b[0];
    let spread = cross(way, wall);
    if spread.abs() < 1e-12 {
        return None;
    }
    let (on_way, on_wall) = (cross(away, wall) / spread, cross(away, way) / spread);
    ((0.0..1.0).contains(&on_way) && (0.0..=1.0).contains(&on_wall)).then_some(on_way)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_way_crosses_a_wall_once_and_not_beside_it() {
        let wall = [[0.0, 0.0], [10.0, 0.0]];
        assert_eq!(crossed(wall, [[3.0, -1.0], [3.0, 3.0]]), Some(0.25));
        assert_eq!(crossed(wall, [[11.0, -1.0], [11.0, 3.0]]), None);
        assert_eq!(
            crossed(wall, [[3.0, -1.0], [3.0, 0.0]]),
            None,
            "it counts in the step that leaves the line"
        );
        assert_eq!(crossed(wall, [[3.0, 0.0], [3.0, 1.0]]), Some(0.0));
        assert_eq!(crossed(wall, [[3.0, 0.0], [5.0, 0.0]]), None);
    }
}
