//! Behind a proxy that has another name, and hands on what lies below a path.

use std::fs;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use axum::http::StatusCode;
use stormlens::web::PublicUrl;

use crate::serve::start;
use crate::support::{FORM, TestApp, form, result};

const PICTURE: &str = "data/sentinel1/tokyo_bay_20191012_380px.png";

fn behind(url: &str) -> TestApp {
    let url: PublicUrl = url.parse().expect("an address");
    TestApp::set_up(|setup| setup.public_url = Some(url))
}

fn picture() -> Vec<u8> {
    fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join(PICTURE)).expect("the picture is there")
}

#[tokio::test]
async fn every_address_of_a_page_lies_below_the_path() {
    let app = behind("https://lab.example.org/tools/stormlens/");
    let waiting = result("knmi-20100826T0535", "none");
    let release = app.hold();
    let progress = app.get(&waiting).await;
    assert_eq!(progress.status, StatusCode::ACCEPTED);
    let again = "content=\"2;url=/tools/stormlens/v1/result";
    assert!(progress.text().contains(again), "{}", progress.text());
    drop(release);
    app.finished(&waiting).await;
    let lists = ["/", "/samples", "/scenes", "/models", "/about", "/no-such-page", &waiting];
    for address in lists {
        let page = app.get(address).await;
        for name in ["href", "src", "srcset", "action", "data-events"] {
            for found in page.attributes(&format!("[{name}]"), name) {
                let is_own = found.starts_with('/');
                assert!(!is_own || found.starts_with("/tools/stormlens/"), "{address}: {found}");
            }
        }
        assert!(page.count("link[href^='/tools/stormlens/static/']") > 0, "{address}");
    }
}

#[tokio::test]
async fn redirections_and_receipts_lead_below_the_path() {
    let app = behind("https://lab.example.org/tools/stormlens/");
    let body = form("files", &[("a.png", &picture())]);
    let receipt = app.send_body("/scenes", FORM, "application/json", body.clone()).await;
    assert!(receipt.header("location").starts_with("/tools/stormlens/"));
    assert!(receipt.json()["page"].as_str().unwrap().starts_with("/tools/stormlens/"));
    let page = app.send_body("/scenes", FORM, "text/html", body).await;
    assert_eq!(page.status, StatusCode::SEE_OTHER);
    assert!(page.header("location").starts_with("/tools/stormlens/"));
}

#[tokio::test]
async fn a_form_comes_from_the_public_address_and_from_no_other() {
    let app = behind("http://lab.example.org");
    let send = async |origin: &str| {
        let request = axum::http::Request::post("/scenes")
            .header("host", "127.0.0.1:8080")
            .header("origin", origin)
            .header("accept", "application/json")
            .header("content-type", FORM)
            .body(form("files", &[("a.png", &picture())]).into());
        app.send(request.unwrap()).await.status
    };
    assert_eq!(send("http://lab.example.org").await, StatusCode::CREATED);
    assert_eq!(send("http://elsewhere.example.org").await, StatusCode::FORBIDDEN);
}

/// nginx before a server. It ends with this value.
struct Proxy {
    nginx: Child,
    server: Child,
    port: u16,
    _folder: tempfile::TempDir,
}

impl Drop for Proxy {
    fn drop(&mut self) {
        for process in [&mut self.nginx, &mut self.server] {
            let _ = process.kill();
            let _ = process.wait();
        }
    }
}

