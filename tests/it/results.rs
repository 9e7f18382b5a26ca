//! From the question to the answer: progress, events, cancelling, the page of a result.

use std::time::Duration;

use axum::http::StatusCode;
use http_body_util::BodyExt;
use stormlens::jobs::Options;
use stormlens_plot::testing::{EMPTY_LAYER, LAYERS};

use crate::support::{Page, SAMPLE, Script, TestApp, UNOBSERVED, part, result};

const BOTH: &str = "grad-cam,integrated-gradients";

#[tokio::test]
async fn an_address_with_gaps_leads_to_the_full_one() {
    let app = TestApp::new();
    let form = format!(
        "/v1/result?model=sar-unet&checkpoint=test&sample={SAMPLE}&threshold=1.5&methods=none\
         &methods=grad-cam&integrated-gradients.steps=20&layers={}&layers={EMPTY_LAYER}",
        LAYERS[0].0
    );
    for address in [form.as_str(), &format!("/v1/result?sample={SAMPLE}")] {
        let page = app.get(address).await;
        assert_eq!(page.status, StatusCode::SEE_OTHER);
        let full = page.header("location").to_owned();
        assert_eq!(app.finished(&full).await.status, StatusCode::OK, "{full}");
    }
    assert_eq!(app.get(&form).await.header("location"), result(SAMPLE, "grad-cam"));
}

#[tokio::test]
async fn a_result_shows_forecast_scores_and_explanations() {
    let page = TestApp::new().finished(&result(SAMPLE, BOTH)).await;
    assert_eq!(page.status, StatusCode::OK);
    assert!(page.texts("h1")[0].starts_with("Rain at 26 August 2010"));
    let names = page.attributes("figure", "data-figure");
    for figure in [
        "map-prediction",
        "map-observation",
        "map-persistence",
        "difference-prediction,observation",
        "strip-input",
        "bars-integrated_gradients/sums",
        "curve-integrated_gradients/path",
    ] {
        assert!(names.contains(&figure.to_owned()), "{figure} in {names:?}");
    }
    assert_eq!(page.count("#grad-cam figure[data-figure^=map]"), 2);
    assert_eq!(page.count("#integrated-gradients figure[data-figure^=map]"), 12);
    let bars = "#integrated-gradients .beside details:first-of-type tbody tr";
    assert_eq!(page.count(bars), 12, "the bars as a table");
    assert_eq!(page.count("#saliency figure"), 0, "it was not asked for");
    let rows = page.texts("#scores .scores tbody th[scope=rowgroup] strong");
    assert_eq!(rows, ["0.5 mm/h", "1 mm/h", "2 mm/h", "5 mm/h", "10 mm/h"]);
    let forecasts = page.texts("#scores .grouped tbody th[scope=row]");
    assert_eq!(forecasts, ["Network", "Persistence"].repeat(5), "persistence beside each");
    assert!(page.count("#scores td.better") > 0);
    assert_eq!(page.count("#scores td.better .hide"), page.count("#scores td.better"));
    assert!(page.texts(".reading")[0].contains("acceptable"));
    assert!(page.texts("#provenance code.hash").len() == 2);
    assert_eq!(page.count("[style], style, script:not([src])"), 0);
    assert_eq!(page.repeated_ids(), [""; 0]);
}

#[tokio::test]
async fn every_method_has_its_section() {
    let app = TestApp::new();
    let page = app.finished(&result(SAMPLE, "grad-cam,integrated-gradients,saliency")).await;
    assert_eq!(page.status, StatusCode::OK);
    let sections = page.attributes("section[data-attribution]", "id");
    assert_eq!(sections, ["grad-cam", "integrated-gradients", "saliency"]);
    assert_eq!(page.count("#saliency figure[data-figure^='map-saliency']"), 12);
    for section in sections {
        assert_eq!(page.count(&format!("nav.sections a[href='#{section}']")), 1, "{section}");
        assert_eq!(page.count(&format!("#{section} code")), 1, "the formula of {section}");
        let target = page.texts(&format!("#{section} .target")).concat();
        assert!(target.starts_with("Target: predicted rain above 1.5 mm/h"), "{target}");
    }
}

