//! One page for the manager of the compound, in Chinese: a picture, a sentence, the worst gaps, the cheapest measures, the
//! rules that are not met. Each figure carries a mark that says where it stands and how it came about.

mod facts;
mod measures;
mod page;
mod place;
mod print;

use crate::{Failed, Material};

/// The page, for the screen and for paper.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Manager {
    /// One HTML file that needs no other, light and dark.
    pub html: String,
    /// One page of A4.
    pub pdf: Vec<u8>,
}

/// Makes the page.
///
/// # Errors
/// When the site holds nothing, or a writer refuses.
pub fn manager(material: &Material) -> Result<Manager, Failed> {
    let facts = facts::Facts::of(material);
    Ok(Manager { html: page::html(material, &facts)?, pdf: print::pdf(material, &facts)? })
}
