//! What has to be said before anybody believes the answer.

use stormlens_data::outcome::{Domain, Outcome};
use stormlens_data::request::Subject;
use stormlens_data::scene::Fit;

use super::scenes::SceneEntry;
use crate::question::Question;
use crate::web::result;

/// Remarks on an answer, each with its own place on the page.
pub struct Notices {
    pub trained_on_simulation: bool,
    pub scene_is_simulated: bool,
    /// Why the scene is unlike the training scenes; empty where it is not.
    pub outside_training_range: Vec<String>,
    pub stretched: Option<Stretched>,
    /// The picture was compressed with losses, so that black is no longer exact.
    pub is_lossy: bool,
}

/// A picture that is not square and was made so.
pub struct Stretched {
    pub width_px: usize,
    pub height_px: usize,
    /// The same question without distortion.
    pub letterbox: String,
}

impl Notices {
    pub fn new(question: &Question, entry: &SceneEntry, outcome: &Outcome) -> Self {
        Self {
            trained_on_simulation: outcome.notes("simulated").next().is_some(),
            scene_is_simulated: entry.simulated,
            outside_training_range: outcome
                .notes("outside-training-range-because")
                .map(str::to_owned)
                .collect(),
            stretched: stretched(question, outcome),
            is_lossy: is_jpeg(entry),
        }
    }
}

fn stretched(question: &Question, outcome: &Outcome) -> Option<Stretched> {
    let Domain::Scene(geometry) = &outcome.variable("scene")?.domain else { return None };
    let (width_px, height_px) = (geometry.width_px, geometry.height_px);
    let mut other = question.clone();
    let Subject::Scene { fit, .. } = &mut other.request.subject else { return None };
    let is_stretched = width_px != height_px && *fit == Fit::Stretch;
    *fit = Fit::Letterbox;
    is_stretched.then(|| Stretched { width_px, height_px, letterbox: result::page(&other) })
}

/// Whether a picture was uploaded as a JPEG. An upload's description begins with its format, which the
/// entry tells nowhere else.
fn is_jpeg(entry: &SceneEntry) -> bool {
    entry.uploaded && entry.description.starts_with("JPEG ")
}

#[cfg(test)]
mod tests {
    use image::ImageFormat;
    use stormlens_data::scene::Coding;

    use super::*;
    use crate::tasks::scene::scenes::{CacheOptions, Scenes};

    #[test]
    fn an_uploaded_jpeg_is_known_for_one() {
        let folder = tempfile::tempdir().expect("a folder");
        let cache = CacheOptions { folder: folder.path().into(), ..CacheOptions::default() };
        let scenes = Scenes::open(folder.path(), cache);
        let check = |format: ImageFormat, expected: bool| {
            let mut bytes = std::io::Cursor::new(Vec::new());
            let picture = image::RgbImage::from_pixel(40, 40, image::Rgb([80; 3]));
            picture.write_to(&mut bytes, format).expect("it can be written");
            let entry =
                scenes.add("JPEG scene", bytes.get_ref(), Coding::default()).expect("it is taken");
            assert_eq!(is_jpeg(&entry), expected, "{format:?}: {}", entry.description);
            assert!(!is_jpeg(&SceneEntry { uploaded: false, ..entry }));
        };
        check(ImageFormat::Jpeg, true);
        check(ImageFormat::Png, false);
        check(ImageFormat::Tiff, false);
    }
}
