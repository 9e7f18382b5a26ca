//! Where the weights lie in the dictionary that was saved, and what else in it is of use.

mod find;

use std::collections::BTreeMap;

use indexmap::IndexMap;
use serde_json::Value as Json;

use self::find::{Finder, MAX_WRAPPERS};
pub use self::find::{is_mean, with_what_it_is};
use super::error::{Fault, printable};
use super::pickle::{Dict, Pickle, TensorView, Value};
use super::torch::{Storages, load};
use super::{Container, Foreign, Layout, StateDict};

/// Prefixes that wrappers put before every name.
const PREFIXES: &[&str] = &["model.", "net.", "module.", "_orig_mod."];

/// How many prefixes are stripped, one after another.
const MAX_PREFIXES: usize = 3;

/// Values nested deeper than this are no hyperparameters.
const MAX_DEPTH: usize = 6;

/// More values than this are no hyperparameters; shared lists could multiply without end.
const MAX_HYPER_PARAMETERS: usize = 10_000;

/// A longer text is none either, and could be shared by ten thousand values.
const MAX_TEXT_BYTES: usize = 1000;

/// A saved object that holds weights, before their numbers are fetched.
pub(crate) struct Contents<'p, 'a> {
    pickle: &'p Pickle<'a>,
    layout: Layout,
    /// The dictionaries of tensors: one, or several of which the file does not say which one is the network.
    states: Vec<State<'p, 'a>>,
    /// What stands beside the tensors.
    left_over: Vec<String>,
    /// The outermost dictionary.
    top: &'p Dict<'a>,
}

impl<'p, 'a> Contents<'p, 'a> {
    /// Finds the weights. A file of `n_file_bytes` may hold at most as many numbers: that leaves
    /// room for shared storages, and keeps a small file from describing a large network.
    pub(crate) fn new(pickle: &'p Pickle<'a>, n_file_bytes: usize) -> Result<Self, Fault> {
        let Value::Dict(top) = pickle.root else {
            return Err(Fault::Unsupported(format!(
                "it holds {} where a dictionary of tensors is needed",
                pickle.root.kind()
            )));
        };
        let top = &pickle.heap.dicts[top];
        let mut finder = Finder::new(pickle);
        let (layout, found) = finder.state(top)?;
        let (mut states, mut left_over) = (Vec::with_capacity(found.len()), Vec::new());
        for &(name, dict) in &found {
            let (views, others) = views(pickle, dict)?;
            states.push(State { name, views });
            left_over.extend(others);
        }
        let dicts: Vec<&Dict> = found.iter().map(|&(_, dict)| dict).collect();
        left_over.extend(finder.beside(top, &dicts, MAX_WRAPPERS));
        let mut views = states.iter().flat_map(|state| &state.views);
        let n_elements = views.try_fold(0, |n: usize, (_, v)| n.checked_add(v.n_elements));
        if n_elements.is_none_or(|n| n > n_file_bytes) {
            return Err(Fault::Unsupported(
                "it describes more numbers than the file has bytes".into(),
            ));
        }
        Ok(Self { pickle, layout, states, left_over, top })
    }

    /// Fetches the numbers.
    pub(crate) fn load(
        self,
        container: Container,
        storages: Storages<'_, 'a>,
    ) -> Result<Foreign, Fault> {
        let mut tensors = IndexMap::new();
        for State { name: dictionary, views } in &self.states {
            for (name, view) in views {
                let tensor = load(self.pickle, view, storages)?;
                let name = match dictionary {
                    Some(dictionary) => format!("{dictionary}.{name}"),
                    None => (*name).to_owned(),
                };
                if tensors.contains_key(&name) {
                    return Err(Fault::Damaged(format!("it holds `{}` twice", printable(&name))));
                }
                tensors.insert(name, tensor);
            }
        }
        let dictionaries = self.states.iter().filter_map(|state| state.name);
        let dictionaries = dictionaries.map(str::to_owned).collect();
        let state = StateDict { tensors };
        Ok(Foreign {
            // Names of several dictionaries are those under which they were saved.
            state: if self.states.len() > 1 { state } else { without_prefix(state) },
            left_over: self.left_over.clone(),
            dictionaries,
            container,
            layout: self.layout,
            hyper_parameters: self.hyper_parameters(),
            epoch: match self.top.get("epoch") {
                Some(Value::Int(epoch)) => u64::try_from(epoch).ok(),
                _ => None,
            },
            numbers: self.numbers(),
            sha256: String::new(),
            metadata: None,
        })
    }

