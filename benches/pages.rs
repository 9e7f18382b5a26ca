//! How long the server takes for a page, without the network behind it.
//!
//! Names are `page/<page>/<state>`; the result is a stored one with two layers and twelve frames.

use std::hint::black_box;
use std::path::Path;
use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::http::{Request as HttpRequest, StatusCode};
use criterion::{Criterion, criterion_group, criterion_main};
use http_body_util::BodyExt;
use stormlens::catalog::{CardBox, Catalog};
use stormlens::config::folders;
use stormlens::jobs::{Jobs, Options, Worker, WorkerError};
use stormlens::tasks;
use stormlens::web::{AppState, app};
use stormlens_data::card::{CheckpointCard, DeviceReport, ModelCard, NowcastField, Nowcasting};
use stormlens_data::outcome::Outcome;
use stormlens_data::request::{Progress, Request, Subject};
use stormlens_data::scene::Variant;
use stormlens_plot::testing::{self, LAYERS};
use tokio::runtime::Runtime;
use tower::ServiceExt;

/// Has the answer already.
struct Stored;

impl Worker for Stored {
    fn run(&mut self, request: &Request, _: &dyn Progress) -> Result<Outcome, WorkerError> {
        let known = match request.subject {
            Subject::Nowcast { .. } => testing::outcome(),
            Subject::Scene { .. } => testing::scene_outcome(),
            Subject::Downscaling { .. } | Subject::RainProbability { .. } => {
                unreachable!("the benchmark asks about neither")
            }
        };
        Ok(Outcome { request: request.clone(), ..known })
    }

    fn device(&self) -> DeviceReport {
        DeviceReport { kind: "cpu", name: "none".to_owned(), reason: "a benchmark".to_owned() }
    }
}

fn weights(model: &ModelCard) -> CheckpointCard {
    let is_nowcasting = model.is_nowcasting();
    CheckpointCard {
        name: "stored".to_owned(),
        model: model.id.to_owned(),
        weights_sha256: "0".repeat(64),
        training_data: String::new(),
        licence: String::new(),
        n_parameters: 0,
        is_simulated: false,
        nowcasting: is_nowcasting.then(|| Nowcasting {
            field: NowcastField::Precipitation,
            n_input_frames: 12,
            frame_step_min: 5,
            lead_times_min: vec![30],
            is_stated: true,
            size_multiple: 16,
        }),
        refining: None,
        fields: None,
        members: Vec::new(),
        absent_layers: Vec::new(),
        variant: (!is_nowcasting).then_some(Variant::LR_512),
        training_range: None,
        training_features: None,
        likeness: None,
        split: None,
        left_over: Vec::new(),
    }
}

fn router() -> Router {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let opened = tasks::open(&folders(&root.join("data"), &root.join("no-such-folder")));
    let opened = opened.expect("there is data").into_iter();
    let (tasks, pages) = opened.map(|opened| (opened.task, opened.pages)).unzip();
    let models = vec![testing::card(), testing::scene_card()];
    let checkpoints = models.iter().map(weights).collect();
    let cards = CardBox { models, checkpoints, methods: testing::methods().to_vec() };
    let catalog = Arc::new(Catalog::new(cards, tasks));
    let factory = Box::new(|| Ok(Box::new(Stored) as Box<dyn Worker>));
    let jobs = Jobs::start(factory, Options::default()).expect("a thread");
    app(AppState::new(jobs, catalog, pages, &root.join("checkpoints")))
}

async fn get(router: &Router, address: &str) -> StatusCode {
    let request = HttpRequest::get(address)
        .header("host", "localhost")
        .header("accept", "text/html")
        .body(Body::empty());
    let request = request.expect("an address");
    let response = router.clone().oneshot(request).await.expect("the router answers");
    let status = response.status();
    black_box(response.into_body().collect().await.expect("a whole body"));
    status
}

/// The full address of the first sample scene's result.
async fn scene(router: &Router) -> String {
    let request = HttpRequest::get("/scenes")
        .header("host", "localhost")
        .body(Body::empty())
        .expect("an address");
    let response = router.clone().oneshot(request).await.expect("the router answers");
    let body = response.into_body().collect().await.expect("a whole body").to_bytes();
    let page = String::from_utf8_lossy(&body).replace("&#38;", "&");
    let from = page.find("/v1/result?").expect("there is a sample");
    let to = page[from..].find('"').expect("the address ends");
    page[from..from + to].to_owned()
}

/// The address of a result, with its parameters in the server's order.
fn result(opacity_percent: usize) -> String {
    format!(
        "/v1/result?model=sar-unet&checkpoint=stored&sample=knmi-20100826T0535&lead-time=30\
         &threshold=1.5&methods=grad-cam,integrated-gradients&integrated-gradients.baseline=zero\
         &integrated-gradients.steps=50&layers={},{}&opacity={}&palette=uniform&overlay=map",
        LAYERS[0].0,
        LAYERS[1].0,
        opacity_percent as f64 / 100.0
    )
}

/// The address of a figure or file of the result.
fn part(name: &str) -> String {
    result(50).replacen("/v1/result?", &format!("/v1/result/{name}?"), 1)
}

fn pages(criterion: &mut Criterion) {
    let runtime = Runtime::new().expect("a runtime");
    let router = router();
    runtime.block_on(async {
        while get(&router, &result(50)).await != StatusCode::OK {
            tokio::task::yield_now().await;
        }
    });
    let scene = runtime.block_on(scene(&router));
    let comparison =
        "/v1/compare?sample=knmi-20100826T0535&networks=sar-unet%2Fstored&lead-time=30\
                      &threshold=1.5"
            .to_owned();
    for address in [&scene, &comparison] {
        runtime.block_on(async {
            while get(&router, address).await != StatusCode::OK {
                tokio::task::yield_now().await;
            }
        });
    }
    let mut check = |name: &str, address: &dyn Fn() -> String| {
        criterion.bench_function(name, |bencher| {
            bencher.iter(|| assert_eq!(runtime.block_on(get(&router, &address())), StatusCode::OK));
        });
    };
    check("page/home/warm", &|| "/".to_owned());
    check("page/samples/warm", &|| "/samples?min-wet=20".to_owned());
    check("page/scenes/warm", &|| "/scenes".to_owned());
    check("page/scene/cached", &|| scene.clone());
    // Drawn each time: what is asked for again lies in the browser.
    let figure = |name: &str| part(&format!("figure/{name}.svg")) + "&width-mm=85&theme=light";
    check("page/figure/map", &|| figure("map-prediction"));
    check("page/figure/cam", &|| figure(&format!("map-grad_cam%2F{}", LAYERS[0].0)));
    check("page/values/head", &|| part("data/prediction.json"));
    check("page/values/floats", &|| part("data/prediction.f32"));
    check("page/comparison/cached", &|| comparison.clone());
    check("page/thumbnail/sample", &|| "/samples/knmi-20100826T0535/frames/11.png".to_owned());
    let id = scene.split("&scene=").nth(1).and_then(|rest| rest.get(..16)).unwrap_or_default();
    check("page/thumbnail/scene", &|| format!("/scenes/{id}/thumbnail.jpg"));
    check("page/result/cached", &|| result(50));
    // 101 looks at one result are more than the server keeps, so every page is written anew.
    let next = std::cell::Cell::new(0);
    check("page/result/written", &|| {
        next.set((next.get() + 1) % 101);
        result(next.get())
    });
}

criterion_group!(benches, pages);
criterion_main!(benches);
