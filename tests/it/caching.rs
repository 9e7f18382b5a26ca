//! What browsers keep, what is packed on its way, and what the pages weigh.

use axum::http::StatusCode;

use crate::support::{Page, SAMPLE, TestApp, result};

/// All scripts of a page together, as a browser reads them: the bar that was set for a page that says its
/// values, zooms and takes uploads. What is packed on its way is a third of it.
const MAX_SCRIPT_BYTES: usize = 40_000;

/// The ids of the sample scenes.
async fn scenes(app: &TestApp) -> Vec<String> {
    let page = app.get("/scenes").await;
    let id = |address: String| address.split('/').nth(2).map(str::to_owned);
    page.attributes(".card img", "src").into_iter().filter_map(id).collect()
}

/// The full addresses of one page of each kind, the results among them once they are there.
async fn pages(app: &TestApp) -> Vec<String> {
    let mut pages: Vec<String> =
        ["/", "/samples", "/scenes", "/rain", "/models", "/about"].map(Into::into).into();
    pages.push(format!("/samples/{SAMPLE}"));
    pages.push("/models/sar-unet".to_owned());
    pages.push(result(SAMPLE, "grad-cam,integrated-gradients"));
    let id = scenes(app).await.remove(0);
    for address in [
        format!("/v1/result?scene={id}"),
        format!("/scenes/compare?scenes={id}"),
        format!("/v1/compare?sample={SAMPLE}"),
    ] {
        pages.push(app.get(&address).await.header("location").to_owned());
    }
    for page in &pages {
        assert_eq!(app.finished(page).await.status, StatusCode::OK, "{page}");
    }
    pages
}

/// Asks a second time, as a browser that has the first answer.
async fn again(app: &TestApp, address: &str, first: &Page) -> Page {
    app.get_with(address, &[("accept", "text/html"), ("if-none-match", first.header("etag"))]).await
}

#[tokio::test]
async fn no_page_is_sent_twice() {
    let app = TestApp::new();
    for address in pages(&app).await {
        let first = app.get(&address).await;
        assert_eq!(first.header("cache-control"), "private, no-cache", "{address}");
        let second = again(&app, &address, &first).await;
        assert_eq!(second.status, StatusCode::NOT_MODIFIED, "{address}");
        assert!(second.body.is_empty(), "{address}");
        assert_eq!(second.header("etag"), first.header("etag"), "{address}");
    }
}

#[tokio::test]
async fn what_changes_has_another_tag() {
    let app = TestApp::new();
    let tag = async |address: &str| app.get(address).await.header("etag").to_owned();
    assert_ne!(tag("/samples").await, tag("/samples?page=2").await);
    assert_ne!(tag("/samples?observed=yes").await, tag("/samples?page=2").await);
    let address = result(SAMPLE, "none");
    let waiting = app.get(&address).await;
    if waiting.status == StatusCode::ACCEPTED {
        assert_eq!((waiting.header("cache-control"), waiting.header("etag")), ("no-store", ""));
    }
    assert_ne!(app.finished(&address).await.header("etag"), "");
    let missing = app.get("/nowhere").await;
    assert_eq!((missing.header("cache-control"), missing.header("etag")), ("no-store", ""));
}

#[tokio::test]
async fn pictures_last_where_their_address_names_them() {
    let app = TestApp::new();
    for page in pages(&app).await {
        let page = app.get(&page).await;
        let mut addresses = page.attributes("img[src]", "src");
        addresses.extend(page.attributes("source[srcset]", "srcset"));
        for address in addresses {
            let picture = app.get(&address).await;
            assert_eq!(picture.status, StatusCode::OK, "{address}");
            let lifetime = picture.header("cache-control");
            assert!(lifetime.ends_with("max-age=31536000, immutable"), "{address}: {lifetime}");
            assert_eq!(again(&app, &address, &picture).await.status, StatusCode::NOT_MODIFIED);
            check_without_version(&app, &address, &picture).await;
        }
    }
}

/// What a pointer asks for: the numbers of a map, for as long as the address names them.
#[tokio::test]
async fn numbers_last_where_their_address_names_them() {
    let app = TestApp::new();
    let page = app.finished(&result(SAMPLE, "grad-cam")).await;
    for name in ["data-head", "data-body"] {
        let mut addresses = page.attributes("figure[data-head]", name);
        addresses.dedup();
        assert!(addresses.len() > 4, "{addresses:?}");
        for address in addresses {
            let numbers = app.get(&address).await;
            assert_eq!(numbers.status, StatusCode::OK, "{address}");
            assert!(numbers.header("cache-control").ends_with("immutable"), "{address}");
            check_without_version(&app, &address, &numbers).await;
        }
    }
}

