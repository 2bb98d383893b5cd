#import bevy_pbr::forward_io::VertexOutput

// uv.y carries the code of shine; uv_b the place on the puff, -1..1.
@fragment
fn fragment(in: VertexOutput) -> @location(0) vec4<f32> {
    let r2 = dot(in.uv_b, in.uv_b);
    let soft = max(1.0 - r2, 0.0);
    return vec4<f32>(in.color.rgb, in.color.a * soft * soft);
}
