//! A server that keeps its results, over a worker whose answers are true to the data.

use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::http::{Request as HttpRequest, StatusCode};
use http_body_util::BodyExt;
use stormlens::catalog::{CardBox, Catalog};
use stormlens::config::folders;
use stormlens::jobs::{Jobs, Options, Store, Worker, WorkerError};
use stormlens::results::{Results, Unfit};
use stormlens::tasks;
use stormlens::web::{self, AppState};
use stormlens_data::archive::{Archive, Sample};
use stormlens_data::card::DeviceReport;
use stormlens_data::field::Field;
use stormlens_data::outcome::{Axis, Outcome, Provenance, Values};
use stormlens_data::request::{Progress, Request, Subject, Target};
use stormlens_plot::testing;
use tokio::time::timeout;
use tower::ServiceExt;

use crate::support::{Page, checkpoint, data, model};

/// Far beyond what any of these takes; reached only where something hangs.
pub const HANGS: Duration = Duration::from_secs(120);

/// Tells the truth about weights, data and device, and nothing while it works.
struct Truthful {
    n_runs: Arc<AtomicUsize>,
    /// Held before each answer, until the other end is dropped.
    gate: Arc<Mutex<Receiver<()>>>,
}

impl Worker for Truthful {
    fn run(&mut self, request: &Request, _: &dyn Progress) -> Result<Outcome, WorkerError> {
        let Subject::Nowcast { sample, .. } = &request.subject else {
            panic!("only nowcasts are asked for")
        };
        self.n_runs.fetch_add(1, Ordering::SeqCst);
        // It fails when the other end is gone, and from then on at once.
        let _ = self.gate.lock().unwrap().recv();
        let name = sample.strip_prefix("knmi-").expect("it is one of the radar");
        let archive = Archive::open(&data().join("knmi")).expect("it is there");
        let sample = archive.load(name, 12, 5, &[LEAD_TIME_MIN]).expect("it is readable");
        Ok(self.answer(request, sample))
    }

    fn device(&self) -> DeviceReport {
        let (name, reason) = ("CPU (truthful)".to_owned(), "a test".to_owned());
        DeviceReport { kind: "cpu", name, reason }
    }
}

const LEAD_TIME_MIN: u32 = 30;
/// Each frame is the sum of so many minutes.
const FRAME_MIN: u32 = 5;

impl Truthful {
    /// A prediction that is not the network's, about a sample as it is.
    fn answer(&self, request: &Request, sample: Sample) -> Outcome {
        let mut outcome = testing::outcome();
        outcome.request = request.clone();
        outcome.provenance = Provenance {
            weights_sha256: checkpoint().weights_sha256,
            data_sha256: sample.data_sha256,
            device: self.device().name,
            ..outcome.provenance
        };
        let was_asked = |name: &str| {
            let start = name.split('/').next().unwrap_or_default();
            let card = testing::methods().iter().find(|card| card.variable() == start);
            card.is_none_or(|card| request.explained_by(card.id).is_some())
        };
        outcome.variables.retain(|variable| was_asked(&variable.name));
        outcome.numbers.retain(|number| was_asked(&number.name));
        let start = *sample.sequence.times.last().expect("there are frames");
        let lead = sample.leads.into_iter().next().expect("one lead time");
        let observed = lead.observation.expect("it was observed").map;
        let times = Axis::input_time(sample.sequence.times).of_intervals(FRAME_MIN);
        let leads = Axis::lead_time(start, vec![LEAD_TIME_MIN]).of_intervals(FRAME_MIN);
        put(&mut outcome, "input", times, &sample.sequence.frames);
        put(&mut outcome, "observation", leads.clone(), &[observed]);
        for name in ["prediction", "persistence"] {
            put(&mut outcome, name, leads.clone(), &sample.sequence.frames[11..]);
        }
        let target = request.explain.first().map(|explain| &explain.target);
        if let Some(Target::SumAbove { threshold, .. }) = target {
            let above = |rain: f32| f32::from(f64::from(rain) > *threshold);
            let mask = sample.sequence.frames[11].map(above);
            put(&mut outcome, "target_mask", leads, &[mask]);
        } else {
            outcome.variables.retain(|variable| variable.name != "target_mask");
        }
        outcome
    }
}

