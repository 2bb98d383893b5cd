//! Words, boxes and lines on a picture.

use ab_glyph::{Font as _, FontRef, GlyphId, PxScale, ScaleFont as _};
use image::{Rgba, RgbaImage};
use tiny_skia::{Color, FillRule, Paint, PathBuilder, PixmapMut, Rect, Stroke, StrokeDash, Transform};

/// The font with Chinese that Palisade ships.
pub const FONT: &[u8] = include_bytes!("../../../../assets/fonts/DroidSansFallback.ttf");

/// A pen over a picture.
pub struct Pen<'a> {
    image: &'a mut RgbaImage,
    latin: FontRef<'static>,
    chinese: FontRef<'static>,
}

/// sRGB colour and opacity, 0..255.
pub type Ink = [u8; 4];

/// White.
pub const WHITE: Ink = [255, 255, 255, 255];
/// Nearly black, for plates under words.
pub const PLATE: Ink = [14, 18, 24, 190];

/// A colour from its usual form.
pub fn ink(hex: u32) -> Ink {
    [(hex >> 16) as u8, (hex >> 8) as u8, hex as u8, 255]
}

/// The beginning of a path: straight from point to point.
fn through(points: &[[f64; 2]]) -> PathBuilder {
    let mut builder = PathBuilder::new();
    for (i, [x, y]) in points.iter().enumerate() {
        if i == 0 {
            builder.move_to(*x as f32, *y as f32);
        } else {
            builder.line_to(*x as f32, *y as f32);
        }
    }
    builder
}

impl<'a> Pen<'a> {
    /// A pen over a picture.
    pub fn new(image: &'a mut RgbaImage) -> Pen<'a> {
        let whole = "the font that is compiled in is whole";
        let latin = FontRef::try_from_slice(epaint_default_fonts::UBUNTU_LIGHT).expect(whole);
        Pen { image, latin, chinese: FontRef::try_from_slice(FONT).expect(whole) }
    }

    fn size(&self) -> (u32, u32) {
        self.image.dimensions()
    }

    /// Draws with the vector library; pictures are opaque, so that its multiplied alpha changes nothing.
    fn vector(&mut self, draw: impl FnOnce(&mut PixmapMut<'_>)) {
        let (w, h) = self.size();
        if let Some(mut map) = PixmapMut::from_bytes(self.image.as_mut(), w, h) {
            draw(&mut map);
        }
    }

    /// A filled rectangle.
    pub fn plate(&mut self, [x, y]: [f64; 2], [w, h]: [f64; 2], colour: Ink) {
        let Some(rect) = Rect::from_xywh(x as f32, y as f32, w.max(0.5) as f32, h.max(0.5) as f32) else {
            return;
        };
        self.vector(|map| map.fill_rect(rect, &paint(colour), Transform::identity(), None));
    }

    /// A filled polygon.
    pub fn filled(&mut self, ring: &[[f64; 2]], colour: Ink) {
        let mut builder = through(ring);
        builder.close();
        let Some(path) = builder.finish() else { return };
        self.vector(|map| {
            map.fill_path(&path, &paint(colour), FillRule::EvenOdd, Transform::identity(), None);
        });
    }

    /// A line through points; `dash` in px, 0 for none.
    pub fn line(&mut self, points: &[[f64; 2]], width: f64, dash: f64, colour: Ink) {
        let Some(path) = through(points).finish() else { return };
        let dash = (dash > 0.0).then(|| StrokeDash::new(vec![dash as f32, dash as f32], 0.0)).flatten();
        let stroke = Stroke { width: width as f32, dash, ..Stroke::default() };
        self.vector(|map| map.stroke_path(&path, &paint(colour), &stroke, Transform::identity(), None));
    }

    /// A filled circle with a rim.
    pub fn spot(&mut self, [x, y]: [f64; 2], radius: f64, colour: Ink, rim: Ink) {
        let Some(path) = PathBuilder::from_circle(x as f32, y as f32, radius as f32) else { return };
        self.vector(|map| {
            map.fill_path(&path, &paint(colour), FillRule::Winding, Transform::identity(), None);
            let stroke = Stroke { width: 1.2, ..Stroke::default() };
            map.stroke_path(&path, &paint(rim), &stroke, Transform::identity(), None);
        });
    }

    /// The font that has a character.
    fn font(&self, c: char) -> &FontRef<'static> {
        if self.latin.glyph_id(c).0 != 0 { &self.latin } else { &self.chinese }
    }

    /// Glyphs of a text with their places, px from its beginning, and its width.
    fn glyphs(&self, text: &str, px: f32) -> (Vec<(char, GlyphId, f32)>, f32) {
        let mut x = 0.0;
        let mut list = Vec::new();
        for c in text.chars() {
            let font = self.font(c).as_scaled(PxScale::from(px));
            let id = font.glyph_id(c);
            list.push((c, id, x));
            x += font.h_advance(id);
        }
        (list, x)
    }

    /// Width of a text, px.
    pub fn width(&self, text: &str, px: f32) -> f64 {
        f64::from(self.glyphs(text, px).1)
    }

    /// A text whose upper left corner is at a place. Returns its width.
    pub fn text(&mut self, [x, y]: [f64; 2], text: &str, px: f32, colour: Ink) -> f64 {
        let (list, wide) = self.glyphs(text, px);
        let ascent = self.chinese.as_scaled(PxScale::from(px)).ascent();
        let (w, h) = self.size();
        for (c, id, dx) in list {
            let at = ab_glyph::point(x as f32 + dx, y as f32 + ascent);
            let Some(outline) = self.font(c).outline_glyph(id.with_scale_and_position(px, at)) else {
                continue;
            };
            let bounds = outline.px_bounds();
            let image = &mut *self.image;
            outline.draw(|gx, gy, cover| {
                let (px, py) = (bounds.min.x + gx as f32, bounds.min.y + gy as f32);
                if px < 0.0 || py < 0.0 || px >= w as f32 || py >= h as f32 {
                    return;
                }
                let under = image.get_pixel_mut(px as u32, py as u32);
                let share = cover.clamp(0.0, 1.0) * f32::from(colour[3]) / 255.0;
                let mix = |a: u8, b: u8| (f32::from(a) + (f32::from(b) - f32::from(a)) * share) as u8;
                *under =
                    Rgba([mix(under[0], colour[0]), mix(under[1], colour[1]), mix(under[2], colour[2]), 255]);
            });
        }
        f64::from(wide)
    }

    /// A text on a plate with its upper left corner at a place. Returns the plate's size.
    pub fn tag(&mut self, [x, y]: [f64; 2], text: &str, px: f32, colour: Ink) -> [f64; 2] {
        let size = [self.width(text, px) + 10.0, f64::from(px) + 7.0];
        self.plate([x, y], size, PLATE);
        self.text([x + 5.0, y + 3.0], text, px, colour);
        size
    }
}

fn paint(colour: Ink) -> Paint<'static> {
    let mut paint = Paint { anti_alias: true, ..Paint::default() };
    paint.set_color(Color::from_rgba8(colour[0], colour[1], colour[2], colour[3]));
    paint
}
