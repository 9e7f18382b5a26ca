//! Rain probability: fields of a weather model in, memberships of dry, rain and heavy rain out, recalibrated to
//! probabilities, beside what was measured.

mod answer;
mod bring;
#[cfg(any(feature = "nn", test))]
mod calibrate;
mod check;
#[cfg(feature = "nn")]
pub mod evaluate;
mod evaluation;
mod explained;
mod fields;
mod gauges;
mod ground;
#[cfg(feature = "nn")]
pub mod import;
mod list;
mod page;
mod pages;
mod panel;
mod points;
mod prepare;
mod quantities;
mod question;
mod recognised;
mod samples;
mod split;
#[cfg(test)]
mod tests;
mod times;
#[cfg(feature = "nn")]
pub mod train;
mod upload;
mod weights;
#[cfg(any(feature = "nn", test))]
mod world;

use std::sync::Arc;

use stormlens_data::card::{CheckpointCard, ModelCard, Task as Kind};
use stormlens_data::network::{self, Input};
use stormlens_data::outcome::Outcome;
use stormlens_data::request::{Cancelled, Request, Subject, Target};
use stormlens_plot::Style;

use self::samples::Samples;
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
const SECTION: Section = Section { href: "/probability", title: "Rain probability" };

/// The task with its fields.
pub struct RainProbabilityTask {
    samples: Samples,
    intake: Intake,
    /// Files that may come together.
    max_files: usize,
}

/// Fields are read when somebody asks for the first.
pub fn open(folders: &Folders, kept: &Arc<Kept>) -> anyhow::Result<Opened> {
    // All files of a form are held at once, so together they may have as much as two of the largest.
    let limits = UploadLimits { n_files: 2, ..folders.upload_limits };
    let task = Arc::new(RainProbabilityTask {
        samples: Samples::open(&folders.data, kept.clone()),
        intake: Intake::new(upload::WORDS, limits, folders.max_file_bytes),
        max_files: folders.upload_limits.n_files,
    });
    Ok(Opened { task: task.clone(), pages: task })
}

impl Task for RainProbabilityTask {
    fn runs(&self, model: &ModelCard) -> bool {
        matches!(model.task, Kind::RainProbability)
    }

    fn parameters(&self) -> &'static [ParameterHelp] {
        question::PARAMETERS
    }

    fn subject_parameter(&self) -> &'static str {
        question::FIELDS
    }

    fn suits(&self, parameters: &Parameters, checkpoint: &CheckpointCard) -> bool {
        question::suits(parameters, &self.samples, checkpoint.fields.as_ref())
    }

    fn read_subject(
        &self,
        parameters: &Parameters,
        cards: &Cards,
    ) -> Result<Subject, QuestionError> {
        question::read_subject(parameters, &self.samples, cards)
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
        &["opacity", "palette"]
    }

    fn target_in_names(&self, target: &Target, _: &Cards) -> String {
        question::target_of(target).0.to_string()
    }

    fn title(&self, subject: &Subject) -> String {
        let (id, _) = question::subject_of(subject);
        self.samples.find(id).map_or_else(|_| id.to_owned(), |entry| entry.title)
    }

    fn bring(&self, files: &Files<'_>) -> anyhow::Result<Vec<String>> {
        bring::bring(self, files)
    }

    fn n_passes(&self, request: &Request, _: &Cards) -> usize {
        1 + question::subject_of(&request.subject).1.n_masks
    }

    fn memory(&self, _: &Request, cards: &Cards, shape: [usize; 3]) -> Option<Takes> {
        Some(prepare::memory(cards, shape))
    }

    fn problems(&self) -> Vec<String> {
        self.samples.problems()
    }

    fn prepare(&self, request: &Request, cards: &Cards) -> Result<Prepared, WorkerError> {
        prepare::prepare(&self.samples, request, cards)
    }

    fn zeros(&self, cards: &Cards) -> (Input, network::Target) {
        prepare::zeros(cards)
    }

    fn answer(&self, answered: Answered<'_>) -> Result<Outcome, Cancelled> {
        let Answered { request, cards, .. } = &answered;
        let (id, _) = question::subject_of(&request.subject);
        let note = note(split::part(&self.samples, id, &cards.checkpoint));
        let mut outcome = answer::outcome(answered);
        outcome.notes.push(note);
        Ok(outcome)
    }

    fn check(&self, outcome: &Outcome, request: &Request, cards: &Cards) -> Result<(), Unfit> {
        check::check(&self.samples, outcome, request, cards)
    }
}