/// Other values of a variable, at other times.
fn put(outcome: &mut Outcome, name: &str, axis: Axis, frames: &[Field]) {
    let variable = outcome.variables.iter_mut().find(|variable| variable.name == name);
    let variable = variable.expect("it is there");
    let values = frames.iter().flat_map(|frame| frame.values.iter().copied());
    (variable.axes, variable.values) = (vec![axis], Values::F32(values.collect()));
}

/// What only the task of a stored result knows of it.
pub fn check(outcome: &Outcome, request: &Request, catalog: &Catalog) -> Result<(), Unfit> {
    let task = catalog.task(request).ok_or(Unfit::Question)?;
    task.check(outcome, request, &catalog.cards(request).ok_or(Unfit::Weights)?)
}

/// A disk that takes its time.
struct SlowDisk {
    results: Results,
    gate: Mutex<Receiver<()>>,
}

impl Store for SlowDisk {
    fn may_hold(&self, request: &Request, device: Option<&DeviceReport>) -> bool {
        self.results.may_hold(request, device)
    }

    fn recall(&self, request: &Request, device: &DeviceReport) -> Option<Outcome> {
        self.results.recall(request, device)
    }

    fn keep(&self, outcome: &Outcome) {
        // It fails when the other end is gone, which is as good.
        let _ = self.gate.lock().unwrap().recv();
        self.results.keep(outcome);
    }
}

/// A server that keeps its results in a folder.
pub struct Site {
    pub state: AppState,
    pub n_runs: Arc<AtomicUsize>,
    router: Router,
    /// Held until the worker may answer.
    gate: Option<Sender<()>>,
}

impl Site {
    pub fn start(results: &Path, options: Options) -> Self {
        let open = |catalog| Results::new(results.to_owned(), 1_000_000_000, catalog, &check);
        Self::over(|catalog| Arc::new(open(catalog)), options)
    }

    /// The same with a disk that keeps nothing until the other end of `gate` says so or is dropped.
    pub fn over_slow_disk(results: &Path, gate: Receiver<()>, options: Options) -> Self {
        let open = |catalog| Results::new(results.to_owned(), 1_000_000_000, catalog, &check);
        let slow = |catalog| SlowDisk { results: open(catalog), gate: Mutex::new(gate) };
        Self::over(|catalog| Arc::new(slow(catalog)), options)
    }

    fn over(store: impl FnOnce(Arc<Catalog>) -> Arc<dyn Store>, options: Options) -> Self {
        let nothing = tempfile::tempdir().expect("there is room");
        let opened = tasks::open(&folders(data(), nothing.path())).expect("there is data");
        let (tasks, pages) = opened.into_iter().map(|opened| (opened.task, opened.pages)).unzip();
        let methods = testing::methods().to_vec();
        let cards = CardBox { models: vec![model()], checkpoints: vec![checkpoint()], methods };
        let catalog = Arc::new(Catalog::new(cards, tasks));
        let n_runs = Arc::<AtomicUsize>::default();
        let (release, gate) = channel();
        let gate = Arc::new(Mutex::new(gate));
        let n_of_worker = n_runs.clone();
        let factory = Box::new(move || {
            let n_runs = n_of_worker.clone();
            Ok(Box::new(Truthful { n_runs, gate: gate.clone() }) as Box<dyn Worker>)
        });
        let store = store(catalog.clone());
        let jobs = Jobs::start_with_store(store, factory, options).expect("a thread");
        let checkpoints = Path::new(env!("CARGO_MANIFEST_DIR")).join("checkpoints");
        let state = AppState::new(jobs, catalog, pages, &checkpoints);
        Self { router: web::app(state.clone()), state, n_runs, gate: Some(release) }
    }

    /// From now on the worker answers.
    pub fn release(&mut self) {
        self.gate = None;
    }

    pub async fn get(&self, address: &str, accept: &str) -> Page {
        let request =
            HttpRequest::get(address).header("host", "localhost").header("accept", accept);
        let request = request.body(Body::empty()).unwrap();
        let response = self.router.clone().oneshot(request).await.expect("the router answers");
        let (parts, body) = response.into_parts();
        let body = body.collect().await.expect("the body is complete").to_bytes();
        Page { status: parts.status, headers: parts.headers, body: body.into() }
    }

    /// Asks again until it is no page of progress.
    pub async fn finished(&self, address: &str) -> Page {
        let finished = async {
            loop {
                let page = self.get(address, "text/html").await;
                if page.status != StatusCode::ACCEPTED {
                    return page;
                }
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        timeout(HANGS, finished).await.expect("nobody hangs")
    }
}
