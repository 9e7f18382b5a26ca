//! What axe-core finds on every page, in both themes and on a phone: nothing.
//!
//! `STORMLENS_AXE` names the file `axe.min.js` (axe-core of Deque Systems, MPL-2.0), which `.ci/run` fetches and
//! nobody ships. Without it the test says that it is skipped.

use std::path::Path;
use std::time::Duration;

use serde_json::Value;

#[cfg(feature = "nn")]
use crate::browser::real_state;
use crate::browser::{in_browser, scripted};
#[cfg(feature = "nn")]
use crate::rain_journey::bring_hours;
use crate::support::{SAMPLE, Script, Setup};
use crate::webdriver::Browser;

const ALL: &str = "methods=grad-cam,integrated-gradients,saliency";

/// A comparison that comes with the data.
pub const FINLAND: &str = "/v1/verification?dataset=fmi&forecasts=sar-unet%2Fnarrow-germany-2018,smaat-unet%2Fnarrow-germany-2018,\
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

/// Pages of rain, probabilities, masks and networks that need real weights.
#[cfg(feature = "nn")]
pub const PAGES_OF_NETWORKS: [&str; 11] = [
    "/rain/mrms-20160922T1100",
    "/v1/result?rain=mrms-20160922T1100&domain=-115,37,-113,39&ensemble=epochs&methods=integrated-gradients",
    "/probability?month=2008-04",
    "/probability/iberia-2008-04-08",
    "/v1/result?fields=iberia-2008-04-08&model=sslpdl&checkpoint=iberia-narrow&methods=occlusion&masks=2\
     &points=node:41.3,2.1&place=node:41.3,2.1",
    "/v1/result?sample=radklim-20180516T1200&model=spat-spark&checkpoint=narrow-germany-2018&methods=none\
     &hide=8,9&masks=3",
    "/v1/result?sample=radklim-20180516T1200&model=spat-spark&checkpoint=pre-germany-2018&methods=none\
     &hide-percent=30",
    "/models/harpnet",
    "/models/sar-unet",
    "/models/sslpdl",
    "/models/spat-spark",
];

/// A comparison that nobody has made, and that takes a while.
const UNMADE: &str = "/v1/verification?dataset=radklim&forecasts=persistence,steps-mean";

/// The text of `axe.min.js`; `None`, and a word of it, where there is none.
fn axe() -> Option<String> {
    let Some(file) = std::env::var_os("STORMLENS_AXE") else {
        assert!(std::env::var("CI").as_deref() != Ok("true"), "STORMLENS_AXE is needed");
        println!("skipped: STORMLENS_AXE names no axe.min.js");
        return None;
    };
    Some(std::fs::read_to_string(file).expect("axe.min.js can be read"))
}

const LOOKS: [(u32, &str); 4] = [(1280, "light"), (1280, "dark"), (390, "light"), (390, "dark")];

/// What axe finds on pages in every look, once they are as the script says.
async fn look(browser: &Browser<'_>, axe: &str, pages: &[String], until: &str) -> Vec<String> {
    let mut found = Vec::new();
    for page in pages {
        for (width, theme) in LOOKS {
            browser.resize(width).await;
            browser.prefer(theme).await;
            browser.open(page).await;
            browser.wait("the page", until).await;
            let here = findings(browser, axe).await.into_iter();
            found.extend(here.map(|text| format!("{page} ({width}, {theme}): {text}")));
        }
    }
    found
}

