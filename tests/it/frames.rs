//! Pictures of radar frames, and who waits for the disk.

use std::sync::mpsc::channel;
use std::time::Duration;

use axum::http::StatusCode;
use tokio::runtime::Builder;
use tokio::task::spawn_blocking;
use tokio::time::timeout;

use crate::site::HANGS;
use crate::support::{SAMPLE, TestApp};

/// The address by which the page of the sample shows that picture.
async fn named(app: &TestApp, file: &str) -> String {
    let page = app.get(&format!("/samples/{SAMPLE}")).await;
    let addresses = page.attributes("img[src]", "src");
    let wanted = file.replace("thumbnail", "11");
    let found = addresses.into_iter().find(|address| address.contains(&wanted));
    found.expect("the page shows it")
}

/// With the only thread for the disk taken, a picture that is in memory has to wait, since the state
/// of its file is asked for there, and not on the threads that answer everybody. Not so where the
/// address names the version that is in memory, as pages do.
#[test]
fn the_state_of_a_file_is_asked_for_beside_the_runtime() {
    let runtime = Builder::new_multi_thread().max_blocking_threads(1).enable_all().build().unwrap();
    runtime.block_on(async {
        let app = TestApp::new();
        for file in ["frames/3.png", "frames/thumbnail.png", "animation.png"] {
            let address = format!("/samples/{SAMPLE}/{file}");
            assert_eq!(app.get(&address).await.status, StatusCode::OK, "it is in memory now");
            let named = named(&app, file).await;
            assert_eq!(app.get(&named).await.status, StatusCode::OK);
            let (release, held) = channel::<()>();
            let disk = spawn_blocking(move || held.recv());
            let asked = timeout(Duration::from_millis(300), app.get(&address)).await;
            assert!(asked.is_err(), "{file} does not wait for the disk");
            let known = timeout(HANGS, app.get(&named)).await.expect("the disk is not asked");
            let lifetime = known.header("cache-control");
            assert!(lifetime.ends_with("immutable"), "{file}: {lifetime}");
            let tag = known.header("etag");
            let again = app.get_with(&named, &[("if-none-match", tag)]).await;
            assert_eq!((again.status, again.header("etag")), (StatusCode::NOT_MODIFIED, tag));
            assert_eq!(app.get("/healthz").await.status, StatusCode::OK, "others do not wait");
            release.send(()).unwrap();
            disk.await.unwrap().unwrap();
            assert_eq!(app.get(&address).await.status, StatusCode::OK, "{file}");
        }
    });
}

#[tokio::test]
async fn a_version_is_of_one_frame_only() {
    let app = TestApp::new();
    let [third, fourth] = [named(&app, "frames/3.png").await, named(&app, "frames/4.png").await];
    let (third, fourth) = (app.get(&third).await, (app.get(&fourth).await, fourth));
    assert!(third.body != fourth.0.body);
    let crossed = app.get(&fourth.1.replace("frames/4.png", "frames/3.png")).await;
    assert!(crossed.body == third.body);
    assert_eq!(crossed.header("cache-control"), "private, no-cache");
}
