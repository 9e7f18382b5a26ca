//! A worker that answers with real rain and made-up attributions, or does what its script says.

use std::collections::VecDeque;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender};
use std::sync::{Arc, LazyLock, Mutex};
use std::time::Duration;

use stormlens::jobs::{Asked, Worker, WorkerError};
use stormlens_data::card::{CheckpointCard, DeviceReport};
use stormlens_data::outcome::{Coordinates, Note, Number, Outcome, Role, Values};
use stormlens_data::request::{Progress, Request, Subject, Target};
use stormlens_data::scene::{Fit, Resampling};
use stormlens_plot::testing;
use stormlens_plot::words::{count, number};

use super::UNOBSERVED;

/// What the worker does with its next request; without a script it answers.
pub enum Script {
    Fail,
    Refuse,
    Panic,
    /// Reports progress until it is let go or told to stop.
    Hold(Receiver<()>),
    /// Works until it is let go, without a report in which it could be stopped.
    Deaf(Receiver<()>),
}

/// Answers with real rain and made-up attributions, or does what the script says.
pub struct ScriptedWorker {
    pub(super) checkpoints: Vec<CheckpointCard>,
    pub(super) script: Arc<Mutex<VecDeque<Script>>>,
    pub(super) told: Sender<String>,
}

impl Worker for ScriptedWorker {
    fn run(&mut self, request: &Request, progress: &dyn Progress) -> Result<Outcome, WorkerError> {
        let _ = self.told.send(format!("run {request}"));
        let step = self.script.lock().unwrap().pop_front();
        match step {
            None => {}
            Some(Script::Fail) => return Err(WorkerError::Failed("out of memory".to_owned())),
            Some(Script::Refuse) => {
                let message = "the sample is all missing".to_owned();
                let remedy = "Choose another sample".to_owned();
                return Err(WorkerError::Invalid { message, remedy });
            }
            Some(Script::Panic) => panic!("the shapes differ"),
            Some(Script::Deaf(release)) => {
                let _ = release.recv();
            }
            Some(Script::Hold(release)) => {
                while release.recv_timeout(Duration::from_millis(5))
                    == Err(RecvTimeoutError::Timeout)
                {
                    if progress.report("integrated gradients", 3, 20).is_break() {
                        let _ = self.told.send("stopped".to_owned());
                        return Err(WorkerError::Cancelled);
                    }
                }
            }
        }
        Ok(self.answer(request))
    }

    /// Scenes go together where a test has batches.
    fn batch_key(&self, request: &Request) -> Option<String> {
        matches!(request.subject, Subject::Scene { .. }).then(|| "scenes".to_owned())
    }

    fn run_batch(&mut self, batch: &[Asked<'_>]) -> Vec<Result<Outcome, WorkerError>> {
        let _ = self.told.send(format!("batch of {}", batch.len()));
        batch.iter().map(|(request, progress)| self.run(request, *progress)).collect()
    }

    fn device(&self) -> DeviceReport {
        DeviceReport {
            kind: "cpu",
            name: "CPU (scripted)".to_owned(),
            reason: "no GPU was found".to_owned(),
        }
    }
}

impl ScriptedWorker {
    /// The made-up answer of that kind, with what was asked for and nothing else.
    fn answer(&self, request: &Request) -> Outcome {
        let mut outcome = match &request.subject {
            Subject::Nowcast { sample, .. } => forecast(sample, request, &self.leads(request)),
            Subject::Scene { resampling, fit, .. } => classify(*resampling, *fit),
            Subject::Downscaling { .. } => unreachable!("nobody asks the script to refine rain"),
            Subject::RainProbability { .. } => {
                unreachable!("nobody asks the script how probable rain is")
            }
        };
        outcome.request = request.clone();
        for method in testing::methods().iter().filter(|method| !is_asked(request, method.id)) {
            let start = method.variable();
            let is_of = |name: &str| name == start || name.starts_with(&format!("{start}/"));
            outcome.variables.retain(|variable| !is_of(&variable.name));
            outcome.numbers.retain(|number| !is_of(&number.name));
        }
        outcome.variables.retain(|v| v.role != Role::Mask || !request.explain.is_empty());
        if let Some(steps) = request
            .explained_by("integrated-gradients")
            .and_then(|explain| explain.options.get("steps")?.parse().ok())
        {
            set(&mut outcome, "integrated_gradients/n_steps", steps);
        }
        outcome
    }

