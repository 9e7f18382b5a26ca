//! Whether weights were trained on a sample is said wherever it is listed, asked about and scored.

use std::path::Path;

use serde_json::json;
use stormlens_data::card::{
    Blocks, CheckpointCard, Downscaling, FieldsCard, ModelCard, RainStatement, Refining, Split,
    Task,
};

use crate::field_files::statement;
use crate::support::{SAMPLE, TestApp, checkpoint, model, part, result};

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

/// Another network with weights that say what they were trained on, and others that do not.
fn with_more(task: Task, card: CheckpointCard, said: &serde_json::Value) -> TestApp {
    let split = Some(Split::of_blocks(Blocks::of(said).expect("it is said")));
    let model = ModelCard {
        id: "another",
        task,
        layers: Vec::new(),
        default_layers: Vec::new(),
        citations: &[],
        ..model()
    };
    let of = |name: &str, split| CheckpointCard {
        name: name.to_owned(),
        model: "another".to_owned(),
        nowcasting: None,
        split,
        ..card.clone()
    };
    let weights = vec![of("known", split), of("silent", None)];
    TestApp::set_up(|setup| setup.more = Some((model, weights)))
}

#[tokio::test]
async fn rain_says_it_in_lists_and_for_each_network() {
    let tiles = Downscaling { n_input_channels: 2, input_px: Some(64), output_px: 64 };
    let refining = Refining { tiles, rain: RainStatement::PUBLISHED, is_stated: true };
    let card = CheckpointCard { refining: Some(refining), ..checkpoint() };
    // As the weights of the repository say it, but for the longitude: their samples are places of the test.
    let app = with_more(
        Task::Downscaling,
        card,
        &json!({
            "domain": {"south": 33.0, "north": 51.0, "west": -126.0, "east": -103.0},
            "split": {"longitude": -112.0, "training_until": "2016-09-21T12:00:00Z",
                      "validation_until": "2016-09-22T00:00:00Z", "interval_s": 10800},
        }),
    );
    let newest = app.get("/rain").await;
    let said = newest.texts(".card .meta");
    assert!(said[0].contains("Unknown whether used in training"), "{said:?}");
    let oldest = app.get("/rain?page=3").await;
    let said = oldest.texts(".card .meta");
    let last = said.last().expect("a card");
    assert!(last.contains("Training sample of 1 of 2 networks"), "{said:?}");
    assert_eq!(oldest.count(".card .meta .warning"), said.len());
    for (page, first) in [(&newest, "known (test sample)"), (&oldest, "known (training sample)")] {
        let address = page.attributes(".card a", "href").remove(0);
        let options = app.get(&address).await.texts("select[name=checkpoint] option");
        assert_eq!(options, [first, "silent (unknown whether used in training)"], "{address}");
    }
}

#[tokio::test]
async fn days_of_model_fields_say_it_for_each_network() {
    let depths = [1, 1, 0, 0];
    let fields = FieldsCard {
        fields: statement(),
        is_stated: true,
        patch: [1, 4, 4],
        n_classes: Some(3),
        depths,
    };
    let card = CheckpointCard { fields: Some(fields), ..checkpoint() };
    let source = json!({"data": {"source": {"kind": "iberia", "folder": "data/iberia"}}});
    let app = with_more(Task::RainProbability, card, &source);
    for (month, day, part) in [
        ("1990-05", "1990-05-21", "Training sample"),
        ("2004-05", "2004-05-21", "Validation sample"),
        ("2007-05", "2007-05-21", "Test sample"),
    ] {
        let said = app.get(&format!("/probability?month={month}")).await.texts(".count");
        let words = format!("{part} (known); Unknown whether used in training (silent)");
        assert!(said.concat().contains(&words), "{month}: {said:?}");
        let page = app.get(&format!("/probability/iberia-{day}")).await;
        let options = page.texts("select[name=checkpoint] option");
        let known = format!("known ({})", part.to_lowercase());
        assert_eq!(options, [known.as_str(), "silent (unknown whether used in training)"], "{day}");
        assert!(!page.text().contains("shipped weights"));
    }
}

#[tokio::test]
async fn scenes_say_it_in_lists() {
    let said = TestApp::new().get("/scenes").await.texts(".card .meta");
    let says =
        |meta: &&String| meta.contains("used in training") || meta.contains("Training sample");
    assert!(said.iter().filter(says).count() > 0, "{said:?}");
}
