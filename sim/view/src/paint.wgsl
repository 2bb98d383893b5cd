#import bevy_pbr::{forward_io::VertexOutput, mesh_view_bindings::view}

struct Light {
    sun: vec4<f32>,      // towards it; w: how brightly lamps burn
    sun_rgb: vec4<f32>,  // w: share of lit windows
    sky_rgb: vec4<f32>,
    ground_rgb: vec4<f32>,
    haze_rgb: vec4<f32>, // w: distance of haze, m
    zenith_rgb: vec4<f32>,
}

@group(#{MATERIAL_BIND_GROUP}) @binding(0) var<uniform> light: Light;

const LAMP: vec3<f32> = vec3<f32>(1.0, 0.70, 0.38);
const PANE: vec3<f32> = vec3<f32>(1.0, 0.74, 0.40);

fn faded(colour: vec3<f32>, at: vec3<f32>) -> vec3<f32> {
    let far = distance(at, view.world_position);
    let through = exp(-far / light.haze_rgb.w);
    return mix(light.haze_rgb.rgb, colour, through);
}

@fragment
fn fragment(in: VertexOutput) -> @location(0) vec4<f32> {
    let code = in.uv.y;
    if code > 2.5 {
        return in.color;
    }
    let n = normalize(in.world_normal);
    let facing = max(dot(n, light.sun.xyz), 0.0) * in.uv_b.x;
    let above = 0.5 + 0.5 * n.y;
    let lit = light.sun_rgb.rgb * facing
        + mix(light.ground_rgb.rgb, light.sky_rgb.rgb, above)
        + LAMP * (in.uv.x * light.sun.w);
    var colour = in.color.rgb * lit;
    if code > 1.5 {
        colour = mix(colour, vec3<f32>(1.0, 0.90, 0.68), light.sun.w);
    } else if code > 0.01 {
        let on = select(0.0, 1.0, code < 0.01 + 0.96 * light.sun_rgb.w);
        colour = mix(colour, PANE * (0.55 + 0.45 * fract(code * 57.3)), on);
    }
    return vec4<f32>(faded(colour, in.world_position.xyz), in.color.a);
}
