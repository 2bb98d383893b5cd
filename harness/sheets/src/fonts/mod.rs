//! Letters: which font draws which, how wide a text is, and the rule of style that embeds what a page uses.
//!
//! Three fonts are shipped (`assets/CREDITS.md`): one for Chinese, two weights for the rest. A text is split into runs of
//! one or the other, so that what a machine has installed changes nothing.

mod cut;
mod wrap;

use std::sync::OnceLock;

pub use cut::face;
use ttf_parser::Face;
pub(crate) use wrap::wrap;

/// Chinese.
pub(crate) const HAN: &[u8] = include_bytes!("../../../../assets/fonts/DroidSansFallback.ttf");
/// Everything else.
pub(crate) const LATIN: &[u8] = include_bytes!("../../../../assets/fonts/OpenSans-Regular.ttf");
/// The same, bold.
pub(crate) const LATIN_BOLD: &[u8] = include_bytes!("../../../../assets/fonts/OpenSans-Bold.ttf");

/// Why a font could not be cut or read: the font is shipped, so this is a bug.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the shipped font could not be used: {0}")]
pub struct Unusable(pub(crate) String);

/// True for the letters of East Asian scripts and their punctuation.
pub(crate) fn is_han(c: char) -> bool {
    matches!(u32::from(c), 0x2e80..=0x9fff | 0xac00..=0xd7af | 0xf900..=0xfaff | 0xff00..=0xffef)
}

/// Stretches of a text that one font draws, each with whether it is the Chinese one.
pub(crate) fn runs(text: &str) -> Vec<(bool, &str)> {
    let mut runs: Vec<(bool, &str)> = Vec::new();
    let mut from = 0;
    let mut last = None;
    for (at, c) in text.char_indices() {
        let han = is_han(c);
        if let Some(before) = last.filter(|before| *before != han) {
            runs.push((before, &text[from..at]));
            from = at;
        }
        last = Some(han);
    }
    runs.extend(last.map(|han| (han, &text[from..])));
    runs
}

/// Width of a text at a size of 1, in sizes.
pub(crate) fn width(text: &str, bold: bool) -> f64 {
    static FACES: OnceLock<[Option<Face<'static>>; 3]> = OnceLock::new();
    let [han, latin, heavy] =
        FACES.get_or_init(|| [HAN, LATIN, LATIN_BOLD].map(|bytes| Face::parse(bytes, 0).ok()));
    let of = |c: char| {
        let face = if is_han(c) {
            han
        } else if bold {
            heavy
        } else {
            latin
        };
        let advance = face.as_ref().and_then(|f| {
            let glyph = f.glyph_index(c)?;
            Some(f64::from(f.glyph_hor_advance(glyph)?) / f64::from(f.units_per_em()))
        });
        advance.unwrap_or(if is_han(c) { 1.0 } else { 0.6 })
    };
    text.chars().map(of).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_split_where_the_font_changes() {
        assert_eq!(runs("翠苑 12 m²，东门"), [(true, "翠苑"), (false, " 12 m²"), (true, "，东门")]);
        assert_eq!(runs(""), []);
    }

    #[test]
    fn widths_come_from_the_fonts() {
        assert!((width("翠苑", false) - 2.0).abs() < 1e-9);
        assert!(width("iii", false) < width("mmm", false));
        assert!(width("gate", true) > width("gate", false));
    }
}
