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
use stormlens::catalog::Catalog;
use stormlens::jobs::{Jobs, Options, Store, Worker, WorkerError};
use stormlens::results::Results;
use stormlens::testing;
use stormlens::web::{self, AppState};
use stormlens_data::archive::Sample;
use stormlens_data::card::DeviceReport;
use stormlens_data::outcome::{Forecast, NowcastOutcome, Outcome, Provenance};
use stormlens_data::request::{NowcastRequest, Progress, Request};
use tokio::time::timeout;
use tower::ServiceExt;

use crate::support::{Page, checkpoint, data, model};

/// Far beyond what any of these takes; reached only where something hangs.
pub const HANGS: Duration = Duration::from_secs(120);

/// Tells the truth about weights, data and device, and nothing while it works.
struct Truthful {
    catalog: Arc<Catalog>,
    n_runs: Arc<AtomicUsize>,
    /// Held before each answer, until the other end is dropped.
    gate: Arc<Mutex<Receiver<()>>>,
}

impl Worker for Truthful {
    fn run(&mut self, request: &Request, _: &dyn Progress) -> Result<Outcome, WorkerError> {
        let Request::Nowcast(request) = request else { panic!("only nowcasts are asked for") };
        self.n_runs.fetch_add(1, Ordering::SeqCst);
        // It fails when the other end is gone, and from then on at once.
        let _ = self.gate.lock().unwrap().recv();
        let sample = self.catalog.sample(&request.sample).expect("it is there");
        let sample = self.catalog.load(sample).expect("it is readable");
        Ok(Outcome::Nowcast(self.answer(request, sample).into()))
    }

    fn device(&self) -> DeviceReport {
        let (name, reason) = ("CPU (truthful)".to_owned(), "a test".to_owned());
        DeviceReport { kind: "cpu", name, reason }
    }
}

impl Truthful {
    /// A prediction that is not the network's, about a sample as it is.
    fn answer(&self, request: &NowcastRequest, sample: Sample) -> NowcastOutcome {
        let mut known = testing::outcome();
        let provenance = Provenance {
            weights_sha256: checkpoint().weights_sha256,
            data_sha256: sample.data_sha256,
            device: self.device().name,
            ..known.provenance
        };
        let Sample { sequence, leads, .. } = sample;
        let lead = leads.into_iter().next().expect("one lead time");
        let (valid_time, observation) = (lead.valid_time, lead.observation);
        let observation_mm_h = observation.map(|o| o.map);
        let (grid, inputs_mm_h, input_times) = (sequence.grid, sequence.frames, sequence.times);
        let found = Forecast {
            grid,
            inputs_mm_h,
            input_times,
            observation_mm_h,
            valid_time,
            ..known.forecast
        };
        if let Some(cam) = &mut known.grad_cam {
            cam.target.threshold_mm_h = request.threshold_mm_h;
        }
        known.grad_cam.take_if(|_| !request.grad_cam);
        assert!(request.ig_steps.is_none(), "no test asks for it");
        let integrated_gradients = None;
        let (request, forecast) = (request.clone(), found);
        NowcastOutcome { request, provenance, forecast, integrated_gradients, ..known }
    }
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
        let open = |catalog| Results::new(results.to_owned(), 1_000_000_000, catalog);
        Self::over(|catalog| Arc::new(open(catalog)), options)
    }

    /// The same with a disk that keeps nothing until the other end of `gate` says so or is dropped.
    pub fn over_slow_disk(results: &Path, gate: Receiver<()>, options: Options) -> Self {
        let open = |catalog| Results::new(results.to_owned(), 1_000_000_000, catalog);
        let slow = |catalog| SlowDisk { results: open(catalog), gate: Mutex::new(gate) };
        Self::over(|catalog| Arc::new(slow(catalog)), options)
    }

    fn over(store: impl FnOnce(Arc<Catalog>) -> Arc<dyn Store>, options: Options) -> Self {
        let catalog = Catalog::open(data(), vec![model()], vec![checkpoint()]);
        let catalog = Arc::new(catalog.expect("there is data"));
        let n_runs = Arc::<AtomicUsize>::default();
        let (release, gate) = channel();
        let gate = Arc::new(Mutex::new(gate));
        let (of_worker, n_of_worker) = (catalog.clone(), n_runs.clone());
        let factory = Box::new(move || {
            let (catalog, n_runs) = (of_worker.clone(), n_of_worker.clone());
            Ok(Box::new(Truthful { catalog, n_runs, gate: gate.clone() }) as Box<dyn Worker>)
        });
        let store = store(catalog.clone());
        let jobs = Jobs::start_with_store(store, factory, options).expect("a thread");
        let checkpoints = Path::new(env!("CARGO_MANIFEST_DIR")).join("checkpoints");
        let state = AppState::new(jobs, catalog, &checkpoints);
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
