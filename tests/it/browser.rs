//! A server and headless Chromium that looks at it, for all journeys.
//!
//! With the networks built in and weights in `checkpoints/` it runs the real network, else the
//! scripted worker. `STORMLENS_SCREENSHOTS=FOLDER` keeps pictures of every page on the way.

use std::path::{Path, PathBuf};
use std::time::Duration;

use serde_json::json;
use stormlens::cli::serve::serve;
use stormlens::jobs::Options;
use stormlens::web::AppState;
use stormlens_data::card::CheckpointCard;
use tokio::net::TcpListener;
use tokio::sync::oneshot;

use crate::support::{Setup, checkpoint, checkpoint_of_leads};
use crate::webdriver::{Browser, Driver};

/// Serves on a free port and hands the test a driver; says so where there is no browser.
pub async fn in_browser(
    state: impl FnOnce(&Path) -> AppState,
    test: impl AsyncFnOnce(&Driver, String),
) {
    let Some(driver) = Driver::start() else {
        assert!(std::env::var("CI").as_deref() != Ok("true"), "chromedriver is needed");
        println!("skipped: chromedriver is not installed");
        return;
    };
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("there is a free port");
    let address = format!("http://{}", listener.local_addr().unwrap());
    let (stop, stopped) = oneshot::channel::<()>();
    let cache = tempfile::tempdir().expect("there is room");
    let server = tokio::spawn(serve(listener, state(cache.path()), async {
        let _ = stopped.await;
    }));
    test(&driver, address).await;
    drop(stop);
    server.await.expect("it has not panicked").expect("it stops in order");
}

pub fn state(cache: &Path) -> AppState {
    real_state(cache).unwrap_or_else(|| scripted(cache))
}

pub fn scripted(cache: &Path) -> AppState {
    let patience = Duration::from_secs(15);
    let options = Options { patience, ..Options::default() };
    Setup { options, ..Setup::new(cache) }.state().0
}

/// With several lead times.
pub fn scripted_leads(cache: &Path) -> AppState {
    Setup { forecasters: vec![checkpoint_of_leads()], ..Setup::new(cache) }.state().0
}

/// With two sets of weights for rain.
pub fn scripted_pair(cache: &Path) -> AppState {
    let other = CheckpointCard { name: "other".to_owned(), ..checkpoint() };
    Setup { forecasters: vec![checkpoint(), other], ..Setup::new(cache) }.state().0
}

/// Whether the program can forecast clouds.
#[cfg(feature = "nn")]
pub fn has_cloud_weights() -> bool {
    use stormlens_data::card::NowcastField;

    let config = config(Path::new("no-such-folder"));
    let checkpoints = stormlens::worker::networks(&config.sources).cards.checkpoints;
    let mut forecasters = checkpoints.iter().filter_map(|card| card.nowcasting.as_ref());
    forecasters.any(|task| task.field == NowcastField::CloudCover)
}

#[cfg(not(feature = "nn"))]
pub fn has_cloud_weights() -> bool {
    false
}

/// The server as `stormlens serve` starts it, where there is a network to run.
#[cfg(feature = "nn")]
pub fn real_state(cache: &Path) -> Option<AppState> {
    state_of(cache, &Path::new(env!("CARGO_MANIFEST_DIR")).join("checkpoints"))
}

/// The same with the weights of a folder.
#[cfg(feature = "nn")]
pub fn state_of(cache: &Path, checkpoints: &Path) -> Option<AppState> {
    let mut config = config(cache);
    config.sources.checkpoints = checkpoints.to_owned();
    let networks = stormlens::worker::networks(&config.sources);
    let has_weights = !networks.cards.checkpoints.is_empty();
    has_weights.then(|| stormlens::cli::serve::state(&config, networks).expect("it starts"))
}

/// Of a server over the project's data and weights.
#[cfg(feature = "nn")]
fn config(cache: &Path) -> stormlens::config::Config {
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
    let mut config = Cli::parse_from(arguments).config;
    config.sources.cache.folder = cache.to_owned();
    config
}

#[cfg(not(feature = "nn"))]
pub fn real_state(_: &Path) -> Option<AppState> {
    None
}

pub const PICTURES_DRAWN: &str = "
    const shown = [...document.images].filter((i) => i.checkVisibility());

    const waiting = shown.filter((i) => !(i.complete && i.naturalWidth > 0));
    waiting[0]?.scrollIntoView();
    return waiting.length === 0;";

/// Brings every visible figure into view, because they are drawn when they are looked at.
pub const FIGURES_DRAWN: &str = "
    const shown = [...document.querySelectorAll('figure img')].filter((i) => i.checkVisibility());
    const waiting = shown.filter((i) => !(i.complete && i.naturalWidth > 0));
    waiting[0]?.scrollIntoView();
    return shown.length > 0 && waiting.length === 0;";

/// Opens a page and sees that it is no wider than the window.
pub async fn fits_at(browser: &Browser<'_>, page: &str, width: u32) {
    browser.resize(width).await;
    browser.open(page).await;
    let answered = "return !document.querySelector('.waiting, [data-filling]')";
    browser.wait("an answer", answered).await;
    is_no_wider(browser, width).await;
}

/// The page that is open.
pub async fn is_no_wider(browser: &Browser<'_>, width: u32) {
    let wide = browser.run("return document.documentElement.scrollWidth").await;
    let fits = wide.as_u64().is_some_and(|wide| wide <= width.into());
    assert!(fits, "{} at {width}: {wide}", browser.address().await);
}

pub async fn is_drawn(browser: &Browser<'_>, selector: &str) -> bool {
    let script = format!(
        "const i = document.querySelector({}); return i.complete && i.naturalWidth > 0;",
        json!(selector)
    );
    browser.wait(&format!("a picture in {selector}"), &script).await;
    true
}

/// The figures that say the values under a pointer.
pub const INSPECTED: &str = "figure[data-head]";

/// Pictures of the page in both widths and themes, where somebody wants to look at them.
pub async fn keep(browser: &Browser<'_>, name: &str) {
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
pub async fn keep_as_it_is(browser: &Browser<'_>, name: &str) {
    let Some(folder) = std::env::var_os("STORMLENS_SCREENSHOTS").map(PathBuf::from) else { return };
    browser.picture(&folder.join(format!("{name}.png"))).await;
}
