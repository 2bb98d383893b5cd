//! Keys and mouse.

use bevy::ecs::prelude::*;
use bevy::input::ButtonInput;
use bevy::input::keyboard::{KeyCode, KeyboardInput};
use bevy::input::mouse::{AccumulatedMouseScroll, MouseButton};
use bevy::prelude::Time;
use bevy::render::view::window::screenshot::{Screenshot, save_to_disk};
use bevy::window::{PrimaryWindow, Window};
use bevy_egui::input::EguiWantsInput;
use palisade_sim::model::kit::Camera;

use super::clock::{Clock, Stop, beside};
use super::panel::Asked;
use super::pick::{self, Picked};
use super::rig::{Mode, Rig};
use super::{Desk, HFOV_DEG, Note};
use crate::eye::Eye;
use crate::run_folder::Run;
use crate::scene::{Fixed, Scene};

/// A press that moves less than this is a click, px.
const CLICK_PX: f32 = 5.0;

const SHIFTS: [KeyCode; 2] = [KeyCode::ShiftLeft, KeyCode::ShiftRight];

/// The keys struck since the last picture, each with whether shift was down when it was struck: a tap of both
/// may have begun and ended between two pictures.
struct Struck(Vec<(KeyCode, bool)>);

impl Struck {
    /// Reads what came in, in its order. `shift` is how it was at the end of the picture before.
    fn read(messages: &mut MessageReader<KeyboardInput>, mut shift: bool) -> Struck {
        let mut struck = Vec::new();
        for message in messages.read() {
            let down = message.state.is_pressed();
            if SHIFTS.contains(&message.key_code) {
                shift = down;
            } else if down && !message.repeat {
                struck.push((message.key_code, shift));
            }
        }
        Struck(struck)
    }

    /// Whether a key was struck, and then whether with shift.
    fn with_shift(&self, key: KeyCode) -> Option<bool> {
        self.0.iter().find(|(k, _)| *k == key).map(|(_, shift)| *shift)
    }

    fn hit(&self, key: KeyCode) -> bool {
        self.with_shift(key).is_some()
    }
}

/// What keys do.
#[allow(clippy::too_many_arguments, reason = "a system asks for what it reads")]
pub(crate) fn keys(
    mut messages: MessageReader<KeyboardInput>,
    mut shifted: Local<bool>,
    keys: Res<ButtonInput<KeyCode>>,
    time: Res<Time>,
    scene: Res<Scene>,
    wants: Res<EguiWantsInput>,
    mut desk: ResMut<Desk>,
    mut clock: ResMut<Clock>,
    mut rig: ResMut<Rig>,
    mut commands: Commands,
) {
    let struck = Struck::read(&mut messages, *shifted);
    *shifted = keys.any_pressed(SHIFTS);
    if wants.wants_keyboard_input() {
        return;
    }
    let hit = |key: KeyCode| struck.hit(key);
    let run = scene.run().clone();
    if hit(KeyCode::F1) {
        desk.help = !desk.help;
    }
    if hit(KeyCode::F2) {
        desk.language = desk.language.other();
    }
    if hit(KeyCode::F12) {
        let name = format!("view-{}.png", super::about::clock(clock.at()).replace(':', ""));
        let path = run.folder.join(&name);
        commands.spawn(Screenshot::primary_window()).observe(save_to_disk(path.clone()));
        desk.note = Some(Note::Saved(path));
    }
    if hit(KeyCode::Escape) {
        desk.selected = None;
        desk.note = None;
        desk.help = false;
    }
    times(&struck, &mut clock);
    overlays(&struck, &mut desk);
    if let Some(shift) = struck.with_shift(KeyCode::KeyN) {
        grant(Asked::Incident(!shift), &scene.fixed, &mut desk, &mut clock, &mut rig);
    }
    if let Some(shift) = struck.with_shift(KeyCode::KeyM) {
        grant(Asked::Missed(!shift), &scene.fixed, &mut desk, &mut clock, &mut rig);
    }
    if hit(KeyCode::KeyF) {
        grant(Asked::Follow, &scene.fixed, &mut desk, &mut clock, &mut rig);
    }
    if hit(KeyCode::KeyP) {
        grant(Asked::LookThrough, &scene.fixed, &mut desk, &mut clock, &mut rig);
    }
    if hit(KeyCode::Digit1) {
        rig.mode = Mode::Orbit;
    }
    if hit(KeyCode::Digit2) {
        rig.walk(&scene.fixed.caster);
    }
    if hit(KeyCode::Digit3) {
        rig.fly();
    }
    if hit(KeyCode::Home) {
        rig.go_home();
    }
    walk(&keys, *shifted, time.delta_secs_f64(), &scene, &mut rig);
}

