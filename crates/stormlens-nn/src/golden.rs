//! Reference numbers for tests: files of the authors' programs' results, and how far apart is near.

pub(crate) mod nowcast;
pub(crate) mod twins;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use burn::tensor::{Device, Gradients, Tensor, TensorData};
use safetensors::SafeTensors;

use crate::Parameters;
use crate::models::HostTensors;
use crate::parameters::{Recorder, to_vec};
use crate::random::Random;

/// A safetensors file of reference numbers.
pub(crate) struct Golden(Vec<u8>);

impl Golden {
    /// A file of this repository.
    pub fn small(name: &str) -> Self {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden");
        Self(std::fs::read(folder.join(name)).expect(name))
    }

    /// A full-size file, where the environment says that there are any.
    pub fn full(name: &str) -> Option<Self> {
        Some(Self(std::fs::read(full_path(name)?).expect(name)))
    }

    pub fn names(&self) -> Vec<String> {
        self.file().names().into_iter().map(str::to_owned).collect()
    }

    pub fn shape(&self, name: &str) -> Vec<usize> {
        self.file().tensor(name).expect(name).shape().to_vec()
    }

    pub fn f32(&self, name: &str) -> Vec<f32> {
        let file = self.file();
        let data = file.tensor(name).expect(name).data().to_vec();
        data.as_chunks::<4>().0.iter().map(|&b| f32::from_le_bytes(b)).collect()
    }

    pub fn f64(&self, name: &str) -> Vec<f64> {
        let file = self.file();
        let data = file.tensor(name).expect(name).data().to_vec();
        data.as_chunks::<8>().0.iter().map(|&b| f64::from_le_bytes(b)).collect()
    }

    /// Eight to a byte, first value in the highest bit.
    pub fn bits(&self, name: &str) -> Vec<f32> {
        let file = self.file();
        let bytes = file.tensor(name).expect(name).data().to_vec();
        bytes.iter().flat_map(|b| (0..8).rev().map(move |i| f32::from((b >> i) & 1))).collect()
    }

    fn file(&self) -> SafeTensors<'_> {
        SafeTensors::deserialize(&self.0).expect("a safetensors file")
    }
}

/// A file below `STORMLENS_GOLDEN_DIR`; says so where that is not set.
pub(crate) fn full_path(name: &str) -> Option<PathBuf> {
    match std::env::var_os("STORMLENS_GOLDEN_DIR") {
        Some(folder) => Some(Path::new(&folder).join(name)),
        None => {
            println!("skipped: STORMLENS_GOLDEN_DIR is not set, so there is no {name}");
            None
        }
    }
}

pub(crate) fn parameters(tensors: &HostTensors, device: &Device) -> Parameters {
    Parameters::from_host(tensors.clone(), device)
}

/// The gradients of all weights by name, as a run of training gathers them.
pub(crate) fn weight_gradients(
    leaves: &Parameters,
    recorder: &Recorder,
    tape: &mut Gradients,
) -> BTreeMap<String, Vec<f32>> {
    let others = recorder.beside_the_tape(tape, &Device::flex());
    let mut found: BTreeMap<_, _> =
        others.into_iter().map(|(name, gradient)| (name, to_vec(gradient))).collect();
    leaves.map_learnable(|name, leaf| {
        found.extend(leaf.grad_remove(tape).map(|g| (name.to_owned(), to_vec(g))));
        leaf
    });
    found
}

pub(crate) fn input(values: Vec<f32>, shape: [usize; 4], device: &Device) -> Tensor<4> {
    Tensor::from_data(TensorData::new(values, shape), device)
}

/// Uniform numbers in 0 to 1, always the same.
pub(crate) fn ramp(n: usize) -> Vec<f32> {
    let mut random = Random::new(7);
    (0..n).map(|_| random.unit() as f32).collect()
}

/// Weights that follow from their names, as the reference numbers without a weights' file use them:
/// SplitMix64 from the FNV-1a hash of the name, uniform within bounds by the kind of parameter.
pub(crate) fn procedural(schema: &[(String, Vec<usize>)]) -> HostTensors {
    schema.iter().map(|(name, shape)| (name.clone(), shape.clone(), draw(name, shape))).collect()
}

fn draw(name: &str, shape: &[usize]) -> Vec<f32> {
    let hash = name.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    });
    let mut random = Random::new(hash);
    // Of batch norms only `weight` has one dimension like a bias; layer norms have three.
    let is_norm_weight = name.ends_with("weight") && matches!(shape.len(), 1 | 3);
    let (low, high) = match name.rsplit('.').next() {
        Some("running_var") => (0.6, 1.4),
        Some("running_mean") => (-0.2, 0.2),
        Some("bias") => (-0.1, 0.1),
        _ if is_norm_weight => (0.7, 1.3),
        _ => {
            let fan_in: usize = shape[1..].iter().product();
            let bound = (6.0 / fan_in as f64).sqrt();
            (-bound, bound)
        }
    };
    (0..shape.iter().product()).map(|_| random.between(low, high) as f32).collect()
}

