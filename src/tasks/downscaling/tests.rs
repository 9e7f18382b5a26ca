//! Questions, tiles, maps and files, over the rain of the repository and made-up answers.

use std::path::Path;
use std::sync::Arc;

use stormlens_data::card::{
    Blocks, CheckpointCard, Downscaling, ModelCard, Part, RainStatement, Refining, Split,
    Task as Kind,
};
use stormlens_data::downscale::{EnsembleKind, Registration, TileRain};
use stormlens_data::network::Answer;
use stormlens_data::outcome::{Outcome, Provenance};
use stormlens_data::request::{RefinedPlace, Request, Silent, Subject, Target};

use super::fields::Fields;
use super::prepare::{Focus, layout};
use super::question;
use super::terrain::Terrains;
use super::{DownscalingTask, split, upload};
use crate::jobs::WorkerError;
use crate::parameters::Parameters;
use crate::question::Cards;
use crate::task::{Answered, Prepared, Task};
use crate::tasks::split::part_in;
use crate::tasks::tests::data;
use crate::web::upload::{Intake, Kept, UploadLimits};

mod answers;
mod files;
mod left_out;
mod offers;
mod plateau;
mod several;

/// The wettest end of the shipped hours.
const SAMPLE: &str = "mrms-20160922T1100";

fn task(cache: &Path) -> DownscalingTask {
    let limits = UploadLimits { n_files: 2, ..UploadLimits::default() };
    let keeps = |name: &str| Kept::open(cache.join(name), 1_000_000);
    let terrains = Terrains::open(&data(), keeps("heights"));
    DownscalingTask {
        fields: Fields::open(&data(), keeps("fields").into(), terrains),
        intake: Intake::new(upload::WORDS, limits, 1_000_000),
    }
}

/// One for all tests, so that what is read once is read once.
fn nowhere() -> &'static DownscalingTask {
    static TASK: std::sync::OnceLock<DownscalingTask> = std::sync::OnceLock::new();
    TASK.get_or_init(|| task(&data().join("no/such/folder")))
}

/// Weights of the published size that state an easy unit, with two members.
fn cards() -> Cards {
    let model = ModelCard {
        id: "tiles",
        title: "A network",
        summary: "Refines as it likes",
        task: Kind::Downscaling,
        layers: Vec::new(),
        default_layers: Vec::new(),
        citations: &[],
        published_options: &[],
        masks: false,
    };
    let refining = Refining {
        tiles: Downscaling { n_input_channels: 2, input_px: Some(64), output_px: 64 },
        rain: RainStatement {
            log_mean: 0.1,
            log_std: 0.5,
            wettest_mm: None,
            hours: 3,
            registration: Registration::Aligned,
        },
        is_stated: true,
    };
    let checkpoint = CheckpointCard {
        name: "one".to_owned(),
        model: "tiles".to_owned(),
        weights_sha256: "0".repeat(64),
        training_data: String::new(),
        licence: String::new(),
        n_parameters: 1,
        is_simulated: false,
        nowcasting: None,
        refining: Some(refining),
        fields: None,
        members: vec!["one/members/1".to_owned(), "one/members/2".to_owned()],
        absent_layers: Vec::new(),
        variant: None,
        training_range: None,
        training_features: None,
        likeness: None,
        split: None,
        left_over: Vec::new(),
    };
    Cards { model: Arc::new(model), checkpoint: Arc::new(checkpoint) }
}

/// Weights for which the wettest coarse node of each tile is brought to so much.
fn cards_brought_to(wettest_mm: f64) -> Cards {
    let cards = cards();
    let mut checkpoint = (*cards.checkpoint).clone();
    checkpoint.refining.as_mut().expect("of tiles").rain.wettest_mm = Some(wettest_mm);
    Cards { checkpoint: Arc::new(checkpoint), ..cards }
}

fn subject(task: &DownscalingTask, query: &str) -> Result<Subject, String> {
    let parameters = Parameters::parse(Some(query));
    question::read_subject(&parameters, &task.fields, &cards()).map_err(|error| error.to_string())
}

fn target(query: &str) -> Result<Target, String> {
    question::read_target(&Parameters::parse(Some(query))).map_err(|error| error.to_string())
}

fn request(task: &DownscalingTask, query: &str) -> Request {
    Request {
        model: "tiles".to_owned(),
        checkpoint: "one".to_owned(),
        subject: subject(task, query).expect("it can be asked"),
        explain: Vec::new(),
    }
}

/// The result where the network says what interpolation does.
fn answered(task: &DownscalingTask, query: &str) -> Outcome {
    answered_by(task, query, |z| z)
}

/// The same of a network that changes what interpolation does, in its own unit.
fn answered_by(task: &DownscalingTask, query: &str, change: impl Fn(f32) -> f32) -> Outcome {
    answered_with(task, query, &cards(), change)
}