#[tokio::test]
async fn figures_say_what_they_show_and_have_both_themes() {
    let page = TestApp::new().finished(&result(SAMPLE, BOTH)).await;
    for alt in page.attributes("figure img", "alt") {
        assert!(alt.len() > 40 && alt.chars().any(|c| c.is_ascii_digit()), "{alt}");
    }
    assert_eq!(page.count("figure picture source[media*=dark]:last-of-type"), page.count("figure"));
    let files = page.count("figure .files a[href^='/v1/result/figure/']");
    assert!(files >= 10 * page.count("figure"), "in all formats and sizes");
    for form in ["csv", "npy", "f32", "json"] {
        let numbers = format!("figure .files a[href^='/v1/result/data/'][href*='.{form}?']");
        let n_variables = page.count("figure:not([data-figure^=difference])");
        assert_eq!(page.count(&numbers), n_variables, "{form}");
    }
}

#[tokio::test]
async fn a_layer_without_evidence_is_said_in_words() {
    let page = TestApp::new().finished(&result(SAMPLE, "grad-cam")).await;
    let notices = page.texts("#grad-cam .notice");
    assert!(notices[0].starts_with(&format!("Block {EMPTY_LAYER}: no positive evidence")));
}

#[tokio::test]
async fn an_empty_or_full_mask_is_said_in_words() {
    let app = TestApp::new();
    let with = |rate: &str| {
        result(SAMPLE, "grad-cam").replace("threshold=1.5", &format!("threshold={rate}"))
    };
    let empty = app.finished(&with("500")).await;
    assert!(empty.texts("#look .notice")[0].contains("No pixel of the forecast exceeds 500 mm/h"));
    assert!(empty.texts("#look .notice")[0].contains("The maximum is "));
    assert!(empty.texts("#grad-cam .target")[0].contains("0 pixels"));
    let full = app.finished(&with("0")).await;
    assert!(full.texts("#look .notice")[0].contains("All pixels of the forecast exceed 0 mm/h"));
    assert!(full.texts("#grad-cam .target")[0].contains("82,944 pixels"));
    let ordinary = app.finished(&with("1.5")).await;
    assert_eq!(ordinary.count("#look .notice"), 0);
}

#[tokio::test]
async fn the_sum_that_is_explained_is_told_in_both_units() {
    let page = TestApp::new().finished(&result(SAMPLE, "grad-cam")).await;
    let target = page.texts("#grad-cam .target").concat();
    assert!(target.contains(" mm/h in all ("), "{target}");
    assert!(target.contains(" in the network’s own units)"), "{target}");
}

#[tokio::test]
async fn the_share_of_the_pixels_that_are_explained_is_told() {
    let full = result(SAMPLE, "grad-cam").replace("threshold=1.5", "threshold=0");
    let full = TestApp::new().finished(&full).await.texts("#grad-cam").concat();
    assert!(full.contains("82,944 pixels") && full.contains("100.0 %"), "{full}");
}