fn times(struck: &Struck, clock: &mut Clock) {
    let hit = |key: KeyCode| struck.hit(key);
    if hit(KeyCode::Space) {
        clock.playing = !clock.playing;
    }
    if hit(KeyCode::Equal) || hit(KeyCode::NumpadAdd) {
        clock.change_speed(1);
    }
    if hit(KeyCode::Minus) || hit(KeyCode::NumpadSubtract) {
        clock.change_speed(-1);
    }
    for (key, sign) in [(KeyCode::ArrowRight, 1.0), (KeyCode::ArrowLeft, -1.0)] {
        if let Some(shift) = struck.with_shift(key) {
            clock.seek(clock.at_ms + sign * if shift { 600_000.0 } else { 10_000.0 });
        }
    }
}

fn overlays(struck: &Struck, desk: &mut Desk) {
    let over = &mut desk.overlays;
    for (key, on) in [
        (KeyCode::KeyC, &mut over.coverage),
        (KeyCode::KeyV, &mut over.cones),
        (KeyCode::KeyB, &mut over.beams),
        (KeyCode::KeyT, &mut over.tours),
        (KeyCode::KeyL, &mut over.latency),
        (KeyCode::KeyG, &mut desk.trees),
    ] {
        if struck.hit(key) {
            *on = !*on;
        }
    }
}

fn walk(keys: &ButtonInput<KeyCode>, shift: bool, seconds: f64, scene: &Scene, rig: &mut Rig) {
    let axis = |plus: KeyCode, minus: KeyCode| {
        f64::from(i8::from(keys.pressed(plus))) - f64::from(i8::from(keys.pressed(minus)))
    };
    let way = [
        axis(KeyCode::KeyW, KeyCode::KeyS),
        axis(KeyCode::KeyD, KeyCode::KeyA),
        axis(KeyCode::KeyE, KeyCode::KeyQ),
    ];
    if way.iter().all(|v| v.abs() < 0.5) {
        return;
    }
    let speed = match rig.mode {
        Mode::Walk => 1.5,
        Mode::Fly => 12.0,
        _ => (rig.away * 0.5).max(4.0),
    } * if shift { 3.0 } else { 1.0 };
    // A slow picture must not carry anybody through a wall.
    let step = speed * seconds.min(0.25);
    rig.go(way.map(|v| v * step), &scene.fixed.caster);
}

/// What the mouse does.
#[allow(clippy::too_many_arguments, reason = "a system asks for what it reads")]
pub(crate) fn mouse(
    buttons: Res<ButtonInput<MouseButton>>,
    scroll: Res<AccumulatedMouseScroll>,
    wants: Res<EguiWantsInput>,
    window: Single<&Window, With<PrimaryWindow>>,
    scene: Res<Scene>,
    clock: Res<Clock>,
    mut desk: ResMut<Desk>,
    mut rig: ResMut<Rig>,
    mut pressed_at: Local<Option<bevy::math::Vec2>>,
    mut dragged: Local<f32>,
    mut last: Local<Option<bevy::math::Vec2>>,
) {
    let cursor = window.cursor_position();
    // From the cursor's places: remote screens send no motion of a mouse.
    let motion = cursor.zip(*last).map_or(bevy::math::Vec2::ZERO, |(now, before)| now - before);
    *last = cursor;
    if !wants.wants_any_pointer_input() && scroll.delta.y.abs() > 0.0 {
        rig.near(f64::from(scroll.delta.y));
    }
    if buttons.just_pressed(MouseButton::Left) && !wants.wants_any_pointer_input() {
        *pressed_at = cursor;
        *dragged = 0.0;
    }
    let (dx, dy) = (f64::from(motion.x), f64::from(motion.y));
    if buttons.pressed(MouseButton::Left) && pressed_at.is_some() {
        *dragged += motion.length();
        if *dragged > CLICK_PX {
            rig.turn(dx, dy);
        }
    }
    if buttons.pressed(MouseButton::Right) && !wants.wants_any_pointer_input() {
        if rig.mode == Mode::Orbit { rig.shift(dx, dy) } else { rig.turn(dx, dy) }
    }
    if !buttons.just_released(MouseButton::Left) {
        return;
    }
    if let (Some(at), true) = (pressed_at.take(), *dragged <= CLICK_PX) {
        let size = [window.width().max(1.0) as u32, window.height().max(1.0) as u32];
        let px = [f64::from(at.x), f64::from(at.y)];
        desk.selected = pick::pick(&scene.fixed, clock.at(), rig.eye(HFOV_DEG), px, size);
        if let Some(what) = desk.selected.clone() {
            desk.about = super::about::about(scene.run(), &scene.states, &what, clock.at(), desk.language);
        }
    }
}