    /// The lead times of the weights that are asked, in minutes.
    fn leads(&self, request: &Request) -> Vec<u32> {
        let is_it = |card: &&CheckpointCard| card.name == request.checkpoint;
        let card = self.checkpoints.iter().find(is_it);
        let task = card.and_then(|card| card.nowcasting.as_ref());
        task.map_or(Vec::new(), |task| task.lead_times_min.clone())
    }
}

fn is_asked(request: &Request, method: &str) -> bool {
    request.explained_by(method).is_some()
}

fn set(outcome: &mut Outcome, name: &str, value: f64) {
    outcome.numbers.retain(|number| number.name != name);
    outcome.numbers.push(Number::new(name, value, "1", "as asked"));
}

/// Lead times of weights that have several, in minutes.
pub const LEADS: [u32; 3] = [30, 60, 90];

/// Made once, because it takes seconds.
fn several_leads() -> Outcome {
    static OUTCOME: LazyLock<Outcome> = LazyLock::new(|| testing::outcome_of_leads(LEADS.len()));
    OUTCOME.clone()
}

/// Of one lead time, or of those of [`LEADS`].
fn forecast(sample: &str, request: &Request, leads: &[u32]) -> Outcome {
    let mut outcome = if leads == LEADS { several_leads() } else { testing::outcome() };
    if sample == UNOBSERVED {
        outcome.variables.retain(|variable| variable.name != "observation");
    }
    let target = request.explain.first().map(|explain| &explain.target);
    if let Some(Target::SumAbove { threshold, lead_time_min, .. }) = target {
        explain_above(&mut outcome, *threshold, *lead_time_min);
    }
    outcome
}

/// What is explained is the rain above a threshold at a lead time.
fn explain_above(outcome: &mut Outcome, threshold: f64, lead_time_min: u32) {
    if threshold == 0.0 {
        // Regression rarely says zero: with this threshold everything is the target.
        change(outcome, "prediction", |rain| rain + 0.01);
    }
    let prediction = outcome.variable("prediction").expect("there is one");
    let axis = prediction.axis().expect("it has lead times");
    let is_it = |&i: &usize| axis.lead_time_min(i) == Some(lead_time_min);
    let idx = (0..axis.len()).find(is_it).expect("it is one of them");
    let is_above = |rain: f32| f32::from(f64::from(rain) > threshold);
    let mask: Vec<f32> = prediction.map(idx).values.into_iter().map(is_above).collect();
    let n_pixels = mask.iter().filter(|&&m| m == 1.0).count();
    let (above, n) = (number(threshold), count(n_pixels));
    let words =
        format!("target: predicted rain above {above} mm/h at +{lead_time_min} min ({n} pixels)");
    for variable in &mut outcome.variables {
        match &mut variable.role {
            Role::Mask => {
                variable.values = Values::F32(mask.clone());
                if let Coordinates::LeadTimes { minutes, .. } = &mut variable.axes[0].coordinates {
                    *minutes = vec![lead_time_min];
                }
            }
            Role::Attribution { target, .. } => words.clone_into(target),
            _ => {}
        }
    }
    for method in testing::methods() {
        let name = |part: &str| format!("{}/{part}", method.variable());
        set(outcome, &name("n_pixels"), n_pixels as f64);
        set(
            outcome,
            &name("target_normalised"),
            outcome.number(&name("target")).unwrap_or(0.0) / 574.0,
        );
    }
    if n_pixels == 0 {
        empty_layers(outcome);
    }
}

fn change(outcome: &mut Outcome, name: &str, f: impl Fn(f32) -> f32) {
    for variable in outcome.variables.iter_mut().filter(|v| v.name == name) {
        variable.values = Values::F32(variable.to_f32().into_iter().map(&f).collect());
    }
}

fn empty_layers(outcome: &mut Outcome) {
    for variable in outcome.variables.iter_mut().filter(|v| v.layer().is_some()) {
        variable.values = Values::F32(vec![0.0; variable.values.len()]);
    }
}

/// The made-up answer about the scene in Tokyo Bay, whatever scene is asked about.
///
/// With bilinear values the scene is like the training scenes and the weights are real ones; letterboxed, no layer
/// holds evidence.
fn classify(resampling: Resampling, fit: Fit) -> Outcome {
    let mut outcome = testing::scene_outcome();
    let is_plain = resampling == Resampling::Bilinear;
    outcome.notes.clear();
    if !is_plain {
        let reason = "red and green differ in 87 % of the pixels";
        outcome.notes = vec![
            Note::new("simulated", "weights trained on simulated scenes", true),
            Note::new("outside-training-range", "the scene is unlike the training scenes", true),
            Note::new("outside-training-range-because", reason, false),
        ];
    }
    if fit == Fit::Letterbox {
        empty_layers(&mut outcome);
    }
    if is_plain {
        for variable in outcome.variables.iter_mut().filter(|v| v.layer().is_some()) {
            (variable.plane, variable.values) = (Some([1, 1]), Values::F32(vec![1.0]));
        }
    }
    outcome
}
