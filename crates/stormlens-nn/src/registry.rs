//! Which networks there are: one line a network.

use std::collections::BTreeMap;
use std::path::Path;

use stormlens_data::card::{ModelCard, NowcastField};

use crate::layers::NormOptions;
use crate::models::nowcasting::Statement;
use crate::models::{
    Architecture, HostTensors, RecognitionError, Schema, Sizes, harpnet, polar_low,
    recognise as comparison, sar_unet, spat_spark, sslpdl, unet,
};
use crate::network::Network;
use stormlens_checkpoint::{self as checkpoint, CheckpointError, Foreign, Layout, StateDict};

pub const MODELS: &[&ModelEntry] = &[
    &sar_unet::ENTRY,
    &unet::SMAAT_UNET,
    &unet::SMAAT_UNET_4CBAM,
    &unet::UNET,
    &unet::UNET_DS,
    &unet::UNET_ATTENTION,
    &polar_low::ENTRY,
    &harpnet::ENTRY,
    &sslpdl::ENTRY,
    &spat_spark::ENTRY,
];

/// What the rest of the program needs of a network.
pub struct ModelEntry {
    pub card: fn() -> ModelCard,
    /// What messages call it.
    pub name: &'static str,
    pub network: &'static dyn Network,
    /// What tensors say of themselves, each size from one of them; `None` where the names are those
    /// of another network, an error in words where they are no weights that it can run with. Whether
    /// all tensors are there and fit, the registry compares.
    pub recognise: fn(&StateDict) -> Option<Result<Architecture, String>>,
    /// A network that is yet to be trained; an error in words for sizes that it cannot have.
    pub design: fn(&Sizes) -> Result<Architecture, String>,
    /// Weights before training, from a seed.
    pub initialise: fn(&Schema, u64) -> HostTensors,
    /// Changes weights so that input and output are in units so many times as large.
    pub rescale: fn(&mut HostTensors, f32),
    /// What the publication says of the frames that such weights take and give, of that field if one is given; `None`
    /// where it does not tell, and of other networks.
    pub published_frames: fn(&Architecture, Option<NowcastField>) -> Option<Statement>,
    /// What the rain in weights is divided by that say nothing of it, mm in 5 minutes.
    pub normalisation_mm_5min: f64,
    /// What its batch normalisation was built with.
    pub norm: NormOptions,
    /// Height and width of its input must be multiples of this.
    pub size_multiple: usize,
    /// Its name of a tensor that a file of Keras calls so, for a network that was published there.
    pub from_keras: Option<fn(&str) -> Option<String>>,
}

impl ModelEntry {
    /// Weights of the published sizes before training.
    ///
    /// # Panics
    /// Never: a network can have its own published sizes.
    pub fn fresh(&self, seed: u64) -> HostTensors {
        let architecture = (self.design)(&Sizes::default()).expect("the published sizes");
        (self.initialise)(&architecture.schema, seed)
    }
}

/// The model of that name, or the names there are.
pub fn find(id: &str) -> Result<&'static ModelEntry, Vec<&'static str>> {
    let found = MODELS.iter().find(|entry| (entry.card)().id == id);
    found.copied().ok_or_else(|| MODELS.iter().map(|entry| (entry.card)().id).collect())
}

/// A network and what one set of its weights says of itself.
#[derive(Clone)]
pub struct Recognised {
    pub entry: &'static ModelEntry,
    pub architecture: Architecture,
}

/// Recognises the network from names and shapes of tensors alone, and checks that the weights are
/// complete and usable.
///
/// # Errors
/// If no network has such names, if tensors are missing, unexpected or of another shape or type, if a
/// weight is not finite, or if a running variance is negative.
pub fn recognise(state: &StateDict) -> Result<Recognised, RecognitionError> {
    let claim = |entry: &&'static ModelEntry| Some((*entry, (entry.recognise)(state)?));
    let Some((entry, found)) = MODELS.iter().find_map(claim) else {
        let known: Vec<_> = MODELS.iter().map(|entry| entry.name).collect();
        let names = comparison::first_names(state);
        return Err(RecognitionError::Unknown { names, known: known.join(", ") });
    };
    let architecture = found
        .map_err(|difference| RecognitionError::Mismatch { network: entry.name, difference })?;
    comparison::compare(entry.name, &architecture.schema, state)?;
    Ok(Recognised { entry, architecture })
}

/// Reads a checkpoint and recognises its network. Tensors that go by another framework's names come
/// back under the network's own.
///
/// # Errors
/// As [`checkpoint::read`] and [`recognise`]; each names the file.
pub fn read(path: &Path) -> Result<(Foreign, Recognised), CheckpointError> {
    let mut file = checkpoint::read(path)?;
    if file.layout == Layout::Keras {
        file.state = renamed(file.state);
    }
    let refuse = |error: RecognitionError| CheckpointError::Unsupported {
        path: path.to_owned(),
        reason: error.to_string(),
    };
    let found = match recognise(&file.state) {
        Ok(found) => found,
        Err(error) => {
            let found = match without_loss(&file.state) {
                Some(found) => found,
                None => below_a_prefix(&file.state, error).map_err(refuse)?,
            };
            let (state, others, found) = found;
            let others = left_out(&file, others);
            file.state = state;
            file.left_over.extend(others);
            found
        }
    };
    Ok((file, found))
}

