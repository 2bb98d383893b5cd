//! Chinese letters on a machine without a Chinese font: a page embeds those that it uses, cut from an openly licensed
//! font (see `assets/CREDITS.md`).

use std::collections::BTreeSet;

use allsorts::Font;
use allsorts::binary::read::ReadScope;
use allsorts::font::MatchingPresentation;
use allsorts::font_data::FontData;
use allsorts::subset::{CmapTarget, SubsetProfile, subset};
use base64::Engine as _;

use super::{HAN, Unusable, is_han};

/// The letters of a text that the font is needed for.
fn letters(text: &str) -> BTreeSet<char> {
    text.chars().filter(|c| is_han(*c)).collect()
}

/// A font with these letters only, as TrueType; nothing when there are none.
fn cut(letters: &BTreeSet<char>) -> Result<Option<Vec<u8>>, Unusable> {
    if letters.is_empty() {
        return Ok(None);
    }
    let data = ReadScope::new(HAN).read::<FontData<'_>>().map_err(|e| Unusable(e.to_string()))?;
    let tables = data.table_provider(0).map_err(|e| Unusable(e.to_string()))?;
    let mut font = Font::new(tables).map_err(|e| Unusable(e.to_string()))?;
    let mut glyphs: BTreeSet<u16> = BTreeSet::from([0]);
    for &letter in letters {
        glyphs.insert(font.lookup_glyph_index(letter, MatchingPresentation::NotRequired, None).0);
    }
    let glyphs: Vec<u16> = glyphs.into_iter().collect();
    let bytes = subset(&font.font_table_provider, &glyphs, &SubsetProfile::Minimal, CmapTarget::Unicode)
        .map_err(|e| Unusable(format!("{e:?}")))?;
    Ok(Some(bytes))
}

/// The style rule that embeds the Chinese letters of `text` as the family `Palisade Han`; empty when there are none. It
/// is to stand first among the families, since some machines' own font has an empty box for every letter; the range
/// keeps Latin letters and line heights out of it.
///
/// # Errors
/// Never with the shipped font: a test cuts it.
pub fn face(text: &str) -> Result<String, Unusable> {
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
