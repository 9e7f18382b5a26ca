//! More visitors than the worker can answer: nobody is lost, nobody waits for ever, and what was
//! answered once is not computed again.

use std::fs::DirEntry;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use axum::Router;
use axum::body::Body;
use axum::http::{Request as HttpRequest, StatusCode};
use http_body_util::BodyExt;
use stormlens::catalog::Catalog;
use stormlens::jobs::{Jobs, Options, Worker, WorkerError};
use stormlens::results::Results;
use stormlens::testing;
use stormlens::web::{self, AppState};
use stormlens_data::card::DeviceReport;
use stormlens_data::outcome::{NowcastOutcome, Outcome, Provenance};
use stormlens_data::request::{Progress, Request};
use tokio::time::timeout;
use tower::ServiceExt;

use crate::support::{Page, SAMPLE, TestApp, checkpoint, data, model, result};

const ANY: Duration = Duration::from_secs(3600);
/// Far beyond what any of these takes; reached only where something hangs.
const HANGS: Duration = Duration::from_secs(120);

/// The address of another result for each number.
fn distinct(i: usize) -> String {
    result(SAMPLE, "none").replace("mmh=1.5", &format!("mmh={}", 2.0 + i as f64 / 1000.0))
}

/// Asks for all addresses at the same time; the pages in the order of the addresses.
async fn all(app: &Arc<TestApp>, addresses: impl Iterator<Item = String>) -> Vec<Page> {
    let ask = |address: String| {
        let app = app.clone();
        tokio::spawn(async move { app.get(&address).await })
    };
    let asking: Vec<_> = addresses.map(ask).collect();
    let mut pages = Vec::new();
    for asked in asking {
        pages.push(timeout(HANGS, asked).await.expect("nobody hangs").expect("nothing panics"));
    }
    pages
}

fn count(pages: &[Page], status: StatusCode) -> usize {
    pages.iter().filter(|page| page.status == status).count()
}

#[tokio::test(flavor = "multi_thread")]
async fn in_a_rush_everybody_is_answered_and_the_rest_is_told_when_to_come_back() {
    const DEPTH: usize = 4;
    let options = Options { queue_depth: DEPTH, patience: ANY, ..Options::default() };
    let app = Arc::new(TestApp::with(options));
    let release = app.hold();
    app.get(&distinct(0)).await;
    app.hears("run");
    let pages = all(&app, (1..=256).map(distinct)).await;
    assert_eq!(count(&pages, StatusCode::ACCEPTED), DEPTH);
    assert_eq!(count(&pages, StatusCode::SERVICE_UNAVAILABLE), 256 - DEPTH);
    for page in pages.iter().filter(|page| page.status == StatusCode::SERVICE_UNAVAILABLE) {
        assert_eq!(page.header("retry-after"), "5");
    }
    release.send(()).unwrap();
    let accepted = (1..=256).zip(&pages).filter(|(_, page)| page.status == StatusCode::ACCEPTED);
    for (i, _) in accepted {
        let page = timeout(HANGS, app.finished(&distinct(i))).await.expect("nobody hangs");
        assert_eq!(page.status, StatusCode::OK, "who was taken is answered");
    }
    let after = timeout(HANGS, app.finished(&distinct(300))).await.expect("it is served");
    assert_eq!(after.status, StatusCode::OK, "after the rush a request is served");
    assert_eq!(app.n_runs(), DEPTH + 1, "those that were taken, and the one after them");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_question_from_many_is_computed_once() {
    let app =
        Arc::new(TestApp::with(Options { queue_depth: 1, patience: ANY, ..Options::default() }));
    let release = app.hold();
    let pages = all(&app, (0..64).map(|_| distinct(1))).await;
    assert_eq!(count(&pages, StatusCode::ACCEPTED), 64);
    release.send(()).unwrap();
    let page = timeout(HANGS, app.finished(&distinct(1))).await.expect("it is served");
    assert_eq!(page.status, StatusCode::OK);
    let pages = all(&app, (0..64).map(|_| distinct(1))).await;
    assert_eq!(count(&pages, StatusCode::OK), 64);
    assert!(pages.iter().all(|other| other.body == page.body));
    assert_eq!(app.n_runs(), 1);
}

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
        let known = testing::outcome();
        let provenance = Provenance {
            weights_sha256: checkpoint().weights_sha256,
            data_sha256: self.catalog.load(sample).expect("it is readable").data_sha256,
            device: self.device().name,
            ..known.provenance
        };
        let outcome = NowcastOutcome { request: request.clone(), provenance, ..known };
        Ok(Outcome::Nowcast(outcome.into()))
    }

    fn device(&self) -> DeviceReport {
        let (name, reason) = ("CPU (truthful)".to_owned(), "a test".to_owned());
        DeviceReport { kind: "cpu", name, reason }
    }
}

