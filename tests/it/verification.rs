//! Comparisons over a data set: the form, the work, the page, and its files.

use std::time::{Duration, Instant};

use axum::http::StatusCode;

use crate::support::{Page, TestApp};

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
    let json = app.get(&format!("/v1/verification.json?{QUERY}")).await.text();
    assert!(json.starts_with('{') && !json.contains("NaN"));
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
    assert_eq!(links.len(), 5);
    for link in links {
        let page = app.get(&link).await;
        assert_eq!(page.status, StatusCode::OK, "{link}");
        // They are not among the networks of this test.
        assert!(page.texts(".notice")[0].contains("lie here now are others"), "{link}");
        assert!(page.count("figure.chart") >= 4, "{link}");
    }
}
