//! The scene: a run as entities of the engine. Stills and window draw the same scene.

use std::sync::Arc;

use bevy::camera::primitives::Aabb;
use bevy::camera::visibility::{NoAutoAabb, NoFrustumCulling};
use bevy::ecs::prelude::*;
use bevy::image::Image;
use bevy::math::{Vec3, Vec4};
use bevy::mesh::{Mesh, Mesh3d};
use bevy::pbr::MeshMaterial3d;
use bevy::prelude::{Assets, Handle, Transform, Visibility};
use palisade_sim::analysis::caster::Caster;
use palisade_sim::words::Ms;

use crate::actors::states::States;
use crate::actors::{Actors, Instant};
use crate::light::Light;
use crate::overlays::{self, Overlays};
use crate::pad::{Pad, V3, to_engine};
use crate::paint::{GroundPaint, LightUniform, Paint, Puff};
use crate::run_folder::{Mover, Run};
use crate::stage::bake::Baker;
use crate::stage::ground::{self, Sheet};
use crate::stage::{self, sky};

/// Parts of the scene that can be hidden.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Part {
    /// Buildings.
    Buildings,
    /// Walls, gates, lamps.
    Walls,
    /// Trees.
    Trees,
    /// Devices.
    Kit,
    /// People, vehicles, fires.
    Actors,
    /// The sky.
    Sky,
}

/// Light that was worked out for a place of the sun.
pub struct Baked {
    /// Where the sun stood.
    pub sun: V3,
    solids: Vec<Mesh>,
    fallen: Image,
    fallen_size: [u32; 2],
    fallen_rgba: Vec<u8>,
}

/// What does not change with time, for whoever bakes.
pub struct Fixed {
    /// The run.
    pub run: Arc<Run>,
    /// The caster over its site.
    pub caster: Caster,
    /// The ground.
    pub sheet: Sheet,
}

impl Fixed {
    /// Prepares a run.
    pub fn new(run: Arc<Run>) -> Fixed {
        let caster = Caster::new(&run.scenario.site);
        let sheet = Sheet::of(&run.scenario.site);
        Fixed { run, caster, sheet }
    }

    /// Works out the light for a place of the sun.
    pub fn bake(&self, sun: V3) -> Baked {
        let mut chunks = stage::solids(&self.run.scenario);
        let baker = Baker::new(&self.run.scenario.site, &self.caster);
        chunks.iter_mut().for_each(|chunk| baker.chunk(chunk, sun));
        let (size, rgba) = baker.ground(&self.sheet, sun);
        Baked {
            sun,
            solids: chunks.iter().map(|chunk| chunk.pad.mesh()).collect(),
            fallen: ground::image(size[0], size[1], rgba.clone(), false),
            fallen_size: size,
            fallen_rgba: rgba,
        }
    }
}

/// The light that falls on the ground, for bodies.
#[derive(Clone, Debug, Default)]
struct Fallen {
    size: [u32; 2],
    rgba: Vec<u8>,
}

impl Fallen {
    fn at(&self, sheet: &Sheet, [x, y]: [f64; 2]) -> [f32; 2] {
        let u = (x - sheet.from[0]) / (sheet.to[0] - sheet.from[0]);
        let v = (sheet.to[1] - y) / (sheet.to[1] - sheet.from[1]);
        if !(0.0..1.0).contains(&u) || !(0.0..1.0).contains(&v) || self.rgba.is_empty() {
            return [1.0, 0.0];
        }
        let column = (u * f64::from(self.size[0])) as usize;
        let row = (v * f64::from(self.size[1])) as usize;
        let i = (row * self.size[0] as usize + column) * 4;
        [f32::from(self.rgba[i]) / 255.0, f32::from(self.rgba[i + 1]) / 255.0 * 1.6]
    }
}