/// The same with other weights.
fn answered_with(
    task: &DownscalingTask,
    query: &str,
    cards: &Cards,
    change: impl Fn(f32) -> f32,
) -> Outcome {
    answered_to(task, &request(task, query), cards, change)
}

/// The same of a request.
fn answered_to(
    task: &DownscalingTask,
    request: &Request,
    cards: &Cards,
    change: impl Fn(f32) -> f32,
) -> Outcome {
    let Prepared { passes, rest, .. } = task.prepare(request, cards).expect("it can be prepared");
    let answer = |pass: &stormlens_data::network::Pass| {
        let rain: Vec<f32> = pass.input.values[..64 * 64].iter().map(|&z| change(z)).collect();
        let explained = pass.asked.iter().map(|asked| several::explained(asked, &rain)).collect();
        let n_drawn = pass.sampled.map_or(0, |(_, n)| n);
        let draw = |m: usize| rain.iter().map(|z| z + 0.1 * (m as f32 - 1.0)).collect();
        Answer {
            sampled: (0..n_drawn).map(draw).collect(),
            prediction: rain.clone(),
            shape: vec![1, 64, 64],
            explained,
            ..Answer::default()
        }
    };
    let answers = passes.iter().map(answer).collect();
    let provenance = Provenance {
        program: "stormlens".into(),
        model: request.model.clone(),
        checkpoint: request.checkpoint.clone(),
        weights_sha256: String::new(),
        data_source: String::new(),
        data_files: Vec::new(),
        data_sha256: String::new(),
        data_licence: String::new(),
        device: "one".into(),
    };
    let outcome = task.answer(Answered {
        request,
        cards,
        rest,
        answers,
        placed: Vec::new(),
        provenance,
        duration_ms: 1.0,
        methods: &[],
        progress: &Silent,
    });
    outcome.expect("nobody stops it")
}

/// What was measured lies within a quarter of the estimate, and none far above it.
#[test]
fn the_memory_of_tiles_is_estimated_from_their_size() {
    let takes = super::prepare::memory(&cards());
    let predicting = |n_tiles: u64| n_tiles * takes.predicting_bytes;
    for (each_bytes, measured_bytes) in [
        (predicting(1), 13e6),
        (predicting(4), 33e6),
        (predicting(8), 46e6),
        (takes.explaining_bytes, 39e6),
    ] {
        let ratio = (takes.beside_bytes + each_bytes) as f64 / measured_bytes;
        assert!((0.95..1.25).contains(&ratio), "{measured_bytes}: {ratio}");
    }
    assert_eq!(takes.prediction_bytes, 64 * 64 * 4);
}

#[test]
fn a_question_is_read_as_it_is_written() {
    let task = nowhere();
    for query in [
        format!("rain={SAMPLE}"),
        format!("rain={SAMPLE}&domain=-115,37,-113,39&registration=reference&blending=published"),
        format!(
            "rain={SAMPLE}&conservation=coarse&ensemble=dropout&members=4&target=tile:3&above-mm=5"
        ),
        format!("rain={SAMPLE}&ensemble=epochs&target=box:-114,38,-113,39"),
    ] {
        let read = (subject(task, &query).unwrap(), target(&query).unwrap());
        let written = question::write(&read.0, &read.1);
        let again = crate::parameters::to_query(&written);
        assert_eq!((subject(task, &again).unwrap(), target(&again).unwrap()), read, "{query}");
    }
}

#[test]
fn what_cannot_be_asked_is_refused_in_words() {
    let task = nowhere();
    for (query, words) in [
        (String::new(), "is missing"),
        ("rain=no-such".to_owned(), "there is no rain field “no-such”"),
        (format!("rain={SAMPLE}&domain=1,2,3"), "must be WEST,SOUTH,EAST,NORTH"),
        (format!("rain={SAMPLE}&domain=-108,37,-115,43"), "must be WEST,SOUTH,EAST,NORTH"),
        (format!("rain={SAMPLE}&domain=-115,37,-108,430"), "must be WEST,SOUTH,EAST,NORTH"),
        (format!("rain={SAMPLE}&domain=-115,37,NaN,43"), "must be WEST,SOUTH,EAST,NORTH"),
        (format!("rain={SAMPLE}&registration=left"), "no registration called “left”"),
        (format!("rain={SAMPLE}&ensemble=dropout&members=1"), "from 2 to 50"),
    ] {
        let error = subject(task, &query).unwrap_err();
        assert!(error.contains(words), "{query}: {error}");
    }
    for (query, words) in [
        ("target=tile", "tile:NUMBER"),
        ("target=box:1,2", "box:"),
        ("above-mm=-1", "0 to 2000 mm"),
    ] {
        let error = target(query).unwrap_err();
        assert!(error.contains(words), "{query}: {error}");
    }
}

