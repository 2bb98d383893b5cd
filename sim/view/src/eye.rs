//! Where the picture is taken from.

use bevy::camera::{OrthographicProjection, PerspectiveProjection, Projection, ScalingMode};
use bevy::math::{Mat3, Quat, Vec3};
use bevy::transform::components::Transform;
use palisade_sim::analysis::projection::View;
use palisade_sim::model::kit::Camera;
use palisade_sim::model::lens::Lens;

use crate::pad::{V3, length, sub, to_engine};

/// Near edge of what is drawn, m.
const NEAR_M: f32 = 0.08;
/// Far edge, m.
const FAR_M: f32 = 4_000.0;
/// The widest angle that is drawn straight, degrees: beyond it the edges of a straight picture are all that is seen.
const STRAIGHT_DEG: f64 = 110.0;

/// An eye.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Eye {
    /// As a camera sees.
    Seeing {
        /// Where it is, m.
        at: V3,
        /// Bearing, degrees clockwise from north.
        bearing_deg: f64,
        /// Degrees below the horizon.
        tilt_deg: f64,
        /// Horizontal angle of view, degrees.
        hfov_deg: f64,
        /// The lens: the engine draws straight ones only, [`crate::lens`] any other.
        lens: Lens,
    },
    /// As a map: from straight above, north up.
    Map {
        /// The middle, m.
        middle: [f64; 2],
        /// Metres from the lower to the upper edge.
        tall_m: f64,
    },
}

impl Eye {
    /// An eye at a place that looks at another.
    pub fn looking(at: V3, to: V3, hfov_deg: f64) -> Eye {
        let way = sub(to, at);
        let flat = way[0].hypot(way[1]);
        Eye::Seeing {
            at,
            bearing_deg: way[0].atan2(way[1]).to_degrees(),
            tilt_deg: (-way[2]).atan2(flat).to_degrees(),
            hfov_deg,
            lens: Lens::default(),
        }
    }

    /// A camera of the kit.
    pub fn of(camera: &Camera) -> Eye {
        Eye::Seeing {
            at: [camera.at_m[0], camera.at_m[1], camera.height_m],
            bearing_deg: camera.bearing_deg,
            tilt_deg: camera.tilt_deg,
            hfov_deg: camera.hfov_deg,
            lens: camera.lens(),
        }
    }

    /// The same with a straight lens, for what is drawn while somebody waits: where the lens bends, the middle of its picture.
    pub fn straight(self) -> Eye {
        match self {
            Eye::Seeing { at, bearing_deg, tilt_deg, hfov_deg, lens } if lens != Lens::default() => {
                let hfov_deg = hfov_deg.min(STRAIGHT_DEG);
                Eye::Seeing { at, bearing_deg, tilt_deg, hfov_deg, lens: Lens::default() }
            }
            eye => eye,
        }
    }

    /// What it makes of points on a picture of a size, where it is no map.
    pub fn view(&self, size: [u32; 2]) -> Option<View> {
        match *self {
            Eye::Seeing { at, bearing_deg, tilt_deg, hfov_deg, lens } => {
                Some(View::new(at, bearing_deg, tilt_deg, hfov_deg, size).with_lens(lens, hfov_deg))
            }
            Eye::Map { .. } => None,
        }
    }

    /// Where it is, m.
    pub fn place(&self) -> V3 {
        match *self {
            Eye::Seeing { at, .. } => at,
            Eye::Map { middle: [x, y], .. } => [x, y, 900.0],
        }
    }

