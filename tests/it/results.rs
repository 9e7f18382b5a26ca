//! From the question to the answer: progress, events, cancelling, the page of a result.

use std::time::Duration;

use axum::http::StatusCode;
use http_body_util::BodyExt;
use stormlens::jobs::Options;
use stormlens::testing::{EMPTY_LAYER, LAYERS};

use crate::support::{SAMPLE, Script, TestApp, UNOBSERVED, result};

const BOTH: &str = "grad-cam,integrated-gradients";

#[tokio::test]
async fn an_address_with_gaps_leads_to_the_full_one() {
    let app = TestApp::new();
    let form = format!(
        "/result?model=sar-unet&checkpoint=test&sample={SAMPLE}&threshold-mmh=1.5\
         &methods=none&methods=grad-cam&steps=20&layers={}&layers={EMPTY_LAYER}",
        LAYERS[0].0
    );
    for address in [form.as_str(), &format!("/result?sample={SAMPLE}")] {
        let page = app.get(address).await;
        assert_eq!(page.status, StatusCode::SEE_OTHER);
        let full = page.header("location").to_owned();
        assert_eq!(app.finished(&full).await.status, StatusCode::OK, "{full}");
    }
    assert_eq!(app.get(&form).await.header("location"), result(SAMPLE, "grad-cam"));
}

#[tokio::test]
async fn a_result_shows_forecast_scores_and_both_explanations() {
    let page = TestApp::new().finished(&result(SAMPLE, BOTH)).await;
    assert_eq!(page.status, StatusCode::OK);
    assert!(page.texts("h1")[0].starts_with("Rain at 26 August 2010"));
    let names = page.attributes("figure", "data-figure");
    for figure in ["prediction", "observation", "persistence", "difference", "inputs", "ig-frames"]
    {
        assert!(names.contains(&figure.to_owned()), "{figure} in {names:?}");
    }
    assert_eq!(names.iter().filter(|name| name.starts_with("cam-")).count(), 2);
    assert_eq!(page.count("#frames figure"), 13);
    let rows = page.texts("#scores .scores tbody th");
    assert_eq!(rows[..5], ["0.5 mm/h", "1 mm/h", "2 mm/h", "5 mm/h", "10 mm/h"]);
    assert!(page.count("#scores td.better") > 0);
    assert_eq!(page.count("#scores td.better .hide"), page.count("#scores td.better"));
    assert!(page.texts(".reading")[0].contains("close enough"));
    assert!(page.texts("#provenance code.hash").len() == 2);
    assert_eq!(page.count("[style], style, script:not([src])"), 0);
}

#[tokio::test]
async fn figures_say_what_they_show_and_have_both_themes() {
    let page = TestApp::new().finished(&result(SAMPLE, BOTH)).await;
    for alt in page.attributes("figure img", "alt") {
        assert!(alt.len() > 40 && alt.chars().any(|c| c.is_ascii_digit()), "{alt}");
    }
    assert_eq!(page.count("figure picture source[media*=dark]"), page.count("figure"));
    assert_eq!(
        page.count("figure:first-of-type .files li"),
        8 * page.count("figure:first-of-type")
    );
}

#[tokio::test]
async fn a_layer_without_evidence_is_said_in_words() {
    let page = TestApp::new().finished(&result(SAMPLE, "grad-cam")).await;
    let notices = page.texts("#layers .notice");
    assert!(
        notices[0].contains(&format!("No positive evidence for the target in Block {EMPTY_LAYER}"))
    );
}

#[tokio::test]
async fn an_empty_or_full_mask_is_said_in_words() {
    let app = TestApp::new();
    let with = |rate: &str| result(SAMPLE, "grad-cam").replace("mmh=1.5", &format!("mmh={rate}"));
    let empty = app.finished(&with("500")).await;
    assert!(empty.texts("#layers .notice")[0].contains("exceeds 500 mm/h nowhere"));
    assert!(empty.texts(".target")[0].contains("0 pixels"));
    let full = app.finished(&with("0")).await;
    assert!(full.texts("#layers .notice")[0].contains("exceeds 0 mm/h everywhere"));
    assert!(full.texts(".target")[0].contains("82,944 pixels (100.0 %)"));
    let ordinary = app.finished(&with("1.5")).await;
    assert!(ordinary.texts("#layers .notice").iter().all(|notice| !notice.contains("exceeds")));
}

