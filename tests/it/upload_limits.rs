//! How much is taken of visitors, from whom, and how fast: sizes, forms, other sites, slow bodies, a full cache.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::http::StatusCode;
use futures_util::stream;
use image::{ImageFormat, Rgb, RgbImage};
use stormlens::tasks::UploadLimits;
use tokio::task::JoinSet;

use crate::support::{FORM, TestApp, form};
use crate::uploads::{encode, png, tree};

#[tokio::test]
async fn too_many_bytes_are_refused() {
    let app = TestApp::set_up(|setup| setup.max_file_bytes = 1000);
    let large = vec![0; 2000];
    let one = app.upload(&[("large.png", &large)]).await;
    assert_eq!(one.status, StatusCode::PAYLOAD_TOO_LARGE);
    assert!(one.text().contains("at most 1000 bytes are taken"), "{}", one.text());
    // More than 24 files of that size could have, in a form and by itself.
    let huge = vec![0; 1_000_000];
    for (media_type, body) in
        [(FORM, form("files", &[("huge.png", &huge)])), ("image/png", huge.clone())]
    {
        let page = app.send_body("/scenes", media_type, "text/html", body).await;
        assert_eq!(page.status, StatusCode::PAYLOAD_TOO_LARGE, "{media_type}");
        assert!(page.text().contains("The upload has more than"), "{}", page.text());
    }
    assert_eq!(tree(app.around.path()), [""; 0]);
}

/// Noise, which no compression makes smaller: a file of about `3 × side²` bytes.
fn noise(side: u32, seed: u32) -> Vec<u8> {
    let mut state = seed;
    let mut next = || {
        // The generator of Numerical Recipes; its upper bits are noise enough.
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 24) as u8
    };
    let picture = RgbImage::from_fn(side, side, |_, _| Rgb([next(), next(), next()]));
    encode(&picture.into(), ImageFormat::Png)
}

#[tokio::test]
async fn forms_of_many_megabytes_are_taken() {
    let app = TestApp::set_up(|setup| setup.max_file_bytes = 6_000_000);
    let [five, three, also_three] = [(1300, 1), (1010, 2), (1010, 3)].map(|(s, n)| noise(s, n));
    assert!(five.len() > 5_000_000 && three.len() > 3_000_000, "{} {}", five.len(), three.len());
    let page = app.upload(&[("five.png", &five)]).await;
    assert_eq!(page.status, StatusCode::SEE_OTHER, "{}", page.text());
    let page = app.upload(&[("a.png", &three), ("b.png", &also_three)]).await;
    assert_eq!(page.status, StatusCode::SEE_OTHER, "{}", page.text());
    assert!(page.header("location").starts_with("/scenes/compare?"));
    assert_eq!(tree(app.around.path()).len(), 6);
    let seven = app.upload(&[("seven.png", &vec![0; 7_000_000])]).await;
    assert_eq!(seven.status, StatusCode::PAYLOAD_TOO_LARGE);
    assert!(seven.text().contains("at most 6 MB are taken"), "{}", seven.text());
}

#[tokio::test]
async fn a_table_leaves_room_in_the_queue() {
    let app = TestApp::set_up(|setup| setup.options.queue_depth = 2);
    let release = app.hold();
    let pictures = [1, 2, 3, 4, 5].map(png);
    let page = app.upload(&pictures.each_ref().map(|bytes| ("a.png", &bytes[..]))).await;
    let page = app.get(page.header("location")).await;
    let address = page.header("location").to_owned();
    for _ in 0..3 {
        let table = app.get(&address).await;
        assert!(table.texts(".count")[0].starts_with("0 of 5 are ready"), "{}", table.text());
    }
    app.hears("run ");
    app.get(&address).await;
    let other = app.upload(&[("other.png", &png(6))]).await.header("location").to_owned();
    let page = app.get(&other).await;
    assert_eq!(page.status, StatusCode::ACCEPTED, "{}", page.text());
    release.send(()).unwrap();
    assert_eq!(app.finished(&address).await.status, StatusCode::OK);
    assert_eq!(app.finished(&other).await.status, StatusCode::OK);
    assert_eq!(app.n_runs(), 5, "each row is computed once");
}

#[tokio::test]
async fn forms_that_are_not_ours_are_explained() {
    let app = TestApp::new();
    let picture = png(1);
    let check = async |media_type: &str, body: Vec<u8>, status: u16, words: &str| {
        let page = app.send_body("/scenes", media_type, "text/html", body).await;
        let text = page.texts(".error").concat();
        assert_eq!(page.status.as_u16(), status, "{text}");
        assert!(text.contains(words), "{words} in: {text}");
    };
    let wrong_field = form("picture", &[("a.png", &picture)]);
    check(FORM, wrong_field, 400, "a field “picture”, but files come in “files”").await;
    check(FORM, form("files", &[]), 400, "holds no file").await;
    check(FORM, form("files", &[("", b"")]), 400, "holds no file").await;
    check(FORM, b"nonsense".to_vec(), 400, "is no form that can be read").await;
    let whole = form("files", &[("a.png", &picture)]);
    check(FORM, whole[..whole.len() / 2].to_vec(), 400, "broke off").await;
    check("multipart/form-data", whole, 400, "without a boundary").await;
    check("application/x-www-form-urlencoded", b"files=a".to_vec(), 415, "cannot be").await;
    check("", picture.clone(), 415, "of no type").await;
    check("image/svg+xml", b"<svg/>".to_vec(), 415, "image/png, image/jpeg or image/tiff").await;
    let endless = [b"--xXx\r\nx-a: ".to_vec(), vec![b'a'; 4_000_000]].concat();
    check(FORM, endless, 400, "headers without end").await;
}

