//! Networks, weights and persistence side by side on one sample.

use axum::http::StatusCode;
use stormlens_data::card::CheckpointCard;

use crate::refusal::check_of;
use crate::support::{Page, SAMPLE, Script, TestApp, UNOBSERVED, checkpoint};

/// With weights of these names.
fn app(names: &[&str]) -> TestApp {
    let card = |name: &&str| CheckpointCard { name: (*name).to_owned(), ..checkpoint() };
    TestApp::set_up(|setup| setup.forecasters = names.iter().map(card).collect())
}

const BOTH: [&str; 2] = ["test", "other"];

/// The full address, as the server writes it.
fn compare(sample: &str, names: &[&str]) -> String {
    let names: Vec<_> = names.iter().map(|name| format!("sar-unet%2F{name}")).collect();
    let names = names.join(",");
    format!("/v1/compare?sample={sample}&networks={names}&lead-time=30&threshold=1.5")
}

#[tokio::test]
async fn an_address_with_gaps_leads_to_the_full_one() {
    let app = app(&BOTH);
    let all = compare(SAMPLE, &BOTH);
    for (more, full) in [
        ("", all.clone()),
        ("&networks=sar-unet/other&networks=sar-unet/test", all.clone()),
        ("&threshold=1.5&lead-time=30", all.clone()),
        ("&networks=sar-unet/other", compare(SAMPLE, &["other"])),
        ("&threshold=2", all.replace("threshold=1.5", "threshold=2")),
    ] {
        let page = app.get(&format!("/v1/compare?sample={SAMPLE}{more}")).await;
        assert_eq!(page.status, StatusCode::SEE_OTHER, "{more}");
        assert_eq!(page.header("location"), full, "{more}");
    }
    let page = app.finished(&all).await;
    assert_eq!(page.status, StatusCode::OK);
    let again = app.get(&all).await;
    assert!(again.body == page.body, "the address stays");
}

fn rows(page: &Page) -> Vec<String> {
    page.texts("table#scores tbody th .name")
}

#[tokio::test]
async fn every_network_and_persistence_have_a_row_and_maps() {
    let app = app(&BOTH);
    let page = app.finished(&compare(SAMPLE, &BOTH)).await;
    let expected =
        ["SAR-UNet, precipitation (test)", "SAR-UNet, precipitation (other)", "Persistence"];
    assert_eq!(rows(&page), expected);
    assert_eq!(page.texts("#maps h3"), expected);
    let names = page.attributes("#maps figure", "data-figure");
    let forecast = ["map-prediction", "difference-prediction,observation"];
    let persistence = ["map-persistence", "difference-persistence,observation"];
    let all = [&["map-observation"][..], &forecast, &forecast, &persistence].concat();
    assert_eq!(names, all);
    for address in page.attributes("#maps img", "src") {
        assert_eq!(app.get(&address).await.status, StatusCode::OK, "{address}");
    }
    let columns = page.count("table#scores thead abbr[title]");
    assert!(columns >= 5, "{columns}");
    assert_eq!(page.count("table#scores tbody td"), 3 * columns);
    assert!(page.count("table#scores td.better") >= columns - 1, "the best of each column");
    assert_eq!(page.count("table#scores td.better .hide"), page.count("table#scores td.better"));
    assert_eq!(app.n_runs(), 2, "each is computed once");
    // Two errors that look alike are told apart.
    let said = page.texts("#errors");
    assert!(said[0].contains("in mm/h, 30 minutes ahead, over all pixels"), "{said:?}");
}

/// The table of the page for programs: a line a forecast, with all scores and what the weights have seen.
#[tokio::test]
async fn the_scores_are_had_as_files() {
    let app = app(&BOTH);
    let address = compare(SAMPLE, &BOTH);
    let page = app.finished(&address).await;
    let links = page.attributes("p.files a", "href");
    let file = |ending: &str| address.replace("/v1/compare?", &format!("/v1/compare.{ending}?"));
    assert_eq!(links, [file("csv"), file("json")]);
    let csv = app.get(&file("csv")).await;
    assert_eq!(
        (csv.status, csv.header("content-type")),
        (StatusCode::OK, "text/csv; charset=utf-8")
    );
    let text = csv.text();
    let lines: Vec<&str> = text.lines().collect();
    assert!(lines[0].starts_with("forecast,lead_time_min,threshold_mm_h,hits,"), "{text}");
    assert!(lines[0].ends_with(",split"), "{text}");
    for (line, name) in lines[1..].iter().zip(["sar-unet/test", "sar-unet/other", "persistence"]) {
        assert!(line.starts_with(&format!("{name},30,1.5,")), "{line}");
    }
    assert_eq!(lines.len(), 4, "{text}");
    let json = app.get(&file("json")).await.text();
    let said: serde_json::Value = serde_json::from_str(&json).expect("it is JSON");
    assert_eq!(said["rows"][1]["forecast"], "sar-unet/other");
    assert!(said["rows"][2]["split"].is_null() && said["rows"][0]["hits"].is_u64(), "{json}");
    let unobserved = file("csv").replace(SAMPLE, UNOBSERVED);
    check_of(&app, &unobserved, 404, &["nothing was observed at this lead time"]).await;
}

