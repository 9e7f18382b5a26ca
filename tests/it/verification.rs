//! Comparisons over a data set: the form, the work, the page, and its files.

use std::time::{Duration, Instant};

use axum::http::StatusCode;
use stormlens_data::card::CheckpointCard;

use crate::support::{Page, Setup, TestApp, checkpoint, data};

const FORM: &str = "application/x-www-form-urlencoded";
const QUERY: &str =
    "dataset=knmi&forecasts=persistence,lagrangian-persistence&stride-min=60&lead-times=10,30";
const START: &str = "/v1/verification/start";

async fn post(app: &TestApp, address: &str, body: &str) -> Page {
    app.send_body(address, FORM, "text/html", body.to_owned()).await
}

fn address(query: &str) -> String {
    format!("/v1/verification?{query}")
}

/// The page, once all samples are counted.
async fn done(app: &TestApp, query: &str) -> Page {
    let limit = Instant::now() + Duration::from_secs(300);
    loop {
        let page = app.get(&address(query)).await;
        if page.status != StatusCode::ACCEPTED {
            return page;
        }
        assert!(Instant::now() < limit, "{:?}", page.texts(".count"));
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_comparison_is_asked_made_shown_and_saved() {
    let app = TestApp::new();
    let list = app.get("/verification").await;
    let n_shipped = list.count(".comparisons li");
    assert!(n_shipped > 0, "some come with the data");
    let lines = list.texts(".comparisons li");
    assert!(
        lines.iter().any(|line| line.contains(" samples in 6 blocks of two hours")),
        "{lines:?}"
    );
    // The same events, forecast over an hour and over half of it.
    let mut titles = list.texts(".comparisons li a");
    assert!(titles.iter().any(|title| title.ends_with("test events, up to 60 min")), "{titles:?}");
    titles.sort_unstable();
    titles.dedup();
    assert_eq!(titles.len(), n_shipped, "each has a title of its own");
    assert_eq!(list.status, StatusCode::OK);
    assert!(list.attributes("input[name=forecasts]", "value").contains(&"s-prog".to_owned()));
    // Nobody has made it: an address alone begins no work.
    let unmade = app.get(&address(QUERY)).await;
    assert_eq!(unmade.status, StatusCode::OK);
    assert!(unmade.texts(".count")[0].contains("has not been made"));
    let missing = app.get(&format!("/v1/verification.csv?{QUERY}")).await;
    assert_eq!(missing.status, StatusCode::NOT_FOUND);
    let started = post(&app, START, QUERY).await;
    assert_eq!(started.status, StatusCode::SEE_OTHER);
    let page = done(&app, QUERY).await;
    assert_eq!(page.status, StatusCode::OK);
    assert!(page.texts("h1")[0].contains("Netherlands"), "{:?}", page.texts("h1"));
    assert_eq!(page.texts("#scores-title ~ h3").len(), 4);
    // What others published stands beside it, greyed, with its source.
    assert_eq!(page.count("table.foreign tbody tr"), 5);
    for words in ["numbers are of another data set", "Source: README of SpaT-SparK"] {
        assert!(page.text().contains(words), "{words}");
    }
    for chart in page.attributes("figure.chart img", "src") {
        assert_eq!(app.get(&chart).await.status, StatusCode::OK, "{chart}");
    }
    for map in page.attributes(".error-maps img", "src") {
        assert!(app.get(&map).await.body.starts_with(b"\x89PNG"), "{map}");
    }
    for link in page.attributes(".cases td a", "href") {
        assert!(app.get(&link).await.status.is_redirection(), "{link}");
    }
    let csv = app.get(&format!("/v1/verification.csv?{QUERY}")).await.text();
    assert!(csv.contains("\nlagrangian-persistence,30,csi,0.5,,0."), "{csv}");
    let latex = app.get(&format!("/v1/verification.tex?{QUERY}")).await.text();
    assert!(latex.contains("\\toprule"));
    let works = app.get(&format!("/v1/verification.bib?{QUERY}")).await.text();
    assert_eq!(works.matches("germann2002scale").count(), 1, "{works}");
    let json = app.get(&format!("/v1/verification.json?{QUERY}")).await.text();
    assert!(json.starts_with('{') && !json.contains("NaN"));
    // Who has waited without scripts is led to the address that can be copied.
    let waited = app.get(&format!("{}&viewer=0123456789abcdef", address(QUERY))).await;
    assert_eq!(waited.status, StatusCode::SEE_OTHER);
    assert!(!waited.header("location").contains("viewer"), "{}", waited.header("location"));
    // It stands in the list now, and in the program's folder.
    assert_eq!(app.get("/verification").await.count(".comparisons li"), n_shipped + 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_network_is_asked_for_every_sample_through_the_queue() {
    let app = TestApp::new();
    let query = "dataset=knmi&forecasts=sar-unet%2Ftest,persistence&stride-min=120&lead-times=30";
    post(&app, START, query).await;
    let page = done(&app, query).await;
    assert_eq!(page.status, StatusCode::OK);
    let counted = page.texts(".count")[0].clone();
    let n: usize = counted.split(' ').next().and_then(|n| n.parse().ok()).expect("a number");
    assert_eq!(app.n_runs(), n, "{counted}");
    let results = page.attributes(".cases td a", "href");
    assert!(
        results.iter().any(|link| link.starts_with("/v1/result?model=sar-unet")),
        "{results:?}"
    );
}

/// The page of a network leads to what its weights took part in, and not to what others of that name did.
#[tokio::test(flavor = "multi_thread")]
async fn a_network_leads_to_comparisons_of_its_present_weights() {
    let around = tempfile::tempdir().expect("there is room");
    let cache = around.path().join("cache");
    let query = "dataset=knmi&forecasts=sar-unet%2Ftest,persistence&stride-min=120&lead-times=30";
    let app = TestApp::scripted(Setup::new(&cache));
    post(&app, START, query).await;
    assert_eq!(done(&app, query).await.status, StatusCode::OK);
    let links = app.get("/models/sar-unet").await.attributes("a", "href");
    assert!(links.contains(&address(query)), "{links:?}");
    let n_listed = app.get("/verification").await.count(".comparisons li");
    let other = CheckpointCard { weights_sha256: "cd".repeat(32), ..checkpoint() };
    let app = TestApp::scripted(Setup { forecasters: vec![other], ..Setup::new(&cache) });
    let links = app.get("/models/sar-unet").await.attributes("a", "href");
    assert!(!links.contains(&address(query)), "{links:?}");
    let list = app.get("/verification").await;
    assert_eq!(list.count(".comparisons li"), n_listed - 1);
    let unmade = app.get(&address(query)).await;
    assert!(unmade.texts(".count")[0].contains("has not been made"), "{}", unmade.text());
}

/// Who stops it leaves it to others who wait for it, whoever has begun it.
#[tokio::test(flavor = "multi_thread")]
async fn a_comparison_stops_with_the_last_who_waits_for_it() {
    let app = TestApp::new();
    let _release = app.hold();
    let query = "dataset=knmi&forecasts=sar-unet%2Ftest&stride-min=120&lead-times=30";
    post(&app, START, query).await;
    let arrive = async || {
        let page = app.get(&address(query)).await;
        assert_eq!(page.status, StatusCode::ACCEPTED);
        let viewer = page.attributes("form input[name=viewer]", "value").remove(0);
        // The page knows its viewer again.
        let again = page.attributes("[data-again]", "data-again").remove(0);
        assert!(again.ends_with(&format!("&viewer={viewer}")), "{again}");
        let page = app.get(&again).await;
        assert_eq!(page.attributes("form input[name=viewer]", "value"), [viewer.as_str()]);
        viewer
    };
    let (first, second) = (arrive().await, arrive().await);
    assert_ne!(first, second);
    let stop = async |viewer: &str| {
        post(&app, "/v1/verification/stop", &format!("{query}&viewer={viewer}")).await
    };
    let left = stop(&second).await;
    assert_eq!((left.status, left.header("location")), (StatusCode::SEE_OTHER, "/verification"));
    let waiting = app.get(&format!("{}&viewer={first}", address(query))).await;
    assert_eq!(waiting.status, StatusCode::ACCEPTED, "{:?}", waiting.texts(".count"));
    let left = stop(&first).await;
    assert!(
        left.header("location").starts_with("/v1/verification?"),
        "{}",
        left.header("location")
    );
    let page = app.get(&address(query)).await;
    assert_eq!(page.status, StatusCode::OK, "nobody waits any more");
}

#[tokio::test]
async fn what_cannot_be_compared_is_refused_in_words() {
    let app = TestApp::new();
    for (query, word) in [
        ("forecasts=persistence", "dataset"),
        ("dataset=nowhere&forecasts=persistence", "nowhere"),
        ("dataset=cloudcast&forecasts=persistence", "cloudcast"),
        ("dataset=knmi&forecasts=sar-unet%2Fother", "sar-unet/other"),
        ("dataset=radklim&events=20990101&forecasts=persistence", "20990101"),
        ("dataset=knmi&forecasts=persistence&colour=red", "colour"),
    ] {
        let page = app.get(&address(query)).await;
        assert!(page.status.is_client_error(), "{query}: {}", page.status);
        assert!(page.text().contains(word), "{query}: {}", page.text());
    }
    // A plan that fits no sample fails, and its page says why.
    let dry = "dataset=knmi&forecasts=persistence&wet-share-at-least=1";
    post(&app, START, dry).await;
    let page = done_or_failed(&app, dry).await;
    assert!(page.texts(".notice")[0].contains("no sample"), "{:?}", page.texts(".notice"));
}

async fn done_or_failed(app: &TestApp, query: &str) -> Page {
    let limit = Instant::now() + Duration::from_secs(60);
    loop {
        let page = app.get(&address(query)).await;
        if !page.texts(".notice").is_empty() {
            return page;
        }
        assert!(Instant::now() < limit);
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// What comes with the data is shown although no network of the test is one of those that were compared.
#[tokio::test]
async fn comparisons_that_come_with_the_data_are_whole() {
    let app = TestApp::new();
    let links = app.get("/verification").await.attributes(".comparisons a", "href");
    let folder = std::fs::read_dir(data().join("comparisons")).expect("it comes with the data");
    let names = folder.map(|entry| entry.expect("an entry").file_name());
    let shipped = names.filter(|name| name.to_string_lossy().ends_with(".json.gz"));
    assert_eq!(links.len(), shipped.count());
    for link in links {
        let page = app.get(&link).await;
        assert_eq!(page.status, StatusCode::OK, "{link}");
        // They are not among the networks of this test.
        assert!(page.texts(".notice")[0].contains("lie here now are others"), "{link}");
        assert!(page.count("figure.chart") >= 4, "{link}");
    }
}

/// Writes what was counted of the comparison of a query, as somebody else left it.
fn leave(app: &TestApp, query: &str, counted: &[u8]) {
    let folder = app.around.path().join("cache/comparisons");
    std::fs::create_dir_all(&folder).expect("a folder");
    let id = &stormlens_data::hash::sha256(query.as_bytes())[..16];
    std::fs::write(folder.join(id).with_extension("part"), counted).expect("written");
}

/// What the form with that button sends.
fn body_of(page: &Page, button: &str) -> String {
    let document = scraper::Html::parse_document(&page.text());
    let select = |text: &str| scraper::Selector::parse(text).expect("a selector");
    let (forms, buttons, inputs) = (select("form"), select("button"), select("input[name]"));
    let has_it = |form: &scraper::ElementRef<'_>| {
        form.select(&buttons).any(|b| b.text().collect::<String>().contains(button))
    };
    let form = document.select(&forms).find(has_it).expect("a form with that button");
    let mut body = form_urlencoded::Serializer::new(String::new());
    for input in form.select(&inputs) {
        body.append_pair(input.attr("name").unwrap_or(""), input.attr("value").unwrap_or(""));
    }
    body.finish()
}

/// What a changed network or an older program counted cannot go on: a button begins anew.
#[tokio::test(flavor = "multi_thread")]
async fn a_comparison_that_cannot_go_on_is_begun_anew_on_its_page() {
    let app = TestApp::new();
    let other = b"\xa2bofaxgcounted\xf6";
    for counted in [&b"of an older program"[..], other] {
        leave(&app, QUERY, counted);
        let unmade = app.get(&address(QUERY)).await;
        assert!(body_of(&unmade, "begin anew").contains("anew=yes"));
        post(&app, START, &body_of(&unmade, "Go on")).await;
        let page = done_or_failed(&app, QUERY).await;
        let said = page.texts(".notice")[0].clone();
        assert!(said.contains("cannot be used") && !said.contains("remove"), "{said}");
        let begun = post(&app, START, &body_of(&page, "begin anew")).await;
        assert_eq!(begun.status, StatusCode::SEE_OTHER);
        assert_eq!(begun.header("location"), address(QUERY));
        let page = done(&app, QUERY).await;
        assert_eq!(page.status, StatusCode::OK);
        assert!(page.texts(".count")[0].contains("samples are counted"));
        let own = app.around.path().join("cache/comparisons");
        std::fs::remove_dir_all(own).expect("it was there");
    }
}
