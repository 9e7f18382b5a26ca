//! The application under test: the real router, catalogue and queue over a scripted worker.

use std::collections::VecDeque;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::sync::{Arc, LazyLock, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::http::{HeaderMap, Method, Request as HttpRequest, StatusCode};
use http_body_util::BodyExt;
use scraper::{Html, Selector};
use stormlens::catalog::{CardBox, Catalog};
use stormlens::jobs::{Asked, Jobs, Options, Worker, WorkerError};
use stormlens::tasks::{self, Folders, UploadLimits};
use stormlens::web::{self, AppState, PublicUrl};
use stormlens_data::card::{
    CheckpointCard, Citation, DeviceReport, Layer, ModelCard, NowcastField, Nowcasting, Task,
};
use stormlens_data::outcome::{Coordinates, Note, Number, Outcome, Role, Values};
use stormlens_data::request::{Progress, Request, Subject, Target};
use stormlens_data::scene::{Fit, Resampling, Variant};
use stormlens_plot::testing::{self, EMPTY_LAYER, LAYERS};
use stormlens_plot::words::{count, number};
use tempfile::TempDir;
use tower::ServiceExt;

/// A sample with an observation, and one without.
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
    checkpoints: Vec<CheckpointCard>,
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
        Ok(self.answer(request))
    }

    /// Scenes go together where a test has batches.
    fn batch_key(&self, request: &Request) -> Option<String> {
        matches!(request.subject, Subject::Scene { .. }).then(|| "scenes".to_owned())
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

impl ScriptedWorker {
    /// The made-up answer of that kind, with what was asked for and nothing else.
    fn answer(&self, request: &Request) -> Outcome {
        let mut outcome = match &request.subject {
            Subject::Nowcast { sample } => forecast(sample, request, &self.leads(request)),
            Subject::Scene { resampling, fit, .. } => classify(*resampling, *fit),
            Subject::Downscaling { .. } => unreachable!("nobody asks the script to refine rain"),
            Subject::RainProbability { .. } => {
                unreachable!("nobody asks the script how probable rain is")
            }
        };
        outcome.request = request.clone();
        for method in testing::methods().iter().filter(|method| !is_asked(request, method.id)) {
            let start = method.variable();
            let is_of = |name: &str| name == start || name.starts_with(&format!("{start}/"));
            outcome.variables.retain(|variable| !is_of(&variable.name));
            outcome.numbers.retain(|number| !is_of(&number.name));
        }
        outcome.variables.retain(|v| v.role != Role::Mask || !request.explain.is_empty());
        if let Some(steps) = request
            .explained_by("integrated-gradients")
            .and_then(|explain| explain.options.get("steps")?.parse().ok())
        {
            set(&mut outcome, "integrated_gradients/n_steps", steps);
        }
        outcome
    }

    /// The lead times of the weights that are asked, in minutes.
    fn leads(&self, request: &Request) -> Vec<u32> {
        let is_it = |card: &&CheckpointCard| card.name == request.checkpoint;
        let card = self.checkpoints.iter().find(is_it);
        let task = card.and_then(|card| card.nowcasting.as_ref());
        task.map_or(Vec::new(), |task| task.lead_times_min.clone())
    }
}

fn is_asked(request: &Request, method: &str) -> bool {
    request.explained_by(method).is_some()
}

fn set(outcome: &mut Outcome, name: &str, value: f64) {
    outcome.numbers.retain(|number| number.name != name);
    outcome.numbers.push(Number::new(name, value, "1", "as asked"));
}

/// Lead times of weights that have several, in minutes.
pub const LEADS: [u32; 3] = [30, 60, 90];

/// Made once, because it takes seconds.
fn several_leads() -> Outcome {
    static OUTCOME: LazyLock<Outcome> = LazyLock::new(|| testing::outcome_of_leads(LEADS.len()));
    OUTCOME.clone()
}

/// Of one lead time, or of those of [`LEADS`].
fn forecast(sample: &str, request: &Request, leads: &[u32]) -> Outcome {
    let mut outcome = if leads == LEADS { several_leads() } else { testing::outcome() };
    if sample == UNOBSERVED {
        outcome.variables.retain(|variable| variable.name != "observation");
    }
    let target = request.explain.first().map(|explain| &explain.target);
    if let Some(Target::SumAbove { threshold, lead_time_min }) = target {
        explain_above(&mut outcome, *threshold, *lead_time_min);
    }
    outcome
}

/// What is explained is the rain above a threshold at a lead time.
fn explain_above(outcome: &mut Outcome, threshold: f64, lead_time_min: u32) {
    if threshold == 0.0 {
        // Regression rarely says zero: with this threshold everything is the target.
        change(outcome, "prediction", |rain| rain + 0.01);
    }
    let prediction = outcome.variable("prediction").expect("there is one");
    let axis = prediction.axis().expect("it has lead times");
    let is_it = |&i: &usize| axis.lead_time_min(i) == Some(lead_time_min);
    let idx = (0..axis.len()).find(is_it).expect("it is one of them");
    let is_above = |rain: f32| f32::from(f64::from(rain) > threshold);
    let mask: Vec<f32> = prediction.map(idx).values.into_iter().map(is_above).collect();
    let n_pixels = mask.iter().filter(|&&m| m == 1.0).count();
    let (above, n) = (number(threshold), count(n_pixels));
    let words =
        format!("target: predicted rain above {above} mm/h at +{lead_time_min} min ({n} pixels)");
    for variable in &mut outcome.variables {
        match &mut variable.role {
            Role::Mask => {
                variable.values = Values::F32(mask.clone());
                if let Coordinates::LeadTimes { minutes, .. } = &mut variable.axes[0].coordinates {
                    *minutes = vec![lead_time_min];
                }
            }
            Role::Attribution { target, .. } => words.clone_into(target),
            _ => {}
        }
    }
    for method in testing::methods() {
        let name = |part: &str| format!("{}/{part}", method.variable());
        set(outcome, &name("n_pixels"), n_pixels as f64);
        set(
            outcome,
            &name("target_normalised"),
            outcome.number(&name("target")).unwrap_or(0.0) / 574.0,
        );
    }
    if n_pixels == 0 {
        empty_layers(outcome);
    }
}

fn change(outcome: &mut Outcome, name: &str, f: impl Fn(f32) -> f32) {
    for variable in outcome.variables.iter_mut().filter(|v| v.name == name) {
        variable.values = Values::F32(variable.to_f32().into_iter().map(&f).collect());
    }
}

fn empty_layers(outcome: &mut Outcome) {
    for variable in outcome.variables.iter_mut().filter(|v| v.layer().is_some()) {
        variable.values = Values::F32(vec![0.0; variable.values.len()]);
    }
}

/// The made-up answer about the scene in Tokyo Bay, whatever scene is asked about.
///
/// With bilinear values the scene is like the training scenes and the weights are real ones; letterboxed, no layer
/// holds evidence.
fn classify(resampling: Resampling, fit: Fit) -> Outcome {
    let mut outcome = testing::scene_outcome();
    let is_plain = resampling == Resampling::Bilinear;
    let note = |name: &str, text: &str, is_on_figures| Note {
        name: name.to_owned(),
        text: text.to_owned(),
        is_on_figures,
    };
    outcome.notes.clear();
    if !is_plain {
        let reason = "red and green differ in 87 % of the pixels";
        outcome.notes = vec![
            note("simulated", "weights trained on simulated scenes", true),
            note("outside-training-range", "the scene is unlike the training scenes", true),
            note("outside-training-range-because", reason, false),
        ];
    }
    if fit == Fit::Letterbox {
        empty_layers(&mut outcome);
    }
    if is_plain {
        for variable in outcome.variables.iter_mut().filter(|v| v.layer().is_some()) {
            (variable.plane, variable.values) = (Some([1, 1]), Values::F32(vec![1.0]));
        }
    }
    outcome
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
        published_options: &[],
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
        refining: None,
        fields: None,
        members: Vec::new(),
        absent_layers: Vec::new(),
        nowcasting: Some(Nowcasting {
            field: NowcastField::Precipitation,
            n_input_frames: 12,
            frame_step_min: 5,
            lead_times_min: vec![30],
            is_stated: true,
            size_multiple: 16,
        }),
        variant: None,
        training_range: None,
        training_features: None,
        split: None,
        left_over: Vec::new(),
    }
}

/// The same for [`LEADS`].
pub fn checkpoint_of_leads() -> CheckpointCard {
    let task = checkpoint().nowcasting.expect("it forecasts");
    let nowcasting = Some(Nowcasting { lead_times_min: LEADS.into(), ..task });
    CheckpointCard { nowcasting, ..checkpoint() }
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

/// The address of a figure or file of the result at an address.
pub fn part(address: &str, name: &str) -> String {
    address.replacen("/v1/result?", &format!("/v1/result/{name}?"), 1)
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

    /// Names of elements that more than one has, so that no link finds the others.
    pub fn repeated_ids(&self) -> Vec<String> {
        let ids = self.attributes("[id]", "id");
        let stands_before = |(i, id): &(usize, &String)| ids[..*i].contains(id);
        ids.iter().enumerate().filter(stands_before).map(|(_, id)| id.clone()).collect()
    }

    pub fn count(&self, selector: &str) -> usize {
        self.find(selector, |_| ()).len()
    }

    fn find<T>(&self, selector: &str, f: impl Fn(scraper::ElementRef<'_>) -> T) -> Vec<T> {
        let selector = Selector::parse(selector).expect("it is a selector");
        Html::parse_document(&self.text()).select(&selector).map(f).collect()
    }
}
