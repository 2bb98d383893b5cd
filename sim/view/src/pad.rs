//! A pad to draw solids on: vertices and triangles in site coordinates (x east, y north, z up, metres), turned into the
//! engine's (x east, y up, z south) at the end.

use bevy::asset::RenderAssetUsages;
use bevy::mesh::{Indices, Mesh, PrimitiveTopology};

/// A point or a direction, metres east, north, up.
pub type V3 = [f64; 3];
/// A colour, linear red, green, blue, opacity, 0..1.
pub type Colour = [f32; 4];

/// A colour from its usual form, sRGB `0xRRGGBB`.
pub fn rgb(hex: u32) -> Colour {
    let channel = |shift: u32| {
        let s = ((hex >> shift) & 255) as f32 / 255.0;
        if s <= 0.040_45 { s / 12.92 } else { ((s + 0.055) / 1.055).powf(2.4) }
    };
    [channel(16), channel(8), channel(0), 1.0]
}

/// A colour made lighter (`by` over 1) or darker.
pub fn shade([r, g, b, a]: Colour, by: f32) -> Colour {
    [(r * by).min(1.0), (g * by).min(1.0), (b * by).min(1.0), a]
}

/// A colour with another opacity.
pub fn with_alpha([r, g, b, _]: Colour, a: f32) -> Colour {
    [r, g, b, a]
}

/// Sum of two vectors.
pub fn add(a: V3, b: V3) -> V3 {
    [a[0] + b[0], a[1] + b[1], a[2] + b[2]]
}

/// Difference of two vectors.
pub fn sub(a: V3, b: V3) -> V3 {
    [a[0] - b[0], a[1] - b[1], a[2] - b[2]]
}

/// A vector times a number.
pub fn mul(a: V3, by: f64) -> V3 {
    [a[0] * by, a[1] * by, a[2] * by]
}

/// Cross product.
pub fn cross(a: V3, b: V3) -> V3 {
    [a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]]
}

/// Length.
pub fn length(a: V3) -> f64 {
    (a[0] * a[0] + a[1] * a[1] + a[2] * a[2]).sqrt()
}

/// The vector of length 1 in the same direction; up when there is none.
pub fn unit(a: V3) -> V3 {
    let l = length(a);
    if l < 1e-12 { [0.0, 0.0, 1.0] } else { mul(a, 1.0 / l) }
}

/// Site coordinates as the engine's.
pub fn to_engine([x, y, z]: V3) -> [f32; 3] {
    [x as f32, z as f32, -y as f32]
}

/// How a surface shines by night.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Shine {
    /// Not at all.
    None,
    /// A window that is lit in the evening until the share of lit windows falls below this number, 0..1.
    Window(f32),
    /// Always when it is dark: a lamp.
    Lamp,
    /// By day and by night, in its own colour: a flame, a beam of light, a marker.
    Own,
}

impl Shine {
    fn code(self) -> f32 {
        match self {
            Shine::None => 0.0,
            Shine::Window(until) => 0.02 + 0.96 * until.clamp(0.0, 1.0),
            Shine::Lamp => 2.0,
            Shine::Own => 3.0,
        }
    }
}

/// Solids as they are drawn.
#[derive(Clone, Debug, Default)]
pub struct Pad {
    at: Vec<V3>,
    normal: Vec<V3>,
    colour: Vec<Colour>,
    /// Lamplight that falls on the vertex, and the code of [`Shine`].
    glow: Vec<[f32; 2]>,
    /// How much of the sun reaches the vertex, 0..1; second value spare.
    sun: Vec<[f32; 2]>,
    index: Vec<u32>,
    /// Shine of what is drawn from now on.
    shine: Option<Shine>,
    /// Colours of what is drawn from now on are multiplied by it.
    tone: f32,
    lit: [f32; 2],
}

impl Pad {
    /// An empty pad.
    pub fn new() -> Pad {
        Pad { tone: 1.0, lit: [0.0, 1.0], ..Pad::default() }
    }

    /// Forgets what was drawn, keeping the room.
    pub fn clear(&mut self) {
        self.at.clear();
        self.normal.clear();
        self.colour.clear();
        self.glow.clear();
        self.sun.clear();
        self.index.clear();
    }

    /// All points.
    pub fn points(&self) -> &[V3] {
        &self.at
    }

    /// Whether nothing was drawn.
    pub fn is_empty(&self) -> bool {
        self.index.is_empty()
    }

    /// How many triangles there are.
    pub fn triangles(&self) -> usize {
        self.index.len() / 3
    }

    /// Lets what is drawn from now on shine.
    pub fn shine(&mut self, shine: Shine) {
        self.shine = Some(shine);
    }

    /// Lamplight and sunlight that reach what is drawn from now on, 0..1 each.
    pub fn lit(&mut self, lamp: f32, sun: f32) {
        self.lit = [lamp, sun];
    }

