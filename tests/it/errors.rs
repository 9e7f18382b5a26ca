//! Bad questions: each with its status, its message and what to do.

use axum::http::StatusCode;

use crate::refusal::check;
use crate::support::{SAMPLE, TestApp, part, result};

#[tokio::test]
async fn unknown_things_list_the_known_ones() {
    let with = |parameter: &str| format!("/v1/result?sample={SAMPLE}&{parameter}");
    check("/nowhere", 404, &["There is no page at /nowhere"]).await;
    check("/samples/knmi-1999", 404, &["knmi-1999", "Choose one of: knmi-20100826T0055", "more"])
        .await;
    check("/models/lstm", 404, &["lstm", "Choose one of: sar-unet"]).await;
    check("/v1/result?sample=knmi-1999", 404, &["no sample called “knmi-1999”"]).await;
    check(&with("model=lstm"), 404, &["Choose one of: sar-unet"]).await;
    check(&with("checkpoint=best"), 404, &["Choose one of: test"]).await;
    check(&with("layers=cbam9"), 422, &["cbam9", "Choose one of: Up_RRCNN2.doubleconv"]).await;
    check(
        &with("methods=lime"),
        422,
        &["Choose one of: grad-cam, integrated-gradients, saliency, none"],
    )
    .await;
    check(&with("palette=rainbow"), 422, &["uniform, steps-be, pysteps"]).await;
    check(&with("overlay=glow"), 422, &["map, published"]).await;
    check("/jobs/0123/events", 404, &["no run called “0123”"]).await;
    check("/static/x/app.php", 404, &["app.css"]).await;
    check(&format!("/samples/{SAMPLE}/frames/12.png"), 404, &["thumbnail.png"]).await;
}

#[tokio::test]
async fn bad_parameters_say_what_is_expected() {
    let with = |parameter: &str| format!("/v1/result?sample={SAMPLE}&{parameter}");
    check("/v1/result", 400, &["The parameter model is missing"]).await;
    check("/v1/result?model=sar-unet", 400, &["The parameter sample is missing"]).await;
    check(&with("threshold=wet"), 400, &["“wet”", "from 0 to 500 mm/h"]).await;
    check(&with("threshold=-1"), 400, &["from 0 to 500 mm/h"]).await;
    check(&with("threshold=NaN"), 400, &["from 0 to 500 mm/h"]).await;
    check(&with("lead-time=45"), 400, &["“45”", "one of the lead times in minutes: 30"]).await;
    check(&with("opacity=2"), 400, &["from 0 to 1"]).await;
    check(&with("region=1,2"), 400, &["“1,2”", "TOP,LEFT,HEIGHT,WIDTH"]).await;
    check(&with("threshold-mmh=2"), 400, &["“threshold-mmh”", "lead-time, threshold"]).await;
    check(&with("model=a&model=b"), 400, &["only once"]).await;
    check("/samples?from=yesterday", 400, &["2010-08-26T05:35"]).await;
    check("/samples?min-wet=101", 400, &["percentage from 0 to 100"]).await;
    check("/samples?page=0", 400, &["page number from 1"]).await;
    check("/samples?observed=maybe", 400, &["yes or no"]).await;
    let known = "Choose one of: field, dataset, event, from, to, min-wet, min-maximum, observed, sort, page";
    check("/samples?colour=red", 400, &[known]).await;
    check("/samples?sort=wet", 422, &["wettest"]).await;
}

/// What a form sends of a method that is not ticked is looked at as well.
#[tokio::test]
async fn bad_options_of_methods_say_what_is_expected() {
    let with = |parameter: &str| format!("/v1/result?sample={SAMPLE}&{parameter}");
    for methods in ["methods=integrated-gradients&", ""] {
        let option = |text: &str| with(&format!("{methods}integrated-gradients.{text}"));
        check(&option("steps=0"), 400, &["integrated-gradients.steps", "from 2 to 1600"]).await;
        check(&option("baseline=white"), 400, &["“white”", "zero, blurred, mean"]).await;
    }
    check(&with("steps=20"), 400, &["“steps”", "integrated-gradients.steps"]).await;
}

