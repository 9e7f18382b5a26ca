//! What holds for every response: headers, caching, compression.

use axum::http::StatusCode;

use crate::support::{SAMPLE, TestApp, part, result};

fn routes() -> Vec<String> {
    let sample = format!("/samples/{SAMPLE}");
    let fixed = ["/", "/samples", "/models", "/models/sar-unet", "/about", "/healthz", "/readyz"];
    let mut routes: Vec<String> = fixed.map(str::to_owned).into();
    routes.extend(["", "/animation.png", "/frames/0.png"].map(|rest| format!("{sample}{rest}")));
    routes.extend([
        "/nowhere".to_owned(),
        "/static/old/app.css".to_owned(),
        result(SAMPLE, "none"),
    ]);
    let names =
        ["scores.csv", "figure/map-prediction.svg", "data/prediction.json", "data/prediction.f32"];
    routes.extend(names.map(|name| part(&result(SAMPLE, "none"), name)));
    routes.push(format!("/v1/compare?sample={SAMPLE}"));
    routes
}

#[tokio::test]
async fn every_response_carries_the_security_headers() {
    let app = TestApp::new();
    for address in routes() {
        let page = app.get(&address).await;
        let policy = page.header("content-security-policy");
        assert!(policy.starts_with("default-src 'none'"), "{address}: {policy}");
        if !address.contains(".svg") {
            assert!(!policy.contains("unsafe"), "{address}: {policy}");
            assert!(policy.contains("frame-ancestors 'none'"), "{address}: {policy}");
        }
        assert_eq!(page.header("x-content-type-options"), "nosniff", "{address}");
        assert_eq!(page.header("x-frame-options"), "DENY", "{address}");
        assert_eq!(page.header("referrer-policy"), "same-origin", "{address}");
    }
}

async fn not_sent_twice(app: &TestApp, address: &str) {
    let first = app.finished(address).await;
    assert_eq!(first.status, StatusCode::OK, "{address}");
    let tag = first.header("etag").to_owned();
    assert!(tag.starts_with("W/\""), "{address}: {tag}");
    let again = app.get_with(address, &[("if-none-match", &tag)]).await;
    assert_eq!(again.status, StatusCode::NOT_MODIFIED, "{address}");
    assert!(again.body.is_empty());
    assert_eq!(again.header("etag"), tag);
    let other = app.get_with(address, &[("if-none-match", "W/\"other\"")]).await;
    assert_eq!(other.status, StatusCode::OK, "{address}");
}

#[tokio::test]
async fn what_has_not_changed_is_not_sent_again() {
    let app = TestApp::new();
    let page = result(SAMPLE, "grad-cam");
    not_sent_twice(&app, &page).await;
    not_sent_twice(&app, &part(&page, "scores.csv")).await;
    not_sent_twice(&app, &part(&page, "figure/map-prediction.svg")).await;
    not_sent_twice(&app, &part(&page, "data/prediction.json")).await;
    not_sent_twice(&app, &part(&page, "data/prediction.f32")).await;
    not_sent_twice(&app, &format!("/samples/{SAMPLE}/frames/3.png")).await;
}

#[tokio::test]
async fn another_look_has_another_tag() {
    let app = TestApp::new();
    let figure = part(&result(SAMPLE, "grad-cam"), "figure/map-prediction.svg");
    let mut tags = Vec::new();
    for more in ["", "&theme=dark", "&width-mm=170"] {
        tags.push(app.finished(&format!("{figure}{more}")).await.header("etag").to_owned());
    }
    tags.push(
        app.finished(&figure.replace("threshold=1.5", "threshold=2"))
            .await
            .header("etag")
            .to_owned(),
    );
    let n_tags = tags.len();
    tags.sort();
    tags.dedup();
    assert_eq!(tags.len(), n_tags);
}

#[tokio::test]
async fn static_files_are_kept_for_good_under_their_own_version() {
    let app = TestApp::new();
    let home = app.get("/").await;
    let mut files = home.attributes("link[href^='/static']", "href");
    files.extend(home.attributes("script", "src"));
    assert_eq!(files.len(), 5);
    for file in files {
        let asset = app.get(&file).await;
        assert_eq!(asset.status, StatusCode::OK, "{file}");
        assert!(asset.header("cache-control").contains("immutable"), "{file}");
    }
    let old = app.get("/static/000000/app.css").await;
    assert!(!old.header("cache-control").contains("immutable"), "an old page may still ask for it");
}

#[tokio::test]
async fn pages_are_compressed_and_pictures_are_not() {
    let app = TestApp::new();
    let gzip = [("accept-encoding", "gzip")];
    assert_eq!(app.get_with("/samples", &gzip).await.header("content-encoding"), "gzip");
    let picture = format!("/samples/{SAMPLE}/frames/0.png");
    assert_eq!(app.get_with(&picture, &gzip).await.header("content-encoding"), "");
}
