//! Nowcasts: a sequence of frames in, the frames of the next minutes out. Precipitation of radar, and
//! cloud cover.

mod answer;
mod brought;
mod check;
mod compare;
#[cfg(feature = "nn")]
pub mod comparison;
#[cfg(feature = "nn")]
pub mod evaluate;
#[cfg(feature = "nn")]
pub mod exact;
mod frames;
#[cfg(feature = "nn")]
pub mod import;
mod list;
mod page;
mod pages;
mod prepare;
mod question;
mod references;
mod sample;
mod samples;
mod scores;
mod seen;
mod split;
mod study;
#[cfg(feature = "nn")]
pub mod train;
mod units;
mod unmeasured;
mod verification;

use std::path::Path;
use std::sync::Arc;

use anyhow::Context as _;
use stormlens_data::card::{CheckpointCard, ModelCard, Part};
use stormlens_data::network::{self, Input};
use stormlens_data::outcome::Outcome;
use stormlens_data::request::{Cancelled, Request, Subject, Target};
use stormlens_data::score::ScoreTable;

use self::brought::Stated;
use self::samples::Samples;
pub use self::verification::KEPT_IN;
use super::split::{note, part_in};
use super::{Folders, Opened};
use crate::export::Extra;
use crate::jobs::WorkerError;
use crate::parameters::{Parameters, QuestionError};
use crate::question::Cards;
use crate::results::Unfit;
use crate::task::{Answered, Files, ParameterHelp, Prepared, Takes, Task};
use crate::web::layout::Section;
use crate::web::upload::Kept;
use stormlens_plot::Style;

/// The entry of the navigation.
const SECTION: Section = Section { href: "/samples", title: "Samples" };
/// The entry behind it.
const VERIFICATION: Section = Section { href: "/verification", title: "Verification" };

/// Frames of an archive that are looked at when a server starts: a week of radar takes some seconds.
const MAX_CHECKED_FRAMES: usize = 2_000;

/// The task with its samples.
pub struct Nowcasts {
    samples: Samples,
    /// Comparisons over data sets: what they found, and those that are being made.
    kept: verification::Kept,
    runs: Arc<verification::Runs>,
}

/// Opens the archives below the data folder.
pub fn open(folders: &Folders, _: &Arc<Kept>) -> anyhow::Result<Opened> {
    let nowcasts = Arc::new(Nowcasts::new(&folders.data, &folders.cache)?);
    Ok(Opened { task: nowcasts.clone(), pages: nowcasts })
}

impl Nowcasts {
    fn new(data: &Path, cache: &Path) -> anyhow::Result<Self> {
        Ok(Self {
            samples: Samples::open(data)?,
            kept: verification::Kept::new(data, cache),
            runs: Arc::default(),
        })
    }
}

impl Task for Nowcasts {
    fn runs(&self, model: &ModelCard) -> bool {
        model.is_nowcasting()
    }

    fn parameters(&self) -> &'static [ParameterHelp] {
        question::PARAMETERS
    }

    fn subject_parameter(&self) -> &'static str {
        question::SAMPLE
    }

    fn suits(&self, parameters: &Parameters, checkpoint: &CheckpointCard) -> bool {
        question::suits(parameters, &self.samples, checkpoint)
    }

    fn read_subject(
        &self,
        parameters: &Parameters,
        cards: &Cards,
    ) -> Result<Subject, QuestionError> {
        question::read_subject(parameters, &self.samples, cards)
    }

    fn read_target(&self, parameters: &Parameters, cards: &Cards) -> Result<Target, QuestionError> {
        question::read_target(parameters, cards)
    }

    fn write(&self, subject: &Subject, target: &Target, _: &Cards) -> Vec<(&'static str, String)> {
        question::write(subject, target)
    }

    fn style(&self) -> Style {
        Style { opacity: 0.85, ..Style::default() }
    }

    fn style_names(&self, cards: &Cards) -> &'static [&'static str] {
        question::style_names(cards)
    }

    fn target_in_names(&self, target: &Target, _: &Cards) -> String {
        let first = question::lead_time_min(target);
        match question::last_lead_time_min(target) {
            None => format!("{first}min"),
            Some(last) => format!("{first}-{last}min"),
        }
    }

    fn title(&self, subject: &Subject) -> String {
        question::sample_of(subject).to_owned()
    }

    fn bring(&self, files: &Files<'_>) -> anyhow::Result<Vec<String>> {
        files.parameters.only(&[units::UNITS])?;
        let task = files.checkpoint.nowcasting.as_ref().context("the network takes no frames")?;
        let units = files.parameters.one(units::UNITS)?.map(str::parse).transpose();
        let units = units.map_err(|error| anyhow::anyhow!("--{}: {error}", units::UNITS))?;
        self.samples.bring(files.paths, &Stated { units, task, memory: files.memory })
    }

    fn n_passes(&self, request: &Request, _: &Cards) -> usize {
        let n_drawn = references::n_drawn(question::has_steps_mean(&request.subject));
        1 + question::mask_of(&request.subject).n_masks + n_drawn
    }

    fn memory(&self, request: &Request, cards: &Cards, shape: [usize; 3]) -> Option<Takes> {
        Some(prepare::memory(request, cards, shape))
    }

    fn problems(&self) -> Vec<String> {
        let unreadable = self.samples.unreadable(MAX_CHECKED_FRAMES);
        let problems = self.samples.problems().iter().cloned();
        let unreadable = unreadable.iter().map(ToString::to_string);
        problems.chain(unreadable).chain(self.kept.problems()).collect()
    }

    fn rest(&self) {
        self.samples.rest();
    }

    fn prepare(&self, request: &Request, cards: &Cards) -> Result<Prepared, WorkerError> {
        prepare::prepare(&self.samples, request, cards)
    }

    fn zeros(&self, cards: &Cards) -> (Input, network::Target) {
        prepare::zeros(cards)
    }

    fn answer(&self, answered: Answered<'_>) -> Result<Outcome, Cancelled> {
        let Answered { request, cards, .. } = &answered;
        let id = question::sample_of(&request.subject);
        let note = note(split::part(&self.samples, id, &cards.checkpoint));
        let measured = self.samples.measured(id);
        let mut outcome = answer::outcome(answered, measured)?;
        outcome.notes.push(note);
        Ok(outcome)
    }

    fn table_names(&self) -> &'static [&'static str] {
        &[scores::FILE]
    }

    fn tables(&self, outcome: &Outcome) -> Vec<Extra> {
        let write = |table: ScoreTable| Extra {
            name: scores::FILE.to_owned(),
            what: "scores of the forecast and of persistence, by lead time and threshold"
                .to_owned(),
            bytes: with_split(&table.to_csv(), part_in(outcome)).into_bytes(),
        };
        scores::of_outcome(outcome).map(write).into_iter().collect()
    }

    fn check(&self, outcome: &Outcome, request: &Request, cards: &Cards) -> Result<(), Unfit> {
        check::check(&self.samples, outcome, request, cards)
    }
}

/// Each line of a table of scores with the part of the split that the sample is in.
fn with_split(csv: &str, part: Part) -> String {
    let line = |(i, line): (usize, &str)| {
        let last = if i == 0 { "split" } else { part.name() };
        format!("{line},{last}\n")
    };
    csv.lines().enumerate().map(line).collect()
}
