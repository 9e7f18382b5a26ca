//! The full-size network, where there are reference numbers. Limits are ten times closer than the numbers ask for, and ten
//! times what `f32` costs.

use std::path::{Path, PathBuf};

use stormlens_data::files::npy::read_npy_f32;

use super::*;
use crate::golden::{full_path, listed};
use crate::models::sslpdl::front::{Hidden, picture, tokens};
use crate::train::fields::loss::{Weighted, reconstruction};

const SIZE: [usize; 2] = [224, 128];

fn npy(folder: &Path, name: &str) -> Vec<f32> {
    read_npy_f32(&folder.join(format!("{name}.npy"))).expect(name).1
}

/// The bytes of an array's values.
fn bytes(folder: &Path, name: &str) -> Vec<u8> {
    let bytes = std::fs::read(folder.join(format!("{name}.npy"))).expect(name);
    let start = 10 + usize::from(u16::from_le_bytes([bytes[8], bytes[9]]));
    bytes[start..].to_vec()
}

/// An array of numbers of two bytes each (IEEE 754 binary16), all of them finite.
fn halves(folder: &Path, name: &str) -> Vec<f32> {
    let wide = |&pair: &[u8; 2]| {
        let bits = u16::from_le_bytes(pair);
        let (exponent, fraction) = (i32::from((bits >> 10) & 31), f32::from(bits & 1023) / 1024.0);
        let size = match exponent {
            0 => fraction * 2f32.powi(-14),
            exponent => (1.0 + fraction) * 2f32.powi(exponent - 15),
        };
        if bits >> 15 == 1 { -size } else { size }
    };
    bytes(folder, name).as_chunks::<2>().0.iter().map(wide).collect()
}

/// The folder of reference numbers and the fine-tuned weights.
fn reference() -> Option<(PathBuf, HostTensors)> {
    let folder = full_path("sslpdl")?;
    let weights_of = |name: &str, prefix: &str| {
        listed(&folder.join(format!("{name}_weights_manifest.json")), prefix)
    };
    let mut weights = weights_of("encoder", "pretrained_model.model.");
    weights.extend(weights_of("generator", "generator."));
    let form = Form { has_layer_scale: true, ..Form::published() };
    let names = architecture(&form).schema;
    let ours = names.iter().map(|(name, shape)| (name, shape));
    assert!(weights.iter().map(|(name, shape, _)| (name, shape)).eq(ours), "other tensors");
    Some((folder, weights))
}

/// The fields with so many tokens hidden.
fn fields(folder: &Path, ratio: f64) -> Tensor<4> {
    let mut values = halves(folder, "enc_input");
    let hidden = hidden_by_noise(&npy(folder, "enc_mask_noise"), ratio);
    let tokens = Form::published().sizes().tokens(SIZE[0], SIZE[1]).expect("its size");
    tokens.hide(&mut values, &hidden);
    input(values, [1, 16, SIZE[0], SIZE[1]], &Device::flex())
}

fn check_abs(what: &str, ours: &[f32], theirs: &[f32], limit: f64) {
    let error = max_error(ours, theirs);
    println!("{what}: off by {error:.1e}");
    assert!(error <= limit, "{what}: off by {error:.1e}, not {limit:.0e}");
}

/// The mask that follows from the noise, tokens, and the corner of the picture that the encoder sees.
#[test]
fn the_front_equals_the_reference() {
    let Some((folder, weights)) = reference() else { return };
    let hidden = hidden_by_noise(&npy(&folder, "enc_mask_noise"), 0.75);
    let expected: Vec<bool> = bytes(&folder, "enc_mask").iter().map(|&v| v == 1).collect();
    assert!(hidden == expected && hidden.iter().filter(|&&h| !h).count() == 112);
    let p = parameters(&weights, &Device::flex());
    let (root, form) = (p.root(), Form::published());
    let own = root.below(Naming::FineTuning.prefix());
    let whole = fields(&folder, 0.0);
    let visible = tokens(&own, &form, whole.clone(), &Hidden::of(&form, &whole));
    let first = to_vec(visible.narrow(1, 0, 8));
    check_abs("tokens", &first, &npy(&folder, "enc_tokens_first8"), 1e-5);
    let x = fields(&folder, 0.75);
    let hidden = Hidden::of(&form, &x);
    let seen = picture(&own, &form, tokens(&own, &form, x, &hidden), &hidden);
    let corner = to_vec(seen.narrow(2, 0, 32).narrow(3, 0, 32));
    check_abs("picture", &corner, &npy(&folder, "enc_embedded_img_ch0_15_row0_31"), 5e-5);
}

