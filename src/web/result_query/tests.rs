use stormlens_data::card::{CheckpointCard, Layer, Task};

use super::*;

fn catalog() -> Catalog {
    let layer =
        |name: &str, group| Layer { name: name.to_owned(), label: format!("The {name}"), group };
    let model = ModelCard {
        id: "net",
        title: "Net",
        summary: "A net",
        task: Task::Nowcasting,
        layers: vec![
            layer("first", "Encoder"),
            layer("second", "Encoder"),
            layer("last", "Decoder"),
        ],
        default_layers: vec!["last"],
        citations: &[],
    };
    let weights = |name: &str| CheckpointCard {
        name: name.to_owned(),
        model: "net".to_owned(),
        weights_sha256: "0".repeat(64),
        training_data: String::new(),
        licence: String::new(),
        n_parameters: 1,
        is_simulated: false,
        nowcasting: None,
        variant: None,
        familiar: None,
    };
    let data = concat!(env!("CARGO_MANIFEST_DIR"), "/data");
    Catalog::open(data.as_ref(), vec![model], vec![weights("one"), weights("two")]).unwrap()
}

fn read(query: &str) -> Result<ResultQuery, AppError> {
    ResultQuery::read(&Parameters::parse(Some(query)), &catalog())
}

const SAMPLE: &str = "sample=knmi-20100826T0535";
const FULL: &str = "model=net&checkpoint=one&sample=knmi-20100826T0535&threshold-mmh=1.5\
    &methods=grad-cam&layers=last&opacity=0.85&palette=uniform&overlay=map";

#[test]
fn gaps_are_filled() {
    assert_eq!(read(SAMPLE).unwrap().to_query(), FULL);
    let full = Parameters::parse(Some(FULL));
    assert!(read(FULL).unwrap().is_written_as(&full));
    assert!(!read(SAMPLE).unwrap().is_written_as(&Parameters::parse(Some(SAMPLE))));
}

fn same(a: &str, b: &str) {
    assert_eq!(read(a).unwrap().to_query(), read(b).unwrap().to_query(), "{a} and {b}");
}

#[test]
fn lists_are_repeated_or_have_commas_and_take_the_order_of_the_network() {
    same(&format!("{SAMPLE}&layers=last&layers=first"), &format!("{SAMPLE}&layers=first,last"));
    same(&format!("{SAMPLE}&layers=The+First"), &format!("{SAMPLE}&layers=first"));
}

#[test]
fn a_tick_beats_the_hidden_none_and_no_tick_is_none() {
    same(&format!("{SAMPLE}&methods=none&methods=grad-cam"), &format!("{SAMPLE}&methods=grad-cam"));
    let none = read(&format!("{SAMPLE}&methods=none")).unwrap();
    assert!(!none.request.grad_cam && none.request.ig_steps.is_none());
    assert!(none.layers.is_empty());
}

#[test]
fn steps_matter_with_integrated_gradients_only() {
    same(&format!("{SAMPLE}&steps=50"), SAMPLE);
    let asked = read(&format!("{SAMPLE}&methods=integrated-gradients&steps=50")).unwrap();
    assert_eq!(asked.request.ig_steps, Some(50));
}

#[test]
fn the_address_survives_being_read_again() {
    for extra in ["", "&threshold-mmh=0", "&opacity=0.333", "&palette=steps-be&overlay=reference"] {
        let once = read(&format!("{SAMPLE}{extra}")).unwrap();
        assert_eq!(read(&once.to_query()).unwrap(), once);
    }
}

fn refused(query: &str, expected: &str) {
    let error = read(query).unwrap_err();
    let text = format!("{error:?}");
    assert!(text.contains(expected), "{query}: {text}");
}

#[test]
fn what_does_not_exist_is_refused_with_what_does() {
    refused("sample=knmi-1", "knmi-20100826T0535");
    refused("", "missing");
    refused(&format!("{SAMPLE}&model=other"), "net");
    refused(&format!("{SAMPLE}&checkpoint=three"), "two");
    refused(&format!("{SAMPLE}&layers=none"), "second");
    refused(&format!("{SAMPLE}&methods=lime"), "integrated-gradients");
    refused(&format!("{SAMPLE}&palette=jet"), "steps-be");
    refused(&format!("{SAMPLE}&overlay=jet"), "reference");
}

#[test]
fn numbers_out_of_range_are_refused() {
    for bad in ["-1", "NaN", "inf", "1e9", "much", "1,5"] {
        refused(&format!("{SAMPLE}&threshold-mmh={bad}"), "0 to 7864.2");
    }
    for bad in ["0", "1", "201", "2.5"] {
        refused(&format!("{SAMPLE}&steps={bad}"), "2 to 200");
    }
    for bad in ["-0.1", "1.1", "NaN"] {
        refused(&format!("{SAMPLE}&opacity={bad}"), "0 to 1");
    }
    refused(&format!("{SAMPLE}&threshold-mmh=1&threshold-mmh=2"), "only once");
}
