//! Panels over the picture: state above, what is selected on the right, the day below.

use bevy_egui::egui::{
    self, Align2, Color32, FontData, FontDefinitions, FontFamily, Pos2, Rect, RichText, Sense, Stroke, Vec2,
};
use palisade_sim::contract::{Gravity, IncidentKind};
use palisade_sim::words::Ms;

use super::about::{About, clock};
use super::clock::{Clock, SPEEDS};
use super::words::{KEYS, Language};
use crate::overlays::{CLASSES, GAP, Overlays};
use crate::run_folder::Run;

/// Lets egui write Chinese.
pub(super) fn fonts() -> FontDefinitions {
    let mut fonts = FontDefinitions::default();
    fonts.font_data.insert("chinese".into(), FontData::from_static(crate::stills::label::FONT).into());
    for family in [FontFamily::Proportional, FontFamily::Monospace] {
        fonts.families.entry(family).or_default().push("chinese".into());
    }
    fonts
}

fn frame() -> egui::Frame {
    egui::Frame::new().fill(Color32::from_rgba_unmultiplied(14, 18, 24, 232)).inner_margin(8).corner_radius(4)
}

fn colour(hex: u32) -> Color32 {
    Color32::from_rgb((hex >> 16) as u8, (hex >> 8) as u8, hex as u8)
}

/// What the upper panel shows.
pub(super) struct Head<'a> {
    /// The compound's name.
    pub name: &'a str,
    /// How the eye moves.
    pub mode: &'a str,
    /// Who is out.
    pub out: usize,
    /// Frames a second.
    pub rate: f64,
    /// Overlays.
    pub overlays: Overlays,
    /// A remark on what was done last.
    pub note: Option<&'a str>,
}

/// The upper panel.
pub(super) fn head(ctx: &egui::Context, head: &Head<'_>, clock_: &Clock, language: Language) {
    egui::Area::new("head".into()).anchor(Align2::LEFT_TOP, [8.0, 8.0]).interactable(false).show(ctx, |ui| {
        frame().show(ui, |ui| {
            ui.horizontal(|ui| {
                ui.label(RichText::new(head.name).size(18.0).color(Color32::WHITE));
                ui.label(RichText::new(clock(clock_.at())).size(18.0).monospace().color(colour(0xff_d25a)));
                let speed = if clock_.playing { format!("▶ {}×", clock_.speed) } else { "⏸".to_owned() };
                ui.label(RichText::new(speed).size(15.0));
            });
            ui.label(format!(
                "{}: {}   {}: {}   {:.0} {}",
                language.pick("view", "视角"),
                head.mode,
                language.pick("out of doors", "户外"),
                head.out,
                head.rate,
                language.pick("pictures/s", "帧/秒"),
            ));
            let over = head.overlays;
            let all = [
                (over.coverage, "C", language.pick("coverage", "覆盖")),
                (over.cones, "V", language.pick("cones", "视锥")),
                (over.beams, "B", language.pick("beams", "光束")),
                (over.tours, "T", language.pick("tours", "巡更")),
                (over.latency, "L", language.pick("latency", "延迟")),
            ];
            ui.horizontal(|ui| {
                for (on, key, word) in all {
                    let ink = if on { colour(0x7a_e05a) } else { Color32::GRAY };
                    ui.label(RichText::new(format!("{key} {word}")).color(ink));
                }
                ui.label(RichText::new(language.pick("F1 help", "F1 帮助")).color(Color32::LIGHT_GRAY));
            });
            if let Some(note) = head.note {
                ui.set_max_width(560.0);
                ui.label(RichText::new(note).color(colour(0xff_d25a)));
            }
            if over.coverage {
                legend(ui, language);
            }
            if over.latency {
                ui.label(language.pick(
                    "pins: green at once … red at the deadline or missed; grey not driven",
                    "图钉：绿 即时 … 红 超时或漏报；灰 未驱动",
                ));
            }
        });
    });
}

fn legend(ui: &mut egui::Ui, language: Language) {
    ui.horizontal(|ui| {
        for (_, hex, english, chinese) in CLASSES {
            ui.label(RichText::new("■").color(colour(hex)));
            ui.label(RichText::new(language.pick(english, chinese)).size(11.0));
        }
        ui.label(RichText::new("■").color(colour(GAP)));
        ui.label(RichText::new(language.pick("gap", "盲区")).size(11.0));
    });
}

/// The panel of what is selected. Returns what was asked for by a button.
pub(super) fn selected(
    ctx: &egui::Context,
    about: &About,
    can_follow: bool,
    can_look: bool,
    language: Language,
) -> Option<Asked> {
    let mut asked = None;
    egui::Area::new("selected".into()).anchor(Align2::RIGHT_TOP, [-8.0, 8.0]).show(ctx, |ui| {
        frame().show(ui, |ui| {
            ui.set_max_width(360.0);
            ui.label(RichText::new(&about.title).size(16.0).color(Color32::WHITE));
            for line in &about.lines {
                ui.label(line);
            }
            ui.horizontal(|ui| {
                if can_follow && ui.button(language.pick("follow (F)", "跟随 (F)")).clicked() {
                    asked = Some(Asked::Follow);
                }
                if can_look && ui.button(language.pick("look through (P)", "通过它观看 (P)")).clicked() {
                    asked = Some(Asked::LookThrough);
                }
            });
        });
    });
    asked
}

/// A wish made with a button.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Asked {
    /// Follow who is selected.
    Follow,
    /// Look through the camera that is selected.
    LookThrough,
    /// The next incident (true) or the one before.
    Incident(bool),
    /// The next missed alarm (true) or the one before.
    Missed(bool),
}

