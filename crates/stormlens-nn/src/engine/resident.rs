//! A checkpoint from file to device.

use std::path::Path;
use std::sync::Arc;

use burn::tensor::Device;
use stormlens_data::card::{
    Blocks, CheckpointCard, Downscaling, Layer, ModelCard, RainStatement, Refining, Split,
};
use stormlens_data::import::knmi::NORMALISATION_MM_5MIN;
use stormlens_data::likeness::Likeness;
use stormlens_data::network::ShownLayer;
use stormlens_data::probability::Tokens;
use stormlens_data::scene::Variant;

use super::input::N_COLOURS;
use super::{EngineError, fields};
use crate::Parameters;
use crate::fused::Kernels;
use crate::layers::fold;
use crate::models::HostTensors;
use crate::models::nowcasting::Statement;
use crate::network::FieldSizes;
use crate::registry::{self, ModelEntry};
use stormlens_checkpoint as checkpoint;

/// Below this a scene has no pixel left before the last pooling.
pub(super) const MIN_CROP_PX: usize = 32;
/// A file may ask for any size, and activations take some hundred times as much memory as the scene.
const MAX_INPUT_PX: usize = 4096;

/// A network in memory, ready to answer.
pub struct Resident {
    pub card: ModelCard,
    pub checkpoint: CheckpointCard,
    pub(super) entry: &'static ModelEntry,
    pub(super) parameters: Parameters,
    /// Which variant of the network it is; `None`: the network itself.
    pub variant: Option<&'static str>,
}

/// What rain is divided by.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Unit {
    /// As all networks here take it.
    Ours,
    OfTheFile,
}

/// A checkpoint and what it is, before it goes to a device.
struct Described {
    state: checkpoint::StateDict,
    card: CheckpointCard,
}

/// What a checkpoint of a model is, for lists.
///
/// # Errors
/// For a file that is no checkpoint or one of another network.
pub fn describe(entry: &ModelEntry, path: &Path) -> Result<CheckpointCard, EngineError> {
    Ok(read_described(entry, path, Unit::Ours)?.card)
}

