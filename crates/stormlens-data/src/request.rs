//! What may be asked of a network.

use std::fmt;
use std::ops::ControlFlow;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// One question: this network, these weights, this sample, explained in these ways.
///
/// Two equal requests have equal outcomes, so a request is also the key of its result.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Request {
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

impl Request {
    /// The request as one line, equal for equal requests.
    pub fn key(&self) -> String {
        self.to_string()
    }
}

impl fmt::Display for Request {
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