#[tokio::test]
async fn a_sample_without_observation_has_no_scores() {
    let app = TestApp::new();
    let page = app.finished(&result(UNOBSERVED, "none")).await;
    assert_eq!(
        page.attributes("#forecast .figures figure", "data-figure"),
        ["map-prediction", "map-persistence"]
    );
    assert!(page.texts("#scores")[0].contains("cannot be verified"));
    let csv = app.get(&part(&result(UNOBSERVED, "none"), "scores.csv")).await;
    assert_eq!(csv.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn what_was_not_asked_can_be_added() {
    let page = TestApp::new().finished(&result(SAMPLE, "none")).await;
    let added = page.attributes("section[data-attribution] a.button", "href");
    assert!(added[0].contains("methods=grad-cam&"), "{added:?}");
    let gradients = "methods=integrated-gradients&integrated-gradients.baseline=zero\
                     &integrated-gradients.steps=50&";
    assert!(added[1].contains(gradients), "{added:?}");
    assert!(added[2].contains("methods=saliency&") && added[2].ends_with("#saliency"), "{added:?}");
    assert!(page.texts("#integrated-gradients")[0].contains("It was not computed"));
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
    app.finished(&(address.clone() + "&region=40,60,100,100")).await;
    assert_eq!(app.n_runs(), 1);
    app.finished(&address.replace("threshold=1.5", "threshold=2")).await;
    assert_eq!(app.n_runs(), 1);
}

/// The first one was observed, and no other.
#[tokio::test]
async fn several_lead_times_are_shown_and_chosen() {
    let app = TestApp::with_leads();
    let first = app.finished(&result(SAMPLE, "grad-cam")).await;
    let strips = first.attributes("#forecast figure[data-figure^=strip]", "data-figure");
    assert!(strips.contains(&"strip-prediction".to_owned()), "{strips:?}");
    assert_eq!(first.texts(".switch strong"), ["+30 min"]);
    let others = first.attributes(".switch a", "href");
    assert_eq!(others.len(), 2);
    let last = app.finished(&others[1]).await;
    assert_eq!(last.texts(".switch strong"), ["+90 min"]);
    assert!(last.texts("#grad-cam .target")[0].contains("at +90 min"));
    let names = last.attributes("#forecast .figures figure", "data-figure");
    assert_eq!(names, ["map-prediction@2", "map-persistence@2"], "nothing was observed then");
    assert_ne!(first.texts("h1"), last.texts("h1"));
    assert_eq!(
        last.attributes("#again select[name=lead-time] option[selected]", "selected").len(),
        1
    );
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

/// Back in the browser asks for the page again: nobody has asked for the run.
#[tokio::test]
async fn a_stopped_run_says_so_and_starts_again_by_its_button() {
    let app = TestApp::new();
    let _release = app.hold();
    let address = result(SAMPLE, BOTH);
    let page = app.get(&address).await;
    app.hears("run");
    app.post(&page.attributes(".waiting form", "action")[0], &[]).await;
    app.hears("stopped");
    for _ in 0..2 {
        let back = app.get(&address).await;
        assert_eq!(back.status, StatusCode::CONFLICT);
        assert_eq!(back.texts("h1"), ["Stopped"]);
    }
    assert_eq!(app.n_runs(), 0);
    let back = app.get(&address).await;
    let again = app.post(&back.attributes(".waiting form", "action")[0], &[]).await;
    assert_eq!((again.status, again.header("location")), (StatusCode::SEE_OTHER, address.as_str()));
    assert_eq!(app.finished(&address).await.status, StatusCode::OK);
}

#[tokio::test]
async fn a_run_belongs_to_all_who_wait_for_it() {
    let app = TestApp::new();
    let release = app.hold();
    let address = result(SAMPLE, BOTH);
    let (first, second) = (app.get(&address).await, app.get(&address).await);
    app.hears("run");
    let events = app.open(&first.attributes("[data-events]", "data-events")[0]).await;
    let stop = |page: &Page| page.attributes(".waiting form", "action").remove(0);
    let left = app.post(&stop(&second), &[]).await;
    assert_eq!(left.status, StatusCode::SEE_OTHER, "they are where they asked");
    assert_eq!(app.get(&address).await.status, StatusCode::ACCEPTED, "it goes on for the other");
    release.send(()).unwrap();
    let rest = events.into_body().collect().await.expect("it ends").to_bytes();
    assert!(String::from_utf8_lossy(&rest).contains(r#"data: {"state":"done"}"#));
}

/// Such a page asks for itself again, always as the same viewer.
#[tokio::test]
async fn without_scripts_a_viewer_is_one_viewer_and_ends_at_the_address_of_the_result() {
    let app = TestApp::new();
    let release = app.hold();
    let address = result(SAMPLE, BOTH);
    let mut page = app.get(&address).await;
    app.hears("run");
    for _ in 0..3 {
        let text = page.text();
        let (_, again) = text.split_once("2;url=").expect("it asks again");
        let again = again.split_once('"').expect("it is a value").0.replace("&#38;", "&");
        page = app.get(&again.replace("&amp;", "&")).await;
        assert_eq!(page.status, StatusCode::ACCEPTED);
    }
    let text = page.text();
    let (_, again) = text.split_once("2;url=").expect("it asks again");
    let again = again.split_once('"').expect("it is a value").0.replace("&#38;", "&");
    release.send(()).unwrap();
    let last = app.finished(&again.replace("&amp;", "&")).await;
    assert_eq!((last.status, last.header("location")), (StatusCode::SEE_OTHER, address.as_str()));
    let _release = app.hold();
    let other = app.get(&result(SAMPLE, "grad-cam")).await;
    app.hears("run");
    let stop = other.attributes(".waiting form", "action").remove(0);
    app.post(&stop, &[]).await;
    app.hears("stopped");
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
