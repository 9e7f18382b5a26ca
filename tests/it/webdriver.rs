//! A small WebDriver client: enough of the protocol to click, look and take pictures.

use std::io::{BufRead, BufReader, ErrorKind};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http_body_util::{BodyExt, Full};
use hyper::body::Bytes;
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};
use tokio::net::TcpStream;

/// How long a page may take to become what a test expects. A network on a slow CPU takes a while.
const PATIENCE: Duration = Duration::from_secs(300);

/// A running `chromedriver`; it ends with this value.
pub struct Driver {
    process: Child,
    port: u16,
}

impl Driver {
    /// Starts `chromedriver` on a port of its choice; `None` where it is not installed.
    pub fn start() -> Option<Self> {
        let mut command = Command::new("chromedriver");
        let spawned = command.arg("--port=0").stdout(Stdio::piped()).stderr(Stdio::null()).spawn();
        let mut process = match spawned {
            Err(error) if error.kind() == ErrorKind::NotFound => return None,
            other => other.expect("chromedriver can be started"),
        };
        let output = BufReader::new(process.stdout.take().expect("its output is piped"));
        let port = output.lines().map_while(Result::ok).find_map(|line| {
            let (_, port) = line.split_once("started successfully on port ")?;
            port.trim_end_matches('.').parse().ok()
        });
        Some(Self { process, port: port.expect("chromedriver says its port") })
    }

    /// Opens a fresh browser.
    pub async fn browser(&self, javascript: bool) -> Browser<'_> {
        let profile = tempfile::tempdir().expect("there is room for a profile");
        let mut arguments: Vec<String> = [
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-quic",
            "--disable-dev-shm-usage",
            "--no-first-run",
            "--disable-background-networking",
            "--disable-component-update",
            "--disable-sync",
            "--hide-scrollbars",
            "--window-size=1280,900",
        ]
        .map(str::to_owned)
        .into();
        arguments.push(format!("--user-data-dir={}", profile.path().display()));
        let preferences = match javascript {
            true => json!({}),
            false => json!({ "profile.managed_default_content_settings.javascript": 2 }),
        };
        let capabilities = json!({ "capabilities": { "alwaysMatch": {
            "goog:chromeOptions": { "args": arguments, "prefs": preferences },
            "goog:loggingPrefs": { "browser": "ALL" },
        }}});
        let session = self.call("POST", "/session", capabilities).await;
        let session = session["sessionId"].as_str().expect("a session begins").to_owned();
        Browser { driver: self, session, _profile: profile }
    }

    async fn call(&self, method: &str, path: &str, body: Value) -> Value {
        let stream = TcpStream::connect(("127.0.0.1", self.port)).await.expect("it listens");
        let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await.unwrap();
        let connection = tokio::spawn(connection);
        let text = if body.is_null() { String::new() } else { body.to_string() };
        let request = hyper::Request::builder()
            .method(method)
            .uri(path)
            .header("host", format!("127.0.0.1:{}", self.port))
            .header("content-type", "application/json")
            .body(Full::new(Bytes::from(text)))
            .unwrap();
        let response = sender.send_request(request).await.expect("it answers");
        let status = response.status();
        let bytes =
            response.into_body().collect().await.expect("the answer is complete").to_bytes();
        connection.abort();
        let answer: Value = serde_json::from_slice(&bytes).expect("the answer is JSON");
        assert!(status.is_success(), "{method} {path} {body}: {answer}");
        answer["value"].clone()
    }
}

impl Drop for Driver {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// One browser window.
pub struct Browser<'a> {
    driver: &'a Driver,
    session: String,
    _profile: tempfile::TempDir,
}

