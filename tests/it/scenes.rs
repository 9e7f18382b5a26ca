//! Scenes: the page that asks, the page of a result, and the table of several.

use axum::http::StatusCode;
use stormlens_data::scene::SceneArchive;

use crate::refusal::check;
use crate::support::{Page, Script, TestApp, data, part};

/// The ids of the sample scenes, in their order.
fn samples() -> Vec<String> {
    let open = |folder| SceneArchive::open(&data().join(folder)).expect("there are samples");
    let scenes = ["sentinel1", "sentinel1-simulated"].into_iter().flat_map(|f| open(f).scenes);
    scenes.map(|scene| scene.id).collect()
}

/// The measured ones.
pub fn three() -> Vec<String> {
    samples()[..3].to_vec()
}

/// The full address of a result, as the server writes it.
fn result(more: &str) -> String {
    let mut address = format!(
        "/v1/result?model=polar-low&checkpoint=scripted&scene={}&resampling=nearest&fit=stretch\
         &class=pos&output=probability&methods=grad-cam&layers=activation_14&overlay=map\
         &interpolation=cells&opacity=0.7&evidence=uniform&polarity=positive&above=99&below=0\
         &cleanup=no&outline=no",
        samples()[0]
    );
    for change in more.split('&').filter(|change| !change.is_empty()) {
        let (name, value) = change.split_once('=').expect("it is a parameter");
        let start = address.find(&format!("&{name}=")).expect("it is one of the names") + 1;
        let end = address[start..].find('&').map_or(address.len(), |n| start + n);
        address.replace_range(start..end, &format!("{name}={value}"));
    }
    address
}

/// The same with gaps.
fn with(more: &str) -> String {
    format!("/v1/result?scene={}&{more}", samples()[0])
}

const BOTH: &str = "methods=grad-cam,integrated-gradients";

/// The result with integrated gradients, whatever the server adds to its address.
async fn explained(app: &TestApp, more: &str) -> Page {
    let page = app.get(&with(&format!("{BOTH}&{more}"))).await;
    assert_eq!(page.status, StatusCode::SEE_OTHER, "{}", page.text());
    app.finished(page.header("location")).await
}

#[tokio::test]
async fn the_page_of_scenes_asks_and_offers_samples() {
    let app = TestApp::new();
    let page = app.get("/scenes").await;
    assert_eq!(page.status, StatusCode::OK);
    assert_eq!(page.texts("header a[aria-current]"), ["Scenes"]);
    assert_eq!(page.attributes(".drop", "enctype"), ["multipart/form-data"]);
    assert_eq!(page.count(".drop label input[type=file][name=files][multiple][accept]"), 1);
    assert_eq!(page.count(".card"), samples().len());
    assert!(page.texts(".card")[0].contains("Contains modified Copernicus Sentinel data 2019"));
    for (href, id) in page.attributes(".card a", "href").iter().zip(samples()) {
        assert!(href.starts_with("/v1/result?model=polar-low&"), "{href}");
        assert!(href.contains(&format!("&scene={id}&")), "{href}");
        assert_eq!(app.finished(href).await.status, StatusCode::OK);
    }
    for thumbnail in page.attributes(".card img", "src") {
        let picture = app.get(&thumbnail).await;
        assert_eq!(picture.header("content-type"), "image/jpeg");
        assert!(image::load_from_memory(&picture.body).unwrap().width() <= 320);
    }
}

#[tokio::test]
async fn home_offers_all_jobs() {
    let home = TestApp::new().get("/").await;
    let jobs = home.attributes(".jobs h2 a", "href");
    assert_eq!(jobs, ["/samples", "/scenes", "/rain", "/probability"]);
    assert_eq!(home.count(".drop input[type=file]"), 1);
}

#[tokio::test]
async fn an_address_with_gaps_leads_to_the_full_one() {
    let app = TestApp::new();
    for more in ["", "methods=none&methods=grad-cam"] {
        let page = app.get(&with(more)).await;
        assert_eq!(page.status, StatusCode::SEE_OTHER);
        assert_eq!(page.header("location"), result(""));
    }
    assert_eq!(app.finished(&result("")).await.status, StatusCode::OK);
}

