//! What a visitor does on the way from the first page to a figure.

use serde_json::json;

use crate::browser::{FIGURES_DRAWN, INSPECTED, fits_at, is_drawn, keep, keep_as_it_is};
use crate::maps::{part, show_all};
use crate::support::SAMPLE;
use crate::webdriver::Browser;

/// Home, all samples, and the filter.
pub(super) async fn choose(browser: &Browser<'_>, address: &str) {
    browser.open(address).await;
    keep(browser, "home").await;
    assert!(is_drawn(browser, ".card img").await);
    browser.click("nav a[href='/samples']").await;
    browser.wait("samples", "return location.pathname === '/samples'").await;
    assert!(browser.text(".count").await.starts_with("4,166 of 4,166 samples"));
    browser.run("document.querySelector('select[name=field]').value = 'precipitation'").await;
    browser.type_into("input[name=min-wet]", "10").await;
    browser.click("input[name=observed]").await;
    browser.click(".filter button").await;
    browser.wait("a filter", "return location.search.includes('min-wet=10')").await;
    let found = browser.text(".count").await;
    assert!(found.contains("of 4,166 samples") && !found.starts_with("4,166"), "{found}");
    assert!(browser.address().await.contains("field=precipitation"));
    keep(browser, "samples").await;
    browser.open(&format!("{address}/samples?from=2010-08-26T05:35&to=2010-08-26T05:35")).await;
    browser.click(".card a").await;
    browser.wait("a sample", &format!("return location.pathname === '/samples/{SAMPLE}'")).await;
}

/// The radar frames, by keyboard.
pub(super) async fn watch(browser: &Browser<'_>) {
    assert!(is_drawn(browser, ".moving").await);
    browser.click("[data-play]").await;
    browser
        .wait("a pause", "return document.querySelector('[data-play]').textContent === 'Play'")
        .await;
    let before = browser.text(".controls output").await;
    browser.type_into("[data-play]", "\u{E012}").await;
    browser
        .wait(
            "the frame before",
            &format!(
                "return document.querySelector('.controls output').textContent !== {}",
                json!(before)
            ),
        )
        .await;
    keep(browser, "sample").await;
}

pub(super) async fn ask(browser: &Browser<'_>) {
    browser.click("input[value=integrated-gradients]").await;
    let steps =
        "document.querySelector(\"select[name='integrated-gradients.steps']\").value = '10'";
    browser.run(steps).await;
    browser.click("button.primary").await;
    browser.wait("the address of a result", "return location.pathname === '/v1/result'").await;
    keep_as_it_is(browser, "progress").await;
    browser.wait("a result", AT_RESULT).await;
    let address = browser.address().await;
    for parameter in [
        "model=",
        "checkpoint=",
        "lead-time=30",
        "threshold=1.5",
        "integrated-gradients.steps=10",
        "layers=",
        "opacity=",
    ] {
        assert!(address.contains(parameter), "{parameter} in {address}");
    }
}

pub(super) async fn read(browser: &Browser<'_>) {
    browser.wait("figures", FIGURES_DRAWN).await;
    assert_eq!(browser.count("#forecast .figures figure").await, 6);
    assert_eq!(browser.count("#scores .scores tbody tr").await, 5 * 5 + 3);
    assert_eq!(browser.count("#integrated-gradients .figures figure").await, 12);
    assert!(browser.text(".reading").await.contains('%'));
    let alt =
        browser.run("return document.querySelector('[data-figure=map-prediction] img').alt").await;
    assert!(alt.as_str().is_some_and(|alt| alt.contains("mm/h")), "{alt}");
    keep(browser, "result").await;
}

pub async fn fade(browser: &Browser<'_>) {
    browser
        .run(
            "const slider = document.querySelector('[data-opacity]');
             slider.value = 0.3;
             slider.dispatchEvent(new Event('input', { bubbles: true }));",
        )
        .await;
    browser.wait("the address follows", "return location.search.includes('opacity=0.3&')").await;
    browser
        .wait(
            "figures follow",
            "return [...document.querySelectorAll('#grad-cam figure img')].every((i) => {
                 i.scrollIntoView();
                 return i.src.includes('opacity=0.3&') && i.complete && i.naturalWidth > 0;
             })",
        )
        .await;
    assert_eq!(browser.text("[data-opacity-text]").await, "30 %");
}

pub(super) async fn change_layers(browser: &Browser<'_>) {
    let before = browser.count("#grad-cam figure").await;
    browser.click("#grad-cam .view details summary").await;
    browser.click("#grad-cam .view input[name=layers]:not(:checked)").await;
    browser
        .wait(
            "one layer more",
            &format!(
                "return document.querySelectorAll('#grad-cam figure').length === {}",
                before + 1
            ),
        )
        .await;
    browser.wait("a result", AT_RESULT).await;
    assert!(browser.address().await.contains("opacity=0.3&"), "the look is kept");
}

/// As somebody who opens the list and takes an entry.
pub async fn choose_option(browser: &Browser<'_>, selector: &str, value: &str) {
    let script = format!(
        "const select = document.querySelector({});
         select.value = {};
         select.dispatchEvent(new Event('change', {{ bubbles: true }}));",
        json!(selector),
        json!(value)
    );
    browser.run(&script).await;
}

/// Moves the pointer to the middle of the first map that says its values.
const POINT: &str = "
    const figure = document.querySelector('figure[data-head]');

    const picture = figure.querySelector('picture');
    const [left, top, width, height] = figure.dataset.frame.split(',').map(Number);
    const box = picture.querySelector('img').getBoundingClientRect();
    picture.dispatchEvent(new PointerEvent('pointermove', {
        bubbles: true,
        clientX: box.left + box.width * (left + width / 2),
        clientY: box.top + box.height * (top + height / 2),
    }));";

