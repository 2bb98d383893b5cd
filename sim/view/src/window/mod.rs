//! The window: the day of a run, walked through.

pub mod about;
pub mod clock;
mod input;
mod panel;
mod phrases;
pub mod pick;
pub mod rig;
pub mod words;

use std::io::Write as _;
use std::sync::mpsc::{Receiver, channel};
use std::sync::{Arc, Mutex};

use bevy::app::{App, AppExit, PluginGroup as _, Startup, Update};
use bevy::camera::{Camera, Camera3d, ClearColor, Projection};
use bevy::core_pipeline::tonemapping::Tonemapping;
use bevy::diagnostic::FrameCount;
use bevy::ecs::prelude::*;
use bevy::ecs::system::SystemParam;
use bevy::image::Image;
use bevy::mesh::Mesh;
use bevy::prelude::{Assets, Color, DefaultPlugins, Time, Transform, Visibility};
use bevy::render::view::Msaa;
use bevy::window::{PresentMode, PrimaryWindow, Window, WindowPlugin, WindowResolution};
use bevy_egui::{EguiContexts, EguiPlugin, EguiPrimaryContextPass};
use palisade_sim::words::Ms;

use crate::eye::Eye;
use crate::overlays::Overlays;
use crate::pad::{length, sub, to_engine};
use crate::paint::{GroundPaint, Paint, PaintPlugin};
use crate::run_folder::Run;
use crate::scene::{Baked, Belongs, DETAIL_M, Detail, Fixed, Part, Scene, SceneAssets, SkyDome, light_at};
use crate::stills::vantage;
use crate::studio::{NoPicture, driver, quiet};
use about::About;
use clock::{Clock, Stop};
use pick::Picked;
use rig::{Mode, Rig};
use words::Language;

/// Horizontal angle of view, degrees.
pub(crate) const HFOV_DEG: f64 = 65.0;

/// Pictures that are taken from the street before the first that is meant.
const FIRST_FROM_THE_STREET: u32 = 4;

/// How the window starts.
#[derive(Clone, Debug)]
pub struct Options {
    /// The instant.
    pub at: Ms,
    /// Its size, px.
    pub size: [u32; 2],
    /// Its language.
    pub language: Language,
    /// Whether changes are told on stdout, a JSON line each.
    pub tell: bool,
    /// Overlays that show at once.
    pub overlays: Overlays,
}

/// What the window knows beside time and eye.
#[derive(Resource)]
pub(crate) struct Desk {
    pub(crate) language: Language,
    pub(crate) overlays: Overlays,
    pub(crate) trees: bool,
    pub(crate) help: bool,
    pub(crate) selected: Option<Picked>,
    pub(crate) about: About,
    pub(crate) incidents: Vec<Stop>,
    pub(crate) missed: Vec<Stop>,
    pub(crate) note: Option<Note>,
    tell: bool,
    told: String,
    rate: f64,
}

/// What the head says of the last jump or deed.
#[derive(Clone, Debug)]
pub(crate) enum Note {
    /// The incident with this number.
    Incident(u32),
    /// In English and in Chinese.
    Words(&'static str, &'static str),
    /// A picture goes there.
    Saved(std::path::PathBuf),
}

impl Note {
    fn text(&self, run: &Run, language: Language) -> String {
        match self {
            Note::Incident(id) => run.tape.incidents.get(*id as usize).map_or_else(String::new, |i| {
                let told = phrases::outcome(&i.outcome, language);
                format!("#{} {}: {told}", i.id.0, words::incident(i.kind, language))
            }),
            Note::Words(english, chinese) => language.pick(english, chinese).to_owned(),
            Note::Saved(path) => format!("{} {}", language.pick("saved", "已保存"), path.display()),
        }
    }
}

/// Light that is being worked out behind the picture.
#[derive(Resource, Default)]
struct Baking(Mutex<Option<Receiver<Baked>>>);

/// Marks the eye.
#[derive(Component)]
struct TheEye;