#[test]
fn domains_and_targets_that_cannot_be_are_refused() {
    let task = nowhere();
    let refused = |query: &str| {
        let request = request(task, query);
        let target = target(query).unwrap();
        match layout(&task.fields, &request, &cards(), &target) {
            Ok(_) => panic!("{query} should be refused"),
            // What is done about it is told once.
            Err(WorkerError::Invalid { message, remedy }) => {
                assert!(
                    !message.contains("choose") && !remedy.contains(": choose"),
                    "{message}: {remedy}"
                );
                format!("{message}: {remedy}")
            }
            Err(error) => panic!("{query}: {error}"),
        }
    };
    for (domain, words) in [
        ("domain=-115,37,-114,38", "smaller than a tile of 2°"),
        ("domain=-150,37,-140,43", "does not cover"),
        ("domain=0,0,360,80", "tiles"),
        ("target=tile:99", "there is no tile 99"),
        ("target=box:-116,37,-115.5,37.5", "lies outside of the domain, whose tiles go from"),
        ("target=node:0,0", "lies outside of the domain, whose tiles go from"),
        ("target=box:-116,37,-112,41", "a part of -116,37,-112,41 lies outside of the domain"),
        (
            "target=box:-115,37,-111,41&blending=published",
            "choose blending=mm, or a box of at most 2°",
        ),
        ("target=box:-115,37,-111,41&conservation=coarse", "choose conservation=none, or a box"),
        ("domain=-121,33,-109,43&target=box:-121,33,-109,43", "36 tiles with rain lie in"),
    ] {
        let error = refused(&format!("rain={SAMPLE}&{domain}"));
        assert!(error.contains(words), "{domain}: {error}");
    }
}

/// The authors' configuration: twelve tiles of the box beside each other, with six over their corners.
#[test]
fn a_focus_lies_where_it_was_asked_for() {
    let task = nowhere();
    let of = |target_text: &str| {
        let query = format!("rain={SAMPLE}&{target_text}");
        let work = layout(&task.fields, &request(task, &query), &cards(), &target(&query).unwrap());
        work.unwrap_or_else(|error| panic!("{target_text}: {error}"))
    };
    let work = of("");
    assert_eq!(work.tiles.len(), 13, "three by three, and two by two over their corners");
    let tile = |focus: Option<Focus>| match focus {
        Some(Focus::Tile(part)) => part,
        other => panic!("a part of one tile, not {other:?}"),
    };
    let wettest = tile(work.focus);
    let mean = |rain: &TileRain| match rain {
        TileRain::Wet(coarse) => coarse.iter().sum::<f64>() / coarse.len() as f64,
        _ => 0.0,
    };
    let all = work.tiles.iter().map(|(_, rain)| mean(rain)).fold(0.0, f64::max);
    assert!((mean(&work.tiles[wettest.tile_idx].1) - all).abs() < 1e-9);
    let boxed = tile(of("target=box:-114.5,37.5,-114.25,37.75").focus);
    assert_eq!((boxed.rows.clone(), boxed.columns.clone()), (16..25, 16..25));
    let node = tile(of("target=node:38.01,-113.99").focus);
    assert_eq!((node.rows.len(), node.columns.len()), (1, 1));
    let turned = tile(of("target=box:245.5,37.5,245.75,37.75").focus);
    assert_eq!(turned, boxed, "longitudes from 0 to 360");
    assert_eq!(tile(of("target=node:38.01,246.01").focus), node);
    assert_eq!(of("").refinement.ensemble, EnsembleKind::None);
    assert_eq!(
        target("").unwrap(),
        Target::Refined { place: RefinedPlace::Wettest, above_mm: None }
    );
}

/// The result, its check and its tables follow the weights, not the program.
#[test]
fn a_result_says_what_the_weights_have_seen_of_the_rain() {
    let task = nowhere();
    let query = format!("rain={SAMPLE}&domain=-115,37,-113,39");
    let (request, unknown) = (request(task, &query), cards());
    let outcome = answered(task, &query);
    assert_eq!(part_in(&outcome), Part::Unknown);
    assert!(task.check(&outcome, &request, &unknown).is_ok());
    assert!(crate::export::numbers_csv(&outcome).contains("\"note/split\",,"));
    let said = serde_json::json!({
        "domain": {"south": 33.0, "north": 51.0, "west": -126.0, "east": -103.0},
        "split": {"longitude": -114.0, "training_until": "2016-09-22T12:00:00Z",
                  "validation_until": "2016-09-22T18:00:00Z", "interval_s": 10800},
    });
    let split = Blocks::of(&said).map(Split::of_blocks);
    let weights = CheckpointCard { split, ..(*unknown.checkpoint).clone() };
    assert_eq!(split::part_of(&task.fields, &request.subject, &weights), Part::Training);
    let trained = Cards { checkpoint: Arc::new(weights), ..unknown };
    assert!(task.check(&outcome, &request, &trained).is_err(), "it says another part");
}