/// The same picture without a version, or with an old one, has to be asked for again.
async fn check_without_version(app: &TestApp, address: &str, picture: &Page) {
    let Some((rest, version)) = address.split_once("&v=").or(address.split_once("?v=")) else {
        assert!(address.starts_with("/static/"), "{address} has a version");
        return;
    };
    assert_eq!(version.len(), 12);
    for other in [rest.to_owned(), address.replace(version, "000000000000")] {
        let same = app.get(&other).await;
        assert_eq!(same.header("cache-control"), "private, no-cache", "{other}");
        assert_eq!(same.header("etag"), picture.header("etag"), "{other}");
        assert_eq!(again(app, &other, &same).await.status, StatusCode::NOT_MODIFIED, "{other}");
    }
}

#[tokio::test]
async fn text_is_packed_and_nothing_else() {
    let app = TestApp::new();
    let mut addresses: Vec<(String, bool)> =
        pages(&app).await.into_iter().map(|page| (page, true)).collect();
    let home = app.get("/").await;
    for (selector, name, is_text) in [
        ("link[rel=stylesheet]", "href", true),
        ("script[src]", "src", true),
        ("link[rel=icon]", "href", true),
        ("link[as=font]", "href", false),
        (".card img", "src", false),
    ] {
        let found = home.attributes(selector, name);
        assert!(!found.is_empty(), "{selector}");
        addresses.extend(found.into_iter().map(|address| (address, is_text)));
    }
    let page = app.get(&result(SAMPLE, "grad-cam,integrated-gradients")).await;
    addresses.push((page.attributes("figure img", "src").remove(0), true));
    addresses.push((page.attributes(".files a[href*='.pdf']", "href").remove(0), false));
    addresses.push((page.attributes(".files a[href*='.png']", "href").remove(0), false));
    addresses.push((page.attributes("figure[data-head]", "data-head").remove(0), true));
    for (address, is_text) in addresses {
        let packed =
            app.get_with(&address, &[("accept", "*/*"), ("accept-encoding", "gzip, br")]).await;
        let expected = if is_text { "gzip" } else { "" };
        assert_eq!(packed.header("content-encoding"), expected, "{address}");
        let plain = app.get_with(&address, &[("accept", "*/*")]).await;
        assert_eq!(plain.header("content-encoding"), "", "{address}");
    }
}

#[tokio::test]
async fn every_picture_has_its_size_before_it_comes() {
    let app = TestApp::new();
    for address in pages(&app).await {
        let page = app.get(&address).await;
        let sides = |name: &str| page.attributes("img", name);
        let (widths, heights) = (sides("width"), sides("height"));
        assert_eq!(
            (widths.len(), heights.len()),
            (page.count("img"), page.count("img")),
            "{address}"
        );
        for side in widths.iter().chain(&heights) {
            assert!(side.parse().is_ok_and(|side: u32| side > 0), "{side:?} on {address}");
        }
    }
}

/// A page with dozens of figures fetches what is seen first, and the others when they are come near.
#[tokio::test]
async fn figures_far_below_are_not_fetched_at_once() {
    let app = TestApp::new();
    let page = app.finished(&result(SAMPLE, "grad-cam,integrated-gradients")).await;
    let (all, lazy) = (page.count("figure img"), page.count("figure img[loading=lazy]"));
    assert!(all > 15, "{all}");
    assert_eq!(all - lazy, 2);
    assert_eq!(page.count("#forecast .figures img:not([loading])"), 2);
}

/// A figure's room on the page has the proportions of its drawing.
#[tokio::test]
async fn a_figure_fits_its_room() {
    let app = TestApp::new();
    let id = scenes(&app).await.remove(0);
    let scene = format!("/v1/result?scene={id}&methods=grad-cam,integrated-gradients,saliency");
    let scene = app.get(&scene).await.header("location").to_owned();
    for address in [result(SAMPLE, "grad-cam,integrated-gradients"), scene] {
        let page = app.finished(&address).await;
        let numbers = |name: &str| -> Vec<f64> {
            let sides = page.attributes("figure img", name);
            sides.iter().map(|side| side.parse().expect("it is a number")).collect()
        };
        let rooms = numbers("width").into_iter().zip(numbers("height"));
        for (address, (width, height)) in page.attributes("figure img", "src").iter().zip(rooms) {
            let figure = app.get(address).await.text();
            let side = |name: &str| -> f64 {
                let (_, rest) = figure.split_once(&format!(" {name}=\"")).expect("it has a size");
                rest.split_once("mm").expect("in millimetres").0.parse().expect("it is a number")
            };
            let (drawn, room) = (side("height") / side("width"), height / width);
            // Whole pixels in a column of at most 1200.
            assert!((drawn - room).abs() * 1200.0 < 3.0, "{address}: {drawn} in {room}");
        }
    }
}

