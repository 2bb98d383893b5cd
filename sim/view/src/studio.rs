//! The studio: the engine without a window, which draws a scene into pictures.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use bevy::app::{App, PluginGroup as _, PluginsState};
use bevy::asset::Handle;
use bevy::camera::{Camera, Camera3d, ClearColor, ImageRenderTarget, RenderTarget};
use bevy::core_pipeline::tonemapping::Tonemapping;
use bevy::ecs::prelude::*;
use bevy::image::Image;
use bevy::mesh::Mesh;
use bevy::prelude::{Assets, Color, DefaultPlugins, Transform, Visibility};
use bevy::render::pipelined_rendering::PipelinedRenderingPlugin;
use bevy::render::render_resource::{PollType, TextureFormat};
use bevy::render::renderer::RenderDevice;
use bevy::render::view::Msaa;
use bevy::render::view::window::screenshot::{Screenshot, ScreenshotCaptured};
use bevy::render::{RenderApp, RenderPlugin};
use bevy::window::{ExitCondition, WindowPlugin};
use bevy::winit::WinitPlugin;
use image::RgbaImage;
use palisade_sim::words::Ms;

use crate::eye::Eye;
use crate::lens::Bent;
use crate::overlays::Overlays;
use crate::pad::{length, sub};
use crate::paint::{GroundPaint, Paint, PaintPlugin};
use crate::scene::{Belongs, Detail, Fixed, Part, Scene, SceneAssets, SkyDome, light_at};

/// Pictures are drawn so many times larger each way and made smaller, for smooth edges.
const FINE: u32 = 3;
/// Longest side that the driver draws, px.
const LARGEST: u32 = 8_192;
/// Updates after which a picture that did not come never will.
const PATIENCE: u32 = 400;

/// Why there is no picture.
#[derive(Debug, thiserror::Error)]
pub enum NoPicture {
    /// There is no Vulkan driver.
    #[error(
        "no Vulkan driver was found: install Debian's `mesa-vulkan-drivers` (apt-get install mesa-vulkan-drivers), \
         which draws without a graphics card"
    )]
    NoDriver,
    /// The engine did not deliver it.
    #[error("the renderer delivered no picture after {PATIENCE} updates")]
    Late,
    /// The picture has no size.
    #[error("a picture of {0} x {1} pixels cannot be drawn: ask for 16 to 4096 each way")]
    Size(u32, u32),
}

/// What a picture shows.
#[derive(Clone, Debug)]
pub struct Shot {
    /// The instant.
    pub at: Ms,
    /// The eye.
    pub eye: Eye,
    /// Over it.
    pub overlays: Overlays,
    /// What is left out.
    pub hidden: Vec<Part>,
    /// Details farther away than this are left out, m.
    pub detail_m: f64,
    /// Width and height, px.
    pub size: [u32; 2],
}

/// The engine with a scene in it.
pub struct Studio {
    app: App,
    target: Option<(Handle<Image>, [u32; 2])>,
    camera: Entity,
}

#[derive(Resource, Clone, Default)]
struct Got(Arc<Mutex<Option<Image>>>);

/// Whether a Vulkan driver is there: asks the loader's folders, since the engine would panic.
pub fn driver() -> Result<(), NoPicture> {
    let named = std::env::var_os("VK_ICD_FILENAMES").or(std::env::var_os("VK_DRIVER_FILES"));
    if named.is_some_and(|v| !v.is_empty()) {
        return Ok(());
    }
    let folders = std::env::var("PALISADE_VULKAN_FOLDERS")
        .unwrap_or_else(|_| "/usr/share/vulkan/icd.d:/etc/vulkan/icd.d:/usr/local/share/vulkan/icd.d".into());
    let found = folders.split(':').any(|folder| {
        std::fs::read_dir(folder)
            .into_iter()
            .flatten()
            .flatten()
            .any(|f| f.path().extension().is_some_and(|e| e == "json"))
    });
    if found { Ok(()) } else { Err(NoPicture::NoDriver) }
}