/// More networks than one visitor may have waiting: the page fills as there is room.
#[tokio::test]
async fn all_networks_are_compared_however_little_room_there_is() {
    let names = ["a", "b", "c", "d", "e", "f", "g", "h", "i"];
    let card = |name: &&str| CheckpointCard { name: (*name).to_owned(), ..checkpoint() };
    let app = TestApp::set_up(|setup| {
        setup.forecasters = names.iter().map(card).collect();
        setup.options.queue_depth = 2;
    });
    let all = app.get(&format!("/v1/compare?sample={SAMPLE}")).await.header("location").to_owned();
    let page = app.finished(&all).await;
    assert_eq!(page.status, StatusCode::OK, "{}", page.text());
    assert_eq!(rows(&page).len(), names.len() + 1);
    assert_eq!(page.count("input[name=networks][checked]"), names.len());
}

/// What a look at a part of a map writes into the address of whichever page it stands on.
#[tokio::test]
async fn every_page_with_values_under_a_pointer_takes_a_part_of_its_maps() {
    let app = app(&BOTH);
    let result = format!("/v1/result?sample={SAMPLE}&methods=grad-cam");
    let home = app.get("/scenes").await;
    let scene = home.attributes(".card a", "href").remove(0);
    for address in [compare(SAMPLE, &BOTH), result, scene] {
        let first = app.get(&address).await;
        let full = match first.status {
            StatusCode::SEE_OTHER => first.header("location").to_owned(),
            _ => address,
        };
        let whole = app.finished(&full).await;
        assert!(whole.count("figure[data-head]") > 0, "{full}");
        let part = "16,32,64,80";
        let page = app.finished(&format!("{full}&region={part}")).await;
        assert_eq!(page.status, StatusCode::OK, "{full}");
        let shown = page.attributes("figure[data-head]", "data-region");
        assert_eq!(shown, vec![part; shown.len()], "{full}");
        assert_eq!(page.attributes("input[type=text][name=region]", "value")[0], part, "{full}");
        let figure = page.attributes("figure[data-head] img", "src").remove(0);
        assert!(figure.contains("region=16,32,64,80&"), "{figure}");
        assert_eq!(app.get(&figure).await.status, StatusCode::OK, "{figure}");
    }
    let app = self::app(&BOTH);
    app.finished(&compare(SAMPLE, &BOTH)).await;
    let beyond = format!("{}&region=5000,0,9,9", compare(SAMPLE, &BOTH));
    check_of(&app, &beyond, 400, &["region cannot be taken"]).await;
}

#[tokio::test]
async fn a_row_leads_to_the_result_that_it_is_of() {
    let app = app(&BOTH);
    let page = app.finished(&compare(SAMPLE, &BOTH)).await;
    let links = page.attributes("table#scores tbody th a", "href");
    assert_eq!(links.len(), 2);
    for (link, name) in links.iter().zip(BOTH) {
        assert!(link.contains(&format!("checkpoint={name}&")), "{link}");
        let result = app.get(link).await;
        assert_eq!(result.status, StatusCode::OK, "it is there already");
        let back = result.attributes("#scores a[href^='/v1/compare']", "href");
        assert_eq!(back, [format!("/v1/compare?sample={SAMPLE}")]);
    }
    assert_eq!(app.n_runs(), 2);
    let sample = app.get(&format!("/samples/{SAMPLE}")).await;
    assert_eq!(sample.count(&format!("a[href='/v1/compare?sample={SAMPLE}']")), 1);
}

