//! The ground: one picture of what is painted on it, one of the light that falls on it, one of marks over it.

use bevy::asset::RenderAssetUsages;
use bevy::image::{Image, ImageAddressMode, ImageFilterMode, ImageSampler, ImageSamplerDescriptor};
use bevy::mesh::{Indices, Mesh, PrimitiveTopology};
use bevy::render::render_resource::{Extent3d, TextureDimension, TextureFormat};
use geo::{Coord, LineString, Polygon, Rect};
use palisade_sim::analysis::raster;
use palisade_sim::model::Site;
use palisade_sim::model::site::{Ground, PathFor};
use tiny_skia::{Color, FillRule, LineCap, LineJoin, Paint, PathBuilder, Pixmap, Stroke, Transform};

use crate::pad::{hash, to_engine};

/// Ground around the site that is drawn, m.
const MARGIN_M: f64 = 70.0;
/// Finest pixel, m.
const PIXEL_M: f64 = 0.12;
/// Longest side of a picture, px.
const LONGEST: f64 = 4096.0;

/// A rectangle of ground with its pixels.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Sheet {
    /// South-west corner, m.
    pub from: [f64; 2],
    /// North-east corner, m.
    pub to: [f64; 2],
    /// Side of a pixel, m.
    pub pixel_m: f64,
}

impl Sheet {
    /// The sheet of a site.
    pub fn of(site: &Site) -> Sheet {
        let all = raster::extent(site, &[])
            .unwrap_or(Rect::new(Coord { x: -50.0, y: -50.0 }, Coord { x: 50.0, y: 50.0 }));
        let from = [all.min().x - MARGIN_M, all.min().y - MARGIN_M];
        let to = [all.max().x + MARGIN_M, all.max().y + MARGIN_M];
        let longest = (to[0] - from[0]).max(to[1] - from[1]);
        Sheet { from, to, pixel_m: PIXEL_M.max(longest / LONGEST) }
    }

    /// Width and height in pixels of so many metres each.
    pub fn size(&self, pixel_m: f64) -> [u32; 2] {
        [0, 1].map(|i| ((self.to[i] - self.from[i]) / pixel_m).ceil().max(1.0) as u32)
    }

    /// From metres to pixels of a picture whose first row is the north.
    fn transform(&self, pixel_m: f64) -> Transform {
        let s = (1.0 / pixel_m) as f32;
        Transform::from_row(s, 0.0, 0.0, -s, (-self.from[0] / pixel_m) as f32, (self.to[1] / pixel_m) as f32)
    }

    /// Middle of a pixel, m.
    pub fn centre(&self, pixel_m: f64, column: u32, row: u32) -> [f64; 2] {
        [self.from[0] + (f64::from(column) + 0.5) * pixel_m, self.to[1] - (f64::from(row) + 0.5) * pixel_m]
    }

    /// The sheet as a mesh.
    pub fn mesh(&self) -> Mesh {
        let corner = |x: usize, y: usize| {
            to_engine([[self.from[0], self.to[0]][x], [self.from[1], self.to[1]][y], 0.0])
        };
        // The picture may be a little larger than the sheet: by less than a pixel, which is not seen.
        Mesh::new(PrimitiveTopology::TriangleList, RenderAssetUsages::RENDER_WORLD)
            .with_inserted_attribute(
                Mesh::ATTRIBUTE_POSITION,
                vec![corner(0, 0), corner(1, 0), corner(1, 1), corner(0, 1)],
            )
            .with_inserted_attribute(Mesh::ATTRIBUTE_NORMAL, vec![[0.0f32, 1.0, 0.0]; 4])
            .with_inserted_attribute(
                Mesh::ATTRIBUTE_UV_0,
                vec![[0.0f32, 1.0], [1.0, 1.0], [1.0, 0.0], [0.0, 0.0]],
            )
            .with_inserted_indices(Indices::U32(vec![0, 1, 2, 0, 2, 3]))
    }
}

