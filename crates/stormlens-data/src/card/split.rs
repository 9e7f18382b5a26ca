//! Which samples weights were trained on, and which they were chosen by.

use std::collections::BTreeSet;
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::Blocks;
use crate::files::read_text;

/// What the weights of a network have seen of a sample.
///
/// In the order in which pages list samples: those whose scores say most come first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Part {
    /// It was set apart to be scored.
    Test,
    /// It stands in no part of the split: the data that were trained on held it, or could not hold it.
    Unused,
    /// Nothing is known of how the data were divided.
    Unknown,
    /// The training run was ended, or its best step chosen, by scores on it.
    Validation,
    /// The weights were fitted to it.
    Training,
}

impl Part {
    pub const ALL: [Self; 5] =
        [Self::Test, Self::Unused, Self::Unknown, Self::Validation, Self::Training];

    /// For tables and files.
    pub fn name(self) -> &'static str {
        match self {
            Self::Test => "test",
            Self::Unused => "unused",
            Self::Unknown => "unknown",
            Self::Validation => "validation",
            Self::Training => "training",
        }
    }

    /// For people: `Training sample`.
    pub fn label(self) -> &'static str {
        match self {
            Self::Test => "Test sample",
            Self::Unused => "Not used in training",
            Self::Unknown => "Unknown whether used in training",
            Self::Validation => "Validation sample",
            Self::Training => "Training sample",
        }
    }

    /// Whether scores on such a sample may be better than on new data.
    pub fn is_seen(self) -> bool {
        matches!(self, Self::Training | Self::Validation)
    }

    /// What it means for the scores, as a sentence without a full stop.
    pub fn meaning(self) -> &'static str {
        match self {
            Self::Test => "This sample was not used to train or to choose these weights",
            Self::Unused => "This sample was not in the data that these weights were trained on",
            Self::Unknown => {
                "The weights do not say which samples they were trained on; this may be one of them"
            }
            Self::Validation => {
                "The scores on this sample were used to choose these weights: expect lower scores on new data"
            }
            Self::Training => {
                "These weights were trained on this sample: expect lower scores on new data"
            }
        }
    }

    /// The same in a few words, as a result carries it.
    pub fn words(self) -> &'static str {
        match self {
            Self::Test => "test sample of these weights",
            Self::Unused => "not used in the training of these weights",
            Self::Unknown => "unknown whether the weights were trained on it",
            Self::Validation => "validation sample: the weights were chosen by it",
            Self::Training => "training sample: the weights were trained on it",
        }
    }
}

/// How the samples of a data set were divided before training: by their names in it, or by place and time.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Split {
    pub train: BTreeSet<String>,
    pub validation: BTreeSet<String>,
    #[serde(default)]
    pub test: BTreeSet<String>,
    #[serde(skip)]
    pub blocks: Option<Blocks>,
}

impl Split {
    /// The `split.json` that a training run leaves beside its weights; `None` where there is none that can
    /// be read.
    pub fn beside(weights: &Path) -> Option<Self> {
        let text = read_text(&weights.parent()?.join("split.json")).ok()?;
        serde_json::from_str(&text).ok()
    }

    /// Of place and time alone.
    pub fn of_blocks(blocks: Blocks) -> Self {
        Self { blocks: Some(blocks), ..Self::default() }
    }

    /// The part that a sample of that name is in; `None` where it is in none.
    pub fn part(&self, name: &str) -> Option<Part> {
        let parts = [
            (&self.train, Part::Training),
            (&self.validation, Part::Validation),
            (&self.test, Part::Test),
        ];
        parts.into_iter().find(|(names, _)| names.contains(name)).map(|(_, part)| part)
    }

    /// All names with their parts.
    pub fn all(&self) -> impl Iterator<Item = (&str, Part)> {
        let train = self.train.iter().map(|name| (name.as_str(), Part::Training));
        let validation = self.validation.iter().map(|name| (name.as_str(), Part::Validation));
        let test = self.test.iter().map(|name| (name.as_str(), Part::Test));
        train.chain(validation).chain(test)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_in_one_part_or_in_none() {
        let folder = tempfile::tempdir().expect("a folder");
        let weights = folder.path().join("weights.safetensors");
        assert_eq!(Split::beside(&weights), None);
        let text = r#"{"test": ["d"], "train": ["a", "b"], "validation": ["c"]}"#;
        std::fs::write(folder.path().join("split.json"), text).expect("it is written");
        let split = Split::beside(&weights).expect("it is read");
        for (name, part) in [
            ("a", Some(Part::Training)),
            ("c", Some(Part::Validation)),
            ("d", Some(Part::Test)),
            ("e", None),
        ] {
            assert_eq!(split.part(name), part, "{name}");
        }
        assert_eq!(split.all().count(), 4);
    }

    #[test]
    fn what_is_no_split_is_no_split() {
        let folder = tempfile::tempdir().expect("a folder");
        std::fs::write(folder.path().join("split.json"), "[1]").expect("it is written");
        assert_eq!(Split::beside(&folder.path().join("weights.safetensors")), None);
    }
}
