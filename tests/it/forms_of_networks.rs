//! Forms of pages that only real networks have, pressed as those of others in `forms`.

use std::fs;
use std::path::Path;

use axum::http::StatusCode;

use crate::browser::{real_state, state_of};
use crate::field_files::Draft;
use crate::forms::{follow, press};
use crate::support::{FORM, TestApp, form};

const DAY: &str = "2008-04-08";

fn app() -> TestApp {
    let around = tempfile::tempdir().expect("there is room");
    let state = real_state(&around.path().join("cache")).expect("weights are in the repository");
    TestApp::of(state, around)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_form_of_rain_that_is_refined_leads_somewhere() {
    let app = app();
    let rain = "mrms-20160922T1100";
    assert!(press(&app, &format!("/rain/{rain}")).await > 10);
    // What no whole tile covers is said before anything is computed.
    let said = app.get(&format!("/rain/{rain}")).await.texts("[data-left-out]");
    assert!(said[0].contains("With this domain: refined is"), "{said:?}");
    assert!(said[0].contains("the eastern 1° of the domain"), "{said:?}");
    let one_tile = format!("/v1/result?rain={rain}&domain=-115,37,-113,39&methods=none");
    assert!(press(&app, &format!("{one_tile}&ensemble=epochs&above-mm=0.1&exceed=5")).await > 20);
    // Where nothing is explained, no target is looked at.
    for target in ["tile:99", "node:60,-112", "box:-116,38,-112,40&conservation=coarse"] {
        let (_, page) = follow(&app, &format!("{one_tile}&target={target}")).await;
        assert_eq!(page.status, StatusCode::OK, "{target}: {}", page.text());
    }
    let dropout = format!("{one_tile}&ensemble=dropout&members=2&target=wettest");
    assert!(press(&app, &dropout).await > 20);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_form_of_a_probability_of_rain_leads_somewhere() {
    let app = app();
    assert_eq!(press(&app, "/probability?month=2008-04").await, 3, "the first and the last month");
    assert!(press(&app, &format!("/probability/iberia-{DAY}")).await > 10);
    let asked = format!("/v1/result?fields=iberia-{DAY}&model=sslpdl&methods=none");
    assert!(press(&app, &asked).await > 20);
    let more = "masks=2&mask-percent=50&hide=Q850&points=all&event=heavy&place=box:-6,38,-2,41";
    assert!(press(&app, &format!("{asked}&{more}")).await > 20);
    let more = "points=node:41.3,2.1&output=logit&place=node:41.3,2.1";
    assert!(press(&app, &format!("{asked}&{more}")).await > 20);
}

/// With one more set of weights for probabilities, so that they can be changed where files were recognised.
fn with_two_weights() -> TestApp {
    let around = tempfile::tempdir().expect("there is room");
    let from = Path::new(env!("CARGO_MANIFEST_DIR")).join("checkpoints/sslpdl/iberia-narrow");
    for name in ["iberia-narrow", "the-same"] {
        let folder = around.path().join("checkpoints/sslpdl").join(name);
        fs::create_dir_all(&folder).expect("a folder");
        for file in fs::read_dir(&from).expect("it can be listed").flatten() {
            fs::copy(file.path(), folder.join(file.file_name())).expect("it can be copied");
        }
    }
    let state = state_of(&around.path().join("cache"), &around.path().join("checkpoints"));
    TestApp::of(state.expect("there are weights"), around)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_form_of_fields_that_were_brought_leads_somewhere() {
    let app = with_two_weights();
    let body = form("files", &[("day.nc", &Draft::of_days(&[DAY]).bytes())]);
    let sent = app.send_body("/probability", FORM, "text/html", body).await;
    let page = sent.header("location").to_owned();
    let text = app.get(&page).await;
    assert!(text.count("form:not([action]) select[name=weights] option") > 1, "{}", text.text());
    assert!(press(&app, &page).await > 10);
}

/// The patches, the random mask, and forecasts behind masks.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_form_of_a_mask_leads_somewhere() {
    let app = app();
    let asked = "/v1/result?sample=radklim-20180516T1200&model=spat-spark&methods=none";
    let page = format!("{asked}&checkpoint=narrow-germany-2018&lead-time=30&last-lead-time=45");
    assert!(press(&app, &page).await > 10);
    let masked = format!("{asked}&checkpoint=narrow-germany-2018&hide=3&hide-percent=20&masks=2");
    assert!(press(&app, &format!("{masked}&hide-seed=7&statistics=whole")).await > 10);
    let rebuilt = format!("{asked}&checkpoint=pre-germany-2018&hide-percent=30");
    assert!(press(&app, &rebuilt).await > 10);
}

/// The ratio of cost to loss, and whatever else stands on the page of a network.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_form_of_a_network_leads_somewhere() {
    let app = app();
    let mut n = 0;
    for model in app.get("/models").await.attributes("main a[href^='/models/']", "href") {
        n += press(&app, &model).await;
    }
    assert!(n >= 3, "{n}");
}
