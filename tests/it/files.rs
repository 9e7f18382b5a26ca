//! Downloads: figures and files of a result.

use axum::http::StatusCode;

use crate::support::{SAMPLE, Script, TestApp, result};

fn file(name: &str) -> String {
    result(SAMPLE, "grad-cam,integrated-gradients").replace("/result?", &format!("/result/{name}?"))
}

async fn check(app: &TestApp, name: &str, more: &str, media_type: &str, start: &[u8]) {
    let page = app.get(&(file(name) + more)).await;
    assert_eq!(page.status, StatusCode::OK, "{name}");
    assert_eq!(page.header("content-type"), media_type, "{name}");
    assert!(page.body.starts_with(start), "{name} starts with {:?}", &page.body[..16]);
}

#[tokio::test]
async fn figures_come_in_three_formats() {
    let app = TestApp::new();
    check(&app, "figure/prediction.svg", "", "image/svg+xml", b"<svg").await;
    check(&app, "figure/prediction.png", "&dpi=72", "image/png", b"\x89PNG").await;
    check(&app, "figure/prediction.pdf", "", "application/pdf", b"%PDF").await;
    check(&app, "figure/cam-cbam3.svg", "&theme=dark", "image/svg+xml", b"<svg").await;
    check(&app, "figure/ig-frames.svg", "&width-mm=140", "image/svg+xml", b"<svg").await;
    check(&app, "figure/target-mask.svg", "", "image/svg+xml", b"<svg").await;
}

#[tokio::test]
async fn a_download_has_a_name_and_a_figure_on_a_page_has_none() {
    let app = TestApp::new();
    let shown = app.get(&file("figure/prediction.svg")).await;
    assert_eq!(shown.header("content-disposition"), "");
    assert!(shown.header("content-security-policy").contains("sandbox"));
    let kept = app.get(&(file("figure/prediction.svg") + "&download=yes")).await;
    let expected = format!("attachment; filename=\"{SAMPLE}-prediction.svg\"");
    assert_eq!(kept.header("content-disposition"), expected);
}

#[tokio::test]
async fn tables_and_provenance_come_as_files() {
    let app = TestApp::new();
    check(
        &app,
        "scores.csv",
        "",
        "text/csv; charset=utf-8",
        b"forecast,lead_time_min,threshold_mm_h",
    )
    .await;
    let csv = app.get(&file("scores.csv")).await.text();
    assert_eq!(csv.lines().count(), 11, "a header and two forecasts at five thresholds");
    let bibtex = app.get(&file("citations.bib")).await.text();
    assert!(bibtex.contains("someone2026") && bibtex.contains("@inproceedings{sundararajan2017"));
    let provenance = app.get(&file("provenance.json")).await.json();
    assert_eq!(provenance["request"]["sample"], SAMPLE);
    assert_eq!(provenance["weights_sha256"].as_str().map(str::len), Some(64));
}

#[tokio::test]
async fn arrays_come_one_by_one_and_together() {
    let app = TestApp::new();
    let netcdf_is_hdf5 = b"\x89HDF\r\n";
    check(&app, "arrays.npz", "", "application/zip", b"PK").await;
    check(&app, "fields.nc", "", "application/x-netcdf", netcdf_is_hdf5).await;
    let octets = "application/octet-stream";
    check(&app, "array/prediction_mm_h.npy", "", octets, b"\x93NUMPY").await;
    check(&app, "array/cbam3/raw.npy", "", octets, b"\x93NUMPY").await;
    let unknown = app.get(&file("array/truth.npy")).await;
    assert_eq!(unknown.status, StatusCode::NOT_FOUND);
    assert!(unknown.text().contains("cbam3/raw.npy, "));
}

#[tokio::test]
async fn a_file_whose_result_is_gone_is_computed_again() {
    let app = TestApp::new();
    let page = app.get(&file("scores.csv")).await;
    assert_eq!(page.status, StatusCode::OK);
    assert_eq!(app.n_runs(), 1);
}

#[tokio::test]
async fn a_file_whose_run_fails_says_why() {
    let app = TestApp::new();
    app.script(Script::Refuse);
    let page = app.get(&file("scores.csv")).await;
    assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(page.text().contains("The sample is all missing"));
}

#[tokio::test]
async fn everything_comes_in_one_archive() {
    let app = TestApp::new();
    let page = app.get(&result(SAMPLE, "none").replace("/result?", "/result/bundle.zip?")).await;
    assert_eq!(page.header("content-type"), "application/zip");
    let archive = zip::ZipArchive::new(std::io::Cursor::new(page.body)).expect("it is an archive");
    let names: Vec<_> = archive.file_names().flatten().collect();
    for name in
        ["README.txt", "provenance.json", "CITATIONS.bib", "scores.csv", "figures/prediction.pdf"]
    {
        assert!(names.iter().any(|found| found == name), "{name} in {names:?}");
    }
}