/// A value of the weights that follow from a number: seed, tensor, element; mean and half the range.
pub(crate) fn numbered([seed, tensor, element]: [u32; 3], [mean, half]: [f64; 2]) -> f32 {
    let mut h = element
        .wrapping_add(0x9E37_79B9u32.wrapping_mul(tensor + 1))
        .wrapping_add(0x7F4A_7C15u32.wrapping_mul(seed));
    h = (h ^ (h >> 16)).wrapping_mul(0x85EB_CA6B);
    h = (h ^ (h >> 13)).wrapping_mul(0xC2B2_AE35);
    h ^= h >> 16;
    (mean + half * (f64::from(h) / 2_147_483_648.0 - 1.0)) as f32
}

/// The weights of a manifest, in its order, below a prefix; counters of batches and tensors of zeros left out.
pub(crate) fn listed(manifest: &Path, prefix: &str) -> HostTensors {
    let bytes = std::fs::read(manifest).expect("a manifest");
    let manifest: serde_json::Value = serde_json::from_slice(&bytes).expect("JSON");
    let number = |value: &serde_json::Value| value.as_u64().expect("a number") as u32;
    let seed = number(&manifest["seed"]);
    let tensor = |listed: &serde_json::Value| {
        let of = |part: &str| listed[part].as_f64().expect("a number");
        let shape = listed["shape"].as_array().expect("a shape").iter();
        let shape: Vec<usize> = shape.map(|n| number(n) as usize).collect();
        let (k, range) = (number(&listed["k"]), [of("a"), of("b")]);
        let n = shape.iter().product::<usize>() as u32;
        let values = (0..n).map(|i| numbered([seed, k, i], range)).collect();
        (format!("{prefix}{}", listed["key"].as_str().expect("a name")), shape, values)
    };
    let all = manifest["tensors"].as_array().expect("a list").iter();
    all.filter(|listed| listed["kind"] == "affine").map(tensor).collect()
}

/// ‖a − b‖ / ‖b‖
pub(crate) fn relative_l2(ours: &[f32], theirs: &[f32]) -> f64 {
    assert_eq!(ours.len(), theirs.len());
    let square = |v: f64| v * v;
    let difference: f64 =
        ours.iter().zip(theirs).map(|(&a, &b)| square(f64::from(a) - f64::from(b))).sum();
    let size: f64 = theirs.iter().map(|&b| square(f64::from(b))).sum();
    (difference / size.max(1e-300)).sqrt()
}

/// max |a − b|
pub(crate) fn max_error(ours: &[f32], theirs: &[f32]) -> f64 {
    assert_eq!(ours.len(), theirs.len());
    ours.iter().zip(theirs).map(|(a, b)| f64::from((a - b).abs())).fold(0.0, f64::max)
}

pub(crate) fn max_abs(values: &[f32]) -> f64 {
    values.iter().map(|v| f64::from(v.abs())).fold(0.0, f64::max)
}

/// `[count, mean, standard deviation, minimum, maximum, L2]` without the count.
pub(crate) fn statistics(values: &[f32]) -> [f64; 5] {
    let n = values.len() as f64;
    let wide = || values.iter().map(|&v| f64::from(v));
    let mean = wide().sum::<f64>() / n;
    let variance = wide().map(|v| (v - mean) * (v - mean)).sum::<f64>() / n;
    let l2 = wide().map(|v| v * v).sum::<f64>().sqrt();
    [
        mean,
        variance.sqrt(),
        wide().fold(f64::INFINITY, f64::min),
        wide().fold(f64::NEG_INFINITY, f64::max),
        l2,
    ]
}

/// Channels last, as TensorFlow keeps them, to channels first.
pub(crate) fn from_hwc(values: &[f32], n_channels: usize) -> Vec<f32> {
    let channel = |c: usize| values.iter().skip(c).step_by(n_channels).copied();
    (0..n_channels).flat_map(channel).collect()
}

/// The values at which the reference looked: 32, evenly spread over the flat tensor.
pub(crate) fn probe(values: &[f32]) -> Vec<f32> {
    (0..32).map(|j| values[(2 * j + 1) * values.len() / 64]).collect()
}

/// Every n-th row and column of the last two dimensions.
pub(crate) fn every_nth(values: &[f32], height: usize, width: usize, n: usize) -> Vec<f32> {
    let row = |row: &[f32]| row.iter().copied().step_by(n).collect::<Vec<_>>();
    let plane =
        |plane: &[f32]| plane.chunks_exact(width).step_by(n).flat_map(row).collect::<Vec<_>>();
    values.chunks_exact(height * width).flat_map(plane).collect()
}
