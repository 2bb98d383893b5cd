#import bevy_pbr::{forward_io::VertexOutput, mesh_view_bindings::view}

struct Light {
    sun: vec4<f32>,
    sun_rgb: vec4<f32>,
    sky_rgb: vec4<f32>,
    ground_rgb: vec4<f32>,
    haze_rgb: vec4<f32>,
    zenith_rgb: vec4<f32>,
}

@group(#{MATERIAL_BIND_GROUP}) @binding(0) var<uniform> light: Light;
@group(#{MATERIAL_BIND_GROUP}) @binding(1) var painted: texture_2d<f32>;
@group(#{MATERIAL_BIND_GROUP}) @binding(2) var painted_sampler: sampler;
@group(#{MATERIAL_BIND_GROUP}) @binding(3) var fallen: texture_2d<f32>; // red: sun, green: lamps
@group(#{MATERIAL_BIND_GROUP}) @binding(4) var fallen_sampler: sampler;
@group(#{MATERIAL_BIND_GROUP}) @binding(5) var over: texture_2d<f32>;
@group(#{MATERIAL_BIND_GROUP}) @binding(6) var over_sampler: sampler;
@group(#{MATERIAL_BIND_GROUP}) @binding(7) var<uniform> mode: vec4<f32>; // x: overlay shown

const LAMP: vec3<f32> = vec3<f32>(1.0, 0.70, 0.38);

@fragment
fn fragment(in: VertexOutput) -> @location(0) vec4<f32> {
    let base = textureSample(painted, painted_sampler, in.uv).rgb;
    let fall = textureSample(fallen, fallen_sampler, in.uv);
    let mark = textureSample(over, over_sampler, in.uv);
    let lit = light.sun_rgb.rgb * max(light.sun.y, 0.0) * fall.r
        + light.sky_rgb.rgb
        + LAMP * (fall.g * 1.6 * light.sun.w);
    var colour = base * lit;
    let far = distance(in.world_position.xyz, view.world_position);
    colour = mix(light.haze_rgb.rgb, colour, exp(-far / light.haze_rgb.w));
    // Marks are read by their colour: no light falls on them.
    colour = mix(colour, mark.rgb, mark.a * mode.x);
    return vec4<f32>(colour, 1.0);
}
