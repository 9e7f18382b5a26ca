//! Tables of scenes beside other visitors: whole batches, and room for everybody.

use std::sync::mpsc::channel;
use std::time::Duration;

use axum::http::StatusCode;
use stormlens::jobs::{Batching, Options};
use stormlens_plot::testing;
use tokio::time::timeout;

use crate::scenes::three;
use crate::site::HANGS;
use crate::support::{Page, SAMPLE, Script, TestApp, result};

const ANY: Duration = Duration::from_secs(3600);

/// An application that is ready, with the address of a table and the number of its scenes.
async fn with_table(options: Options) -> (TestApp, String, usize) {
    let app = TestApp::with(options);
    ready(&app).await;
    let (address, n_scenes) = table(&app).await;
    (app, address, n_scenes)
}

/// The full address of a table of all sample scenes, and how many there are.
async fn table(app: &TestApp) -> (String, usize) {
    let page = app.get("/scenes").await;
    let id = |address: String| address.split('/').nth(2).map(str::to_owned);
    let ids: Vec<_> = page.attributes(".card img", "src").into_iter().filter_map(id).collect();
    let address = format!("/scenes/compare?scenes={}", ids.join(","));
    (app.get(&address).await.header("location").to_owned(), ids.len())
}

fn batches(max_batch: usize, max_wait: Duration) -> Options {
    let batching = Batching { max_batch: Some(max_batch), max_wait: Some(max_wait) };
    Options { patience: ANY, batching, ..Options::default() }
}

