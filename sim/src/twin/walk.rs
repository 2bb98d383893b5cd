//! Walking: a body goes along a laid-down way at its own speed; where it will be is known when it sets out.

use bevy::ecs::system::SystemParam;
use bevy::prelude::*;

use super::frame::{Body, Clock, Errand, NextWake, Phase, Role, Room, SimTick, Slot, TrackLog};
use super::nav::distance;
use crate::words::{AgentKey, IncidentId, Ms, TrackId};

/// The leg that a body walks: corners with the instants at which it is there.
#[derive(Component, Clone, Debug, PartialEq)]
pub struct Walk {
    corners: Vec<(Ms, [f64; 2])>,
    leg: usize,
}

impl Walk {
    /// A leg along corners, from an instant on, at a speed in m/s.
    pub fn laid(points: &[[f64; 2]], start: Ms, speed_m_s: f64) -> Walk {
        let mut walked = 0.0;
        let mut corners: Vec<(Ms, [f64; 2])> = Vec::with_capacity(points.len());
        for (index, at) in points.iter().enumerate() {
            if index > 0 {
                walked += distance(points[index - 1], *at);
            }
            corners.push((start + Ms::from_seconds(walked / speed_m_s), *at));
        }
        Walk { corners, leg: 0 }
    }

    /// When the last corner is reached.
    pub fn arrival(&self) -> Ms {
        self.corners.last().map_or(Ms(0), |corner| corner.0)
    }

    /// Where the body is at an instant: on the leg, or at its nearer end.
    pub fn position(&self, at: Ms) -> [f64; 2] {
        self.position_after(self.leg, at)
    }

    fn position_after(&self, mut leg: usize, at: Ms) -> [f64; 2] {
        while leg + 1 < self.corners.len() && self.corners[leg + 1].0 <= at {
            leg += 1;
        }
        let (from, a) = self.corners[leg];
        let Some((to, b)) = self.corners.get(leg + 1) else { return a };
        if at <= from {
            return a;
        }
        let share = (at - from).seconds() / (*to - from).seconds();
        [a[0] + (b[0] - a[0]) * share, a[1] + (b[1] - a[1]) * share]
    }

    /// When the body moves next after an instant: at once on its way, later when it has not set out yet, and never once it is
    /// there.
    fn next(&self, after: Ms) -> Option<Ms> {
        let (sets_out, _) = self.corners[self.leg];
        (self.arrival() > after).then_some(sets_out.max(after))
    }

    fn forget_before(&mut self, at: Ms) {
        while self.leg + 1 < self.corners.len() && self.corners[self.leg + 1].0 <= at {
            self.leg += 1;
        }
    }
}

/// A body that is taken away at the end of this tick.
#[derive(Component)]
pub struct Leaving;

/// Who is about to appear.
#[derive(Clone, Copy, Debug)]
pub struct Mover<'a> {
    /// Stable name.
    pub name: &'a str,
    /// Stable key.
    pub key: AgentKey,
    /// What it is.
    pub role: Role,
}

/// A body outdoors and its track.
#[derive(Clone, Copy, Debug)]
pub struct Outdoors {
    /// The body.
    pub entity: Entity,
    /// Its track.
    pub track: TrackId,
}

/// Lets bodies appear, walk and leave.
#[derive(SystemParam)]
pub struct Stage<'w, 's> {
    commands: Commands<'w, 's>,
    tracks: ResMut<'w, TrackLog>,
}

impl Stage<'_, '_> {
    /// Somebody appears.
    pub fn appear(&mut self, who: Mover<'_>, errand: IncidentId, at: Ms, place: [f64; 2]) -> Outdoors {
        let track = self.tracks.begin(who.name, who.role);
        self.tracks.corner(track, at, place, 0.0);
        let (height_m, depth_m) = match who.role {
            Role::Vehicle => (1.5, 4.6),
            Role::Bike => (1.7, 1.7),
            _ => (1.7, 0.25),
        };
        let body = Body {
            key: who.key,
            role: who.role,
            track,
            from: place,
            to: place,
            feet_m: [0.0; 2],
            height_m,
            depth_m,
        };
        let entity = self.commands.spawn((body, Errand(errand))).id();
        Outdoors { entity, track }
    }

