//! Diagrams of probabilities beside weights, and the page that shows them.

use axum::http::StatusCode;
use stormlens_data::card::CheckpointCard;
use tempfile::TempDir;

use crate::support::{Page, TestApp, classifier_weights};

const BASE: &str = "/models/polar-low/simulated-192/diagram";
const DIAGRAMS: [&str; 5] = ["reliability", "roc", "value", "murphy", "performance"];

/// With the weights that are shipped.
fn app() -> TestApp {
    let shipped = || CheckpointCard {
        name: "simulated-192".into(),
        weights_sha256: stated_sha256(),
        ..classifier_weights()
    };
    TestApp::set_up(|setup| setup.forecasters.push(shipped()))
}

/// Of the weights that the shipped verification is of.
fn stated_sha256() -> String {
    let file = std::path::Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("checkpoints/polar-low/simulated-192/evaluation.json");
    let file = std::fs::read(file).expect("it is shipped");
    let json: serde_json::Value = serde_json::from_slice(&file).expect("JSON");
    json["weights_sha256"].as_str().expect("it says of which weights it is").to_owned()
}

async fn get(app: &TestApp, file: &str) -> Page {
    app.get(&format!("{BASE}/{file}")).await
}

#[tokio::test]
async fn the_page_of_a_network_shows_scores_and_diagrams() {
    let app = app();
    let page = app.get("/models/polar-low").await;
    assert_eq!(page.status, StatusCode::OK);
    let text = page.texts(".probabilities").concat();
    for words in ["600 simulated scenes of 150 footprints", "Brier skill", "0.041 (0.030 to 0.052)"]
    {
        assert!(text.contains(words), "{words}");
    }
    let shown = page.attributes(".probabilities figure", "data-figure");
    assert_eq!(shown, DIAGRAMS.map(|name| format!("diagram-{name}")));
    assert!(page.attributes(".probabilities img", "alt").iter().all(|alt| alt.len() > 60));
    for address in page.attributes(".probabilities img", "src") {
        let figure = app.get(&address).await;
        assert_eq!(figure.status, StatusCode::OK, "{address}");
        assert_eq!(figure.header("cache-control"), "private, max-age=31536000, immutable");
    }
    for address in page.attributes(".probabilities .files a", "href") {
        assert_eq!(app.get(&address).await.status, StatusCode::OK, "{address}");
    }
    // Without a script the slider asks for the figure itself.
    assert_eq!(page.attributes(".ratio", "action"), [format!("{BASE}/value.svg")]);
}

#[tokio::test]
async fn a_diagram_comes_in_every_format_and_its_numbers_as_a_table() {
    let app = app();
    for name in DIAGRAMS {
        for (kind, start) in
            [("svg", "<svg"), ("png", "\u{89}PNG"), ("pdf", "%PDF"), ("csv", "\"forecast\"")]
        {
            let file = get(&app, &format!("{name}.{kind}?download=yes&dpi=72")).await;
            assert_eq!(file.status, StatusCode::OK, "{name}.{kind}");
            let begin: String = file.body.iter().take(10).map(|&byte| char::from(byte)).collect();
            assert!(begin.starts_with(start), "{name}.{kind} starts with {begin}");
            let saved = file.header("content-disposition").to_owned();
            assert!(saved.contains("polar-low-simulated-192-") && saved.contains(kind), "{saved}");
        }
        let table = get(&app, &format!("{name}.csv")).await.text();
        let n_columns = table.lines().next().map(|line| line.split(',').count());
        assert!(table.lines().all(|line| Some(line.split(',').count()) == n_columns), "{name}");
        assert!(table.lines().count() > 20, "{name}");
    }
}

/// The network of scenes with this evaluation beside its weights; the folder holds it.
fn app_with(evaluation: &str) -> (TestApp, TempDir) {
    let folder = tempfile::tempdir().expect("there is room");
    let weights = folder.path().join("polar-low/scripted");
    std::fs::create_dir_all(&weights).expect("a folder");
    std::fs::write(weights.join("evaluation.json"), evaluation).expect("a file");
    (TestApp::set_up(|setup| setup.checkpoints = folder.path().to_owned()), folder)
}

