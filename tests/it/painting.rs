//! What a visitor sees move: nothing, on any page, at any width, also while answers come in.
//!
//! The first contentful paint is printed beside it and not judged: machines differ.

use serde_json::Value;
use stormlens::web::AppState;

use crate::browser::in_browser;
use crate::support::{SAMPLE, Script, Setup, result};
use crate::webdriver::Browser;

/// Of the sum of all shifts that no input has caused; the usual limit for a good page is 0.1 for the
/// worst five seconds alone (Web Vitals, Cumulative Layout Shift).
const MAX_LAYOUT_SHIFT: f64 = 0.01;

/// Adds up what moves, from the first moment of each page on.
const WATCH: &str = "
    window.moved = { sum: 0, what: [] };
    new PerformanceObserver((list) => {
        for (const entry of list.getEntries()) {
            if (entry.hadRecentInput) continue;
            moved.sum += entry.value;
            moved.what.push(...entry.sources.map(({ node }) => node?.className || node?.nodeName));
        }
    }).observe({ type: 'layout-shift', buffered: true });";

/// Down to the end, so that lazy pictures come, and until all of them are there.
const READ: &str = "return (async () => {
    const pause = () => new Promise((done) => setTimeout(done, 50));
    for (let y = 0; y < document.documentElement.scrollHeight; y += innerHeight / 2) {
        scrollTo(0, y);
        await pause();
    }
    const shown = () => [...document.images].filter((image) => image.checkVisibility());
    while (shown().some((image) => !image.complete)) await pause();
    await pause();
    const paint = performance.getEntriesByName('first-contentful-paint')[0]?.startTime;
    return [moved.sum, moved.what.join(', '), paint ?? null];
})()";

/// What moves on a page, if it is too much.
async fn check(browser: &Browser<'_>, what: &str) -> Option<String> {
    let seen = browser.run(READ).await;
    let shift = seen[0].as_f64().expect("the observer counts");
    println!("{what}: layout shift {shift:.4}, first contentful paint {} ms", seen[2]);
    (shift >= MAX_LAYOUT_SHIFT).then(|| format!("{what} moves by {shift}: {}", seen[1]))
}

/// The addresses of pages of all kinds, those of results with gaps.
async fn pages(browser: &Browser<'_>, address: &str) -> Vec<String> {
    browser.open(&format!("{address}/scenes")).await;
    let ids = "return [...document.querySelectorAll('.card img')].map((i) => i.src.split('/')[4])";
    let ids = browser.run(ids).await;
    let ids: Vec<_> = ids.as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    assert!(ids.len() > 1, "{ids:?}");
    let both = "methods=grad-cam,integrated-gradients,saliency&integrated-gradients.steps=10";
    let mut pages: Vec<String> =
        ["/", "/samples", "/scenes", "/rain", "/models", "/models/sar-unet", "/about", "/nowhere"]
            .map(Into::into)
            .into();
    pages.push(format!("/samples/{SAMPLE}"));
    pages.push(result(SAMPLE, "grad-cam,integrated-gradients"));
    pages.push(format!("/v1/result?scene={}&{both}", ids[0]));
    pages.push(format!("/v1/compare?sample={SAMPLE}"));
    pages.push(format!("/scenes/compare?scenes={}", ids.join(",")));
    pages
}

const ANSWERED: &str = "return !document.querySelector('.waiting, [data-filling]')";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_moves_on_any_page() {
    let state = |cache: &std::path::Path| -> AppState { Setup::new(cache).state().0 };
    in_browser(state, async |driver, address| {
        let browser = driver.browser(true).await;
        browser.on_every_page(WATCH).await;
        let pages = pages(&browser, &address).await;
        let mut moving = Vec::new();
        for width in [1280, 390] {
            browser.resize(width).await;
            for page in &pages {
                browser.open(&format!("{address}{page}")).await;
                browser.wait("an answer", ANSWERED).await;
                let name = page.split('?').next().unwrap_or_default();
                moving.extend(check(&browser, &format!("{name} at {width} px")).await);
            }
        }
        browser.close().await;
        assert!(moving.is_empty(), "{moving:#?}");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_moves_while_a_run_goes_on() {
    let (release, held) = std::sync::mpsc::channel();
    let state = move |cache: &std::path::Path| {
        let (state, script, _) = Setup::new(cache).state();
        script.lock().unwrap().push_back(Script::Hold(held));
        state
    };
    in_browser(state, async |driver, address| {
        let browser = driver.browser(true).await;
        browser.on_every_page(WATCH).await;
        for width in [1280, 390] {
            browser.resize(width).await;
            browser.open(&format!("{address}{}", result(SAMPLE, "grad-cam"))).await;
            let told = "return document.querySelector('[data-steps]')?.textContent === '3 of 20'";
            browser.wait("progress", told).await;
            browser
                .wait(
                    "time",
                    "return /^[1-9]/.test(document.querySelector('[data-elapsed]').textContent)",
                )
                .await;
            assert_eq!(check(&browser, &format!("progress at {width} px")).await, None);
        }
        release.send(()).expect("the worker waits");
        browser.wait("a result", ANSWERED).await;
        browser.close().await;
    })
    .await;
}
