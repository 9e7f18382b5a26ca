//! Scenes: a picture in, the probability of each class out. Polar lows in Sentinel-1 quicklooks.

mod answer;
mod check;
mod class_scores;
#[cfg(feature = "nn")]
pub mod evaluate;
#[cfg(feature = "nn")]
pub mod import;
mod list;
mod notices;
mod page;
mod pages;
mod prepare;
#[cfg(feature = "nn")]
mod probabilities;
mod problem;
mod question;
mod refusals;
mod scenes;
mod split;
mod table;
mod thumbnail;
#[cfg(feature = "nn")]
pub mod train;
mod upload;

use std::sync::Arc;

use anyhow::Context as _;
use stormlens_data::card::{ModelCard, Part};
use stormlens_data::network::{self, Input};
use stormlens_data::outcome::Outcome;
use stormlens_data::request::{Cancelled, Request, Subject, Target};

use self::refusals::Refusals;
pub use self::scenes::KEPT_IN;
use self::scenes::{CacheOptions, Scenes};
use self::table::Summaries;
use super::split::note;
use super::{Folders, Opened};
use crate::jobs::WorkerError;
use crate::parameters::{Parameters, QuestionError};
use crate::question::Cards;
use crate::results::Unfit;
use crate::task::{Answered, Files, ParameterHelp, Prepared, Task};
use crate::web::client::Shares;
use crate::web::layout::Section;
use crate::web::recent::Recent;
use crate::web::upload::{Crowd, Kept, UploadLimits};
use stormlens_plot::{Polarity, Style};

/// The entry of the navigation.
const SECTION: Section = Section { href: "/scenes", title: "Scenes" };

/// The task with its scenes.
pub struct SceneTask {
    scenes: Scenes,
    refusals: Refusals,
    summaries: Summaries,
    limits: UploadLimits,
    /// One each of the uploads whose bodies are being read.
    uploads: Shares,
    /// Those who found no room for theirs.
    crowd: Crowd,
}

/// Lists the sample scenes below the data folder, and the uploads that are still there.
pub fn open(folders: &Folders, _: &Arc<Kept>) -> anyhow::Result<Opened> {
    let cache = CacheOptions {
        folder: folders.cache.clone(),
        max_bytes: folders.max_cache_bytes,
        max_file_bytes: folders.max_file_bytes,
    };
    let task = Arc::new(SceneTask {
        scenes: Scenes::open(&folders.data, cache),
        refusals: Refusals::default(),
        summaries: Recent::new(table::N_SUMMARIES),
        limits: folders.upload_limits,
        uploads: folders.upload_limits.shares(),
        crowd: Crowd::default(),
    });
    Ok(Opened { task: task.clone(), pages: task })
}

impl Task for SceneTask {
    fn runs(&self, model: &ModelCard) -> bool {
        model.scene_classification().is_some()
    }

    fn parameters(&self) -> &'static [ParameterHelp] {
        question::PARAMETERS
    }

    fn subject_parameter(&self) -> &'static str {
        question::SCENE
    }

    fn read_subject(&self, parameters: &Parameters, _: &Cards) -> Result<Subject, QuestionError> {
        question::read_subject(parameters, &self.scenes)
    }

    fn read_target(&self, parameters: &Parameters, cards: &Cards) -> Result<Target, QuestionError> {
        question::read_target(parameters, cards)
    }

    fn write(
        &self,
        subject: &Subject,
        target: &Target,
        cards: &Cards,
    ) -> Vec<(&'static str, String)> {
        question::write(subject, target, cards)
    }

    /// As published: what speaks for the class.
    fn style(&self) -> Style {
        Style { polarity: Polarity::Positive, opacity: 0.7, ..Style::default() }
    }

    fn style_names(&self, _: &Cards) -> &'static [&'static str] {
        question::STYLE_NAMES
    }

    fn target_in_names(&self, target: &Target, cards: &Cards) -> String {
        question::class_name(target, cards).unwrap_or_default().to_owned()
    }

    fn title(&self, subject: &Subject) -> String {
        let id = question::scene_of(subject);
        self.scenes.find(id).map_or_else(|| id.to_owned(), |entry| entry.title)
    }

    fn bring(&self, files: &Files<'_>) -> anyhow::Result<Vec<String>> {
        files.parameters.only::<&str>(&[]).context("the network takes pictures")?;
        files.paths.iter().map(|file| self.scenes.bring(file)).collect()
    }

    fn problems(&self) -> Vec<String> {
        self.scenes.problems().to_vec()
    }

    fn prepare(&self, request: &Request, cards: &Cards) -> Result<Prepared, WorkerError> {
        prepare::prepare(&self.scenes, request, cards)
    }

    fn zeros(&self, cards: &Cards) -> (Input, network::Target) {
        prepare::zeros(cards)
    }

    fn answer(&self, answered: Answered<'_>) -> Result<Outcome, Cancelled> {
        let Answered { request, cards, .. } = &answered;
        let entry = self.scenes.find(question::scene_of(&request.subject));
        let part = entry.map_or(Part::Unknown, |entry| split::part(&entry, &cards.checkpoint));
        let mut outcome = answer::outcome(answered);
        outcome.notes.push(note(part));
        Ok(outcome)
    }

    fn check(&self, outcome: &Outcome, request: &Request, cards: &Cards) -> Result<(), Unfit> {
        check::check(&self.scenes, outcome, request, cards)
    }
}

impl SceneTask {
    /// Bytes that one file may have.
    fn max_file_bytes(&self) -> usize {
        self.scenes.cache().max_file_bytes
    }

    /// Bytes that one upload of several files may have.
    fn max_upload_bytes(&self) -> usize {
        self.limits.max_bytes(self.max_file_bytes())
    }
}