    /// Sets a body going; returns when it arrives.
    pub fn go(&mut self, who: Outdoors, points: &[[f64; 2]], start: Ms, speed_m_s: f64) -> Ms {
        let walk = Walk::laid(points, start, speed_m_s);
        for (at, place) in &walk.corners {
            self.tracks.corner(who.track, *at, *place, 0.0);
        }
        let arrival = walk.arrival();
        self.commands.entity(who.entity).insert(walk);
        arrival
    }

    /// Notes that a body which moves by its own rules passes a point, with its feet so high above ground, m.
    pub fn pass(&mut self, who: Outdoors, at: Ms, place: [f64; 2], feet_m: f64) {
        self.tracks.corner(who.track, at, place, feet_m);
    }

    /// Forgets where a body was to be after an instant, because it changes its way.
    pub fn forget_after(&mut self, who: Outdoors, at: Ms) {
        self.tracks.cut_after(who.track, at);
    }

    /// The stable name of whoever walks on a track.
    pub fn name(&self, track: TrackId) -> &str {
        &self.tracks.tracks[track.index()].who
    }

    /// Stops a body that walks, and says where it stands.
    pub fn halt(&mut self, who: Outdoors, walk: &Walk, at: Ms) -> [f64; 2] {
        let place = walk.position(at);
        self.tracks.cut_after(who.track, at);
        self.tracks.corner(who.track, at, place, 0.0);
        self.commands.entity(who.entity).insert(Walk { corners: vec![(at, place)], leg: 0 });
        place
    }

    /// Changes what the body's stimuli are caused by.
    pub fn on_errand(&mut self, who: Outdoors, errand: IncidentId) {
        self.commands.entity(who.entity).insert(Errand(errand));
    }

    /// A body goes indoors or out of sight.
    pub fn leave(&mut self, who: Outdoors, at: Ms, place: [f64; 2]) {
        self.tracks.corner(who.track, at, place, 0.0);
        self.commands.entity(who.entity).insert(Leaving);
    }
}

/// Whoever stands and will set out says when: otherwise time would jump over his way while nobody else moves.
fn walk(clock: Res<Clock>, mut wake: ResMut<NextWake>, mut walkers: Query<(&mut Body, &mut Walk)>) {
    for (mut body, mut walk) in &mut walkers {
        walk.forget_before(clock.now);
        body.from = walk.position(clock.now);
        body.to = walk.position(clock.end());
        wake.offer(walk.next(clock.end()));
    }
}

fn take_away(mut commands: Commands, gone: Query<Entity, With<Leaving>>) {
    for entity in &gone {
        commands.entity(entity).despawn();
    }
}

/// Bodies walk.
pub struct WalkPlugin;

impl Plugin for WalkPlugin {
    fn build(&self, app: &mut App) {
        app.add_systems(SimTick, walk.in_set(Slot(Phase::Move, Room::People)))
            .add_systems(SimTick, take_away.in_set(Slot(Phase::Report, Room::People)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_walker_is_where_his_speed_says() {
        let mut walk = Walk::laid(&[[0.0, 0.0], [10.0, 0.0], [10.0, 5.0]], Ms(1000), 1.25);
        assert_eq!(walk.arrival(), Ms(13_000));
        assert_eq!(walk.position(Ms(0)), [0.0, 0.0]);
        assert_eq!(walk.position(Ms(5000)), [5.0, 0.0]);
        walk.forget_before(Ms(9500));
        assert_eq!(walk.position(Ms(11_000)), [10.0, 2.5]);
        assert_eq!(walk.position(Ms(99_000)), [10.0, 5.0]);
    }

    #[test]
    fn who_stands_before_he_sets_out_is_waited_for() {
        let walk = Walk::laid(&[[0.0, 0.0], [10.0, 0.0]], Ms(5000), 1.0);
        for (after, next) in [(1000, Some(5000)), (5000, Some(5000)), (7000, Some(7000)), (15_000, None)] {
            assert_eq!(walk.next(Ms(after)), next.map(Ms), "{after}");
        }
    }
}
