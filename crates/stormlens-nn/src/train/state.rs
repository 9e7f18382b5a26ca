//! Everything a run needs to go on after a kill, in one file that is replaced at once.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};
use std::fs;
use std::io;
use std::path::Path;

use safetensors::tensor::{Dtype, SafeTensors, View};
use serde::{Deserialize, Serialize};
use stormlens_data::files::file_bytes;

use super::moments::Moments;
use super::schedule::{EarlyStopping, Schedule};
use crate::models::HostTensors;
use crate::random::Random;
use stormlens_data::files::write_atomically;

/// A run between two epochs.
#[derive(Clone, Debug)]
pub(super) struct RunState {
    pub counters: Counters,
    pub weights: HostTensors,
    pub moments: Vec<Moments>,
}

/// The part of the state that is not tensors.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Counters {
    /// The run's options as they were, so that a changed file is noticed.
    pub config: String,
    pub n_epochs: usize,
    pub random: Random,
    pub schedule: Schedule,
    pub stopping: EarlyStopping,
    /// Steps that the optimiser has taken.
    pub n_steps: usize,
    /// The same of parameters that did not take part in all of them.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub own_steps: BTreeMap<String, usize>,
    /// `metrics.csv` as it stands after this epoch.
    pub metrics: String,
}

const COUNTERS: &str = "stormlens.training";

impl RunState {
    /// Writes beside the old file, then takes its place: a kill leaves one or the other, whole.
    pub fn save(&self, path: &Path) -> io::Result<()> {
        let own_steps = self.moments.iter().filter(|(_, n, ..)| *n != self.counters.n_steps);
        let own_steps = own_steps.map(|(name, n, ..)| (name.clone(), *n)).collect();
        let counters = serde_json::to_string(&Counters { own_steps, ..self.counters.clone() })?;
        let metadata = HashMap::from([(COUNTERS.to_owned(), counters)]);
        let tensors = self.tensors();
        let bytes = safetensors::serialize(tensors, Some(metadata)).map_err(io::Error::other)?;
        write_atomically(path, &bytes)
    }

    fn tensors(&self) -> Vec<(String, Plain<'_>)> {
        let weights = self.weights.iter().map(|(name, shape, values)| {
            (format!("weight/{name}"), Plain { shape: shape.clone(), values })
        });
        let moments = self.moments.iter().flat_map(|(name, _, first, second)| {
            let plain = |values| Plain { shape: vec![first.len()], values };
            [
                (format!("moment1/{name}"), plain(first.as_slice())),
                (format!("moment2/{name}"), plain(second.as_slice())),
            ]
        });
        weights.chain(moments).collect()
    }

    /// Reads what [`Self::save`] wrote.
    pub fn load(path: &Path) -> io::Result<Self> {
        // Before opening, which waits for ever on a pipe.
        file_bytes(path, u64::MAX).map_err(io::Error::other)?;
        let bytes = fs::read(path)?;
        let (_, header) = SafeTensors::read_metadata(&bytes).map_err(io::Error::other)?;
        let counters = header.metadata().as_ref().and_then(|m| m.get(COUNTERS));
        let counters = counters.ok_or_else(|| io::Error::other("it holds no training state"))?;
        let counters: Counters = serde_json::from_str(counters)?;
        let file = SafeTensors::deserialize(&bytes).map_err(io::Error::other)?;
        let read = |name: &str| file.tensor(name).map(|t| floats(t.data())).unwrap_or_default();
        let mut weights = HostTensors::new();
        let mut moments = Vec::new();
        let mut names: Vec<&str> = file.names();
        names.sort_unstable();
        for full in names {
            let shape = || file.tensor(full).map(|t| t.shape().to_vec()).unwrap_or_default();
            if let Some(name) = full.strip_prefix("weight/") {
                weights.push((name.to_owned(), shape(), read(full)));
            } else if let Some(name) = full.strip_prefix("moment1/") {
                let second = read(&format!("moment2/{name}"));
                let n_steps = counters.own_steps.get(name).copied().unwrap_or(counters.n_steps);
                moments.push((name.to_owned(), n_steps, read(full), second));
            }
        }
        Ok(Self { counters, weights, moments })
    }
}

fn floats(bytes: &[u8]) -> Vec<f32> {
    bytes.as_chunks::<4>().0.iter().map(|&b| f32::from_le_bytes(b)).collect()
}

/// Floats in the form the file format takes them.
struct Plain<'a> {
    shape: Vec<usize>,
    values: &'a [f32],
}

impl View for Plain<'_> {
    fn dtype(&self) -> Dtype {
        Dtype::F32
    }

    fn shape(&self) -> &[usize] {
        &self.shape
    }

    fn data(&self) -> Cow<'_, [u8]> {
        self.values.iter().flat_map(|v| v.to_le_bytes()).collect::<Vec<u8>>().into()
    }

    fn data_len(&self) -> usize {
        4 * self.values.len()
    }
}
