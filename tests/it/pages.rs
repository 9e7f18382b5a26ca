//! Home, samples, models, about.

use axum::http::StatusCode;

use crate::support::{SAMPLE, TestApp, UNOBSERVED};

#[tokio::test]
async fn home_leads_to_samples_and_networks() {
    let home = TestApp::new().get("/").await;
    assert_eq!(home.status, StatusCode::OK);
    assert_eq!(home.count("h1"), 1);
    assert_eq!(home.count("#try-samples .card"), 6);
    assert_eq!(home.attributes(".panels h3 a", "href"), ["/models/sar-unet", "/models/polar-low"]);
}

/// The licences ask for it wherever the data are shown.
#[tokio::test]
async fn the_foot_of_a_page_credits_the_data_of_every_task() {
    let app = TestApp::new();
    for address in ["/", "/samples", "/scenes", "/nowhere"] {
        let foot = app.get(address).await.texts("footer").concat();
        let sentinel = "Scenes: contain modified Copernicus Sentinel data";
        for credit in [
            "Radar data: KNMI, Deutscher Wetterdienst",
            "MeteoSwiss",
            "CloudCast, from EUMETSAT data",
            sentinel,
        ] {
            assert!(foot.contains(credit), "{address}: {foot}");
        }
    }
}

#[tokio::test]
async fn every_page_has_landmarks_a_skip_link_and_nothing_inline() {
    let app = TestApp::new();
    for address in ["/", "/samples", &format!("/samples/{SAMPLE}"), "/models", "/about", "/nowhere"]
    {
        let page = app.get(address).await;
        for landmark in ["html[lang=en]", "header nav[aria-label]", "main#content", "footer", "h1"]
        {
            assert_eq!(page.count(landmark), 1, "{landmark} of {address}");
        }
        assert_eq!(page.attributes("a.skip", "href"), ["#content"]);
        assert_eq!(page.count("[style], style, script:not([src]), [onclick]"), 0, "{address}");
        assert_eq!(
            page.count("img:not([alt]), img:not([width]), img:not([height])"),
            0,
            "{address}"
        );
        assert_eq!(page.repeated_ids(), [""; 0], "{address}");
        assert!(page.texts("footer .device")[0].contains("CPU (scripted)"), "{address}");
    }
}

async fn found(app: &TestApp, query: &str) -> String {
    let page = app.get(&format!("/samples?{query}")).await;
    assert_eq!(page.status, StatusCode::OK, "{query}");
    page.texts(".count")[0].clone()
}

#[tokio::test]
async fn samples_are_filtered_and_paged() {
    let app = TestApp::new();
    assert_eq!(found(&app, "").await, "4,166 of 4,166 samples, page 1 of 174");
    assert_eq!(found(&app, "field=precipitation").await, "4,153 of 4,166 samples, page 1 of 174");
    assert_eq!(found(&app, "field=cloud-cover").await, "13 of 4,166 samples");
    let rain = "field=precipitation&observed=yes";
    assert_eq!(found(&app, rain).await, "4,003 of 4,166 samples, page 1 of 167");
    assert_eq!(found(&app, "field=cloud-cover&observed=yes").await, "7 of 4,166 samples");
    assert_eq!(
        found(&app, "from=2010-08-26T05:00&to=2010-08-26T05:35").await,
        "8 of 4,166 samples"
    );
    assert_eq!(found(&app, "min-wet=100").await, "0 of 4,166 samples");
    assert_eq!(found(&app, "from=&to=&min-wet=").await, "4,166 of 4,166 samples, page 1 of 174");
    let last = app.get(&format!("/samples?{rain}&page=167")).await;
    assert_eq!(last.count(".card"), 19);
    assert_eq!(last.attributes("a[rel=prev]", "href"), [format!("/samples?{rain}&page=166")]);
    assert_eq!(last.count("a[rel=next]"), 0);
}

#[tokio::test]
async fn whose_data_are_real_is_said_of_each_source() {
    let page = TestApp::new().get("/about").await;
    assert!(
        page.texts(".lead")[0].contains("the probability of rain"),
        "{:?}",
        page.texts(".lead")
    );
    let real = page.texts("article ul")[0].clone();
    let radar =
        ["KNMI", "Deutscher Wetterdienst", "MeteoSwiss", "Finnish Meteorological Institute"];
    for source in radar.iter().chain(&["CloudCast", "MRMS", "NCEP/NCAR", "four gauges"]) {
        assert!(real.contains(source), "{source} in {real}");
    }
}

/// In all lists the same: what is possible, and the way to the last page.
#[tokio::test]
async fn a_page_beyond_the_last_one_leads_to_that() {
    let app = TestApp::new();
    let rain = "/samples?field=precipitation&observed=yes";
    for (address, last) in [("/samples?", 174), (&format!("{rain}&"), 167), ("/rain?", 3)] {
        let there = app.get(&format!("{address}page={last}")).await;
        assert_eq!(there.status, StatusCode::OK, "{address}");
        let beyond = app.get(&format!("{address}page={}", last + 1)).await;
        assert_eq!(beyond.status, StatusCode::BAD_REQUEST, "{address}");
        let said = beyond.texts(".error").concat();
        assert!(said.contains(&format!("a page number from 1 to {last}")), "{said}");
        let ways = beyond.attributes(".error a.button", "href");
        assert_eq!(ways, [format!("{address}page={last}")], "{said}");
    }
}

#[tokio::test]
async fn an_empty_filter_result_says_what_to_do() {
    let page = TestApp::new().get("/samples?min-wet=100").await;
    assert!(page.texts(".notice")[0].contains("widen the time range"));
    assert_eq!(page.attributes("input[name=min-wet]", "value"), ["100"]);
}

