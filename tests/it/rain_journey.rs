//! From the start page to refined rain with its explanation, in headless Chromium, with the shipped weights.

use std::path::Path;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde_json::json;
use stormlens::web::AppState;

use crate::accessibility::findings;
use crate::browser::{FIGURES_DRAWN, in_browser, is_no_wider, keep, real_state};
use crate::webdriver::Browser;

const AT_RESULT: &str =
    "return document.querySelector('h1')?.textContent.endsWith(', refined') ?? false";

fn state(cache: &Path) -> AppState {
    real_state(cache).expect("weights are in the repository")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_visitor_refines_rain_and_asks_why() {
    in_browser(state, async |driver, address| {
        let browser = driver.browser(true).await;
        browser.open(&address).await;
        browser.click("#try-rain .card a").await;
        browser.wait("a rain field", "return location.pathname.startsWith('/rain/')").await;
        // Four tiles beside each other, and one over their corners.
        fill(&browser, "domain", "-115,37,-111,41").await;
        choose_members(&browser).await;
        browser.click("button.primary").await;
        browser.wait("a result", AT_RESULT).await;
        browser.wait("figures", FIGURES_DRAWN).await;
        assert_eq!(browser.count(".tilemap rect.tile").await, 5);
        assert!(browser.count("#ensemble figure").await > 3, "members of several epochs");
        assert!(browser.text("#scores").await.contains("bilinear"), "rivals stand beside it");
        keep(&browser, "rain").await;
        let before = browser.address().await;
        browser.click(".tilemap a[href*='target=tile']").await;
        let moved = format!("return location.href.split('#')[0] !== {}", json!(before));
        browser.wait("another target", &moved).await;
        browser.wait("a result", AT_RESULT).await;
        assert!(browser.address().await.contains("target=tile:"));
        browser.click("#integrated-gradients a.button").await;
        let explained =
            "return document.querySelector('#integrated-gradients figure[data-figure]') !== null";
        browser.wait("an explanation", explained).await;
        assert!(browser.text("#look").await.contains("From terrain"));
        browser.wait("figures", FIGURES_DRAWN).await;
        keep(&browser, "rain-explained").await;
        fits_and_can_be_heard(&browser).await;
        assert_eq!(browser.complaints().await, Vec::<String>::new());
        browser.close().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_visitor_without_javascript_refines_rain_too() {
    in_browser(state, async |driver, address| {
        let browser = driver.browser(false).await;
        browser.open(&format!("{address}/rain")).await;
        browser.click(".card a").await;
        browser.wait("a rain field", "return location.pathname.startsWith('/rain/')").await;
        fill(&browser, "domain", "-115,37,-113,39").await;
        choose_members(&browser).await;
        browser.click("button.primary").await;
        browser.wait("a result", AT_RESULT).await;
        browser.run("document.querySelector('#ensemble input[name=exceed]').value = 5").await;
        browser.click("#ensemble button[type=submit]").await;
        browser.wait("another amount", "return location.search.includes('exceed=5')").await;
        browser.wait("figures", FIGURES_DRAWN).await;
        assert_eq!(browser.complaints().await, Vec::<String>::new());
        browser.close().await;
    })
    .await;
}

/// A file without bounds of its times, dropped on the page with a statement of their hours.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_visitor_brings_rain_and_says_of_how_many_hours_it_is() {
    in_browser(state, async |driver, address| {
        let browser = driver.browser(true).await;
        browser.open(&format!("{address}/rain")).await;
        browser.run("document.querySelector('.drop details').open = true").await;
        drop_hours(&browser).await;
        let told = "return document.querySelector('[data-status]').textContent.includes('Hours of each field')";
        browser.wait("a refusal", told).await;
        // The refused request is told in the console as well.
        assert_eq!(browser.complaints().await.len(), 1);
        browser.run("document.querySelector('[name=each-hours]').value = 1").await;
        drop_hours(&browser).await;
        browser.wait("its sums", "return location.pathname.startsWith('/rain/of/')").await;
        assert!(browser.text("main").await.contains("the sum of 1 h"));
        fits_and_can_be_heard(&browser).await;
        assert_eq!(browser.complaints().await, Vec::<String>::new());
        browser.close().await;
    })
    .await;
}

/// Uploads the file of hours from any page; the address of the list of what it makes.
pub async fn bring_hours(browser: &Browser<'_>) -> String {
    let content = BASE64_STANDARD.encode(std::fs::read(HOURS).expect("the repository has it"));
    let script = "return (async () => {
        const blob = new Blob([Uint8Array.from(atob('CONTENT'), (c) => c.charCodeAt(0))]);
        const form = new FormData();
        form.append('files', new File([blob], 'hours.nc'));
        form.append('each-hours', '1');
        const answer = await fetch('/rain', { method: 'POST', body: form, headers: { accept: 'text/html' } });
        return answer.url;
    })()";
    let page = browser.run(&script.replace("CONTENT", &content)).await;
    let page = page.as_str().expect("an address").to_owned();
    assert!(page.contains("/rain/of/"), "{page}");
    page
}

const HOURS: &str = "data/mrms/mrms_gaugecorr_qpe_01h_20160920_20160922_0p04deg.nc";

async fn drop_hours(browser: &Browser<'_>) {
    let content = BASE64_STANDARD.encode(std::fs::read(HOURS).expect("the repository has it"));
    let script = "return (async () => {
        const blob = new Blob([Uint8Array.from(atob('CONTENT'), (c) => c.charCodeAt(0))]);
        const files = new DataTransfer();
        files.items.add(new File([blob], 'hours.nc'));
        const event = new DragEvent('drop', { dataTransfer: files, bubbles: true, cancelable: true });
        document.body.dispatchEvent(event);
    })()";
    browser.run(&script.replace("CONTENT", &content)).await;
}

/// Nothing is wider than a phone, and axe-core finds nothing.
pub async fn fits_and_can_be_heard(browser: &Browser<'_>) {
    browser.resize(390).await;
    is_no_wider(browser, 390).await;
    browser.resize(1280).await;
    if let Some(file) = std::env::var_os("STORMLENS_AXE") {
        let axe = std::fs::read_to_string(file).expect("axe.min.js can be read");
        assert_eq!(findings(browser, &axe).await, Vec::<String>::new());
    }
}

/// Weights of several epochs: no ensemble is the default.
async fn choose_members(browser: &Browser<'_>) {
    let chosen = "return document.querySelector('.question select[name=ensemble]').value";
    assert_eq!(browser.run(chosen).await, json!("none"));
    browser.run("document.querySelector('.question select[name=ensemble]').value = 'epochs'").await;
}

async fn fill(browser: &Browser<'_>, name: &str, value: &str) {
    let set =
        format!("document.querySelector('.question input[name={name}]').value = {}", json!(value));
    browser.run(&set).await;
}
