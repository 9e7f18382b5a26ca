//! The address of a result: everything that was asked, and how it is looked at.

use std::fmt::Write;

use stormlens_data::card::ModelCard;
use stormlens_data::request::{NowcastRequest, Request};

use super::AppError;
use super::parameters::{Parameters, encode};
use super::state::Way;
use crate::catalog::{Catalog, DEFAULT_THRESHOLD_MM_H};
use crate::plot::{Overlay, RainPalette, Style};

#[cfg(test)]
mod tests;

/// The parameters that the address of a result may have, in their order.
pub const NAMES: [&str; 10] = [
    "model",
    "checkpoint",
    "sample",
    "threshold-mmh",
    "methods",
    "steps",
    "layers",
    "opacity",
    "palette",
    "overlay",
];

/// Numbers of steps that forms offer; any number from 2 to [`MAX_STEPS`] is accepted.
pub const STEPS: [usize; 4] = [10, 20, 50, 100];
pub const DEFAULT_STEPS: usize = 20;
const MAX_STEPS: usize = 200;
/// The largest rate the radar's format can store.
const MAX_THRESHOLD_MM_H: f64 = 7864.2;

pub const GRAD_CAM: &str = "grad-cam";
pub const INTEGRATED_GRADIENTS: &str = "integrated-gradients";
/// A forecast without an explanation; forms send it so that no tick is not the default.
pub const NO_METHOD: &str = "none";

/// A question and the look of its answer, checked against the catalogue.
#[derive(Clone, Debug, PartialEq)]
pub struct ResultQuery {
    pub request: NowcastRequest,
    /// Layers to show, in the order of the network; empty without Grad-CAM.
    pub layers: Vec<String>,
    /// Of attributions over the rain, in percent.
    pub opacity_percent: u8,
    pub palette: RainPalette,
    pub overlay: Overlay,
}

impl ResultQuery {
    /// Reads the parameters, fills the gaps and refuses what does not exist.
    pub fn read(parameters: &Parameters, catalog: &Catalog) -> Result<Self, AppError> {
        let model = read_model(parameters, catalog)?;
        if !model.is_nowcasting() {
            let known = nowcasting(catalog).map(|model| model.id);
            return Err(AppError::unknown("nowcasting model", model.id, known));
        }
        let (grad_cam, integrated_gradients) = read_methods(parameters)?;
        let steps = parameters
            .number("steps", "a whole number from 2 to 200", |n| (2..=MAX_STEPS).contains(n))?
            .unwrap_or(DEFAULT_STEPS);
        let threshold_mm_h = parameters
            .number("threshold-mmh", "a rain rate from 0 to 7864.2 mm/h", |rate: &f64| {
                (0.0..=MAX_THRESHOLD_MM_H).contains(rate)
            })?
            .unwrap_or(DEFAULT_THRESHOLD_MM_H);
        let layers = read_layers(parameters, model)?;
        Ok(Self {
            request: NowcastRequest {
                model: model.id.to_owned(),
                checkpoint: read_checkpoint(parameters, catalog, model)?,
                sample: read_sample(parameters, catalog)?,
                // −0 and 0 are one question.
                threshold_mm_h: threshold_mm_h + 0.0,
                grad_cam,
                ig_steps: integrated_gradients.then_some(steps),
            },
            layers: if grad_cam { layers } else { Vec::new() },
            opacity_percent: read_opacity(parameters)?,
            palette: read_name(parameters, "palette", RainPalette::ALL)?,
            overlay: read_name(parameters, "overlay", Overlay::ALL)?,
        })
    }

    /// The parameters as one text, the same for the same question.
    pub fn to_query(&self) -> String {
        let NowcastRequest { model, checkpoint, sample, threshold_mm_h, .. } = &self.request;
        let mut text = format!(
            "model={}&checkpoint={}&sample={}&threshold-mmh={threshold_mm_h}&methods={}",
            encode(model),
            encode(checkpoint),
            encode(sample),
            self.methods().join(","),
        );
        // Writing to a string cannot fail.
        if let Some(steps) = self.request.ig_steps {
            let _ = write!(text, "&steps={steps}");
        }
        if !self.layers.is_empty() {
            let _ = write!(text, "&layers={}", encode(&self.layers.join(",")));
        }
        let opacity = f64::from(self.opacity_percent) / 100.0;
        let _ = write!(
            text,
            "&opacity={opacity}&palette={}&overlay={}",
            self.palette.name(),
            self.overlay.name()
        );
        text
    }

    /// Whether an address says exactly this, with nothing left to a default.
    pub fn is_written_as(&self, parameters: &Parameters) -> bool {
        let full = Parameters::parse(Some(&self.to_query()));
        full.pairs().eq(parameters.pairs())
    }

    /// The question as the queue takes it.
    pub fn to_request(&self) -> Request {
        Request::Nowcast(self.request.clone())
    }

    /// The address of the result's page.
    pub fn page(&self) -> String {
        format!("/result?{}", self.to_query())
    }

    /// Where the question leads to and where it came from.
    pub fn way(&self) -> Way {
        Way { page: self.page(), back: self.sample_page() }
    }

    /// The address of the sample's page, where the same question stands in the form.
    pub fn sample_page(&self) -> String {
        format!("/samples/{}", encode(&self.request.sample))
    }

