//! Questions, masks, maps and files, over the days of the repository and made-up answers.

use std::path::Path;
use std::sync::{Arc, LazyLock};

use stormlens_data::card::{
    Blocks, CheckpointCard, FieldStatement, FieldsCard, ModelCard, Part, Split, Task as Kind,
};
use stormlens_data::network::{Answer, Pass, ShownLayer};
use stormlens_data::outcome::{Outcome, Provenance};
use stormlens_data::probability::iberia::Iberia;
use stormlens_data::probability::synthetic::SyntheticOptions;
use stormlens_data::request::{Explain, Request, Silent, Subject, Target};
use stormlens_data::score::probability::Calibration;

use super::answer::{CLASS, EXCEEDANCE, PREDICTION, PROBABILITY, exceedances, softmax};
use super::question;
use super::samples::Samples;
use super::{RainProbabilityTask, calibrate, split, upload, world};
use crate::parameters::Parameters;
use crate::question::Cards;
use crate::task::{Answered, Files, Prepared, Task};
use crate::tasks::split::part_in;
use crate::tasks::tests::data;
use crate::web::upload::{Intake, Kept, UploadLimits};

mod files;
mod points;
mod quantities;
mod synthetic;

/// A day with 61 mm in Córdoba.
const SAMPLE: &str = "iberia-2008-04-08";

const N: usize = 16 * 24;

fn task() -> RainProbabilityTask {
    let limits = UploadLimits::default();
    let intake = Intake::new(upload::WORDS, limits, 1_000_000);
    RainProbabilityTask { samples: samples(), intake, max_files: 4 }
}

/// The days of the repository; nothing was brought.
fn samples() -> Samples {
    Samples::open(&data(), Kept::open(data().join("no/such/folder"), 0).into())
}

/// Made once: means of all training days take seconds.
fn statement() -> FieldStatement {
    static STATEMENT: LazyLock<FieldStatement> = LazyLock::new(|| {
        let iberia = Iberia::open(&data().join("iberia")).expect("the repository has it");
        // Twice as probable as the membership, and certain from one half on.
        let values: Vec<f64> = (0..=10).map(|i| f64::from(i) / 10.0).collect();
        let occurred: Vec<Option<bool>> = (0..=10).map(|i| Some(i >= 5)).collect();
        let map = Calibration::fit_values(&values, &occurred, &[0; 11]).expect("cases");
        FieldStatement { calibration: vec![map.clone(), map], ..iberia.statement() }
    });
    STATEMENT.clone()
}

fn card() -> FieldsCard {
    FieldsCard {
        fields: statement(),
        is_stated: true,
        patch: [1, 4, 4],
        n_classes: Some(3),
        depths: [1, 2, 0, 0],
    }
}