/// The scene.
#[derive(Resource)]
pub struct Scene {
    /// What does not change.
    pub fixed: Arc<Fixed>,
    /// What devices show.
    pub states: States,
    /// What is shown over it.
    pub overlays: Overlays,
    /// The crowd that is drawn in place of the run's, for the bench.
    pub crowd: Option<Vec<Mover<'static>>>,
    /// Where the sun stood when the light was last worked out.
    pub baked_for: V3,
    /// No haze: a map is looked at through none.
    pub clear_air: bool,
    actors: Actors,
    rays: Pad,
    marks: Pad,
    fallen: Fallen,
    handles: Handles,
    shown: Option<(Overlays, [i64; 3])>,
}

struct Handles {
    solids: Vec<Handle<Mesh>>,
    sky: Handle<Mesh>,
    bodies: Handle<Mesh>,
    rays: Handle<Mesh>,
    marks: Handle<Mesh>,
    soft: Handle<Mesh>,
    fallen: Handle<Image>,
    over: Handle<Image>,
    paint: Handle<Paint>,
    glass: Handle<Paint>,
    ground: Handle<GroundPaint>,
}

/// Marks an entity as a part of the scene.
#[derive(Component, Clone, Copy, Debug)]
pub struct Belongs(pub Part);

/// The sky follows the eye.
#[derive(Component, Debug)]
pub struct SkyDome;

/// Height of the target that the overlay of coverage is for, m.
pub const TARGET_M: f64 = 1.5;

impl Scene {
    /// Puts a run into the world.
    pub fn spawn(world: &mut World, fixed: Arc<Fixed>, at: Ms) {
        let run = fixed.run.clone();
        let light = light_at(&run, at);
        let baked = fixed.bake(light.sun);
        let painted = ground::painted(&run.scenario.site, &fixed.sheet);
        let over = run
            .plan
            .as_ref()
            .and_then(|plan| {
                let mut map = overlays::coverage(plan, TARGET_M, &fixed.sheet, 165)?;
                overlays::gap_outlines(plan, TARGET_M, &fixed.sheet, &mut map);
                Some(map)
            })
            .map_or_else(
                || ground::image(1, 1, vec![0; 4], true),
                |map| ground::image(map.width(), map.height(), map.take(), true),
            );
        let painted = painted.map_or_else(
            || ground::image(1, 1, vec![140, 147, 126, 255], true),
            |map| ground::image(map.width(), map.height(), map.take(), true),
        );
        let uniform = LightUniform::from(&light);
        let handles = {
            let mut meshes = world.resource_mut::<Assets<Mesh>>();
            let solids: Vec<Handle<Mesh>> = baked.solids.into_iter().map(|m| meshes.add(m)).collect();
            let [sky, bodies, rays, marks] = [0; 4].map(|_| meshes.add(dot().mesh()));
            let soft = meshes.add(crate::actors::puffs::Puffs::default().mesh());
            let flat = meshes.add(fixed.sheet.mesh());
            let around = meshes.add(surroundings(&fixed.sheet).mesh());
            let mut images = world.resource_mut::<Assets<Image>>();
            let (painted, fallen, over) = (images.add(painted), images.add(baked.fallen), images.add(over));
            let mut paints = world.resource_mut::<Assets<Paint>>();
            let paint = paints.add(Paint { light: uniform, glass: false });
            let glass = paints.add(Paint { light: uniform, glass: true });
            let ground = world.resource_mut::<Assets<GroundPaint>>().add(GroundPaint {
                light: uniform,
                painted,
                fallen: fallen.clone(),
                over: over.clone(),
                mode: Vec4::ZERO,
            });
            let puff = world.resource_mut::<Assets<Puff>>().add(Puff { spare: Vec4::ZERO });
            world.spawn((Mesh3d(flat), MeshMaterial3d(ground.clone()), NoFrustumCulling));
            world.spawn((Mesh3d(around), MeshMaterial3d(paint.clone()), NoFrustumCulling));
            for (mesh, chunk) in solids.iter().zip(stage::solids(&run.scenario)) {
                still(world, mesh, &paint, &chunk);
            }
            world.spawn((
                Mesh3d(bodies.clone()),
                MeshMaterial3d(paint.clone()),
                NoFrustumCulling,
                Belongs(Part::Actors),
                Visibility::default(),
            ));
            world.spawn((
                Mesh3d(sky.clone()),
                MeshMaterial3d(paint.clone()),
                NoFrustumCulling,
                SkyDome,
                Belongs(Part::Sky),
                Visibility::default(),
                Transform::default(),
            ));
            for mesh in [&rays, &marks] {
                world.spawn((Mesh3d(mesh.clone()), MeshMaterial3d(glass.clone()), NoFrustumCulling));
            }
            world.spawn((
                Mesh3d(soft.clone()),
                MeshMaterial3d(puff),
                NoFrustumCulling,
                Belongs(Part::Actors),
                Visibility::default(),
            ));
            Handles { solids, sky, bodies, rays, marks, soft, fallen, over, paint, glass, ground }
        };
        let states = States::of(&run.tape);
        let fallen = Fallen { size: baked.fallen_size, rgba: baked.fallen_rgba };
        world.insert_resource(Scene {
            fixed,
            states,
            overlays: Overlays::default(),
            crowd: None,
            baked_for: baked.sun,
            clear_air: false,
            actors: Actors::default(),
            rays: Pad::new(),
            marks: Pad::new(),
            fallen,
            handles,
            shown: None,
        });
    }

