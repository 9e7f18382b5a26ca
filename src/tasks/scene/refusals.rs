//! What was wrong with some of the files that came together: said on the page after the upload.

use crate::web::caching::EntityTag;
use crate::web::recent::Recent;

/// A file that was not taken.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct RefusedFile {
    /// As people see it; cleaned.
    pub name: String,
    pub status: u16,
    pub message: String,
}

/// The last lists of refused files, each under a name that stands in the address of a page. They are
/// kept here and not in the address, so that nobody can make a page say what was never uploaded.
pub struct Refusals(Recent<String, Vec<RefusedFile>>);

impl Default for Refusals {
    fn default() -> Self {
        Self(Recent::new(256))
    }
}

impl Refusals {
    /// Keeps a list and names it.
    pub fn put(&self, refused: Vec<RefusedFile>) -> String {
        let texts = refused.iter().flat_map(|file| [file.name.as_str(), file.message.as_str()]);
        let name = EntityTag::of(&texts.collect::<Vec<_>>()).digest().to_owned();
        self.0.put(name.clone(), refused);
        name
    }

    /// The list of that name; empty where it is not known any more.
    pub fn get(&self, name: &str) -> Vec<RefusedFile> {
        self.0.get(&name.to_owned()).unwrap_or_default()
    }
}
