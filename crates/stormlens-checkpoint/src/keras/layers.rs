//! The layers that have weights, in the order of the model: of the older format here, of the newer one in
//! [`numbered`].

use hdf5_reader::Dataset;
use hdf5_reader::group::Group;

use super::super::error::{Fault, printable};
use super::attributes::Attributes;
use super::{broken, numbered};

/// What a layer is, by the names of its arrays.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Convolution,
    Separable,
    Norm,
    Dense,
}

impl Kind {
    /// How many kinds there are.
    pub const N: usize = 4;
}

/// A layer with its arrays, not yet read.
pub(super) struct Layer {
    pub name: String,
    pub kind: Kind,
    /// Name, such as `kernel`, and array.
    pub arrays: Vec<(String, Dataset)>,
}

/// The layers with weights of a file.
pub(super) fn read(root: &Group) -> Result<Vec<Layer>, Fault> {
    let (groups, _) = root.member_names().map_err(|e| broken(&e))?;
    let group = |name: &str| root.group(name).map_err(|e| broken(&e));
    let has = |name: &str| groups.iter().any(|group| group == name);
    let model = if has("model_weights") { group("model_weights")? } else { root.clone() };
    if let Some(names) = Attributes::of(&model)?.texts("layer_names")? {
        let layers: Result<Vec<_>, _> = names.iter().map(|name| read_layer(&model, name)).collect();
        return Ok(layers?.into_iter().flatten().collect());
    }
    match numbered::CONTAINERS.iter().find(|name| has(name)) {
        Some(name) => numbered::read(&group(name)?),
        None => Err(Fault::Unsupported(
            "it is an HDF5 file without the layers of Keras; give what `model.save('model.keras')`, \
             `model.save('model.h5')` or `model.save_weights('model.weights.h5')` writes"
                .into(),
        )),
    }
}

/// `None` for a layer without weights.
fn read_layer(model: &Group, name: &str) -> Result<Option<Layer>, Fault> {
    let group = descend(model, name)?;
    let weights = Attributes::of(&group)?.texts("weight_names")?.unwrap_or_default();
    if weights.is_empty() {
        return Ok(None);
    }
    let mut arrays = Vec::with_capacity(weights.len());
    for weight in &weights {
        let (folder, last) = weight.rsplit_once('/').unwrap_or(("", weight));
        let array = descend(&group, folder)?.dataset(last).map_err(|e| broken(&e))?;
        let array_name = last.split(':').next().unwrap_or(last);
        arrays.push((array_name.to_owned(), array));
    }
    let kind = kind(&arrays).ok_or_else(|| {
        let names: Vec<_> = arrays.iter().map(|(name, _)| printable(name)).collect();
        Fault::Unsupported(format!(
            "its layer `{}` has the weights {}: no kind of layer that is read has these",
            printable(name),
            names.join(", ")
        ))
    })?;
    Ok(Some(Layer { name: name.to_owned(), kind, arrays }))
}

fn kind(arrays: &[(String, Dataset)]) -> Option<Kind> {
    let array = |wanted: &str| arrays.iter().find(|(name, _)| name == wanted).map(|(_, a)| a);
    if array("depthwise_kernel").is_some() {
        return Some(Kind::Separable);
    }
    if array("gamma").is_some() {
        return Some(Kind::Norm);
    }
    match array("kernel")?.shape().len() {
        2 => Some(Kind::Dense),
        _ => Some(Kind::Convolution),
    }
}

/// The group below `group` that a path names; names of layers may hold slashes, which are groups.
fn descend(group: &Group, path: &str) -> Result<Group, Fault> {
    let mut group = group.clone();
    for part in path.split('/').filter(|part| !part.is_empty()) {
        group = group.group(part).map_err(|e| broken(&e))?;
    }
    Ok(group)
}