fn ink_of(kind: IncidentKind) -> Color32 {
    match kind.gravity() {
        Gravity::Grave => colour(0xff_4a3a),
        Gravity::Notable => colour(0xf2_b01e),
        Gravity::Routine => Color32::DARK_GRAY,
    }
}

/// The day along the lower edge.
pub(super) fn timeline(
    ctx: &egui::Context,
    run: &Run,
    clock_: &mut Clock,
    missed: &[Ms],
    language: Language,
) -> Option<Asked> {
    let mut asked = None;
    let wide = ctx.content_rect().width() - 32.0;
    egui::Area::new("timeline".into()).anchor(Align2::CENTER_BOTTOM, [0.0, -8.0]).show(ctx, |ui| {
        frame().show(ui, |ui| {
            ui.set_width(wide);
            ui.horizontal(|ui| {
                if ui.button(if clock_.playing { "⏸" } else { "▶" }).clicked() {
                    clock_.playing = !clock_.playing;
                }
                for speed in SPEEDS {
                    let on = (clock_.speed - speed).abs() < 1e-9;
                    if ui.selectable_label(on, format!("{speed}×")).clicked() {
                        clock_.speed = speed;
                    }
                }
                for (word, wish) in [
                    (language.pick("◀ incident", "◀ 事件"), Asked::Incident(false)),
                    (language.pick("incident ▶", "事件 ▶"), Asked::Incident(true)),
                    (language.pick("◀ missed", "◀ 漏报"), Asked::Missed(false)),
                    (language.pick("missed ▶", "漏报 ▶"), Asked::Missed(true)),
                ] {
                    if ui.button(word).clicked() {
                        asked = Some(wish);
                    }
                }
            });
            bar(ui, run, clock_, missed);
        });
    });
    asked
}

fn bar(ui: &mut egui::Ui, run: &Run, clock_: &mut Clock, missed: &[Ms]) {
    let (rect, response) =
        ui.allocate_exact_size(Vec2::new(ui.available_width(), 40.0), Sense::click_and_drag());
    let paint = ui.painter_at(rect);
    let end = clock_.end_ms.max(1.0);
    let x = |ms: f64| rect.left() + (ms / end) as f32 * rect.width();
    paint.rect_filled(rect, 3.0, Color32::from_rgb(30, 36, 44));
    let day = &run.scenario.file.day;
    let light = Rect::from_min_max(
        Pos2::new(x(day.sunrise.0.0 as f64), rect.top()),
        Pos2::new(x(day.sunset.0.0 as f64), rect.bottom()),
    );
    paint.rect_filled(light, 0.0, Color32::from_rgb(52, 62, 76));
    for driven in run.report.iter().flat_map(|r| &r.windows) {
        let (from, to) = (x(driven.from_ms as f64), x((driven.from_ms + driven.lasting_ms) as f64));
        let place =
            Rect::from_min_max(Pos2::new(from, rect.top()), Pos2::new(to.max(from + 2.0), rect.bottom()));
        paint.rect_filled(place, 0.0, Color32::from_rgba_unmultiplied(90, 170, 255, 110));
    }
    for hour in 0..=24 {
        let at = x(f64::from(hour) * 3_600_000.0);
        let tall = if hour % 6 == 0 { 12.0 } else { 6.0 };
        let line = [Pos2::new(at, rect.bottom() - tall), Pos2::new(at, rect.bottom())];
        paint.line_segment(line, Stroke::new(1.0, Color32::GRAY));
        if hour % 3 == 0 && hour < 24 {
            let font = egui::FontId::proportional(10.0);
            paint.text(
                Pos2::new(at + 3.0, rect.bottom() - 1.0),
                Align2::LEFT_BOTTOM,
                format!("{hour:02}"),
                font,
                Color32::LIGHT_GRAY,
            );
        }
    }
    for incident in run.tape.incidents.iter().filter(|i| i.kind.gravity() != Gravity::Routine) {
        let at = x(incident.began.0 as f64);
        let grave = incident.kind.gravity() == Gravity::Grave;
        let low = if grave { rect.top() + 24.0 } else { rect.top() + 13.0 };
        let line = [Pos2::new(at, rect.top() + 1.0), Pos2::new(at, low)];
        paint.line_segment(line, Stroke::new(if grave { 2.5 } else { 1.0 }, ink_of(incident.kind)));
    }
    for at in missed {
        paint.circle_filled(Pos2::new(x(at.0 as f64), rect.top() + 30.0), 3.0, colour(0xff_2a6a));
    }
    let now = x(clock_.at_ms);
    paint.line_segment(
        [Pos2::new(now, rect.top()), Pos2::new(now, rect.bottom())],
        Stroke::new(2.0, Color32::WHITE),
    );
    if let Some(place) = response.interact_pointer_pos().filter(|_| response.clicked() || response.dragged())
    {
        clock_.seek(f64::from((place.x - rect.left()) / rect.width()) * end);
    }
    if let Some(place) = response.hover_pos() {
        let at = Ms((f64::from((place.x - rect.left()) / rect.width()) * end) as i64);
        response.on_hover_text(clock(at));
    }
}

/// The keys.
pub(super) fn help(ctx: &egui::Context, language: Language) {
    egui::Area::new("help".into()).anchor(Align2::CENTER_CENTER, [0.0, -20.0]).show(ctx, |ui| {
        frame().show(ui, |ui| {
            ui.label(RichText::new(language.pick("Keys", "按键")).size(18.0).color(Color32::WHITE));
            egui::Grid::new("keys").num_columns(2).spacing([18.0, 3.0]).show(ui, |ui| {
                for (key, english, chinese) in KEYS {
                    ui.label(RichText::new(key).monospace().color(colour(0xff_d25a)));
                    ui.label(language.pick(english, chinese));
                    ui.end_row();
                }
            });
        });
    });
}