/// Opens the window on a run, until it is closed.
///
/// # Errors
/// When there is no driver.
pub fn open(run: Arc<Run>, options: &Options) -> Result<AppExit, NoPicture> {
    driver()?;
    let site = &run.scenario.site;
    let aspect = f64::from(options.size[0]) / f64::from(options.size[1]);
    let whole = vantage::whole(site, 38.0, HFOV_DEG, aspect);
    let [x, y, _] = vantage::map(site, aspect).place();
    let desk = Desk {
        language: options.language,
        overlays: options.overlays,
        trees: true,
        help: false,
        selected: None,
        about: About::default(),
        incidents: clock::incidents(&run),
        missed: clock::missed(&run),
        note: None,
        tell: options.tell,
        told: String::new(),
        rate: 0.0,
    };
    let title = format!("Palisade · {}", run.scenario.file.name);
    let clock = Clock::new(options.at, run.tape.lasting);
    let fixed = Arc::new(Fixed::new(run));
    let mut app = App::new();
    let window = Window {
        title,
        name: Some("palisade".into()),
        resolution: WindowResolution::new(options.size[0], options.size[1]),
        present_mode: PresentMode::AutoNoVsync,
        ..Window::default()
    };
    let log = bevy::log::LogPlugin { level: bevy::log::Level::WARN, filter: quiet(), ..Default::default() };
    app.add_plugins(
        DefaultPlugins.set(WindowPlugin { primary_window: Some(window), ..WindowPlugin::default() }).set(log),
    );
    app.add_plugins((PaintPlugin, EguiPlugin::default()));
    app.insert_resource(ClearColor(Color::BLACK))
        .insert_resource(Rig::of(whole, [x, y, 0.0]))
        .insert_resource(clock)
        .insert_resource(desk)
        .init_resource::<Baking>();
    let at = options.at;
    app.add_systems(Startup, move |world: &mut World| {
        Scene::spawn(world, fixed.clone(), at);
        world.spawn((Camera3d::default(), Camera::default(), Tonemapping::None, Msaa::Off, TheEye));
    });
    app.add_systems(Update, (input::keys, input::mouse, go_on, light, draw, details, tell).chain());
    app.add_systems(EguiPrimaryContextPass, panels);
    Ok(app.run())
}

/// Time passes, and the eye keeps behind whom it follows.
fn go_on(
    time: Res<Time>,
    scene: Res<Scene>,
    mut clock: ResMut<Clock>,
    mut rig: ResMut<Rig>,
    mut desk: ResMut<Desk>,
) {
    let seconds = time.delta_secs_f64();
    clock.tick(seconds);
    if seconds > 0.0 {
        desk.rate += (1.0 / seconds - desk.rate) * 0.1;
    }
    if let Mode::Follow(who) = rig.mode.clone() {
        let run = scene.run().clone();
        let found = run.movers(clock.at()).into_iter().find(|m| m.track.who == who);
        if let Some(mover) = found {
            let [vx, vy] = mover.way_m_s;
            let bearing = (vx.hypot(vy) > 0.2).then(|| vx.atan2(vy).to_degrees());
            rig.behind(mover.at_m, bearing);
        }
    }
}

/// Works the light out again once the sun has moved, on a thread of its own.
fn light(
    clock: Res<Clock>,
    baking: Res<Baking>,
    mut scene: ResMut<Scene>,
    mut meshes: ResMut<Assets<Mesh>>,
    mut images: ResMut<Assets<Image>>,
) {
    let Ok(mut slot) = baking.0.lock() else { return };
    let done = slot.as_ref().and_then(|from| from.try_recv().ok());
    if let Some(baked) = done {
        scene.take(baked, &mut meshes, &mut images);
        *slot = None;
    }
    let light = light_at(scene.run(), clock.at());
    if slot.is_none() && scene.stale(&light) {
        let (to, from) = channel();
        let fixed = scene.fixed.clone();
        *slot = Some(from);
        std::thread::spawn(move || {
            // Nobody listens any more when the window was closed.
            let _ = to.send(fixed.bake(light.sun));
        });
    }
}

#[allow(clippy::type_complexity, reason = "a query says what it reads")]
fn draw(
    clock: Res<Clock>,
    gaze: Gaze,
    desk: Res<Desk>,
    mut scene: ResMut<Scene>,
    mut meshes: ResMut<Assets<Mesh>>,
    mut paints: ResMut<Assets<Paint>>,
    mut grounds: ResMut<Assets<GroundPaint>>,
    window: Single<&Window, With<PrimaryWindow>>,
    mut eyes: Query<(&mut Transform, &mut Projection), (With<TheEye>, Without<SkyDome>)>,
    mut domes: Query<&mut Transform, With<SkyDome>>,
) {
    let eye = gaze.eye(&scene);
    let place = eye.place();
    let aspect = window.width() / window.height().max(1.0);
    for (mut transform, mut projection) in &mut eyes {
        *transform = eye.transform();
        *projection = eye.projection(aspect);
    }
    for mut dome in &mut domes {
        dome.translation = to_engine(place).into();
    }
    scene.overlays = desk.overlays;
    let mut assets = SceneAssets { meshes: &mut meshes, paints: &mut paints, grounds: &mut grounds };
    scene.show(clock.at(), place, &mut assets);
}

/// Where a picture is taken from.
#[derive(SystemParam)]
struct Gaze<'w> {
    rig: Res<'w, Rig>,
    frame: Res<'w, FrameCount>,
}

