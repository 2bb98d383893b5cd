//! SVG, written element by element. Lengths are millimetres on paper.

use std::fmt::Write as _;

use crate::fonts;

/// Where a text stands with respect to its point.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Anchor {
    Start,
    Middle,
    End,
}

/// A picture that grows.
#[derive(Clone, Debug, Default)]
pub(crate) struct Pen {
    svg: String,
}

/// A text made harmless.
pub(crate) fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

/// Hundredths of a millimetre, without needless noughts.
pub(crate) fn mm(x: f64) -> f64 {
    let rounded = (x * 100.0).round() / 100.0;
    if rounded == 0.0 { 0.0 } else { rounded }
}

/// Points as the data of a path; steps along an axis are written short.
pub(crate) fn way(points: impl IntoIterator<Item = [f64; 2]>, closed: bool) -> String {
    let mut d = String::new();
    let mut last: Option<[f64; 2]> = None;
    for point in points {
        let [x, y] = point.map(mm);
        let _ = match last {
            None => write!(d, "M{x} {y}"),
            Some(same) if same == [x, y] => Ok(()),
            Some([_, same]) if same == y => write!(d, "H{x}"),
            Some([same, _]) if same == x => write!(d, "V{y}"),
            Some(_) => write!(d, "L{x} {y}"),
        };
        last = Some([x, y]);
    }
    if closed && !d.is_empty() {
        d.push('Z');
    }
    d
}

impl Pen {
    pub(crate) fn raw(&mut self, text: &str) {
        self.svg.push_str(text);
    }

    pub(crate) fn group(&mut self, attributes: &str, draw: impl FnOnce(&mut Pen)) {
        let _ = write!(self.svg, "<g {attributes}>");
        draw(self);
        self.svg.push_str("</g>");
    }

    /// A path with what a reader of the page is told when he points at it.
    pub(crate) fn path(&mut self, class: &str, d: &str, title: &str) {
        if d.is_empty() {
            return;
        }
        let _ = write!(self.svg, "<path class=\"{class}\" d=\"{d}\"");
        self.end("path", title);
    }

    /// A path as wide as a thing on the ground.
    pub(crate) fn band(&mut self, class: &str, d: &str, width_mm: f64) {
        let _ = write!(self.svg, "<path class=\"{class}\" stroke-width=\"{}\" d=\"{d}\"/>", mm(width_mm));
    }

    pub(crate) fn circle(&mut self, class: &str, [x, y]: [f64; 2], radius: f64, title: &str) {
        let _ = write!(
            self.svg,
            "<circle class=\"{class}\" cx=\"{}\" cy=\"{}\" r=\"{}\"",
            mm(x),
            mm(y),
            mm(radius)
        );
        self.end("circle", title);
    }

    /// A rectangle from its west, top, width and height.
    pub(crate) fn rect(&mut self, class: &str, [x, y, w, h]: [f64; 4]) {
        let _ = write!(
            self.svg,
            "<rect class=\"{class}\" x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\"/>",
            mm(x),
            mm(y),
            mm(w),
            mm(h)
        );
    }

    fn end(&mut self, element: &str, title: &str) {
        if title.is_empty() {
            self.svg.push_str("/>");
        } else {
            let _ = write!(self.svg, "><title>{}</title></{element}>", escape(title));
        }
    }

    /// A text; its Chinese runs get the Chinese font, and a heavier stroke where the class is bold (`b`).
    pub(crate) fn text(&mut self, class: &str, [x, y]: [f64; 2], size: f64, anchor: Anchor, text: &str) {
        let anchor = match anchor {
            Anchor::Start => "",
            Anchor::Middle => " text-anchor=\"middle\"",
            Anchor::End => " text-anchor=\"end\"",
        };
        let _ = write!(
            self.svg,
            "<text class=\"{class}\" x=\"{}\" y=\"{}\" font-size=\"{}\"{anchor}>",
            mm(x),
            mm(y),
            mm(size)
        );
        let bold = class.split(' ').any(|c| c == "b");
        for (han, run) in fonts::runs(text) {
            let run = escape(run);
            let _ = match (han, bold) {
                (false, _) => write!(self.svg, "{run}"),
                (true, false) => write!(self.svg, "<tspan class=\"h\">{run}</tspan>"),
                (true, true) => write!(
                    self.svg,
                    "<tspan class=\"h hb\" stroke-width=\"{}\">{run}</tspan>",
                    mm(size * 0.045)
                ),
            };
        }
        self.svg.push_str("</text>");
    }

    pub(crate) fn done(self) -> String {
        self.svg
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_along_an_axis_are_short_and_steps_of_nothing_are_none() {
        let ring = [[1.0, 0.0], [3.0, 0.0], [3.0, 0.001], [3.0, 1.5], [4.0, 5.0]];
        assert_eq!(way(ring, true), "M1 0H3V1.5L4 5Z");
        assert_eq!(way([], true), "");
    }

    #[test]
    fn chinese_and_latin_are_told_apart() {
        let mut pen = Pen::default();
        pen.text("b", [1.0, 2.0], 3.0, Anchor::Middle, "东门 <1>");
        assert_eq!(
            pen.done(),
            "<text class=\"b\" x=\"1\" y=\"2\" font-size=\"3\" text-anchor=\"middle\"><tspan class=\"h hb\" stroke-width=\"0.14\">东门</tspan> &lt;1&gt;</text>"
        );
    }
}