impl Browser<'_> {
    async fn call(&self, method: &str, path: &str, body: Value) -> Value {
        self.driver.call(method, &format!("/session/{}{path}", self.session), body).await
    }

    pub async fn open(&self, address: &str) {
        self.call("POST", "/url", json!({ "url": address })).await;
    }

    pub async fn address(&self) -> String {
        self.call("GET", "/url", Value::Null).await.as_str().unwrap_or_default().to_owned()
    }

    /// Runs a script in the page and returns its value; promises are waited for.
    pub async fn run(&self, script: &str) -> Value {
        self.call("POST", "/execute/sync", json!({ "script": script, "args": [] })).await
    }

    /// Runs scripts until one is true.
    pub async fn wait(&self, what: &str, script: &str) {
        let started = Instant::now();
        loop {
            if self.run(script).await == json!(true) {
                return;
            }
            let waited = started.elapsed();
            assert!(waited < PATIENCE, "{what} at {}", self.address().await);
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    async fn element(&self, selector: &str) -> String {
        let query = json!({ "using": "css selector", "value": selector });
        let found = self.call("POST", "/element", query).await;
        let id = found.as_object().and_then(|object| object.values().next()?.as_str());
        id.expect("an element has a name").to_owned()
    }

    /// Clicks as a person does: the element must be there, visible and not covered.
    pub async fn click(&self, selector: &str) {
        let element = self.element(selector).await;
        self.call("POST", &format!("/element/{element}/click"), json!({})).await;
    }

    pub async fn type_into(&self, selector: &str, text: &str) {
        let element = self.element(selector).await;
        self.call("POST", &format!("/element/{element}/value"), json!({ "text": text })).await;
    }

    /// Presses the mouse at the first place, moves it to the others, and lets go: shares of the width and
    /// the height of what is dragged over.
    pub async fn drag(&self, selector: &str, places: &[[f64; 2]]) {
        let script = format!(
            "const part = document.querySelector({});
             part.scrollIntoView({{ block: 'center', behavior: 'instant' }});
             const {{ left, top, width, height }} = part.getBoundingClientRect();
             return [left, top, width, height];",
            json!(selector)
        );
        let found = self.run(&script).await;
        let [left, top, width, height] = [0, 1, 2, 3].map(|i| found[i].as_f64().expect("a size"));
        let to = |[x, y]: &[f64; 2]| {
            let [x, y] = [left + x * width, top + y * height].map(|px| px.round() as i64);
            json!({ "type": "pointerMove", "duration": 50, "x": x, "y": y })
        };
        let mut actions: Vec<Value> = places.iter().map(to).collect();
        actions.insert(1, json!({ "type": "pointerDown", "button": 0 }));
        actions.push(json!({ "type": "pointerUp", "button": 0 }));
        let mouse = json!({ "pointerType": "mouse" });
        let mouse =
            json!({ "type": "pointer", "id": "mouse", "parameters": mouse, "actions": actions });
        self.call("POST", "/actions", json!({ "actions": [mouse] })).await;
    }

    pub async fn text(&self, selector: &str) -> String {
        let element = self.element(selector).await;
        let text = self.call("GET", &format!("/element/{element}/text"), Value::Null).await;
        text.as_str().unwrap_or_default().to_owned()
    }

    pub async fn count(&self, selector: &str) -> u64 {
        let script = format!("return document.querySelectorAll({}).length", json!(selector));
        self.run(&script).await.as_u64().unwrap_or_default()
    }

    /// What the console says that is worse than a remark: errors, violated policies, missing files.
    pub async fn complaints(&self) -> Vec<String> {
        let entries = self.call("POST", "/se/log", json!({ "type": "browser" })).await;
        let entries = entries.as_array().cloned().unwrap_or_default();
        let bad = entries.into_iter().filter(|entry| entry["level"] == "SEVERE");
        bad.map(|entry| entry["message"].to_string()).collect()
    }

    /// Runs a script at the beginning of each page that is opened from now on.
    pub async fn on_every_page(&self, script: &str) {
        let script = json!({ "source": script });
        self.devtools("Page.addScriptToEvaluateOnNewDocument", script).await;
    }

    async fn devtools(&self, command: &str, parameters: Value) -> Value {
        self.call("POST", "/goog/cdp/execute", json!({ "cmd": command, "params": parameters }))
            .await
    }

    pub async fn resize(&self, width: u32) {
        let metrics =
            json!({ "width": width, "height": 900, "deviceScaleFactor": 1, "mobile": width < 600 });
        self.devtools("Emulation.setDeviceMetricsOverride", metrics).await;
    }

    pub async fn prefer(&self, theme: &str) {
        let features = json!([{ "name": "prefers-color-scheme", "value": theme }]);
        self.devtools("Emulation.setEmulatedMedia", json!({ "features": features })).await;
    }

    /// Shows the page as it is printed.
    pub async fn on_paper(&self) {
        self.devtools("Emulation.setEmulatedMedia", json!({ "media": "print" })).await;
    }

    /// Takes a picture of the whole page.
    pub async fn picture(&self, file: &Path) {
        let options = json!({ "format": "png", "captureBeyondViewport": true });
        let picture = self.devtools("Page.captureScreenshot", options).await;
        let data = picture["data"].as_str().expect("there is a picture");
        std::fs::write(file, STANDARD.decode(data).unwrap()).expect("it can be written");
    }

    pub async fn close(self) {
        self.call("DELETE", "", Value::Null).await;
    }
}
