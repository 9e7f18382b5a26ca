use serde_json::{Value as Json, json};

use super::*;
use crate::models::{Sizes, spat_spark, unet};
use stormlens_checkpoint::{Container, Layout, Metadata, StateDict};

fn network(n_in: usize, n_out: usize) -> Architecture {
    let sizes = Sizes { channels: Some((n_in, n_out)), ..Sizes::default() };
    (unet::SMAAT_UNET.design)(&sizes).unwrap()
}

/// A checkpoint that says this of itself.
fn file(metadata: Option<Statement>, hyper_parameters: Json) -> Foreign {
    let metadata = metadata.map(|said| Metadata {
        model: "smaat-unet".into(),
        hyper_parameters: json!({}),
        normalisation_mm_5min: None,
        field: said.field,
        frame_step_min: said.frame_step_min,
        lead_times_min: said.lead_times_min,
        rain: None,
        fields: None,
        input_px: None,
        crop_px: None,
        simulated: false,
        training_statistics: None,
        training_features: None,
        training_data: String::new(),
        licence: String::new(),
        created_by: String::new(),
    });
    Foreign {
        state: StateDict::default(),
        left_over: Vec::new(),
        dictionaries: Vec::new(),
        container: Container::TorchZip,
        layout: Layout::Lightning07,
        hyper_parameters: serde_json::from_value(hyper_parameters).unwrap(),
        epoch: None,
        numbers: Default::default(),
        sha256: String::new(),
        metadata,
    }
}

fn found(
    (n_in, n_out): (usize, usize),
    metadata: Option<Statement>,
    hyper_parameters: Json,
) -> Result<Nowcasting, String> {
    let architecture = network(n_in, n_out);
    Statement::of(&file(metadata, hyper_parameters), &architecture)
        .complete(&architecture, &crate::models::sar_unet::ENTRY)
}

fn said(field: Option<NowcastField>, step: Option<u32>, leads: Option<&[u32]>) -> Statement {
    Statement { field, frame_step_min: step, lead_times_min: leads.map(<[u32]>::to_vec) }
}

#[track_caller]
fn check(found: Result<Nowcasting, String>, step: u32, leads: &[u32], is_stated: bool) {
    let found = found.unwrap();
    let is_rain = step == 5;
    let field = if is_rain { NowcastField::Precipitation } else { NowcastField::CloudCover };
    assert_eq!((found.field, found.frame_step_min), (field, step));
    assert_eq!((found.lead_times_min.as_slice(), found.is_stated), (leads, is_stated));
}

const CLOUDS: &[u32] = &[15, 30, 45, 60, 75, 90];

#[test]
fn without_a_word_the_publications_count() {
    check(found((12, 1), None, json!({})), 5, &[30], false);
    check(found((4, 6), None, json!({})), 15, CLOUDS, false);
    // Only the field is said.
    let of_clouds = said(Some(NowcastField::CloudCover), None, None);
    check(found((4, 6), Some(of_clouds), json!({})), 15, CLOUDS, false);
}

#[test]
fn our_own_files_state_it() {
    let rain = Some(NowcastField::Precipitation);
    let three = said(rain, Some(5), Some(&[5, 30, 60]));
    check(found((12, 3), Some(three), json!({})), 5, &[5, 30, 60], true);
    let hour = said(rain, Some(5), Some(&[60]));
    let data_set = json!({ "dataset_folder": "input-length_12_img-ahead_6" });
    check(found((12, 1), Some(hour), data_set), 5, &[60], true);
}

/// A dictionary of SpaT-SparK's authors says of which stage its weights are, and of one frame not how far ahead it is.
#[test]
fn the_authors_dictionary_says_its_stage() {
    let of = |n: usize, is_pretrain: f64| {
        let form = spat_spark::Form {
            in_channels: n,
            out_channels: n,
            translates: false,
            ..spat_spark::Form::published()
        };
        let mut file = file(None, json!({}));
        file.numbers.insert("is_pretrain".into(), is_pretrain);
        Statement::of(&file, &spat_spark::architecture(&form)).lead_times_min
    };
    assert_eq!(of(12, 1.0), Some(Vec::new()));
    assert_eq!(of(12, 0.0), Some((1..=12).map(|i| 5 * i).collect()));
    assert_eq!((of(1, 1.0), of(1, 0.0)), (Some(Vec::new()), None));
    let mut other = file(None, json!({}));
    other.numbers.insert("is_pretrain".into(), 0.0);
    assert_eq!(Statement::of(&other, &network(12, 1)).lead_times_min, None);
}

#[test]
fn hyper_parameters_name_the_data_set() {
    let windows = |l: u32, a: u32| {
        let name = format!("data/train_test_2016-2019_input-length_{l}_img-ahead_{a}_rain.h5");
        json!({ "dataset_folder": name, "use_oversampled_dataset": true })
    };
    check(found((12, 1), None, windows(12, 6)), 5, &[30], true);
    check(found((12, 1), None, windows(12, 36)), 5, &[180], true);
    check(found((6, 1), None, windows(6, 24)), 5, &[120], true);
    // The network takes the first six frames, and the last one is the target.
    check(found((6, 1), None, windows(12, 6)), 5, &[60], true);
    check(found((4, 6), None, json!({ "dataset": "data/Cloud_cover" })), 15, CLOUDS, true);
    // Windows that were not cut in advance are not what the name says.
    let mut others = windows(12, 36);
    others["use_oversampled_dataset"] = false.into();
    check(found((12, 1), None, others), 5, &[30], false);
}

#[track_caller]
fn check_refused(found: Result<Nowcasting, String>, words: &[&str]) {
    let message = found.unwrap_err();
    assert!(words.iter().all(|word| message.contains(word)), "{message}");
}

#[test]
fn what_nobody_says_is_asked_for() {
    let how = ["takes 18 frames and gives 12", "--field", "--frame-step-min", "--lead-times-min"];
    check_refused(found((18, 12), None, json!({})), &how);
    let windows = json!({ "dataset_folder": "input-length_12_img-ahead_6" });
    check_refused(found((12, 6), None, windows), &["takes 12 frames and gives 6"]);
    check_refused(found((12, 1), None, json!({ "dataset_folder": "clouds" })), &["--field"]);
    let too_long = json!({ "dataset_folder": "input-length_12_img-ahead_99999999999" });
    check(found((12, 1), None, too_long), 5, &[30], false);
}

#[test]
fn statements_that_do_not_fit_are_refused() {
    let rain = Some(NowcastField::Precipitation);
    let check = |step, leads: &[u32], words: &[&str]| {
        let stated = said(rain, Some(step), Some(leads));
        check_refused(found((12, 2), Some(stated), json!({})), words);
    };
    check(5, &[30], &["gives 2 frames", "1 lead times", "(30 min)"]);
    check(5, &[30, 15], &["30, 15 min", "ascend"]);
    check(5, &[7, 30], &["multiple of the 5 min"]);
    check(5, &[0, 30], &["multiple of the 5 min"]);
    check(0, &[15, 30], &["0 min is no time"]);
    check(u32::MAX, &[15, 30], &["is no time"]);
}