/// The camera of the kit that is selected.
pub(crate) fn camera_of<'a>(run: &'a Run, what: &Picked) -> Option<&'a Camera> {
    let Picked::Device(i) = what else { return None };
    let id = &run.tape.devices.get(*i)?.id;
    run.scenario.file.kit.camera.iter().find(|c| c.id == *id)
}

/// Does what a key or a button asked for.
pub(crate) fn grant(wish: Asked, fixed: &Fixed, desk: &mut Desk, clock: &mut Clock, rig: &mut Rig) {
    match wish {
        Asked::Follow => match &desk.selected {
            Some(Picked::Mover(who, _)) => {
                rig.mode = Mode::Follow(who.clone());
                rig.away = rig.away.min(9.0);
                rig.tilt_deg = 14.0;
            }
            _ => desk.note = Some(Note::Words("select somebody first: click", "请先点击选择人员")),
        },
        Asked::LookThrough => match desk.selected.as_ref().and_then(|s| camera_of(&fixed.run, s)) {
            Some(camera) => {
                rig.mode = Mode::Through(camera.id.to_string());
                rig.through = Some(camera.clone());
                if Eye::of(camera) != Eye::of(camera).straight() {
                    desk.note = Some(Note::Words(
                        "drawn straight, the middle only: palisade-view stills RUN --only camera --camera ID draws its lens",
                        "此处按直线投影显示画面中部；真实镜头画面请用 palisade-view stills RUN --only camera --camera ID",
                    ));
                }
            }
            None => desk.note = Some(Note::Words("select a camera first: click", "请先点击选择摄像机")),
        },
        Asked::Incident(forward) => {
            let stop = beside(&desk.incidents, clock.at(), forward).cloned();
            jump(stop, Note::Words("no further incident", "没有更多事件"), fixed, desk, clock, rig);
        }
        Asked::Missed(forward) => {
            let stop = beside(&desk.missed, clock.at(), forward).cloned();
            jump(stop, Note::Words("no further missed alarm", "没有更多漏报"), fixed, desk, clock, rig);
        }
    }
}

fn jump(stop: Option<Stop>, none: Note, fixed: &Fixed, desk: &mut Desk, clock: &mut Clock, rig: &mut Rig) {
    let Some(stop) = stop else {
        desk.note = Some(none);
        return;
    };
    clock.seek(stop.at.0 as f64);
    let run = &fixed.run;
    rig.look_at(stop.place, fixed);
    let incident = run.tape.incidents.get(stop.incident as usize);
    desk.selected = match &stop.device {
        Some(name) => run.tape.devices.iter().position(|d| d.id.as_str() == name).map(Picked::Device),
        None => incident.and_then(|i| {
            let near = |m: &crate::run_folder::Mover<'_>| m.track.who == i.actor;
            run.movers(stop.at)
                .into_iter()
                .find(near)
                .map(|m| Picked::Mover(m.track.who.clone(), m.track.id.0))
        }),
    };
    desk.note = incident.map(|_| Note::Incident(stop.incident));
}
