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
use stormlens::catalog::Catalog;
use stormlens::jobs::{Jobs, Options, Worker, WorkerError};
use stormlens::testing::{self, LAYERS};
use stormlens::web::{AppState, app};
use stormlens_data::card::{CheckpointCard, DeviceReport, Layer, ModelCard, Task};
use stormlens_data::outcome::{NowcastOutcome, Outcome, SceneOutcome};
use stormlens_data::request::{Progress, Request};
use tokio::runtime::Runtime;
use tower::ServiceExt;

/// Has the answer already.
struct Stored;

impl Worker for Stored {
    fn run(&mut self, request: &Request, _: &dyn Progress) -> Result<Outcome, WorkerError> {
        Ok(match request.clone() {
            Request::Nowcast(request) => {
                Outcome::Nowcast(Arc::new(NowcastOutcome { request, ..testing::outcome() }))
            }
            Request::Scene(request) => {
                Outcome::Scene(Arc::new(SceneOutcome { request, ..testing::scene_outcome() }))
            }
        })
    }

    fn device(&self) -> DeviceReport {
        DeviceReport { kind: "cpu", name: "none".to_owned(), reason: "a benchmark".to_owned() }
    }
}

fn model() -> ModelCard {
    let layer = |name: &str| Layer { name: name.to_owned(), label: name.to_owned(), group: "All" };
    ModelCard {
        id: "stored",
        title: "Stored result",
        summary: "A stored result",
        task: Task::Nowcasting,
        layers: LAYERS.map(|(name, _)| layer(name)).into(),
        default_layers: vec![LAYERS[0].0, LAYERS[1].0],
        citations: &[],
    }
}

fn router() -> Router {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let weights = CheckpointCard {
        name: "stored".to_owned(),
        model: "stored".to_owned(),
        weights_sha256: "0".repeat(64),
        training_data: String::new(),
        licence: String::new(),
        n_parameters: 0,
        is_simulated: false,
        nowcasting: None,
        variant: None,
        familiar: None,
    };
    let classifier = testing::scene_card();
    let of_scenes = CheckpointCard { model: classifier.id.to_owned(), ..weights.clone() };
    let models = vec![model(), classifier];
    let catalog =
        Catalog::open(&root.join("data"), models, vec![weights, of_scenes]).expect("data");
    let factory = Box::new(|| Ok(Box::new(Stored) as Box<dyn Worker>));
    let jobs = Jobs::start(factory, Options::default()).expect("a thread");
    app(AppState::new(jobs, Arc::new(catalog), &root.join("checkpoints")))
}

async fn get(router: &Router, address: &str) -> StatusCode {
    let request = HttpRequest::get(address).header("accept", "text/html").body(Body::empty());
    let request = request.expect("an address");
    let response = router.clone().oneshot(request).await.expect("the router answers");
    let status = response.status();
    black_box(response.into_body().collect().await.expect("a whole body"));
    status
}

/// The full address of the first sample scene's result.
async fn scene(router: &Router) -> String {
    let request = HttpRequest::get("/scenes").body(Body::empty()).expect("an address");
    let response = router.clone().oneshot(request).await.expect("the router answers");
    let body = response.into_body().collect().await.expect("a whole body").to_bytes();
    let page = String::from_utf8_lossy(&body).replace("&#38;", "&");
    let from = page.find("/scenes/").expect("there is a sample");
    let to = page[from..].find('"').expect("the address ends");
    page[from..from + to].to_owned()
}

/// The address of a result, with its parameters in the server's order.
fn result(opacity_percent: usize) -> String {
    format!(
        "/result?model=stored&checkpoint=stored&sample=knmi-20100826T0535&threshold-mmh=1.5\
         &methods=grad-cam,integrated-gradients&steps=20&layers={},{}&opacity={}\
         &palette=uniform&overlay=map",
        LAYERS[0].0,
        LAYERS[1].0,
        opacity_percent as f64 / 100.0
    )
}

fn pages(criterion: &mut Criterion) {
    let runtime = Runtime::new().expect("a runtime");
    let router = router();
    runtime.block_on(async {
        while get(&router, &result(50)).await != StatusCode::OK {
            tokio::task::yield_now().await;
        }
    });
    let scene = runtime.block_on(async {
        let scene = scene(&router).await;
        while get(&router, &scene).await != StatusCode::OK {
            tokio::task::yield_now().await;
        }
        scene
    });
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
    let figure = |name: &str| {
        let figure = format!("/result/figure/{name}.svg?");
        result(50).replacen("/result?", &figure, 1) + "&width-mm=85&theme=light"
    };
    check("page/figure/map", &|| figure("prediction"));
    check("page/figure/cam", &|| figure(&format!("cam-{}", LAYERS[0].0)));
    check("page/thumbnail/sample", &|| "/samples/knmi-20100826T0535/frames/11.png".to_owned());
    let id = scene.trim_start_matches("/scenes/").split('?').next().unwrap_or_default();
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
