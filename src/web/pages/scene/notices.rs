//! What has to be said before anybody believes the answer.

use stormlens_data::outcome::SceneOutcome;
use stormlens_data::scene::Fit;

use crate::scenes::SceneEntry;
use crate::web::scenes::query::SceneQuery;

/// Remarks on an answer, each with its own place on the page.
pub struct Notices {
    pub trained_on_simulation: bool,
    pub scene_is_simulated: bool,
    /// Why the scene is unlike the training scenes; empty where it is not.
    pub unfamiliar: Vec<String>,
    pub stretched: Option<Stretched>,
    /// The picture was compressed with losses, so that black is no longer exact.
    pub is_lossy: bool,
    /// The explained class is not the most probable one: `(explained, most probable)`.
    pub other_class: Option<(&'static str, &'static str)>,
}

/// A picture that is not square and was made so.
pub struct Stretched {
    pub width_px: usize,
    pub height_px: usize,
    /// The same question without distortion.
    pub letterbox: String,
}

impl Notices {
    pub fn new(query: &SceneQuery, entry: &SceneEntry, outcome: &SceneOutcome) -> Self {
        let (explained, most) = (outcome.request.class, outcome.predicted_class());
        let labels = || (outcome.explained().label, outcome.classes[most].label);
        Self {
            trained_on_simulation: outcome.trained_on_simulation,
            scene_is_simulated: entry.simulated,
            unfamiliar: match outcome.familiarity.is_familiar {
                true => Vec::new(),
                false => outcome.familiarity.reasons.clone(),
            },
            stretched: stretched(query, outcome),
            is_lossy: is_jpeg(entry),
            other_class: (explained != most).then(labels),
        }
    }
}

fn stretched(query: &SceneQuery, outcome: &SceneOutcome) -> Option<Stretched> {
    let (width_px, height_px) = (outcome.view.width_px, outcome.view.height_px);
    let is_stretched = width_px != height_px && query.request.fit == Fit::Stretch;
    let mut other = query.clone();
    other.request.fit = Fit::Letterbox;
    is_stretched.then(|| Stretched { width_px, height_px, letterbox: other.page() })
}

/// Whether a picture was uploaded as a JPEG. An upload's description begins with its format, which the
/// entry tells nowhere else.
fn is_jpeg(entry: &SceneEntry) -> bool {
    entry.uploaded && entry.description.starts_with("JPEG ")
}

#[cfg(test)]
mod tests {
    use image::ImageFormat;

    use super::*;
    use crate::scenes::{CacheOptions, Scenes};

    #[test]
    fn an_uploaded_jpeg_is_known_for_one() {
        let folder = tempfile::tempdir().expect("a folder");
        let cache = CacheOptions { folder: folder.path().into(), ..CacheOptions::default() };
        let scenes = Scenes::open(folder.path(), cache);
        let check = |format: ImageFormat, expected: bool| {
            let mut bytes = std::io::Cursor::new(Vec::new());
            let picture = image::RgbImage::from_pixel(40, 40, image::Rgb([80; 3]));
            picture.write_to(&mut bytes, format).expect("it can be written");
            let entry = scenes.add("JPEG scene", bytes.get_ref()).expect("it is taken");
            assert_eq!(is_jpeg(&entry), expected, "{format:?}: {}", entry.description);
            assert!(!is_jpeg(&SceneEntry { uploaded: false, ..entry }));
        };
        check(ImageFormat::Jpeg, true);
        check(ImageFormat::Png, false);
        check(ImageFormat::Tiff, false);
    }
}
