//! The application under test: the real router, catalogue and queue over a scripted worker.

mod cards;
mod page;
mod worker;

use std::collections::VecDeque;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::http::{Method, Request as HttpRequest, StatusCode};
use http_body_util::BodyExt;
use stormlens::catalog::{CardBox, Catalog};
use stormlens::jobs::{Jobs, Options, Worker};
use stormlens::tasks::{self, Folders, UploadLimits};
use stormlens::web::{self, AppState, PublicUrl};
use stormlens_data::card::{CheckpointCard, ModelCard};
use stormlens_plot::testing::{self, EMPTY_LAYER, LAYERS};
use tempfile::TempDir;
use tower::ServiceExt;

pub use self::cards::{checkpoint, checkpoint_of_leads, classifier_weights, model};
pub use self::page::Page;
pub use self::worker::{LEADS, Script, ScriptedWorker};

/// A sample with an observation, and one without.
pub const SAMPLE: &str = "knmi-20100826T0535";
pub const UNOBSERVED: &str = "knmi-20100826T0735";

/// The folder of the repository's radar frames and scenes.
pub fn data() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/data"))
}

type Tasks = Vec<Arc<dyn stormlens::task::Task>>;

/// What an application under test is made of.
pub struct Setup<'a> {
    pub options: Options,
    pub data: &'a Path,
    /// Folder for uploads.
    pub cache: &'a Path,
    pub max_file_bytes: usize,
    pub max_cache_bytes: u64,
    pub uploads: UploadLimits,
    pub public_url: Option<PublicUrl>,
    /// Whether there are weights for scenes.
    pub has_weights: bool,
    /// Weights that make forecasts.
    pub forecasters: Vec<CheckpointCard>,
    /// Where evaluations lie beside weights.
    pub checkpoints: PathBuf,
    /// Another network with its weights, which nobody asks.
    pub more: Option<(ModelCard, Vec<CheckpointCard>)>,
}

impl<'a> Setup<'a> {
    pub fn new(cache: &'a Path) -> Self {
        let patience = Duration::from_secs(3600);
        Self {
            options: Options { patience, ..Options::default() },
            data: data(),
            cache,
            max_file_bytes: 1_000_000,
            max_cache_bytes: 100_000_000,
            uploads: UploadLimits { linger: Duration::from_millis(50), ..UploadLimits::default() },
            public_url: None,
            has_weights: true,
            forecasters: vec![checkpoint()],
            checkpoints: Path::new(env!("CARGO_MANIFEST_DIR")).join("checkpoints"),
            more: None,
        }
    }

    /// State over a scripted worker, for the router in process and for the browser.
    pub fn state(self) -> (AppState, Arc<Mutex<VecDeque<Script>>>, Receiver<String>) {
        let script = Arc::<Mutex<VecDeque<Script>>>::default();
        let (told, heard) = channel();
        let (of_worker, checkpoints) = (script.clone(), self.forecasters.clone());
        let factory = Box::new(move || {
            let (script, told) = (of_worker.clone(), told.clone());
            let worker = ScriptedWorker { checkpoints: checkpoints.clone(), script, told };
            Ok(Box::new(worker) as Box<dyn Worker>)
        });
        let (tasks, pages) = self.open();
        let catalog = Arc::new(Catalog::new(self.cards(), tasks));
        let jobs = Jobs::start(factory, self.options).expect("there is a thread");
        let mut state = AppState::new(jobs, catalog, pages, &self.checkpoints);
        state.public_url = self.public_url;
        (state, script, heard)
    }

    fn open(&self) -> (Tasks, Vec<Arc<dyn web::Pages>>) {
        let folders = Folders {
            data: self.data.to_owned(),
            cache: self.cache.to_owned(),
            max_cache_bytes: self.max_cache_bytes,
            max_file_bytes: self.max_file_bytes,
            upload_limits: self.uploads,
        };
        let opened = tasks::open(&folders).expect("there is data");
        opened.into_iter().map(|opened| (opened.task, opened.pages)).unzip()
    }

