//! What one client, or a page of another site, can take from all others: nothing.

use std::collections::VecDeque;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::mpsc::channel;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use axum::http::StatusCode;
use stormlens::cli::serve::serve;
use stormlens::web::Access;
use tokio::net::TcpListener;
use tokio::sync::oneshot;

use crate::support::{SAMPLE, Script, Setup, TestApp, part, result};

/// Far longer than an answer takes, and far shorter than the patience of those who keep others out.
const SOON: Duration = Duration::from_secs(5);

/// A server on a port of its own until it is dropped.
struct Server {
    address: SocketAddr,
    script: Arc<Mutex<VecDeque<Script>>>,
    _stop: oneshot::Sender<()>,
    _cache: tempfile::TempDir,
}

impl Server {
    async fn start() -> Self {
        let cache = tempfile::tempdir().expect("there is room");
        let (state, script, _) = Setup::new(cache.path()).state();
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("there is a free port");
        let address = listener.local_addr().expect("it has an address");
        let (stop, stopped) = oneshot::channel::<()>();
        tokio::spawn(serve(listener, state, async {
            let _ = stopped.await;
        }));
        Self { address, script, _stop: stop, _cache: cache }
    }

    /// A connection on which that was said.
    fn saying(&self, text: &str) -> TcpStream {
        let mut stream = TcpStream::connect(self.address).expect("there is a server");
        stream.set_read_timeout(Some(SOON)).expect("a time");
        let _ = stream.write_all(text.as_bytes());
        stream
    }

    /// What comes until the other end closes or says no more.
    fn answer(&self, text: &str) -> String {
        let mut answer = Vec::new();
        let _ = self.saying(text).read_to_end(&mut answer);
        String::from_utf8_lossy(&answer).into_owned()
    }

    fn get(&self, path: &str) -> String {
        self.answer(&format!("GET {path} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n"))
    }

    /// Health and pages come at once.
    fn is_reachable(&self) {
        for path in ["/healthz", "/about"] {
            let started = Instant::now();
            let answer = self.get(path);
            assert!(answer.starts_with("HTTP/1.1 200"), "{path}: {answer}");
            assert!(started.elapsed() < SOON, "{path}: {:?}", started.elapsed());
        }
    }
}

