//! The whole journey of a forecast in headless Chromium, as a visitor makes it: with JavaScript, and without.

use std::path::Path;

use serde_json::json;
use stormlens::web::AppState;

use crate::browser::{
    FIGURES_DRAWN, INSPECTED, has_cloud_weights, in_browser, is_drawn, keep, keep_as_it_is,
    scripted, scripted_leads, scripted_pair, state,
};
use crate::maps::{drag, flicker, part, show_all};
use crate::support::SAMPLE;
use crate::webdriver::Browser;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_visitor_gets_from_home_to_a_figure() {
    in_browser(state, async |driver, address| {
        let browser = driver.browser(true).await;
        choose(&browser, &address).await;
        watch(&browser).await;
        ask(&browser).await;
        read(&browser).await;
        fade(&browser).await;
        change_layers(&browser).await;
        point(&browser).await;
        look_closer(&browser).await;
        assert!(browser.address().await.contains("opacity=0.3&"), "the look is kept");
        drag(&browser).await;
        flicker(&browser, "#forecast").await;
        download(&browser).await;
        fit(&browser, &address).await;
        assert_eq!(browser.complaints().await, Vec::<String>::new());
        browser.close().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_visitor_without_javascript_gets_there_too() {
    in_browser(state, async |driver, address| {
        let browser = driver.browser(false).await;
        browser.open(&address).await;
        // Networks for clouds need not be there.
        browser.click("#try-samples .card a[href*=radklim]").await;
        browser.wait("a sample", "return location.pathname.startsWith('/samples/')").await;
        assert!(
            !browser
                .run("return document.querySelector('.controls').checkVisibility()")
                .await
                .as_bool()
                .unwrap()
        );
        assert!(is_drawn(&browser, ".moving").await);
        let shown = browser.run("return document.querySelector('.moving').currentSrc").await;
        let moves = shown.as_str().is_some_and(|shown| shown.contains("/animation.png"));
        assert!(moves, "the radar moves without a script: {shown}");
        browser.click("button.primary").await;
        browser.wait("a result", AT_RESULT).await;
        browser.wait("figures", FIGURES_DRAWN).await;
        browser.run("document.querySelector('#look input[name=opacity]').value = 0.25").await;
        browser.click("#look button[type=submit]").await;
        browser.wait("another opacity", "return location.search.includes('opacity=0.25')").await;
        assert_eq!(browser.complaints().await, Vec::<String>::new());
        browser.close().await;
    })
    .await;
}

/// Clouds where there are weights that forecast them, else rain at several lead times.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_visitor_looks_at_several_lead_times() {
    let (state, sample) = match has_cloud_weights() {
        true => (state as fn(&Path) -> AppState, "cloudcast-20180701T0600"),
        false => (scripted_leads as fn(&Path) -> AppState, SAMPLE),
    };
    in_browser(state, async |driver, address| {
        let browser = driver.browser(true).await;
        browser.open(&format!("{address}/samples/{sample}")).await;
        assert!(is_drawn(&browser, ".moving").await);
        assert!(browser.count("form select[name=lead-time] option").await > 2);
        browser.click("button.primary").await;
        browser.wait("a result", AT_FORECAST).await;
        browser.wait("figures", FIGURES_DRAWN).await;
        assert!(browser.count("figure[data-figure=strip-prediction]").await == 1);
        let first = browser.text("h1").await;
        let chosen = browser.text(".switch strong").await;
        keep(&browser, "leads").await;
        browser.click(".switch a:last-of-type").await;
        let other = "return document.querySelector('.switch strong')?.textContent !== ";
        browser.wait("another lead time", &format!("{other}{}", json!(chosen))).await;
        browser.wait("a result", AT_FORECAST).await;
        assert_ne!(browser.text("h1").await, first);
        browser.wait("figures", FIGURES_DRAWN).await;
        point(&browser).await;
        keep(&browser, "last-lead").await;
        assert_eq!(browser.complaints().await, Vec::<String>::new());
        browser.close().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_visitor_compares_networks() {
    in_browser(scripted_pair, async |driver, address| {
        let browser = driver.browser(true).await;
        browser.open(&format!("{address}/samples/{SAMPLE}")).await;
        browser.click(".question a[href^='/v1/compare']").await;
        let compared = "return location.search.includes('networks=')";
        browser.wait("the address of a comparison", compared).await;
        browser.wait("all rows", ALL_ROWS).await;
        browser.wait("figures", FIGURES_DRAWN).await;
        assert_eq!(browser.text(".count").await, "All results are ready");
        assert_eq!(browser.count("#maps h3").await, 3);
        keep(&browser, "comparison").await;
        point(&browser).await;
        look_closer(&browser).await;
        drag(&browser).await;
        flicker(&browser, "#maps").await;
        // One network less, at another threshold.
        browser.click("input[name=networks]:checked").await;
        browser.run("document.querySelector('input[name=threshold]').value = 5").await;
        browser.click(".toolbar button").await;
        browser.wait("fewer rows", &ALL_ROWS.replace("=== 3", "=== 2")).await;
        assert!(browser.text("table#scores thead").await.contains("5 mm/h"));
        browser.click("table#scores tbody a").await;
        browser.wait("the result of a row", AT_RESULT).await;
        assert_eq!(browser.complaints().await, Vec::<String>::new());
        browser.close().await;
        let plain = driver.browser(false).await;
        plain.open(&format!("{address}/v1/compare?sample={SAMPLE}&threshold=7")).await;
        plain.wait("all rows", ALL_ROWS).await;
        assert_eq!(plain.complaints().await, Vec::<String>::new());
        plain.close().await;
    })
    .await;
}

const ALL_ROWS: &str = "return document.querySelectorAll('table#scores tbody tr').length === 3";

/// Each choice of a view is applied at once, and what was chosen stays where it was on the screen.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_view_changes_where_somebody_looks() {
    in_browser(scripted, async |driver, address| {
        let browser = driver.browser(true).await;
        let methods = "methods=grad-cam,integrated-gradients,saliency";
        browser.open(&format!("{address}/scenes")).await;
        let first = "return document.querySelector('.card a').href";
        let scene = browser.run(first).await.as_str().expect("an address").to_owned();
        let scene = scene.replace("methods=grad-cam", methods);
        let forecast = format!("{address}/v1/result?sample={SAMPLE}&{methods}");
        for page in [forecast, scene] {
            browser.open(&page).await;
            let there = "return document.querySelector('[data-view]') !== null";
            browser.wait("a result", there).await;
            let names = format!("{CONTROLS} return controls().map((control) => control.name);");
            let names = browser.run(&names).await;
            let names = names.as_array().expect("a list").clone();
            assert!(names.len() > 3, "{page}: {names:?}");
            for name in names.iter().filter_map(serde_json::Value::as_str) {
                press(&browser, name).await;
            }
            assert_eq!(browser.complaints().await, Vec::<String>::new());
        }
        browser.close().await;
    })
    .await;
}

/// All choices of all views but the opacity, which has a way of its own; layers of one form are alike.
const CONTROLS: &str = "
    const controls = () => [...document.querySelectorAll('[data-view]')].flatMap((form) => {
        const all = [...form.querySelectorAll('select, input:not([type=hidden]):not([data-opacity])')];

        const layers = all.filter((c) => c.name === 'layers');
        return all.filter((c) => c.name !== 'layers' || c === layers.at(-1));
    });";

/// Changes one of them as a visitor would, and waits for the page to follow. Published figures leave no
/// choice of colours, so that style is taken back at once.
async fn press(browser: &Browser<'_>, name: &str) {
    change_control(browser, name).await;
    if name == "overlay" {
        change_control(browser, name).await;
    }
}

async fn change_control(browser: &Browser<'_>, name: &str) {
    let script = format!(
        "{CONTROLS}
         for (const details of document.querySelectorAll('details')) details.open = true;
         const control = controls().find((control) => control.name === {name});
         control.scrollIntoView({{ block: 'center' }});
         window.before = {{ main: document.querySelector('main'), load: performance.timeOrigin }};
         // Pictures that come meanwhile may move it: what counts is where it is when the page changes.
         const look = () => {{
             if (!control.isConnected) return;
             window.before.top = control.getBoundingClientRect().top;
             requestAnimationFrame(look);
         }};
         look();
         if (control.type === 'checkbox') control.checked = !control.checked;
         else if (control.localName === 'select') control.selectedIndex = (control.selectedIndex + 1) % control.length;
         else control.value = control.name === 'region' ? '40,60,100,100' : control.name === 'below' ? 5 : 90;
         control.focus();
         control.dispatchEvent(new Event('change', {{ bubbles: true }}));",
        name = json!(name)
    );
    browser.run(&script).await;
    let changed = "return window.before !== undefined && document.querySelector('main') !== window.before.main";
    browser.wait(&format!("another look ({name})"), changed).await;
    let script = format!(
        "{CONTROLS}
         const same = [...document.querySelectorAll('[data-view] [name]')].filter((c) => c.name === {name});
         const control = same.find((c) => c === document.activeElement) ?? same.at(-1);
         return [location.search.includes({name} + '=') , document.activeElement.name === {name},
             Math.abs(document.activeElement.getBoundingClientRect().top - window.before.top)];",
        name = json!(name)
    );
    let found = browser.run(&script).await;
    assert_eq!(found[0], true, "{name} is in the address: {}", browser.address().await);
    // A choice that is not offered with another one is gone.
    if found[1] == true {
        assert!(found[2].as_f64().is_some_and(|moved| moved < 3.0), "{name} moved: {found}");
    }
}

const AT_RESULT: &str =
    "return document.querySelector('h1')?.textContent.startsWith('Rain at ') ?? false";

/// Of rain or of clouds.
const AT_FORECAST: &str = "return document.querySelector('#forecast figure') !== null";

/// Home, all samples, and the filter.
async fn choose(browser: &Browser<'_>, address: &str) {
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
async fn watch(browser: &Browser<'_>) {
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

async fn ask(browser: &Browser<'_>) {
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

async fn read(browser: &Browser<'_>) {
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

async fn change_layers(browser: &Browser<'_>) {
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

async fn told(browser: &Browser<'_>) -> String {
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
async fn look_closer(browser: &Browser<'_>) {
    browser.type_into(&format!("{INSPECTED} .plane"), "z").await;
    let numbers = part(browser).await;
    assert!(numbers.len() == 4 && numbers[2] < 288 && numbers[3] < 288, "{numbers:?}");
    keep(browser, "part").await;
    browser.run(POINT).await;
    browser.wait("a value", &format!("return {TOLD}.includes(' at ')")).await;
    show_all(browser).await;
}

/// Fetches what the links of the page name, as the browser would save it.
async fn download(browser: &Browser<'_>) {
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
async fn fit(browser: &Browser<'_>, address: &str) {
    let result = browser.address().await;
    let others =
        ["/", "/samples", "/models", "/about", "/nowhere"].map(|path| format!("{address}{path}"));
    let sample = format!("{address}/samples/{SAMPLE}");
    let model = format!("{address}/models/sar-unet");
    let comparison = format!("{address}/v1/compare?sample={SAMPLE}");
    for page in others.into_iter().chain([sample, model, result, comparison]) {
        for width in [390, 1280] {
            browser.resize(width).await;
            browser.open(&page).await;
            browser
                .wait("an answer", "return !document.querySelector('.waiting, [data-filling]')")
                .await;
            let wide = browser.run("return document.documentElement.scrollWidth").await;
            assert!(
                wide.as_u64().is_some_and(|wide| wide <= width.into()),
                "{page} at {width}: {wide}"
            );
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