    /// Adds a vertex.
    pub fn vertex(&mut self, at: V3, normal: V3, colour: Colour) -> u32 {
        let code = self.shine.map_or(0.0, Shine::code);
        self.at.push(at);
        self.normal.push(normal);
        self.colour.push(shade(colour, self.tone));
        self.glow.push([self.lit[0], code]);
        self.sun.push([self.lit[1], 0.0]);
        self.at.len() as u32 - 1
    }

    /// Adds a triangle of vertices that exist, anticlockwise as seen from outside.
    pub fn triangle(&mut self, a: u32, b: u32, c: u32) {
        self.index.extend([a, b, c]);
    }

    /// A flat triangle.
    pub fn tri(&mut self, corners: [V3; 3], colour: Colour) {
        let n = unit(cross(sub(corners[1], corners[0]), sub(corners[2], corners[0])));
        let [a, b, c] = corners.map(|at| self.vertex(at, n, colour));
        self.triangle(a, b, c);
    }

    /// A flat four-sided face, anticlockwise as seen from outside.
    pub fn quad(&mut self, corners: [V3; 4], colour: Colour) {
        self.quad_shaded(corners, [colour; 4]);
    }

    /// The same with a colour for each corner.
    pub fn quad_shaded(&mut self, corners: [V3; 4], colours: [Colour; 4]) {
        let n = unit(cross(sub(corners[1], corners[0]), sub(corners[3], corners[0])));
        let first = self.at.len() as u32;
        for (at, colour) in corners.into_iter().zip(colours) {
            self.vertex(at, n, colour);
        }
        self.triangle(first, first + 1, first + 2);
        self.triangle(first, first + 2, first + 3);
    }

    /// A box with its foot's middle at `at`: half sizes along its own axes, height, and the bearing of its second axis
    /// in degrees clockwise from north.
    pub fn cuboid(&mut self, at: V3, half: [f64; 2], height: f64, bearing_deg: f64, colour: Colour) {
        let (sin, cos) = bearing_deg.to_radians().sin_cos();
        let along = [sin, cos, 0.0];
        let aside = [cos, -sin, 0.0];
        self.slab(at, mul(aside, half[0]), mul(along, half[1]), [0.0, 0.0, height], colour);
    }

    /// A box spanned by half axes `u`, `v` about its foot's middle and by `w` from its foot to its top.
    pub fn slab(&mut self, foot: V3, u: V3, v: V3, w: V3, colour: Colour) {
        let corner = |a: f64, b: f64, c: f64| add(add(foot, mul(u, a)), add(mul(v, b), mul(w, c)));
        let p = [
            corner(-1.0, -1.0, 0.0),
            corner(1.0, -1.0, 0.0),
            corner(1.0, 1.0, 0.0),
            corner(-1.0, 1.0, 0.0),
            corner(-1.0, -1.0, 1.0),
            corner(1.0, -1.0, 1.0),
            corner(1.0, 1.0, 1.0),
            corner(-1.0, 1.0, 1.0),
        ];
        // u, v, w turn to the right: east, north, up. A left-handed box would show its inside.
        let right = {
            let c = cross(u, v);
            c[0] * w[0] + c[1] * w[1] + c[2] * w[2] > 0.0
        };
        for [a, b, c, d] in
            [[0, 1, 5, 4], [1, 2, 6, 5], [2, 3, 7, 6], [3, 0, 4, 7], [4, 5, 6, 7], [1, 0, 3, 2]]
        {
            let face = if right { [p[a], p[b], p[c], p[d]] } else { [p[d], p[c], p[b], p[a]] };
            self.quad(face, colour);
        }
    }

    /// A straight bar of square section between two points.
    pub fn bar(&mut self, from: V3, to: V3, thick: f64, colour: Colour) {
        let way = sub(to, from);
        let side = if way[2].abs() > 0.9 * length(way) { [1.0, 0.0, 0.0] } else { [0.0, 0.0, 1.0] };
        let u = unit(cross(way, side));
        let v = unit(cross(way, u));
        self.slab(from, mul(u, thick / 2.0), mul(v, thick / 2.0), way, colour);
    }

    /// An upright round post that may taper.
    pub fn post(&mut self, foot: V3, radius: [f64; 2], height: f64, sides: u32, colour: Colour) {
        let ring = |pad: &mut Pad, z: f64, r: f64| -> Vec<u32> {
            (0..sides)
                .map(|i| {
                    let (sin, cos) = (f64::from(i) / f64::from(sides) * std::f64::consts::TAU).sin_cos();
                    pad.vertex(add(foot, [cos * r, sin * r, z]), [cos, sin, 0.0], colour)
                })
                .collect()
        };
        let (low, high) = (ring(self, 0.0, radius[0]), ring(self, height, radius[1]));
        for i in 0..sides as usize {
            let j = (i + 1) % sides as usize;
            self.triangle(low[i], low[j], high[j]);
            self.triangle(low[i], high[j], high[i]);
        }
        let top: Vec<u32> = high
            .iter()
            .map(|i| {
                let at = self.at[*i as usize];
                self.vertex(at, [0.0, 0.0, 1.0], colour)
            })
            .collect();
        for i in 1..top.len().saturating_sub(1) {
            self.triangle(top[0], top[i], top[i + 1]);
        }
    }

