//! A picture becomes a page of PDF: vectors stay vectors, texts stay texts that can be searched, fonts are cut to the
//! letters that are used.

use std::sync::{Arc, OnceLock};

use krilla::Document;
use krilla::geom::Size;
use krilla::metadata::Metadata;
use krilla::page::PageSettings;
use krilla_svg::{SurfaceExt as _, SvgSettings};
use usvg::fontdb::Database;
use usvg::{Options, Tree};

use crate::Failed;
use crate::fonts::{HAN, LATIN, LATIN_BOLD};

/// Points of PDF in a millimetre.
const PT_PER_MM: f32 = 72.0 / 25.4;

fn letters() -> Arc<Database> {
    static LETTERS: OnceLock<Arc<Database>> = OnceLock::new();
    let read = || {
        let mut fonts = Database::new();
        [LATIN, LATIN_BOLD, HAN].into_iter().for_each(|font| fonts.load_font_data(font.to_vec()));
        fonts.set_sans_serif_family("Open Sans");
        Arc::new(fonts)
    };
    Arc::clone(LETTERS.get_or_init(read))
}

/// A page of a size in millimetres that a picture fills.
pub(crate) fn page(svg: &str, title: &str, size_mm: [f32; 2]) -> Result<Vec<u8>, Failed> {
    let options = Options { fontdb: letters(), font_family: "Open Sans".to_owned(), ..Options::default() };
    let tree = Tree::from_str(svg, &options).map_err(|e| Failed::writer("the PDF's picture", e))?;
    let size = Size::from_wh(size_mm[0] * PT_PER_MM, size_mm[1] * PT_PER_MM);
    let size = size.ok_or_else(|| Failed::writer("the PDF", "the page has no size"))?;
    let mut document = Document::new();
    document.set_metadata(Metadata::new().title(title.to_owned()).creator("Palisade".to_owned()));
    let mut page = document.start_page_with(PageSettings::new(size));
    let mut surface = page.surface();
    surface.draw_svg(&tree, size, SvgSettings::default());
    surface.finish();
    page.finish();
    document.finish().map_err(|e| Failed::writer("the PDF", format!("{e:?}")))
}
