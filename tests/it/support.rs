//! The application under test: the real router, catalogue and queue over a scripted worker.

use std::collections::VecDeque;
use std::path::Path;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::http::{HeaderMap, Method, Request as HttpRequest, StatusCode};
use http_body_util::BodyExt;
use scraper::{Html, Selector};
use stormlens::catalog::Catalog;
use stormlens::jobs::{Asked, Jobs, Options, Worker, WorkerError};
use stormlens::scenes::CacheOptions;
use stormlens::testing::{self, EMPTY_LAYER, LAYERS};
use stormlens::web::{self, AppState, UploadLimits};
use stormlens_data::card::{CheckpointCard, Citation, DeviceReport, Layer, ModelCard, Task};
use stormlens_data::field::Field;
use stormlens_data::outcome::{NowcastOutcome, Outcome, SceneOutcome, Target};
use stormlens_data::request::{NowcastRequest, Progress, Request, SceneRequest};
use stormlens_data::scene::{Fit, Resampling, Variant};
use tempfile::TempDir;
use tower::ServiceExt;

/// A sample with an observation, one without, and one that starts in a dry hour.
pub const SAMPLE: &str = "knmi-20100826T0535";
pub const UNOBSERVED: &str = "knmi-20100826T0735";

/// What the worker does with its next request; without a script it answers.
pub enum Script {
    Fail,
    Refuse,
    Panic,
    /// Reports progress until it is let go or told to stop.
    Hold(Receiver<()>),
    /// Works until it is let go, without a report in which it could be stopped.
    Deaf(Receiver<()>),
}

/// Answers with real rain and made-up attributions, or does what the script says.
pub struct ScriptedWorker {
    script: Arc<Mutex<VecDeque<Script>>>,
    told: Sender<String>,
}

impl Worker for ScriptedWorker {
    fn run(&mut self, request: &Request, progress: &dyn Progress) -> Result<Outcome, WorkerError> {
        let _ = self.told.send(format!("run {request}"));
        let step = self.script.lock().unwrap().pop_front();
        match step {
            None => {}
            Some(Script::Fail) => return Err(WorkerError::Failed("out of memory".to_owned())),
            Some(Script::Refuse) => {
                let message = "the sample is all missing".to_owned();
                let remedy = "Choose another sample".to_owned();
                return Err(WorkerError::Invalid { message, remedy });
            }
            Some(Script::Panic) => panic!("the shapes differ"),
            Some(Script::Deaf(release)) => {
                let _ = release.recv();
            }
            Some(Script::Hold(release)) => {
                while release.recv_timeout(Duration::from_millis(5))
                    == Err(RecvTimeoutError::Timeout)
                {
                    if progress.report("integrated gradients", 3, 20).is_break() {
                        let _ = self.told.send("stopped".to_owned());
                        return Err(WorkerError::Cancelled);
                    }
                }
            }
        }
        match request {
            Request::Nowcast(request) => Ok(Outcome::Nowcast(answer(request).into())),
            Request::Scene(request) => Ok(Outcome::Scene(classify(request).into())),
        }
    }

    /// Scenes go together where a test has batches.
    fn batch_key(&self, request: &Request) -> Option<String> {
        matches!(request, Request::Scene(_)).then(|| "scenes".to_owned())
    }

