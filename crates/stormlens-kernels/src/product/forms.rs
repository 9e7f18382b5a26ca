//! Weights in the forms that kernels of each level take.

use std::sync::{Arc, Mutex, PoisonError};

use crate::Level;

/// A level, and whether from outputs to inputs.
type Key = (Level, bool);

/// What has been asked for, kept.
#[derive(Debug)]
pub(crate) struct Forms<W> {
    kept: Mutex<Vec<(Key, Arc<W>)>>,
}

impl<W> Default for Forms<W> {
    fn default() -> Self {
        Self { kept: Mutex::default() }
    }
}

impl<W> Forms<W> {
    /// Made outside the lock: packing shares its work with other threads, and one that waits for
    /// them may be given work that asks for these weights.
    pub fn get(&self, key: Key, make: impl FnOnce() -> W) -> Arc<W> {
        if let Some(weights) = self.find(key) {
            return weights;
        }
        let weights = Arc::new(make());
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        // Two that came at once have made the same.
        let first = kept.iter().find(|(other, _)| *other == key).map(|(_, first)| first.clone());
        first.unwrap_or_else(|| {
            kept.push((key, weights.clone()));
            weights
        })
    }

    fn find(&self, key: Key) -> Option<Arc<W>> {
        let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.iter().find(|(other, _)| *other == key).map(|(_, weights)| weights.clone())
    }
}