    fn cards(&self) -> CardBox {
        let mut checkpoints = self.forecasters.clone();
        checkpoints.extend(self.has_weights.then(classifier_weights));
        let mut models = vec![model(), testing::scene_card()];
        if let Some((model, weights)) = &self.more {
            models.push(model.clone());
            checkpoints.extend(weights.iter().cloned());
        }
        CardBox { models, checkpoints, methods: testing::methods().to_vec() }
    }
}

pub struct TestApp {
    pub router: Router,
    /// The folder around the one for uploads; it is removed with this value.
    pub around: TempDir,
    script: Arc<Mutex<VecDeque<Script>>>,
    heard: Mutex<Receiver<String>>,
}

impl TestApp {
    pub fn new() -> Self {
        Self::set_up(|_| {})
    }

    /// With weights that have several lead times.
    pub fn with_leads() -> Self {
        Self::set_up(|setup| setup.forecasters = vec![checkpoint_of_leads()])
    }

    pub fn with(options: Options) -> Self {
        Self::set_up(|setup| setup.options = options)
    }

    /// Over another folder of archives.
    pub fn over(data: &Path) -> Self {
        let around = tempfile::tempdir().expect("there is room");
        let cache = around.path().join("cache");
        Self::build(Setup { data, ..Setup::new(&cache) }, around)
    }