    fn run_batch(&mut self, batch: &[Asked<'_>]) -> Vec<Result<Outcome, WorkerError>> {
        let _ = self.told.send(format!("batch of {}", batch.len()));
        batch.iter().map(|(request, progress)| self.run(request, *progress)).collect()
    }

    fn device(&self) -> DeviceReport {
        DeviceReport {
            kind: "cpu",
            name: "CPU (scripted)".to_owned(),
            reason: "no GPU was found".to_owned(),
        }
    }
}

fn answer(request: &NowcastRequest) -> NowcastOutcome {
    let mut outcome = testing::outcome();
    outcome.request = request.clone();
    if request.sample == UNOBSERVED {
        outcome.forecast.observation_mm_h = None;
    }
    if request.threshold_mm_h == 0.0 {
        // Regression rarely says zero: with this threshold everything is the target.
        outcome.forecast.prediction_mm_h = outcome.forecast.prediction_mm_h.map(|rain| rain + 0.01);
    }
    let target = target(&outcome, request.threshold_mm_h);
    if let Some(grad_cam) = &mut outcome.grad_cam {
        grad_cam.target = target.clone();
        if target.n_pixels == 0 {
            grad_cam.layers.iter_mut().for_each(|map| map.cam = map.cam.map(|_| 0.0));
        }
    }
    if let Some((gradients, n)) = outcome.integrated_gradients.as_mut().zip(request.ig_steps) {
        gradients.target = target;
        gradients.n_steps = n;
    }
    outcome.grad_cam.take_if(|_| !request.grad_cam);
    outcome.integrated_gradients.take_if(|_| request.ig_steps.is_none());
    outcome
}

/// The made-up answer about the scene in Tokyo Bay, whatever scene is asked about.
///
/// With bilinear values the scene is familiar and the weights are real ones; letterboxed, no layer
/// holds evidence.
fn classify(request: &SceneRequest) -> SceneOutcome {
    let mut outcome = testing::scene_outcome();
    outcome.request = request.clone();
    let is_plain = request.resampling == Resampling::Bilinear;
    outcome.trained_on_simulation = !is_plain;
    outcome.familiarity.is_familiar = is_plain;
    let reason = "red and green differ in 87 % of the pixels".to_owned();
    outcome.familiarity.reasons = if is_plain { Vec::new() } else { vec![reason] };
    if let Some(cam) = &mut outcome.grad_cam
        && request.fit == Fit::Letterbox
    {
        cam.layers.iter_mut().for_each(|layer| layer.cam = layer.cam.map(|_| 0.0));
    }
    if let Some(cam) = &mut outcome.grad_cam
        && is_plain
    {
        let one = || Field::new(1, 1, vec![1.0]);
        cam.layers.iter_mut().for_each(|layer| (layer.raw, layer.cam) = (one(), one()));
    }
    outcome.grad_cam.take_if(|_| !request.grad_cam);
    let asked = request.integrated_gradients.as_ref();
    if let Some((gradients, options)) = outcome.integrated_gradients.as_mut().zip(asked) {
        gradients.options = options.clone();
    }
    outcome.integrated_gradients.take_if(|_| asked.is_none());
    outcome
}

fn target(outcome: &NowcastOutcome, threshold_mm_h: f64) -> Target {
    let prediction = &outcome.forecast.prediction_mm_h;
    let mask = prediction.map(|rain| f32::from(f64::from(rain) > threshold_mm_h));
    let score_mm_h =
        prediction.values.iter().zip(&mask.values).map(|(r, m)| f64::from(r * m)).sum();
    let n_pixels = mask.values.iter().filter(|&&m| m == 1.0).count();
    Target { threshold_mm_h, mask, n_pixels, score: score_mm_h / 574.0, score_mm_h }
}

pub fn model() -> ModelCard {
    const CITATIONS: &[Citation] = &[Citation {
        key: "someone2026",
        bibtex: "@article{someone2026,\n  title = {A network}\n}\n",
        text: "Someone: A network. 2026",
        url: "https://example.org/network",
    }];
    let layers = LAYERS.map(|(name, _)| Layer {
        name: name.to_owned(),
        label: format!("Block {name}"),
        group: if name.starts_with("Up") { "Decoder" } else { "Encoder" },
    });
    ModelCard {
        id: "sar-unet",
        title: "SAR-UNet, precipitation",
        summary: "Twelve radar frames of the last hour to the rain rate 30 minutes ahead",
        task: Task::Nowcasting,
        layers: layers.into(),
        default_layers: vec![LAYERS[0].0, LAYERS[1].0],
        citations: CITATIONS,
    }
}

pub fn checkpoint() -> CheckpointCard {
    CheckpointCard {
        name: "test".to_owned(),
        model: "sar-unet".to_owned(),
        weights_sha256: "ab".repeat(32),
        training_data: "None: this is a test".to_owned(),
        licence: "MIT".to_owned(),
        n_parameters: 1_234_567,
        is_simulated: false,
        nowcasting: None,
        variant: None,
        familiar: None,
    }
}

pub fn classifier_weights() -> CheckpointCard {
    CheckpointCard {
        name: "scripted".to_owned(),
        model: "polar-low".to_owned(),
        is_simulated: true,
        nowcasting: None,
        variant: Some(Variant::LR_512),
        ..checkpoint()
    }
}

/// The folder of the repository's radar frames and scenes.
pub fn data() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/data"))
}