    /// The engine's placement of it.
    pub fn transform(&self) -> Transform {
        let to_vec = |v: V3| Vec3::from(to_engine(v));
        match *self {
            Eye::Seeing { at, bearing_deg, tilt_deg, .. } => {
                let ((sin_b, cos_b), (sin_t, cos_t)) =
                    (bearing_deg.to_radians().sin_cos(), tilt_deg.to_radians().sin_cos());
                let forward = to_vec([cos_t * sin_b, cos_t * cos_b, -sin_t]);
                let right = to_vec([cos_b, -sin_b, 0.0]);
                let up = right.cross(forward);
                let turn = Quat::from_mat3(&Mat3::from_cols(right, up, -forward));
                Transform::from_translation(to_vec(at)).with_rotation(turn)
            }
            Eye::Map { .. } => {
                Transform::from_translation(to_vec(self.place())).looking_to(Vec3::NEG_Y, Vec3::NEG_Z)
            }
        }
    }

    /// The engine's projection for a picture of a shape (width by height).
    pub fn projection(&self, aspect: f32) -> Projection {
        match *self {
            Eye::Seeing { hfov_deg, .. } => {
                let fov = 2.0 * ((hfov_deg.to_radians() / 2.0).tan() as f32 / aspect).atan();
                Projection::Perspective(PerspectiveProjection {
                    fov,
                    aspect_ratio: aspect,
                    near: NEAR_M,
                    far: FAR_M,
                    ..Default::default()
                })
            }
            Eye::Map { tall_m, .. } => Projection::Orthographic(OrthographicProjection {
                scaling_mode: ScalingMode::FixedVertical { viewport_height: tall_m as f32 },
                near: 0.0,
                far: FAR_M,
                ..OrthographicProjection::default_3d()
            }),
        }
    }

    /// Where a point falls on a picture of a size, px from the left and the top; nothing behind the eye.
    pub fn project(&self, point: V3, size: [u32; 2]) -> Option<[f64; 2]> {
        match *self {
            Eye::Seeing { .. } => self.view(size)?.project(point).map(|s| s.at_px),
            Eye::Map { middle, tall_m } => {
                let per_m = f64::from(size[1]) / tall_m;
                Some([
                    f64::from(size[0]) / 2.0 + (point[0] - middle[0]) * per_m,
                    f64::from(size[1]) / 2.0 - (point[1] - middle[1]) * per_m,
                ])
            }
        }
    }

    /// The way in which a pixel of a straight picture looks: a point and a direction of length 1.
    pub fn ray(&self, px: [f64; 2], size: [u32; 2]) -> (V3, V3) {
        let [w, h] = size.map(f64::from);
        match *self {
            Eye::Seeing { at, bearing_deg, tilt_deg, hfov_deg, .. } => {
                let focal = w / (2.0 * (hfov_deg.to_radians() / 2.0).tan());
                let (aside, up) = ((px[0] - w / 2.0) / focal, (h / 2.0 - px[1]) / focal);
                let ((sb, cb), (st, ct)) =
                    (bearing_deg.to_radians().sin_cos(), tilt_deg.to_radians().sin_cos());
                let way =
                    [ct * sb + aside * cb + up * st * sb, ct * cb - aside * sb + up * st * cb, -st + up * ct];
                let l = length(way);
                (at, way.map(|v| v / l))
            }
            Eye::Map { middle, tall_m } => {
                let per_m = h / tall_m;
                let x = middle[0] + (px[0] - w / 2.0) / per_m;
                let y = middle[1] - (px[1] - h / 2.0) / per_m;
                ([x, y, 900.0], [0.0, 0.0, -1.0])
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pixels_ray_meets_the_point_that_falls_on_it() {
        let size = [1280, 720];
        let eyes = [
            Eye::looking([10.0, -20.0, 30.0], [0.0, 5.0, 1.0], 70.0),
            Eye::Map { middle: [3.0, 4.0], tall_m: 90.0 },
        ];
        for eye in eyes {
            let point = [2.5, 7.0, 0.0];
            let px = eye.project(point, size).expect("it is before the eye");
            let (from, way) = eye.ray(px, size);
            let t = -from[2] / way[2];
            let hit = [from[0] + way[0] * t, from[1] + way[1] * t];
            assert!((hit[0] - point[0]).hypot(hit[1] - point[1]) < 1e-6, "{hit:?}");
        }
    }
}
