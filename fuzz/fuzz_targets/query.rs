//! Whatever stands behind the question mark of an address, it is a question or an error; and a question
//! says the same when it is written down and read again.

#![no_main]

use std::path::Path;
use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use stormlens::catalog::{CardBox, Catalog};
use stormlens::parameters::{Parameters, to_query};
use stormlens::question::Question;
use stormlens::tasks::{Folders, UploadLimits, open};
use stormlens_data::card::{CheckpointCard, Layer, ModelCard, NowcastField, Nowcasting};
use stormlens_plot::{Figure, testing};

static CATALOG: LazyLock<Catalog> = LazyLock::new(|| {
    let data = Path::new(env!("CARGO_MANIFEST_DIR")).join("../data");
    let folders = Folders {
        cache: data.join("no/such/folder"),
        data,
        max_cache_bytes: 0,
        max_file_bytes: 1,
        upload_limits: UploadLimits::default(),
    };
    let opened = open(&folders).expect("the data of the repository can be read");
    Catalog::new(cards(), opened.into_iter().map(|opened| opened.task).collect())
});

/// A network of rain, one of clouds and one of pictures, with the names that the tests of questions give them.
fn cards() -> CardBox {
    let layer = |name: &str| Layer {
        name: name.to_owned(),
        label: format!("The {name}"),
        group: "Decoder",
    };
    let named = |id, card: ModelCard| ModelCard {
        id,
        layers: ["first", "second", "last"].map(layer).into(),
        default_layers: vec!["last"],
        ..card
    };
    let rain = named("rain", testing::card());
    let clouds = named("clouds", testing::card());
    let scene = named("polar", testing::scene_card());
    let frames = |model: &ModelCard, field, frame_step_min, lead_times_min: &[u32]| {
        let nowcasting = Nowcasting {
            field,
            n_input_frames: 4,
            frame_step_min,
            lead_times_min: lead_times_min.to_vec(),
            is_stated: true,
            size_multiple: 16,
        };
        CheckpointCard { nowcasting: Some(nowcasting), ..weights(model, "one") }
    };
    let checkpoints = vec![
        frames(&rain, NowcastField::Precipitation, 5, &[30, 60]),
        CheckpointCard {
            name: "europe".to_owned(),
            ..frames(&clouds, NowcastField::CloudCover, 15, &[15, 30])
        },
        weights(&scene, "one"),
    ];
    CardBox { models: vec![rain, clouds, scene], checkpoints, methods: testing::methods().to_vec() }
}

fn weights(model: &ModelCard, name: &str) -> CheckpointCard {
    CheckpointCard {
        name: name.to_owned(),
        model: model.id.to_owned(),
        weights_sha256: "0".repeat(64),
        training_data: String::new(),
        licence: String::new(),
        n_parameters: 1,
        is_simulated: false,
        nowcasting: None,
        variant: None,
        training_range: None,
        training_features: None,
        split: None,
        left_over: Vec::new(),
    }
}

fuzz_target!(|text: &str| {
    let parameters = Parameters::parse(Some(text));
    let pairs: Vec<_> =
        parameters.pairs().map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
    assert_eq!(Parameters::parse(Some(&to_query(&pairs))), parameters);
    if let Ok(figure) = text.parse::<Figure>() {
        assert_eq!(figure.to_string().parse::<Figure>().ok(), Some(figure));
    }
    let question = match Question::read(&parameters, &CATALOG, &[]) {
        Ok(question) => question,
        Err(error) => {
            let n_chars = error.to_string().chars().count();
            assert!(n_chars < 2000, "a message of {n_chars} characters");
            return;
        }
    };
    let query = question.to_query();
    let again = Question::read(&Parameters::parse(Some(&query)), &CATALOG, &[]);
    let again = again.unwrap_or_else(|error| panic!("{query} is refused: {error}"));
    assert_eq!((again.to_query(), &again.request), (query.clone(), &question.request));
    assert!(question.is_written_as(&Parameters::parse(Some(&query))), "{query}");
    let of_request = Question::of_request(&question.request, &CATALOG);
    let of_request = of_request.unwrap_or_else(|error| panic!("{query} as a request: {error}"));
    assert_eq!(of_request.request.model, question.request.model);
});
