//! Roads: a graph over the paths that vehicles use, and the shortest way along it.

use std::collections::{BTreeMap, BinaryHeap};

use super::distance;
use crate::model::Site;
use crate::model::site::PathFor;

/// Ends of roads closer than this are joined, m.
const JOIN_M: f64 = 2.0;

/// The graph of roads.
#[derive(Clone, Debug, Default)]
pub(super) struct Roads {
    nodes: Vec<[f64; 2]>,
    links: Vec<Vec<(usize, f64)>>,
}

impl Roads {
    pub(super) fn of(site: &Site) -> Roads {
        let mut segments: Vec<[[f64; 2]; 2]> = Vec::new();
        for path in site.paths.iter().filter(|path| path.passage == PathFor::Road) {
            for line in path.line.lines() {
                segments.push([[line.start.x, line.start.y], [line.end.x, line.end.y]]);
            }
        }
        let mut roads = Roads::default();
        for (index, [a, b]) in segments.iter().enumerate() {
            let mut cuts: Vec<f64> = vec![0.0, 1.0];
            for (other, [c, d]) in segments.iter().enumerate() {
                if other != index {
                    cuts.extend(crossing(*a, *b, *c, *d));
                    cuts.extend([*c, *d].iter().filter_map(|end| foot(*a, *b, *end)));
                }
            }
            cuts.sort_by(f64::total_cmp);
            let at = |s: f64| [a[0] + (b[0] - a[0]) * s, a[1] + (b[1] - a[1]) * s];
            let ids: Vec<usize> = cuts.iter().map(|s| roads.node(at(*s))).collect();
            for pair in ids.windows(2).filter(|pair| pair[0] != pair[1]) {
                let length = distance(roads.nodes[pair[0]], roads.nodes[pair[1]]);
                roads.links[pair[0]].push((pair[1], length));
                roads.links[pair[1]].push((pair[0], length));
            }
        }
        roads
    }

    fn node(&mut self, at: [f64; 2]) -> usize {
        if let Some(known) = self.nodes.iter().position(|node| distance(*node, at) < JOIN_M) {
            return known;
        }
        self.nodes.push(at);
        self.links.push(Vec::new());
        self.nodes.len() - 1
    }

    fn nearest_node(&self, at: [f64; 2]) -> Option<usize> {
        let by_distance = |a: &usize, b: &usize| {
            distance(self.nodes[*a], at).total_cmp(&distance(self.nodes[*b], at)).then(a.cmp(b))
        };
        (0..self.nodes.len()).min_by(by_distance)
    }

    pub(super) fn nearest(&self, at: [f64; 2]) -> Option<[f64; 2]> {
        self.nearest_node(at).map(|node| self.nodes[node])
    }

    /// Corners of the shortest way along the roads from near one point to near another.
    pub(super) fn between(&self, from: [f64; 2], to: [f64; 2]) -> Option<Vec<[f64; 2]>> {
        let (start, goal) = (self.nearest_node(from)?, self.nearest_node(to)?);
        let whole_mm = |m: f64| libm::round(m * 1000.0) as u64;
        let mut best: BTreeMap<usize, (u64, usize)> = BTreeMap::from([(start, (0, start))]);
        let mut open = BinaryHeap::from([(std::cmp::Reverse(0u64), start)]);
        while let Some((std::cmp::Reverse(cost), node)) = open.pop() {
            if node == goal {
                break;
            }
            if best.get(&node).is_some_and(|(known, _)| cost > *known) {
                continue;
            }
            for (next, length) in &self.links[node] {
                let there = cost + whole_mm(*length);
                if best.get(next).is_none_or(|(known, _)| there < *known) {
                    best.insert(*next, (there, node));
                    open.push((std::cmp::Reverse(there), *next));
                }
            }
        }
        let mut node = goal;
        let mut points = vec![self.nodes[goal]];
        while node != start {
            node = best.get(&node)?.1;
            points.push(self.nodes[node]);
        }
        points.reverse();
        Some(points)
    }
}

/// Where segment a-b is crossed by c-d, as a share of a-b.
fn crossing(a: [f64; 2], b: [f64; 2], c: [f64; 2], d: [f64; 2]) -> Option<f64> {
    let (r, s) = ([b[0] - a[0], b[1] - a[1]], [d[0] - c[0], d[1] - c[1]]);
    let cross = r[0] * s[1] - r[1] * s[0];
    if cross.abs() < 1e-12 {
        return None;
    }
    let q = [c[0] - a[0], c[1] - a[1]];
    let (t, u) = ((q[0] * s[1] - q[1] * s[0]) / cross, (q[0] * r[1] - q[1] * r[0]) / cross);
    ((0.0..=1.0).contains(&t) && (0.0..=1.0).contains(&u)).then_some(t)
}

/// Where an end of another road meets segment a-b, as a share of a-b.
fn foot(a: [f64; 2], b: [f64; 2], end: [f64; 2]) -> Option<f64> {
    let r = [b[0] - a[0], b[1] - a[1]];
    let length2 = (r[0] * r[0] + r[1] * r[1]).max(1e-12);
    let t = ((end[0] - a[0]) * r[0] + (end[1] - a[1]) * r[1]) / length2;
    let near = distance(end, [a[0] + r[0] * t, a[1] + r[1] * t]) < JOIN_M;
    ((0.0..=1.0).contains(&t) && near).then_some(t)
}
