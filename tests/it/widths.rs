//! Nothing is cut off or covered, on screens of any width and on paper.

use serde_json::{Value, json};

use crate::accessibility::FINLAND;
use crate::browser::{in_browser, scripted};
use crate::support::{SAMPLE, result};
use crate::webdriver::Browser;

const BOTH: &str = "methods=grad-cam,integrated-gradients&integrated-gradients.steps=10";

async fn scene(browser: &Browser<'_>, address: &str) -> String {
    browser.open(&format!("{address}/scenes")).await;
    let id = "return document.querySelector('.card img').src.split('/')[4]";
    let id = browser.run(id).await;
    format!("{address}/v1/result?scene={}&{BOTH}", id.as_str().expect("a name"))
}

async fn answered(browser: &Browser<'_>, address: &str) {
    browser.open(address).await;
    let done = "return document.readyState === 'complete' && !document.querySelector('.waiting, [data-filling]')";
    browser.wait("an answer", done).await;
}

/// What is wrong with the tables: a column that can neither be seen nor be scrolled to, or no sign of it.
const TABLES: &str = "
    const faults = [];
    if (document.documentElement.scrollWidth > innerWidth) faults.push('the page is too wide');
    // Words for those who do not see the triangles take no room.
    document.querySelectorAll('.scores .hide').forEach((words) => words.remove());
    const boxes = [...document.querySelectorAll('.scroll')].filter((box) => box.checkVisibility());
    for (const box of boxes) {
        const style = getComputedStyle(box);
        const name = box.getAttribute('aria-label');
        const table = box.querySelector('table').getBoundingClientRect();
        let under = box.parentElement;
        while (getComputedStyle(under).backgroundColor === 'rgba(0, 0, 0, 0)') under = under.parentElement;
        if (style.backgroundImage !== 'none' && !style.backgroundImage.includes(getComputedStyle(under).backgroundColor))
            faults.push(`${name}: it lies on another colour`);
        if (box.scrollWidth <= box.clientWidth + 1) continue;
        const isMarked = style.backgroundImage.split('linear-gradient').length > 4;
        const isReached = style.overflowX === 'auto' && box.tabIndex === 0 && name
            && box.getAttribute('role') === 'region';
        if (!isMarked) faults.push(`${name}: no sign of more columns`);
        if (!isReached) faults.push(`${name}: columns out of reach`);
        if (box.scrollWidth + 1 < table.width) faults.push(`${name}: columns are lost`);
    }
    for (const cell of document.querySelectorAll('.scores th, .scores td')) {
        const range = document.createRange();
        range.selectNodeContents(cell);
        const box = cell.getBoundingClientRect();
        const text = range.getBoundingClientRect();
        if (text.width > box.width + 1) faults.push(`cut: ${cell.textContent}`);
        if (parseFloat(getComputedStyle(cell).fontSize) < 13) faults.push(`small: ${cell.textContent}`);
    }
    return faults";

/// Whether the tables have room for all of their columns.
const FIT: &str = "return [...document.querySelectorAll('.scroll')]
    .every((box) => box.scrollWidth <= box.clientWidth + 1)";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn tables_of_scores_lose_no_column_at_any_width_and_on_paper() {
    in_browser(scripted, async |driver, address| {
        let browser = driver.browser(true).await;
        answered(&browser, &format!("{address}{}", result(SAMPLE, "none"))).await;
        for width in [390, 1280, 1920] {
            browser.resize(width).await;
            assert_eq!(browser.run(TABLES).await, json!([]), "at {width} px");
            assert!(tables(&browser).await >= 2, "there are too few tables");
        }
        assert_eq!(browser.run(FIT).await, json!(true), "at 1920 px there is room");
        // The width of A4 between margins of 1 cm, at 96 pixels an inch.
        browser.resize(718).await;
        browser.on_paper().await;
        assert_eq!(browser.run(TABLES).await, json!([]), "on paper");
        assert_eq!(browser.run(FIT).await, json!(true), "paper does not scroll");
        browser.close().await;
    })
    .await;
}

/// How many tables there are, so that a page without any is noticed.
async fn tables(browser: &Browser<'_>) -> u64 {
    browser.count(".scroll table").await
}