/// Whatever the task is, quantiles that an evaluation holds are a diagram in every format.
#[tokio::test]
async fn quantiles_are_a_diagram_too() {
    let (app, _folder) = app_with(
        r#"{"split": "test", "quantile_curves": {"what": "rain in 3 h", "unit": "mm",
            "details": "4,096 nodes", "curves": [
            {"forecast": "network", "points": [[0.9, 2.0, 1.0], [0.99, 10.0, 6.5]]},
            {"forecast": "rival", "points": [[0.9, 2.0, 2.5], [0.99, 10.0, 11.0]]}]}}"#,
    );
    let base = "/models/polar-low/scripted/diagram";
    for (kind, start) in [("svg", "<svg"), ("png", "\u{89}PNG"), ("pdf", "%PDF")] {
        let file = app.get(&format!("{base}/quantiles.{kind}?download=yes&dpi=72")).await;
        assert_eq!(file.status, StatusCode::OK, "{kind}: {}", file.text());
        let begin: String = file.body.iter().take(10).map(|&byte| char::from(byte)).collect();
        assert!(begin.starts_with(start), "{kind} starts with {begin}");
    }
    let table = app.get(&format!("{base}/quantiles.csv")).await.text();
    let expected = "\"forecast\",\"share_below\",\"observed_mm\",\"forecast_mm\"\n\
                    \"network\",\"0.9\",\"2\",\"1\"\n\"network\",\"0.99\",\"10\",\"6.5\"\n\
                    \"rival\",\"0.9\",\"2\",\"2.5\"\n\"rival\",\"0.99\",\"10\",\"11\"\n";
    assert_eq!(table, expected);
    // It says nothing of probabilities, and scenes say nothing of quantiles.
    for page in
        [app.get(&format!("{base}/roc.svg")).await, get(&self::app(), "quantiles.svg").await]
    {
        assert_eq!(page.status, StatusCode::NOT_FOUND, "{}", page.text());
    }
}

/// A verification that cannot be read is told apart from one that was never made: on the page and at each address.
#[tokio::test]
async fn a_damaged_evaluation_is_called_damaged() {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
    let shipped = root.join("checkpoints/polar-low/simulated-192/evaluation.json");
    let shipped = std::fs::read_to_string(shipped).expect("it is shipped");
    let own = shipped.replace(&stated_sha256(), &classifier_weights().weights_sha256);
    let (foreign, shipped) = (shipped, own);
    let cut = &shipped[..shipped.len() / 2];
    let renamed = shipped.replace("\"base_rate\"", "\"bose_rate\"");
    let wrong = shipped.replace("\"base_rate\": 0.5", "\"base_rate\": 50.0");
    assert!(renamed != shipped && wrong != shipped);
    for (text, words, has_scores) in [
        (cut, "EOF", false),
        (&renamed, "missing field `base_rate`", true),
        (&wrong, "a polar low, network: the base rate is no share", true),
        ("{}", "not of the form", false),
    ] {
        let (app, _folder) = app_with(text);
        let page = app.get("/models/polar-low").await;
        assert_eq!(page.status, StatusCode::OK);
        let said = page.texts("article").concat();
        assert!(said.contains("is damaged") && said.contains(words), "{words}: {said}");
        assert!(!said.contains("There is no evaluation of these weights"), "{said}");
        assert_eq!(said.contains("Scores on 600 scenes"), has_scores, "{said}");
        assert!(page.texts(".probabilities").is_empty());
        let diagram = app.get("/models/polar-low/scripted/diagram/roc.svg").await;
        // Nothing in an empty object claims to be a verification.
        let status = if text == "{}" { 404 } else { 500 };
        assert_eq!(diagram.status.as_u16(), status, "{}", diagram.text());
        assert!(text == "{}" || diagram.text().contains(words), "{}", diagram.text());
    }
    let (app, _folder) = app_with(&shipped);
    assert!(!app.get("/models/polar-low").await.text().contains("is damaged"));
    // Scores of other weights are not shown as those of these.
    let (app, _folder) = app_with(&foreign);
    let said = app.get("/models/polar-low").await.texts("article").concat();
    assert!(said.contains("is of other weights (SHA-256 8da170820985…)"), "{said}");
    assert!(!said.contains("Scores on 600 scenes"), "{said}");
}

#[tokio::test]
async fn the_marked_ratio_is_the_visitors() {
    let app = app();
    let svg = get(&app, "value.svg?cost-loss=0.35").await.text();
    assert!(svg.contains("0.35"), "{svg}");
    let tag = get(&app, "value.svg").await.header("etag").to_owned();
    let again = app.get_with(&format!("{BASE}/value.svg"), &[("if-none-match", &tag)]).await;
    assert_eq!(again.status, StatusCode::NOT_MODIFIED);
}

#[tokio::test]
async fn what_there_is_not_is_refused_in_words() {
    let app = app();
    for (address, status, words) in [
        (format!("{BASE}/scatter.svg"), 422, "reliability, roc, value, murphy, performance"),
        (format!("{BASE}/roc.docx"), 422, "each as .svg, .png, .pdf or .csv"),
        (format!("{BASE}/roc.svg?event=3"), 400, "counted from 0 to 0"),
        (format!("{BASE}/value.svg?cost-loss=20"), 400, "a ratio from 0.001 to 0.99"),
        (format!("{BASE}/value.svg?ratio=0.2"), 400, "cost-loss"),
        ("/models/polar-low/none/diagram/roc.svg".into(), 404, "simulated-192"),
        ("/models/sar-unet/test/diagram/roc.svg".into(), 404, "stormlens evaluate"),
    ] {
        let page = app.get(&address).await;
        assert_eq!(page.status.as_u16(), status, "{address}: {}", page.text());
        assert!(page.text().contains(words), "{address}: {}", page.text());
    }
}