fn figure(name: &str, methods: &str, more: &str) -> String {
    part(&result(SAMPLE, methods), &format!("figure/{name}")) + more
}

#[tokio::test]
async fn bad_figures_say_what_there_is() {
    let prediction = |more: &str| figure("map-prediction.svg", "none", more);
    let cam = |layer: &str| format!("map-grad_cam%2F{layer}.svg");
    check(&figure("sunset.svg", "none", ""), 404, &["Choose one of: map-NAME"]).await;
    check(&figure("map-prediction.gif", "none", ""), 404, &["as .svg, .png or .pdf"]).await;
    check(&figure("map-prediction", "none", ""), 404, &["as .svg, .png or .pdf"]).await;
    check(&figure("map-truth.svg", "none", ""), 404, &["truth", "prediction"]).await;
    check(&figure(&cam("cbam9"), "grad-cam", ""), 404, &["cbam9", "grad_cam/cbam3"]).await;
    check(&figure(&cam("cbam3"), "none", ""), 404, &["choose more in its form"]).await;
    check(&figure("map-input@12.svg", "none", ""), 404, &["from 0 to 11"]).await;
    check(&figure("bars-prediction.svg", "none", ""), 404, &["as bars or as a curve"]).await;
    check(&prediction("&width-mm=5"), 400, &["from 40 to 400 mm"]).await;
    check(&figure("map-prediction.png", "none", "&dpi=9999"), 400, &["from 36 to 1200"]).await;
    let large = figure("map-prediction.png", "none", "&dpi=1200&width-mm=400");
    check(&large, 400, &["The parameter dpi is too large", "at most for that width"]).await;
    check(&prediction("&theme=sepia"), 422, &["light, dark"]).await;
    check(&prediction("&colour=red"), 400, &["width-mm"]).await;
    check(&prediction("&region=0,0,999,999"), 404, &["0,0,999,999", "288 × 288"]).await;
    check(&part(&result(SAMPLE, "none"), "all.tar"), 404, &["bundle.zip"]).await;
}

/// An input frame that is not there is beneath no figure, whether the figure has one beneath it or not.
#[tokio::test]
async fn a_frame_that_is_not_there_is_refused() {
    for name in ["map-prediction.svg", "map-grad_cam%2Fcbam3.svg"] {
        check(&figure(name, "grad-cam", "&frame=12"), 400, &["counted from 0"]).await;
    }
}

/// Of a result that is not there yet, of one that is, and of a question that is none.
#[tokio::test]
async fn a_program_follows_a_result_in_json() {
    let app = TestApp::new();
    let json = [("accept", "application/json")];
    let release = app.hold();
    let address = result(SAMPLE, "none");
    let waiting = app.get_with(&address, &json).await;
    assert_eq!(waiting.status, StatusCode::ACCEPTED);
    assert_eq!(waiting.header("content-type"), "application/json");
    assert_eq!((waiting.header("location"), waiting.header("retry-after")), (&*address, "1"));
    let body = waiting.json();
    assert!(["running", "queued"].contains(&body["state"].as_str().unwrap()), "{body}");
    assert_eq!(body["result"], address.as_str());
    let page = app.get_with(&address, &[("accept", "text/html")]).await;
    assert!(page.header("content-type").starts_with("text/html"));
    release.send(()).unwrap();
    app.finished(&address).await;
    let done = app.get_with(&address, &json).await;
    assert_eq!((done.status, done.json()["state"].as_str()), (StatusCode::OK, Some("done")));
    assert_eq!(done.header("vary"), "accept");
    let numbers = done.json()["numbers"].as_str().unwrap().to_owned();
    assert_eq!(app.get(&numbers).await.status, StatusCode::OK);
    let wrong = app.get_with(&format!("{address}&nothing=1"), &json).await;
    assert_eq!((wrong.status.as_u16(), wrong.header("content-type")), (400, "application/json"));
}