impl Studio {
    /// Sets a run up.
    ///
    /// # Errors
    /// When no driver is installed.
    pub fn new(fixed: Arc<Fixed>, at: Ms) -> Result<Studio, NoPicture> {
        driver()?;
        let mut app = App::new();
        let window = WindowPlugin {
            primary_window: None,
            exit_condition: ExitCondition::DontExit,
            ..WindowPlugin::default()
        };
        let render = RenderPlugin { synchronous_pipeline_compilation: true, ..RenderPlugin::default() };
        let log =
            bevy::log::LogPlugin { level: bevy::log::Level::WARN, filter: quiet(), ..Default::default() };
        app.add_plugins(
            DefaultPlugins
                .set(window)
                .set(render)
                .set(log)
                .disable::<WinitPlugin>()
                .disable::<PipelinedRenderingPlugin>(),
        );
        app.add_plugins(PaintPlugin);
        app.insert_resource(ClearColor(Color::BLACK));
        app.init_resource::<Got>();
        while app.plugins_state() == PluginsState::Adding {
            bevy::tasks::tick_global_task_pools_on_main_thread();
        }
        app.finish();
        app.cleanup();
        Scene::spawn(app.world_mut(), fixed, at);
        let camera = app
            .world_mut()
            .spawn((
                Camera3d::default(),
                Camera::default(),
                Tonemapping::None,
                Msaa::Off,
                Transform::default(),
            ))
            .id();
        Ok(Studio { app, target: None, camera })
    }

    /// The world, for what a picture needs beside its shot.
    pub fn world(&mut self) -> &mut World {
        self.app.world_mut()
    }

    /// Draws a picture.
    ///
    /// # Errors
    /// When its size is none, or the engine does not deliver it.
    pub fn picture(&mut self, shot: &Shot) -> Result<RgbaImage, NoPicture> {
        let [w, h] = shot.size;
        if !(16..=4096).contains(&w) || !(16..=4096).contains(&h) {
            return Err(NoPicture::Size(w, h));
        }
        let fine = (LARGEST / w.max(h)).clamp(1, FINE);
        let size = [w * fine, h * fine];
        let large = match Bent::of(shot.eye, size) {
            Some(bent) => self.bent(shot, &bent)?,
            None => self.drawn(shot, size)?,
        };
        Ok(image::imageops::resize(&large, w, h, image::imageops::FilterType::Triangle))
    }

    /// Draws a picture through a lens that is not straight.
    fn bent(&mut self, shot: &Shot, bent: &Bent) -> Result<RgbaImage, NoPicture> {
        let wide = bent.side_px(LARGEST / 2);
        let mut sides: [Option<RgbaImage>; 6] = Default::default();
        for ((side, eye), asked) in sides.iter_mut().zip(bent.eyes()).zip(bent.asked()) {
            if asked {
                *side = Some(self.drawn(&Shot { eye, ..shot.clone() }, [wide; 2])?);
            }
        }
        Ok(bent.gather(&sides))
    }

    /// Draws a picture pixel by pixel, without smoothing.
    ///
    /// # Errors
    /// When the engine does not deliver it.
    pub fn drawn(&mut self, shot: &Shot, size: [u32; 2]) -> Result<RgbaImage, NoPicture> {
        self.arrange(shot, size, true);
        // The camera's target, the meshes and the textures each need an update to arrive.
        for _ in 0..3 {
            self.app.update();
        }
        let got = self.app.world().resource::<Got>().clone();
        let target = self.target.as_ref().map(|t| t.0.clone()).unwrap_or_default();
        let into = got.clone();
        self.app.world_mut().spawn(Screenshot::image(target)).observe(
            move |captured: On<ScreenshotCaptured>| {
                if let Ok(mut slot) = into.0.lock() {
                    *slot = Some(captured.image.clone());
                }
            },
        );
        for _ in 0..PATIENCE {
            self.app.update();
            let taken = got.0.lock().ok().and_then(|mut slot| slot.take());
            if let Some(image) = taken {
                let rgba = image.try_into_dynamic().map_err(|_| NoPicture::Late)?;
                return Ok(rgba.to_rgba8());
            }
        }
        Err(NoPicture::Late)
    }