    fn numbers(&self) -> BTreeMap<String, f64> {
        let number = |&(key, value): &(Value, Value)| match (key, value) {
            (Value::Text(name), Value::Int(number)) => Some((printable(name), number as f64)),
            (Value::Text(name), Value::Float(number)) => Some((printable(name), number)),
            (Value::Text(name), Value::Bool(is)) => {
                Some((printable(name), f64::from(u8::from(is))))
            }
            _ => None,
        };
        self.top.items.iter().filter_map(number).collect()
    }

    fn hyper_parameters(&self) -> BTreeMap<String, Json> {
        let found = self.top.get("hyper_parameters").or_else(|| self.top.get("hparams"));
        let (Some(Value::Dict(at)), false) = (found, self.layout == Layout::Bare) else {
            return BTreeMap::new();
        };
        let mut n_left = MAX_HYPER_PARAMETERS;
        match plain(self.pickle, Value::Dict(at), MAX_DEPTH, &mut n_left) {
            Some(Json::Object(entries)) => entries.into_iter().collect(),
            _ => BTreeMap::new(),
        }
    }
}

type Views<'p, 'a> = Vec<(&'a str, &'p TensorView)>;

struct State<'p, 'a> {
    /// Stands before the names of its tensors, where there are several.
    name: Option<&'a str>,
    views: Views<'p, 'a>,
}

/// The tensors of a dictionary, and the names of what is none.
fn views<'p, 'a>(
    pickle: &'p Pickle<'a>,
    state: &'p Dict<'a>,
) -> Result<(Views<'p, 'a>, Vec<String>), Fault> {
    let (mut views, mut left_over) = (Vec::with_capacity(state.items.len()), Vec::new());
    for &(key, value) in &state.items {
        match (key, value) {
            (Value::Text(name), Value::Tensor(at)) => views.push((name, &pickle.heap.tensors[at])),
            (Value::Text(name), _) => left_over.push(printable(name)),
            (other, _) => {
                return Err(Fault::Unsupported(format!("it names a tensor by {}", other.kind())));
            }
        }
    }
    if views.is_empty() {
        return Err(Fault::Unsupported("it holds no tensors".into()));
    }
    Ok((views, left_over))
}

/// The same tensors without prefixes that all names share.
pub(crate) fn without_prefix(mut state: StateDict) -> StateDict {
    for _ in 0..MAX_PREFIXES {
        let Some(prefix) = shared_prefix(&state) else { break };
        let stripped = state.tensors.into_iter().map(|(name, t)| (name[prefix.len()..].into(), t));
        state = StateDict { tensors: stripped.collect() };
    }
    state
}

fn shared_prefix(state: &StateDict) -> Option<&'static str> {
    let all_have = |prefix: &str| {
        state.tensors.keys().all(|name| name.len() > prefix.len() && name.starts_with(prefix))
    };
    PREFIXES.iter().copied().find(|prefix| !state.tensors.is_empty() && all_have(prefix))
}

/// A value as JSON; `None` where it is not plain or too much.
fn plain(pickle: &Pickle, value: Value, depth: usize, n_left: &mut usize) -> Option<Json> {
    *n_left = n_left.checked_sub(1)?;
    match value {
        Value::None => Some(Json::Null),
        Value::Bool(value) => Some(value.into()),
        Value::Int(value) => Some(value.into()),
        // JSON has no infinity, and a learning-rate schedule may.
        Value::Float(value) if !value.is_finite() => Some(value.to_string().into()),
        Value::Float(value) => Some(value.into()),
        Value::Text(value) => (value.len() <= MAX_TEXT_BYTES).then(|| value.into()),
        Value::Device(kind, None) => Some(kind.into()),
        Value::Device(kind, Some(index)) => Some(format!("{kind}:{index}").into()),
        Value::Tuple(at) | Value::List(at) if depth > 0 => {
            let items = pickle.heap.sequences[at].iter();
            items.map(|&item| plain(pickle, item, depth - 1, n_left)).collect()
        }
        Value::Dict(at) if depth > 0 => {
            let items = pickle.heap.dicts[at].items.iter();
            Some(items.filter_map(|&item| plain_entry(pickle, item, depth, n_left)).collect())
        }
        _ => None,
    }
}

fn plain_entry(
    pickle: &Pickle,
    (key, value): (Value, Value),
    depth: usize,
    n_left: &mut usize,
) -> Option<(String, Json)> {
    let Json::String(key) = plain(pickle, key, 0, n_left)? else { return None };
    Some((key, plain(pickle, value, depth - 1, n_left)?))
}