#[tokio::test]
async fn a_result_shows_the_answer_and_both_explanations() {
    let app = TestApp::new();
    let page = explained(&app, "").await;
    assert_eq!(page.status, StatusCode::OK);
    let reading = page.texts(".answer").concat();
    assert!(reading.starts_with("The network’s probability of a polar low is "), "{reading}");
    assert_eq!(page.texts(".classes tbody th"), ["polar low", "no polar low"]);
    assert_eq!(page.count(".classes small"), 2, "both logits");
    let mut names = page.attributes("figure", "data-figure");
    names.sort();
    let expected = [
        "curve-integrated_gradients/path",
        "map-grad_cam/activation_14",
        "map-integrated_gradients",
        "map-scene",
    ];
    assert_eq!(names, expected);
    assert!(page.texts(".preparation")[0].contains("nearest, as in the authors’ notebook"));
    assert!(page.text().contains("dashed"));
    let pairs = page.texts("#integrated-gradients .pairs dt");
    let gap = pairs.iter().position(|name| name.to_lowercase().contains("completeness gap"));
    let gap = &page.texts("#integrated-gradients .pairs dd")[gap.expect("the gap is told")];
    assert!(gap.chars().any(|c| c.is_ascii_digit()), "{gap}");
    assert!(page.texts(".reading")[0].contains("% of the difference"));
    let attribution = page.texts(".source").concat();
    assert!(attribution.contains("Contains modified Copernicus Sentinel data 2019"));
    assert_eq!(page.texts("#provenance code.hash").len(), 2);
    assert_eq!(page.count("[style], style, script:not([src])"), 0);
}

#[tokio::test]
async fn figures_say_what_they_show_and_come_in_three_formats() {
    let app = TestApp::new();
    let page = explained(&app, "").await;
    for alt in page.attributes("figure img", "alt") {
        assert!(alt.len() > 40 && alt.chars().any(|c| c.is_ascii_digit()), "{alt}");
    }
    assert_eq!(page.count("figure picture source[media*=dark]:last-of-type"), page.count("figure"));
    for address in page.attributes("figure img", "src") {
        let figure = app.get(&address).await;
        assert_eq!(figure.status, StatusCode::OK, "{address}: {}", figure.text());
        assert_eq!(figure.header("content-type"), "image/svg+xml");
        assert!(figure.header("content-security-policy").contains("sandbox"));
    }
    let files = page.attributes("figure[data-figure=map-scene] .files a", "href");
    assert_eq!(files.len(), 14, "four formats in two sizes, two bare, the numbers in four forms");
    for (file, start) in files.iter().zip([&b"\x89PNG"[..], b"\x89PNG", b"<svg", b"%PDF"]) {
        let file = app.get(file).await;
        assert_eq!(file.status, StatusCode::OK);
        assert!(file.body.starts_with(start));
        assert!(file.header("content-disposition").starts_with("attachment"));
    }
}

#[tokio::test]
async fn files_of_a_result_are_sent() {
    let app = TestApp::new();
    let page = explained(&app, "").await;
    let links = page.attributes(".downloads a", "href");
    for (name, start) in [
        ("bundle.zip", &b"PK"[..]),
        ("arrays.npz", b"PK"),
        ("result.nc", b"\x89HDF"),
        ("numbers.csv", b"\"name\""),
        ("provenance.json", b"{"),
        ("citations.bib", b"@"),
        ("data/probability.npy", b"\x93NUMPY"),
        ("data/scene.npy", b"\x93NUMPY"),
    ] {
        let wanted = format!("/v1/result/{name}?");
        let listed = links.iter().find(|address| address.starts_with(&wanted)).cloned();
        assert!(listed.is_some() || name.starts_with("data/"), "{name} in {links:?}");
        let address = listed.unwrap_or_else(|| part(&result(""), name));
        let file = app.get(&address).await;
        assert_eq!(file.status, StatusCode::OK, "{address}: {}", file.text());
        assert!(file.body.starts_with(start), "{address}");
        let tag = file.header("etag").to_owned();
        let again = app.get_with(&address, &[("if-none-match", &tag)]).await;
        assert_eq!(again.status, StatusCode::NOT_MODIFIED, "{address}");
    }
    let unknown = app.get(&part(&result(""), "scene.tar")).await;
    assert_eq!(unknown.status, StatusCode::NOT_FOUND);
    assert!(unknown.text().contains("bundle.zip"));
    let array = app.get(&part(&result(""), "data/speed.npy")).await;
    assert_eq!(array.status, StatusCode::NOT_FOUND);
    assert!(array.text().contains("probability"));
}

#[tokio::test]
async fn what_an_answer_is_worth_is_said_first() {
    let app = TestApp::new();
    let page = app.finished(&result("")).await;
    assert!(page.texts(".simulated")[0].contains("trained on simulated scenes"));
    assert!(page.texts(".outside-range")[0].contains("red and green differ in 87 %"));
    let sound = app.finished(&result("resampling=bilinear")).await;
    assert_eq!(sound.count(".simulated, .outside-range"), 0);
    assert!(sound.texts(".preparation")[0].contains("bilinear, as in their training"));
}

