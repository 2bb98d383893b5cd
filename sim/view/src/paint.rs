//! Materials: an own light of a few lines, since the engine's full one takes ten times as long on a software driver.

use bevy::asset::{Asset, embedded_asset};
use bevy::image::Image;
use bevy::math::Vec4;
use bevy::pbr::{Material, MaterialPlugin};
use bevy::prelude::{AlphaMode, App, Handle, Plugin, TypePath};
use bevy::render::render_resource::{AsBindGroup, ShaderType};
use bevy::shader::ShaderRef;

use crate::light::Light;

/// The light as the shaders read it.
#[derive(Clone, Copy, Debug, Default, ShaderType)]
pub struct LightUniform {
    sun: Vec4,
    sun_rgb: Vec4,
    sky_rgb: Vec4,
    ground_rgb: Vec4,
    haze_rgb: Vec4,
    zenith_rgb: Vec4,
}

impl From<&Light> for LightUniform {
    fn from(light: &Light) -> Self {
        let [sun, sun_rgb, sky_rgb, ground_rgb, haze_rgb, zenith_rgb] = light.vectors();
        LightUniform { sun, sun_rgb, sky_rgb, ground_rgb, haze_rgb, zenith_rgb }
    }
}

/// Solids.
#[derive(Asset, TypePath, AsBindGroup, Clone, Debug)]
pub struct Paint {
    /// The light.
    #[uniform(0)]
    pub light: LightUniform,
    /// Drawn with opacity, after the rest.
    pub glass: bool,
}

impl Material for Paint {
    fn fragment_shader() -> ShaderRef {
        "embedded://palisade_view/paint.wgsl".into()
    }
    fn alpha_mode(&self) -> AlphaMode {
        if self.glass { AlphaMode::Blend } else { AlphaMode::Opaque }
    }
    fn enable_prepass() -> bool {
        false
    }
    fn enable_shadows() -> bool {
        false
    }
}

/// The ground: what is painted on it, the light that falls on it, and marks over it.
#[derive(Asset, TypePath, AsBindGroup, Clone, Debug)]
pub struct GroundPaint {
    /// The light.
    #[uniform(0)]
    pub light: LightUniform,
    /// What is painted on it.
    #[texture(1)]
    #[sampler(2)]
    pub painted: Handle<Image>,
    /// Sun and lamplight.
    #[texture(3)]
    #[sampler(4)]
    pub fallen: Handle<Image>,
    /// Marks: coverage, gaps.
    #[texture(5)]
    #[sampler(6)]
    pub over: Handle<Image>,
    /// First: whether marks show.
    #[uniform(7)]
    pub mode: Vec4,
}

impl Material for GroundPaint {
    fn fragment_shader() -> ShaderRef {
        "embedded://palisade_view/ground.wgsl".into()
    }
    fn enable_prepass() -> bool {
        false
    }
    fn enable_shadows() -> bool {
        false
    }
}

/// Smoke and shadows: soft round patches.
#[derive(Asset, TypePath, AsBindGroup, Clone, Debug)]
pub struct Puff {
    /// Spare.
    #[uniform(0)]
    pub spare: Vec4,
}

impl Material for Puff {
    fn fragment_shader() -> ShaderRef {
        "embedded://palisade_view/smoke.wgsl".into()
    }
    fn alpha_mode(&self) -> AlphaMode {
        AlphaMode::Blend
    }
    fn enable_prepass() -> bool {
        false
    }
    fn enable_shadows() -> bool {
        false
    }
}

/// Registers materials and their shaders.
#[derive(Debug)]
pub struct PaintPlugin;

impl Plugin for PaintPlugin {
    fn build(&self, app: &mut App) {
        embedded_asset!(app, "paint.wgsl");
        embedded_asset!(app, "ground.wgsl");
        embedded_asset!(app, "smoke.wgsl");
        app.add_plugins((
            MaterialPlugin::<Paint>::default(),
            MaterialPlugin::<GroundPaint>::default(),
            MaterialPlugin::<Puff>::default(),
        ));
    }
}