fn paint(hex: u32, alpha: u8) -> Paint<'static> {
    let mut paint = Paint { anti_alias: true, ..Paint::default() };
    paint.set_color(Color::from_rgba8((hex >> 16) as u8, (hex >> 8) as u8, hex as u8, alpha));
    paint
}

fn ring(builder: &mut PathBuilder, line: &LineString<f64>) {
    for (i, p) in line.0.iter().enumerate() {
        if i == 0 {
            builder.move_to(p.x as f32, p.y as f32);
        } else {
            builder.line_to(p.x as f32, p.y as f32);
        }
    }
}

fn area(polygon: &Polygon<f64>) -> Option<tiny_skia::Path> {
    let mut builder = PathBuilder::new();
    for line in std::iter::once(polygon.exterior()).chain(polygon.interiors()) {
        ring(&mut builder, line);
        builder.close();
    }
    builder.finish()
}

fn line(points: &LineString<f64>) -> Option<tiny_skia::Path> {
    let mut builder = PathBuilder::new();
    ring(&mut builder, points);
    builder.finish()
}

fn stroke(width_m: f64) -> Stroke {
    Stroke {
        width: width_m as f32,
        line_cap: LineCap::Square,
        line_join: LineJoin::Round,
        ..Stroke::default()
    }
}

/// What is painted on the ground.
pub fn painted(site: &Site, sheet: &Sheet) -> Option<Pixmap> {
    let [w, h] = sheet.size(sheet.pixel_m);
    let mut map = Pixmap::new(w, h)?;
    map.fill(Color::from_rgba8(0x8c, 0x93, 0x7e, 255));
    let t = sheet.transform(sheet.pixel_m);
    let fill = |map: &mut Pixmap, p: &Polygon<f64>, hex: u32| {
        if let Some(path) = area(p) {
            map.fill_path(&path, &paint(hex, 255), FillRule::EvenOdd, t, None);
        }
    };
    for compound in &site.compounds {
        fill(&mut map, &compound.outline, 0xa8_a598);
    }
    for piece in &site.areas {
        let hex = match piece.ground {
            Ground::Lawn => 0x74_9a4f,
            Ground::Plaza => 0xc4_b8a4,
            Ground::Parking => 0x74_7678,
            Ground::Playground => 0xb9_6a4a,
            Ground::Water => 0x3f_7d92,
        };
        fill(&mut map, &piece.outline, hex);
        if let Some(path) = area(&piece.outline) {
            let edge = if piece.ground == Ground::Water { 0x9a_968a } else { 0xb9_b5aa };
            map.stroke_path(&path, &paint(edge, 255), &stroke(0.25), t, None);
        }
        if piece.ground == Ground::Parking {
            bays(&mut map, &piece.outline, t);
        }
    }
    for kerb in [true, false] {
        for path in &site.paths {
            let (hex, edge) = match path.passage {
                PathFor::Road => (0x5c_5f63, 0xbd_bab2),
                PathFor::Foot => (0xbf_b4a2, 0xa0_9788),
            };
            let Some(route) = line(&path.line) else { continue };
            let width = path.width_m + if kerb { 0.4 } else { 0.0 };
            map.stroke_path(&route, &paint(if kerb { edge } else { hex }, 255), &stroke(width), t, None);
        }
    }
    for path in site.paths.iter().filter(|p| p.passage == PathFor::Road && p.width_m >= 5.0) {
        if let Some(route) = line(&path.line) {
            let dash = tiny_skia::StrokeDash::new(vec![2.0, 2.5], 0.0);
            let stroke = Stroke { width: 0.14, dash, ..Stroke::default() };
            map.stroke_path(&route, &paint(0xe6_e2d2, 230), &stroke, t, None);
        }
    }
    for building in &site.buildings {
        if let Some(path) = area(&building.outline) {
            map.stroke_path(&path, &paint(0x9a_968c, 255), &stroke(1.2), t, None);
            map.fill_path(&path, &paint(0x80_7d76, 255), FillRule::EvenOdd, t, None);
        }
    }
    grain(&mut map);
    Some(map)
}

