//! Which variables of a result become one variable of the file.

use crate::outcome::{Role, Variable};

/// One variable of the file.
pub struct Entry<'a> {
    /// Its name in the result; of several layers what their names have in common.
    pub name: String,
    /// One variable of the result, or one of each layer.
    pub members: Vec<&'a Variable>,
    /// Names of the layers where the members are maps of layers along a dimension.
    pub layers: Vec<&'a str>,
}

/// Variables in their order. Maps of all layers go together, if they have the same size and measure
/// the same; else each stands alone.
pub fn entries(variables: &[Variable]) -> Vec<Entry<'_>> {
    let mut entries: Vec<Entry<'_>> = Vec::new();
    for variable in variables {
        let Some((name, layer)) = of_layer(variable) else {
            let name = variable.name.clone();
            entries.push(Entry { name, members: vec![variable], layers: Vec::new() });
            continue;
        };
        match entries.iter_mut().find(|entry| entry.name == name && !entry.layers.is_empty()) {
            Some(entry) => {
                entry.members.push(variable);
                entry.layers.push(layer);
            }
            None => entries.push(Entry { name, members: vec![variable], layers: vec![layer] }),
        }
    }
    entries.into_iter().flat_map(Entry::split).collect()
}

/// Name without the layer, and the layer: `grad_cam/raw` and `cbam4` of `grad_cam/cbam4/raw`.
fn of_layer(variable: &Variable) -> Option<(String, &str)> {
    let Role::Attribution { method, layer: Some(layer), .. } = &variable.role else { return None };
    let method = method.replace('-', "_");
    let rest =
        variable.name.strip_prefix(&method)?.strip_prefix('/')?.strip_prefix(layer.as_str())?;
    (rest.is_empty() || rest.starts_with('/')).then(|| (format!("{method}{rest}"), layer.as_str()))
}

impl<'a> Entry<'a> {
    /// Itself, or its members alone where they differ in more than their layers.
    fn split(self) -> Vec<Self> {
        let first = self.members[0];
        let is_like_first = |other: &&'a Variable| {
            other.quantity == first.quantity
                && other.axes == first.axes
                && other.plane == first.plane
                && other.domain == first.domain
                && other.target() == first.target()
                && std::mem::discriminant(&other.values) == std::mem::discriminant(&first.values)
        };
        if self.layers.is_empty() || self.members.iter().all(is_like_first) {
            return vec![self];
        }
        let alone = |variable: &'a Variable| {
            let name = variable.name.clone();
            Self { name, members: vec![variable], layers: Vec::new() }
        };
        self.members.into_iter().map(alone).collect()
    }
}
