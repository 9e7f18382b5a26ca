//! Whether weights were trained on a sample is said wherever it is listed, asked about and scored.

use std::path::Path;

use stormlens_data::card::{CheckpointCard, Split};

use crate::support::{SAMPLE, TestApp, checkpoint, part, result};

/// A sample that the weights were trained on.
const TRAINING: &str = "knmi-20100826T0255";

/// With weights that have the split of those that are shipped, and with others that say nothing.
fn app() -> TestApp {
    let weights = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("checkpoints/sar-unet/knmi-20100826/weights.safetensors");
    let known = CheckpointCard { split: Split::beside(&weights), ..checkpoint() };
    TestApp::set_up(|setup| setup.forecasters = vec![known])
}

#[tokio::test]
async fn lists_begin_with_samples_that_were_not_trained_on() {
    let app = app();
    let home = app.get("/").await;
    let said = home.texts("#try-samples .card .meta");
    assert_eq!(said.len(), 6);
    let is_new =
        |said: &String| said.ends_with("Test sample") || said.ends_with("Not used in training");
    assert!(said.iter().all(is_new), "{said:?}");
    let list = app.get("/samples?field=precipitation").await;
    let said = list.texts(".card .meta");
    assert!(said.iter().all(|said| said.contains("Test sample")), "{said:?}");
    let last = app.get("/samples?field=precipitation&page=174").await;
    let said = last.texts(".card .meta");
    assert!(said.iter().all(|said| said.contains("Training sample")), "{said:?}");
    assert_eq!(last.count(".card .meta .warning"), said.len());
}

#[tokio::test]
async fn a_sample_says_it_for_each_network() {
    let app = app();
    let options = app.get(&format!("/samples/{TRAINING}")).await.texts("select[name=checkpoint]");
    assert_eq!(options, ["test (training sample)"]);
    let options = app.get(&format!("/samples/{SAMPLE}")).await.texts("select[name=checkpoint]");
    assert_eq!(options, ["test (test sample)"]);
    let unknown = TestApp::new().get(&format!("/samples/{SAMPLE}")).await;
    let options = unknown.texts("select[name=checkpoint]");
    assert_eq!(options, ["test (unknown whether used in training)"]);
}

#[tokio::test]
async fn a_result_and_a_comparison_say_it_beside_the_scores() {
    let app = app();
    let page = app.finished(&result(TRAINING, "none")).await;
    assert!(page.texts(".seen.notice")[0].contains("expect lower scores on new data"));
    assert!(page.texts("#scores p")[0].starts_with("Training sample."));
    let page = app.finished(&result(SAMPLE, "none")).await;
    assert!(page.texts(".seen.hint")[0].starts_with("Test sample."));
    let address =
        format!("/v1/compare?sample={TRAINING}&networks=sar-unet/test&lead-time=30&threshold=1.5");
    let page = app.finished(&address).await;
    let rows = page.texts("#scores tbody th");
    assert!(rows[0].ends_with("Training sample"), "{rows:?}");
    assert_eq!(rows[1], "Persistence");
}

#[tokio::test]
async fn tables_carry_it() {
    let app = TestApp::new();
    let address = result(SAMPLE, "none");
    app.finished(&address).await;
    let csv = app.get(&part(&address, "scores.csv")).await.text();
    let mut lines = csv.lines();
    assert!(lines.next().is_some_and(|head| head.ends_with(",split")), "{csv}");
    assert!(lines.all(|line| line.ends_with(",unknown")), "{csv}");
}