#[tokio::test]
async fn waiting_is_shown_and_asks_again_by_itself() {
    let app = app(&BOTH);
    let release = app.hold();
    let address = compare(SAMPLE, &BOTH);
    let page = app.get(&address).await;
    assert_eq!(page.status, StatusCode::ACCEPTED);
    assert_eq!(page.header("cache-control"), "no-store");
    assert!(page.texts(".count[data-filling]")[0].starts_with("Computing: 2 not ready yet"));
    assert!(page.text().contains(r#"<noscript><meta http-equiv="refresh""#));
    release.send(()).unwrap();
    let page = app.finished(&address).await;
    assert_eq!(page.texts(".count"), ["All results are ready"]);
    assert_eq!(page.count("[data-filling]"), 0);
    assert!(!page.text().contains(r#"http-equiv="refresh""#));
}

#[tokio::test]
async fn what_is_known_is_shown_before_the_rest() {
    let app = app(&BOTH);
    app.finished(&compare(SAMPLE, &["other"])).await;
    let release = app.hold();
    let page = app.get(&compare(SAMPLE, &BOTH)).await;
    assert_eq!(page.status, StatusCode::ACCEPTED);
    assert_eq!(rows(&page), ["SAR-UNet, precipitation (other)", "Persistence"]);
    release.send(()).unwrap();
    assert_eq!(rows(&app.finished(&compare(SAMPLE, &BOTH)).await).len(), 3);
}

#[tokio::test]
async fn a_network_that_fails_does_not_stop_the_others() {
    let app = app(&BOTH);
    app.script(Script::Refuse);
    let page = app.finished(&compare(SAMPLE, &BOTH)).await;
    assert_eq!(page.status, StatusCode::OK);
    let notice = page.texts(".notice").concat();
    assert!(
        notice.contains("sar-unet/test") && notice.contains("the sample is all missing"),
        "{notice}"
    );
    assert_eq!(rows(&page), ["SAR-UNet, precipitation (other)", "Persistence"]);
    let again = app.finished(&compare(SAMPLE, &BOTH)).await;
    assert_eq!(
        (rows(&again).len(), again.count(".notice")),
        (3, 0),
        "tried again at the next visit"
    );
}

#[tokio::test]
async fn without_an_observation_there_are_maps_and_no_scores() {
    let app = app(&BOTH);
    let page = app.finished(&compare(UNOBSERVED, &BOTH)).await;
    assert_eq!(page.count("table#scores"), 0);
    assert!(page.texts(".notice")[0].contains("no observation at this lead time"));
    let names = page.attributes("#maps figure", "data-figure");
    assert_eq!(names, ["map-prediction", "map-prediction", "map-persistence"]);
}

#[tokio::test]
async fn bad_questions_are_said_with_a_way_out() {
    let names = ["a", "b", "c", "d", "e", "f", "g", "h", "i", "j", "k", "l", "m"];
    let app = app(&names);
    let with = |more: &str| format!("/v1/compare?sample={SAMPLE}&{more}");
    check_of(&app, "/v1/compare", 400, &["The parameter sample is missing"]).await;
    check_of(&app, "/v1/compare?sample=knmi-1999", 404, &["no sample called “knmi-1999”"]).await;
    check_of(
        &app,
        &with("networks=lstm"),
        422,
        &["no network called “lstm”", "Choose one of: sar-unet/a, "],
    )
    .await;
    check_of(&app, &with("networks=sar-unet/..%2F..%2Fetc"), 422, &["Choose one of: sar-unet/a"])
        .await;
    let all = names.map(|name| format!("sar-unet/{name}")).join(",");
    let all = with(&format!("networks={all}"));
    check_of(&app, &all, 400, &["names 13 of them, but 12 at most"]).await;
    check_of(&app, &with("lead-time=45"), 400, &["one of the lead times in minutes: 30"]).await;
    check_of(&app, &with("threshold=wet"), 400, &["“wet”"]).await;
    check_of(&app, &with("methods=grad-cam"), 400, &["Choose one of: sample, networks, lead-time"])
        .await;
    let clouds = "/v1/compare?sample=cloudcast-20180701T0600";
    check_of(&app, clouds, 400, &["no network here has weights for cloud cover"]).await;
    let some = app.get(&format!("/v1/compare?sample={SAMPLE}")).await;
    assert_eq!(some.header("location"), compare(SAMPLE, &names[..12]), "the first ones");
}

#[tokio::test]
async fn the_page_has_landmarks_and_names_for_its_fields() {
    let page = app(&BOTH).finished(&compare(SAMPLE, &BOTH)).await;
    for landmark in ["html[lang=en]", "header nav[aria-label]", "main#content", "footer", "h1"] {
        assert_eq!(page.count(landmark), 1, "{landmark}");
    }
    assert_eq!(page.count("[style], style, script:not([src]), [onclick]"), 0);
    assert_eq!(page.count("img:not([alt]), img:not([width]), img:not([height])"), 0);
    let fields = page.count("select, input:not([type=hidden])");
    assert_eq!(fields, page.count("label select, label input:not([type=hidden])"));
    assert_eq!(page.repeated_ids(), [""; 0]);
}
