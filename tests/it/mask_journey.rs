//! From the start page to an hour ahead, hidden patches, and what each patch did, in headless Chromium, with the shipped
//! weights.

use std::path::Path;

use stormlens::web::AppState;

use crate::browser::{FIGURES_DRAWN, in_browser, keep, real_state};
use crate::rain_journey::fits_and_can_be_heard;
use crate::webdriver::Browser;

const AT_RESULT: &str =
    "return document.querySelector('h1')?.textContent.startsWith('Rain at ') ?? false";

fn state(cache: &Path) -> AppState {
    real_state(cache).expect("weights are in the repository")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_visitor_looks_an_hour_ahead_and_hides_patches() {
    in_browser(state, async |driver, address| {
        let browser = driver.browser(true).await;
        to_an_hour_ahead(&browser, &address).await;
        let strips =
            "figure[data-figure^=strip-prediction], figure[data-figure^=strip-observation]";
        assert_eq!(browser.count(strips).await, 2);
        browser.wait("figures", FIGURES_DRAWN).await;
        keep(&browser, "hour").await;
        play(&browser).await;
        hide(&browser, &[8, 9]).await;
        assert!(browser.text("#mask").await.contains("patches are hidden"));
        // Beside them those that the radar measured less than half of.
        assert!(browser.count(".hidden-patch").await >= 2);
        let map = "return document.querySelector('[data-figure^=map-patch_occlusion]') !== null";
        browser.wait("a map of occlusion", map).await;
        browser.wait("figures", FIGURES_DRAWN).await;
        keep(&browser, "mask").await;
        fits_and_can_be_heard(&browser).await;
        assert_eq!(browser.complaints().await, Vec::<String>::new());
        browser.close().await;
    })
    .await;
}

/// The form works without a script, for forecasts behind masks and for weights that rebuild what was hidden.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_visitor_without_javascript_hides_patches_too() {
    in_browser(state, async |driver, address| {
        let browser = driver.browser(false).await;
        to_an_hour_ahead(&browser, &address).await;
        browser.run("document.querySelector('#mask input[name=masks]').value = 3").await;
        hide(&browser, &[0]).await;
        assert!(browser.address().await.contains("masks=3&mask-percent=30"));
        assert!(browser.text("#mask").await.contains("sensitivity to hidden input"));
        let page = format!("{address}/samples/radklim-20180516T1200");
        browser.open(&page).await;
        browser.click("a[href*='checkpoint=pre-germany-2018']").await;
        browser.wait("rebuilt frames", AT_RESULT).await;
        assert!(browser.text("main").await.contains("They forecast nothing"));
        assert_eq!(browser.count("#scores").await, 0);
        browser.wait("figures", FIGURES_DRAWN).await;
        keep(&browser, "rebuilt").await;
        hide(&browser, &[16, 17]).await;
        assert!(browser.text("#mask").await.contains("Filled by distance"));
        assert_eq!(browser.count("#mask figure[data-figure^=map-levels]").await, 4);
        assert_eq!(browser.complaints().await, Vec::<String>::new());
        browser.close().await;
    })
    .await;
}

/// Home, German rain, the form of the network, and occlusion instead of the first method.
async fn to_an_hour_ahead(browser: &Browser<'_>, address: &str) {
    browser.open(address).await;
    browser.click("#try-samples .card a[href*=radklim]").await;
    browser.wait("a sample", "return location.pathname.startsWith('/samples/')").await;
    let choose = "
        const form = document.querySelector('form[aria-label=\"SpaT-SparK\"]');
        form.querySelectorAll('input[name=methods]').forEach((i) => {
            i.checked = i.value === 'patch-occlusion';
        });
        form.querySelector('select[name=\"lead-time\"]').value = '60';
        form.querySelector('input[name=threshold]').value = '0.1';
        form.requestSubmit();";
    browser.run(choose).await;
    browser.wait("a result", AT_RESULT).await;
    assert!(browser.address().await.contains("lead-time=60"));
}

/// Steps through the lead times and plays them: maps, words and the values under a pointer follow.
async fn play(browser: &Browser<'_>) {
    let says = |lead: &str, map: &str| {
        format!(
            "const figure = document.querySelector('#forecast figure[data-figure^=map-prediction]');
             return document.querySelector('[data-film] output').textContent.startsWith('{lead}')
                 && figure.querySelector('figcaption strong').textContent.includes('{lead}')
                 && decodeURIComponent(figure.querySelector('img').src).includes('{map}');"
        )
    };
    browser.wait("the last lead time", &says("+60 min", "map-prediction@11.svg")).await;
    browser.click("[data-film] [data-step='1']").await;
    browser.wait("the first lead time", &says("+5 min", "map-prediction.svg")).await;
    browser.click("[data-film] [data-play]").await;
    browser.wait("another lead time", &says("+15 min", "map-prediction@2.svg")).await;
    browser.click("[data-film] [data-play]").await;
    let index = "const figure = document.querySelector('#forecast figure[data-figure^=difference]');
        const lead = Number(document.querySelector('[data-film] input').value);
        return figure.chart.index === lead && document.querySelector('[data-film] a').href.includes(`lead-time=${5 * (lead + 1)}&`);";
    browser.wait("values of the same lead time", index).await;
    assert_eq!(browser.text("[data-film] [data-play]").await, "Play");
}

/// Ticks patches, by the keyboard's way: focus and change.
async fn hide(browser: &Browser<'_>, patches: &[usize]) {
    browser.run("document.querySelector('#mask details').open = true").await;
    for patch in patches {
        browser.click(&format!("#mask input[name=hide][value=\"{patch}\"]")).await;
    }
    browser.click("#mask button.primary").await;
    let hidden: Vec<String> = patches.iter().map(ToString::to_string).collect();
    let there =
        format!("return decodeURIComponent(location.search).includes('hide={}')", hidden.join(","));
    browser.wait("the mask in the address", &there).await;
    browser.wait("a result", AT_RESULT).await;
}
