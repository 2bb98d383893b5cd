//! What is on a picture is where the model says and looks as its role.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bevy::image::Image;
use bevy::prelude::{Assets, Mut, World};
use palisade_sim::model::lens::{Lens, LensKind};
use palisade_sim::twin::frame::Role;
use palisade_sim::words::Ms;
use palisade_view::actors::role_colour;
use palisade_view::eye::Eye;
use palisade_view::overlays::{self, CLASSES, GAP, Overlays};
use palisade_view::run_folder::{Mover, Run};
use palisade_view::scene::{Fixed, Part, Scene};
use palisade_view::stills::{self, Wish, vantage};
use palisade_view::studio::{Shot, Studio};

/// The engine is set up once in a process at a time.
static ENGINE: Mutex<()> = Mutex::new(());

fn engine() -> MutexGuard<'static, ()> {
    ENGINE.lock().unwrap_or_else(PoisonError::into_inner)
}

fn fixed() -> Arc<Fixed> {
    Arc::new(Fixed::new(Arc::new(Run::read(&crate::yard::folder()).unwrap())))
}

fn linear(v: u8) -> f64 {
    let s = f64::from(v) / 255.0;
    if s <= 0.04045 { s / 12.92 } else { ((s + 0.055) / 1.055).powf(2.4) }
}

/// How alike two colours are, apart from how bright they are: 1 the same.
fn alike(a: [f64; 3], b: [f64; 3]) -> f64 {
    let dot: f64 = a.iter().zip(b).map(|(x, y)| x * y).sum();
    let l = |v: [f64; 3]| v.iter().map(|x| x * x).sum::<f64>().sqrt();
    dot / (l(a) * l(b)).max(1e-9)
}

/// Somebody of a role who walks alone by daylight.
fn somebody(run: &Run, role: Role) -> Option<(Ms, [f64; 3])> {
    (7 * 3600..18 * 3600).step_by(20).find_map(|second| {
        let at = Ms(second * 1000);
        let movers = run.movers(at);
        let alone = |m: &&Mover<'_>| {
            let near = |o: &Mover<'_>| (o.at_m[0] - m.at_m[0]).hypot(o.at_m[1] - m.at_m[1]) < 3.0;
            movers.iter().filter(|o| near(o)).count() == 1
        };
        let walks = |m: &&Mover<'_>| m.way_m_s[0].hypot(m.way_m_s[1]) > 0.3;
        movers.iter().filter(|m| m.track.role == role).filter(walks).find(alone).map(|m| (at, m.at_m))
    })
}

/// The same eye with a fisheye before it, turned a little: a straight picture has the body elsewhere.
fn through_a_fisheye(eye: Eye) -> Eye {
    let Eye::Seeing { at, bearing_deg, tilt_deg, .. } = eye else { panic!("it is no map") };
    let lens = Lens { kind: LensKind::FTheta, terms: [0.0, 0.0] };
    Eye::Seeing { at, bearing_deg: bearing_deg - 30.0, tilt_deg: tilt_deg - 15.0, hfov_deg: 130.0, lens }
}

#[test]
fn a_body_stands_at_its_projected_place_in_the_colour_of_its_role() {
    let _one = engine();
    let fixed = fixed();
    let mut studio = Studio::new(fixed.clone(), Ms(43_200_000)).unwrap();
    let size = [640, 360];
    let mut seen = 0;
    for role in [Role::Resident, Role::Courier, Role::Guard, Role::Visitor] {
        let Some((at, [x, y, z])) = somebody(&fixed.run, role) else { continue };
        let chest = [x, y, z + 1.2];
        // From far above to the side: nothing stands in between, and the chest is not in the middle of the picture.
        let straight = Eye::looking([x + 4.0, y - 5.0, z + 7.0], [x + 1.0, y + 0.5, z + 1.0], 50.0);
        for eye in [straight, through_a_fisheye(straight)] {
            let shot = Shot {
                at,
                eye,
                overlays: Overlays::default(),
                hidden: vec![Part::Buildings, Part::Trees, Part::Walls, Part::Kit],
                detail_m: f64::INFINITY,
                size,
            };
            let image = studio.picture(&shot).unwrap();
            let [px, py] = eye.project(chest, size).unwrap();
            let found = image.get_pixel(px as u32, py as u32).0;
            let wanted = role_colour(role).map(f64::from);
            let like = alike([0, 1, 2].map(|i| linear(found[i])), [0, 1, 2].map(|i| wanted[i]));
            assert!(like > 0.97, "{role:?} at {px:.0}, {py:.0} is {found:?}: {like:.3} {eye:?}");
            // Beside the body the ground is not in that colour.
            let beside = image.get_pixel((px as u32 + 60).min(size[0] - 1), py as u32).0;
            assert!(alike([0, 1, 2].map(|i| linear(beside[i])), [0, 1, 2].map(|i| wanted[i])) < 0.97);
        }
        seen += 1;
    }
    assert!(seen >= 3, "only {seen} roles walk alone in the yard");
}