#[tokio::test]
async fn a_sample_shows_its_frames_and_asks() {
    let page = TestApp::new().get(&format!("/samples/{SAMPLE}")).await;
    assert_eq!(page.texts("h1"), ["Until 26 August 2010, 05:35 UTC"]);
    assert!(page.texts(".lead")[0].starts_with("60 minutes of rain, a frame every 5 minutes"));
    assert_eq!(page.count(".strip li"), 12);
    assert_eq!(page.texts(".strip li span")[0], "04:40");
    assert_eq!(page.attributes("form", "action"), ["/v1/result"]);
    assert_eq!(page.attributes("input[name=sample]", "value"), [SAMPLE]);
    assert_eq!(page.attributes("input[name=threshold]", "value"), ["1.5"]);
    let methods = page.attributes("input[type=checkbox][name=methods]", "value");
    assert_eq!(methods, ["grad-cam", "integrated-gradients", "saliency"]);
    assert_eq!(page.attributes("input[name=methods][checked]", "value"), ["grad-cam"]);
    assert_eq!(page.count("select[name='integrated-gradients.steps'] option[selected]"), 1);
    assert_eq!(page.texts(".layers legend"), ["Decoder", "Encoder"]);
    assert_eq!(page.count("input[name=layers][checked]"), 2);
}

#[tokio::test]
async fn a_sample_without_observation_says_so() {
    let page = TestApp::new().get(&format!("/samples/{UNOBSERVED}")).await;
    assert!(page.texts(".notice")[0].contains("not verified"));
}

#[tokio::test]
async fn a_sample_of_clouds_shows_its_own_frames() {
    let app = TestApp::new();
    let page = app.get("/samples/cloudcast-20180701T0600").await;
    assert_eq!(page.texts("h1"), ["Until 1 July 2018, 06:00 UTC"]);
    assert!(page.texts(".lead")[0].starts_with("45 minutes of clouds, a frame every 15 minutes"));
    assert_eq!(page.texts(".strip li span"), ["05:15", "05:30", "05:45", "06:00"]);
    assert_eq!(page.count(".legend"), 0, "clouds are there or not");
    let notice = page.texts(".question .notice").concat();
    assert!(notice.contains("No network here has weights for cloud cover"), "{notice}");
    for address in page.attributes("img", "src") {
        assert_eq!(app.get(&address).await.status, StatusCode::OK, "{address}");
    }
}

#[tokio::test]
async fn frames_are_pictures_that_move() {
    let app = TestApp::new();
    for file in
        ["frames/thumbnail.png", "frames/0.png", "frames/11.png?theme=dark", "animation.png"]
    {
        let picture = app.get(&format!("/samples/{SAMPLE}/{file}")).await;
        assert_eq!(picture.header("content-type"), "image/png", "{file}");
        let image = image::load_from_memory(&picture.body).expect("it is a picture");
        assert_eq!((image.width(), image.height()), (288, 288), "{file}");
        let moves = picture.body.windows(4).any(|chunk| chunk == b"acTL");
        assert_eq!(moves, file == "animation.png", "{file}");
    }
}

#[tokio::test]
async fn a_model_shows_layers_weights_and_what_to_cite() {
    let app = TestApp::new();
    let page = app.get("/models/sar-unet").await;
    assert_eq!(page.status, StatusCode::OK);
    assert_eq!(page.count("#layers ~ .scroll tbody tr"), 4);
    assert!(page.texts("article .pairs dd").contains(&"1,234,567".to_owned()));
    assert!(page.texts("code.hash")[0].starts_with("abab"));
    assert!(page.texts("pre")[0].contains("@article{someone2026"));
    let models = app.get("/models").await;
    assert!(models.texts(".panel h2")[0].contains("SAR-UNet"));
    let methods = models.texts("section[aria-labelledby=methods] h3");
    assert_eq!(methods, ["Grad-CAM", "Integrated gradients", "Saliency"]);
}

#[tokio::test]
async fn the_program_says_whether_it_lives_and_what_it_computes_on() {
    let app = TestApp::new();
    assert_eq!(app.get("/healthz").await.text(), "ok\n");
    // The worker is built in the background; the first answer waits for it.
    app.finished(&crate::support::result(SAMPLE, "none")).await;
    let ready = app.get("/readyz").await;
    assert_eq!(ready.status, StatusCode::OK);
    let body = ready.json();
    assert_eq!(body["ready"], true);
    assert_eq!(body["device"]["kind"], "cpu");
    assert_eq!(body["device"]["reason"], "no GPU was found");
}

/// Whoever follows a link that was passed on sees the page that was meant.
#[tokio::test]
async fn what_services_append_to_links_is_passed_over() {
    let app = TestApp::new();
    let result = crate::support::result(SAMPLE, "none");
    app.finished(&result).await;
    let appended = "fbclid=IwAR0x&utm_source=mail&gclid=1&mc_cid=2";
    for page in [result.as_str(), "/samples", "/v1/compare?sample=knmi-20100826T0535", "/"] {
        let plain = app.get(page).await;
        let join = if page.contains('?') { '&' } else { '?' };
        let followed = app.get(&format!("{page}{join}{appended}")).await;
        assert_eq!(followed.status, plain.status, "{page}: {}", followed.text());
    }
    let misspelt = app.get(&format!("{result}&fbcild=1")).await;
    assert_eq!(misspelt.status, StatusCode::BAD_REQUEST, "{}", misspelt.text());
}
