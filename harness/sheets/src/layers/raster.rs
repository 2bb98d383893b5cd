//! The coverage raster as GeoTIFF, one file a target height by day and one by night.
//!
//! The local plane is linear in longitude and latitude, so its square cells are cells of WGS 84 exactly, only not as wide
//! as high in degrees. A projected grid (UTM, a transverse Mercator of the site's own) would turn and stretch them, and
//! each value would have to be taken from a neighbour; so the file is in EPSG:4326 and every cell keeps its value.

use std::io::Cursor;

use palisade_layout::analysis::answer::Grid;
use palisade_layout::model::site::LocalPlane;
use tiff::encoder::{TiffEncoder, colortype};
use tiff::tags::Tag;

use crate::{Failed, File, Material};

/// GeoTIFF 1.1 keys: a geographic model, a value stands for its cell, WGS 84, degrees.
const KEYS: [u16; 20] = [
    1, 1, 1, 4, // version 1.1.1, four keys
    1024, 0, 1, 2, // GTModelType: geographic
    1025, 0, 1, 1, // GTRasterType: pixel is area
    2048, 0, 1, 4326, // GeodeticCRS
    2054, 0, 1, 9102, // GeogAngularUnits: degree
];

/// Two files for each layer of the grid, `coverage-<height>.tif` by day and `coverage-night-<height>.tif`: best px/m rounded
/// down, -1 (no data) where the ground is not public.
///
/// # Errors
/// When the writer refuses, which is a bug.
pub fn rasters(material: &Material) -> Result<Vec<File>, Failed> {
    let plane = LocalPlane::at(material.scenario.site.origin);
    let grid = &material.report.answer.grid;
    let named = grid.layers.iter().flat_map(|layer| {
        let height_m = layer.height_m;
        let by_night = (format!("coverage-night-{height_m}.tif"), &layer.px_per_m_night);
        [(format!("coverage-{height_m}.tif"), &layer.px_per_m), by_night]
    });
    let file = |(name, px_per_m): (String, &Vec<i32>)| {
        let bytes = encode(grid, px_per_m, &plane).map_err(|e| Failed::writer("the coverage raster", e))?;
        Ok(File::new(name, bytes))
    };
    named.filter(|(_, px_per_m)| !px_per_m.is_empty()).map(file).collect()
}

fn encode(grid: &Grid, px_per_m: &[i32], plane: &LocalPlane) -> tiff::TiffResult<Vec<u8>> {
    let [x, y] = grid.origin_m;
    let north = y + grid.rows as f64 * grid.cell_m;
    let (west_deg, north_deg) = plane.to_wgs84((x, north).into());
    let (east_deg, south_deg) = plane.to_wgs84((x + grid.columns as f64 * grid.cell_m, y).into());
    let cell = [(east_deg - west_deg) / grid.columns as f64, (north_deg - south_deg) / grid.rows as f64, 0.0];
    // The grid runs from the south, a picture from the north.
    let rows = px_per_m.chunks(grid.columns).rev();
    let pixels: Vec<i32> = rows.flatten().copied().collect();
    let mut bytes = Cursor::new(Vec::new());
    let mut encoder = TiffEncoder::new(&mut bytes)?;
    let mut image = encoder.new_image::<colortype::GrayI32>(grid.columns as u32, grid.rows as u32)?;
    let tags = image.encoder();
    tags.write_tag(Tag::ModelPixelScaleTag, &cell[..])?;
    tags.write_tag(Tag::ModelTiepointTag, &[0.0, 0.0, 0.0, west_deg, north_deg, 0.0][..])?;
    tags.write_tag(Tag::GeoKeyDirectoryTag, &KEYS[..])?;
    tags.write_tag(Tag::GdalNodata, "-1")?;
    image.write_data(&pixels)?;
    Ok(bytes.into_inner())
}