/// A server that keeps its results in a folder.
struct Site {
    router: Router,
    n_runs: Arc<AtomicUsize>,
    release: Sender<()>,
}

impl Site {
    fn start(results: &Path, options: Options) -> Self {
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
        let store = Results::new(results.to_owned(), 1_000_000_000, catalog.clone());
        let jobs = Jobs::start_with_store(Arc::new(store), factory, options).expect("a thread");
        let checkpoints = Path::new(env!("CARGO_MANIFEST_DIR")).join("checkpoints");
        let router = web::app(AppState::new(jobs, catalog, &checkpoints));
        Self { router, n_runs, release }
    }

    async fn get(&self, address: &str, accept: &str) -> Page {
        let request =
            HttpRequest::get(address).header("host", "localhost").header("accept", accept);
        let request = request.body(Body::empty()).unwrap();
        let response = self.router.clone().oneshot(request).await.expect("the router answers");
        let (parts, body) = response.into_parts();
        let body = body.collect().await.expect("the body is complete").to_bytes();
        Page { status: parts.status, headers: parts.headers, body: body.into() }
    }

    /// Asks again until it is no page of progress.
    async fn finished(&self, address: &str) -> Page {
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

#[tokio::test]
async fn a_deadline_holds_while_another_run_computes() {
    let folder = tempfile::tempdir().unwrap();
    let deadline = Some(Duration::from_millis(500));
    let options = Options { deadline, refusal: ANY, patience: ANY, ..Options::default() };
    let site = Site::start(folder.path(), options);
    // It says nothing for as long as the test takes, so it cannot be stopped.
    let first = distinct(0);
    while site.n_runs.load(Ordering::SeqCst) == 0 {
        site.get(&first, "text/html").await;
    }
    let page = site.finished(&distinct(1)).await;
    assert_eq!(page.status, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(page.header("retry-after"), "5");
    assert!(page.texts(".error")[0].contains("too busy"), "{}", page.text());
    let page = site.get(&distinct(1), "application/json").await;
    assert_eq!(page.status, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(page.header("retry-after"), "5");
    assert_eq!(page.json()["title"], "Busy");
    assert_eq!(site.get(&first, "text/html").await.status, StatusCode::ACCEPTED, "it still runs");
    drop(site.release);
}

#[tokio::test]
async fn a_restarted_server_answers_a_known_address_without_the_network() {
    let folder = tempfile::tempdir().unwrap();
    let options = Options { patience: ANY, ..Options::default() };
    let address = result(SAMPLE, "grad-cam");
    let before = Site::start(folder.path(), options);
    drop(before.release);
    let site = Site { release: channel().0, ..before };
    let page = site.finished(&address).await;
    assert_eq!(page.status, StatusCode::OK);
    let limit = Instant::now() + HANGS;
    let is_kept = |entry: DirEntry| entry.file_name().len() == 64;
    while !folder.path().read_dir().unwrap().flatten().any(is_kept) {
        assert!(Instant::now() < limit, "it is kept");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    // Its worker would never answer.
    let after = Site::start(folder.path(), options);
    let again = after.finished(&address).await;
    assert_eq!(again.status, StatusCode::OK);
    assert!(again.texts("main") == page.texts("main"));
    let figure = address.replace("/result?", "/result/figure/prediction.svg?");
    assert_eq!(after.get(&figure, "image/svg+xml").await.status, StatusCode::OK);
    assert_eq!(after.n_runs.load(Ordering::SeqCst), 0);
}
