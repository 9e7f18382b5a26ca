//! Rain that somebody brings, with what is said of it.

use axum::http::StatusCode;
use netcdf_writer::{NcFileBuilder, NcWriteFormat, NcWriteOptions};

use crate::field_files::add_variable;
use crate::support::{FORM, Page, TestApp, without_names};

/// Name, name of the file (none: a text), bytes.
pub type Part<'a> = (&'static str, Option<&'static str>, &'a [u8]);

const DATA: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/data/");
/// Hours without bounds of their times.
const HOURS: &str = "mrms/mrms_gaugecorr_qpe_01h_20160920_20160922_0p04deg.nc";
const HEIGHTS: &str = "terrain/gfs_orography_0p25deg.nc";

fn shipped(name: &str) -> Vec<u8> {
    std::fs::read(format!("{DATA}{name}")).expect("the repository has it")
}

fn form(parts: &[Part<'_>]) -> Vec<u8> {
    let mut body = Vec::new();
    for (name, file, bytes) in parts {
        let file = file.map(|file| format!("; filename=\"{file}\"")).unwrap_or_default();
        let head =
            format!("--xXx\r\ncontent-disposition: form-data; name=\"{name}\"{file}\r\n\r\n");
        body.extend([head.as_bytes(), bytes, b"\r\n"].concat());
    }
    body.extend_from_slice(b"--xXx--\r\n");
    body
}

/// The shipped hours are larger than the files of other tests.
pub fn roomy() -> TestApp {
    TestApp::set_up(|setup| {
        (setup.max_file_bytes, setup.max_cache_bytes) = (4_000_000, 100_000_000);
    })
}

pub async fn send(app: &TestApp, accept: &str, parts: &[Part<'_>]) -> Page {
    app.send_body("/rain", FORM, accept, form(parts)).await
}

#[tokio::test]
async fn what_was_stated_is_said_wherever_the_file_is_shown() {
    let app = roomy();
    let (rain, heights) = (shipped(HOURS), shipped(HEIGHTS));
    let files = |hours: &'static str| -> [Part<'_>; 3] {
        [
            ("files", Some("hours.nc"), &rain[..]),
            ("each-hours", None, hours.as_bytes()),
            ("elevation", Some("own heights.nc"), &heights[..]),
        ]
    };
    let page = send(&app, "text/html", &files("1")).await;
    assert_eq!(page.status, StatusCode::SEE_OTHER, "{}", page.text());
    let list = app.get(page.header("location")).await;
    assert!(list.text().contains("as the sum of 1 h until its time"), "{}", list.text());
    let one = app.get(&list.attributes("td a", "href").remove(0)).await;
    assert!(one.text().contains("as the sum of 1 h until its time"), "{}", one.text());
    assert!(one.text().contains("own heights.nc, 20 to"), "{}", one.text());
    // Another statement is another subject.
    let other = send(&app, "text/html", &files("3")).await;
    assert_ne!(other.header("location"), page.header("location"));
    let again = send(&app, "text/html", &files("1")).await;
    assert_eq!(again.header("location"), page.header("location"));
}

/// A name belongs to whoever brought the bytes under it.
#[tokio::test]
async fn nobody_sees_the_name_that_another_visitor_gave() {
    let app = roomy();
    let (rain, heights) = (shipped(HOURS), shipped(HEIGHTS));
    let visitors = [["Anna's farm.nc", "Anna's hill.nc"], ["b.nc", "h.nc"]];
    let mut addresses = Vec::new();
    for [own, own_heights] in visitors {
        let parts: [Part<'_>; 3] = [
            ("files", Some(own), &rain),
            ("each-hours", None, b"1"),
            ("elevation", Some(own_heights), &heights),
        ];
        addresses.push(send(&app, "text/html", &parts).await.header("location").to_owned());
    }
    for (address, [own, own_heights]) in addresses.iter().zip(visitors) {
        let list = app.get(address).await;
        let one = app.get(&list.attributes("td a", "href").remove(0)).await;
        for text in [list.text(), one.text()].map(|text| text.replace("&#39;", "'")) {
            assert!(text.contains(own) && text.contains(own_heights), "{own}: {text}");
            let is_mine = own.starts_with("Anna");
            assert_eq!(text.contains("Anna"), is_mine, "{own}: {text}");
        }
    }
    // What anybody can tell who has the same bytes.
    let plain = without_names(&addresses[0]);
    assert_ne!(plain, addresses[0]);
    let list = app.get(&plain).await;
    let one = app.get(&list.attributes("td a", "href").remove(0)).await;
    for page in [list, one] {
        let text = page.text();
        assert_eq!(page.status, StatusCode::OK, "{text}");
        assert!(text.contains("a file") && !text.contains("Anna"), "{text}");
    }
}

#[tokio::test]
async fn a_program_is_told_what_it_brought() {
    let app = roomy();
    let rain = shipped(HOURS);
    let parts: [Part<'_>; 2] = [("files", Some("hours.nc"), &rain[..]), ("each-hours", None, b"1")];
    let answer = send(&app, "application/json", &parts).await;
    assert_eq!(answer.status, StatusCode::CREATED, "{}", answer.text());
    let receipt = answer.json();
    assert_eq!(receipt["page"], answer.header("location"));
    let sums = receipt["sums"].as_array().expect("a list");
    assert_eq!((sums.len(), &sums[0]["hours"]), (58, &serde_json::json!(3)));
    let page = sums[0]["page"].as_str().expect("an address");
    assert_eq!(app.get(page).await.status, StatusCode::OK);
}

#[tokio::test]
async fn what_cannot_be_taken_is_refused_in_words_of_the_form() {
    let app = roomy();
    let (rain, heights) = (shipped(HOURS), shipped(HEIGHTS));
    let file: Part<'_> = ("files", Some("hours.nc"), &rain);
    fn elevation(bytes: &[u8]) -> Part<'_> {
        ("elevation", Some("h.nc"), bytes)
    }
    let hours = |text: &'static str| -> Part<'_> { ("each-hours", None, text.as_bytes()) };
    for (parts, status, words) in [
        (vec![file], 422, "fill in “Hours of each field”"),
        (vec![file, hours(" ")], 422, "fill in “Hours of each field”"),
        (vec![file, hours("4")], 422, "a whole number from 1 to 3"),
        (vec![file, hours("an hour")], 422, "a whole number from 1 to 3"),
        (vec![file, hours("1111111111111111111111")], 400, "than a number"),
        (vec![file, hours("2")], 422, "a step is missing"),
        (vec![file, file, hours("1")], 400, "a file twice"),
        (vec![elevation(&heights)], 400, "holds no file of rain"),
        (vec![file, hours("1"), elevation(&rain)], 422, "he heights: "),
        (vec![file, hours("1"), elevation(b"heights")], 415, "no field that can be read"),
    ] {
        let page = send(&app, "text/html", &parts).await;
        let text = page.text();
        assert_eq!(page.status.as_u16(), status, "{words}: {text}");
        assert!(text.contains(words), "{words}: {text}");
        assert!(!text.contains("--each-hours"), "no words of the command line: {text}");
    }
}

/// NetCDF of one sum of so many hours, everywhere the same.
fn sum_of(hours: f64, amount: f64, unit: &str) -> Vec<u8> {
    field_of("tp", "time: sum", (hours, amount, unit))
}

/// The same of a variable and a method.
fn field_of(name: &str, method: &str, (hours, amount, unit): (f64, f64, &str)) -> Vec<u8> {
    let mut file = NcFileBuilder::new();
    let axis: Vec<f64> = (0..16).map(|i| 36.0 + 0.25 * f64::from(i)).collect();
    let lengths = [("time", 1), ("ends", 2), ("lat", 16), ("lon", 16)];
    let dimensions = lengths.map(|(name, n)| file.add_dimension(name, n).expect("a dimension"));
    let [time, ends, lat, lon] = dimensions;
    let mut add = |name: &str, on: &[_], values: &[f64], said: &[(&str, &str)]| {
        add_variable(&mut file, name, (on, values), said);
    };
    let since = [("units", "hours since 2020-01-01 00:00:00"), ("bounds", "time_ends")];
    add("time", &[time], &[hours], &since);
    add("time_ends", &[time, ends], &[0.0, hours], &[]);
    add("lat", &[lat], &axis, &[("units", "degrees_north")]);
    add("lon", &[lon], &axis, &[("units", "degrees_east")]);
    let said = [("units", unit), ("cell_methods", method)];
    add(name, &[time, lat, lon], &[amount; 256], &said);
    file.to_vec(NcWriteOptions { format: NcWriteFormat::Nc4 }).expect("a file").1
}

/// An undeclared missing value, another unit, and a longer interval; names of files stay as they are.
#[tokio::test]
async fn what_cannot_be_rain_of_three_hours_is_not_taken() {
    let app = roomy();
    for (hours, amount, unit, words) in [
        (
            3.0,
            9999.0,
            "kg m-2",
            "holds 9999 kg m-2 in row 0 from the south, column 0 from the west",
        ),
        (3.0, 50.0, "m", "50 m (50000 mm)"),
        (3.0, 99.99, "mm", "looks like a missing value that the file does not declare"),
        (24.0, 10.0, "mm", " sum of 24 h cannot be divided into 3 h"),
    ] {
        let bytes = sum_of(hours, amount, unit);
        let page = send(&app, "text/html", &[("files", Some("ok sum.nc"), &bytes)]).await;
        assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY, "{}", page.text());
        assert!(page.text().contains(words), "{words}: {}", page.text());
    }
    let page = send(&app, "text/html", &[("files", Some("ok.nc"), b"rain")]).await;
    assert!(page.texts(".error").concat().contains("“ok.nc” is no field"), "{}", page.text());
    let bytes = sum_of(3.0, 900.0, "mm");
    let page = send(&app, "text/html", &[("files", Some("ok sum.nc"), &bytes)]).await;
    assert_eq!(page.status, StatusCode::SEE_OTHER, "{}", page.text());
}

/// The page has no field for the name of a variable, and bounds do not help where the method is wrong.
#[tokio::test]
async fn what_is_said_of_a_file_can_be_done() {
    let app = roomy();
    let of = |name: &str, method: &str, unit: &str| field_of(name, method, (3.0, 1.0, unit));
    for (bytes, words, vain) in [
        (of("acpcp", "time: sum", "mm"), "Choose a file that holds the total", "name one part"),
        (of("pr", "time: maximum", "mm/h"), "its cell_methods are “time: maximum”", "bounds"),
        (of("pr", "time: sum", "mm/h"), "If the values are mean rates, write", "bounds"),
        (of("tp", "time: mean", "mm"), "If the values are sums, write", "bounds"),
    ] {
        let page = send(&app, "text/html", &[("files", Some("a.nc"), &bytes)]).await;
        let text = page.texts(".error").concat();
        assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY, "{text}");
        assert!(text.contains(words) && !text.contains(vain), "{text}");
    }
}