    /// A round thing with half axes, smooth; `rough` pushes its vertices in and out by so much of the radius.
    pub fn blob(&mut self, middle: V3, half: V3, rings: u32, rough: f64, seed: u64, colour: Colour) {
        let around = rings * 2;
        let mut grid = Vec::new();
        for i in 0..=rings {
            let tilt = std::f64::consts::PI * f64::from(i) / f64::from(rings);
            for j in 0..around {
                let turn = std::f64::consts::TAU * f64::from(j) / f64::from(around);
                let n = [tilt.sin() * turn.cos(), tilt.sin() * turn.sin(), tilt.cos()];
                let pole = i == 0 || i == rings;
                let noise = hash(seed ^ (u64::from(i) << 32 | u64::from(if pole { 0 } else { j })));
                let push = 1.0 + rough * (noise * 2.0 - 1.0);
                let at = add(middle, [n[0] * half[0] * push, n[1] * half[1] * push, n[2] * half[2] * push]);
                // Lighter above: light comes from there even in the shade.
                let tone = 0.80 + 0.20 * n[2] as f32 + 0.12 * (noise as f32 - 0.5);
                grid.push(self.vertex(at, unit(n), shade(colour, tone)));
            }
        }
        let id = |i: u32, j: u32| grid[(i * around + j % around) as usize];
        for i in 0..rings {
            for j in 0..around {
                self.triangle(id(i, j), id(i + 1, j), id(i + 1, j + 1));
                self.triangle(id(i, j), id(i + 1, j + 1), id(i, j + 1));
            }
        }
    }

    /// Sets the light of every vertex: `of(where, normal)` gives lamplight and sunlight, 0..1 each.
    pub fn bake(&mut self, of: impl Fn(V3, V3) -> [f32; 2]) {
        for i in 0..self.at.len() {
            let [lamp, sun] = of(self.at[i], self.normal[i]);
            self.glow[i][0] = lamp;
            self.sun[i][0] = sun;
        }
    }

    /// The solids as a mesh.
    pub fn mesh(&self) -> Mesh {
        let engine = |list: &[V3]| list.iter().map(|p| to_engine(*p)).collect::<Vec<_>>();
        Mesh::new(PrimitiveTopology::TriangleList, RenderAssetUsages::RENDER_WORLD)
            .with_inserted_attribute(Mesh::ATTRIBUTE_POSITION, engine(&self.at))
            .with_inserted_attribute(Mesh::ATTRIBUTE_NORMAL, engine(&self.normal))
            .with_inserted_attribute(Mesh::ATTRIBUTE_COLOR, self.colour.clone())
            .with_inserted_attribute(Mesh::ATTRIBUTE_UV_0, self.glow.clone())
            .with_inserted_attribute(Mesh::ATTRIBUTE_UV_1, self.sun.clone())
            .with_inserted_indices(Indices::U32(self.index.clone()))
    }
}

/// A number in 0..1 that belongs to a key: for looks only, never for what happens.
pub fn hash(key: u64) -> f64 {
    let mut x = key.wrapping_add(0x9e37_79b9_7f4a_7c15);
    x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    ((x ^ (x >> 31)) >> 11) as f64 / (1u64 << 53) as f64
}

/// A key from a name.
pub fn key(name: &str) -> u64 {
    name.bytes().fold(0xcbf2_9ce4_8422_2325, |k, b| (k ^ u64::from(b)).wrapping_mul(0x0100_0000_01b3))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn faces_of_a_box_look_outward() {
        for w in [2.0, -2.0] {
            let mut pad = Pad::new();
            pad.slab([1.0, 2.0, 0.0], [1.0, 0.0, 0.0], [0.0, 2.0, 0.0], [0.0, 0.0, w], rgb(0xff_ffff));
            let middle = [1.0, 2.0, w / 2.0];
            for t in pad.index.chunks(3) {
                let [a, b, c] = [0, 1, 2].map(|i| pad.at[t[i] as usize]);
                let out = sub(mul(add(add(a, b), c), 1.0 / 3.0), middle);
                let n = cross(sub(b, a), sub(c, a));
                let along = n[0] * out[0] + n[1] * out[1] + n[2] * out[2];
                assert!(along > 0.0, "{a:?} {b:?} {c:?}");
            }
        }
    }

    #[test]
    fn north_is_away_from_the_viewer_and_up_is_up() {
        assert_eq!(to_engine([1.0, 2.0, 3.0]), [1.0, 3.0, -2.0]);
    }
}