#[tokio::test]
async fn a_sample_without_observation_has_no_scores() {
    let app = TestApp::new();
    let page = app.finished(&result(UNOBSERVED, "none")).await;
    assert_eq!(
        page.attributes("#forecast .figures figure", "data-figure"),
        ["prediction", "persistence"]
    );
    assert!(page.texts("#scores")[0].contains("nothing to verify against"));
    let csv = app.get(&result(UNOBSERVED, "none").replace("/result?", "/result/scores.csv?")).await;
    assert_eq!(csv.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn what_was_not_asked_can_be_added() {
    let page = TestApp::new().finished(&result(SAMPLE, "none")).await;
    let added = page.attributes("#layers a.button, #frames a.button", "href");
    assert!(added[0].contains("methods=grad-cam&"), "{added:?}");
    assert!(added[1].contains("methods=integrated-gradients&steps=20"), "{added:?}");
}

#[tokio::test]
async fn equal_questions_are_computed_once_and_looks_not_at_all() {
    let app = TestApp::new();
    let address = result(SAMPLE, "grad-cam");
    app.finished(&address).await;
    app.finished(&address).await;
    app.finished(&address.replace("opacity=0.85", "opacity=0.3")).await;
    app.finished(&address.replace("palette=uniform", "palette=pysteps")).await;
    app.finished(&address.replace(&format!(",{EMPTY_LAYER}"), "")).await;
    assert_eq!(app.n_runs(), 1);
    app.finished(&address.replace("mmh=1.5", "mmh=2")).await;
    assert_eq!(app.n_runs(), 1);
}

#[tokio::test]
async fn waiting_is_shown_and_asks_again_by_itself() {
    let app = TestApp::new();
    let release = app.hold();
    let address = result(SAMPLE, BOTH);
    app.get(&address).await;
    app.hears("run");
    let page = loop {
        let page = app.get(&address).await;
        if page.texts("[data-phase]") == ["integrated gradients"] {
            break page;
        }
    };
    assert_eq!(page.status, StatusCode::ACCEPTED);
    assert_eq!(page.header("cache-control"), "no-store");
    assert_eq!(page.attributes("progress", "value"), ["3"]);
    assert!(page.text().contains(r#"<noscript><meta http-equiv="refresh""#));
    let other = app.get(&result(SAMPLE, "none")).await;
    assert_eq!(other.texts("[data-phase]"), ["Waiting for one other run"]);
    release.send(()).unwrap();
    assert_eq!(app.finished(&address).await.status, StatusCode::OK);
}

#[tokio::test]
async fn events_tell_progress_and_the_end() {
    let app = TestApp::new();
    let release = app.hold();
    let address = result(SAMPLE, BOTH);
    let page = app.get(&address).await;
    app.hears("run");
    let stream = page.attributes("[data-events]", "data-events").remove(0);
    let response = app.open(&stream).await;
    assert_eq!(response.headers()["content-type"], "text/event-stream");
    assert_eq!(response.headers()["cache-control"], "no-store");
    let mut body = response.into_body();
    let mut text = String::new();
    while !text.contains(r#""state":"running","phase":"integrated gradients","done":3,"total":20"#)
    {
        let frame = body.frame().await.expect("it goes on").expect("it is sound");
        text += &String::from_utf8_lossy(&frame.into_data().unwrap_or_default());
    }
    release.send(()).unwrap();
    let rest = body.collect().await.expect("it ends").to_bytes();
    assert!(String::from_utf8_lossy(&rest).contains(r#"data: {"state":"done"}"#));
}

#[tokio::test]
async fn a_run_is_stopped_by_its_button() {
    let app = TestApp::new();
    let _release = app.hold();
    let page = app.get(&result(SAMPLE, BOTH)).await;
    app.hears("run");
    let cancel = page.attributes(".waiting form", "action").remove(0);
    let back = app.post(&cancel, &[("origin", "http://localhost")]).await;
    assert_eq!(back.status, StatusCode::SEE_OTHER);
    assert_eq!(back.header("location"), format!("/samples/{SAMPLE}"));
    app.hears("stopped");
    assert_eq!(app.post(&cancel, &[]).await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn leaving_the_page_stops_the_work() {
    let app = TestApp::with(Options { patience: Duration::from_millis(200), ..Options::default() });
    let _release = app.hold();
    let page = app.get(&result(SAMPLE, BOTH)).await;
    app.hears("run");
    let stream = page.attributes("[data-events]", "data-events").remove(0);
    let events = app.open(&stream).await;
    assert_eq!(events.status(), StatusCode::OK);
    drop(events);
    app.hears("stopped");
}

#[tokio::test]
async fn a_failed_run_says_why_and_the_next_visit_tries_again() {
    let app = TestApp::new();
    let address = result(SAMPLE, "grad-cam");
    for (script, status, words) in [
        (Script::Fail, StatusCode::INTERNAL_SERVER_ERROR, "Out of memory"),
        (Script::Panic, StatusCode::INTERNAL_SERVER_ERROR, "the shapes differ"),
        (Script::Refuse, StatusCode::UNPROCESSABLE_ENTITY, "The sample is all missing"),
    ] {
        app.script(script);
        let page = app.finished(&address).await;
        assert_eq!(page.status, status);
        assert!(page.text().contains(words), "{}", page.text());
        assert_eq!(page.attributes(".error a.button", "href"), [format!("/samples/{SAMPLE}")]);
    }
    assert_eq!(app.finished(&address).await.status, StatusCode::OK);
}

#[tokio::test]
async fn a_full_queue_asks_to_come_back() {
    let app = TestApp::with(Options {
        queue_depth: 1,
        patience: Duration::from_secs(3600),
        ..Options::default()
    });
    let release = app.hold();
    app.get(&result(SAMPLE, "none")).await;
    app.hears("run");
    app.get(&result(SAMPLE, "grad-cam")).await;
    let page = app.get(&result(SAMPLE, BOTH)).await;
    assert_eq!(page.status, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(page.header("retry-after"), "5");
    assert!(page.text().contains("1 run waiting already"));
    release.send(()).unwrap();
}
