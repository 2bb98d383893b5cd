//! Labels that keep out of each other's way.

use super::Frame;
use super::pen::{Anchor, Pen};
use crate::fonts;

/// Boxes of the paper that are taken: left, top, right, bottom.
#[derive(Clone, Debug)]
pub(crate) struct Labels {
    taken: Vec<[f64; 4]>,
    window: [f64; 4],
}

impl Labels {
    /// Labels in a window of the paper: they keep inside it.
    pub(crate) fn within(frame: &Frame) -> Labels {
        let Frame { left, top, width, height, .. } = *frame;
        Labels { taken: Vec::new(), window: [left, top, left + width, top + height] }
    }

    /// Keeps labels off a mark.
    pub(crate) fn keep_off(&mut self, [x, y]: [f64; 2], radius: f64) {
        self.taken.push([x - radius, y - radius, x + radius, y + radius]);
    }

    fn is_free(&self, b: &[f64; 4]) -> bool {
        let w = &self.window;
        let inside = w[0] <= b[0] && w[1] <= b[1] && b[2] <= w[2] && b[3] <= w[3];
        inside && !self.taken.iter().any(|t| b[0] < t[2] && t[0] < b[2] && b[1] < t[3] && t[1] < b[3])
    }

    /// Writes a label beside a mark: at the nearest place that is free, with a thin line to the mark when that is not
    /// right beside it. Where nothing is free it stands right beside it, over others: no label is left out.
    pub(crate) fn beside(
        &mut self,
        pen: &mut Pen,
        class: &str,
        at: [f64; 2],
        off: f64,
        size: f64,
        text: &str,
    ) {
        let (width, height) = (fonts::width(text, is_bold(class)) * size, size);
        let places = (0..7).flat_map(|ring| ring_of(at, off, f64::from(ring) * height, width, height));
        let places: Vec<[f64; 4]> = places.collect();
        let free = places.iter().copied().find(|b| self.is_free(b));
        let spot = free.unwrap_or(places[0]);
        self.taken.push(spot);
        let near = [at[0].clamp(spot[0], spot[2]), at[1].clamp(spot[1], spot[3])];
        let distance = (near[0] - at[0]).hypot(near[1] - at[1]);
        if distance > off + height {
            pen.path("leader", &super::pen::way([at, near], false), "");
        }
        pen.text(class, [spot[0], spot[3] - 0.18 * height], size, Anchor::Start, text);
    }

    /// Writes a label in the middle of a thing and keeps others off it.
    pub(crate) fn inside(&mut self, pen: &mut Pen, class: &str, at: [f64; 2], size: f64, text: &str) {
        let half = fonts::width(text, is_bold(class)) * size / 2.0;
        self.taken.push([at[0] - half, at[1] - 0.8 * size, at[0] + half, at[1] + 0.2 * size]);
        pen.text(class, at, size, Anchor::Middle, text);
    }
}

fn is_bold(class: &str) -> bool {
    class.split(' ').any(|c| c == "b")
}

/// Places about a mark, `more` further out than right beside it: east, west, above, below, corners.
fn ring_of([x, y]: [f64; 2], off: f64, more: f64, width: f64, height: f64) -> [[f64; 4]; 8] {
    let o = off + more;
    let place = |left: f64, top: f64| [left, top, left + width, top + height];
    [
        place(x + o, y - height / 2.0),
        place(x - o - width, y - height / 2.0),
        place(x - width / 2.0, y - o - height),
        place(x - width / 2.0, y + o),
        place(x + o * 0.7, y - o * 0.7 - height),
        place(x + o * 0.7, y + o * 0.7),
        place(x - o * 0.7 - width, y - o * 0.7 - height),
        place(x - o * 0.7 - width, y + o * 0.7),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_of_marks_at_one_place_do_not_overlap() {
        let window = [0.0, 0.0, 100.0, 100.0];
        let (mut labels, mut pen) = (Labels { taken: Vec::new(), window }, Pen::default());
        for i in 0..12 {
            labels.beside(&mut pen, "id", [50.0, 50.0], 1.0, 2.0, &format!("cam-{i:02}"));
        }
        for (i, a) in labels.taken.iter().enumerate() {
            let others = Labels { taken: labels.taken[..i].to_vec(), window };
            assert!(others.is_free(a), "label {i} lies on another");
        }
        assert_eq!(pen.done().matches("<text").count(), 12);
    }
}