fn cards(fields: Option<FieldsCard>) -> Cards {
    let model = ModelCard {
        id: "probable",
        title: "A network",
        summary: "Says what it likes",
        task: Kind::RainProbability,
        layers: Vec::new(),
        default_layers: Vec::new(),
        citations: &[],
        published_options: &[],
        masks: false,
    };
    let checkpoint = CheckpointCard {
        name: "one".to_owned(),
        model: "probable".to_owned(),
        weights_sha256: "0".repeat(64),
        training_data: String::new(),
        licence: String::new(),
        n_parameters: 1,
        is_simulated: false,
        nowcasting: None,
        refining: None,
        fields,
        members: Vec::new(),
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

fn subject(task: &RainProbabilityTask, query: &str) -> Result<Subject, String> {
    let parameters = Parameters::parse(Some(query));
    let cards = cards(Some(card()));
    question::read_subject(&parameters, &task.samples, &cards).map_err(|error| error.to_string())
}

fn target(query: &str) -> Result<Target, String> {
    question::read_target(&Parameters::parse(Some(query))).map_err(|error| error.to_string())
}

fn request(task: &RainProbabilityTask, query: &str) -> Request {
    let explain = Explain {
        method: "occlusion".to_owned(),
        options: Default::default(),
        target: target(query).expect("it can be explained"),
        layers: Vec::new(),
    };
    Request {
        model: "probable".to_owned(),
        checkpoint: "one".to_owned(),
        subject: subject(task, query).expect("it can be asked"),
        explain: vec![explain],
    }
}

/// Logits of ln 2, 0 and −ln 2 everywhere: memberships 4/7, 2/7 and 1/7.
fn logits() -> Vec<f32> {
    let [dry, heavy] = [2.0_f32.ln(), -2.0_f32.ln()];
    [vec![dry; N], vec![0.0; N], vec![heavy; N]].concat()
}

fn answered(task: &RainProbabilityTask, query: &str) -> (Vec<Pass>, Outcome) {
    let (request, cards) = (request(task, query), cards(Some(card())));
    let Prepared { passes, rest, .. } = task.prepare(&request, &cards).expect("it can be prepared");
    let answer = |pass: &Pass| Answer {
        prediction: logits(),
        shape: vec![3, 16, 24],
        shown: pass.show.iter().map(|name| shown(name)).collect(),
        ..Answer::default()
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
        request: &request,
        cards: &cards,
        rest,
        answers,
        placed: Vec::new(),
        provenance,
        duration_ms: 1.0,
        methods: &[],
        progress: &Silent,
    });
    (passes, outcome.expect("nobody stops it"))
}

fn shown(name: &str) -> ShownLayer {
    if name.contains(".dcn.") {
        return points::layer(name);
    }
    ShownLayer { name: name.to_owned(), shape: [12, 16, 24], values: vec![0.0; 12 * N] }
}

/// What was measured lies within a quarter of the estimate, and none far above it.
#[test]
fn the_memory_of_fields_is_estimated_from_their_size() {
    let takes = super::prepare::memory(&cards(Some(card())), [16, 224, 128]);
    let predicting = |n: u64| n * takes.predicting_bytes;
    for (each_bytes, measured_bytes) in [
        (predicting(1), 113e6),
        (predicting(4), 286e6),
        (predicting(8), 519e6),
        (predicting(16), 1_041e6),
        (takes.explaining_bytes, 420e6),
    ] {
        let ratio = (takes.beside_bytes + each_bytes) as f64 / measured_bytes;
        assert!((0.95..1.25).contains(&ratio), "{measured_bytes}: {ratio}");
    }
}

#[test]
fn a_question_is_read_as_it_is_written() {
    let task = task();
    for query in [
        format!("fields={SAMPLE}&blocks=active&event=rain&place=all&output=probability"),
        format!("fields={SAMPLE}&blocks=identity&event=heavy&place=node:41.3,2.1&output=logit"),
        format!(
            "fields={SAMPLE}&blocks=active&hide=SLP,RAIN&masks=8&mask-percent=25&event=rain\
             &place=box:-6,38,-2,41&output=probability"
        ),
    ] {
        let found = question::write(
            &subject(&task, &query).expect("it can be asked"),
            &target(&query).expect("it can be explained"),
        );
        let written: Vec<String> =
            found.iter().map(|(name, value)| format!("{name}={value}")).collect();
        assert_eq!(written.join("&"), query);
    }
}

#[test]
fn what_cannot_be_asked_is_refused_in_words() {
    let task = task();
    let refuse = |query: &str, expected: &str| {
        let error = subject(&task, query).expect_err(query);
        assert!(error.contains(expected), "{error}");
    };
    refuse("", "is missing");
    refuse("fields=iberia-2008-02-30", "there are no fields");
    refuse("fields=../../etc", "there are no fields");
    refuse(&format!("fields={SAMPLE}&hide=RH850"), "there is no variable");
    refuse(&format!("fields={SAMPLE}&masks=1"), "from 2 to 50");
    refuse(&format!("fields={SAMPLE}&masks=4&mask-percent=99"), "from 5 to 95");
    let all = Iberia::names().join(",");
    refuse(&format!("fields={SAMPLE}&hide={all}"), "leave one to be seen");
    assert!(target("place=tile:3").expect_err("no place").contains("node:LATITUDE"));
    assert!(target("event=snow").expect_err("no event").contains("snow"));
}

#[test]
fn weights_of_the_pre_training_give_no_probabilities() {
    let task = task();
    let parameters = Parameters::parse(Some("fields=iberia-2008-04-08"));
    let read = |card: Option<FieldsCard>| {
        let read = question::read_subject(&parameters, &task.samples, &cards(card));
        read.expect_err("no probabilities").to_string()
    };
    let error = read(Some(FieldsCard { n_classes: None, ..card() }));
    assert!(error.contains("pre-training") && error.contains("fine-tuned"), "{error}");
    assert!(read(None).contains("takes no fields"));
}

/// Hidden variables are missing in what the network is given, and nothing takes their place.
#[test]
fn what_is_hidden_is_missing() {
    let task = task();
    let query = format!("fields={SAMPLE}&hide=SLP&masks=3&mask-percent=50&blocks=identity");
    let (passes, outcome) = answered(&task, &query);
    assert_eq!(passes.len(), 4, "all that there is, and three masks");
    assert!(passes.iter().all(|pass| pass.variant == Some("identity")));
    let n_missing = |pass: &Pass, channel: usize| {
        let map = &pass.input.values[channel * N..(channel + 1) * N];
        map.iter().filter(|value| value.is_nan()).count()
    };
    let slp = statement().channel("SLP").expect("it is there");
    assert_eq!((0..12).map(|c| n_missing(&passes[0], c)).sum::<usize>(), N);
    assert_eq!(n_missing(&passes[0], slp), N);
    // Half of 12 × 24 tokens of 16 nodes, and the rest of the hidden variable.
    let hidden: usize = (0..12).map(|c| n_missing(&passes[1], c)).sum();
    assert!((144 * 16..=144 * 16 + N).contains(&hidden), "{hidden}");
    assert!(
        passes[1]
            .input
            .values
            .iter()
            .zip(&passes[2].input.values)
            .any(|(a, b)| a.is_nan() != b.is_nan())
    );
    assert_eq!(passes[1].show, ["reconstruction"]);
    let share = outcome.number("hidden_share").expect("it is said");
    assert!((share - 1.0 / 12.0).abs() < 1e-12);
    assert!(outcome.notes("hidden").any(|note| note.contains("SLP")));
    assert!(outcome.variable("field/SLP").is_none() && outcome.variable("rebuilt/SLP").is_some());
}

#[test]
fn memberships_and_probabilities_stand_side_by_side() {
    let task = task();
    let (_, outcome) = answered(&task, &format!("fields={SAMPLE}"));
    let at = |name: &str, map: usize| {
        f64::from(outcome.variable(name).expect("it is there").map(map).at(0, 0))
    };
    for (class, expected) in [4.0 / 7.0, 2.0 / 7.0, 1.0 / 7.0].into_iter().enumerate() {
        assert!((at(PREDICTION, class) - expected).abs() < 1e-6);
    }
    assert!((at(EXCEEDANCE, 0) - 3.0 / 7.0).abs() < 1e-6);
    assert!((at(EXCEEDANCE, 1) - 1.0 / 7.0).abs() < 1e-6);
    // Between 0.4 (never) and 0.5 (always) in a straight line; below it never.
    assert!((at(PROBABILITY, 0) - 2.0 / 7.0).abs() < 1e-5, "{}", at(PROBABILITY, 0));
    assert_eq!((at(PROBABILITY, 1), at(CLASS, 0)), (0.0, 0.0));
    // A figure of the class may be shown without the page around it.
    let title = &outcome.variable(CLASS).expect("it is there").quantity.name;
    assert_eq!(title, "most likely class by membership, not recalibrated");
    let value = |name: &str, gauge: &str, entry: Option<&str>| {
        let variable = outcome.variable(name).expect("it is there");
        let find = |axis: &stormlens_data::outcome::Axis, name: &str| {
            (0..axis.len()).find(|&i| axis.label(i) == name).expect("it is there")
        };
        let [_, places, entries @ ..] = &variable.axes[..] else { panic!("a time and gauges") };
        let last = entries.first().zip(entry).map_or(0, |(axis, name)| find(axis, name));
        let n = entries.first().map_or(1, |axis| axis.len());
        variable.values.at(find(places, gauge) * n + last)
    };
    let rain = value("gauge/observation", "Córdoba", None);
    assert!(rain >= 10.0, "{rain} mm");
    assert_eq!(value("gauge/class", "Córdoba", None), 2.0);
    assert_eq!(value("gauge/density_label", "Córdoba", Some("heavy rain")), 1.0);
    assert!((value("gauge/prediction", "Córdoba", Some("dry")) - 4.0 / 7.0).abs() < 1e-6);
    let table = super::gauges::table(&outcome).expect("gauges");
    let cell = |row: &str, gauge: &str| {
        let column = table.columns.iter().position(|name| name == gauge).expect("a gauge");
        let found = table.rows.iter().find(|(name, _)| name == row);
        found.unwrap_or_else(|| panic!("{row}")).1[column].clone()
    };
    assert_eq!(cell("Observed class", "Córdoba"), "heavy rain");
    assert!(cell("Observed rain in 24 h (mm)", "Córdoba").parse::<f64>().is_ok());
    assert_eq!(cell("Membership, dry", "Córdoba"), "0.571");
    assert_eq!(outcome.notes("perfect-prognosis").count(), 1);
    assert!(outcome.variables.iter().all(|variable| variable.check().is_ok()));
    let request = request(&task, &format!("fields={SAMPLE}"));
    assert!(task.check(&outcome, &request, &cards(Some(card()))).is_ok());
    let mut other = outcome.clone();
    other.provenance.data_sha256 = "1".repeat(64);
    assert!(task.check(&other, &request, &cards(Some(card()))).is_err());
}

#[test]
fn one_softmax_makes_shares_of_large_logits() {
    let shares = softmax(&[1000.0, -2.0, 999.0, -2.0, 0.0, -2.0], 3);
    let sum = |i: usize| shares[i] + shares[2 + i] + shares[4 + i];
    assert!((sum(0) - 1.0).abs() < 1e-6 && (sum(1) - 1.0).abs() < 1e-6);
    assert!((shares[0] - 1.0 / (1.0 + (-1.0_f32).exp())).abs() < 1e-6);
    assert_eq!(exceedances(&[0.2, 0.3, 0.5], 3), [0.8, 0.5]);
}

/// Hidden variables and a mask together may leave nothing.
#[test]
fn a_mask_that_hides_all_that_is_left_is_refused_in_words() {
    let task = task();
    let others: Vec<&str> = Iberia::names().into_iter().skip(1).collect();
    let query = format!("fields={SAMPLE}&hide={}&masks=50&mask-percent=95", others.join(","));
    let (request, cards) = (request(&task, &query), cards(Some(card())));
    let error = task.prepare(&request, &cards).err().expect("nothing to be seen").to_string();
    assert!(error.contains("hides all that is left"), "{error}");
}

/// Recalibration belongs to fields that are seen whole, and is said not to hold where they are not.
#[test]
fn recalibration_of_hidden_fields_is_doubted() {
    let task = task();
    let doubts = |query: &str| answered(&task, query).1.notes("recalibrated-elsewhere").count();
    assert_eq!(doubts(&format!("fields={SAMPLE}")), 0);
    assert_eq!(doubts(&format!("fields={SAMPLE}&hide=SLP")), 1);
    assert_eq!(doubts(&format!("fields={SAMPLE}&blocks=identity")), 1);
}

/// The archive ends its fields on pressure levels before its days: they are hidden, and the answer says so.
#[test]
fn what_the_archive_does_not_have_is_hidden_and_said() {
    let task = task();
    let (passes, outcome) = answered(&task, "fields=iberia-2010-12-24");
    let missing = |name: &str| {
        let channel = statement().channel(name).expect("it is there");
        passes[0].input.values[channel * N..(channel + 1) * N].iter().all(|value| value.is_nan())
    };
    assert!(missing("GPH500") && missing("SLP") && !missing("RAIN") && !missing("T2"));
    let said: Vec<&str> = outcome.notes("hidden").collect();
    assert!(said.iter().any(|note| note.starts_with("GPH500 is hidden")), "{said:?}");
}

#[test]
fn a_result_says_what_the_weights_have_seen_of_the_day() {
    let task = task();
    let query = format!("fields={SAMPLE}");
    let (_, outcome) = answered(&task, &query);
    let (request, unknown) = (request(&task, &query), cards(Some(card())));
    assert_eq!(part_in(&outcome), Part::Unknown);
    assert!(task.check(&outcome, &request, &unknown).is_ok());
    let of = |blocks| CheckpointCard {
        split: Some(Split::of_blocks(blocks)),
        ..(*unknown.checkpoint).clone()
    };
    let iberia = of(Blocks::Iberia);
    let part = |id: &str, weights: &CheckpointCard| split::part(&task.samples, id, weights);
    assert_eq!(part("iberia-1990-05-21", &iberia), Part::Training);
    assert_eq!(part("iberia-2004-05-21", &iberia), Part::Validation);
    assert_eq!(part("iberia-2007-05-21", &iberia), Part::Test);
    assert_eq!(part("0123456789abcdef.20100101T000000Z", &iberia), Part::Unused);
    assert_eq!(part("0123456789abcdef.19900101T000000Z", &iberia), Part::Unknown);
    // The last day that chose an epoch ends, as every day, with the begin of the next one.
    assert_eq!(part("iberia-2006-12-31", &iberia), Part::Validation);
    assert_eq!(part("0123456789abcdef.20070101T000000Z", &iberia), Part::Unknown);
    assert_eq!(part("0123456789abcdef.20070101T120000Z", &iberia), Part::Unknown);
    assert_eq!(part("iberia-2007-01-01", &iberia), Part::Test);
    assert_eq!(part("0123456789abcdef.20070102T000000Z", &iberia), Part::Unused);
    let world = of(Blocks::Synthetic(SyntheticOptions::default()));
    assert_eq!(part("synthetic-s01-e01-d1", &world), Part::Training);
    assert_eq!(part("synthetic-s12-e01-d1", &world), Part::Test);
    assert_eq!(part("iberia-1990-05-21", &world), Part::Unused);
    let other = of(Blocks::Synthetic(SyntheticOptions { seed: 2, ..SyntheticOptions::default() }));
    assert_eq!(part("synthetic-s01-e01-d1", &other), Part::Unused);
    assert_eq!(part("synthetic-s01-e01-d1", &iberia), Part::Unknown);
    let trained = Cards { checkpoint: Arc::new(iberia), ..unknown };
    assert!(task.check(&outcome, &request, &trained).is_err(), "it says another part");
}
