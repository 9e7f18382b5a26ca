//! Layers as Keras 3 writes them: by class and counter, their arrays by number.

use hdf5_reader::Dataset;
use hdf5_reader::group::Group;

use super::super::error::{Fault, printable};
use super::broken;
use super::layers::{Kind, Layer};
use super::mapping::parts;

/// Where the layers of a model lie: in files of Keras 3, and of TensorFlow 2.12 to 2.15.
pub(super) const CONTAINERS: [&str; 2] = ["layers", "_layer_checkpoint_dependencies"];

/// More layers than this are none of a network that is read.
const MAX_LAYERS: usize = 2000;

/// Models within models; a link in the file may lead back to where it came from.
const MAX_DEPTH: usize = 4;

/// The layers with weights below `layers`. Within a kind they come in the order of their counters, which is that
/// of the model.
pub(super) fn read(layers: &Group) -> Result<Vec<Layer>, Fault> {
    read_model(layers, 0)
}

fn read_model(layers: &Group, depth: usize) -> Result<Vec<Layer>, Fault> {
    let (names, _) = members(layers)?;
    if names.len() > MAX_LAYERS || depth > MAX_DEPTH {
        return Err(Fault::Unsupported("it has more layers than any network that is read".into()));
    }
    let mut found = Vec::new();
    for name in &names {
        let layer = layers.group(name).map_err(|e| broken(&e))?;
        found.extend(read_layer(name, &layer, depth)?);
    }
    found.sort_by_key(|(counter, _)| *counter);
    Ok(found.into_iter().map(|(_, layer)| layer).collect())
}

/// A layer and its counter; `None` for one without weights, such as a model of augmentations.
fn read_layer(name: &str, layer: &Group, depth: usize) -> Result<Option<(usize, Layer)>, Fault> {
    let shown = printable(name);
    let (groups, _) = members(layer)?;
    let has = |name: &str| groups.iter().any(|group| group == name);
    for inner in CONTAINERS.iter().filter(|inner| has(inner)) {
        let inner = layer.group(inner).map_err(|e| broken(&e))?;
        if !read_model(&inner, depth + 1)?.is_empty() {
            return Err(Fault::Unsupported(format!(
                "its layer `{shown}` is a model with weights of its own, whose order the file does not tell"
            )));
        }
    }
    let variables =
        if has("vars") { layer.group("vars").map_err(|e| broken(&e))? } else { return Ok(None) };
    let (_, numbers) = members(&variables)?;
    if numbers.is_empty() {
        return Ok(None);
    }
    let Some((kind, counter)) = kind(name) else {
        return Err(Fault::Unsupported(format!("its layer `{shown}` is of no kind that is read")));
    };
    let (n_found, n_wanted) = (numbers.len(), parts(kind).len());
    if n_found != n_wanted {
        return Err(Fault::Unsupported(format!(
            "its layer `{shown}` has {n_found} arrays, not {n_wanted}"
        )));
    }
    Ok(Some((counter, Layer { name: name.to_owned(), kind, arrays: arrays(&variables, kind)? })))
}

/// Names of the groups and arrays in a group.
fn members(group: &Group) -> Result<(Vec<String>, Vec<String>), Fault> {
    group.member_names().map_err(|e| broken(&e))
}

fn arrays(variables: &Group, kind: Kind) -> Result<Vec<(String, Dataset)>, Fault> {
    let array = |(number, part): (usize, &super::mapping::Part)| {
        let array = variables.dataset(&number.to_string()).map_err(|e| broken(&e))?;
        Ok((part.0.to_owned(), array))
    };
    parts(kind).iter().enumerate().map(array).collect()
}

/// `separable_conv2d_3` is the fourth separable convolution.
fn kind(name: &str) -> Option<(Kind, usize)> {
    let (class, counter) = match name.rsplit_once('_') {
        Some((class, digits)) if digits.bytes().all(|b| b.is_ascii_digit()) => {
            (class, digits.parse().ok()?)
        }
        _ => (name, 0),
    };
    let kind = match class {
        "conv2d" => Kind::Convolution,
        "separable_conv2d" => Kind::Separable,
        "batch_normalization" => Kind::Norm,
        "dense" => Kind::Dense,
        _ => return None,
    };
    Some((kind, counter))
}
