//! Fields of rain from outside: what they hold is shown, and what is none is refused in words.

use axum::http::StatusCode;

use crate::support::{FORM, Page, TestApp, form};

fn fixture(name: &str) -> Vec<u8> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/crates/stormlens-data/tests/fields/");
    std::fs::read(format!("{folder}{name}")).expect("the repository has it")
}

async fn upload(app: &TestApp, name: &str, bytes: &[u8]) -> Page {
    app.send_body("/rain", FORM, "text/html", form("files", &[(name, bytes)])).await
}

#[tokio::test]
async fn samples_are_listed_and_each_has_a_page() {
    let app = TestApp::new();
    let list = app.get("/rain").await;
    assert_eq!(list.count(".card"), 24);
    assert_eq!(app.get("/rain?page=4").await.status, StatusCode::BAD_REQUEST);
    let first = list.attributes(".card a", "href").remove(0);
    let page = app.get(&first).await;
    assert_eq!(page.status, StatusCode::OK);
    assert!(page.text().contains("a perfect forecast"), "{}", page.text());
    for (page, picture) in [(&list, ".card img"), (&page, ".split img")] {
        assert!(page.count(picture) > 0);
        let legend = page.texts(".legend span").concat();
        assert!(legend.contains("Rain in 3 h, mm"), "no unit of the picture: {legend:?}");
        assert_eq!(page.count(".legend li"), 9, "a patch a class");
    }
    // No network of the script refines rain.
    assert_eq!(page.count("form[action='/v1/result']"), 0);
    let picture = list.attributes(".card img", "src").remove(0);
    assert_eq!(app.get(&picture).await.header("content-type"), "image/png");
    assert_eq!(app.get("/rain/no-such").await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn a_file_leads_to_what_it_holds() {
    let app = TestApp::new();
    let page = upload(&app, "forecast.nc", &fixture("forecast_netcdf4.nc")).await;
    assert_eq!(page.status, StatusCode::SEE_OTHER, "{}", page.text());
    let sums = app.get(page.header("location")).await;
    assert!(sums.text().contains("The file makes 2 sums of rain"), "{}", sums.text());
    let first = sums.attributes("td a", "href").remove(0);
    let one = app.get(&first).await;
    assert_eq!(one.status, StatusCode::OK);
    assert!(
        one.text().contains("forecast.nc") && one.text().contains("sum from"),
        "{}",
        one.text()
    );
    assert!(one.texts(".legend span").concat().contains(" h, mm"), "{}", one.text());
    // The same bytes lead to the same page.
    let again = upload(&app, "forecast.nc", &fixture("forecast_netcdf4.nc")).await;
    assert_eq!(again.header("location"), page.header("location"));
}

#[tokio::test]
async fn what_makes_no_sum_is_refused_for_its_reason() {
    let app = TestApp::new();
    let cut = &fixture("ccsds_ecmwf_tp.grib2")[..180];
    for (name, bytes, status, words) in [
        (
            "a.txt",
            b"rain".to_vec(),
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "no field that can be read",
        ),
        ("cut.grib2", cut.to_vec(), StatusCode::UNPROCESSABLE_ENTITY, "cut off"),
        ("moments.nc", fixture("no_bounds.nc"), StatusCode::UNPROCESSABLE_ENTITY, "have no bounds"),
        (
            "step.grib2",
            fixture("complex_spatial_gfs_precip_2p5deg.grib2"),
            StatusCode::UNPROCESSABLE_ENTITY,
            " mean of 6 h cannot be divided into 3 h",
        ),
    ] {
        let page = upload(&app, name, &bytes).await;
        assert_eq!(page.status, status, "{name}: {}", page.text());
        assert!(page.text().contains(words), "{name}: {}", page.text());
    }
    let empty = app.send_body("/rain", FORM, "text/html", form("files", &[])).await;
    assert_eq!(empty.status, StatusCode::BAD_REQUEST);
    let odd = app.send_body("/rain", FORM, "text/html", form("pictures", &[("a", b"b")])).await;
    assert!(odd.text().contains("none of files"), "{}", odd.text());
    let none = app.send_body("/rain", "text/plain", "text/html", "rain").await;
    assert_eq!(none.status, StatusCode::BAD_REQUEST);
}
