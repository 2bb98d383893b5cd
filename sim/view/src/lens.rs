//! Pictures through lenses that are not straight: the engine draws the sides of a cube, and each pixel is looked up in the
//! direction from which the lens brings it.

use image::{Rgba, RgbaImage};
use palisade_sim::analysis::projection::View;
use palisade_sim::model::lens::Lens;

use crate::eye::Eye;
use crate::pad::{V3, add};

/// Bearing and tilt of the cube's sides: north, east, south, west, up, down.
const SIDES: [[f64; 2]; 6] = [[0.0, 0.0], [90.0, 0.0], [180.0, 0.0], [270.0, 0.0], [0.0, -90.0], [0.0, 90.0]];
/// Nothing is shown there.
const DARK: Rgba<u8> = Rgba([0, 0, 0, 255]);

/// A picture through a lens, before it is drawn.
pub struct Bent {
    view: View,
    size: [u32; 2],
}

impl Bent {
    /// The picture of an eye; nothing where the engine draws it by itself.
    pub fn of(eye: Eye, size: [u32; 2]) -> Option<Bent> {
        match eye {
            Eye::Seeing { lens, .. } if lens != Lens::default() => Some(Bent { view: eye.view(size)?, size }),
            _ => None,
        }
    }

    /// Width of a side that has at least the picture's pixels per degree in its middle, px.
    pub fn side_px(&self, most: u32) -> u32 {
        ((2.0 * self.view.focal_px()).ceil() as u32).clamp(64, most)
    }

    /// The eyes of the cube's sides.
    pub fn eyes(&self) -> [Eye; 6] {
        let at = self.view.eye_m();
        SIDES.map(|[bearing_deg, tilt_deg]| Eye::Seeing {
            at,
            bearing_deg,
            tilt_deg,
            hfov_deg: 90.0,
            lens: Lens::default(),
        })
    }

    /// The sides on which something of the picture lies.
    pub fn asked(&self) -> [bool; 6] {
        let mut asked = [false; 6];
        // A side of the cube is far larger than sixteen pixels.
        for y in (0..=self.size[1]).step_by(16) {
            for x in (0..=self.size[0]).step_by(16) {
                if let Some(way) = self.view.direction([f64::from(x), f64::from(y)]) {
                    asked[side_of(way)] = true;
                }
            }
        }
        asked
    }

    /// The picture out of its sides, of one width each.
    pub fn gather(&self, sides: &[Option<RgbaImage>; 6]) -> RgbaImage {
        let wide = sides.iter().flatten().map(RgbaImage::width).next().unwrap_or(1);
        let views = self.eyes().map(|eye| eye.view([wide; 2]));
        let at = self.view.eye_m();
        RgbaImage::from_fn(self.size[0], self.size[1], |x, y| {
            let way = self.view.direction([f64::from(x) + 0.5, f64::from(y) + 0.5]);
            way.and_then(|way| {
                let side = side_of(way);
                let shown = views[side].as_ref()?.project(add(at, way))?;
                Some(between(sides[side].as_ref()?, shown.at_px))
            })
            .unwrap_or(DARK)
        })
    }
}

/// The side of the cube that a direction meets.
fn side_of([east, north, up]: V3) -> usize {
    let most = east.abs().max(north.abs()).max(up.abs());
    if up.abs() >= most {
        if up > 0.0 { 4 } else { 5 }
    } else if north.abs() >= most {
        if north > 0.0 { 0 } else { 2 }
    } else if east > 0.0 {
        1
    } else {
        3
    }
}

/// The colour between four pixels.
fn between(image: &RgbaImage, at_px: [f64; 2]) -> Rgba<u8> {
    let ends = [image.width() - 1, image.height() - 1];
    let [x, y] = [0, 1].map(|k| (at_px[k] - 0.5).clamp(0.0, f64::from(ends[k])));
    let (left, top) = (x as u32, y as u32);
    let (right, low) = ((left + 1).min(ends[0]), (top + 1).min(ends[1]));
    let (u, v) = (x - f64::from(left), y - f64::from(top));
    let four = [
        (image.get_pixel(left, top), (1.0 - u) * (1.0 - v)),
        (image.get_pixel(right, top), u * (1.0 - v)),
        (image.get_pixel(left, low), (1.0 - u) * v),
        (image.get_pixel(right, low), u * v),
    ];
    Rgba([0, 1, 2, 3].map(|k| four.iter().map(|(p, w)| f64::from(p.0[k]) * w).sum::<f64>().round() as u8))
}

#[cfg(test)]
mod tests {
    use palisade_sim::model::lens::LensKind;

    use super::*;

    fn fisheye(hfov_deg: f64) -> Eye {
        let lens = Lens { kind: LensKind::FTheta, terms: [0.0, 0.0] };
        Eye::Seeing { at: [3.0, -2.0, 4.0], bearing_deg: 30.0, tilt_deg: 20.0, hfov_deg, lens }
    }

    #[test]
    fn straight_lenses_and_maps_are_the_engines() {
        assert!(Bent::of(fisheye(120.0).straight(), [64, 64]).is_none());
        assert!(Bent::of(Eye::Map { middle: [0.0, 0.0], tall_m: 10.0 }, [64, 64]).is_none());
        let Eye::Seeing { hfov_deg, .. } = fisheye(200.0).straight() else { panic!("it is no map") };
        assert!(hfov_deg < 120.0, "a straight picture of 200° there is none");
    }

    #[test]
    fn a_pixel_has_the_colour_of_the_direction_that_falls_on_it() {
        let size = [240, 160];
        let bent = Bent::of(fisheye(150.0), size).expect("a fisheye bends");
        let wide = bent.side_px(4096);
        // Each side is painted with its own number and the place on it.
        let sides: [Option<RgbaImage>; 6] = std::array::from_fn(|i| {
            Some(RgbaImage::from_fn(wide, wide, |x, y| {
                Rgba([40 * i as u8, (x * 255 / wide) as u8, (y * 255 / wide) as u8, 255])
            }))
        });
        let image = bent.gather(&sides);
        let asked = bent.asked();
        let mut met = [false; 6];
        for (side, met) in met.iter_mut().enumerate() {
            let view = bent.eyes()[side].view([wide; 2]).expect("it is no map");
            for at in (0..81).map(|i| [f64::from(i % 9), f64::from(i / 9)].map(|v| 0.1 + v / 10.0)) {
                let way = view.direction(at.map(|v| v * f64::from(wide))).expect("a straight lens shows all");
                let Some(px) = fisheye(150.0).project(add([3.0, -2.0, 4.0], way.map(|v| v * 7.0)), size)
                else {
                    continue;
                };
                if !(1.0..239.0).contains(&px[0]) || !(1.0..159.0).contains(&px[1]) {
                    continue;
                }
                *met = true;
                let found = image.get_pixel(px[0] as u32, px[1] as u32).0;
                assert_eq!(found[0], 40 * side as u8, "side {side} at {px:?}");
                for k in 0..2 {
                    let off = f64::from(found[1 + k]) - at[k] * 255.0;
                    assert!(off.abs() < 4.0, "side {side}: {found:?} where {at:?} lies");
                }
            }
        }
        assert!(met.iter().filter(|m| **m).count() >= 3, "{met:?}");
        assert!(met.iter().zip(asked).all(|(met, asked)| !met || asked), "{met:?} {asked:?}");
    }
}
