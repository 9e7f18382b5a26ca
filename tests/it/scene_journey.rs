//! A scene that somebody brings to the page of scenes, in headless Chromium: by hand, by mouse and without JavaScript.

use serde_json::json;

use crate::browser::{FIGURES_DRAWN, fits_at, in_browser, is_drawn, keep, scripted};
use crate::journey::{choose_option, fade, point};
use crate::maps::nothing_flickers;
use crate::webdriver::Browser;

/// Weights for scenes need not be there, so the scripted worker answers in any case.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_visitor_brings_a_scene_by_hand_by_mouse_and_without_javascript() {
    in_browser(scripted, async |driver, address| {
        let browser = driver.browser(true).await;
        choose_file(&browser, &address).await;
        drop_file(&browser, &address).await;
        drop_what_is_no_picture(&browser, &address).await;
        fit_scenes(&browser, &address).await;
        assert_eq!(browser.complaints().await, Vec::<String>::new());
        browser.close().await;
        let plain = driver.browser(false).await;
        plain.open(&format!("{address}/scenes")).await;
        plain.type_into("input[type=file]", &sample_file()).await;
        plain.click(".drop button").await;
        plain.wait("a result", AT_ANSWER).await;
        assert_eq!(plain.complaints().await, Vec::<String>::new());
        plain.close().await;
    })
    .await;
}

const AT_ANSWER: &str =
    "return document.querySelector('.answer')?.textContent.includes('polar low') ?? false";

fn sample_file() -> String {
    concat!(env!("CARGO_MANIFEST_DIR"), "/data/sentinel1/open_ocean_20150915_508px.png").to_owned()
}

/// Through the file input, then the options that redraw.
async fn choose_file(browser: &Browser<'_>, address: &str) {
    browser.open(&format!("{address}/scenes")).await;
    assert!(is_drawn(browser, ".card img").await);
    keep(browser, "scenes").await;
    // As someone who works by keyboard would find it.
    browser.run("document.querySelector('input[type=file]').focus()").await;
    let focused = browser.run("return document.activeElement.labels.length").await;
    assert_eq!(focused, 1, "the field has a name");
    browser.type_into("input[type=file]", &sample_file()).await;
    browser.wait("a result", AT_ANSWER).await;
    browser.wait("figures", FIGURES_DRAWN).await;
    assert!(browser.address().await.contains("/v1/result?model=polar-low&"));
    browser.click("#integrated-gradients a.button").await;
    let path = "return document.querySelector('#integrated-gradients figure') !== null";
    browser.wait("gradients", path).await;
    browser.wait("figures", FIGURES_DRAWN).await;
    keep(browser, "scene").await;
    fade(browser).await;
    choose_option(browser, "#look select[name=evidence]", "jet").await;
    browser.wait("other colours", "return location.search.includes('evidence=jet')").await;
    browser.wait("a result", AT_ANSWER).await;
    assert!(browser.address().await.contains("opacity=0.3&"), "the look is kept");
    point(browser).await;
    nothing_flickers(browser).await;
}

/// A picture that the page itself paints, dropped on it.
const DROP: &str = "
    const canvas = document.createElement('canvas');

    [canvas.width, canvas.height] = [60, 40];
    const context = canvas.getContext('2d');
    context.fillStyle = '#456';
    context.fillRect(0, 0, 50, 40);
    const blob = await new Promise((done) => canvas.toBlob(done));
    const files = new DataTransfer();
    files.items.add(new File([CONTENT], NAME));
    for (const type of ['dragover', 'drop']) {
        const event = new DragEvent(type, { dataTransfer: files, bubbles: true, cancelable: true });
        document.body.dispatchEvent(event);
    }";

async fn drop_here(browser: &Browser<'_>, content: &str, name: &str) {
    let script = DROP.replace("CONTENT", content).replace("NAME", &json!(name).to_string());
    browser.run(&format!("return (async () => {{ {script} }})()")).await;
}

async fn drop_file(browser: &Browser<'_>, address: &str) {
    browser.open(address).await;
    drop_here(browser, "blob", "<b>dropped</b> & kept.png").await;
    browser.wait("a result", AT_ANSWER).await;
    assert_eq!(browser.text("h1").await, "b> & kept.png", "a name is text");
    assert_eq!(browser.count("h1 b").await, 0);
}

async fn drop_what_is_no_picture(browser: &Browser<'_>, address: &str) {
    browser.open(&format!("{address}/scenes")).await;
    drop_here(browser, "'<svg/>'", "drawing.png").await;
    let told = "return document.querySelector('[data-status]').textContent.includes('not taken')";
    browser.wait("a refusal", told).await;
    let text = browser.text("[data-status]").await;
    assert!(text.contains("“drawing.png”") && text.contains("PNG, JPEG"), "{text}");
    // The refused request is told in the console as well.
    assert_eq!(browser.complaints().await.len(), 1);
}

/// No page of scenes is wider than the narrowest phone.
async fn fit_scenes(browser: &Browser<'_>, address: &str) {
    browser.open(&format!("{address}/scenes")).await;
    let first = "return document.querySelectorAll('.card a')[0].href";
    let second = "return document.querySelectorAll('.card a')[1].href";
    let (first, second) = (browser.run(first).await, browser.run(second).await);
    let id = |href: &serde_json::Value| {
        href.as_str().and_then(|href| href.split("&scene=").nth(1)?.get(..16)).map(str::to_owned)
    };
    let ids = [id(&first), id(&second)].map(|id| id.expect("it is the address of a scene"));
    let table = format!("{address}/scenes/compare?scenes={}", ids.join(","));
    let result = first.as_str().expect("it is an address").to_owned();
    for page in [format!("{address}/"), format!("{address}/scenes"), table, result] {
        for width in [360, 1280] {
            fits_at(browser, &page, width).await;
        }
        let name = page[address.len()..].split('?').next().unwrap_or_default().replace('/', "-");
        keep(browser, &format!("scenes{name}")).await;
    }
}