#[tokio::test]
async fn a_map_without_evidence_is_said_in_words() {
    let app = TestApp::new();
    let page = app.finished(&result("fit=letterbox")).await;
    let notice = page.texts("#grad-cam .notice").concat();
    assert!(notice.contains("Layer of 4 cells: no positive evidence for "), "{notice}");
    assert!(page.texts("#grad-cam .target")[0].starts_with("Polar low: "), "of which class");
    let page = app.finished(&result("")).await;
    assert_eq!(page.count("#grad-cam .notice"), 0);
}

#[tokio::test]
async fn a_layer_of_one_cell_is_evidence_everywhere() {
    let app = TestApp::new();
    let page = app.finished(&result("resampling=bilinear")).await;
    let notice = page.texts("#grad-cam .notice").concat();
    assert!(notice.contains("positive evidence, the same at every place"), "{notice}");
    assert!(!notice.contains("no positive evidence"), "{notice}");
    let alt = page.attributes("#grad-cam figure img", "alt").concat();
    assert!(alt.contains("same positive evidence everywhere"), "{alt}");
}

/// All scenes are polar lows to the scripted network.
#[tokio::test]
async fn an_answer_that_the_label_contradicts_is_called_wrong() {
    let app = TestApp::new();
    let notice = async |title: &str| {
        let archive = SceneArchive::open(&data().join("sentinel1-simulated")).expect("samples");
        let scene = archive.scenes.into_iter().find(|scene| scene.title == title).expect(title);
        let address = result("").replace(&samples()[0], &scene.id);
        app.finished(&address).await.texts(".wrong-answer")
    };
    let wrong =
        "Wrong. The label of this scene is “no polar low”; the network answers “polar low”.";
    assert_eq!(notice("Simulated front").await, [wrong]);
    assert_eq!(notice("Simulated polar low with spiral bands").await, [""; 0]);
}

#[tokio::test]
async fn what_the_target_is_at_the_baseline_is_said() {
    let app = TestApp::new();
    let page = explained(&app, "integrated-gradients.steps=10").await;
    let reading = page.texts("#integrated-gradients .reading.baseline").concat();
    assert!(reading.starts_with("The target is already "), "{reading}");
    assert!(reading.contains(" at the baseline (black)"), "{reading}");
    assert!(
        reading.ends_with("The maps explain only the difference from that value."),
        "{reading}"
    );
    assert_eq!(page.count("#grad-cam .baseline"), 0, "it has none");
}

#[tokio::test]
async fn another_class_is_another_question() {
    let app = TestApp::new();
    let page = app.finished(&result("")).await;
    let other = page.attributes(".switch a", "href").remove(0);
    assert!(other.contains("class=neg&"), "{other}");
    let other = app.finished(other.trim_end_matches("#look")).await;
    assert_eq!(other.texts(".switch strong"), ["no polar low"]);
    assert!(other.texts(".other-class")[0].contains("predicts “polar low”"));
    assert_eq!(app.n_runs(), 2);
}

#[tokio::test]
async fn looks_are_drawn_and_not_computed() {
    let app = TestApp::new();
    for look in [
        "",
        "opacity=0.3",
        "evidence=jet",
        "overlay=published",
        "interpolation=smooth",
        "polarity=signed",
        "above=90&below=10",
        "cleanup=yes",
        "outline=yes",
    ] {
        let address = result(look);
        assert_eq!(app.finished(&address).await.status, StatusCode::OK, "{look}");
        let figure = part(&address, "figure/map-grad_cam%2Factivation_14.svg");
        assert_eq!(app.get(&figure).await.status, StatusCode::OK, "{look}");
    }
    assert_eq!(app.n_runs(), 1);
}

#[tokio::test]
async fn what_was_not_asked_can_be_added() {
    let app = TestApp::new();
    let page = app.finished(&result("")).await;
    let added = page.attributes("#integrated-gradients a.button", "href").remove(0);
    let gradients = "methods=grad-cam,integrated-gradients&integrated-gradients.baseline=zero\
                     &integrated-gradients.steps=50&";
    assert!(added.contains(gradients), "{added}");
    let bare = app.get(&with("methods=none")).await;
    let bare = app.finished(bare.header("location")).await;
    assert!(bare.attributes("#grad-cam a.button", "href")[0].contains("methods=grad-cam&"));
    let saliency = bare.attributes("#saliency a.button", "href").remove(0);
    let saliency = app.finished(saliency.trim_end_matches("#saliency")).await;
    assert_eq!(saliency.attributes("#saliency figure", "data-figure"), ["map-saliency"]);
}

