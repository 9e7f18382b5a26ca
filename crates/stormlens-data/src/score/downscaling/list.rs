//! The scores of fine rain: one entry each.

use super::Moments;
use crate::score::list::ratio;

/// A score of pairs of values.
#[derive(Clone, Copy, Debug)]
pub struct ContinuousScore {
    /// Name in files, without a unit: tables say whether it is of mm or of the network's unit.
    pub name: &'static str,
    pub label: &'static str,
    /// What it is, in one line for a legend.
    pub meaning: &'static str,
    /// Unit of rain in mm; empty for ratios.
    pub unit: &'static str,
    /// The value of a perfect forecast. `None` where the best value is that of the observation.
    pub best: Option<f64>,
    /// Whether it has a meaning in the network's unit, too.
    pub is_of_network_unit: bool,
    pub of: fn(&Moments) -> Option<f64>,
}

impl ContinuousScore {
    /// The score of that name.
    pub fn find(name: &str) -> Option<&'static Self> {
        CONTINUOUS_SCORES.iter().find(|score| score.name == name)
    }
}

/// All of them, in the order of tables.
pub const CONTINUOUS_SCORES: [ContinuousScore; 6] = [
    ContinuousScore {
        name: "mse",
        label: "Mean squared error",
        meaning: "Mean squared error a node",
        unit: "mm²",
        best: Some(0.0),
        is_of_network_unit: true,
        of: |m| ratio(m.error_squared, m.n as f64),
    },
    ContinuousScore {
        name: "mae",
        label: "Mean absolute error",
        meaning: "Mean absolute error a node",
        unit: "mm",
        best: Some(0.0),
        is_of_network_unit: true,
        of: |m| ratio(m.error_absolute, m.n as f64),
    },
    ContinuousScore {
        name: "bias",
        label: "Mean error",
        meaning: "Mean of forecast minus observation, positive where too much is forecast",
        unit: "mm",
        best: Some(0.0),
        is_of_network_unit: true,
        of: |m| ratio(m.forecast - m.observation, m.n as f64),
    },
    ContinuousScore {
        name: "r",
        label: "r",
        meaning: "Pearson correlation of forecast and observation",
        unit: "",
        best: Some(1.0),
        is_of_network_unit: true,
        of: Moments::correlation,
    },
    ContinuousScore {
        name: "wet_share",
        label: "Wet share",
        meaning: "Share of nodes with at least 0.1 mm in the forecast",
        unit: "",
        best: None,
        is_of_network_unit: false,
        of: |m| ratio(m.n_wet_forecast as f64, m.n as f64),
    },
    ContinuousScore {
        name: "wet_share_observed",
        label: "Wet share, observed",
        meaning: "Share of nodes with at least 0.1 mm in the observation",
        unit: "",
        best: None,
        is_of_network_unit: false,
        of: |m| ratio(m.n_wet_observation as f64, m.n as f64),
    },
];
