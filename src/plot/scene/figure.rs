//! Which figures of a scene there are, and what they are called in addresses.

use std::fmt;
use std::str::FromStr;

use stormlens_data::outcome::SceneOutcome;

use crate::plot::PlotError;

/// One figure of a scene.
///
/// Its text form is stable and stands in addresses, file names and recipes.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum SceneFigure {
    /// `scene`: the picture, and the centre that the network sees.
    Scene,
    /// `cam-LAYER`: Grad-CAM over the scene.
    Attribution(String),
    /// `cam-raw-LAYER`: signed, before rectification, at the layer's own cells.
    AttributionRaw(String),
    /// `gradients`: integrated gradients of the pixels.
    Gradients,
    /// `path`: the output on the way from the baseline to the scene.
    Path,
    /// `cams-LAYER,LAYER`: Grad-CAM of several layers side by side.
    LayerGrid(Vec<String>),
}

impl SceneFigure {
    /// The forms of the names, for messages and help texts.
    pub const NAMES: [&'static str; 6] =
        ["scene", "cam-LAYER", "cam-raw-LAYER", "gradients", "path", "cams-LAYER,LAYER,…"];

    /// Every figure that the outcome has data for, with `layers` (all of them where it is empty) for
    /// the layer attributions.
    pub fn of(outcome: &SceneOutcome, layers: &[String]) -> Vec<Self> {
        let mut figures = vec![Self::Scene];
        if let Some(grad_cam) = &outcome.grad_cam {
            let wanted = |name: &String| layers.is_empty() || layers.contains(name);
            let names: Vec<String> =
                grad_cam.layers.iter().map(|l| l.layer.clone()).filter(wanted).collect();
            figures.extend(names.iter().cloned().map(Self::Attribution));
            figures.extend(names.iter().cloned().map(Self::AttributionRaw));
            if names.len() > 1 {
                figures.push(Self::LayerGrid(names));
            }
        }
        if outcome.integrated_gradients.is_some() {
            figures.extend([Self::Gradients, Self::Path]);
        }
        figures
    }
}

impl fmt::Display for SceneFigure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Scene => write!(f, "scene"),
            Self::Attribution(layer) => write!(f, "cam-{layer}"),
            Self::AttributionRaw(layer) => write!(f, "cam-raw-{layer}"),
            Self::Gradients => write!(f, "gradients"),
            Self::Path => write!(f, "path"),
            Self::LayerGrid(layers) => write!(f, "cams-{}", layers.join(",")),
        }
    }
}

impl FromStr for SceneFigure {
    type Err = PlotError;

    fn from_str(name: &str) -> Result<Self, PlotError> {
        let unknown = || PlotError::UnknownSceneFigure { name: name.to_owned() };
        let layer = |text: &str| match text.trim() {
            "" => Err(unknown()),
            text => Ok(text.to_owned()),
        };
        Ok(match name {
            "scene" => Self::Scene,
            "gradients" => Self::Gradients,
            "path" => Self::Path,
            _ => match name.split_once('-') {
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
