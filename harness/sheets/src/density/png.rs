//! A small PNG of indexed colours, for the coverage raster.

use std::io::Write as _;

use flate2::Compression;
use flate2::write::ZlibEncoder;

/// A colour: red, green, blue, opacity.
pub type Colour = [u8; 4];

/// Encodes `pixels` (row by row from the top, indexes into `palette`) as PNG.
///
/// # Errors
/// Never for a buffer in memory; the writer's type allows it.
pub fn encode(width: usize, height: usize, palette: &[Colour], pixels: &[u8]) -> std::io::Result<Vec<u8>> {
    let mut rows = ZlibEncoder::new(Vec::new(), Compression::best());
    for row in pixels.chunks(width.max(1)) {
        rows.write_all(&[0])?;
        rows.write_all(row)?;
    }
    let mut header = Vec::new();
    header.extend((width as u32).to_be_bytes());
    header.extend((height as u32).to_be_bytes());
    header.extend([8, 3, 0, 0, 0]);
    let colours: Vec<u8> = palette.iter().flat_map(|c| [c[0], c[1], c[2]]).collect();
    let opacity: Vec<u8> = palette.iter().map(|c| c[3]).collect();
    let mut png = b"\x89PNG\r\n\x1a\n".to_vec();
    let parts: [(&[u8; 4], &[u8]); 5] = [
        (b"IHDR", &header),
        (b"PLTE", &colours),
        (b"tRNS", &opacity),
        (b"IDAT", &rows.finish()?),
        (b"IEND", &[]),
    ];
    for (name, data) in parts {
        chunk(&mut png, name, data);
    }
    Ok(png)
}

fn chunk(png: &mut Vec<u8>, name: &[u8; 4], data: &[u8]) {
    png.extend((data.len() as u32).to_be_bytes());
    let mut sum = flate2::Crc::new();
    sum.update(name);
    sum.update(data);
    png.extend(name);
    png.extend(data);
    png.extend(sum.sum().to_be_bytes());
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use std::io::Read as _;

    use super::*;

    #[test]
    fn chunks_carry_their_sums_and_rows_come_back() {
        let png = encode(2, 2, &[[1, 2, 3, 4], [9, 9, 9, 255]], &[0, 1, 1, 0]).unwrap();
        assert!(png.starts_with(b"\x89PNG\r\n\x1a\n"));
        let mut at = 8;
        let mut names = Vec::new();
        let mut rows = Vec::new();
        while at < png.len() {
            let length = u32::from_be_bytes(png[at..at + 4].try_into().unwrap()) as usize;
            let (name, data) = (&png[at + 4..at + 8], &png[at + 8..at + 8 + length]);
            let mut sum = flate2::Crc::new();
            sum.update(&png[at + 4..at + 8 + length]);
            assert_eq!(png[at + 8 + length..at + 12 + length], sum.sum().to_be_bytes());
            names.push(String::from_utf8(name.to_vec()).unwrap());
            if name == b"IDAT" {
                flate2::read::ZlibDecoder::new(data).read_to_end(&mut rows).unwrap();
            }
            at += 12 + length;
        }
        assert_eq!(names, ["IHDR", "PLTE", "tRNS", "IDAT", "IEND"]);
        assert_eq!(rows, [0, 0, 1, 0, 1, 0]);
    }
}
