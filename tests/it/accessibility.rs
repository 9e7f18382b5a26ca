//! What axe-core finds on every page, in both themes and on a phone: nothing.
//!
//! `STORMLENS_AXE` names the file `axe.min.js` (axe-core of Deque Systems, MPL-2.0), which `.ci/run` fetches and
//! nobody ships. Without it the test says that it is skipped.

use std::path::Path;

use serde_json::Value;
use stormlens::web::AppState;

use crate::browser::{in_browser, scripted};
use crate::support::SAMPLE;
use crate::webdriver::Browser;

const ALL: &str = "methods=grad-cam,integrated-gradients,saliency";

/// A comparison that comes with the data.
const FINLAND: &str = "/v1/verification?dataset=fmi&forecasts=sar-unet%2Fnarrow-germany-2018,smaat-unet%2Fnarrow-germany-2018,\
    unet%2Fnarrow-germany-2018,persistence,lagrangian-persistence,s-prog&stride-min=30&wet-share-at-least=0.05";

/// Rules of WCAG 2.2 A and AA and best practices; each finding with the first place where it is.
const RUN: &str = "
    const found = await axe.run(document, { resultTypes: ['violations'] });
    return found.violations.map((v) =>
        `${v.id}: ${v.help}: ${v.nodes.length} × ${v.nodes[0].target.join(' ')} ${v.nodes[0].html.slice(0, 200)}`);";

pub async fn findings(browser: &Browser<'_>, axe: &str) -> Vec<String> {
    browser.run(axe).await;
    let found = browser.run(&format!("return (async () => {{ {RUN} }})()")).await;
    let text = |finding: &Value| finding.as_str().unwrap_or_default().to_owned();
    found.as_array().expect("axe answers").iter().map(text).collect()
}

fn state(cache: &Path) -> AppState {
    scripted(cache)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn axe_finds_nothing_on_any_page() {
    let Some(file) = std::env::var_os("STORMLENS_AXE") else {
        assert!(std::env::var("CI").as_deref() != Ok("true"), "STORMLENS_AXE is needed");
        println!("skipped: STORMLENS_AXE names no axe.min.js");
        return;
    };
    let axe = std::fs::read_to_string(file).expect("axe.min.js can be read");
    in_browser(state, async |driver, address| {
        let browser = driver.browser(true).await;
        browser.open(&format!("{address}/scenes")).await;
        let first = "return document.querySelector('.card a').href";
        let scene = browser.run(first).await.as_str().expect("an address").to_owned();
        let id = scene.split("&scene=").nth(1).and_then(|rest| rest.get(..16)).expect("an id");
        let mut found = Vec::new();
        for page in [
            format!("{address}/"),
            format!("{address}/samples"),
            format!("{address}/samples/{SAMPLE}"),
            format!("{address}/samples/cloudcast-20180701T0600"),
            format!("{address}/rain"),
            format!("{address}/rain/mrms-20160922T1100"),
            format!("{address}/models"),
            format!("{address}/models/sar-unet"),
            format!("{address}/models/polar-low"),
            format!("{address}/about"),
            format!("{address}/nowhere"),
            format!("{address}/v1/result?sample={SAMPLE}&{ALL}"),
            format!("{address}/v1/compare?sample={SAMPLE}"),
            format!("{address}/verification"),
            format!("{address}{FINLAND}"),
            format!("{address}/scenes"),
            format!("{address}/v1/result?scene={id}&{ALL}&polarity=signed"),
            format!("{address}/scenes/compare?scenes={id}"),
        ] {
            for (width, theme) in [(1280, "light"), (1280, "dark"), (390, "light")] {
                browser.resize(width).await;
                browser.prefer(theme).await;
                browser.open(&page).await;
                let answered = "return !document.querySelector('.waiting, [data-filling]')";
                browser.wait("an answer", answered).await;
                let here = findings(&browser, &axe).await.into_iter();
                found.extend(here.map(|text| format!("{page} ({width}, {theme}): {text}")));
            }
        }
        assert!(found.is_empty(), "{}", found.join("\n"));
        browser.close().await;
    })
    .await;
}