#[tokio::test]
async fn more_files_than_a_form_may_hold_are_refused() {
    let app = TestApp::new();
    let pictures: Vec<_> = (0..25).map(png).collect();
    let files: Vec<_> = pictures.iter().map(|bytes| ("a.png", &bytes[..])).collect();
    let page = app.upload(&files).await;
    assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(page.text().contains("more than 24 files"), "{}", page.text());
    let page = app.upload(&files[..24]).await;
    assert_eq!(page.status, StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn other_sites_cannot_send_files() {
    let app = TestApp::new();
    let request = axum::http::Request::post("/scenes")
        .header("host", "localhost")
        .header("origin", "https://example.org")
        .header("content-type", "image/png")
        .body(Body::from(png(1)));
    assert_eq!(app.send(request.unwrap()).await.status, StatusCode::FORBIDDEN);
    assert_eq!(tree(app.around.path()), [""; 0]);
}

#[tokio::test]
async fn a_body_that_does_not_come_is_given_up() {
    let app = TestApp::set_up(|setup| {
        setup.uploads.stall = Duration::from_millis(200);
    });
    for media_type in [FORM, "image/png"] {
        let begin = form("files", &[("a.png", &png(1))])[..60].to_vec();
        let body = stream::unfold(Some(begin), |begin| async move {
            match begin {
                Some(begin) => Some((Ok::<_, std::io::Error>(Bytes::from(begin)), None)),
                None => std::future::pending().await,
            }
        });
        let page = app.send_body("/scenes", media_type, "text/html", Body::from_stream(body)).await;
        assert_eq!(page.status, StatusCode::REQUEST_TIMEOUT, "{}", page.text());
        assert!(page.text().contains("came too slowly"));
    }
}

/// A body that takes its time, and counts itself while it is read.
fn slow_body(bytes: Vec<u8>, reading: Arc<AtomicUsize>, most: Arc<AtomicUsize>) -> Body {
    let pieces: Vec<_> = bytes.chunks(bytes.len() / 3).map(Bytes::copy_from_slice).collect();
    let body = stream::unfold(pieces.into_iter().enumerate(), move |mut pieces| {
        let (reading, most) = (reading.clone(), most.clone());
        async move {
            let Some((n, piece)) = pieces.next() else {
                reading.fetch_sub(1, Ordering::SeqCst);
                return None;
            };
            if n == 0 {
                most.fetch_max(reading.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
            Some((Ok::<_, std::io::Error>(piece), pieces))
        }
    });
    Body::from_stream(body)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_uploads_at_once_are_taken_one_after_the_other_or_sent_away() {
    let app = Arc::new(TestApp::new());
    let (reading, most) = (Arc::<AtomicUsize>::default(), Arc::<AtomicUsize>::default());
    let mut uploads = JoinSet::new();
    for shade in 0..200 {
        let (app, reading, most) = (app.clone(), reading.clone(), most.clone());
        uploads.spawn(async move {
            let body = slow_body(form("files", &[("a.png", &png(shade))]), reading, most);
            let request = axum::http::Request::post("/scenes")
                .header("host", "localhost")
                .header("accept", "text/html")
                .header("content-type", FORM)
                // So that what is refused is not read at all.
                .header("expect", "100-continue")
                .body(body);
            app.send(request.unwrap()).await
        });
    }
    let pages = uploads.join_all().await;
    let count = |status: u16| pages.iter().filter(|page| page.status.as_u16() == status).count();
    let (taken, sent_away) = (count(303), count(429));
    assert_eq!(taken + sent_away, 200, "{:?}", pages.iter().map(|p| p.status).collect::<Vec<_>>());
    assert!(taken >= UploadLimits::default().n_at_once, "{taken}");
    assert!(sent_away > 0);
    assert!(most.load(Ordering::SeqCst) <= UploadLimits::default().n_at_once);
    let busy = pages.iter().find(|page| page.status == StatusCode::TOO_MANY_REQUESTS).unwrap();
    assert_eq!(busy.header("retry-after"), "5");
    assert_eq!(tree(app.around.path()).len(), 2 * taken);
    assert_eq!(app.get("/scenes").await.status, StatusCode::OK);
    assert_eq!(app.upload(&[("a.png", &png(1))]).await.status, StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn a_full_cache_lets_the_oldest_go() {
    let app = TestApp::set_up(|setup| setup.max_cache_bytes = 30_000);
    let mut addresses = Vec::new();
    for shade in 1..=6 {
        addresses.push(app.upload(&[("a.png", &png(shade))]).await.header("location").to_owned());
    }
    let gone = app.get(&addresses[0]).await;
    assert_eq!(gone.status, StatusCode::NOT_FOUND);
    assert!(gone.texts(".error")[0].contains("upload the picture again"), "{}", gone.text());
    assert_eq!(app.finished(&addresses[5]).await.status, StatusCode::OK);
}