fn read_described(entry: &ModelEntry, path: &Path, unit: Unit) -> Result<Described, EngineError> {
    let model = (entry.card)().id;
    let (file, found) = registry::read(path)?;
    let theirs = (found.entry.card)().id;
    if theirs != model {
        let reason = format!(
            "these are weights of {} ({theirs}), not of {} ({model}); choose the model {theirs}",
            found.entry.name, entry.name
        );
        return Err(EngineError::WrongNetwork { path: path.to_owned(), reason });
    }
    let nowcasting = || {
        let architecture = &found.architecture;
        Statement::of(&file, architecture).complete(architecture, entry)
    };
    let nowcasting = (entry.card)().is_nowcasting().then(nowcasting).transpose();
    let nowcasting =
        nowcasting.map_err(|reason| EngineError::WrongNetwork { path: path.to_owned(), reason })?;
    let state = &file.state;
    let shape = |name: &str| state.tensors.get(name).map(|tensor| tensor.shape.clone());
    let absent = |layer: &Layer| !entry.network.has_layer(&shape, &layer.name);
    let absent_layers: Vec<String> =
        (entry.card)().layers.into_iter().filter(absent).map(|layer| layer.name).collect();
    let rain = file.metadata.as_ref().and_then(|metadata| metadata.rain);
    let refining = entry.network.downscaling(&shape).map(|tiles| Refining {
        tiles,
        rain: rain.unwrap_or(RainStatement::PUBLISHED),
        is_stated: rain.is_some(),
    });
    if let Some(Refining { tiles, rain, .. }) = &refining {
        let checked = rain.check(tiles.n_input_channels);
        checked.map_err(|reason| EngineError::WrongNetwork { path: path.to_owned(), reason })?;
    }
    let stated = file.metadata.as_ref().and_then(|metadata| metadata.fields.clone());
    let sizes = entry.network.fields(&shape);
    let fields = sizes.map_or(Ok(None), |sizes| fields::card(stated, &sizes));
    let fields =
        fields.map_err(|reason| EngineError::WrongNetwork { path: path.to_owned(), reason })?;
    let (variant, training_range) = (file.variant(), file.training_range());
    let training_features = file.training_features().map(Arc::new);
    if let Some(Variant { input_px, crop_px }) = variant
        && !(MIN_CROP_PX <= crop_px && crop_px <= input_px && input_px <= MAX_INPUT_PX)
    {
        let reason = format!(
            "these weights want the centre of {crop_px} pixels of pictures of {input_px}; the centre \
             has at least {MIN_CROP_PX}, the picture at most {MAX_INPUT_PX} pixels"
        );
        return Err(EngineError::WrongNetwork { path: path.to_owned(), reason });
    }
    if variant.is_none() && (entry.card)().scene_classification().is_some() {
        let reason =
            "this file does not say on what size of pictures it was trained, and with the \
            wrong size every answer is wrong; say it once with `stormlens import --from FILE \
            --variant 192|800|1536 --output checkpoints/polar-low/NAME`"
                .into();
        return Err(EngineError::WrongNetwork { path: path.to_owned(), reason });
    }
    let blocks = file.metadata.as_ref().and_then(|said| Blocks::of(&said.hyper_parameters));
    let says_unit = file.metadata.is_some();
    let is_simulated = file.metadata.as_ref().is_some_and(|metadata| metadata.simulated);
    let unstated = || "not stated in the file".to_owned();
    let (training_data, licence) = match file.metadata {
        Some(metadata) => (metadata.training_data, metadata.licence),
        None => (unstated(), unstated()),
    };
    let card = CheckpointCard {
        name: path.file_stem().unwrap_or_default().to_string_lossy().into_owned(),
        model: model.to_owned(),
        weights_sha256: file.sha256,
        training_data,
        licence,
        n_parameters: found.architecture.n_parameters,
        is_simulated,
        nowcasting,
        refining,
        fields,
        members: Vec::new(),
        absent_layers,
        variant,
        training_range,
        training_features,
        likeness: Likeness::beside(path).map(Arc::new),
        split: Split::beside(path).or_else(|| blocks.map(Split::of_blocks)),
        left_over: file.left_over,
    };
    let state = match unit {
        Unit::Ours => in_our_unit(file.state, says_unit, entry),
        Unit::OfTheFile => file.state,
    };
    Ok(Described { state, card })
}

impl Resident {
    pub(super) fn read(
        entry: &'static ModelEntry,
        path: &Path,
        device: &Device,
        unit: Unit,
    ) -> Result<Self, EngineError> {
        let Described { state, card: checkpoint } = read_described(entry, path, unit)?;
        let tensors = fold(host_tensors(state), entry.norm);
        let parameters = Parameters::from_host(tensors, device);
        parameters.prepare(Kernels::chosen());
        let mut card = (entry.card)();
        card.layers.retain(|layer| !checkpoint.absent_layers.contains(&layer.name));
        Ok(Self { card, checkpoint, entry, parameters, variant: None })
    }

    /// A variant of the network with the same weights, which both share in memory.
    ///
    /// # Errors
    /// Where the network has no variant of that name.
    pub fn variant(&self, name: &'static str) -> Result<Self, EngineError> {
        let model = self.card.id;
        let is_kept = self.entry.network.variant(name);
        let missing = || EngineError::UnknownVariant { model, name: name.to_owned() };
        let is_kept = is_kept.ok_or_else(missing)?;
        let (card, checkpoint) = (self.card.clone(), self.checkpoint.clone());
        let parameters = self.parameters.only(is_kept);
        Ok(Self { card, checkpoint, entry: self.entry, parameters, variant: Some(name) })
    }

