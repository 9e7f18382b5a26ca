//! Downscaling: coarse rain and the terrain in, fine rain out, tile by tile, as one map or an ensemble of them.

mod answer;
mod bring;
mod check;
#[cfg(feature = "nn")]
pub mod evaluate;
mod evaluation;
mod explained;
mod extent;
mod fields;
#[cfg(feature = "nn")]
pub mod import;
mod list;
mod map;
mod page;
mod pages;
mod prepare;
mod question;
mod rain;
mod rivals;
mod scores;
mod split;
mod terrain;
#[cfg(test)]
mod tests;
mod tilemap;
#[cfg(feature = "nn")]
pub mod train;
mod upload;

use std::sync::Arc;

use stormlens_data::card::{CheckpointCard, ModelCard, Task as Kind};
use stormlens_data::network::{self, Input};
use stormlens_data::outcome::Outcome;
use stormlens_data::request::{Cancelled, Request, Subject, Target};
use stormlens_plot::Style;

use self::fields::Fields;
use self::terrain::Terrains;
use super::split::note;
use super::{Folders, Opened};
use crate::jobs::WorkerError;
use crate::parameters::{Parameters, QuestionError};
use crate::question::Cards;
use crate::results::Unfit;
use crate::task::{Answered, Files, ParameterHelp, Prepared, Takes, Task};
use crate::web::layout::Section;
use crate::web::upload::{Intake, Kept, UploadLimits};

/// The entry of the navigation.
const SECTION: Section = Section { href: "/rain", title: "Downscaling" };

/// The folder below the cache for heights that visitors brought.
pub const KEPT_IN: &str = "heights";

/// The task with its rain and its terrain.
pub struct DownscalingTask {
    fields: Fields,
    intake: Intake,
}

/// Lists rain and terrain below the data folder.
pub fn open(folders: &Folders, kept: &Arc<Kept>) -> anyhow::Result<Opened> {
    // A field of rain and one of heights; pictures have limits of their own.
    let limits = UploadLimits { n_files: 2, ..folders.upload_limits };
    let heights = Kept::open(folders.cache.join(KEPT_IN), folders.max_cache_bytes);
    let terrains = Terrains::open(&folders.data, heights);
    let task = Arc::new(DownscalingTask {
        fields: Fields::open(&folders.data, kept.clone(), terrains),
        intake: Intake::new(upload::WORDS, limits, folders.max_file_bytes),
    });
    Ok(Opened { task: task.clone(), pages: task })
}

impl Task for DownscalingTask {
    fn runs(&self, model: &ModelCard) -> bool {
        matches!(model.task, Kind::Downscaling)
    }

    fn parameters(&self) -> &'static [ParameterHelp] {
        question::PARAMETERS
    }

    fn subject_parameter(&self) -> &'static str {
        question::RAIN
    }

    fn suits(&self, parameters: &Parameters, checkpoint: &CheckpointCard) -> bool {
        question::suits(parameters, &self.fields, checkpoint.refining.as_ref())
    }

    fn read_subject(
        &self,
        parameters: &Parameters,
        cards: &Cards,
    ) -> Result<Subject, QuestionError> {
        question::read_subject(parameters, &self.fields, cards)
    }

    fn read_target(&self, parameters: &Parameters, _: &Cards) -> Result<Target, QuestionError> {
        question::read_target(parameters)
    }

    fn write(&self, subject: &Subject, target: &Target, _: &Cards) -> Vec<(&'static str, String)> {
        question::write(subject, target)
    }

    fn style(&self) -> Style {
        Style { opacity: 0.85, ..Style::default() }
    }

    fn style_names(&self, _: &Cards) -> &'static [&'static str] {
        &["opacity", "palette", "exceed"]
    }

    fn title(&self, subject: &Subject) -> String {
        let id = question::rain_of(subject);
        self.fields.find(id).map_or_else(|_| id.to_owned(), |entry| list::heading(&entry))
    }

    fn bring(&self, files: &Files<'_>) -> anyhow::Result<Vec<String>> {
        bring::bring(self, files)
    }

    fn n_passes(&self, request: &Request, cards: &Cards) -> usize {
        prepare::n_passes(request, cards)
    }

    fn memory(&self, _: &Request, cards: &Cards, _: [usize; 3]) -> Option<Takes> {
        Some(prepare::memory(cards))
    }

    fn problems(&self) -> Vec<String> {
        self.fields.problems().iter().chain(self.fields.terrains.problems()).cloned().collect()
    }

    fn prepare(&self, request: &Request, cards: &Cards) -> Result<Prepared, WorkerError> {
        prepare::prepare(&self.fields, request, cards)
    }

    fn zeros(&self, cards: &Cards) -> (Input, network::Target) {
        prepare::zeros(cards)
    }

    fn answer(&self, answered: Answered<'_>) -> Result<Outcome, Cancelled> {
        let Answered { request, cards, .. } = &answered;
        let note = note(split::part_of(&self.fields, &request.subject, &cards.checkpoint));
        let mut outcome = answer::outcome(answered);
        outcome.notes.push(note);
        Ok(outcome)
    }

    fn check(&self, outcome: &Outcome, request: &Request, cards: &Cards) -> Result<(), Unfit> {
        check::check(self, outcome, request, cards)
    }
}
