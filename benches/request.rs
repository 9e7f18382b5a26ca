//! From the click to the page: a real sample through the real network, and one figure of it.
//!
//! Names are `request/<model>/<device>/<what>`; every iteration asks for another threshold, so that
//! nothing is answered from memory.

use std::cell::Cell;
use std::path::Path;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::http::{Request, StatusCode};
use clap::Parser;
use criterion::{Criterion, criterion_group, criterion_main};
use http_body_util::BodyExt;
use stormlens::cli::serve;
use stormlens::config::Config;
use stormlens::{web, worker};
use tokio::runtime::Runtime;
use tower::ServiceExt;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

#[derive(Parser)]
struct Cli {
    #[command(flatten)]
    config: Config,
}

fn router() -> Router {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let folder = |name: &str| root.join(name).display().to_string();
    let (data, checkpoints) = (folder("data"), folder("checkpoints"));
    let folders = ["--data", &data, "--checkpoints", &checkpoints];
    // Without results on disk: a second run would be answered from the first one's.
    let words = [&["bench", "--device", "cpu", "--results-disk-mb", "0"][..], &folders].concat();
    let config = Cli::parse_from(words).config;
    let networks = worker::networks(&config.sources);
    web::app(serve::state(&config, networks).expect("it starts"))
}

async fn get(router: &Router, address: &str) -> StatusCode {
    let request = Request::get(address)
        .header("host", "localhost")
        .header("accept", "text/html")
        .body(Body::empty());
    let response = router.clone().oneshot(request.expect("an address")).await.expect("an answer");
    let status = response.status();
    response.into_body().collect().await.expect("a whole body");
    status
}

/// Asks until the page is there, as a browser does.
async fn click(router: &Router, threshold: f64) {
    let address = format!(
        "/v1/result?model=sar-unet&checkpoint=knmi-20100826&sample=knmi-20100826T0535\
         &lead-time=30&threshold={threshold}&methods=grad-cam&layers=cbam1,Up_RRCNN2&opacity=0.6\
         &palette=uniform&overlay=map"
    );
    loop {
        match get(router, &address).await {
            StatusCode::OK => break,
            StatusCode::ACCEPTED => tokio::time::sleep(Duration::from_millis(2)).await,
            other => panic!("{address} is answered with {other}"),
        }
    }
    let figure = address.replace("/result?", "/result/figure/map-grad_cam%2FUp_RRCNN2.svg?");
    assert_eq!(get(router, &figure).await, StatusCode::OK);
}

fn requests(criterion: &mut Criterion) {
    let runtime = Runtime::new().expect("a runtime");
    let router = router();
    runtime.block_on(click(&router, 0.5));
    let threshold = Cell::new(0.5);
    let mut group = criterion.benchmark_group("request/sar_unet/cpu");
    group.sample_size(10).measurement_time(Duration::from_secs(15));
    group.bench_function("nowcast_32_cams_and_a_figure", |bencher| {
        bencher.iter(|| {
            threshold.set(threshold.get() + 0.001);
            runtime.block_on(click(&router, threshold.get()));
        });
    });
    group.finish();
}

criterion_group!(benches, requests);
criterion_main!(benches);
