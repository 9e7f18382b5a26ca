//! Fields that somebody brings, asked with the shipped weights: the same fields have the same answer, whoever has them.

use std::path::Path;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use stormlens::web::AppState;

use crate::browser::{FIGURES_DRAWN, in_browser, keep, real_state};
use crate::field_files::{Draft, grib_of_day};
use crate::rain_journey::fits_and_can_be_heard;
use crate::support::{FORM, TestApp, form, part};

const DAY: &str = "2008-04-08";
const AT_RESULT: &str =
    "return document.querySelector('h1')?.textContent.endsWith('how probable rain is') ?? false";

fn state(cache: &Path) -> AppState {
    real_state(cache).expect("weights are in the repository")
}

fn app() -> TestApp {
    let around = tempfile::tempdir().expect("there is room");
    let state = state(&around.path().join("cache"));
    TestApp::of(state, around)
}

/// The address of the result of a page with a form, and the numbers of a variable of it.
async fn asked(app: &TestApp, id: &str, variable: &str) -> (String, Vec<f32>) {
    let short =
        format!("/v1/result?model=sslpdl&checkpoint=iberia-narrow&methods=none&fields={id}");
    let address = app.get(&short).await.header("location").to_owned();
    let page = app.finished(&address).await;
    assert_eq!(page.status.as_u16(), 200, "{}", page.text());
    let values = app.finished(&part(&address, &format!("data/{variable}.f32"))).await;
    let values = values.body.as_chunks::<4>().0.iter().map(|&bytes| f32::from_le_bytes(bytes));
    (page.text(), values.collect())
}

/// A file of a shipped day's own fields, some of them in other units, makes the probabilities of that day.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_file_of_a_day_has_the_probabilities_of_that_day() {
    let app = app();
    let file = Draft::of_days(&[DAY]).bytes();
    let body = form("files", &[("day.nc", &file)]);
    let sent = app.send_body("/probability", FORM, "text/html", body).await;
    let page = sent.header("location").to_owned();
    let id = page.strip_prefix("/probability/").expect("its page");
    let (text, brought) = asked(&app, id, "probability").await;
    assert!(text.contains("nobody has measured") && text.contains("day.nc"), "{text}");
    let (_, shipped) = asked(&app, &format!("iberia-{DAY}"), "probability").await;
    assert_eq!((brought.len(), shipped.len()), (2 * 16 * 24, 2 * 16 * 24));
    // Values went through a file in float64; heights were divided by standard gravity twice. The maps of recalibration are
    // steep, so 10⁻⁷ of the input may be 10⁻⁴ of a probability.
    for (a, b) in brought.iter().zip(&shipped) {
        assert!((a - b).abs() < 1e-4, "{a} is not {b}");
    }
    // A hidden variable is another question, and said.
    let file = Draft::of_days(&[DAY]).with(|name| name != "q850").bytes();
    let body = form("files", &[("day.nc", &file)]);
    let sent = app.send_body("/probability", FORM, "text/html", body).await;
    let id = sent.header("location").trim_start_matches("/probability/").to_owned();
    let (text, hidden) = asked(&app, &id, "probability").await;
    assert!(text.contains("Q850 is hidden: no file has specific humidity at 850 hPa"), "{text}");
    let changed = hidden.iter().zip(&shipped).filter(|(a, b)| (**a - **b).abs() > 1e-3).count();
    assert!(changed > 0, "without humidity the answer is another one");
}

/// A reanalysis gives GRIB of moments: four of a day make its mean, so the same day has the same answer.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn grib_of_four_moments_has_the_memberships_of_that_day() {
    let app = app();
    let body = form("files", &[("day.grib2", &grib_of_day(DAY, true))]);
    let sent = app.send_body("/probability", FORM, "text/html", body).await;
    let page = app.get(sent.header("location")).await;
    let text = page.texts("main").concat();
    assert!(text.contains("12 of them are there"), "{text}");
    assert!(text.contains("mean of 4 moments from 2008-04-08 00:00 UTC"), "{text}");
    let id = sent.header("location").trim_start_matches("/probability/").to_owned();
    let (text, brought) = asked(&app, &id, "membership").await;
    assert!(text.contains("day.grib2"), "{text}");
    let (_, shipped) = asked(&app, &format!("iberia-{DAY}"), "membership").await;
    assert_eq!((brought.len(), shipped.len()), (2 * 16 * 24, 2 * 16 * 24));
    // Sixteen bits a value: half a pascal, 10⁻⁶ of specific humidity.
    for (a, b) in brought.iter().zip(&shipped) {
        assert!((a - b).abs() < 5e-3, "{a} is not {b}");
    }
    // No field ends where the day does.
    let body = form("files", &[("day.grib2", &grib_of_day(DAY, false))]);
    let sent = app.send_body("/probability", FORM, "text/html", body).await;
    let page = app.get(sent.header("location")).await;
    assert_eq!(page.status.as_u16(), 200, "{}", page.text());
    assert!(page.text().contains("11 of them are there"), "{}", page.text());
    let id = sent.header("location").trim_start_matches("/probability/").to_owned();
    let (text, _) = asked(&app, &id, "membership").await;
    assert!(text.contains("RAIN is hidden"), "{text}");
}

/// Fields dropped on the page, what was recognised, and the probabilities.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_visitor_brings_fields_and_sees_what_was_recognised() {
    in_browser(state, async |driver, address| {
        let browser = driver.browser(true).await;
        browser.open(&format!("{address}/probability")).await;
        let file = Draft::of_days(&[DAY]).with(|name| name != "q850").bytes();
        let script = "return (async () => {
            const blob = new Blob([Uint8Array.from(atob('CONTENT'), (c) => c.charCodeAt(0))]);
            const files = new DataTransfer();
            files.items.add(new File([blob], 'fields.nc'));
            const event = new DragEvent('drop', { dataTransfer: files, bubbles: true, cancelable: true });
            document.body.dispatchEvent(event);
        })()";
        browser.run(&script.replace("CONTENT", &BASE64_STANDARD.encode(file))).await;
        let there = "return document.querySelector('table.recognised') !== null";
        browser.wait("what was recognised", there).await;
        let text = browser.text("main").await;
        assert!(text.contains("11 of them are there") && text.contains("Hidden"), "{text}");
        keep(&browser, "fields-recognised").await;
        fits_and_can_be_heard(&browser).await;
        browser.click(".question button.primary").await;
        browser.wait("a result", AT_RESULT).await;
        browser.wait("figures", FIGURES_DRAWN).await;
        assert!(browser.text(".notes").await.contains("Q850 is hidden"));
        assert_eq!(browser.complaints().await, Vec::<String>::new());
        browser.close().await;
    })
    .await;
}
