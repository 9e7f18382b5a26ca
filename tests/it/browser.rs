//! The whole journey in headless Chromium, as a visitor makes it: with JavaScript, and without.
//!
//! With the networks built in and weights in `checkpoints/` it runs the real network, else the
//! scripted worker. `STORMLENS_SCREENSHOTS=FOLDER` keeps pictures of every page on the way.

use std::path::PathBuf;
use std::time::Duration;

use serde_json::json;
use stormlens::cli::serve::serve;
use stormlens::jobs::Options;
use stormlens::web::AppState;
use tokio::net::TcpListener;
use tokio::sync::oneshot;

use crate::support::{SAMPLE, data, scripted_state};
use crate::webdriver::{Browser, Driver};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_visitor_gets_from_home_to_a_figure() {
    in_browser(async |driver, address| {
        let browser = driver.browser(true).await;
        choose(&browser, &address).await;
        watch(&browser).await;
        ask(&browser).await;
        read(&browser).await;
        fade(&browser).await;
        change_layers(&browser).await;
        download(&browser).await;
        fit(&browser, &address).await;
        assert_eq!(browser.complaints().await, Vec::<String>::new());
        browser.close().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_visitor_without_javascript_gets_there_too() {
    in_browser(async |driver, address| {
        let browser = driver.browser(false).await;
        browser.open(&address).await;
        browser.click(".cards .card a").await;
        browser.wait("a sample", "return location.pathname.startsWith('/samples/')").await;
        assert!(
            !browser
                .run("return document.querySelector('.controls').checkVisibility()")
                .await
                .as_bool()
                .unwrap()
        );
        assert!(is_drawn(&browser, ".moving").await, "the radar moves without a script");
        browser.click("button.primary").await;
        browser.wait("a result", AT_RESULT).await;
        browser.wait("figures", FIGURES_DRAWN).await;
        browser.run("document.querySelector('input[name=opacity]').value = 0.25").await;
        browser.click(".toolbar button[type=submit]").await;
        browser.wait("another opacity", "return location.search.includes('opacity=0.25')").await;
        assert_eq!(browser.complaints().await, Vec::<String>::new());
        browser.close().await;
    })
    .await;
}

/// Serves on a free port and hands the test a driver; says so where there is no browser.
async fn in_browser(test: impl AsyncFnOnce(&Driver, String)) {
    let Some(driver) = Driver::start() else {
        assert!(std::env::var("CI").as_deref() != Ok("true"), "chromedriver is needed");
        println!("skipped: chromedriver is not installed");
        return;
    };
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("there is a free port");
    let address = format!("http://{}", listener.local_addr().unwrap());
    let (stop, stopped) = oneshot::channel::<()>();
    let server = tokio::spawn(serve(listener, state(), async {
        let _ = stopped.await;
    }));
    test(&driver, address).await;
    drop(stop);
    server.await.expect("it has not panicked").expect("it stops in order");
}

fn state() -> AppState {
    real_state().unwrap_or_else(|| {
        let patience = Duration::from_secs(15);
        scripted_state(Options { patience, ..Options::default() }, data()).0
    })
}

/// The server as `stormlens serve` starts it, where there is a network to run.
#[cfg(feature = "nn")]
fn real_state() -> Option<AppState> {
    use clap::Parser;
    use stormlens::config::Config;

    #[derive(Parser)]
    struct Cli {
        #[command(flatten)]
        config: Config,
    }
    let root = env!("CARGO_MANIFEST_DIR");
    let (data, checkpoints) = (format!("{root}/data"), format!("{root}/checkpoints"));
    let arguments = ["it", "--device", "cpu", "--data", &data, "--checkpoints", &checkpoints];
    let config = Cli::parse_from(arguments).config;
    let networks = stormlens::worker::networks(&config.sources);
    let has_weights = !networks.checkpoints.is_empty();
    has_weights.then(|| stormlens::cli::serve::state(&config, networks).expect("it starts"))
}

#[cfg(not(feature = "nn"))]
fn real_state() -> Option<AppState> {
    None
}

const AT_RESULT: &str =
    "return document.querySelector('h1')?.textContent.startsWith('Rain at ') ?? false";

const PICTURES_DRAWN: &str = "
    const shown = [...document.images].filter((i) => i.checkVisibility());
    const waiting = shown.filter((i) => !(i.complete && i.naturalWidth > 0));
    waiting[0]?.scrollIntoView();
    return waiting.length === 0;";

/// Brings every visible figure into view, because they are drawn when they are looked at.
const FIGURES_DRAWN: &str = "
    const shown = [...document.querySelectorAll('figure img')].filter((i) => i.checkVisibility());
    const waiting = shown.filter((i) => !(i.complete && i.naturalWidth > 0));
    waiting[0]?.scrollIntoView();
    return shown.length > 0 && waiting.length === 0;";

async fn is_drawn(browser: &Browser<'_>, selector: &str) -> bool {
    let script = format!(
        "const i = document.querySelector({}); return i.complete && i.naturalWidth > 0;",
        json!(selector)
    );
    browser.wait(&format!("a picture in {selector}"), &script).await;
    true
}

/// Home, all samples, and the filter.
async fn choose(browser: &Browser<'_>, address: &str) {
    browser.open(address).await;
    keep(browser, "home").await;
    assert!(is_drawn(browser, ".card img").await);
    browser.click("nav a[href='/samples']").await;
    browser.wait("samples", "return location.pathname === '/samples'").await;
    assert!(browser.text(".count").await.starts_with("81 of 81 samples"));
    browser.type_into("input[name=min-wet]", "10").await;
    browser.click("input[name=observed]").await;
    browser.click(".filter button").await;
    browser.wait("a filter", "return location.search.includes('min-wet=10')").await;
    let found = browser.text(".count").await;
    assert!(found.contains("of 81 samples") && !found.starts_with("81"), "{found}");
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
    browser.run("document.querySelector('select[name=steps]').value = '10'").await;
    browser.click("button.primary").await;
    browser.wait("the address of a result", "return location.pathname === '/result'").await;
    keep_as_it_is(browser, "progress").await;
    browser.wait("a result", AT_RESULT).await;
    let address = browser.address().await;
    for parameter in
        ["model=", "checkpoint=", "threshold-mmh=1.5", "steps=10", "layers=", "opacity="]
    {
        assert!(address.contains(parameter), "{parameter} in {address}");
    }
}

async fn read(browser: &Browser<'_>) {
    browser.wait("figures", FIGURES_DRAWN).await;
    assert_eq!(browser.count("#forecast .figures figure").await, 4);
    assert_eq!(browser.count("#scores .scores tbody tr").await, 8);
    assert_eq!(browser.count("#frames .figures figure").await, 12);
    assert!(browser.text(".reading").await.contains('%'));
    let alt =
        browser.run("return document.querySelector('[data-figure=prediction] img').alt").await;
    assert!(alt.as_str().is_some_and(|alt| alt.contains("mm/h")), "{alt}");
    keep(browser, "result").await;
}

async fn fade(browser: &Browser<'_>) {
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
            "return [...document.querySelectorAll('#layers figure img')].every(
                (i) => i.src.includes('opacity=0.3&') && i.complete && i.naturalWidth > 0)",
        )
        .await;
    assert_eq!(browser.text("[data-opacity-text]").await, "30 %");
}

async fn change_layers(browser: &Browser<'_>) {
    let before = browser.count("#layers figure").await;
    browser.click("#layers details summary").await;
    browser.click("#layers input[name=layers]:not(:checked)").await;
    browser.click("#layers details button").await;
    browser
        .wait(
            "one layer more",
            &format!(
                "return document.querySelectorAll('#layers figure').length === {}",
                before + 1
            ),
        )
        .await;
    browser.wait("a result", AT_RESULT).await;
    assert!(browser.address().await.contains("opacity=0.3&"), "the look is kept");
}

/// Fetches what the links of the page name, as the browser would save it.
async fn download(browser: &Browser<'_>) {
    browser.click("[data-figure=prediction] .files summary").await;
    let links = [
        ("[data-figure=prediction] .files a[href*='.png']", "image/png"),
        ("[data-figure=prediction] .files a[href*='.svg']", "image/svg+xml"),
        ("[data-figure=prediction] .files a[href*='.pdf']", "application/pdf"),
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
    let model = format!("{address}/models/sar-unet-precip");
    for page in others.into_iter().chain([sample, model, result]) {
        for width in [390, 1280] {
            browser.resize(width).await;
            browser.open(&page).await;
            let wide = browser.run("return document.documentElement.scrollWidth").await;
            assert!(
                wide.as_u64().is_some_and(|wide| wide <= width.into()),
                "{page} at {width}: {wide}"
            );
        }
        let name = page[address.len()..].split('?').next().unwrap_or_default().replace('/', "-");
        keep(browser, &format!("page{name}")).await;
        let expected_complaint = page.ends_with("/nowhere");
        let complaints = browser.complaints().await;
        assert!(expected_complaint || complaints.is_empty(), "{page}: {complaints:?}");
    }
}

/// Pictures of the page in both widths and themes, where somebody wants to look at them.
async fn keep(browser: &Browser<'_>, name: &str) {
    let Some(folder) = std::env::var_os("STORMLENS_SCREENSHOTS").map(PathBuf::from) else { return };
    for width in [1280, 390] {
        browser.resize(width).await;
        for theme in ["light", "dark"] {
            browser.prefer(theme).await;
            browser.wait("pictures", PICTURES_DRAWN).await;
            browser.run("scrollTo(0, 0)").await;
            browser.picture(&folder.join(format!("{name}-{width}-{theme}.png"))).await;
        }
    }
    browser.resize(1280).await;
    browser.prefer("light").await;
}

/// A picture of a page that does not wait.
async fn keep_as_it_is(browser: &Browser<'_>, name: &str) {
    let Some(folder) = std::env::var_os("STORMLENS_SCREENSHOTS").map(PathBuf::from) else { return };
    browser.picture(&folder.join(format!("{name}.png"))).await;
}
