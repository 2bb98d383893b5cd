//! The devices one by one, as rows and as CSV.

use palisade_layout::analysis::prices::Piece;
use palisade_layout::contract::Class;
use palisade_layout::model::Device;

use crate::{Failed, Material, words};

/// Heads of the columns, in both files.
pub(super) const HEADS: [&str; 10] = [
    "id",
    "sort",
    "class_zh",
    "specification",
    "east_m",
    "north_m",
    "height_m",
    "unit_price_cny",
    "price_is",
    "price_dated",
];

/// One device.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Row {
    pub(super) id: String,
    /// Its class; hydrants and extinguishers have a sort of their own.
    pub(super) sort: &'static str,
    pub(super) chinese: &'static str,
    /// What tells it from others of its class.
    pub(super) specification: String,
    pub(super) at_m: [f64; 3],
    pub(super) price: f64,
}

/// All devices, in the order of the classes.
pub(super) fn rows(material: &Material) -> Vec<Row> {
    let (scenario, prices) = (material.scenario, material.prices);
    let of = |class: Class| scenario.devices.iter().filter(move |d| d.class == class);
    let row = |device: &Device| {
        let (sort, chinese) = sort(material, device);
        Row {
            id: device.id.to_string(),
            sort,
            chinese,
            specification: specification(material, device),
            at_m: device.at_m,
            price: prices.device_yuan(device, scenario).round(),
        }
    };
    words::CLASSES.into_iter().flat_map(of).map(row).collect()
}

fn sort(material: &Material, device: &Device) -> (&'static str, &'static str) {
    match Piece::of(device, material.scenario) {
        Piece::Hydrant => ("hydrant", "消火栓"),
        Piece::Extinguisher => ("extinguisher", "灭火器"),
        _ if device.class == Class::FireStation => ("fire_station", "微型消防站"),
        _ => (device.class.word(), words::class(device.class).chinese),
    }
}

fn megapixels([width, height]: [u32; 2]) -> f64 {
    (f64::from(width) * f64::from(height) / 1e5).round() / 10.0
}

fn specification(material: &Material, device: &Device) -> String {
    let kit = &material.scenario.file.kit;
    let row = device.row;
    let found = match device.class {
        Class::Camera => kit
            .camera
            .get(row)
            .map(|c| format!("{} MP, {}°, IR {} m", megapixels(c.pixels), c.hfov_deg, c.ir_range_m)),
        Class::FacadeCamera => {
            kit.facade_camera.get(row).map(|c| format!("{} MP, {}°", megapixels(c.pixels), c.hfov_deg))
        }
        Class::Beam => kit.beam.get(row).map(|b| format!("{} rays, {} m", b.rays_m.len(), b.rated_range_m)),
        Class::Charger => kit.charger.get(row).map(|c| format!("{} sockets", c.sockets)),
        _ => None,
    };
    found.unwrap_or_default()
}

/// `kit.csv`: UTF-8 with the mark that spreadsheets look for, a device a line.
///
/// # Errors
/// When the writer refuses, which is a bug.
pub fn csv(material: &Material) -> Result<Vec<u8>, Failed> {
    let wrong = |e: csv::Error| Failed::writer("kit.csv", e);
    let mut table = csv::Writer::from_writer("\u{feff}".as_bytes().to_vec());
    table.write_record(HEADS).map_err(wrong)?;
    for row in rows(material) {
        let [x, y, up] = row.at_m.map(|m| m.to_string());
        let price = row.price.to_string();
        let record: [&str; 10] = [
            &row.id,
            row.sort,
            row.chinese,
            &row.specification,
            &x,
            &y,
            &up,
            &price,
            material.prices.how.word(),
            &material.prices.dated,
        ];
        table.write_record(record).map_err(wrong)?;
    }
    table.into_inner().map_err(|e| Failed::writer("kit.csv", e))
}