    /// The run.
    pub fn run(&self) -> &Arc<Run> {
        &self.fixed.run
    }

    /// Takes light that was worked out.
    pub fn take(&mut self, baked: Baked, meshes: &mut Assets<Mesh>, images: &mut Assets<Image>) {
        for (handle, mesh) in self.handles.solids.iter().zip(baked.solids) {
            put(meshes, handle, mesh);
        }
        // A handle of this scene always has its place.
        let _ = images.insert(self.handles.fallen.id(), baked.fallen);
        self.fallen = Fallen { size: baked.fallen_size, rgba: baked.fallen_rgba };
        self.baked_for = baked.sun;
    }

    /// Whether the sun has moved far enough since the light was worked out for it to be done again.
    pub fn stale(&self, light: &Light) -> bool {
        let along: f64 = light.sun.iter().zip(self.baked_for).map(|(a, b)| a * b).sum();
        along < (4f64).to_radians().cos()
    }

    /// Marks on the ground in place of coverage: a picture over the sheet with straight alpha.
    pub fn mark_ground(&mut self, map: tiny_skia::Pixmap, images: &mut Assets<Image>) {
        let image = ground::image(map.width(), map.height(), map.take(), true);
        let _ = images.insert(self.handles.over.id(), image);
    }

    /// Draws what belongs to an instant, as seen from an eye.
    pub fn show(&mut self, at: Ms, eye: V3, assets: &mut SceneAssets<'_>) {
        let run = self.fixed.run.clone();
        let mut light = light_at(&run, at);
        if self.clear_air {
            light.haze_m = 1e6;
        }
        let uniform = LightUniform::from(&light);
        for handle in [&self.handles.paint, &self.handles.glass] {
            if let Some(mut paint) = assets.paints.get_mut(handle.id()) {
                paint.light = uniform;
            }
        }
        if let Some(mut ground) = assets.grounds.get_mut(self.handles.ground.id()) {
            ground.light = uniform;
            ground.mode.x = f32::from(u8::from(self.overlays.coverage));
        }
        let mut dome = Pad::new();
        sky::draw(&mut dome, &light);
        put(assets.meshes, &self.handles.sky, dome.mesh());
        let (fallen, sheet) = (&self.fallen, &self.fixed.sheet);
        let lit = |place: [f64; 2]| fallen.at(sheet, place);
        let instant = Instant { run: &run, at, light: &light, eye, fallen: &lit };
        self.actors.draw(&instant, &self.states);
        if let Some(crowd) = &self.crowd {
            self.actors.bodies(&instant, crowd);
        }
        put(assets.meshes, &self.handles.bodies, filled(&self.actors.solid));
        put(assets.meshes, &self.handles.soft, self.actors.soft.mesh());
        self.rays.clear();
        if self.overlays.beams {
            self.states.rays(&mut self.rays, &instant);
        }
        put(assets.meshes, &self.handles.rays, filled(&self.rays));
        // Pins grow with distance; the rest stays as it is.
        let key = (self.overlays, eye.map(|v| (v / 5.0) as i64));
        if self.shown != Some(key) {
            self.shown = Some(key);
            self.marks.clear();
            if self.overlays.cones {
                overlays::cones(&mut self.marks, &run.scenario);
            }
            if self.overlays.tours {
                overlays::tours(&mut self.marks, &run.scenario);
            }
            if self.overlays.latency {
                overlays::latency(&mut self.marks, &run, eye);
            }
            put(assets.meshes, &self.handles.marks, filled(&self.marks));
        }
    }
}

