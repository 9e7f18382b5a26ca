//! What weights have seen of a scene.

use stormlens_data::card::{CheckpointCard, Part};

use super::scenes::SceneEntry;
use crate::catalog::Catalog;
use crate::tasks::split::Seen;

/// By the name of the file in the split that lies beside the weights: sets of scenes have names that no
/// other picture has. Weights that were trained on simulation have seen no measured sample.
pub fn part(entry: &SceneEntry, checkpoint: &CheckpointCard) -> Part {
    let is_named = |name: &str| name.rsplit('/').next() == Some(entry.title.as_str());
    let mut names = checkpoint.split.iter().flat_map(|split| split.all());
    match names.find(|(name, _)| is_named(name)) {
        Some((_, part)) => part,
        None if checkpoint.is_simulated && is_measured_sample(entry) => Part::Unused,
        None => Part::Unknown,
    }
}

/// What all weights for scenes have seen of one.
pub fn seen(entry: &SceneEntry, catalog: &Catalog) -> Seen {
    let models = catalog.models().iter().filter(|model| model.scene_classification().is_some());
    let weights = models.flat_map(|model| catalog.checkpoints(model.id));
    Seen::of(&weights.map(|checkpoint| part(entry, checkpoint)).collect::<Vec<_>>())
}

/// What somebody brings may be anything, also a scene of the training.
fn is_measured_sample(entry: &SceneEntry) -> bool {
    !entry.simulated && !entry.uploaded && !entry.brought
}

#[cfg(test)]
mod tests {
    use stormlens_data::card::Split;

    use super::*;
    use crate::tasks::scene::scenes::{CacheOptions, Scenes};
    use crate::tasks::tests::{catalog, data};

    #[test]
    fn a_scene_is_known_by_its_file_and_by_who_made_it() {
        let folder = tempfile::tempdir().expect("a folder");
        let cache = CacheOptions { folder: folder.path().into(), ..CacheOptions::default() };
        let scenes = Scenes::open(&data(), cache);
        let measured = scenes.samples().iter().find(|scene| !scene.simulated).expect("one");
        let catalog = catalog();
        let all = catalog.models().iter().flat_map(|model| catalog.checkpoints(model.id));
        let card = all.map(|card| &**card).find(|card| card.variant.is_some()).expect("one");
        let of = |is_simulated, split| CheckpointCard { is_simulated, split, ..card.clone() };
        assert_eq!(part(measured, &of(false, None)), Part::Unknown);
        assert_eq!(part(measured, &of(true, None)), Part::Unused);
        let uploaded = SceneEntry { uploaded: true, title: "a_1.png".into(), ..measured.clone() };
        assert_eq!(part(&uploaded, &of(true, None)), Part::Unknown);
        let brought = SceneEntry { brought: true, ..measured.clone() };
        assert_eq!(part(&brought, &of(true, None)), Part::Unknown);
        let mut split = Split::default();
        split.train.insert("train/pos/a_1.png".into());
        assert_eq!(part(&uploaded, &of(true, Some(split.clone()))), Part::Training);
        assert_eq!(part(measured, &of(false, Some(split))), Part::Unknown);
    }
}