/// `None` where there is no nginx.
fn proxy(location: &str, path: &str) -> Option<Proxy> {
    let version = Command::new("nginx").arg("-v").stderr(Stdio::null()).status();
    if !version.is_ok_and(|status| status.success()) {
        assert!(std::env::var("CI").as_deref() != Ok("true"), "nginx is needed");
        println!("skipped: nginx is not installed");
        return None;
    }
    let folder = tempfile::tempdir().expect("there is room");
    // Freed at once: nobody else asks for it within the test.
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let public = format!("http://localhost:{port}{path}");
    let cache = folder.path().join("cache");
    let cache = cache.to_str().expect("a plain name");
    let (server, address) =
        start(&["serve", "--bind", "127.0.0.1:0", "--public-url", &public, "--cache", cache]);
    let root = folder.path().display();
    let temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
        .map(|name| format!("{name}_temp_path {root}/{name};"))
        .concat();
    let configuration = format!(
        "daemon off; master_process off; pid {root}/pid; error_log {root}/error.log;
         events {{}}
         http {{
           access_log off; {temporary}
           server {{ listen 127.0.0.1:{port}; {} }}
         }}",
        location.replace("127.0.0.1:8080", &address)
    );
    let file = folder.path().join("nginx.conf");
    fs::write(&file, configuration).expect("there is room");
    let mut nginx = Command::new("nginx");
    nginx.arg("-p").arg(folder.path()).arg("-c").arg(&file);
    let nginx = nginx.stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("nginx starts");
    let proxy = Proxy { nginx, server, port, _folder: folder };
    let limit = Instant::now() + Duration::from_secs(20);
    while TcpStream::connect(("127.0.0.1", port)).is_err() {
        assert!(Instant::now() < limit, "nginx listens");
        std::thread::sleep(Duration::from_millis(20));
    }
    Some(proxy)
}

impl Proxy {
    /// The whole answer to a request as a browser would send it.
    fn ask(&self, method: &str, path: &str, headers: &str, body: &[u8]) -> String {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port)).unwrap();
        let (port, n) = (self.port, body.len());
        write!(
            stream,
            "{method} {path} HTTP/1.1\r\nHost: localhost:{port}\r\nOrigin: http://localhost:{port}\r\n\
             Accept: text/html\r\nContent-Length: {n}\r\n{headers}Connection: close\r\n\r\n"
        )
        .unwrap();
        stream.write_all(body).unwrap();
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).unwrap();
        String::from_utf8_lossy(&answer).into_owned()
    }

    fn upload(&self, path: &str) -> String {
        let body = form("files", &[("a.png", &picture())]);
        self.ask("POST", path, &format!("Content-Type: {FORM}\r\n"), &body)
    }
}

/// The location that README.md shows, without its file of users.
fn lines_of_readme() -> String {
    let readme = include_str!("../../README.md");
    let start = readme.find("location /stormlens/ {").expect("README.md shows it");
    let length = readme[start..].find("\n}").expect("it ends") + 2;
    let lines = readme[start..start + length].lines();
    lines.filter(|line| !line.contains("auth_basic")).map(|line| format!("{line}\n")).collect()
}

#[test]
fn nginx_with_nothing_but_proxy_pass_takes_an_upload() {
    let plain = "client_max_body_size 50m; location / { proxy_pass http://127.0.0.1:8080; }";
    let Some(proxy) = proxy(plain, "/") else { return };
    let page = proxy.ask("GET", "/scenes", "", b"");
    assert!(page.starts_with("HTTP/1.1 200"), "{page}");
    let answer = proxy.upload("/scenes");
    assert!(answer.starts_with("HTTP/1.1 303"), "{answer}");
}

#[test]
fn nginx_below_a_path_serves_styles_links_and_uploads() {
    let Some(proxy) = proxy(&lines_of_readme(), "/stormlens/") else { return };
    let page = proxy.ask("GET", "/stormlens/scenes", "", b"");
    let style = page.split("href=\"").find(|part| part.contains(".css")).expect("it has a style");
    let style = style.split('"').next().unwrap_or_default();
    let answer = proxy.ask("GET", style, "", b"");
    assert!(answer.starts_with("HTTP/1.1 200"), "{style}: {answer}");
    let answer = proxy.upload("/stormlens/scenes");
    let location = answer.lines().find_map(|line| {
        line.split_once(": ").filter(|(name, _)| name.eq_ignore_ascii_case("location"))
    });
    assert!(location.is_some_and(|(_, to)| to.contains("/stormlens/")), "{answer}");
}
