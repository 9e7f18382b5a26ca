//! The numbers behind a page: one variable as a head in JSON, as plain floats, and as files.

use axum::http::StatusCode;
use serde_json::{Value, json};

use crate::support::{LEADS, Page, SAMPLE, TestApp, part, result};

const ALL: &str = "grad-cam,integrated-gradients,saliency";

async fn get(app: &TestApp, file: &str) -> Page {
    app.get(&part(&result(SAMPLE, ALL), &format!("data/{file}"))).await
}

async fn head(app: &TestApp, name: &str) -> Value {
    let head = get(app, &format!("{name}.json")).await;
    assert_eq!(head.status, StatusCode::OK, "{name}: {}", head.text());
    assert_eq!(head.header("content-type"), "application/json");
    assert_eq!(head.header("content-disposition"), "", "a page reads it");
    head.json()
}

fn floats(bytes: &[u8]) -> Vec<f32> {
    let (chunks, rest) = bytes.as_chunks::<4>();
    assert!(rest.is_empty());
    chunks.iter().map(|&bytes| f32::from_le_bytes(bytes)).collect()
}

/// The last column; missing values are empty.
fn last_column(csv: &str) -> Vec<f32> {
    let value = |line: &str| match line.rsplit(',').next() {
        Some("") => f32::NAN,
        Some(text) => text.parse().expect("it is a number"),
        None => panic!("an empty line"),
    };
    csv.lines().skip(1).map(value).collect()
}

fn is_same(a: f32, b: f32) -> bool {
    a == b || a.is_nan() && b.is_nan()
}

#[tokio::test]
async fn a_head_says_what_the_numbers_are() {
    let app = TestApp::new();
    let head = head(&app, "prediction").await;
    assert_eq!(head["name"], "prediction");
    assert_eq!(head["role"]["kind"], "prediction");
    assert_eq!(head["quantity"]["unit"], "mm/h");
    assert_eq!(head["shape"], json!([1, 288, 288]));
    assert_eq!(head["plane"], json!([288, 288]));
    assert_eq!(head["axes"][0]["name"], "lead_time");
    assert_eq!(head["axes"][0]["labels"], json!(["+30 min"]));
    assert_eq!(head["domain"]["kind"], "earth");
    assert_eq!(
        (head["model"].as_str(), head["checkpoint"].as_str()),
        (Some("sar-unet"), Some("test"))
    );
    for (coordinate, range) in [("latitudes", 48.0..57.0), ("longitudes", 0.0..11.0)] {
        let rows = head["domain"][coordinate].as_array().expect("there are rows");
        let places = rows.iter().filter_map(Value::as_array).flatten().filter_map(Value::as_f64);
        let places: Vec<f64> = places.collect();
        assert_eq!((rows.len(), places.len()), (17, 17 * 17));
        assert!(places.iter().all(|place| range.contains(place)), "{coordinate}: {places:?}");
    }
}

#[tokio::test]
async fn floats_and_table_hold_the_same_numbers() {
    let app = TestApp::new();
    let names = [
        "prediction",
        "input",
        "grad_cam/cbam5/raw",
        "grad_cam/cbam3",
        "integrated_gradients/path",
    ];
    for name in names {
        let shape = head(&app, name).await["shape"].clone();
        let n: u64 = shape.as_array().into_iter().flatten().filter_map(Value::as_u64).product();
        let body = get(&app, &format!("{name}.f32")).await;
        assert_eq!(body.header("content-type"), "application/octet-stream");
        assert_eq!(body.body.len() as u64, 4 * n, "{name}");
        let csv = get(&app, &format!("{name}.csv")).await;
        assert_eq!(csv.header("content-type"), "text/csv; charset=utf-8");
        assert!(csv.header("content-disposition").starts_with("attachment"), "{name}");
        let (ours, told) = (floats(&body.body), last_column(&csv.text()));
        assert_eq!(ours.len(), told.len(), "{name}");
        assert!(ours.iter().zip(&told).all(|(&a, &b)| is_same(a, b)), "{name}");
        assert!(ours.iter().any(|&value| value != 0.0), "{name} is not empty");
    }
}

#[tokio::test]
async fn missing_values_stay_missing() {
    let app = TestApp::with_leads();
    assert_eq!(app.finished(&result(SAMPLE, ALL)).await.status, StatusCode::OK);
    let body = get(&app, "observation.f32").await;
    assert_eq!(body.body.len(), 4 * LEADS.len() * 288 * 288);
    let (first, others) = body.body.split_at(4 * 288 * 288);
    assert!(floats(first).iter().any(|value| value.is_finite()));
    assert!(floats(others).iter().all(|value| value.is_nan()), "nothing was observed then");
    let csv = get(&app, "observation.csv").await.text();
    assert!(csv.lines().last().expect("there are lines").ends_with(','), "an empty cell");
}