/// Pages beside those of forecasts: nothing is wider than the screen, and every column can be reached.
async fn lose_no_column(browser: &Browser<'_>, pages: &[String]) {
    let mut n = 0;
    for page in pages {
        for width in [390, 1280] {
            browser.resize(width).await;
            answered(browser, page).await;
            browser
                .run("document.querySelectorAll('details').forEach((d) => (d.open = true))")
                .await;
            assert_eq!(browser.run(TABLES).await, json!([]), "{page} at {width} px");
            n += tables(browser).await;
        }
    }
    assert!(n > 0, "there are tables");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn lists_and_comparisons_fit_every_screen() {
    in_browser(scripted, async |driver, address| {
        let browser = driver.browser(true).await;
        let pages = ["/rain", "/probability", "/verification", FINLAND, "/samples", "/models"];
        let compare = format!("{address}/v1/compare?sample={SAMPLE}");
        let pages = pages.map(|page| format!("{address}{page}")).into_iter().chain([compare]);
        lose_no_column(&browser, &pages.collect::<Vec<_>>()).await;
        browser.close().await;
    })
    .await;
}

#[cfg(feature = "nn")]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn pages_of_networks_fit_every_screen() {
    use crate::accessibility::PAGES_OF_NETWORKS;
    use crate::rain_journey::bring_hours;

    let state = |cache: &std::path::Path| {
        crate::browser::real_state(cache).expect("weights are in the repository")
    };
    in_browser(state, async |driver, address| {
        let browser = driver.browser(true).await;
        browser.open(&format!("{address}/rain")).await;
        let mut pages = vec![bring_hours(&browser).await];
        pages.extend(PAGES_OF_NETWORKS.map(|page| format!("{address}{page}")));
        lose_no_column(&browser, &pages).await;
        browser.close().await;
    })
    .await;
}

/// Figures that are shown smaller than they are drawn: their text has 7 pt, 9.3 px, as it is drawn.
const SHRUNK: &str = "
    const figures = [...document.querySelectorAll('figure[data-figure] img')];
    figures.forEach((image) => (image.loading = 'eager'));
    await Promise.all(figures.map((image) => image.decode()));
    return figures.filter((image) => image.checkVisibility() && image.naturalWidth > image.clientWidth + 1)
        .map((image) => image.alt)";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn text_of_figures_is_read_on_a_phone() {
    in_browser(scripted, async |driver, address| {
        let browser = driver.browser(true).await;
        browser.resize(390).await;
        for page in
            [scene(&browser, &address).await, format!("{address}{}", result(SAMPLE, "none"))]
        {
            answered(&browser, &page).await;
            let script = format!("return (async () => {{{SHRUNK}}})()");
            assert_eq!(browser.run(&script).await, json!([]), "{page}");
        }
        browser.close().await;
    })
    .await;
}

/// Selects that are narrower than their longest choice.
const CUT_SELECTS: &str = "
    const cut = [];
    document.querySelectorAll('#again details').forEach((part) => (part.open = true));
    for (const select of document.querySelectorAll('#again select')) {
        const width = select.getBoundingClientRect().width;
        const before = select.style.cssText;
        select.style.cssText = 'width: max-content; min-width: 0; max-width: none';
        if (select.getBoundingClientRect().width > width + 1) cut.push(select.name);
        select.style.cssText = before;
    }
    return cut";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn choices_of_another_run_are_read_whole() {
    in_browser(scripted, async |driver, address| {
        let browser = driver.browser(true).await;
        for page in
            [scene(&browser, &address).await, format!("{address}{}", result(SAMPLE, "none"))]
        {
            for width in [1280, 1920] {
                browser.resize(width).await;
                answered(&browser, &page).await;
                assert_eq!(browser.run(CUT_SELECTS).await, json!([]), "{page} at {width} px");
            }
        }
        browser.close().await;
    })
    .await;
}

/// Lines of a citation under its button.
const COVERED: &str = "
    const covered = [];
    for (const block of document.querySelectorAll('[data-copy]')) {
        for (let part = block; (part = part.parentElement); ) if (part.localName === 'details') part.open = true;
        const button = block.querySelector('button').getBoundingClientRect();
        const lines = document.createRange();
        lines.selectNodeContents(block.querySelector('pre'));
        for (const line of lines.getClientRects())
            if (line.top < button.bottom && line.bottom > button.top && line.right > button.left)
                covered.push(block.textContent);
    }
    return document.querySelector('[data-copy] button') ? covered : 'there is none'";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_button_stands_over_a_citation() {
    in_browser(scripted, async |driver, address| {
        let browser = driver.browser(true).await;
        let network = format!("{address}/models/sar-unet");
        for page in [scene(&browser, &address).await, network] {
            for width in [390, 1280] {
                browser.resize(width).await;
                answered(&browser, &page).await;
                let covered: Value = browser.run(COVERED).await;
                assert_eq!(covered, json!([]), "{page} at {width} px");
            }
        }
        browser.close().await;
    })
    .await;
}
