use std::path::PathBuf;

use stormlens_data::request::{PathOptions, Silent};

use super::*;
use crate::checkpoint::{Metadata, Precision, write_safetensors};
use crate::models::polar_low;

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
        input_px,
        crop_px,
        simulated: true,
        training_statistics: None,
        training_data: "nothing".into(),
        licence: "none".into(),
        created_by: "a test".into(),
    };
    let path = folder.join(format!("{input_px:?}-{crop_px:?}.safetensors"));
    write_safetensors(&path, &state, &metadata, Precision::F32).expect("a file");
    path
}

fn question() -> SceneQuestion {
    SceneQuestion { class: 1, layers: vec!["activation_8".into()], path: None }
}

#[test]
fn a_size_that_is_unknown_or_senseless_is_refused_before_it_misleads() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut engine = Engine::new(DeviceChoice::Cpu).expect("a CPU");
    let mut check = |input_px, crop_px, word: &str| {
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

#[test]
fn a_scene_is_classified_and_what_does_not_fit_is_refused() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut engine = Engine::new(DeviceChoice::Cpu).expect("a CPU");
    let path = weights(folder.path(), Some(96), Some(64));
    let resident = engine.load("polar-low", &path).expect("the network");
    assert!(resident.checkpoint.is_simulated);
    let values: Vec<f32> = (0..3 * 64 * 64).map(|i| (i % 7) as f32 / 7.0).collect();
    let scene = SceneInput { values, side_px: 64 };
    let path = Some(PathOptions { n_steps: 3, ..PathOptions::default() });
    let answer = engine.classify(&resident, &scene, &SceneQuestion { path, ..question() }, &Silent);
    let answer = answer.expect("an answer");
    assert!((answer.probabilities.iter().sum::<f64>() - 1.0).abs() < 1e-12);
    let cam = answer.grad_cam.expect("it was asked for");
    assert_eq!((cam.layers[0].raw.height, cam.layers[0].weights.len()), (4, 64));
    let gradients = answer.integrated_gradients.expect("they were asked for");
    assert_eq!((gradients.path.len(), gradients.attribution.len()), (4, 3 * 64 * 64));
    assert!((gradients.path[3] - answer.probabilities[1]).abs() < 1e-6);

    let refused = |scene: SceneInput, question: SceneQuestion, word: &str| {
        let error = engine.classify(&resident, &scene, &question, &Silent).unwrap_err();
        assert!(error.to_string().contains(word), "{error}");
    };
    refused(scene.clone(), SceneQuestion { class: 2, ..question() }, "tells 2 apart");
    let unknown = SceneQuestion { layers: vec!["activation_99".into()], ..question() };
    refused(scene.clone(), unknown, "activation_99");
    refused(SceneInput { side_px: 63, ..scene.clone() }, question(), "63 × 63");
    let mut gap = scene.clone();
    gap.values[5] = f32::NAN;
    refused(gap, question(), "NaN at place 5");
}