/// Marked places in a car park, across its longer side.
fn bays(map: &mut Pixmap, outline: &Polygon<f64>, t: Transform) {
    let Some(longest) = outline.exterior().lines().max_by(|a, b| {
        let l = |s: &geo::Line<f64>| s.dx().hypot(s.dy());
        l(a).total_cmp(&l(b))
    }) else {
        return;
    };
    let Some(clip) = area(outline) else { return };
    let mut mask = match tiny_skia::Mask::new(map.width(), map.height()) {
        Some(mask) => mask,
        None => return,
    };
    mask.fill_path(&clip, FillRule::EvenOdd, true, t);
    let l = longest.dx().hypot(longest.dy()).max(0.1);
    let (ux, uy) = (longest.dx() / l, longest.dy() / l);
    let mut builder = PathBuilder::new();
    for i in 0..=(l / 2.5) as u32 {
        let s = f64::from(i) * 2.5;
        let (x, y) = (longest.start.x + ux * s, longest.start.y + uy * s);
        for d in [-5.2, 5.2] {
            builder.move_to(x as f32, y as f32);
            builder.line_to((x - uy * d) as f32, (y + ux * d) as f32);
        }
    }
    if let Some(path) = builder.finish() {
        map.stroke_path(&path, &paint(0xe8_e8e4, 230), &stroke(0.12), t, Some(&mask));
    }
}

/// A little unevenness, so that large faces do not look like paper.
fn grain(map: &mut Pixmap) {
    let width = map.width() as usize;
    for (i, pixel) in map.data_mut().chunks_exact_mut(4).enumerate() {
        let (x, y) = (i % width, i / width);
        let fine = hash((x as u64) << 32 | y as u64);
        let coarse = hash(((x / 13) as u64) << 32 | (y / 13) as u64 | 1 << 63);
        let by = 1.0 + 0.05 * (fine - 0.5) + 0.05 * (coarse - 0.5);
        for channel in &mut pixel[..3] {
            *channel = (f64::from(*channel) * by).clamp(0.0, 255.0) as u8;
        }
    }
}

/// A picture for the engine, with its smaller copies so that it does not flicker in the distance.
pub fn image(width: u32, height: u32, rgba: Vec<u8>, srgb: bool) -> Image {
    let mut levels = rgba;
    let (mut w, mut h) = (width as usize, height as usize);
    let (mut start, mut count) = (0, 1);
    while w > 1 || h > 1 {
        let (nw, nh) = ((w / 2).max(1), (h / 2).max(1));
        let mut next = Vec::with_capacity(nw * nh * 4);
        for y in 0..nh {
            for x in 0..nw {
                for c in 0..4 {
                    let at = |dx: usize, dy: usize| {
                        let (sx, sy) = ((x * 2 + dx).min(w - 1), (y * 2 + dy).min(h - 1));
                        u32::from(levels[start + (sy * w + sx) * 4 + c])
                    };
                    next.push(((at(0, 0) + at(1, 0) + at(0, 1) + at(1, 1) + 2) / 4) as u8);
                }
            }
        }
        start = levels.len();
        levels.extend(next);
        (w, h) = (nw, nh);
        count += 1;
    }
    let format = if srgb { TextureFormat::Rgba8UnormSrgb } else { TextureFormat::Rgba8Unorm };
    let size = Extent3d { width, height, depth_or_array_layers: 1 };
    let mut image = Image::new_uninit(size, TextureDimension::D2, format, RenderAssetUsages::RENDER_WORLD);
    image.texture_descriptor.mip_level_count = count;
    image.data = Some(levels);
    image.sampler = ImageSampler::Descriptor(ImageSamplerDescriptor {
        address_mode_u: ImageAddressMode::ClampToEdge,
        address_mode_v: ImageAddressMode::ClampToEdge,
        mag_filter: ImageFilterMode::Linear,
        min_filter: ImageFilterMode::Linear,
        mipmap_filter: ImageFilterMode::Linear,
        ..ImageSamplerDescriptor::default()
    });
    image
}
