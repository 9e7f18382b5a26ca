//! The whole journey of a forecast in headless Chromium, as a visitor makes it: with JavaScript, and without.

mod steps;

use std::path::Path;

use serde_json::json;
use stormlens::web::AppState;

use self::steps::{
    AT_FORECAST, AT_RESULT, ask, change_layers, choose, download, fit, look_closer, read, watch,
};
pub use self::steps::{choose_option, fade, point};
use crate::browser::{
    FIGURES_DRAWN, has_cloud_weights, in_browser, is_drawn, keep, scripted, scripted_leads,
    scripted_pair, state,
};
use crate::maps::{drag, flicker};
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
