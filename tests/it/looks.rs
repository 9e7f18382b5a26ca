//! Pages that no journey stops at: they are drawn, fit the window, and the browser has nothing to complain of.
//!
//! Home, samples, scenes and results are looked at on the journeys.

use crate::accessibility::FINLAND;
use crate::browser::{PICTURES_DRAWN, fits_at, in_browser, keep, scripted};

/// Pages by the names of their pictures.
const PAGES: [(&str, &str); 8] = [
    ("verifications", "/verification"),
    ("verification", FINLAND),
    ("rain-list", "/rain"),
    ("probability-list", "/probability"),
    ("all-samples", "/samples"),
    ("networks", "/models"),
    ("network", "/models/sar-unet"),
    ("about", "/about"),
];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn lists_and_comparisons_are_drawn_without_a_complaint() {
    in_browser(scripted, async |driver, address| {
        let browser = driver.browser(true).await;
        for (name, page) in PAGES {
            for width in [390, 1280] {
                fits_at(&browser, &format!("{address}{page}"), width).await;
            }
            browser.wait("pictures", PICTURES_DRAWN).await;
            assert!(!browser.text("h1").await.is_empty(), "{page} has a heading");
            keep(&browser, name).await;
        }
        assert_eq!(browser.complaints().await, Vec::<String>::new());
        browser.close().await;
    })
    .await;
}
