//! From the click to the picture: the page of a result and one figure of it, through the router.

use std::io::Write as _;
use std::path::Path;
use std::time::Duration;

use anyhow::{Context, bail};
use axum::Router;
use axum::body::Body;
use axum::http::{Request, StatusCode};
use clap::Parser;
use http_body_util::BodyExt;
use stormlens::cli::serve;
use stormlens::config::Config;
use stormlens::{web, worker};
use stormlens_data::files::npy::read_npy_f32;
use tokio::runtime::Runtime;
use tower::ServiceExt;

use crate::inputs::Inputs;
use crate::work::{Array, Work, work};

const FIRST_THRESHOLD_MM_H: f64 = 1.5;
const STEP_MM_H: f64 = 0.001;
const SHOWN: &str = "Up_RRCNN2";
/// How often a page that is not there yet is asked for again.
const POLL: Duration = Duration::from_millis(2);

#[derive(Parser)]
struct Cli {
    #[command(flatten)]
    config: Config,
}

/// Every run asks for another threshold, so that nothing is answered from memory.
pub fn click_to_picture(inputs: &Inputs) -> anyhow::Result<Box<dyn Work>> {
    let runtime = Runtime::new().context("cannot start the runtime")?;
    let handle = runtime.handle().clone();
    let router = router(&inputs.root)?;
    let browser = router.clone();
    let mut threshold_mm_h = FIRST_THRESHOLD_MM_H;
    let run = move || {
        let parameters = parameters(threshold_mm_h);
        threshold_mm_h += STEP_MM_H;
        let picture = runtime.block_on(click(&browser, &parameters))?;
        Ok((parameters, picture))
    };
    Ok(work(run, move |(parameters, picture): (String, Vec<u8>)| {
        let array = |name: &str| handle.block_on(array(&router, &parameters, name));
        Ok(vec![
            Array::u8("figure.png", &[picture.len()], picture),
            array("prediction")?,
            renamed("cam", array(&format!("grad_cam/{SHOWN}"))?),
        ])
    }))
}

fn renamed(name: &str, array: Array) -> Array {
    Array { name: name.to_owned(), ..array }
}

fn router(root: &Path) -> anyhow::Result<Router> {
    let folder = |name: &str| root.join(name).display().to_string();
    let (data, checkpoints) = (folder("data"), folder("checkpoints"));
    let folders = ["--data", &data, "--checkpoints", &checkpoints];
    // Without results on disk: a second race would be answered from the first one's.
    let words = [&["race", "--device", "cpu", "--results-disk-mb", "0"][..], &folders].concat();
    let config = Cli::try_parse_from(words)?.config;
    let networks = worker::networks(&config.sources);
    Ok(web::app(serve::state(&config, networks)?))
}

fn parameters(threshold_mm_h: f64) -> String {
    format!(
        "model=sar-unet&checkpoint=knmi-20100826&sample=knmi-20100826T0535&lead-time=30\
         &threshold={threshold_mm_h}&methods=grad-cam&layers=cbam1,{SHOWN}&opacity=0.85\
         &palette=uniform&overlay=map"
    )
}

/// Asks for the page until it is there, as a browser does, and then for a figure of it.
async fn click(router: &Router, parameters: &str) -> anyhow::Result<Vec<u8>> {
    let page = format!("/v1/result?{parameters}");
    loop {
        match get(router, &page).await? {
            (StatusCode::OK, _) => break,
            (StatusCode::ACCEPTED, _) => tokio::time::sleep(POLL).await,
            (other, _) => bail!("{page} is answered with {other}"),
        }
    }
    file(router, &format!("/v1/result/figure/map-grad_cam%2F{SHOWN}.png?{parameters}&dpi=150"))
        .await
}

async fn file(router: &Router, address: &str) -> anyhow::Result<Vec<u8>> {
    match get(router, address).await? {
        (StatusCode::OK, bytes) => Ok(bytes),
        (other, _) => bail!("{address} is answered with {other}"),
    }
}

async fn get(router: &Router, address: &str) -> anyhow::Result<(StatusCode, Vec<u8>)> {
    let request = Request::get(address)
        .header("host", "localhost")
        .header("accept", "text/html")
        .body(Body::empty())?;
    let response = router.clone().oneshot(request).await?;
    let status = response.status();
    Ok((status, response.into_body().collect().await?.to_bytes().to_vec()))
}

/// One array of a result, for comparison.
async fn array(router: &Router, parameters: &str, name: &str) -> anyhow::Result<Array> {
    let bytes = file(router, &format!("/v1/result/data/{name}.npy?{parameters}")).await?;
    let mut file = tempfile::NamedTempFile::new()?;
    file.write_all(&bytes)?;
    let (shape, values) = read_npy_f32(file.path())?;
    Ok(Array::f32(name, &shape, values))
}