    /// The parts of an input of that height and width that it can do without, if it was made to.
    pub(super) fn tokens(&self, size: [usize; 2]) -> Option<Result<Tokens, String>> {
        let shape = |name: &str| self.parameters.shape(name).map(<[usize]>::to_vec);
        self.entry.network.tokens(&shape, size)
    }

    /// What it takes and gives, if it takes fields of a weather model.
    pub fn fields(&self) -> Option<FieldSizes> {
        let shape = |name: &str| self.parameters.shape(name).map(<[usize]>::to_vec);
        self.entry.network.fields(&shape)
    }

    /// What it takes and gives, if it refines tiles.
    pub fn downscaling(&self) -> Option<Downscaling> {
        self.checkpoint.refining.map(|refining| refining.tiles)
    }

    /// Channels of its input.
    pub fn n_input_channels(&self) -> usize {
        if let Some(fields) = self.fields() {
            return fields.n_variables;
        }
        match (&self.checkpoint.nowcasting, self.downscaling()) {
            (Some(frames), _) => frames.n_input_frames,
            (_, Some(tiles)) => tiles.n_input_channels,
            _ => N_COLOURS,
        }
    }

    /// What its weights hold for single places, whatever the input.
    pub fn placed(&self) -> Vec<ShownLayer> {
        self.entry.network.placed(&self.parameters)
    }

    /// Names, shapes and values of the weights, in order of their names.
    pub fn weights(&self) -> HostTensors {
        self.parameters.to_host()
    }

    /// Layers by name or label, as the card writes them, each once; all layers where none is named.
    ///
    /// # Errors
    /// For a name that no layer has.
    pub fn layer_names(&self, wanted: &[String]) -> Result<Vec<String>, EngineError> {
        if wanted.is_empty() {
            return Ok(self.card.layers.iter().map(|layer| layer.name.clone()).collect());
        }
        let mut names = Vec::with_capacity(wanted.len());
        for name in wanted {
            let layer = self.card.layer(name).ok_or_else(|| EngineError::UnknownLayer {
                model: self.card.id,
                name: name.clone(),
                known: self.card.layers.iter().map(|l| l.name.clone()).collect(),
            })?;
            if !names.contains(&layer.name) {
                names.push(layer.name.clone());
            }
        }
        Ok(names)
    }
}

/// The tensors of a checkpoint so that rain is in mm in 5 minutes / 47.83, the unit of all networks here: those of a file that
/// says nothing of it have the unit of the network's publication.
pub fn in_our_unit(
    mut state: checkpoint::StateDict,
    says_unit: bool,
    entry: &ModelEntry,
) -> checkpoint::StateDict {
    let scale = NORMALISATION_MM_5MIN / entry.normalisation_mm_5min;
    if says_unit || scale == 1.0 {
        return state;
    }
    let mut tensors = host_tensors(state.clone());
    (entry.rescale)(&mut tensors, scale as f32);
    for (name, shape, values) in tensors {
        state.tensors.insert(name, checkpoint::Tensor::f32(shape, values));
    }
    state
}

/// The floating-point tensors of a checkpoint; counters of batches are of no use here.
pub fn host_tensors(state: checkpoint::StateDict) -> HostTensors {
    let floats = |(name, tensor): (String, checkpoint::Tensor)| {
        Some((name, tensor.shape.clone(), tensor.into_f32()?))
    };
    state.tensors.into_iter().filter_map(floats).collect()
}

/// A checkpoint from tensors, with the counters that PyTorch expects beside running statistics.
pub fn state_dict(tensors: &HostTensors, n_batches: usize) -> checkpoint::StateDict {
    let mut state = checkpoint::StateDict::default();
    for (name, shape, values) in tensors {
        let tensor = checkpoint::Tensor::f32(shape.clone(), values.clone());
        state.tensors.insert(name.clone(), tensor);
        if let Some(norm) = name.strip_suffix("running_var") {
            let counter = checkpoint::Tensor::i64(Vec::new(), vec![n_batches as i64]);
            state.tensors.insert(format!("{norm}num_batches_tracked"), counter);
        }
    }
    state
}