    /// Draws a frame that nobody keeps, until the device has finished it. Returns how long it took, and how much of that
    /// went into bringing the scene to the instant. `bake`: works the light out at once where the sun has moved.
    pub fn frame(&mut self, shot: &Shot, bake: bool) -> (Duration, Duration) {
        let (scene, whole) = crate::bench::timed(|| {
            let ((), scene) = crate::bench::timed(|| self.arrange(shot, shot.size, bake));
            self.app.update();
            let device = self.app.sub_app(RenderApp).world().resource::<RenderDevice>();
            // A device that is lost shows in the next picture.
            let _ = device.poll(PollType::wait_indefinitely());
            scene
        });
        (whole, scene)
    }

    fn arrange(&mut self, shot: &Shot, size: [u32; 2], bake: bool) {
        let world = self.app.world_mut();
        if self.target.as_ref().is_none_or(|t| t.1 != size) {
            let image = Image::new_target_texture(size[0], size[1], TextureFormat::Rgba8UnormSrgb, None);
            let handle = world.resource_mut::<Assets<Image>>().add(image);
            world
                .entity_mut(self.camera)
                .insert(RenderTarget::Image(ImageRenderTarget::from(handle.clone())));
            self.target = Some((handle, size));
        }
        let aspect = size[0] as f32 / size[1] as f32;
        world.entity_mut(self.camera).insert((shot.eye.transform(), shot.eye.projection(aspect)));
        let mut parts = world.query::<(&Belongs, Option<&Detail>, &mut Visibility)>();
        let eye = shot.eye.place();
        for (belongs, detail, mut seen) in parts.iter_mut(world) {
            let far = detail.is_some_and(|d| length(sub(d.0, eye)) > shot.detail_m);
            let hide = far || shot.hidden.contains(&belongs.0);
            *seen = if hide { Visibility::Hidden } else { Visibility::Inherited };
        }
        let mut domes = world.query_filtered::<&mut Transform, With<SkyDome>>();
        for mut dome in domes.iter_mut(world) {
            dome.translation = crate::pad::to_engine(shot.eye.place()).into();
        }
        world.resource_mut::<Scene>().clear_air = matches!(shot.eye, Eye::Map { .. });
        show(world, shot.at, shot.eye.place(), shot.overlays, bake);
    }
}

/// Brings the scene to an instant. `bake`: works the light out at once where the sun has moved.
pub fn show(world: &mut World, at: Ms, eye: crate::pad::V3, over: Overlays, bake: bool) {
    world.resource_scope(|world, mut scene: Mut<Scene>| {
        world.resource_scope(|world, mut meshes: Mut<Assets<Mesh>>| {
            let light = light_at(scene.run(), at);
            if bake && scene.stale(&light) {
                let baked = scene.fixed.bake(light.sun);
                let mut images = world.resource_mut::<Assets<Image>>();
                scene.take(baked, &mut meshes, &mut images);
            }
            scene.overlays = over;
            world.resource_scope(|world, mut paints: Mut<Assets<Paint>>| {
                let mut grounds = world.resource_mut::<Assets<GroundPaint>>();
                let mut assets =
                    SceneAssets { meshes: &mut meshes, paints: &mut paints, grounds: &mut grounds };
                scene.show(at, eye, &mut assets);
            });
        });
    });
}

/// What the engine logs: not the driver's remarks about itself.
pub fn quiet() -> String {
    "wgpu=error,wgpu_hal=off,wgpu_core=error,naga=warn,bevy_render=error".to_owned()
}