/// Levels of the encoder and the fields that it rebuilds, on kernels and without, with layers and as published.
#[test]
fn the_encoder_equals_the_reference() {
    let Some((folder, weights)) = reference() else { return };
    let encoder = weights.into_iter().filter(|(name, ..)| !name.starts_with("generator."));
    let encoder: HostTensors =
        encoder.map(|(n, s, v)| (n.replacen("pretrained_model.", "", 1), s, v)).collect();
    let identity = identity(&encoder);
    for (name, weights, limit) in [("released", identity, 5e-5), ("repaired", encoder, 1e-4)] {
        let p = parameters(&fold(weights, NormOptions::PYTORCH), &Device::flex());
        for kernels in [Kernels::Plain, Kernels::chosen()] {
            let mut tap = Tap::observe_layers((0..4).map(|level| format!("levels.{level}")));
            let mode = Mode::Inference(kernels);
            let y = Sslpdl.forward(&p, fields(&folder, 0.75), &mut tap, &mode).to_host();
            for (level, (_, shape, values)) in tap.into_activations().into_iter().enumerate() {
                let theirs = npy(&folder, &format!("enc_{name}_feat{level}_c0_31"));
                let n = 32 * shape[2] * shape[3];
                check_abs(
                    &format!("{name}, level {level}, {kernels}"),
                    &values[..n],
                    &theirs,
                    limit,
                );
            }
            check_loss(&folder, &y, &format!("enc_{name}"));
            let y = every_nth(&y, SIZE[0], SIZE[1], 2);
            let theirs = npy(&folder, &format!("enc_{name}_pretrain_out"));
            check_abs(&format!("{name}, rebuilt, {kernels}"), &y, &theirs, limit);
        }
    }
}

/// The loss of the pre-training, over all values of hidden tokens.
fn check_loss(folder: &Path, rebuilt: &[f32], case: &str) {
    let hidden = to_vec(fields(folder, 0.75));
    let weights = hidden.iter().map(|value| f32::from(u8::from(value.is_nan()))).collect();
    let shape = [1, 16, SIZE[0], SIZE[1]];
    let [fields, weights] =
        [halves(folder, "enc_input"), weights].map(|values| Weighted { shape, values });
    let device = Device::flex();
    let ours =
        to_vec(reconstruction(input(rebuilt.to_vec(), shape, &device), &fields, &weights, &device));
    let text = std::fs::read_to_string(folder.join("expected.json")).expect("reference numbers");
    let expected: serde_json::Value = serde_json::from_str(&text).expect("JSON");
    let theirs = expected[case]["pretrain_loss"].as_f64().expect("a loss");
    let error = (f64::from(ours[0]) / theirs - 1.0).abs();
    assert!(error <= 1e-4, "{case}: a loss of {}, not {theirs}", ours[0]);
}

/// Probabilities of the variant that the authors' program is, with hidden tokens and without.
#[test]
fn probabilities_equal_the_reference() {
    let Some((folder, weights)) = reference() else { return };
    let weights = identity(&weights);
    let p = parameters(&fold(weights, NormOptions::PYTORCH), &Device::flex());
    for kernels in [Kernels::Plain, Kernels::chosen()] {
        for (ratio, name) in [(0.25, "ft_prob_mask025_stride2"), (0.0, "ft_prob_mask0_stride2")] {
            let mode = Mode::Inference(kernels);
            let y = Sslpdl.forward(&p, fields(&folder, ratio), &mut Tap::off(), &mode).field();
            let y = to_vec(burn::tensor::activation::softmax(y, 1));
            let y = every_nth(&y, SIZE[0], SIZE[1], 2);
            check_abs(&format!("{name}, {kernels}"), &y, &npy(&folder, name), 1e-5);
        }
    }
}
