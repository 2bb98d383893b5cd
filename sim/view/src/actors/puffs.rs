//! Soft round patches: smoke that faces the eye, shadows that lie on the ground.

use bevy::asset::RenderAssetUsages;
use bevy::mesh::{Indices, Mesh, PrimitiveTopology};

use crate::light::Light;
use crate::pad::{Colour, V3, add, cross, mul, sub, to_engine, unit};

/// Patches to draw.
#[derive(Clone, Debug, Default)]
pub struct Puffs {
    at: Vec<[f32; 3]>,
    colour: Vec<Colour>,
    place: Vec<[f32; 2]>,
    index: Vec<u32>,
}

impl Puffs {
    /// Forgets all.
    pub fn clear(&mut self) {
        self.at.clear();
        self.colour.clear();
        self.place.clear();
        self.index.clear();
    }

    /// A patch spanned by two half axes.
    pub fn patch(&mut self, middle: V3, u: V3, v: V3, colour: Colour) {
        let first = self.at.len() as u32;
        for (a, b) in [(-1.0, -1.0), (1.0, -1.0), (1.0, 1.0), (-1.0, 1.0)] {
            self.at.push(to_engine(add(middle, add(mul(u, a), mul(v, b)))));
            self.place.push([a as f32, b as f32]);
            self.colour.push(colour);
        }
        self.index.extend([0, 1, 2, 0, 2, 3].map(|i| first + i));
    }

    /// A round patch that faces the eye.
    pub fn towards(&mut self, eye: V3, middle: V3, radius: f64, colour: Colour) {
        let n = unit(sub(eye, middle));
        let side = if n[2].abs() > 0.99 { [1.0, 0.0, 0.0] } else { unit(cross([0.0, 0.0, 1.0], n)) };
        let up = cross(n, side);
        self.patch(middle, mul(side, radius), mul(up, radius), colour);
    }

    /// The shadow of a body `wide` and `tall` at a place whose feet are `feet` above ground.
    pub fn shadow(&mut self, at: [f64; 2], feet: f64, wide: f64, tall: f64, light: &Light, sun: f32) {
        if feet > 2.5 {
            return;
        }
        let long = if light.lamps > 0.5 { 0.0 } else { (tall / light.sun[2].max(0.2)).min(3.5 * tall) };
        let away = unit([-light.sun[0], -light.sun[1], 0.0]);
        let side = [away[1], -away[0], 0.0];
        let flat = (light.sun[0].powi(2) + light.sun[1].powi(2)).sqrt();
        let half = (wide / 2.0 + long * flat * 0.5).max(wide / 2.0);
        let middle = [at[0] + away[0] * long * flat * 0.5, at[1] + away[1] * long * flat * 0.5, 0.03];
        let strength = if light.lamps > 0.5 { 0.35 } else { 0.15 + 0.45 * sun };
        self.patch(middle, mul(away, half * 1.15), mul(side, wide * 0.62), [0.0, 0.0, 0.0, strength]);
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.index.is_empty()
    }

    /// The patches as a mesh.
    pub fn mesh(&self) -> Mesh {
        let up = vec![[0.0f32, 1.0, 0.0]; self.at.len()];
        Mesh::new(PrimitiveTopology::TriangleList, RenderAssetUsages::RENDER_WORLD)
            .with_inserted_attribute(Mesh::ATTRIBUTE_POSITION, self.at.clone())
            .with_inserted_attribute(Mesh::ATTRIBUTE_NORMAL, up)
            .with_inserted_attribute(Mesh::ATTRIBUTE_COLOR, self.colour.clone())
            .with_inserted_attribute(Mesh::ATTRIBUTE_UV_0, self.place.clone())
            .with_inserted_attribute(Mesh::ATTRIBUTE_UV_1, self.place.clone())
            .with_inserted_indices(Indices::U32(self.index.clone()))
    }
}