/// What showing writes to.
pub struct SceneAssets<'a> {
    /// Meshes.
    pub meshes: &'a mut Assets<Mesh>,
    /// Solids' materials.
    pub paints: &'a mut Assets<Paint>,
    /// The ground's.
    pub grounds: &'a mut Assets<GroundPaint>,
}

fn put(meshes: &mut Assets<Mesh>, handle: &Handle<Mesh>, mesh: Mesh) {
    // A handle of this scene always has its place.
    let _ = meshes.insert(handle.id(), mesh);
}

/// A mesh must not be empty: the engine warns of it.
fn filled(pad: &Pad) -> Mesh {
    if pad.is_empty() { dot().mesh() } else { pad.mesh() }
}

/// A triangle too small to see, far below the ground.
fn dot() -> Pad {
    let mut pad = Pad::new();
    pad.tri([[0.0, 0.0, -50.0], [1e-3, 0.0, -50.0], [0.0, 1e-3, -50.0]], [0.0; 4]);
    pad
}

/// The land around the sheet.
fn surroundings(sheet: &Sheet) -> Pad {
    let mut pad = Pad::new();
    let colour = crate::pad::rgb(0x8c_937e);
    let far = 1_700.0;
    let ([x0, y0], [x1, y1]) = (sheet.from, sheet.to);
    let z = -0.02;
    for ([ax, ay], [bx, by]) in
        [([-far, y1], [far, far]), ([-far, -far], [far, y0]), ([-far, y0], [x0, y1]), ([x1, y0], [far, y1])]
    {
        pad.quad([[ax, ay, z], [bx, ay, z], [bx, by, z], [ax, by, z]], colour);
    }
    pad
}

/// Details of it are left out when the eye is farther away than [`DETAIL_M`].
#[derive(Component, Clone, Copy, Debug)]
pub struct Detail(pub V3);

/// Distance at which details fall below a pixel, m.
pub const DETAIL_M: f64 = 170.0;

fn still(world: &mut World, mesh: &Handle<Mesh>, paint: &Handle<Paint>, chunk: &stage::Chunk) {
    let (middle, half) = stage::bounds(&chunk.pad);
    let [hx, hy, hz] = half.map(|v| v as f32);
    let aabb =
        Aabb { center: Vec3::from(to_engine(middle)).into(), half_extents: Vec3::new(hx, hz, hy).into() };
    let mut entity = world.spawn((
        Mesh3d(mesh.clone()),
        MeshMaterial3d(paint.clone()),
        aabb,
        NoAutoAabb,
        Belongs(chunk.part),
        Visibility::default(),
    ));
    if chunk.detail {
        entity.insert(Detail(middle));
    }
}

/// The light of a run's day at an instant.
pub fn light_at(run: &Run, at: Ms) -> Light {
    Light::at(&run.scenario.file.day, run.scenario.site.origin.lat_deg, at)
}