const ANSWERED: &str = "return document.readyState === 'complete' && !document.querySelector('.waiting, [data-filling]')";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn axe_finds_nothing_on_any_page() {
    let Some(axe) = axe() else { return };
    in_browser(scripted, async |driver, address| {
        let browser = driver.browser(true).await;
        browser.open(&format!("{address}/scenes")).await;
        let first = "return document.querySelector('.card a').href";
        let scene = browser.run(first).await.as_str().expect("an address").to_owned();
        let id = scene.split("&scene=").nth(1).and_then(|rest| rest.get(..16)).expect("an id");
        let pages = [
            "/".to_owned(),
            "/samples".to_owned(),
            format!("/samples/{SAMPLE}"),
            "/samples/cloudcast-20180701T0600".to_owned(),
            "/rain".to_owned(),
            "/rain/mrms-20160922T1100".to_owned(),
            "/probability".to_owned(),
            "/models".to_owned(),
            "/models/sar-unet".to_owned(),
            "/models/polar-low".to_owned(),
            "/about".to_owned(),
            "/nowhere".to_owned(),
            format!("/v1/result?sample={SAMPLE}&{ALL}"),
            format!("/v1/compare?sample={SAMPLE}"),
            "/verification".to_owned(),
            FINLAND.to_owned(),
            UNMADE.to_owned(),
            "/scenes".to_owned(),
            format!("/v1/result?scene={id}&{ALL}&polarity=signed"),
            format!("/scenes/compare?scenes={id}"),
        ];
        let pages = pages.map(|page| format!("{address}{page}"));
        let found = look(&browser, &axe, &pages, ANSWERED).await;
        assert!(found.is_empty(), "{}", found.join("\n"));
        browser.close().await;
    })
    .await;
}

/// Pages that stand while something is computed, and after somebody stopped it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn axe_finds_nothing_while_somebody_waits() {
    let Some(axe) = axe() else { return };
    let (release, held) = std::sync::mpsc::channel();
    let state = |cache: &Path| {
        let (state, script, _) = Setup::new(cache).state();
        script.lock().expect("nobody panicked").push_back(Script::Hold(held));
        state
    };
    in_browser(state, async |driver, address| {
        let browser = driver.browser(true).await;
        let result = [format!("{address}/v1/result?sample={SAMPLE}&methods=none")];
        let waits = "return document.querySelector('.waiting progress') !== null";
        let mut found = look(&browser, &axe, &result, waits).await;
        // Until the pages before this one are no viewers any more, who would let the run go on.
        tokio::time::sleep(Duration::from_secs(7)).await;
        browser.click(".waiting button").await;
        let stopped = "return document.querySelector('h1').textContent === 'Stopped'";
        let is_back = "return location.pathname.startsWith('/samples/')";
        browser.wait("the page of the sample", is_back).await;
        found.extend(look(&browser, &axe, &result, stopped).await);
        drop(release);
        // A comparison, while it is made and when it was stopped.
        let unmade = [format!("{address}{UNMADE}")];
        browser.open(&unmade[0]).await;
        browser.click("main form button").await;
        let is_made = "return document.querySelector('[data-filling] ~ form button') !== null";
        browser.wait("a comparison that is made", is_made).await;
        found.extend(look(&browser, &axe, &unmade, is_made).await);
        browser.click("[data-filling] ~ form button").await;
        // The pages before this one may still be viewers, for whom it goes on.
        let has_left = "return document.querySelector('[data-filling]') === null";
        browser.wait("an end", has_left).await;
        assert!(found.is_empty(), "{}", found.join("\n"));
        browser.close().await;
    })
    .await;
}

/// Pages that only real networks have.
#[cfg(feature = "nn")]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn axe_finds_nothing_on_pages_of_networks() {
    let Some(axe) = axe() else { return };
    let state = |cache: &Path| real_state(cache).expect("weights are in the repository");
    in_browser(state, async |driver, address| {
        let browser = driver.browser(true).await;
        browser.open(&format!("{address}/rain")).await;
        let mut pages = vec![bring_hours(&browser).await];
        pages.extend(PAGES_OF_NETWORKS.map(|page| format!("{address}{page}")));
        let found = look(&browser, &axe, &pages, ANSWERED).await;
        assert!(found.is_empty(), "{}", found.join("\n"));
        browser.close().await;
    })
    .await;
}