fn status(stream: &mut TcpStream) -> String {
    let mut line = [0; 12];
    match stream.read_exact(&mut line) {
        Ok(()) => String::from_utf8_lossy(&line[9..]).into_owned(),
        Err(error) => error.to_string(),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn half_sent_requests_shut_nobody_out() {
    let server = Server::start().await;
    let half_sent = || server.saying("GET / HTTP/1.1\r\nhost: loc");
    let half_sent: Vec<_> = (0..600).map(|_| half_sent()).collect();
    server.is_reachable();
    drop(half_sent);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn streams_of_events_shut_nobody_out() {
    let server = Server::start().await;
    let (release, held) = channel();
    server.script.lock().unwrap().push_back(Script::Hold(held));
    let page = server.get(&result(SAMPLE, "grad-cam"));
    assert!(page.starts_with("HTTP/1.1 202"), "{page}");
    let (_, events) = page.split_once("data-events=\"").expect("the page waits");
    let events = events.split_once('"').expect("it is a value").0.replace("&amp;", "&");
    let ask = format!("GET {events} HTTP/1.1\r\nhost: localhost\r\n\r\n");
    let mut streams: Vec<_> = (0..600).map(|_| server.saying(&ask)).collect();
    server.is_reachable();
    let n_open = streams.iter_mut().filter_map(|s| (status(s) == "200").then_some(())).count();
    assert_eq!(n_open, 64, "a client has so many");
    drop(release);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_refused_before_it_is_read_carries_the_security_headers_too() {
    let server = Server::start().await;
    let long = "a".repeat(70_000);
    let many: String = (0..200).map(|i| format!("x-{i}: 1\r\n")).collect();
    for (text, expected) in [
        ("GET /\0 HTTP/1.1\r\n\r\n".to_owned(), "400"),
        ("NONSENSE\r\n\r\n".to_owned(), "400"),
        (format!("GET /{long} HTTP/1.1\r\nhost: localhost\r\n\r\n"), "414"),
        (format!("GET / HTTP/1.1\r\nhost: localhost\r\n{many}\r\n"), "431"),
        ("GET / HTTP/1.1\r\n\r\n".to_owned(), "400"),
    ] {
        let answer = server.answer(&text);
        assert!(answer.starts_with(&format!("HTTP/1.1 {expected}")), "{answer}");
        for header in ["content-security-policy: default-src 'none'", "x-frame-options: DENY"] {
            assert_eq!(answer.matches(header).count(), 1, "{header} in {answer}");
        }
    }
}

#[tokio::test]
async fn a_name_that_somebody_else_points_here_is_not_answered() {
    let app = TestApp::new();
    let ask = async |hosts: &[&str]| {
        let headers: Vec<_> = hosts.iter().map(|host| ("host", *host)).collect();
        app.get_from("/samples", &headers).await
    };
    for known in ["localhost", "localhost:8080", "127.0.0.1:8080", "[::1]:8080", "192.168.1.7"] {
        assert_eq!(ask(&[known]).await.status, StatusCode::OK, "{known}");
    }
    for strange in ["evil.example", "evil.example:8080", "localhost.evil.example"] {
        let page = ask(&[strange]).await;
        assert_eq!(page.status, StatusCode::MISDIRECTED_REQUEST, "{strange}");
        assert!(page.text().contains("--allowed-host"), "{}", page.text());
    }
    for none in [&[][..], &["localhost", "localhost"], &["localhost", "evil.example"], &["a@b"]] {
        assert_eq!(ask(none).await.status, StatusCode::BAD_REQUEST, "{none:?}");
    }
    let upload = [("host", "evil.example"), ("content-type", "image/png")];
    let page = app.post_from("/scenes", &upload).await;
    assert_eq!(page.status, StatusCode::MISDIRECTED_REQUEST);
}

#[tokio::test]
async fn a_name_that_was_allowed_is_answered() {
    let access =
        Access { allowed_hosts: vec!["weather.example.org".to_owned()], ..Access::default() };
    let app = TestApp::with_access(access);
    let page = app.get_from("/samples", &[("host", "weather.example.org")]).await;
    assert_eq!(page.status, StatusCode::OK);
}

#[tokio::test]
async fn a_page_of_another_site_starts_no_run() {
    let app = TestApp::new();
    let figure = part(&result(SAMPLE, "grad-cam"), "figure/map-prediction.png");
    let image = |site| [("sec-fetch-site", site), ("sec-fetch-mode", "no-cors")];
    for site in ["cross-site", "same-site"] {
        let page = app.get_with(&figure, &image(site)).await;
        assert_eq!(page.status, StatusCode::FORBIDDEN);
    }
    let frame = [
        ("sec-fetch-site", "cross-site"),
        ("sec-fetch-mode", "navigate"),
        ("sec-fetch-dest", "iframe"),
    ];
    let page = app.get_with(&result(SAMPLE, "grad-cam"), &frame).await;
    assert_eq!(page.status, StatusCode::FORBIDDEN);
    assert_eq!(app.n_runs(), 0);
    let link = [
        ("sec-fetch-site", "cross-site"),
        ("sec-fetch-mode", "navigate"),
        ("sec-fetch-dest", "document"),
    ];
    let page = app.get_with(&result(SAMPLE, "grad-cam"), &link).await;
    assert_eq!(page.status, StatusCode::ACCEPTED, "who follows a link has asked");
    assert_eq!(app.finished(&result(SAMPLE, "grad-cam")).await.status, StatusCode::OK);
    let own = app.get_with(&figure, &image("same-origin")).await;
    assert_eq!(own.status, StatusCode::OK);
}

/// To an http address that is not the own machine's browsers send no `Sec-Fetch-*`.
#[tokio::test]
async fn a_picture_on_another_site_starts_no_run_over_plain_http() {
    const HOST: (&str, &str) = ("host", "192.168.1.7:8080");
    let app = TestApp::new();
    let figure = part(&result(SAMPLE, "grad-cam"), "figure/map-prediction.png");
    let image = ("accept", "image/avif,image/webp,image/*,*/*;q=0.8");
    for more in [&[("referer", "http://evil.example/")][..], &[]] {
        let page = app.get_from(&figure, &[&[HOST, image], more].concat()).await;
        assert_eq!(page.status, StatusCode::FORBIDDEN, "{more:?}");
    }
    assert_eq!(app.n_runs(), 0);
    let icon = app.get_from("/static/old/icon.svg", &[HOST, image]).await;
    assert_ne!(icon.status, StatusCode::FORBIDDEN);
    assert_eq!(app.finished(&result(SAMPLE, "grad-cam")).await.status, StatusCode::OK);
    let own = [HOST, image, ("referer", "http://192.168.1.7:8080/v1/result")];
    assert_eq!(app.get_from(&figure, &own).await.status, StatusCode::OK);
    let tool = app.get_from(&figure, &[HOST, ("accept", "*/*")]).await;
    assert_eq!(tool.status, StatusCode::OK);
}

#[tokio::test]
async fn lists_without_end_are_refused_at_once() {
    let app = TestApp::new();
    let list = |n: usize| (0..n).map(|i| i.to_string()).collect::<Vec<_>>().join(",");
    let repeated = |n: usize| (0..n).map(|i| format!("scenes={i}")).collect::<Vec<_>>().join("&");
    for (address, status) in [
        (format!("/scenes/compare?scenes={}", list(12_000)), StatusCode::URI_TOO_LONG),
        (format!("/scenes/compare?{}", repeated(4000)), StatusCode::URI_TOO_LONG),
        (
            format!("/v1/compare?sample={SAMPLE}&networks={}", list(12_000)),
            StatusCode::URI_TOO_LONG,
        ),
        (format!("/scenes/compare?scenes={}", list(3000)), StatusCode::BAD_REQUEST),
        (
            format!("/v1/compare?sample={SAMPLE}&networks={}", list(3000)),
            StatusCode::UNPROCESSABLE_ENTITY,
        ),
    ] {
        let page = app.get(&address).await;
        assert_eq!(page.status, status, "{} …", &address[..60]);
        assert!(page.body.len() < 20_000, "{}", page.body.len());
    }
}
