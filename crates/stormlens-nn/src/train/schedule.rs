//! When the learning rate falls and when training ends.

use serde::{Deserialize, Serialize};

/// How the learning rate changes from epoch to epoch. The kinds are told apart by their fields, so that states of runs from
/// before there were two are still read.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Schedule {
    WarmCosine(WarmCosine),
    WarmRestarts(WarmRestarts),
    Plateau(ReduceOnPlateau),
}

impl Schedule {
    /// Always the same.
    pub fn constant(learning_rate: f64) -> Self {
        ReduceOnPlateau::new(learning_rate, usize::MAX).into()
    }

    /// Of the step that follows so many.
    pub fn rates(&self, n_steps: usize) -> Rates {
        match self {
            Self::WarmCosine(schedule) => schedule.rates(n_steps),
            Self::WarmRestarts(schedule) => schedule.learning_rate().into(),
            Self::Plateau(schedule) => schedule.learning_rate.into(),
        }
    }

    /// Learns of an epoch's loss.
    pub fn step(&mut self, loss: f64) {
        match self {
            Self::WarmCosine(_) => {}
            Self::WarmRestarts(schedule) => schedule.n_epochs += 1,
            Self::Plateau(schedule) => schedule.step(loss),
        }
    }
}

/// How fast weights change in one step.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Rates {
    pub learning_rate: f64,
    /// The decay of weights, where the schedule says it.
    pub decay: f64,
}

impl From<f64> for Rates {
    fn from(learning_rate: f64) -> Self {
        Self { learning_rate, decay: 0.0 }
    }
}

/// SparK's: the learning rate rises along a line from a two-hundredth of its peak and falls along half a cosine to a thousandth;
/// the decay of weights goes along half a cosine from one value to another. Both change with every step.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct WarmCosine {
    pub peak: f64,
    /// Steps until the peak.
    pub n_warm_up: usize,
    /// Steps of the whole run.
    pub n_steps: usize,
    pub decay_from: f64,
    pub decay_to: f64,
}

impl WarmCosine {
    fn rates(&self, step: usize) -> Rates {
        let Self { peak, n_warm_up, n_steps, decay_from, decay_to } = *self;
        let last = n_steps.saturating_sub(1);
        let step = step.min(last);
        // From 1 to 0.
        let cosine = |done: usize, all: usize| {
            0.5 + 0.5 * (std::f64::consts::PI * done as f64 / all.max(1) as f64).cos()
        };
        let share = match step < n_warm_up {
            true => 0.005 + 0.995 * step as f64 / n_warm_up as f64,
            false => {
                let falling = last.saturating_sub(n_warm_up);
                0.001 + 0.999 * cosine(step - n_warm_up, falling)
            }
        };
        let decay = decay_to + (decay_from - decay_to) * cosine(step, last);
        Rates { learning_rate: peak * share, decay }
    }
}

impl From<WarmCosine> for Schedule {
    fn from(schedule: WarmCosine) -> Self {
        Self::WarmCosine(schedule)
    }
}

impl From<ReduceOnPlateau> for Schedule {
    fn from(schedule: ReduceOnPlateau) -> Self {
        Self::Plateau(schedule)
    }
}

impl From<WarmRestarts> for Schedule {
    fn from(schedule: WarmRestarts) -> Self {
        Self::WarmRestarts(schedule)
    }
}

/// Half a cosine from the full learning rate to nothing, again and again (Loshchilov and Hutter 2017,
/// <https://arxiv.org/abs/1608.03983>). As in SSLPDL's program, which tells the schedule the number of an epoch at its end, an
/// epoch has the rate of the one before, and the first two have the full one.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct WarmRestarts {
    full_rate: f64,
    /// Epochs from one start to the next.
    period: usize,
    /// Epochs that are done.
    n_epochs: usize,
}

impl WarmRestarts {
    /// # Panics
    /// For a period of 0.
    pub fn new(full_rate: f64, period: usize) -> Self {
        assert!(period > 0, "a period of at least one epoch");
        Self { full_rate, period, n_epochs: 0 }
    }

    fn learning_rate(&self) -> f64 {
        let place = self.n_epochs.saturating_sub(1) % self.period;
        let angle = std::f64::consts::PI * place as f64 / self.period as f64;
        0.5 * self.full_rate * (1.0 + angle.cos())
    }
}

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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn warm_restarts_fall_along_a_cosine_and_begin_again() {
        let mut schedule = Schedule::from(WarmRestarts::new(2.0, 4));
        let rates: Vec<f64> = (0..7)
            .map(|_| {
                let rate = schedule.rates(0).learning_rate;
                schedule.step(1.0);
                rate
            })
            .collect();
        let half = 2.0_f64.sqrt() / 2.0;
        let expected = [2.0, 2.0, 1.0 + half, 1.0, 1.0 - half, 2.0, 1.0 + half];
        for (rate, expected) in rates.iter().zip(expected) {
            assert!((rate - expected).abs() < 1e-12, "{rates:?}");
        }
    }

    /// A state of either kind is read as that kind, also one from before there were two.
    #[test]
    fn both_kinds_are_told_apart_on_disk() {
        for schedule in [
            Schedule::constant(0.5),
            WarmRestarts::new(2.0, 4).into(),
            WarmCosine { peak: 1e-4, n_warm_up: 2, n_steps: 8, decay_from: 0.04, decay_to: 0.2 }
                .into(),
            ReduceOnPlateau::as_keras(0.1, 3, 0.5, 0.0).into(),
        ] {
            let text = serde_json::to_string(&schedule).expect("JSON");
            assert_eq!(serde_json::from_str::<Schedule>(&text).expect(&text), schedule);
        }
        let old = serde_json::to_string(&ReduceOnPlateau::new(0.1, 2)).expect("JSON");
        assert_eq!(
            serde_json::from_str::<Schedule>(&old).expect(&old),
            ReduceOnPlateau::new(0.1, 2).into()
        );
    }

    /// The rows of the authors' schedule: step, learning rate, decay.
    #[test]
    fn both_rates_follow_the_reference() {
        let schedule =
            WarmCosine { peak: 1e-4, n_warm_up: 20, n_steps: 800, decay_from: 0.04, decay_to: 0.2 };
        for (step, rate, decay) in [
            (0, 5.000000000000001e-07, 0.04),
            (1, 5.475000000000001e-06, 0.04000061839450039),
            (19, 9.5025e-05, 0.04022313689569826),
            (20, 0.0001, 0.040247230674185674),
            (21, 9.999959380952204e-05, 0.0402725574195216),
            (100, 9.742284866625022e-05, 0.046104693077095915),
            (399, 5.216449864077211e-05, 0.11984272387334687),
            (798, 1.0040619047796717e-07, 0.19999938160549963),
            (799, 1.0000000000000001e-07, 0.2),
        ] {
            let found = schedule.rates(step);
            assert!((found.learning_rate / rate - 1.0).abs() < 1e-9, "{step}: {found:?}");
            assert!((found.decay / decay - 1.0).abs() < 1e-9, "{step}: {found:?}");
        }
    }

    #[test]
    fn a_constant_rate_stays() {
        let mut schedule = Schedule::constant(0.5);
        (0..100).for_each(|_| schedule.step(1.0));
        assert_eq!(schedule.rates(7), 0.5.into());
    }
}
