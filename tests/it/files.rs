//! Downloads: figures and files of a result.

use axum::http::StatusCode;

use crate::support::{SAMPLE, Script, TestApp, UNOBSERVED, part, result};

fn file(name: &str) -> String {
    part(&result(SAMPLE, "grad-cam,integrated-gradients"), name)
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
    let (svg, start) = ("image/svg+xml", b"<svg");
    check(&app, "figure/map-prediction.svg", "", svg, start).await;
    check(&app, "figure/map-prediction.png", "&dpi=72", "image/png", b"\x89PNG").await;
    check(&app, "figure/map-prediction.pdf", "", "application/pdf", b"%PDF").await;
    check(&app, "figure/map-grad_cam%2Fcbam3.svg", "&theme=dark", svg, start).await;
    check(&app, "figure/map-grad_cam%2Fcbam3%2Fraw.svg", "", svg, start).await;
    check(&app, "figure/map-integrated_gradients@3.svg", "&frame=3", svg, start).await;
    check(&app, "figure/bars-integrated_gradients%2Fsums.svg", "&width-mm=140", svg, start).await;
    check(&app, "figure/difference-prediction,observation.svg", "", svg, start).await;
    check(&app, "figure/strip-input.svg", "", svg, start).await;
    check(&app, "figure/grid-grad_cam%2Fcbam3,grad_cam%2Fcbam5.svg", "", svg, start).await;
    check(&app, "figure/map-target_mask.svg", "", svg, start).await;
}

#[tokio::test]
async fn a_download_has_a_name_and_a_figure_on_a_page_has_none() {
    let app = TestApp::new();
    let shown = app.get(&file("figure/map-prediction.svg")).await;
    assert_eq!(shown.header("content-disposition"), "");
    assert!(shown.header("content-security-policy").contains("sandbox"));
    let kept = app.get(&(file("figure/map-prediction.svg") + "&download=yes")).await;
    let start = format!("attachment; filename=\"{SAMPLE}-sar-unet-");
    let name = kept.header("content-disposition");
    assert!(name.starts_with(&start) && name.contains("-30min-map-prediction-"), "{name}");
}

/// Sample, network, weights, lead time, variable, and a hash of everything else.
#[tokio::test]
async fn files_of_different_questions_have_different_names() {
    let app = TestApp::new();
    let mut names = std::collections::BTreeSet::new();
    let of = |sample: &str, threshold: &str, name: &str| {
        part(&result(sample, "grad-cam").replace("threshold=1.5", threshold), name)
    };
    let default = "threshold=1.5";
    for (sample, more) in [(SAMPLE, default), (SAMPLE, "threshold=3"), (UNOBSERVED, default)] {
        for name in ["data/prediction.csv", "data/input.csv", "data/prediction.npy", "numbers.csv"]
        {
            let page = app.get(&of(sample, more, name)).await;
            assert_eq!(page.status, StatusCode::OK, "{name}");
            let saved = page.header("content-disposition").to_owned();
            let stem = name.rsplit('/').next().and_then(|name| name.split('.').next());
            for part in [sample, "sar-unet", "30min", stem.expect("it has one")] {
                assert!(saved.contains(part), "{part} in {saved}");
            }
            assert!(names.insert(saved.clone()), "{saved} twice");
        }
    }
    let again = app.get(&of(SAMPLE, default, "data/prediction.csv")).await;
    assert!(names.contains(again.header("content-disposition")), "the same is called the same");
}

#[tokio::test]
async fn tables_and_provenance_come_as_files() {
    let app = TestApp::new();
    let head = b"forecast,lead_time_min,threshold_mm_h,hits";
    check(&app, "scores.csv", "", "text/csv; charset=utf-8", head).await;
    let head = b"\"name\",\"value\",\"unit\",\"meaning\"";
    check(&app, "numbers.csv", "", "text/csv; charset=utf-8", head).await;
    let csv = app.get(&file("scores.csv")).await.text();
    assert_eq!(csv.lines().count(), 11, "a header and two forecasts at five thresholds");
    let bibtex = app.get(&file("citations.bib")).await.text();
    assert!(bibtex.contains("someone2026") && bibtex.contains("@inproceedings{sundararajan2017"));
    let provenance = app.get(&file("provenance.json")).await.json();
    assert_eq!(provenance["request"]["subject"]["sample"], SAMPLE);
    assert_eq!(provenance["weights_sha256"].as_str().map(str::len), Some(64));
}

