use std::path::PathBuf;
use std::sync::Mutex;

use burn::tensor::{Device, Tensor};
use stormlens_data::card::{CheckpointCard, NowcastField, Nowcasting};
use stormlens_data::network::{Asked, Explained, Meaning, Target};
use stormlens_data::request::{ClassOutput, Silent};

use super::*;
use crate::golden::{procedural, ramp, relative_l2};
use crate::models::sar_unet::tests::tiny_of;
use crate::models::{polar_low, sar_unet};
use crate::network::Prediction;
use crate::parameters::Mode;
use crate::registry::ModelEntry;
use crate::{Network, Parameters, Tap, explain};
use stormlens_checkpoint::{Metadata, Precision, write_safetensors};

/// Fresh weights of the polar-low network in a file that says this of the size of its pictures.
fn weights(folder: &Path, input_px: Option<usize>, crop_px: Option<usize>) -> PathBuf {
    let state = state_dict(&polar_low::ENTRY.fresh(1), 0);
    let metadata = Metadata {
        model: "polar-low".into(),
        hyper_parameters: serde_json::json!({}),
        normalisation_mm_5min: None,
        field: None,
        frame_step_min: None,
        lead_times_min: None,
        rain: None,
        fields: None,
        input_px,
        crop_px,
        simulated: true,
        training_statistics: None,
        training_features: None,
        training_data: "nothing".into(),
        licence: "none".into(),
        created_by: "a test".into(),
    };
    let path = folder.join(format!("{input_px:?}-{crop_px:?}.safetensors"));
    write_safetensors(&path, &state, &metadata, Precision::F32).expect("a file");
    path
}

#[test]
fn a_size_that_is_unknown_or_senseless_is_refused_before_it_misleads() {
    let folder = tempfile::tempdir().expect("a folder");
    let engine = Engine::new(DeviceChoice::Cpu).expect("a CPU");
    let check = |input_px, crop_px, word: &str| {
        let path = weights(folder.path(), input_px, crop_px);
        let Err(error) = engine.load("polar-low", &path) else { panic!("{word}: it was taken") };
        assert!(error.to_string().contains(word), "{error}");
    };
    check(None, None, "--variant");
    check(Some(192), None, "--variant");
    check(Some(1 << 40), Some(128), "at most 4096");
    check(Some(192), Some(193), "centre of 193");
    check(Some(192), Some(8), "at least 32");
}

const LOGIT: Target = Target::Class { class: 1, output: ClassOutput::Logit };
const PROBABILITY: Target = Target::Class { class: 1, output: ClassOutput::Probability };

fn asked(method: &str, target: Target) -> Asked {
    let (options, layers) = (Default::default(), Vec::new());
    Asked { method: method.into(), options, target, layers, nothing: Vec::new() }
}

fn with(mut asked: Asked, name: &str, value: &str) -> Asked {
    asked.options.insert(name.into(), value.into());
    asked
}

fn at(mut asked: Asked, layers: &[&str]) -> Asked {
    asked.layers = layers.iter().map(|&layer| layer.to_owned()).collect();
    asked
}

fn engine() -> Engine {
    Engine::new(DeviceChoice::Cpu).expect("there is always a CPU")
}

fn one(resident: &Resident, input: &Input, question: Question) -> Result<Answer, EngineError> {
    let answers = engine().answer(resident, &[(input, &question)], &Silent);
    answers.map(|mut answers| answers.pop().expect("an answer for each input"))
}

fn measure(explained: &Explained, name: &str) -> f64 {
    explained.measures.iter().find(|measure| measure.name == name).expect(name).value
}