/// The names of tensors that are left out; dictionaries that are left out whole by their own names.
fn left_out(file: &Foreign, others: Vec<String>) -> Vec<String> {
    fn is_in(name: &str, dictionary: &str) -> bool {
        name.strip_prefix(dictionary).is_some_and(|rest| rest.starts_with('.'))
    }
    let is_whole = |dictionary: &&String| {
        let n_all = file.state.tensors.keys().filter(|name| is_in(name, dictionary)).count();
        n_all > 0 && n_all == others.iter().filter(|name| is_in(name, dictionary)).count()
    };
    let whole: Vec<String> = file.dictionaries.iter().filter(is_whole).cloned().collect();
    let is_alone = |name: &String| !whole.iter().any(|dictionary| is_in(name, dictionary));
    let alone: Vec<String> = others.into_iter().filter(is_alone).collect();
    [whole, alone].concat()
}

/// The network where the tensors of a loss are left out, and their names: weights between tasks, or a network that judges.
/// Nothing else is left out, since a layer more could make it another network.
fn without_loss(state: &StateDict) -> Option<(StateDict, Vec<String>, Recognised)> {
    let (of_loss, own): (Vec<_>, Vec<_>) =
        state.tensors.iter().partition(|(name, _)| is_of_loss(name));
    if of_loss.is_empty() {
        return None;
    }
    let tensors = own.into_iter().map(|(name, tensor)| (name.clone(), tensor.clone())).collect();
    let own = StateDict { tensors };
    let found = recognise(&own).ok()?;
    Some((own, of_loss.into_iter().map(|(name, _)| name.clone()).collect(), found))
}

fn is_of_loss(name: &str) -> bool {
    let first = name.split('.').next().unwrap_or_default().to_ascii_lowercase();
    ["loss", "criterion", "log_var", "log_sigma"].iter().any(|word| first.contains(word))
}

/// Fewer tensors than the smallest network has are none.
const MIN_TENSORS: usize = 8;

/// The one network whose tensors share a prefix that others have not, such as `model.` beside the weights of
/// a loss, and the names of those others. `error` is what is wrong with all of them together.
fn below_a_prefix(
    state: &StateDict,
    error: RecognitionError,
) -> Result<(StateDict, Vec<String>, Recognised), RecognitionError> {
    let (mut found, mut reason) = (Vec::new(), error);
    for prefix in prefixes(state) {
        let (part, others) = state.below(prefix);
        match recognise(&part) {
            Ok(recognised) => found.push((prefix, part, others, recognised)),
            // That a network is nearly there says more than that there is none.
            Err(error) if matches!(reason, RecognitionError::Unknown { .. }) => reason = error,
            Err(_) => {}
        }
    }
    // Means of the weights go where the weights are beside them.
    let is_mean = |prefix: &str| checkpoint::is_mean(prefix);
    let mut means = Vec::new();
    if !found.iter().all(|(prefix, ..)| is_mean(prefix)) {
        means = found.extract_if(.., |(prefix, ..)| is_mean(prefix)).map(|one| one.0).collect();
    }
    match &found[..] {
        [] => Err(reason),
        [_] => {
            let (_, part, mut others, found) = found.remove(0);
            others.retain(|name| !means.iter().any(|prefix| name.starts_with(prefix)));
            let named = |prefix: &&str| checkpoint::with_what_it_is(prefix.trim_end_matches('.'));
            others.extend(means.iter().map(named));
            Ok((part, others, found))
        }
        [(one, ..), (other, ..), ..] => {
            let [one, other] = [one, other].map(|prefix| checkpoint::printable(prefix));
            Err(RecognitionError::Several { one, other })
        }
    }
}

/// Beginnings of names up to a dot that enough tensors have, those of most tensors first.
fn prefixes(state: &StateDict) -> Vec<&str> {
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for name in state.tensors.keys() {
        for (dot, _) in name.match_indices('.') {
            *counts.entry(&name[..=dot]).or_default() += 1;
        }
    }
    let mut all: Vec<_> = counts.into_iter().filter(|(_, n)| *n >= MIN_TENSORS).collect();
    all.sort_by_key(|&(_, n)| std::cmp::Reverse(n));
    all.into_iter().map(|(prefix, _)| prefix).collect()
}

/// Tensors of Keras under the names of the first network that knows any of them.
fn renamed(state: StateDict) -> StateDict {
    let knows = |name: fn(&str) -> Option<String>| state.tensors.keys().any(|k| name(k).is_some());
    let names = MODELS.iter().filter_map(|entry| entry.from_keras).find(|name| knows(*name));
    let Some(name) = names else { return state };
    let tensors = state.tensors.into_iter();
    StateDict { tensors: tensors.map(|(k, tensor)| (name(&k).unwrap_or(k), tensor)).collect() }
}

#[cfg(test)]
mod tests;