#[tokio::test]
async fn arrays_come_one_by_one_and_together() {
    let app = TestApp::new();
    let netcdf_is_hdf5 = b"\x89HDF\r\n";
    check(&app, "arrays.npz", "", "application/zip", b"PK").await;
    check(&app, "result.nc", "", "application/x-netcdf", netcdf_is_hdf5).await;
    let octets = "application/octet-stream";
    check(&app, "data/prediction.npy", "", octets, b"\x93NUMPY").await;
    check(&app, "data/grad_cam/cbam3/raw.npy", "", octets, b"\x93NUMPY").await;
    let unknown = app.get(&file("data/truth.npy")).await;
    assert_eq!(unknown.status, StatusCode::NOT_FOUND);
    assert!(unknown.text().contains("grad_cam/cbam3/raw, "));
}

#[tokio::test]
async fn maps_on_the_earth_come_as_geotiff() {
    let app = TestApp::new();
    check(&app, "data/prediction@0.tif", "", "image/tiff", b"II*\0").await;
    check(&app, "data/integrated_gradients@3.tif", "", "image/tiff", b"II*\0").await;
    let beyond = app.get(&file("data/prediction@1.tif")).await;
    assert_eq!(beyond.status, StatusCode::NOT_FOUND);
    assert!(beyond.text().contains("prediction@0"), "{}", beyond.text());
    let unnamed = app.get(&file("data/prediction.tif")).await;
    assert!(unnamed.text().contains("VARIABLE@INDEX.tif"), "{}", unnamed.text());
}

#[tokio::test]
async fn a_name_that_no_file_has_computes_nothing() {
    let app = TestApp::new();
    let page = app.get(&file("score.csv")).await;
    assert_eq!(page.status, StatusCode::NOT_FOUND);
    assert!(page.text().contains("scores.csv") && page.text().contains("result.nc"));
    assert_eq!(app.n_runs(), 0);
    let unobserved = app.get(&part(&result(UNOBSERVED, "none"), "scores.csv")).await;
    assert_eq!(unobserved.status, StatusCode::NOT_FOUND);
    assert!(unobserved.text().contains("his result has no scores.csv"), "{}", unobserved.text());
}

#[tokio::test]
async fn files_of_a_result_are_listed_with_what_they_are() {
    let app = TestApp::new();
    for (sample, has_scores) in [(SAMPLE, true), (UNOBSERVED, false)] {
        let page = app.finished(&result(sample, "none")).await;
        let names = page.texts(".downloads strong");
        for name in [
            "bundle.zip",
            "arrays.npz",
            "result.nc",
            "numbers.csv",
            "provenance.json",
            "citations.bib",
        ] {
            assert!(names.contains(&name.to_owned()), "{name} in {names:?}");
        }
        assert_eq!(names.contains(&"scores.csv".to_owned()), has_scores);
        assert!(page.texts(".downloads span").iter().all(|what| what.len() > 10));
        for address in page.attributes(".downloads a", "href") {
            assert_eq!(app.get(&address).await.status, StatusCode::OK, "{address}");
        }
    }
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
    let page = app.get(&part(&result(SAMPLE, "none"), "bundle.zip")).await;
    assert_eq!(page.header("content-type"), "application/zip");
    let archive = zip::ZipArchive::new(std::io::Cursor::new(page.body)).expect("it is an archive");
    let names: Vec<_> = archive.file_names().flatten().collect();
    for name in [
        "README.txt",
        "provenance.json",
        "citations.bib",
        "scores.csv",
        "result.nc",
        "figures/map-prediction.pdf",
    ] {
        assert!(names.iter().any(|found| found == name), "{name} in {names:?}");
    }
}
