//! Chinese letters on a machine without a Chinese font: the report embeds those that it uses, cut from an openly
//! licensed font (see `assets/CREDITS.md`).

use std::collections::BTreeSet;

use allsorts::Font;
use allsorts::binary::read::ReadScope;
use allsorts::font::MatchingPresentation;
use allsorts::font_data::FontData;
use allsorts::subset::{CmapTarget, SubsetProfile, subset};
use base64::Engine as _;

use crate::exit::Failure;
use crate::report::write::bug;

const FONT: &[u8] = include_bytes!("../../../../assets/fonts/DroidSansFallback.ttf");

/// The letters of a text that the font is needed for: those of East Asian scripts and their punctuation.
pub(super) fn letters(text: &str) -> BTreeSet<char> {
    text.chars().filter(|c| matches!(u32::from(*c), 0x2e80..=0x9fff | 0xac00..=0xd7af | 0xf900..=0xfaff | 0xff00..=0xffef)).collect()
}

/// A font with these letters only, as TrueType; nothing when there are none.
pub(super) fn cut(letters: &BTreeSet<char>) -> Result<Option<Vec<u8>>, Failure> {
    if letters.is_empty() {
        return Ok(None);
    }
    let wrong = |e: allsorts::error::ParseError| bug("the report's font", e);
    let data = ReadScope::new(FONT).read::<FontData<'_>>().map_err(wrong)?;
    let mut font =
        Font::new(data.table_provider(0).map_err(|e| bug("the report's font", e))?).map_err(wrong)?;
    let mut glyphs: BTreeSet<u16> = BTreeSet::from([0]);
    for &letter in letters {
        glyphs.insert(font.lookup_glyph_index(letter, MatchingPresentation::NotRequired, None).0);
    }
    let glyphs: Vec<u16> = glyphs.into_iter().collect();
    let bytes = subset(&font.font_table_provider, &glyphs, &SubsetProfile::Minimal, CmapTarget::Unicode)
        .map_err(|e| bug("the report's font", format!("{e:?}")))?;
    Ok(Some(bytes))
}

/// The style rule that embeds the letters of `text`; empty when there are none. It stands first among the families, since
/// some machines' own font has an empty box for every letter; the range keeps Latin letters and line heights out of it.
pub(in crate::report) fn face(text: &str) -> Result<String, Failure> {
    let Some(bytes) = cut(&letters(text))? else { return Ok(String::new()) };
    let data = base64::engine::general_purpose::STANDARD.encode(bytes);
    Ok(format!(
        "@font-face{{font-family:\"Palisade Han\";src:url(data:font/ttf;base64,{data}) format(\"truetype\");unicode-range:U+2E80-9FFF,U+AC00-D7AF,U+F900-FAFF,U+FF00-FFEF}}"
    ))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use super::*;

    fn glyph_of(font: &[u8], letter: char) -> u16 {
        let data = ReadScope::new(font).read::<FontData<'_>>().unwrap();
        let mut font = Font::new(data.table_provider(0).unwrap()).unwrap();
        font.lookup_glyph_index(letter, MatchingPresentation::NotRequired, None).0
    }

    #[test]
    fn the_cut_font_has_a_glyph_for_each_letter_and_is_small() {
        let text = "翠苑小区东门值班室主动红外对射微型消防站高空抛物监控，（一）";
        let letters = letters(text);
        let font = cut(&letters).unwrap().unwrap();
        for &letter in &letters {
            assert_ne!(glyph_of(&font, letter), 0, "{letter}");
        }
        assert_eq!(glyph_of(&font, '龙'), 0, "what was not asked for is not there");
        assert!(font.len() < 20_000, "{} bytes", font.len());
    }

    #[test]
    fn a_text_without_chinese_needs_no_font() {
        assert_eq!(face("plain — “text” ½ m²").unwrap(), "");
    }
}
