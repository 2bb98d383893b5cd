//! The check sum of a frame, and the times that characters take on a line. All times are computed, none is measured.

use serde::{Deserialize, Serialize};

/// Above this rate the gaps between characters and frames do not shrink any more, as the standard says.
const FIXED_GAPS_ABOVE_BAUD: u32 = 19_200;

/// CRC-16 with the reflected polynomial A001, started with FFFF.
pub fn crc16(bytes: &[u8]) -> u16 {
    bytes.iter().fold(0xFFFF, |crc, byte| {
        (0..8)
            .fold(crc ^ u16::from(*byte), |crc, _| if crc & 1 == 1 { (crc >> 1) ^ 0xA001 } else { crc >> 1 })
    })
}

/// Parity of a serial line.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Parity {
    /// No parity bit.
    #[default]
    None,
    /// Even.
    Even,
    /// Odd.
    Odd,
}

/// How fast a line is, and what a character is made of. RTU always has 8 data bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LineRate {
    /// Bits per second.
    pub baud: u32,
    /// The parity bit.
    pub parity: Parity,
    /// Stop bits, 1 or 2.
    pub stop_bits: u8,
}

impl Default for LineRate {
    /// 9600 8N1.
    fn default() -> LineRate {
        LineRate { baud: 9_600, parity: Parity::None, stop_bits: 1 }
    }
}

impl LineRate {
    /// Bits of a character: start, data, parity, stop.
    pub fn bits_per_character(self) -> u32 {
        1 + 8 + u32::from(self.parity != Parity::None) + u32::from(self.stop_bits)
    }

    /// How long that many characters take, µs, rounded up.
    pub fn time_us(self, characters: usize) -> i64 {
        self.bits_us(characters as u64 * 10)
    }

    /// The silence that ends a frame: 3.5 characters, µs; 1,750 µs above 19,200 baud.
    pub fn frame_gap_us(self) -> i64 {
        if self.baud > FIXED_GAPS_ABOVE_BAUD { 1_750 } else { self.bits_us(35) }
    }

    /// The silence that voids a frame: 1.5 characters, µs; 750 µs above 19,200 baud.
    pub fn character_gap_us(self) -> i64 {
        if self.baud > FIXED_GAPS_ABOVE_BAUD { 750 } else { self.bits_us(15) }
    }

    /// The time of so many tenths of a character, µs, rounded up.
    fn bits_us(self, tenths: u64) -> i64 {
        let bits = tenths * u64::from(self.bits_per_character());
        (bits * 100_000).div_ceil(u64::from(self.baud.max(1))) as i64
    }

    /// As it is usually written: `9600 8N1`.
    pub fn word(self) -> String {
        let parity = match self.parity {
            Parity::None => 'N',
            Parity::Even => 'E',
            Parity::Odd => 'O',
        };
        format!("{} 8{parity}{}", self.baud, self.stop_bits)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_check_sum_is_the_usual_one() {
        // The check value of CRC-16/MODBUS in the catalogues.
        assert_eq!(crc16(b"123456789"), 0x4B37);
        assert_eq!(crc16(&[]), 0xFFFF);
    }

    #[test]
    fn line_times_follow_the_rate() {
        let slow = LineRate { parity: Parity::Even, ..LineRate::default() };
        assert_eq!((slow.word().as_str(), slow.bits_per_character()), ("9600 8E1", 11));
        assert_eq!((slow.frame_gap_us(), slow.character_gap_us()), (4_011, 1_719));
        assert_eq!(LineRate::default().time_us(15), 15_625);
        let fast = LineRate { baud: 115_200, ..slow };
        assert_eq!((fast.frame_gap_us(), fast.character_gap_us(), fast.time_us(8)), (1_750, 750, 764));
        assert_eq!(LineRate { stop_bits: 2, ..LineRate::default() }.bits_per_character(), 11);
    }
}
