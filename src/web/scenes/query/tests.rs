use stormlens_data::card::{CheckpointCard, Class, Layer, Task};
use stormlens_data::scene::Variant;

use super::*;

const CLASSES: &[Class] =
    &[Class { name: "neg", label: "no polar low" }, Class { name: "pos", label: "polar low" }];

fn catalog() -> Catalog {
    let layer =
        |name: &str| Layer { name: name.to_owned(), label: format!("The {name}"), group: "Blocks" };
    let model = ModelCard {
        id: "net",
        title: "Net",
        summary: "A net",
        task: Task::SceneClassification(SceneClassification {
            classes: CLASSES,
            default_class: 1,
            default_variant: Variant::LR_128,
        }),
        layers: vec![layer("first"), layer("last")],
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
        is_simulated: true,
        nowcasting: None,
        variant: Some(Variant::LR_128),
        familiar: None,
    };
    let data = concat!(env!("CARGO_MANIFEST_DIR"), "/data");
    Catalog::open(data.as_ref(), vec![model], vec![weights("one"), weights("two")]).unwrap()
}

fn read(query: &str) -> Result<SceneQuery, AppError> {
    let catalog = catalog();
    let scene = catalog.scenes().samples()[0].id.clone();
    SceneQuery::read(&scene, &Parameters::parse(Some(query)), &catalog)
}

const FULL: &str = "model=net&checkpoint=one&resampling=nearest&fit=stretch&class=pos\
    &methods=grad-cam&layers=last&registration=on-crop&interpolation=cells&opacity=0.6\
    &palette=uniform&polarity=positive&above=99&below=0&cleanup=no&outline=no";

#[test]
fn gaps_are_filled() {
    let opacity = format!("opacity={}", SceneStyle::default().opacity);
    let full = FULL.replace("opacity=0.6", &opacity);
    assert_eq!(read("").unwrap().to_query(), full);
    assert!(read(FULL).unwrap().is_written_as(&Parameters::parse(Some(FULL))));
    assert!(!read("").unwrap().is_written_as(&Parameters::parse(None)));
}

fn same(a: &str, b: &str) {
    assert_eq!(read(a).unwrap().to_query(), read(b).unwrap().to_query(), "{a} and {b}");
}

#[test]
fn forms_say_the_same_as_addresses() {
    same("methods=none&methods=grad-cam", "methods=grad-cam");
    same("cleanup=no&cleanup=yes", "cleanup=yes");
    same("layers=last&layers=first", "layers=first,last");
    same("layers=The+First", "layers=first");
    same("steps=50&baseline=mean", "");
    same("below=-0", "below=0");
}

#[test]
fn a_path_is_asked_for_as_a_whole() {
    let query =
        read("methods=integrated-gradients&steps=50&baseline=blurred&output=logit&tolerance=0.05");
    let expected = PathOptions {
        n_steps: 50,
        baseline: Baseline::Blurred,
        output: ClassOutput::Logit,
        tolerance: Some(0.05),
    };
    assert_eq!(query.unwrap().request.integrated_gradients, Some(expected));
    let published = read("methods=integrated-gradients").unwrap();
    assert_eq!(published.request.integrated_gradients, Some(PathOptions::default()));
    assert!(!published.request.grad_cam && published.layers.is_empty());
}

#[test]
fn the_address_survives_being_read_again() {
    for query in [
        "",
        "class=neg&fit=letterbox&resampling=bilinear&checkpoint=two",
        "methods=grad-cam,integrated-gradients&steps=7&tolerance=0.001",
        "opacity=0.333&above=95.5&below=45&polarity=signed&outline=yes",
        "registration=published&interpolation=smooth&palette=jet",
    ] {
        let once = read(query).unwrap();
        assert_eq!(read(&once.to_query()).unwrap(), once);
    }
}

#[test]
fn looks_are_one_question() {
    let key = |query: &str| read(query).unwrap().to_request().key();
    for look in ["opacity=0.1", "palette=jet", "polarity=negative", "layers=first", "above=90"] {
        assert_eq!(key(look), key(""), "{look}");
    }
    for question in ["class=neg", "fit=letterbox", "resampling=bilinear", "methods=none"] {
        assert_ne!(key(question), key(""), "{question}");
    }
}

fn refused(query: &str, expected: &str) {
    let text = format!("{:?}", read(query).unwrap_err());
    assert!(text.contains(expected), "{query}: {text}");
}

#[test]
fn what_does_not_exist_is_refused_with_what_does() {
    refused("model=other", "net");
    refused("checkpoint=three", "two");
    refused("class=maybe", "pos");
    refused("resampling=cubic", "bilinear");
    refused("fit=crop", "letterbox");
    refused("methods=lime", "integrated-gradients");
    refused("layers=middle", "first");
    refused("baseline=white", "blurred");
    refused("output=score", "logit");
    refused("registration=left", "published");
    refused("interpolation=cubic", "smooth");
    refused("palette=rainbow", "jet");
    refused("polarity=both", "signed");
}

#[test]
fn numbers_out_of_range_are_refused() {
    for bad in ["0", "1", "1601", "2.5"] {
        refused(&format!("steps={bad}"), "2 to 1600");
    }
    for bad in ["0", "2", "NaN", "-1"] {
        refused(&format!("tolerance={bad}"), "0.001 to 1");
    }
    for bad in ["-0.1", "1.1", "NaN"] {
        refused(&format!("opacity={bad}"), "0 to 1");
    }
    for bad in ["-1", "101", "NaN"] {
        refused(&format!("above={bad}"), "0 to 100");
    }
    refused("above=50&below=50", "larger than below");
    refused("cleanup=perhaps", "yes or no");
    refused("class=pos&class=neg", "only once");
}

#[test]
fn a_scene_that_is_gone_is_said() {
    let nothing = Parameters::parse(None);
    let error = SceneQuery::read("0123456789abcdef", &nothing, &catalog()).unwrap_err();
    assert!(error.to_string().contains("no scene called “0123456789abcdef”"), "{error}");
}
