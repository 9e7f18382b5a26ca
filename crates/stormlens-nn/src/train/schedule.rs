//! When the learning rate falls and when training ends.

use serde::{Deserialize, Serialize};

/// Lowers the learning rate when the loss stands still.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ReduceOnPlateau {
    pub learning_rate: f64,
    /// Epochs without improvement that are borne; one more lowers the rate.
    patience: usize,
    best: Option<f64>,
    n_bad: usize,
    #[serde(default)]
    plateau: Plateau,
}

/// What an improvement is, and what follows when there is none.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Plateau {
    /// The learning rate is multiplied by this.
    pub factor: f64,
    /// By how much the loss must fall below the best so far: as a share of it, or in its own unit.
    pub threshold: f64,
    pub is_relative: bool,
}

impl Default for Plateau {
    /// Those of PyTorch's `ReduceLROnPlateau`.
    fn default() -> Self {
        Self { factor: 0.1, threshold: 1e-4, is_relative: true }
    }
}

impl Plateau {
    fn is_better(&self, loss: f64, best: f64) -> bool {
        let Self { threshold, is_relative, .. } = *self;
        loss < if is_relative { best * (1.0 - threshold) } else { best - threshold }
    }
}

impl ReduceOnPlateau {
    /// PyTorch's `ReduceLROnPlateau(min, factor 0.1, threshold 1e-4 relative)`.
    pub fn new(learning_rate: f64, patience: usize) -> Self {
        Self { learning_rate, patience, best: None, n_bad: 0, plateau: Plateau::default() }
    }

    /// The same, but to a third.
    pub fn by_third(learning_rate: f64, patience: usize) -> Self {
        let plateau = Plateau { factor: 1.0 / 3.0, ..Plateau::default() };
        Self { plateau, ..Self::new(learning_rate, patience) }
    }

    /// Keras's `ReduceLROnPlateau(patience, factor, min_delta)`, which lowers the rate after the last
    /// epoch of its patience, where PyTorch waits for one more.
    pub fn as_keras(learning_rate: f64, patience: usize, factor: f64, min_delta: f64) -> Self {
        let plateau = Plateau { factor, threshold: min_delta, is_relative: false };
        Self { plateau, ..Self::new(learning_rate, patience.saturating_sub(1)) }
    }

    /// Learns of an epoch's loss.
    pub fn step(&mut self, loss: f64) {
        if self.best.is_none_or(|best| self.plateau.is_better(loss, best)) {
            self.best = Some(loss);
            self.n_bad = 0;
        } else {
            self.n_bad += 1;
        }
        if self.n_bad > self.patience {
            let lower = self.learning_rate * self.plateau.factor;
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

    /// Learns of an epoch's loss; says whether it is the best so far.
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