/// It learns what happened and what to do, as of every error.
#[tokio::test]
async fn a_program_is_told_that_a_run_was_stopped() {
    let app = TestApp::new();
    let json = [("accept", "application/json")];
    let _release = app.hold();
    let address = result(SAMPLE, "none");
    let page = app.get(&address).await;
    app.hears("run");
    app.post(&page.attributes(".waiting form", "action")[0], &[]).await;
    app.hears("stopped");
    let stopped = app.get_with(&address, &json).await;
    let body = stopped.json();
    assert_eq!((stopped.status, &body["state"]), (StatusCode::CONFLICT, &"stopped".into()));
    assert!(body["remedy"].as_str().unwrap().contains("POST"), "{body}");
    assert_eq!(body["status"], 409);
    app.post(body["result"].as_str().unwrap(), &[]).await;
    assert_eq!(app.get_with(&address, &json).await.status, StatusCode::ACCEPTED);
}

#[tokio::test]
async fn a_program_gets_json() {
    let app = TestApp::new();
    for accept in ["application/json", "*/*", "image/svg+xml,image/*"] {
        let page = app.get_with("/models/lstm", &[("accept", accept)]).await;
        assert_eq!(page.status, StatusCode::NOT_FOUND);
        assert_eq!(page.header("content-type"), "application/json", "{accept}");
        let body = page.json();
        assert_eq!(body["status"], 404);
        assert_eq!(body["title"], "Unknown model");
        assert_eq!(body["remedy"], "Choose one of: sar-unet, polar-low");
        assert_eq!(body["back"]["href"], "/models");
    }
}

#[tokio::test]
async fn a_wrong_method_says_the_right_one() {
    let page = TestApp::new().post("/samples", &[]).await;
    assert_eq!(page.status, StatusCode::METHOD_NOT_ALLOWED);
    assert_eq!(page.header("allow"), "GET,HEAD");
    assert!(page.text().contains("/samples does not answer POST"));
}

#[tokio::test]
async fn other_sites_cannot_press_buttons() {
    let app = TestApp::new();
    for header in [("sec-fetch-site", "cross-site"), ("origin", "https://example.org")] {
        let page = app.post("/jobs/0123/cancel", &[header]).await;
        assert_eq!(page.status, StatusCode::FORBIDDEN);
        assert!(page.text().contains("came from another site"));
    }
}

#[tokio::test]
async fn broken_addresses_are_refused_like_all_others() {
    let app = TestApp::new();
    let page = app.get("/samples/%ff%fe").await;
    assert_eq!(page.status, StatusCode::BAD_REQUEST);
    assert_eq!(page.count(".error h1"), 1);
    let scary = "/samples/%3Cscript%3Ealert(1)%3C%2Fscript%3E";
    let page = app.get(scary).await;
    assert_eq!(page.status, StatusCode::NOT_FOUND);
    assert_eq!(page.count("script:not([src])"), 0, "a name is text, never markup");
}

#[tokio::test]
async fn a_broken_frame_is_named_and_the_rest_is_served() {
    let data = tempfile::tempdir().unwrap();
    let archive = data.path().join("knmi");
    std::fs::create_dir(&archive).unwrap();
    for minute in (0..60).step_by(5) {
        let name = format!("RAD_NL25_RAP_5min_2010082600{minute:02}.h5");
        let source = crate::support::data().join("knmi").join(&name);
        let bytes = std::fs::read(source).unwrap();
        // The last one ends in the middle.
        let end = if minute == 55 { bytes.len() / 2 } else { bytes.len() };
        std::fs::write(archive.join(name), &bytes[..end]).unwrap();
    }
    let app = TestApp::over(data.path());
    let list = app.get("/samples").await;
    assert_eq!(list.texts(".warning"), ["Cannot be read"]);
    let sample = app.get("/samples/knmi-20100826T0055").await;
    assert_eq!(sample.status, StatusCode::OK);
    let good = app.get("/samples/knmi-20100826T0055/frames/3.png").await;
    assert_eq!(good.status, StatusCode::OK);
    for file in ["frames/11.png", "frames/thumbnail.png", "animation.png"] {
        let page = app.get(&format!("/samples/knmi-20100826T0055/{file}")).await;
        assert_eq!(page.status, StatusCode::INTERNAL_SERVER_ERROR, "{file}");
        let text = page.texts(".error").concat();
        assert!(text.contains("RAD_NL25_RAP_5min_201008260055.h5"), "{text}");
        assert!(text.contains("Choose another sample"), "{text}");
    }
}