    /// The names of the methods asked for.
    pub fn methods(&self) -> Vec<&'static str> {
        let mut methods = Vec::new();
        methods.extend(self.request.grad_cam.then_some(GRAD_CAM));
        methods.extend(self.request.ig_steps.map(|_| INTEGRATED_GRADIENTS));
        if methods.is_empty() {
            methods.push(NO_METHOD);
        }
        methods
    }

    /// The look of its figures, with the names that people give to the layers.
    pub fn style(&self, model: &ModelCard) -> Style {
        Style {
            palette: self.palette,
            opacity: f32::from(self.opacity_percent) / 100.0,
            overlay: self.overlay,
            layer_labels: labels(model),
            ..Style::default()
        }
    }
}

/// The names that people give to the layers, by their names in the weights.
pub fn labels(model: &ModelCard) -> std::collections::BTreeMap<String, String> {
    model.layers.iter().map(|layer| (layer.name.clone(), layer.label.clone())).collect()
}

fn read_model<'a>(
    parameters: &Parameters,
    catalog: &'a Catalog,
) -> Result<&'a ModelCard, AppError> {
    let Some(first) = nowcasting(catalog).next() else { return Err(AppError::NoNetworks) };
    let Some(wanted) = parameters.one("model")? else { return Ok(first) };
    let known = || nowcasting(catalog).map(|model| model.id);
    catalog.model(wanted).ok_or_else(|| AppError::unknown("model", wanted, known()))
}

/// The networks that take a sequence of radar frames.
fn nowcasting(catalog: &Catalog) -> impl Iterator<Item = &ModelCard> {
    catalog.models().iter().filter(|model| model.is_nowcasting())
}

/// The weights asked for, or the first there are.
pub fn read_checkpoint(
    parameters: &Parameters,
    catalog: &Catalog,
    model: &ModelCard,
) -> Result<String, AppError> {
    let names: Vec<_> = catalog.checkpoints(model.id).map(|c| c.name.as_str()).collect();
    let Some(first) = names.first() else {
        return Err(AppError::NoCheckpoint { model: model.title.to_owned() });
    };
    let wanted = parameters.one("checkpoint")?.unwrap_or(first);
    match names.contains(&wanted) {
        true => Ok(wanted.to_owned()),
        false => Err(AppError::unknown("checkpoint", wanted, names)),
    }
}

fn read_sample(parameters: &Parameters, catalog: &Catalog) -> Result<String, AppError> {
    let Some(wanted) = parameters.one("sample")? else {
        return Err(AppError::parameter("sample", "is missing: choose one of the samples"));
    };
    find_sample(catalog, wanted).map(|sample| sample.id.clone())
}

/// The sample of that name, or an error that lists the known ones.
pub fn find_sample<'a>(
    catalog: &'a Catalog,
    wanted: &str,
) -> Result<&'a crate::catalog::SampleEntry, AppError> {
    let known = || catalog.samples().iter().map(|sample| sample.id.as_str());
    catalog.sample(wanted).ok_or_else(|| AppError::unknown("sample", wanted, known()))
}

/// Whether Grad-CAM and integrated gradients are asked for.
pub fn read_methods(parameters: &Parameters) -> Result<(bool, bool), AppError> {
    let methods = parameters.list("methods");
    const KNOWN: [&str; 3] = [GRAD_CAM, INTEGRATED_GRADIENTS, NO_METHOD];
    if let Some(unknown) = methods.iter().find(|method| !KNOWN.contains(method)) {
        return Err(AppError::unknown("method", unknown, KNOWN));
    }
    let asked = |method| methods.contains(&method);
    Ok((methods.is_empty() || asked(GRAD_CAM), asked(INTEGRATED_GRADIENTS)))
}

/// The layers to show, in the order of the network.
pub fn read_layers(parameters: &Parameters, model: &ModelCard) -> Result<Vec<String>, AppError> {
    let mut wanted = Vec::new();
    for name in parameters.list("layers") {
        let known = || model.layers.iter().map(|layer| layer.name.as_str());
        let layer = model.layer(name).ok_or_else(|| AppError::unknown("layer", name, known()))?;
        wanted.push(layer.name.as_str());
    }
    if wanted.is_empty() {
        wanted.clone_from(&model.default_layers);
    }
    let in_order = model.layers.iter().map(|layer| &layer.name);
    Ok(in_order.filter(|name| wanted.contains(&name.as_str())).cloned().collect())
}

fn read_opacity(parameters: &Parameters) -> Result<u8, AppError> {
    let opacity = parameters
        .number("opacity", "a number from 0 to 1", |o: &f64| (0.0..=1.0).contains(o))?
        .unwrap_or_else(|| f64::from(Style::default().opacity));
    Ok((opacity * 100.0).round() as u8)
}

/// One of a few named choices; the first is the default.
pub fn read_name<T: Named>(
    parameters: &Parameters,
    name: &'static str,
    all: &[T],
) -> Result<T, AppError> {
    let Some(wanted) = parameters.one(name)? else { return Ok(T::default()) };
    let known = || all.iter().map(|choice| choice.name());
    all.iter()
        .copied()
        .find(|choice| choice.name() == wanted)
        .ok_or_else(|| AppError::unknown(name, wanted, known()))
}

/// A choice with a name for addresses.
pub trait Named: Copy + Default {
    fn name(self) -> &'static str;
}

macro_rules! named {
    ($($type:ty),+) => {
        $(impl Named for $type {
            fn name(self) -> &'static str {
                <$type>::name(self)
            }
        })+
    };
}

named!(RainPalette, Overlay, crate::plot::Theme);
