//! Which figures there are, and what they are called in addresses.

use std::fmt;
use std::str::FromStr;

use stormlens_data::outcome::NowcastOutcome;

use super::PlotError;

/// One figure of a result.
///
/// Its text form is stable and stands in addresses, file names and recipes. Frames are counted from
/// 0, the oldest.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Figure {
    /// `prediction`
    Prediction,
    /// `observation`
    Observation,
    /// `persistence`: the last input frame as a forecast.
    Persistence,
    /// `difference`: prediction minus observation.
    Difference,
    /// `input-3`
    Input(usize),
    /// `inputs`: all input frames side by side.
    Inputs,
    /// `cam-LAYER`: Grad-CAM over the rain.
    Attribution(String),
    /// `cam-raw-LAYER`: signed, before rectification, at the layer's own resolution.
    AttributionRaw(String),
    /// `ig-11`: integrated gradients of one input frame, signed.
    FrameAttribution(usize),
    /// `ig-frames`: integrated gradients summed per input frame.
    FrameSums,
    /// `target-mask`: the pixels whose predicted rain is explained.
    Mask,
    /// `cams-LAYER,LAYER`: Grad-CAM of several layers side by side.
    LayerGrid(Vec<String>),
}

impl Figure {
    /// The forms of the names, for messages and help texts.
    pub const NAMES: [&'static str; 12] = [
        "prediction",
        "observation",
        "persistence",
        "difference",
        "input-FRAME",
        "inputs",
        "cam-LAYER",
        "cam-raw-LAYER",
        "ig-FRAME",
        "ig-frames",
        "target-mask",
        "cams-LAYER,LAYER,…",
    ];

    /// Every figure that the outcome has data for, with `layers` (all of them where it is empty) for
    /// the layer attributions.
    pub fn of(outcome: &NowcastOutcome, layers: &[String]) -> Vec<Self> {
        let n_frames = outcome.forecast.inputs_mm_h.len();
        let mut figures = vec![Self::Prediction, Self::Persistence, Self::Inputs];
        if outcome.forecast.observation_mm_h.is_some() {
            figures.extend([Self::Observation, Self::Difference]);
        }
        figures.extend((0..n_frames).map(Self::Input));
        if let Some(grad_cam) = &outcome.grad_cam {
            let wanted = |name: &String| layers.is_empty() || layers.contains(name);
            let names: Vec<String> =
                grad_cam.layers.iter().map(|l| l.layer.clone()).filter(wanted).collect();
            figures.push(Self::Mask);
            figures.extend(names.iter().cloned().map(Self::Attribution));
            figures.extend(names.iter().cloned().map(Self::AttributionRaw));
            if names.len() > 1 {
                figures.push(Self::LayerGrid(names));
            }
        }
        if let Some(gradients) = &outcome.integrated_gradients {
            figures.push(Self::FrameSums);
            figures.extend((0..gradients.frames.len()).map(Self::FrameAttribution));
        }
        figures
    }
}

impl fmt::Display for Figure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Prediction => write!(f, "prediction"),
            Self::Observation => write!(f, "observation"),
            Self::Persistence => write!(f, "persistence"),
            Self::Difference => write!(f, "difference"),
            Self::Input(frame) => write!(f, "input-{frame}"),
            Self::Inputs => write!(f, "inputs"),
            Self::Attribution(layer) => write!(f, "cam-{layer}"),
            Self::AttributionRaw(layer) => write!(f, "cam-raw-{layer}"),
            Self::FrameAttribution(frame) => write!(f, "ig-{frame}"),
            Self::FrameSums => write!(f, "ig-frames"),
            Self::Mask => write!(f, "target-mask"),
            Self::LayerGrid(layers) => write!(f, "cams-{}", layers.join(",")),
        }
    }
}

impl FromStr for Figure {
    type Err = PlotError;

    fn from_str(name: &str) -> Result<Self, PlotError> {
        let unknown = || PlotError::UnknownFigure { name: name.to_owned() };
        let frame = |text: &str| text.parse::<usize>().map_err(|_| unknown());
        let layer = |text: &str| match text.trim() {
            "" => Err(unknown()),
            text => Ok(text.to_owned()),
        };
        Ok(match name {
            "prediction" => Self::Prediction,
            "observation" => Self::Observation,
            "persistence" => Self::Persistence,
            "difference" => Self::Difference,
            "inputs" => Self::Inputs,
            "ig-frames" => Self::FrameSums,
            "target-mask" => Self::Mask,
            _ => match name.split_once('-') {
                Some(("input", rest)) => Self::Input(frame(rest)?),
                Some(("ig", rest)) => Self::FrameAttribution(frame(rest)?),
                Some(("cams", rest)) => {
                    Self::LayerGrid(rest.split(',').map(layer).collect::<Result<_, _>>()?)
                }
                Some(("cam", rest)) => match rest.strip_prefix("raw-") {
                    Some(raw) => Self::AttributionRaw(layer(raw)?),
                    None => Self::Attribution(layer(rest)?),
                },
                _ => return Err(unknown()),
            },
        })
    }
}