/// Until the worker is there; before that it is not known how many go together.
async fn ready(app: &TestApp) {
    let ready = async {
        while app.get("/readyz").await.status != StatusCode::OK {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    timeout(HANGS, ready).await.expect("the worker is built");
}

fn waiting(page: &Page) -> Vec<String> {
    page.texts("tbody td[colspan]")
}

#[tokio::test]
async fn a_table_fills_whole_batches() {
    // So long that only a whole batch is taken.
    let (app, address, n_scenes) = with_table(batches(3, HANGS)).await;
    assert!(n_scenes > 6, "{n_scenes}");
    let release = app.hold();
    assert_eq!(app.get(&address).await.status, StatusCode::ACCEPTED);
    app.hears("batch of 3");
    let page = app.get(&address).await;
    let n_running = waiting(&page).iter().filter(|text| *text == "Computing").count();
    assert_eq!((n_running, waiting(&page).len()), (3, n_scenes));
    release.send(()).unwrap();
    app.hears("batch of 3");
}

#[tokio::test]
async fn a_table_takes_no_room_from_other_visitors() {
    let options = Options { queue_depth: 1, ..batches(4, Duration::ZERO) };
    let (app, address, n_scenes) = with_table(options).await;
    let release = app.hold();
    app.get(&result(SAMPLE, "none")).await;
    app.hears("run");
    let page = app.get(&address).await;
    assert_eq!((page.status, waiting(&page).len()), (StatusCode::ACCEPTED, n_scenes));
    let other = app.get(&result(SAMPLE, "grad-cam")).await;
    assert_eq!(other.status, StatusCode::ACCEPTED, "there is room");
    assert_eq!(other.texts("[data-phase]"), ["Waiting for one other run"], "and it is the next");
    let full = app.get(&result(SAMPLE, "integrated-gradients")).await;
    assert_eq!((full.status, full.header("retry-after")), (StatusCode::SERVICE_UNAVAILABLE, "5"));
    assert_eq!(app.get(&address).await.status, StatusCode::ACCEPTED, "a table is not refused");
    release.send(()).unwrap();
    let page = timeout(HANGS, app.finished(&address)).await.expect("nobody hangs");
    assert_eq!(page.texts("tbody .probability").len(), n_scenes);
}

#[tokio::test]
async fn a_row_that_was_refused_is_asked_again() {
    // Made once, so that no deadline passes meanwhile.
    testing::scene_outcome();
    let deadline = Some(Duration::from_secs(1));
    let refusal = Duration::from_millis(200);
    let (app, address, n_scenes) =
        with_table(Options { deadline, refusal, patience: ANY, ..Options::default() }).await;
    let (release, held) = channel();
    app.script(Script::Deaf(held));
    app.get(&result(SAMPLE, "none")).await;
    app.hears("run");
    let asked = std::time::Instant::now();
    while asked.elapsed() < Duration::from_secs(3) {
        let page = app.get_with(&address, &[("accept", "text/html"), ("prefer", "wait=1")]).await;
        assert_eq!(page.status, StatusCode::ACCEPTED);
        assert_eq!(waiting(&page), vec!["Waiting for its turn"; n_scenes]);
    }
    release.send(()).unwrap();
    let page = timeout(HANGS, app.finished(&address)).await.expect("nobody hangs");
    assert_eq!(page.texts("tbody .probability").len(), n_scenes, "{:?}", page.texts("tbody"));
}

/// Time enough for a run that is not held, also where others keep the machine busy.
fn hasty(refusal: Duration) -> Options {
    // Made once, so that no deadline passes meanwhile.
    testing::scene_outcome();
    let deadline = Some(Duration::from_secs(2));
    Options { deadline, refusal, patience: ANY, ..Options::default() }
}

#[tokio::test]
async fn a_row_that_takes_too_long_by_itself_is_not_asked_for_ever() {
    let app = TestApp::with(hasty(Duration::from_millis(200)));
    ready(&app).await;
    let (address, n_scenes) = table(&app).await;
    let _release = app.hold();
    let page = timeout(HANGS, app.finished(&address)).await.expect("nobody hangs");
    let failed = page.texts("tbody td.warning[colspan]");
    assert!(failed.len() == 1 && failed[0].contains("longer than there is time"), "{failed:?}");
    assert_eq!(page.texts("tbody .probability").len(), n_scenes - 1);
}

#[tokio::test]
async fn refused_rows_do_not_stop_the_others() {
    let (app, address, _) = with_table(hasty(ANY)).await;
    let (release, held) = channel();
    app.script(Script::Deaf(held));
    app.get(&result(SAMPLE, "none")).await;
    app.hears("run");
    app.get(&address).await;
    tokio::time::sleep(Duration::from_secs(3)).await;
    release.send(()).unwrap();
    let filled = async {
        while app.get(&address).await.texts("tbody .probability").is_empty() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    timeout(HANGS, filled).await.expect("the first two are refused, the others are not");
}

#[tokio::test]
async fn rows_are_computed_once_though_memory_forgets_them() {
    let max_wait = Duration::from_millis(200);
    let (app, address, n_scenes) =
        with_table(Options { cache_bytes: 1, ..batches(8, max_wait) }).await;
    let csv = app.get(&csv_of(&address)).await;
    assert_eq!(csv.status, StatusCode::OK, "{}", csv.text());
    // One that is done before it is followed may be asked for again.
    let n_runs = app.n_runs();
    assert!(n_runs < n_scenes + n_scenes / 2, "{n_runs} runs for {n_scenes} scenes");
}

fn csv_of(address: &str) -> String {
    address.replace("/compare?", "/compare.csv?")
}

#[tokio::test]
async fn a_table_as_csv_takes_no_room_and_fills_batches() {
    let options = Options { queue_depth: 1, ..batches(4, Duration::ZERO) };
    let (app, address, n_scenes) = with_table(options).await;
    let release = app.hold();
    app.get(&result(SAMPLE, "none")).await;
    app.hears("run");
    assert_eq!(app.get(&result(SAMPLE, "grad-cam")).await.status, StatusCode::ACCEPTED);
    let (address, release) = (csv_of(&address), async {
        tokio::time::sleep(Duration::from_millis(200)).await;
        release.send(()).unwrap();
    });
    let (csv, ()) = tokio::join!(app.get(&address), release);
    assert_eq!(csv.status, StatusCode::OK, "{}", csv.text());
    assert_eq!(csv.text().lines().count(), n_scenes + 1);
    app.hears("batch of 4");
}

#[tokio::test]
async fn a_row_that_takes_too_long_has_a_cell_that_says_so() {
    let app = TestApp::with(hasty(Duration::from_millis(200)));
    ready(&app).await;
    let (address, n_scenes) = table(&app).await;
    let _release = app.hold();
    let csv = app.get(&csv_of(&address)).await;
    assert_eq!(csv.status, StatusCode::OK, "{}", csv.text());
    let text = csv.text();
    let n_slow = text.lines().filter(|line| line.contains("longer than there is time")).count();
    assert_eq!((n_slow, text.lines().count()), (1, n_scenes + 1), "{text}");
}

#[tokio::test]
async fn a_table_fills_and_is_sorted() {
    let app = TestApp::new();
    let ids = three().join(",");
    let page = app.get(&format!("/scenes/compare?scenes={ids}")).await;
    assert_eq!(page.status, StatusCode::SEE_OTHER);
    let address = page.header("location").to_owned();
    let release = app.hold();
    let waiting = app.get(&address).await;
    assert_eq!(waiting.status, StatusCode::ACCEPTED);
    assert_eq!(waiting.count("[data-filling]"), 1);
    assert!(waiting.text().contains(r#"<noscript><meta http-equiv="refresh""#));
    assert!(waiting.texts(".count")[0].starts_with("0 of 3 are ready"));
    release.send(()).unwrap();
    let table = app.finished(&address).await;
    assert_eq!(table.status, StatusCode::OK);
    assert_eq!(table.count("[data-filling]"), 0);
    assert!(!table.text().contains(r#"http-equiv="refresh""#));
    assert_eq!(table.texts("tbody .probability").len(), 3);
    assert_eq!(table.texts("tbody .warning"), ["No", "No", "No"]);
    assert_eq!(table.texts("th[aria-sort]"), ["Scene"]);
    for href in table.attributes("thead a", "href") {
        let sorted = app.get(&href).await;
        assert_eq!(sorted.status, StatusCode::OK, "{href}");
        assert_eq!(sorted.texts("tbody .probability").len(), 3);
    }
    let by_name = app.get(&address.replace("sort=order", "sort=name")).await;
    let names = by_name.texts("tbody th a");
    assert!(names.is_sorted(), "{names:?}");
    assert_eq!(app.n_runs(), 3, "a table is not computed again");
}

#[tokio::test]
async fn a_table_comes_as_csv() {
    let app = TestApp::new();
    let ids = [three().join(","), "0123456789abcdef".to_owned()].join(",");
    let csv = app.get(&format!("/scenes/compare.csv?scenes={ids}")).await;
    assert_eq!(csv.status, StatusCode::OK, "{}", csv.text());
    assert_eq!(csv.header("content-type"), "text/csv; charset=utf-8");
    let name = |csv: &crate::support::Page| csv.header("content-disposition").to_owned();
    assert!(name(&csv).contains("filename=\"scenes-polar-low-scripted-"), "{}", name(&csv));
    let other = app.get(&format!("/scenes/compare.csv?scenes={}", three()[0])).await;
    assert_ne!(name(&csv), name(&other), "two tables have two names");
    let text = csv.text();
    let lines: Vec<_> = text.lines().collect();
    assert_eq!(lines.len(), 5, "{text}");
    assert!(
        lines[0].starts_with(
            "\"scene\",\"name\",\"width_px\",\"height_px\",\"probability (polar low)\","
        )
    );
    assert!(lines[1].contains("\"Typhoon south of Tokyo\",\"381\",\"381\",\"0."), "{}", lines[1]);
    assert!(lines[4].contains("not here any more"), "{}", lines[4]);
}

#[tokio::test]
async fn a_failed_row_does_not_stop_the_table() {
    let app = TestApp::new();
    app.script(Script::Refuse);
    let page = app.get(&format!("/scenes/compare?scenes={},gone", three().join(","))).await;
    let table = app.finished(page.header("location")).await;
    let failed = table.texts("tbody td.warning");
    assert_eq!(failed.len(), 2, "{failed:?}");
    assert!(failed[0].contains("the sample is all missing"), "{}", failed[0]);
    assert!(failed[1].contains("upload it again"), "{}", failed[1]);
}