    /// With something changed.
    pub fn set_up(change: impl FnOnce(&mut Setup<'_>)) -> Self {
        let around = tempfile::tempdir().expect("there is room");
        let cache = around.path().join("cache");
        let mut setup = Setup::new(&cache);
        change(&mut setup);
        Self::build(setup, around)
    }

    /// For those who may ask.
    pub fn with_access(access: web::Access) -> Self {
        let around = tempfile::tempdir().expect("there is room");
        let cache = around.path().join("cache");
        let (state, script, heard) = Setup::new(&cache).state();
        let router = web::app(state.with_access(access));
        Self { router, around, script, heard: Mutex::new(heard) }
    }

    /// Over a folder for uploads that outlives it.
    pub fn scripted(setup: Setup<'_>) -> Self {
        Self::build(setup, tempfile::tempdir().expect("there is room"))
    }

    /// Of a server that is there already; nobody scripts it.
    #[cfg(feature = "nn")]
    pub fn of(state: AppState, around: TempDir) -> Self {
        let (_, heard) = channel();
        let (router, script) = (web::app(state), Arc::default());
        Self { router, around, script, heard: Mutex::new(heard) }
    }

    fn build(setup: Setup<'_>, around: TempDir) -> Self {
        let (state, script, heard) = setup.state();
        Self { router: web::app(state), around, script, heard: Mutex::new(heard) }
    }

    pub fn script(&self, step: Script) {
        self.script.lock().unwrap().push_back(step);
    }

    /// Holds the next run until the sender is used or dropped.
    pub fn hold(&self) -> Sender<()> {
        let (release, held) = channel();
        self.script(Script::Hold(held));
        release
    }

    /// Waits until the worker says something that contains `expected`.
    pub fn hears(&self, expected: &str) {
        let heard = self.heard.lock().unwrap();
        loop {
            let said = heard.recv_timeout(Duration::from_secs(20)).expect("the worker says so");
            if said.contains(expected) {
                return;
            }
        }
    }

    /// How often the worker has been asked since somebody last listened.
    pub fn n_runs(&self) -> usize {
        self.heard.lock().unwrap().try_iter().filter(|said| said.starts_with("run ")).count()
    }

    pub async fn send(&self, request: HttpRequest<Body>) -> Page {
        let response = self.router.clone().oneshot(request).await.expect("the router answers");
        let (parts, body) = response.into_parts();
        let body = body.collect().await.expect("the body is complete").to_bytes();
        Page { status: parts.status, headers: parts.headers, body: body.into() }
    }

    pub async fn get_with(&self, address: &str, headers: &[(&str, &str)]) -> Page {
        self.get_from(address, &[&[("host", "localhost")], headers].concat()).await
    }

    /// Says itself which host it asks.
    pub async fn get_from(&self, address: &str, headers: &[(&str, &str)]) -> Page {
        self.send_with(Method::GET, address, headers).await
    }

    pub async fn post_from(&self, address: &str, headers: &[(&str, &str)]) -> Page {
        self.send_with(Method::POST, address, headers).await
    }

    async fn send_with(&self, method: Method, address: &str, headers: &[(&str, &str)]) -> Page {
        let mut request = HttpRequest::builder().method(method).uri(address);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        self.send(request.body(Body::empty()).unwrap()).await
    }

    /// As a browser asks.
    pub async fn get(&self, address: &str) -> Page {
        self.get_with(address, &[("accept", "text/html,application/xhtml+xml")]).await
    }

    pub async fn post(&self, address: &str, headers: &[(&str, &str)]) -> Page {
        let own = [("host", "localhost"), ("accept", "text/html")];
        self.post_from(address, &[&own, headers].concat()).await
    }

    /// Sends a body, as a browser or (with another `accept`) a program does.
    pub async fn send_body(
        &self,
        address: &str,
        media_type: &str,
        accept: &str,
        body: impl Into<Body>,
    ) -> Page {
        let request = HttpRequest::post(address)
            .header("host", "localhost")
            .header("accept", accept)
            .header("content-type", media_type)
            .body(body.into());
        self.send(request.unwrap()).await
    }

    /// The form of the page with these files: names and bytes.
    pub async fn upload(&self, files: &[(&str, &[u8])]) -> Page {
        self.send_body("/scenes", FORM, "text/html", form("files", files)).await
    }

    /// The response to an address whose body does not end by itself.
    pub async fn open(&self, address: &str) -> axum::response::Response {
        let request = HttpRequest::get(address).header("host", "localhost");
        let request = request.body(Body::empty()).unwrap();
        self.router.clone().oneshot(request).await.expect("the router answers")
    }

    /// Asks again until the answer is there, as the page does.
    pub async fn finished(&self, address: &str) -> Page {
        loop {
            let page = self.get(address).await;
            if page.status != StatusCode::ACCEPTED {
                return page;
            }
            // What is computed needs the processors more than who waits for it.
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    }
}

/// The media type of [`form`].
pub const FORM: &str = "multipart/form-data; boundary=xXx";

/// A form with files in a field.
pub fn form(field: &str, files: &[(&str, &[u8])]) -> Vec<u8> {
    let mut body = Vec::new();
    for (name, bytes) in files {
        let head = format!(
            "--xXx\r\ncontent-disposition: form-data; name=\"{field}\"; filename=\"{name}\"\r\n\
             content-type: application/octet-stream\r\n\r\n"
        );
        body.extend_from_slice(head.as_bytes());
        body.extend_from_slice(bytes);
        body.extend_from_slice(b"\r\n");
    }
    body.extend_from_slice(b"--xXx--\r\n");
    body
}

/// The full address of a result, as the server writes it.
pub fn result(sample: &str, methods: &str) -> String {
    let path = match methods.contains("integrated-gradients") {
        true => "&integrated-gradients.baseline=zero&integrated-gradients.steps=50",
        false => "",
    };
    let layers = match methods.contains("grad-cam") {
        true => format!("&layers={},{EMPTY_LAYER}", LAYERS[0].0),
        false => String::new(),
    };
    format!(
        "/v1/result?model=sar-unet&checkpoint=test&sample={sample}&lead-time=30&threshold=1.5\
         &methods={methods}{path}{layers}&opacity=0.85&palette=uniform&overlay=map"
    )
}

/// The address of an upload without the digits of names: whoever has the same bytes can tell it.
pub fn without_names(address: &str) -> String {
    let mut parts = address.split('_');
    let start = parts.next().unwrap_or_default().to_owned();
    parts.fold(start, |text, part| text + &part[8..])
}

/// The address of a figure or file of the result at an address.
pub fn part(address: &str, name: &str) -> String {
    address.replacen("/v1/result?", &format!("/v1/result/{name}?"), 1)
}