#[tokio::test]
async fn every_variable_comes_in_every_form() {
    let app = TestApp::new();
    let origin = app.get(&part(&result(SAMPLE, ALL), "provenance.json")).await.json();
    let variables = origin["variables"].as_array().expect("they are listed");
    let names: Vec<&str> = variables.iter().filter_map(|known| known["name"].as_str()).collect();
    assert!(names.contains(&"saliency") && names.len() > 15, "{names:?}");
    for name in names {
        for form in ["json", "f32", "npy"] {
            let file = get(&app, &format!("{name}.{form}")).await;
            assert_eq!(file.status, StatusCode::OK, "{name}.{form}");
            assert!(!file.body.is_empty(), "{name}.{form}");
        }
    }
    assert_eq!(app.n_runs(), 1, "nothing is computed again");
}

#[tokio::test]
async fn a_picture_has_numbers_too() {
    let app = TestApp::new();
    let list = app.get("/scenes").await;
    let page = app.finished(&list.attributes(".card a", "href")[0]).await;
    let figure = "figure[data-figure=map-scene]";
    let head = app.get(&page.attributes(figure, "data-head")[0]).await.json();
    assert_eq!(head["axes"][0]["labels"], json!(["red", "green", "blue"]));
    assert_eq!(head["domain"]["kind"], "scene");
    let n: u64 = head["shape"].as_array().into_iter().flatten().filter_map(Value::as_u64).product();
    let body = app.get(&page.attributes(figure, "data-body")[0]).await;
    let values = floats(&body.body);
    assert_eq!(values.len() as u64, n);
    assert!(values.iter().all(|value| (0.0..=255.0).contains(value) && value.fract() == 0.0));
    assert!(values.iter().any(|&value| value > 0.0));
}

/// Text of 8 pt is 6 px high where a figure of 140 mm is shown on a phone: there it is drawn anew, and its map lies elsewhere.
#[tokio::test]
async fn every_wide_figure_is_drawn_for_phones_too() {
    let app = TestApp::new();
    let list = app.get("/scenes").await;
    let scene = list.attributes(".card a", "href").remove(0);
    for address in [scene, result(SAMPLE, ALL)] {
        let page = app.finished(&address).await;
        let widths = page.attributes("figure img", "width");
        let is_wide = |width: &&String| width.parse::<u32>().expect("a number") > 400;
        let n_wide = widths.iter().filter(is_wide).count();
        assert!(n_wide > 0, "{address}");
        let n_narrow = page.count("figure source[media='(max-width: 30rem)']");
        assert_eq!(n_wide, n_narrow, "{address}");
    }
    let page = app.finished(&list.attributes(".card a", "href")[0]).await;
    let [wide, narrow] = ["data-frame", "data-frame-narrow"]
        .map(|name| page.attributes("figure[data-figure=map-scene]", name).remove(0));
    assert_ne!(wide, narrow);
}

#[tokio::test]
async fn unknown_variables_and_forms_are_answered_with_the_known_ones() {
    let app = TestApp::new();
    for (file, words) in [
        ("truth.json", "There is no variable called “truth”"),
        ("truth.f32", "prediction, "),
        ("grad_cam/cbam9.csv", "grad_cam/cbam3, "),
        ("prediction.exe", "VARIABLE.json, VARIABLE.f32, VARIABLE.csv, VARIABLE.npy"),
        ("prediction", "VARIABLE.json"),
        ("prediction.", "VARIABLE.json"),
        (".json", "There is no variable called “”"),
    ] {
        let page = get(&app, file).await;
        assert_eq!(page.status, StatusCode::NOT_FOUND, "{file}");
        let text = page.texts(".error").concat();
        assert!(text.contains(words), "{file} says “{words}”, not: {text}");
        assert_eq!(page.header("cache-control"), "no-store");
    }
    let unasked = app.get(&part(&result(SAMPLE, "none"), "data/saliency.f32")).await;
    assert_eq!(unasked.status, StatusCode::NOT_FOUND, "it was not asked for");
}

/// A variable is found by its name in the result, so no name leads to a file.
#[tokio::test]
async fn names_of_variables_are_never_paths() {
    let app = TestApp::new();
    for name in [
        "../../../../etc/passwd",
        "..%2F..%2F..%2Fetc%2Fpasswd",
        "%2Fetc%2Fpasswd",
        "/etc/passwd",
        "..%5C..%5Cwindows%5Cwin.ini",
        "prediction/../input",
        "prediction%00",
        "prediction%0D%0Aset-cookie:%20x=1",
        "%3Cscript%3Ealert(1)%3C%2Fscript%3E",
        "%FF%FE",
        &"x".repeat(10_000),
    ] {
        for form in ["json", "f32", "csv", "npy"] {
            let page = get(&app, &format!("{name}.{form}")).await;
            let is_refused =
                [StatusCode::NOT_FOUND, StatusCode::BAD_REQUEST].contains(&page.status);
            assert!(is_refused, "{name}.{form}: {}", page.status);
            assert_eq!(page.count("script:not([src])"), 0, "a name is text, never markup");
            assert_eq!(page.header("set-cookie"), "");
            assert!(!page.text().contains("root:"), "{name}");
        }
    }
}