#[tokio::test]
async fn scripts_are_small() {
    let app = TestApp::new();
    for address in pages(&app).await {
        let page = app.get(&address).await;
        let mut n_bytes = 0;
        for script in page.attributes("script[src], link[rel=modulepreload]", "src") {
            let script = app.get(&script).await;
            assert_eq!(script.status, StatusCode::OK);
            assert!(!script.text().contains("import "), "scripts import no others");
            n_bytes += script.body.len();
        }
        assert!(n_bytes > 0 && n_bytes <= MAX_SCRIPT_BYTES, "{n_bytes} bytes on {address}");
    }
}

#[tokio::test]
async fn what_is_seen_first_is_fetched_first_and_blocks_nothing() {
    let home = TestApp::new().get("/").await;
    assert_eq!(home.count("head link[rel=stylesheet]"), 1);
    assert_eq!(home.count("script:not([type=module])"), 0);
    let fonts = home.attributes("link[rel=preload][as=font][crossorigin]", "href");
    assert_eq!(fonts.len(), 2);
    let app = TestApp::new();
    for address in
        fonts.iter().chain(&home.attributes("link[rel=stylesheet], link[rel=icon]", "href"))
    {
        let file = app.get(address).await;
        assert_eq!(file.status, StatusCode::OK, "{address}");
        assert!(file.header("cache-control").ends_with("immutable"), "{address}");
    }
    let sheet = app.get(&home.attributes("link[rel=stylesheet]", "href")[0]).await.text();
    assert_eq!(sheet.matches("font-display: optional").count(), fonts.len());
    for font in &fonts {
        let file = font.rsplit('/').next().expect("it has a name");
        assert!(sheet.contains(&format!("url(\"{file}\")")), "the sheet uses {file}");
    }
}

#[tokio::test]
async fn a_table_that_is_attended_fills_in_one_visit() {
    let app = TestApp::new();
    let ids = scenes(&app).await;
    assert!(ids.len() > 4, "{ids:?}");
    let address = format!("/scenes/compare?scenes={}", ids.join(","));
    let address = app.get(&address).await.header("location").to_owned();
    let attended = app.get_with(&address, &[("accept", "text/html"), ("prefer", "wait=5")]).await;
    assert_eq!(attended.status, StatusCode::OK, "{:?}", attended.texts(".count"));
    assert_eq!(attended.texts("tbody .probability").len(), ids.len());
    assert_eq!(app.n_runs(), ids.len());
}

#[tokio::test]
async fn a_table_keeps_its_order_while_it_fills() {
    let app = TestApp::new();
    let ids = scenes(&app).await;
    let release = app.hold();
    let address = format!("/scenes/compare?scenes={}&sort=name", ids.join(","));
    let address = app.get(&address).await.header("location").to_owned();
    let names = |page: &Page| page.texts("tbody th a");
    let first = app.get(&address).await;
    assert_eq!(first.status, StatusCode::ACCEPTED);
    let waiting = names(&first);
    assert!(!waiting.is_sorted_by_key(|name| name.to_lowercase()), "{waiting:?}");
    release.send(()).unwrap();
    let done = names(&app.finished(&address).await);
    assert!(done.is_sorted_by_key(|name| name.to_lowercase()), "{done:?}");
}

/// Pictures in lists are a fraction of what they show.
#[tokio::test]
async fn thumbnails_are_light() {
    let app = TestApp::new();
    let home = app.get("/").await;
    let mut n_bytes = 0;
    for address in home.attributes(".card img", "src") {
        let picture = app.get(&address).await;
        assert!(picture.body.len() < 40_000, "{address}: {} bytes", picture.body.len());
        n_bytes += picture.body.len();
    }
    assert!((1..150_000).contains(&n_bytes), "{n_bytes} bytes on the start page");
}
