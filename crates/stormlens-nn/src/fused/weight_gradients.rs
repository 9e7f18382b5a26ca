//! Gradients of weights that are computed beside the tape.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

/// Where layers leave the gradients of their weights while the tape runs back, flat, by the names of the weights.
#[derive(Clone, Debug, Default)]
pub(crate) struct WeightGradients(Arc<Mutex<BTreeMap<String, Vec<f32>>>>);

impl WeightGradients {
    /// Weights that are used twice get the sum.
    pub fn add(&self, name: &str, gradient: Vec<f32>) {
        // Whole gradients are whole whatever happened to another thread.
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match all.get_mut(name) {
            Some(sum) => sum.iter_mut().zip(gradient).for_each(|(sum, v)| *sum += v),
            None => drop(all.insert(name.to_owned(), gradient)),
        }
    }

    /// What has been left since the last time.
    pub fn take(&self) -> BTreeMap<String, Vec<f32>> {
        std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}
