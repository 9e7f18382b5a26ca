//! When the learning rate falls and when training ends.

use serde::{Deserialize, Serialize};

/// PyTorch's `ReduceLROnPlateau(min, factor 0.1, threshold 1e-4 relative)`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ReduceOnPlateau {
    pub learning_rate: f64,
    patience: usize,
    best: Option<f64>,
    n_bad: usize,
}

impl ReduceOnPlateau {
    pub fn new(learning_rate: f64, patience: usize) -> Self {
        Self { learning_rate, patience, best: None, n_bad: 0 }
    }

    /// Learns of an epoch's validation loss.
    pub fn step(&mut self, loss: f64) {
        if self.best.is_none_or(|best| loss < best * (1.0 - 1e-4)) {
            self.best = Some(loss);
            self.n_bad = 0;
        } else {
            self.n_bad += 1;
        }
        if self.n_bad > self.patience {
            let lower = self.learning_rate * 0.1;
            // PyTorch ignores a change below its `eps`.
            if self.learning_rate - lower > 1e-8 {
                self.learning_rate = lower;
            }
            self.n_bad = 0;
        }
    }
}

/// Ends training after so many epochs without the smallest improvement.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct EarlyStopping {
    patience: usize,
    best: Option<f64>,
    n_waited: usize,
}

impl EarlyStopping {
    pub fn new(patience: usize) -> Self {
        Self { patience, best: None, n_waited: 0 }
    }

    /// Learns of an epoch's validation loss; says whether it is the best so far.
    pub fn step(&mut self, loss: f64) -> bool {
        let is_best = self.best.is_none_or(|best| loss < best);
        if is_best {
            self.best = Some(loss);
            self.n_waited = 0;
        } else {
            self.n_waited += 1;
        }
        is_best
    }

    pub fn is_over(&self) -> bool {
        self.n_waited >= self.patience
    }

    pub fn best(&self) -> Option<f64> {
        self.best
    }
}