/// Steps and baseline stand beside what they led to, and in the form to ask again.
#[tokio::test]
async fn how_it_was_asked_is_told() {
    let app = TestApp::new();
    let page =
        explained(&app, "integrated-gradients.steps=20&integrated-gradients.baseline=mean").await;
    let told = page.texts("#integrated-gradients .pairs dd");
    assert!(
        told.contains(&"20".to_owned()) && told.contains(&"the input's mean".to_owned()),
        "{told:?}"
    );
    let again = "#again select[name='integrated-gradients.baseline'] option[selected]";
    assert_eq!(page.attributes(again, "value"), ["mean"]);
}

#[tokio::test]
async fn waiting_is_shown_and_a_failure_is_said() {
    let app = TestApp::new();
    let release = app.hold();
    app.get(&result("")).await;
    app.hears("run");
    let page = loop {
        let page = app.get(&result("")).await;
        if page.texts("[data-phase]") == ["integrated gradients"] {
            break page;
        }
    };
    assert_eq!(page.status, StatusCode::ACCEPTED);
    assert_eq!(page.attributes(".trail a", "href")[0], "/scenes");
    assert_eq!(page.count("[data-events]"), 1);
    release.send(()).unwrap();
    assert_eq!(app.finished(&result("")).await.status, StatusCode::OK);
    app.script(Script::Fail);
    let failed = app.finished(&result("class=neg")).await;
    assert_eq!(failed.status, StatusCode::INTERNAL_SERVER_ERROR);
    assert_eq!(failed.attributes(".error a.button", "href"), ["/scenes"]);
}

#[tokio::test]
async fn bad_questions_are_said_with_a_way_out() {
    let figure =
        |name: &str| with("").replace("/v1/result?", &format!("/v1/result/figure/{name}?"));
    let gone = "upload the picture again";
    check("/v1/result?scene=0123456789abcdef", 404, &["no scene called", gone]).await;
    check("/v1/result?scene=..%2F..%2Fetc", 404, &["no scene called"]).await;
    check("/scenes/0123456789abcdef/thumbnail.jpg", 404, &["no scene called"]).await;
    check("/scenes/..%2F..%2Fetc/thumbnail.jpg", 404, &["no scene called"]).await;
    check(&with("model=lstm"), 404, &["Choose one of: sar-unet, polar-low"]).await;
    check(&with("model=sar-unet"), 400, &["“scene”"]).await;
    check(&with("checkpoint=best"), 404, &["Choose one of: scripted"]).await;
    check(&with("class=maybe"), 422, &["Choose one of: neg, pos"]).await;
    check(&with("resampling=cubic"), 422, &["Choose one of: nearest, bilinear"]).await;
    check(&with("output=loss"), 422, &["Choose one of: probability, logit"]).await;
    let gradients = "methods=integrated-gradients&integrated-gradients";
    check(&with(&format!("{gradients}.steps=1")), 400, &["2 to 1600"]).await;
    check(&with("above=10&below=20"), 400, &["larger than below"]).await;
    check(&with("colour=red"), 400, &["Choose one of: model, checkpoint"]).await;
    check(&figure("sunset.svg"), 404, &["Choose one of: map-NAME"]).await;
    check(&figure("map-scene.gif"), 404, &["as .svg, .png or .pdf"]).await;
    check(&figure("map-grad_cam%2Fother.svg"), 404, &["grad_cam/activation_14"]).await;
    check(&figure("curve-integrated_gradients%2Fpath.svg"), 404, &["choose more in its form"])
        .await;
    check("/scenes/compare", 400, &["from 1 to 96 scenes"]).await;
    check("/scenes/compare?scenes=a&sort=luck", 422, &["order, name, probability"]).await;
}

#[tokio::test]
async fn every_page_of_scenes_has_landmarks_and_nothing_inline() {
    let app = TestApp::new();
    let table = app.get(&format!("/scenes/compare?scenes={}", three().join(","))).await;
    for address in ["/scenes".to_owned(), result(""), table.header("location").to_owned()] {
        let page = app.finished(&address).await;
        for landmark in ["html[lang=en]", "header nav[aria-label]", "main#content", "footer", "h1"]
        {
            assert_eq!(page.count(landmark), 1, "{landmark} of {address}");
        }
        assert_eq!(page.count("[style], style, script:not([src]), [onclick]"), 0, "{address}");
        let unnamed = "img:not([alt]), img:not([width]), img:not([height])";
        assert_eq!(page.count(unnamed), 0, "{address}");
        assert_eq!(page.repeated_ids(), [""; 0], "{address}");
        let fields = "select, input:not([type=hidden])";
        assert_eq!(page.count(fields), page.count(&label_of(fields)), "{address}");
    }
}

/// Fields that stand within a label.
fn label_of(fields: &str) -> String {
    fields.split(", ").map(|field| format!("label {field}")).collect::<Vec<_>>().join(", ")
}