impl Gaze<'_> {
    /// The eye of a picture. The first ones are taken from the street: a driver makes its shaders when they are first
    /// used, and nobody should wait for that when he first goes down there.
    fn eye(&self, scene: &Scene) -> Eye {
        if self.frame.0 < FIRST_FROM_THE_STREET {
            vantage::street(&scene.run().scenario.site, HFOV_DEG)
        } else {
            self.rig.eye(HFOV_DEG)
        }
    }
}

/// Leaves out what is too far away to be seen, and trees when they are switched off.
fn details(
    gaze: Gaze,
    desk: Res<Desk>,
    scene: Res<Scene>,
    mut parts: Query<(&Belongs, Option<&Detail>, &mut Visibility)>,
) {
    let eye = gaze.eye(&scene).place();
    let through = matches!(gaze.rig.mode, Mode::Through(_));
    for (belongs, detail, mut seen) in &mut parts {
        let far = detail.is_some_and(|d| length(sub(d.0, eye)) > DETAIL_M);
        let off = belongs.0 == Part::Trees && !desk.trees || belongs.0 == Part::Kit && through;
        let wanted = if far || off { Visibility::Hidden } else { Visibility::Inherited };
        if *seen != wanted {
            *seen = wanted;
        }
    }
}

fn panels(
    mut contexts: EguiContexts,
    mut desk: ResMut<Desk>,
    mut clock: ResMut<Clock>,
    mut rig: ResMut<Rig>,
    scene: Option<Res<Scene>>,
    mut dressed: Local<bool>,
) -> Result {
    let Some(scene) = scene else { return Ok(()) };
    let ctx = contexts.ctx_mut()?;
    if !*dressed {
        ctx.set_fonts(panel::fonts());
        let mut visuals = bevy_egui::egui::Visuals::dark();
        visuals.override_text_color = Some(bevy_egui::egui::Color32::from_gray(222));
        ctx.set_visuals(visuals);
        *dressed = true;
        return Ok(());
    }
    let run = scene.run().clone();
    let at = clock.at();
    let note = desk.note.as_ref().map(|note| note.text(&run, desk.language));
    let head = panel::Head {
        note: note.as_deref(),
        name: &run.scenario.file.name,
        mode: words::mode(&rig.mode, desk.language),
        out: run.movers(at).len(),
        rate: desk.rate,
        overlays: desk.overlays,
    };
    panel::head(ctx, &head, &clock, desk.language);
    let mut asked = None;
    if let Some(what) = desk.selected.clone() {
        desk.about = about::about(&run, &scene.states, &what, at, desk.language);
        let can_look = input::camera_of(&run, &what).is_some();
        let can_follow = matches!(what, Picked::Mover(..));
        asked = panel::selected(ctx, &desk.about, can_follow, can_look, desk.language);
    }
    let missed: Vec<Ms> = desk.missed.iter().map(|s| s.at).collect();
    let wish = panel::timeline(ctx, &run, &mut clock, &missed, desk.language);
    if desk.help {
        panel::help(ctx, desk.language);
    }
    if let Some(wish) = asked.or(wish) {
        input::grant(wish, &scene.fixed, &mut desk, &mut clock, &mut rig);
    }
    Ok(())
}

/// Tells what changed, for tests and other programs.
fn tell(clock: Res<Clock>, rig: Res<Rig>, scene: Res<Scene>, mut desk: ResMut<Desk>) {
    if !desk.tell {
        return;
    }
    let over = desk.overlays;
    let names = [
        (over.coverage, "coverage"),
        (over.cones, "cones"),
        (over.beams, "beams"),
        (over.tours, "tours"),
        (over.latency, "latency"),
    ];
    let line = serde_json::json!({
        "mode": rig.mode.word(),
        "playing": clock.playing,
        "speed": clock.speed,
        "at_ms": if clock.playing { None } else { Some(clock.at().0) },
        "selected": desk.selected.as_ref().map(|s| s.name(&scene.fixed)),
        "about": desk.selected.as_ref().map(|_| &desk.about.lines),
        "overlays": names.iter().filter(|(on, _)| *on).map(|(_, word)| word).collect::<Vec<_>>(),
        "help": desk.help,
        "language": if desk.language == Language::Chinese { "zh" } else { "en" },
        "eye_m": rig.eye(HFOV_DEG).place().map(|v| (v * 10.0).round() / 10.0),
        "note": desk.note.as_ref().map(|note| note.text(scene.run(), desk.language)),
    })
    .to_string();
    if line != desk.told {
        // Whoever asked for it and went away has no use for it.
        let _ = writeln!(std::io::stdout(), "{line}");
        desk.told = line;
    }
}