/// A network that counts its forward passes.
struct Counting(&'static dyn Network, Mutex<Vec<usize>>);

impl Network for Counting {
    fn forward(
        &self,
        parameters: &Parameters,
        input: Tensor<4>,
        tap: &mut Tap,
        mode: &Mode,
    ) -> Prediction {
        self.1.lock().expect("one thread").push(input.dims()[0]);
        self.0.forward(parameters, input, tap, mode)
    }
}

impl Counting {
    fn over(network: &'static dyn Network) -> &'static Self {
        Box::leak(Box::new(Self(network, Mutex::default())))
    }

    /// How many examples went through in each pass since the last call.
    fn passes(&self) -> Vec<usize> {
        std::mem::take(&mut *self.1.lock().expect("one thread"))
    }
}

/// The tiny twin of SAR-UNet with two lead times, and the passes through it.
fn fields() -> (Resident, &'static Counting) {
    let counting = Counting::over(sar_unet::ENTRY.network);
    let entry = Box::leak(Box::new(ModelEntry { network: counting, ..sar_unet::ENTRY }));
    let schema = tiny_of(2);
    let nowcasting = Nowcasting {
        field: NowcastField::CloudCover,
        n_input_frames: 3,
        frame_step_min: 15,
        lead_times_min: vec![15, 30],
        is_stated: true,
        size_multiple: 16,
    };
    let resident = Resident {
        card: (entry.card)(),
        checkpoint: CheckpointCard {
            name: "tiny".into(),
            model: "tiny".into(),
            weights_sha256: String::new(),
            training_data: String::new(),
            licence: String::new(),
            n_parameters: 0,
            is_simulated: false,
            nowcasting: Some(nowcasting),
            refining: None,
            fields: None,
            members: Vec::new(),
            absent_layers: Vec::new(),
            variant: None,
            training_range: None,
            training_features: None,
            likeness: None,
            split: None,
            left_over: Vec::new(),
        },
        entry,
        parameters: Parameters::from_host(procedural(&schema), &Device::flex()),
        variant: None,
    };
    (resident, counting)
}

const N_PIXELS: usize = 32 * 48;

fn frames(seed: usize) -> Input {
    let values = ramp(3 * N_PIXELS + seed).split_off(seed);
    Input { values, shape: [3, 32, 48] }
}

/// The sum of all pixels above the mean of that lead time.
fn above_mean(resident: &Resident, input: &Input, channel: usize) -> Target {
    let prediction = one(resident, input, Vec::new()).expect("a prediction").prediction;
    let plane = &prediction[channel * N_PIXELS..][..N_PIXELS];
    let threshold = f64::from(plane.iter().sum::<f32>() / N_PIXELS as f32);
    Target::SumAbove {
        channels: channel..channel + 1,
        field: NowcastField::CloudCover,
        threshold,
        within: None,
    }
}

#[test]
fn a_field_is_explained_at_each_lead_time() {
    let (resident, _) = fields();
    let input = frames(0);
    for channel in [0, 1] {
        let target = above_mean(&resident, &input, channel);
        let question = vec![
            at(asked("grad-cam", target.clone()), &["cbam5", "Up_RRCNN2"]),
            with(asked("integrated-gradients", target), "steps", "64"),
        ];
        let answer = one(&resident, &input, question).expect("an answer");
        assert_eq!(
            (answer.shape.as_slice(), answer.prediction.len()),
            (&[2, 32, 48][..], 2 * N_PIXELS)
        );
        let plane = &answer.prediction[channel * N_PIXELS..][..N_PIXELS];
        for explained in &answer.explained {
            let mask = explained.mask.as_ref().expect("a sum over pixels");
            let sum: f64 = plane.iter().zip(mask).map(|(&y, &m)| f64::from(y * m)).sum();
            assert!((explained.score - sum).abs() < 1e-9 && mask.contains(&0.0));
        }
        let [cams, gradients] = &answer.explained[..] else { panic!("two were asked for") };
        let shapes: Vec<_> =
            cams.maps.iter().map(|m| (m.part, m.layer.as_deref(), m.shape)).collect();
        let expected = [
            ("", Some("cbam5"), [1, 32, 48]),
            ("raw", Some("cbam5"), [1, 2, 3]),
            ("", Some("Up_RRCNN2"), [1, 32, 48]),
            ("raw", Some("Up_RRCNN2"), [1, 32, 48]),
        ];
        assert_eq!(shapes, expected);
        assert_eq!(cams.series[1].values.len(), 4);
        let map = &gradients.maps[0];
        assert_eq!((map.meaning, map.shape), (Meaning::Contribution, [3, 32, 48]));
        let sum = measure(gradients, "sum");
        assert!((map.values.iter().map(|&v| f64::from(v)).sum::<f64>() - sum).abs() < 1e-9);
        let gap = measure(gradients, "completeness_gap");
        assert!(gap.abs() < 0.02 * measure(gradients, "output_difference").abs(), "{gap}");
        let series = |part| gradients.series.iter().find(|series| series.part == part).expect(part);
        assert!((series("sums").values.iter().sum::<f64>() - sum).abs() < 1e-9);
        let path = series("path");
        assert_eq!((path.coordinates[0], path.coordinates[64], path.values.len()), (0.0, 1.0, 65));
        assert!((path.values[64] - gradients.score).abs() < 1e-6 * gradients.score.abs());
    }
}

#[test]
fn one_pass_serves_all_that_is_asked_of_a_target() {
    let (resident, counting) = fields();
    let inputs = [frames(0), frames(7)];
    let [first, second] = [0, 1].map(|channel| above_mean(&resident, &inputs[0], channel));
    let cam = |target: &Target, layers: &[&str]| at(asked("grad-cam", target.clone()), layers);
    let questions = [
        vec![cam(&first, &["cbam5"]), cam(&second, &["Up_RRCNN3"]), cam(&first, &["CBAM 1"])],
        vec![cam(&first, &["cbam2"])],
    ];
    counting.passes();
    let pairs: Vec<_> = inputs.iter().zip(&questions).collect();
    let together = engine().answer(&resident, &pairs, &Silent).expect("answers");
    assert_eq!(counting.passes(), [2, 1], "examples in each pass");
    for ((input, question), together) in pairs.iter().zip(&together) {
        for (asked, together) in question.iter().zip(&together.explained) {
            let alone = one(&resident, input, vec![asked.clone()]).expect("an answer");
            let alone = &alone.explained[0];
            assert_eq!((together.maps.len(), &together.maps[0].layer), (2, &alone.maps[0].layer));
            for (a, b) in together.maps.iter().zip(&alone.maps) {
                let error = relative_l2(&a.values, &b.values);
                assert!(error < 1e-5, "{:?} {}: {error}", a.layer, a.part);
            }
        }
    }
    counting.passes();
    let nothing = Question::new();
    let mixed = [(&inputs[0], &questions[1]), (&inputs[1], &nothing)];
    engine().answer(&resident, &mixed, &Silent).expect("answers");
    assert_eq!(counting.passes(), [1, 1]);
    assert_eq!(engine().answer(&resident, &[], &Silent).expect("none").len(), 0);
}

/// Layers and the input are looked at in the same pass, where the target is the same.
#[test]
fn gradients_of_layers_and_of_the_input_come_from_one_pass() {
    let (resident, counting) = fields();
    let input = frames(0);
    let target = above_mean(&resident, &input, 1);
    let cam = at(asked("grad-cam", target.clone()), &["cbam1"]);
    let question = vec![asked("saliency", target), cam];
    counting.passes();
    let answer = one(&resident, &input, question).expect("an answer");
    assert_eq!(counting.passes(), [1]);
    let [saliency, cams] = &answer.explained[..] else { panic!("two were asked for") };
    assert_eq!((saliency.score, &saliency.mask), (cams.score, &cams.mask));
    let map = &saliency.maps[0];
    assert_eq!((map.meaning, map.shape), (Meaning::Sensitivity, [3, 32, 48]));
    assert!(map.values.iter().all(|&v| v >= 0.0) && map.values.iter().any(|&v| v > 0.0));
}

#[test]
fn frames_that_do_not_fit_are_refused_with_what_to_do() {
    let (resident, _) = fields();
    let refused = |input: Input, question: Question, word: &str| {
        let error = one(&resident, &input, question).unwrap_err().to_string();
        assert!(error.contains(word), "{error}");
    };
    let fits = || frames(0);
    let none = Vec::new;
    refused(Input { shape: [6, 16, 48], ..fits() }, none(), "6 frames, the network takes 3: one");
    refused(Input { shape: [3, 30, 48], ..fits() }, none(), "pad it, e.g. to 32 × 48");
    refused(Input { shape: [3, 0, 48], ..fits() }, none(), "e.g. to 16 × 48");
    refused(Input { shape: [3, 32, 32], ..fits() }, none(), "3 × 32 × 32 are 3072");
    let mut gap = fits();
    gap.values[N_PIXELS + 2 * 48 + 5] = f32::NAN;
    refused(gap, none(), "NaN in channel 1, row 2, column 5");

    let target = |channel: usize, field, threshold| Target::SumAbove {
        channels: channel..channel + 1,
        field,
        threshold,
        within: None,
    };
    let cam = |target| vec![asked("grad-cam", target)];
    let clouds = NowcastField::CloudCover;
    refused(fits(), cam(target(2, clouds, 0.5)), "no lead time 2: the network gives 2");
    refused(fits(), cam(target(0, clouds, f64::NAN)), "the threshold is NaN");
    refused(fits(), cam(target(0, NowcastField::Precipitation, 0.5)), "predicts cloud cover");
    refused(fits(), cam(LOGIT), "gives fields");
    let unknown = vec![asked("lime", target(0, clouds, 0.5))];
    refused(fits(), unknown, "no method \"lime\"; choose one of: grad-cam");
    let nowhere = vec![at(asked("grad-cam", target(0, clouds, 0.5)), &["cbam9"])];
    refused(fits(), nowhere, "cbam9");
    let option = vec![with(asked("grad-cam", target(0, clouds, 0.5)), "steps", "50")];
    refused(fits(), option, "no option “steps”");

    let small = Input { values: vec![0.0; 3 * 256], shape: [3, 16, 16] };
    let nothing = Question::new();
    let sizes = [(&fits(), &nothing), (&small, &nothing)];
    let error = engine().answer(&resident, &sizes, &Silent).unwrap_err();
    assert!(error.to_string().contains("equally large"), "{error}");
}

#[test]
fn a_scene_is_classified_and_what_does_not_fit_is_refused() {
    let folder = tempfile::tempdir().expect("a folder");
    let engine = engine();
    let path = weights(folder.path(), Some(96), Some(64));
    let resident = engine.load("polar-low", &path).expect("the network");
    assert!(resident.checkpoint.is_simulated);
    let values: Vec<f32> = (0..3 * 64 * 64).map(|i| (i % 7) as f32 / 7.0).collect();
    let scene = Input { values, shape: [3, 64, 64] };
    let cam = || at(asked("grad-cam", PROBABILITY), &["activation_8"]);
    let integrate = with(asked("integrated-gradients", PROBABILITY), "steps", "3");
    let answer = one(&resident, &scene, vec![cam(), integrate]).expect("an answer");
    assert_eq!(answer.shape, [2]);
    let probabilities = explain::probabilities(&answer.prediction);
    let [cams, gradients] = &answer.explained[..] else { panic!("two were asked for") };
    assert_eq!(cams.score, f64::from(answer.prediction[1]), "Grad-CAM is of the logit");
    assert_eq!(cams.maps.iter().map(|map| map.shape).collect::<Vec<_>>(), [[1, 4, 4]; 2]);
    assert_eq!((cams.series[0].values.len(), &cams.mask), (64, &None));
    assert!((gradients.score - probabilities[1]).abs() < 1e-12);
    assert_eq!(gradients.maps[0].shape, [3, 64, 64]);
    let [path] = &gradients.series[..] else { panic!("only a path") };
    assert!(path.values.len() == 4 && (path.values[3] - probabilities[1]).abs() < 1e-6);

    let refused = |scene: Input, question: Question, word: &str| {
        let error = one(&resident, &scene, question).unwrap_err();
        assert!(error.to_string().contains(word), "{error}");
    };
    let class = Target::Class { class: 2, output: ClassOutput::Logit };
    refused(scene.clone(), vec![asked("grad-cam", class)], "tells 2 apart");
    let sum = Target::SumAbove {
        channels: 0..1,
        field: NowcastField::CloudCover,
        threshold: 0.5,
        within: None,
    };
    refused(scene.clone(), vec![asked("grad-cam", sum)], "gives classes");
    refused(scene.clone(), vec![at(cam(), &["activation_99"])], "activation_99");
    refused(Input { shape: [3, 63, 64], ..scene.clone() }, vec![cam()], "3 × 63 × 64");
    refused(Input { shape: [3, 31, 64], ..scene.clone() }, vec![cam()], "must be 32 at least");
    refused(Input { shape: [1, 64, 64], ..scene.clone() }, vec![cam()], "red, green and blue");
    let mut gap = scene.clone();
    gap.values[5] = f32::NAN;
    refused(gap, vec![cam()], "NaN in channel 0, row 0, column 5");
}