/// What is told beneath it.
const TOLD: &str = "document.querySelector('figure[data-head] output.value').textContent";

pub(super) async fn told(browser: &Browser<'_>) -> String {
    let told = browser.run(&format!("return {TOLD}")).await;
    told.as_str().unwrap_or_default().to_owned()
}

/// A number and a place under the pointer, and a cross on all maps of the same place; arrow keys move
/// on; nothing is left when it goes.
pub async fn point(browser: &Browser<'_>) {
    browser.run("scrollTo(0, 0)").await;
    browser.run(POINT).await;
    browser.wait("a value", &format!("return {TOLD}.includes(' at ')")).await;
    let first = told(browser).await;
    let (value, place) = first.split_once(" at ").expect("a value at a place");
    let is_value = value.contains(|c: char| c.is_ascii_digit()) || value == "no data";
    assert!(is_value && place.contains(|c: char| c.is_ascii_digit()), "{first}");
    let is_place = (place.contains("° N") && place.contains("° E")) || place.contains("row ");
    assert!(is_place, "{first}");
    let others = "const [first, ...others] = document.querySelectorAll('figure[data-head]');
        const same = others.filter((other) => other.dataset.domain === first.dataset.domain);
        return same.every((other) =>
            !other.querySelector('.cross').hidden
            && other.querySelector('output').textContent !== '');";
    browser.wait("a cross on all maps of the place", others).await;
    browser.type_into(&format!("{INSPECTED} .plane"), "\u{E015}\u{E015}\u{E015}").await;
    let moved = format!("return {TOLD}.includes(' at ') && {TOLD} !== {}", json!(first));
    browser.wait("another place", &moved).await;
    keep_as_it_is(browser, "pointer").await;
    browser.type_into(&format!("{INSPECTED} .plane"), "\u{E00C}").await;
    browser.wait("no place", &format!("return {TOLD} === ''")).await;
}

/// A key puts a part of the map into the address, another one takes it out.
pub(super) async fn look_closer(browser: &Browser<'_>) {
    browser.type_into(&format!("{INSPECTED} .plane"), "z").await;
    let numbers = part(browser).await;
    assert!(numbers.len() == 4 && numbers[2] < 288 && numbers[3] < 288, "{numbers:?}");
    keep(browser, "part").await;
    browser.run(POINT).await;
    browser.wait("a value", &format!("return {TOLD}.includes(' at ')")).await;
    show_all(browser).await;
}

/// Fetches what the links of the page name, as the browser would save it.
pub(super) async fn download(browser: &Browser<'_>) {
    browser.click("[data-figure=map-prediction] .files summary").await;
    let links = [
        ("[data-figure=map-prediction] .files a[href*='.png']", "image/png"),
        ("[data-figure=map-prediction] .files a[href*='.svg']", "image/svg+xml"),
        ("[data-figure=map-prediction] .files a[href*='.pdf']", "application/pdf"),
        ("[data-figure=map-prediction] .files a[href*='.csv']", "text/csv"),
        (".downloads a[href*='scores.csv']", "text/csv"),
        (".downloads a[href*='provenance.json']", "application/json"),
    ];
    for (selector, media_type) in links {
        let script = format!(
            "const response = await fetch(document.querySelector({}).href);
             const bytes = (await response.arrayBuffer()).byteLength;
             return [response.status, response.headers.get('content-type'), bytes];",
            json!(selector)
        );
        let found = browser.run(&format!("return (async () => {{ {script} }})()")).await;
        assert_eq!(found[0], 200, "{selector}");
        assert!(found[1].as_str().is_some_and(|kind| kind.starts_with(media_type)), "{found}");
        assert!(found[2].as_u64().is_some_and(|bytes| bytes > 300), "{selector}: {found}");
    }
}

/// No page is wider than a phone.
pub(super) async fn fit(browser: &Browser<'_>, address: &str) {
    let result = browser.address().await;
    let others =
        ["/", "/samples", "/models", "/about", "/nowhere"].map(|path| format!("{address}{path}"));
    let sample = format!("{address}/samples/{SAMPLE}");
    let model = format!("{address}/models/sar-unet");
    let comparison = format!("{address}/v1/compare?sample={SAMPLE}");
    for page in others.into_iter().chain([sample, model, result, comparison]) {
        for width in [390, 1280] {
            fits_at(browser, &page, width).await;
            if page.contains("/v1/result") {
                let hidden = "return [...document.querySelectorAll('table.scores')]
                    .filter((t) => t.scrollWidth > t.parentElement.clientWidth
                        && getComputedStyle(t.parentElement).overflowX !== 'auto').length";
                assert_eq!(browser.run(hidden).await, 0, "scores at {width} are cut");
            }
        }
        let name = page[address.len()..].split('?').next().unwrap_or_default().replace('/', "-");
        keep(browser, &format!("page{name}")).await;
        let expected_complaint = page.ends_with("/nowhere");
        let complaints = browser.complaints().await;
        assert!(expected_complaint || complaints.is_empty(), "{page}: {complaints:?}");
    }
}

pub(super) const AT_RESULT: &str =
    "return document.querySelector('h1')?.textContent.startsWith('Rain at ') ?? false";

/// Of rain or of clouds.
pub(super) const AT_FORECAST: &str = "return document.querySelector('#forecast figure') !== null";
