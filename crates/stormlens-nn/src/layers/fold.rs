//! Batch normalisation folded into the convolution before it.
//!
//! In evaluation both are linear, so `norm(W x + b)` is `W' x + b'` with `W' = W g/√(v+ε)` and
//! `b' = (b − mean) g/√(v+ε) + β`. It is done in `f64` when weights are loaded: normalised rain is
//! of the order of 10⁻³ while biases are of 0.1, and subtracting the running mean in `f32` would
//! lose digits in every block.

use std::collections::BTreeMap;

use super::NormOptions;
use crate::models::HostTensors;

type ByName = BTreeMap<String, (Vec<usize>, Vec<f32>)>;

/// The same function with every batch normalisation folded away, for inference only.
pub fn fold(tensors: HostTensors, options: NormOptions) -> HostTensors {
    let mut all: ByName = tensors.into_iter().map(|(n, s, v)| (n, (s, v))).collect();
    let norms: Vec<String> =
        all.keys().filter_map(|n| n.strip_suffix(".running_var")).map(str::to_owned).collect();
    for norm in norms {
        if let Some(convolution) = convolution_before(&norm, &all) {
            fold_one(&mut all, &convolution, &norm, options.epsilon);
        }
    }
    all.into_iter().map(|(name, (shape, values))| (name, shape, values)).collect()
}

/// `….bn` follows `….conv` and `….bn2` follows `….conv2`; in a sequence, number n follows number n − 1, if that is no
/// normalisation itself.
fn convolution_before(norm: &str, all: &ByName) -> Option<String> {
    let (owner, last) = norm.rsplit_once('.')?;
    let before = match last.parse::<usize>() {
        Ok(n) => format!("{owner}.{}", n.checked_sub(1)?),
        Err(_) => match last.strip_prefix("bn").filter(|number| !number.is_empty()) {
            Some(number) => format!("{owner}.conv{number}"),
            None => format!("{owner}.conv"),
        },
    };
    let pointwise = format!("{before}.pointwise");
    let is_convolution = |name: &String| {
        all.get(&format!("{name}.weight")).is_some_and(|(shape, _)| shape.len() > 1)
    };
    [pointwise, before].into_iter().find(is_convolution)
}

fn fold_one(all: &mut ByName, convolution: &str, norm: &str, epsilon: f64) {
    let mut take = |part: &str| all.remove(&format!("{norm}.{part}")).map(|(_, v)| v);
    let parts = (take("weight"), take("bias"), take("running_mean"), take("running_var"));
    let (Some(gain), Some(shift), Some(mean), Some(variance)) = parts else { return };
    let name = format!("{convolution}.weight");
    let Some((shape, mut weight)) = all.remove(&name) else { return };
    let incoming = incoming_bias(all, convolution, &weight, shape[0]);
    let per_output = weight.len() / shape[0];
    let mut bias = Vec::with_capacity(shape[0]);
    for (c, row) in weight.chunks_exact_mut(per_output).enumerate() {
        let scale = f64::from(gain[c]) / (f64::from(variance[c]) + epsilon).sqrt();
        row.iter_mut().for_each(|w| *w = (f64::from(*w) * scale) as f32);
        bias.push(((incoming[c] - f64::from(mean[c])) * scale + f64::from(shift[c])) as f32);
    }
    all.insert(format!("{convolution}.bias"), (vec![shape[0]], bias));
    all.insert(name, (shape, weight));
}

/// The convolution's own bias, and the one of the depthwise convolution before it: nothing but a
/// linear map lies between them, so it moves through without a trace.
fn incoming_bias(all: &mut ByName, convolution: &str, weight: &[f32], n_out: usize) -> Vec<f64> {
    let own = all.get(&format!("{convolution}.bias")).map(|(_, v)| v.clone());
    let mut bias: Vec<f64> = match own {
        Some(own) => own.into_iter().map(f64::from).collect(),
        None => vec![0.0; n_out],
    };
    let Some(owner) = convolution.strip_suffix(".pointwise") else { return bias };
    if let Some((_, depthwise)) = all.remove(&format!("{owner}.depthwise.bias")) {
        for (b, row) in bias.iter_mut().zip(weight.chunks_exact(depthwise.len())) {
            let dot = row.iter().zip(&depthwise).map(|(&w, &d)| f64::from(w) * f64::from(d));
            *b += dot.sum::<f64>();
        }
    }
    bias
}