#[test]
fn the_overlay_of_gaps_has_the_share_that_the_plan_computed() {
    let _one = engine();
    let fixed = fixed();
    let plan = fixed.run.plan.clone().unwrap();
    let mut studio = Studio::new(fixed.clone(), Ms(43_200_000)).unwrap();
    let map = overlays::coverage(&plan, 1.5, &fixed.sheet, 255).unwrap();
    studio.world().resource_scope(|world: &mut World, mut scene: Mut<Scene>| {
        scene.mark_ground(map, &mut world.resource_mut::<Assets<Image>>());
    });
    let size = [960, 720];
    let shot = Shot {
        at: Ms(43_200_000),
        eye: vantage::map(&fixed.run.scenario.site, 4.0 / 3.0),
        overlays: Overlays { coverage: true, ..Overlays::default() },
        hidden: vec![Part::Buildings, Part::Trees, Part::Walls, Part::Kit, Part::Actors, Part::Sky],
        detail_m: 0.0,
        size,
    };
    let image = studio.drawn(&shot, size).unwrap();
    let rgb = |hex: u32| [(hex >> 16) as u8, (hex >> 8) as u8, hex as u8];
    let is = |p: &image::Rgba<u8>, hex: u32| {
        p.0[..3].iter().zip(rgb(hex)).all(|(a, b)| (i32::from(*a) - i32::from(b)).abs() <= 6)
    };
    let gap = image.pixels().filter(|p| is(p, GAP)).count() as f64;
    let covered = image.pixels().filter(|p| CLASSES.iter().any(|c| is(p, c.1))).count() as f64;
    let drawn = covered / (covered + gap);
    // The lowest class that is painted is "monitor": what falls below it is a gap.
    let computed = plan.coverage["2014"]["1.5"]["monitor"].share;
    assert!(gap > 500.0 && covered > 500.0, "{gap} and {covered} pixels");
    assert!((drawn - computed).abs() < 0.01, "drawn {drawn:.4}, computed {computed:.4}");
}

#[test]
fn stills_are_drawn_with_an_index_and_two_runs_of_one_give_the_same_pixels() {
    let _one = engine();
    let run = Arc::new(Run::read(&crate::yard::folder()).unwrap());
    let out = tempfile::tempdir().unwrap();
    let draw = |name: &str, only: &[String]| {
        let wish = Wish { size: [480, 270], only, camera: None };
        stills::draw(run.clone(), &out.path().join(name), &wish, |_| {}).unwrap()
    };
    let drawn = draw("all", &[]);
    let names: Vec<&str> = drawn.rows.iter().map(|r| r.file.as_str()).collect();
    for wanted in ["noon.png", "night.png", "gate.png", "wall.png", "fire.png", "coverage.png", "alarms.png"]
    {
        assert!(names.contains(&wanted), "{names:?}; left out: {:?}", drawn.left_out);
    }
    let index = std::fs::read_to_string(out.path().join("all/stills.json")).unwrap();
    let rows: Vec<serde_json::Value> = serde_json::from_str(&index).unwrap();
    assert_eq!(rows.len(), drawn.rows.len());
    assert!(rows.iter().all(|r| r["title_zh"].as_str().is_some_and(|t| !t.is_ascii())));
    let noon = image::open(out.path().join("all/noon.png")).unwrap().to_rgb8();
    let night = image::open(out.path().join("all/night.png")).unwrap().to_rgb8();
    let light = |i: &image::RgbImage| i.pixels().map(|p| u64::from(p.0[1])).sum::<u64>();
    assert_eq!(noon.dimensions(), (480, 270));
    assert!(light(&noon) > 2 * light(&night), "noon is brighter than night");
    draw("again", &["noon".to_owned()]);
    let again = image::open(out.path().join("again/noon.png")).unwrap().to_rgb8();
    assert!(again == noon, "the same picture twice");
}
