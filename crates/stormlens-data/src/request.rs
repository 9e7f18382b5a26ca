//! What may be asked of a network.

use std::fmt;
use std::ops::ControlFlow;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::choice::choice;
use crate::scene::{Fit, Resampling};

/// One question to a network.
///
/// Two equal requests have equal outcomes, so a request is also the key of its result.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "task", rename_all = "kebab-case")]
pub enum Request {
    Nowcast(NowcastRequest),
    Scene(SceneRequest),
}

impl Request {
    /// The request as one line, equal for equal requests.
    pub fn key(&self) -> String {
        self.to_string()
    }

    pub fn model(&self) -> &str {
        match self {
            Self::Nowcast(request) => &request.model,
            Self::Scene(request) => &request.model,
        }
    }

    pub fn checkpoint(&self) -> &str {
        match self {
            Self::Nowcast(request) => &request.checkpoint,
            Self::Scene(request) => &request.checkpoint,
        }
    }
}

impl fmt::Display for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Nowcast(request) => request.fmt(f),
            Self::Scene(request) => request.fmt(f),
        }
    }
}

/// This nowcasting network, these weights, this sequence, explained in these ways.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct NowcastRequest {
    pub model: String,
    pub checkpoint: String,
    pub sample: String,
    /// The target is the sum of the predicted rain over all pixels above this rate.
    pub threshold_mm_h: f64,
    /// Grad-CAM of every layer of the network: one forward and one backward pass together.
    pub grad_cam: bool,
    /// Integrated gradients on the input with this many steps; `None`: not asked for.
    pub ig_steps: Option<usize>,
}

impl fmt::Display for NowcastRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{}/{}/{} above {} mm/h",
            self.model, self.checkpoint, self.sample, self.threshold_mm_h
        )?;
        if self.grad_cam {
            write!(f, ", grad-cam")?;
        }
        match self.ig_steps {
            Some(steps) => write!(f, ", integrated-gradients with {steps} steps"),
            None => Ok(()),
        }
    }
}

/// This classifier, these weights, this picture, explained in these ways.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SceneRequest {
    pub model: String,
    pub checkpoint: String,
    /// The picture, by the first 16 hexadecimal digits of its file's SHA-256.
    pub scene: String,
    pub resampling: Resampling,
    pub fit: Fit,
    /// The class that is explained, by its place among the logits.
    pub class: usize,
    /// Grad-CAM of every layer of the network: one forward and one backward pass together.
    pub grad_cam: bool,
    /// Integrated gradients on the pixels; `None`: not asked for.
    pub integrated_gradients: Option<PathOptions>,
}

impl fmt::Display for SceneRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { model, checkpoint, scene, resampling, fit, class, .. } = self;
        write!(f, "{model}/{checkpoint}/{scene} {resampling} {fit} class {class}")?;
        if self.grad_cam {
            write!(f, ", grad-cam")?;
        }
        match &self.integrated_gradients {
            Some(options) => write!(f, ", {options}"),
            None => Ok(()),
        }
    }
}

/// How integrated gradients are taken.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PathOptions {
    /// Intervals of the path; the gradient is taken at one point more.
    pub n_steps: usize,
    pub baseline: Baseline,
    pub output: ClassOutput,
    /// The completeness gap, as a share of the output's difference, above which the steps are
    /// doubled, at most to [`PathOptions::MAX_STEPS`]; `None`: they never are.
    pub tolerance: Option<f64>,
}

impl PathOptions {
    pub const MAX_STEPS: usize = 1600;
    /// Tolerances that may be asked for; below them rounding alone keeps the gap open.
    pub const TOLERANCES: std::ops::RangeInclusive<f64> = 0.001..=1.0;
}

impl Default for PathOptions {
    /// As published: 200 steps from black, of the probability.
    fn default() -> Self {
        let (baseline, output) = (Baseline::default(), ClassOutput::default());
        Self { n_steps: 200, baseline, output, tolerance: None }
    }
}

impl fmt::Display for PathOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { n_steps, baseline, output, tolerance } = self;
        write!(f, "integrated-gradients of {output} from {baseline} with {n_steps} steps")?;
        match tolerance {
            Some(tolerance) => write!(f, " to {tolerance}"),
            None => Ok(()),
        }
    }
}

choice! {
    /// Where the path of integrated gradients begins.
    Baseline("baseline") {
        /// Every pixel zero, which is also how scenes mark places without data.
        #[default]
        Black = "black",
        /// The scene itself, blurred until no structure of a vortex is left.
        Blurred = "blurred",
        /// Every pixel with data at the scene's mean; places without data stay black.
        Mean = "mean",
    }
}

choice! {
    /// Which number of a class is explained.
    ClassOutput("output") {
        /// After the softmax, 0 to 1: saturates, as published.
        #[default]
        Probability = "probability",
        /// Before the softmax.
        Logit = "logit",
    }
}

/// Where tensors are to live.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum DeviceChoice {
    /// A real GPU where there is one, else the CPU. A software rasteriser is never taken: it is
    /// several times slower than the CPU kernels and compiles its shaders for minutes.
    #[default]
    Auto,
    Gpu,
    Cpu,
}

impl FromStr for DeviceChoice {
    type Err = String;

    fn from_str(s: &str) -> Result<Self, String> {
        match s {
            "auto" => Ok(Self::Auto),
            "gpu" => Ok(Self::Gpu),
            "cpu" => Ok(Self::Cpu),
            other => Err(format!("there is no device {other:?}; take auto, gpu or cpu")),
        }
    }
}

impl fmt::Display for DeviceChoice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Auto => "auto",
            Self::Gpu => "gpu",
            Self::Cpu => "cpu",
        })
    }
}

/// Nobody waits for the answer any more.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("cancelled")]
pub struct Cancelled;

/// How long work tells whoever waits how far it is, and learns whether anybody still does.
pub trait Progress {
    /// `done` of `total` equal steps of `phase` (`integrated gradients`) are finished.
    fn report(&self, phase: &str, done: usize, total: usize) -> ControlFlow<Cancelled>;
}

/// Progress that nobody looks at.
pub struct Silent;

impl Progress for Silent {
    fn report(&self, _: &str, _: usize, _: usize) -> ControlFlow<Cancelled> {
        ControlFlow::Continue(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_device_is_asked_for_by_its_name() {
        let check = |name: &str, choice| assert_eq!(name.parse(), Ok(choice));
        check("auto", DeviceChoice::Auto);
        check("gpu", DeviceChoice::Gpu);
        check("cpu", DeviceChoice::Cpu);
        let refused = "tpu".parse::<DeviceChoice>().unwrap_err();
        assert!(refused.contains("auto, gpu or cpu"), "{refused}");
        for choice in [DeviceChoice::Auto, DeviceChoice::Gpu, DeviceChoice::Cpu] {
            assert_eq!(choice.to_string().parse(), Ok(choice));
        }
    }
}
