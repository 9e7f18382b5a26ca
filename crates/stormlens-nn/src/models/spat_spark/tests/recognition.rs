//! Networks that are told by their tensors, and first weights.

use stormlens_checkpoint::StateDict;

use super::*;
use crate::engine::state_dict;
use crate::models::Sizes;
use crate::registry;

fn state(form: &Form) -> StateDict {
    state_dict(&weights(form), 1)
}

/// As the authors count parameters.
#[test]
fn published_networks_have_their_size() {
    let published = Form::published();
    for (depths, channels, translates, n) in [
        ([2; 4], 12, false, 43_388_428),
        ([2; 4], 12, true, 96_477_196),
        ([3, 4, 6, 3], 12, false, 52_950_284),
        ([3, 4, 6, 3], 12, true, 106_039_052),
        ([2; 4], 1, false, 43_353_657),
        ([3, 4, 6, 3], 1, true, 106_004_281),
        ([1; 4], 12, false, 37_458_188),
        ([1; 4], 12, true, 90_546_956),
    ] {
        let [in_channels, out_channels] = [channels; 2];
        let form = Form { depths, in_channels, out_channels, translates, ..published.clone() };
        assert_eq!(architecture(&form).n_parameters, n, "{form:?}");
    }
}

#[test]
fn names_and_shapes_are_the_authors() {
    let Some(listed) = super::full::state_names() else { return };
    let form = Form { unused_px: Some([96; 2]), ..Form::published() };
    let ours = architecture(&form).schema.to_vec();
    assert_eq!(ours.len(), listed.len());
    for own in &ours {
        assert!(listed.contains(own), "{own:?}");
    }
}

#[test]
fn sizes_are_told_by_names_and_shapes() {
    let with_floor = Form { has_floor: true, ..tiny(true) };
    let with_unused = Form { unused_px: Some([96; 2]), ..tiny(false) };
    for form in [tiny(false), tiny(true), with_floor, with_unused] {
        let found = registry::recognise(&state(&form)).expect("its own weights");
        assert_eq!(found.entry.name, "SpaT-SparK");
        assert_eq!(found.architecture, architecture(&form));
    }
}

#[test]
fn what_cannot_be_is_refused_in_words() {
    let refused =
        |state: &StateDict| registry::recognise(state).map(|_| ()).unwrap_err().to_string();
    let mut lacking = state(&tiny(true));
    lacking.tensors.shift_remove("mask_tokens.2");
    assert!(refused(&lacking).contains("mask_tokens.2"));
    // An encoder alone, as the authors write it beside the whole.
    let (encoder, _) = state(&tiny(false)).below("sparse_encoder.sp_cnn.");
    let mut encoder = encoder;
    let stem = encoder.tensors.get_mut("conv1.weight").expect("a stem");
    *stem = stormlens_checkpoint::Tensor::f32(vec![4, 12, 7, 7], vec![0.0; 4 * 12 * 49]);
    assert!(refused(&encoder).contains("_spark_style.pth"));
    let odd = Form { decoder_channels: 48, ..tiny(false) };
    assert!(odd.check().unwrap_err().contains("halved"));
    let design = |channels| (ENTRY.design)(&Sizes { channels: Some(channels), ..Sizes::default() });
    assert!(design((12, 6)).unwrap_err().contains("as many frames"));
    assert!(design((12, 12)).is_ok());
}

/// Weights of the pre-training go on, and only the translation is new.
#[test]
fn fine_tuning_begins_with_pre_trained_weights() {
    let before = weights(&tiny(false));
    let after = fine_tuning_of(&before, true, 3).expect("a translation is added");
    let names = |weights: &HostTensors| weights.iter().map(|(n, ..)| n.clone()).collect::<Vec<_>>();
    let wanted: Vec<_> = architecture(&tiny(true)).schema.iter().map(|(n, _)| n.clone()).collect();
    assert_eq!(names(&after), wanted);
    for (name, shape, values) in &before {
        assert!(after.contains(&(name.clone(), shape.clone(), values.clone())), "{name}");
    }
    let same = fine_tuning_of(&before, false, 3).expect("as it is");
    assert_eq!(names(&same), names(&before));
    assert!(fine_tuning_of(&Vec::new(), true, 3).is_err());
}

/// As the authors draw them.
#[test]
fn first_weights_have_their_spread() {
    let form = Form { has_floor: true, ..tiny(true) };
    let drawn = (ENTRY.initialise)(&architecture(&form).schema, 5);
    let spread = |wanted: &str| {
        let (_, _, values) = drawn.iter().find(|(name, ..)| name == wanted).expect(wanted);
        let square: f64 = values.iter().map(|v| f64::from(*v).powi(2)).sum();
        (square / values.len() as f64).sqrt()
    };
    for (name, expected) in [
        ("sparse_encoder.sp_cnn.conv1.weight", (2.0 / (4.0 * 49.0f64)).sqrt()),
        ("sparse_encoder.sp_cnn.layer1.0.bn1.weight", 1.0),
        ("sparse_encoder.sp_cnn.layer1.0.bn3.weight", 0.0),
        ("dense_decoder.dec.0.up_sample.weight", (2.0 / (64.0 * 16.0f64)).sqrt()),
        ("dense_decoder.dec.0.conv.0.weight", 0.02),
        ("transition.net.0.0.weight", 0.02),
        ("densify_projs.0.weight", 1.0 / (128.0 * 3.0f64).sqrt()),
        // Normal within ± one standard deviation.
        ("mask_tokens.0", 0.02 * 0.54),
        (FLOOR, 0.003),
    ] {
        let found = spread(name);
        assert!(
            (found - expected).abs() <= 0.12 * expected + 1e-9,
            "{name}: {found}, not {expected}"
        );
    }
}
