//! More visitors than the worker can answer: nobody is lost, nobody waits for ever, and what was
//! answered once is not computed again.

use std::fs::DirEntry;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::sync::mpsc::channel;
use std::time::{Duration, Instant};

use axum::http::StatusCode;
use stormlens::cli::serve::serve;
use stormlens::jobs::Options;
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::time::timeout;

use crate::site::{HANGS, Site};
use crate::support::{Page, SAMPLE, TestApp, part, result};

const ANY: Duration = Duration::from_secs(3600);

/// The address of another result for each number. Something has to be explained: a forecast is the
/// same whatever the threshold.
fn distinct(i: usize) -> String {
    let threshold = 2.0 + i as f64 / 1000.0;
    result(SAMPLE, "grad-cam").replace("threshold=1.5", &format!("threshold={threshold}"))
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
}

#[tokio::test]
async fn a_run_that_takes_too_long_by_itself_is_not_to_be_asked_again() {
    let deadline = Some(Duration::from_secs(2));
    let app = TestApp::with(Options { deadline, patience: ANY, ..Options::default() });
    while app.get("/readyz").await.status != StatusCode::OK {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    let _release = app.hold();
    let page = timeout(HANGS, app.finished(&distinct(0))).await.expect("nobody hangs");
    assert_eq!(page.status, StatusCode::GATEWAY_TIMEOUT);
    assert_eq!(page.header("retry-after"), "", "it would take as long again");
    assert!(page.texts(".error")[0].contains("--deadline-s"), "{}", page.text());
}

/// Whether a result lies in the folder.
fn is_kept(folder: &Path) -> bool {
    let is_result = |entry: DirEntry| entry.file_name().len() == 64;
    folder.read_dir().is_ok_and(|mut entries| entries.any(|entry| entry.is_ok_and(is_result)))
}

#[tokio::test]
async fn a_restarted_server_answers_a_known_address_without_the_network() {
    let folder = tempfile::tempdir().unwrap();
    let options = Options { patience: ANY, ..Options::default() };
    let address = result(SAMPLE, "grad-cam");
    let mut site = Site::start(folder.path(), options);
    site.release();
    let page = site.finished(&address).await;
    assert_eq!(page.status, StatusCode::OK);
    let limit = Instant::now() + HANGS;
    while !is_kept(folder.path()) {
        assert!(Instant::now() < limit, "it is kept");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    // Its worker would never answer.
    let after = Site::start(folder.path(), options);
    let again = after.finished(&address).await;
    assert_eq!(again.status, StatusCode::OK);
    assert!(again.texts("main") == page.texts("main"));
    let figure = part(&address, "figure/map-prediction.svg");
    assert_eq!(after.get(&figure, "image/svg+xml").await.status, StatusCode::OK);
    assert_eq!(after.n_runs.load(Ordering::SeqCst), 0);
}

#[tokio::test]
async fn a_result_under_the_name_of_another_is_no_answer() {
    let folder = tempfile::tempdir().unwrap();
    let options = Options { patience: ANY, ..Options::default() };
    let files = || folder.path().read_dir().into_iter().flatten().flatten().map(|file| file.path());
    let mut site = Site::start(folder.path(), options);
    site.release();
    let [with, without] = [result(SAMPLE, "grad-cam"), result(SAMPLE, "none")];
    let mut pages = Vec::new();
    for address in [&with, &without] {
        pages.push(site.finished(address).await.texts("main"));
    }
    assert!(site.state.jobs.wait_until_kept(HANGS));
    let files: Vec<_> = files().collect();
    assert_eq!(files.len(), 2);
    let aside = folder.path().join("aside");
    for (from, to) in [(&files[0], &aside), (&files[1], &files[0]), (&aside, &files[1])] {
        std::fs::rename(from, to).unwrap();
    }
    let mut after = Site::start(folder.path(), options);
    after.release();
    for (address, page) in [&with, &without].into_iter().zip(&pages) {
        let again = after.finished(address).await;
        assert_eq!(again.status, StatusCode::OK);
        assert!(again.texts("main") == *page, "{address}");
    }
    assert_eq!(after.n_runs.load(Ordering::SeqCst), 2, "both were computed anew");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_stops_stores_what_it_answered_last() {
    let folder = tempfile::tempdir().unwrap();
    let (open, gate) = channel::<()>();
    let options = Options { patience: ANY, ..Options::default() };
    let mut site = Site::over_slow_disk(folder.path(), gate, options);
    site.release();
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("there is a free port");
    let (stop, stopped) = oneshot::channel::<()>();
    let server = tokio::spawn(serve(listener, site.state.clone(), async {
        let _ = stopped.await;
    }));
    assert_eq!(site.finished(&result(SAMPLE, "grad-cam")).await.status, StatusCode::OK);
    drop(stop);
    tokio::time::sleep(Duration::from_millis(300)).await;
    assert!(!server.is_finished(), "it waits for the disk");
    drop(open);
    timeout(HANGS, server).await.expect("it ends").expect("no panic").expect("in order");
    assert!(is_kept(folder.path()));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_stops_does_not_wait_for_the_disk_for_ever() {
    let folder = tempfile::tempdir().unwrap();
    let (_never, gate) = channel::<()>();
    let options = Options { patience: ANY, ..Options::default() };
    let mut site = Site::over_slow_disk(folder.path(), gate, options);
    site.release();
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("there is a free port");
    assert_eq!(site.finished(&result(SAMPLE, "grad-cam")).await.status, StatusCode::OK);
    let served = serve(listener, site.state.clone(), async {});
    timeout(HANGS, served).await.expect("it ends").expect("in order");
    assert!(!is_kept(folder.path()));
}