/// What an application under test is made of.
pub struct Setup<'a> {
    pub options: Options,
    pub data: &'a Path,
    /// Folder for uploads.
    pub cache: &'a Path,
    pub max_file_bytes: usize,
    pub max_cache_bytes: u64,
    pub uploads: UploadLimits,
    pub has_weights: bool,
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
            has_weights: true,
        }
    }

    /// State over a scripted worker, for the router in process and for the browser.
    pub fn state(self) -> (AppState, Arc<Mutex<VecDeque<Script>>>, Receiver<String>) {
        let script = Arc::<Mutex<VecDeque<Script>>>::default();
        let (told, heard) = channel();
        let (of_worker, told) = (script.clone(), told);
        let factory = Box::new(move || {
            let worker = ScriptedWorker { script: of_worker.clone(), told: told.clone() };
            Ok(Box::new(worker) as Box<dyn Worker>)
        });
        let catalog = Arc::new(self.catalog());
        let jobs = Jobs::start(factory, self.options).expect("there is a thread");
        let checkpoints = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/checkpoints"));
        let state = AppState::new(jobs, catalog, checkpoints).with_upload_limits(self.uploads);
        (state, script, heard)
    }

    fn catalog(&self) -> Catalog {
        let mut weights = vec![checkpoint()];
        weights.extend(self.has_weights.then(classifier_weights));
        let cache = CacheOptions {
            folder: self.cache.to_owned(),
            max_bytes: self.max_cache_bytes,
            max_file_bytes: self.max_file_bytes,
        };
        let catalog = Catalog::open(self.data, vec![model(), testing::scene_card()], weights);
        catalog.expect("there is data").with_cache(cache)
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
        let mut request = HttpRequest::get(address).header("host", "localhost");
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
        let mut request = HttpRequest::builder().method(Method::POST).uri(address);
        for (name, value) in [("host", "localhost"), ("accept", "text/html")].iter().chain(headers)
        {
            request = request.header(*name, *value);
        }
        self.send(request.body(Body::empty()).unwrap()).await
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
        let request = HttpRequest::get(address).body(Body::empty()).unwrap();
        self.router.clone().oneshot(request).await.expect("the router answers")
    }

    /// Asks again until the answer is there, as the page does.
    pub async fn finished(&self, address: &str) -> Page {
        loop {
            let page = self.get(address).await;
            if page.status != StatusCode::ACCEPTED {
                return page;
            }
            tokio::task::yield_now().await;
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
    let steps = if methods.contains("integrated-gradients") { "&steps=20" } else { "" };
    let layers = match methods.contains("grad-cam") {
        true => format!("&layers={},{EMPTY_LAYER}", LAYERS[0].0),
        false => String::new(),
    };
    format!(
        "/result?model=sar-unet&checkpoint=test&sample={sample}&threshold-mmh=1.5\
         &methods={methods}{steps}{layers}&opacity=0.85&palette=uniform&overlay=map"
    )
}

pub struct Page {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub body: Vec<u8>,
}

impl Page {
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }

    pub fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body).expect("it is JSON")
    }

    /// The texts of the elements that a CSS selector finds.
    pub fn texts(&self, selector: &str) -> Vec<String> {
        let words = |e: scraper::ElementRef<'_>| e.text().collect::<String>();
        let tidy = |text: String| text.split_whitespace().collect::<Vec<_>>().join(" ");
        self.find(selector, |element| tidy(words(element)))
    }

    /// An attribute of the elements that a CSS selector finds.
    pub fn attributes(&self, selector: &str, name: &str) -> Vec<String> {
        let found = self.find(selector, |element| element.attr(name).map(str::to_owned));
        found.into_iter().flatten().collect()
    }

    pub fn count(&self, selector: &str) -> usize {
        self.find(selector, |_| ()).len()
    }

    fn find<T>(&self, selector: &str, f: impl Fn(scraper::ElementRef<'_>) -> T) -> Vec<T> {
        let selector = Selector::parse(selector).expect("it is a selector");
        Html::parse_document(&self.text()).select(&selector).map(f).collect()
    }
}
