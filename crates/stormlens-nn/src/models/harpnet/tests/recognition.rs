//! Which version and which sizes weights are of.

use super::*;
use crate::engine::state_dict;
use crate::models::Sizes;
use crate::registry;

const V1_MINI: Form = Form { depth: 4, n_unused: 1, ..Form::FIRST };
const V2: Form = Form { version: Version::V2, depth: 5, ..Form::PUBLISHED };

#[test]
fn the_schema_is_the_published_one() {
    let check = |form: Form, n_parameters: usize, n_tensors: usize| {
        let found = architecture(&form);
        assert_eq!((found.n_parameters, found.schema.len()), (n_parameters, n_tensors), "{form:?}");
    };
    let of_depth = |depth| Form { depth, ..Form::PUBLISHED };
    check(Form::PUBLISHED, 7_118_787, 78);
    check(of_depth(3), 14_003_396, 110);
    check(of_depth(4), 39_470_789, 142);
    check(of_depth(5), 140_294_854, 174);
    check(Form::FIRST, 140_294_214, 174);
    check(V2, 140_294_214, 174);
    check(Form { depth: 2, ..V2 }, 7_118_147, 78);
    check(V1_MINI, 96_300_102, 174);
}

#[test]
fn version_and_sizes_are_told_by_names_and_shapes() {
    let narrow = |form: Form| Form { base_channels: 2, tile: 32, ..form };
    let forms = [Form::FIRST, V1_MINI, V2, Form::PUBLISHED].map(narrow);
    let depths = (1..=5).map(|depth| Form { depth, ..forms[3] });
    for form in forms.into_iter().chain(depths) {
        let state = state_dict(&weights(&form), 0);
        let found = registry::recognise(&state).expect("HARPNET");
        assert_eq!((found.entry.card)().id, "harpnet");
        assert_eq!(found.architecture, architecture(&form), "{form:?}");
        let shape = |name: &str| state.tensors.get(name).map(|tensor| tensor.shape.clone());
        assert_eq!(Form::of(&shape), Some(Ok(form)));
        assert_eq!(run(&on_cpu(&form), input_of(&form), &Mode::inference()).len(), 32 * 32);
    }
}

fn input_of(form: &Form) -> Tensor<4> {
    examples(form, 1, if form.is_normalised() { form.tile } else { 10 })
}

/// The fifth level of the "Mini" is in the file and in no prediction.
#[test]
fn what_a_mini_does_not_use_has_no_influence() {
    let form = Form { base_channels: 2, tile: 32, ..V1_MINI };
    let mut other = weights(&form);
    let mut n_changed = 0;
    for (name, _, values) in &mut other {
        if ["enc5.", "dec5.", "upconv5.", "attn_block5."].iter().any(|m| name.starts_with(m)) {
            values.fill(7.0);
            n_changed += 1;
        }
    }
    assert_eq!(n_changed, 32);
    let run = |weights: &HostTensors| {
        run(&parameters(weights, &Device::flex()), input_of(&form), &Mode::inference())
    };
    assert_eq!(run(&other), run(&weights(&form)));
}

/// Version 1 and version 2 are one function under two sets of names.
#[test]
fn renamed_weights_of_version_1_are_version_2() {
    let form = Form { version: Version::V1, depth: 3, ..TINY };
    let listed = Form { version: Version::V2, ..form };
    // In another order, so matched by shape and module.
    let rename = |name: &str| {
        let names = |level: usize| {
            [
                (form.encoder(level), listed.encoder(level)),
                (form.decoder(level), listed.decoder(level)),
                (form.gate(level), listed.gate(level)),
                (form.enlarging(level), listed.enlarging(level)),
            ]
        };
        let of_level = (0..3).flat_map(names).find_map(|(from, to)| {
            let rest = name.strip_prefix(&format!("{from}."))?;
            Some(format!("{to}.{rest}"))
        });
        of_level.unwrap_or_else(|| name.to_owned())
    };
    let renamed: HostTensors =
        weights(&form).into_iter().map(|(n, shape, values)| (rename(&n), shape, values)).collect();
    let state = state_dict(&renamed, 0);
    assert_eq!(registry::recognise(&state).expect("HARPNET").architecture, architecture(&listed));
    let x = || examples(&form, 1, 18);
    let ours = run(&parameters(&renamed, &Device::flex()), x(), &Mode::inference());
    assert_eq!(ours, run(&on_cpu(&form), x(), &Mode::inference()));
}

#[test]
fn what_no_version_has_is_refused_in_words() {
    let refused = |change: &dyn Fn(&mut HostTensors), word: &str| {
        let mut weights = weights(&TINY);
        change(&mut weights);
        let error = registry::recognise(&state_dict(&weights, 0)).map(|_| ()).unwrap_err();
        assert!(error.to_string().contains(word), "{error}");
    };
    let resize = |weights: &mut HostTensors, name: &str, shape: &[usize]| {
        let tensor = weights.iter_mut().find(|(n, ..)| n == name).expect(name);
        *tensor = (name.to_owned(), shape.to_vec(), vec![0.5; shape.iter().product()]);
    };
    let first = "encoders.0.resconvblock.0.weight";
    refused(
        &|w| resize(w, first, &[4, 3, 3, 3]),
        "takes 3 channels under names such as `encoders.0`",
    );
    refused(&|w| resize(w, "final_conv.weight", &[2, 4, 1, 1]), "it gives 2 channels");
    let norm = "encoders.0.resconvblock.1.weight";
    refused(&|w| resize(w, norm, &[4, 18, 18]), "18 × 18 pixels, which 2 levels cannot halve");
    refused(&|w| resize(w, "bridge.shortcut.1.bias", &[16, 8, 8]), "`bridge.shortcut.1.bias`");
    refused(&|w| w.retain(|(n, ..)| n != "upconvs.1.bias"), "1 missing: `upconvs.1.bias`");
    let squeeze = ("encoders.0.se.fc1.weight".to_owned(), vec![1, 4], vec![0.0; 4]);
    refused(&|w| w.push(squeeze.clone()), "1 unexpected: `encoders.0.se.fc1.weight`");
    let of_v1 = Form { version: Version::V1, ..TINY };
    let mut with_elevation = weights(&of_v1);
    resize(&mut with_elevation, "enc1.resconvblock.0.weight", &[4, 2, 3, 3]);
    let error = registry::recognise(&state_dict(&with_elevation, 0)).map(|_| ()).unwrap_err();
    assert!(error.to_string().contains("takes 2 channels under names such as `enc1`"), "{error}");
}

#[test]
fn a_new_network_is_version_4() {
    let design = |sizes: Sizes| (ENTRY.design)(&sizes);
    assert_eq!(design(Sizes::default()).expect("published").n_parameters, 7_118_787);
    let narrow = design(Sizes { base_channels: Some(8), ..Sizes::default() }).expect("narrow");
    assert_eq!(narrow, architecture(&Form { base_channels: 8, ..Form::PUBLISHED }));
    let channels = Sizes { channels: Some((12, 1)), ..Sizes::default() };
    assert!(design(channels).unwrap_err().contains("rain and elevation"));
    assert!(design(Sizes { kernels_per_layer: Some(1), ..Sizes::default() }).is_err());
}
