//! Where the weights lie in the dictionary that was saved, and what else in it is of use.

use std::collections::BTreeMap;

use indexmap::IndexMap;
use serde_json::Value as Json;

use super::error::{Fault, printable};
use super::pickle::{Dict, Pickle, TensorView, Value};
use super::torch::{Storages, load};
use super::{Container, Foreign, Layout, StateDict};

/// Prefixes that wrappers put before every name.
const PREFIXES: &[&str] = &["model.", "net.", "module.", "_orig_mod."];

/// Names under which programs save the weights of a network beside other things; the first that is there
/// counts.
const STATE_NAMES: &[&str] =
    &["state_dict", "model_state_dict", "model", "net", "network", "module", "weights"];

/// Names under which programs keep means of the weights over a training, as parts of longer names.
const MEANS: &[&str] = &["ema", "swa", "shadow", "averaged"];

/// So many dictionaries of tensors may lie beside each other, with names of so many bytes.
const MAX_DICTIONARIES: usize = 8;
const MAX_DICTIONARY_NAME_BYTES: usize = 100;

/// So many entries beside the weights are looked at: programs write some dozens.
const MAX_BESIDE: usize = 200;

/// How many dictionaries may lie around that of the weights.
const MAX_WRAPPERS: usize = 4;

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
        let (layout, found) = state(pickle, top)?;
        let (mut states, mut left_over) = (Vec::with_capacity(found.len()), Vec::new());
        for &(name, dict) in &found {
            let (views, others) = views(pickle, dict)?;
            states.push(State { name, views });
            left_over.extend(others);
        }
        let dicts: Vec<&Dict> = found.iter().map(|&(_, dict)| dict).collect();
        left_over.extend(beside(pickle, top, &dicts, MAX_WRAPPERS));
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
        Ok(Foreign {
            state: without_prefix(StateDict { tensors }),
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

/// Which program wrote a dictionary that has a `state_dict`.
fn wrapper(top: &Dict) -> Layout {
    let has = |name: &str| top.has(name);
    if has("checkpoint_callback_best_model_score") || has("checkpoint_callback_best_model_path") {
        Layout::Lightning08
    } else if has("pytorch-lightning_version") {
        Layout::Lightning2
    } else if has("hparams_type") || has("checkpoint_callback_best") {
        Layout::Lightning07
    } else if has("mIOU") && has("optimizer_state_dict") {
        Layout::Voc
    } else {
        Layout::Wrapped
    }
}

/// A dictionary of tensors, with its name where there are several.
type Named<'p, 'a> = (Option<&'a str>, &'p Dict<'a>);

/// The dictionary of the weights: one by its usual name, the outermost one, or those that hold tensors, of which whoever
/// knows networks has to choose one.
fn state<'p, 'a>(
    pickle: &'p Pickle<'a>,
    top: &'p Dict<'a>,
) -> Result<(Layout, Vec<Named<'p, 'a>>), Fault> {
    match top.get("state_dict") {
        Some(Value::Dict(at)) if holds_tensors(&pickle.heap.dicts[at]) => {
            return Ok((wrapper(top), vec![(None, &pickle.heap.dicts[at])]));
        }
        Some(Value::Dict(_) | Value::Tensor(_)) | None => {}
        Some(other) => {
            return Err(Fault::Unsupported(format!("its `state_dict` is {}", other.kind())));
        }
    }
    let named = STATE_NAMES.iter().find_map(|name| within(pickle, top.get(name)?, MAX_WRAPPERS));
    // A tensor or two beside them are a loss; the tensors of a network are more than those of anything beside it.
    let named = named.filter(|state| n_tensors(state) >= n_tensors(top));
    if let Some(state) = named {
        return Ok((Layout::Wrapped, vec![(None, state)]));
    }
    if holds_tensors(top) {
        return Ok((Layout::Bare, vec![(None, top)]));
    }
    Ok((Layout::Wrapped, several(pickle, top)?))
}

/// The dictionaries that hold tensors, each once.
fn several<'p, 'a>(pickle: &'p Pickle<'a>, top: &'p Dict<'a>) -> Result<Vec<Named<'p, 'a>>, Fault> {
    let mut found: Vec<Named<'p, 'a>> = Vec::new();
    let mut has_names = true;
    for &(key, value) in &top.items {
        let Some(dict) = within(pickle, value, MAX_WRAPPERS) else { continue };
        if found.iter().any(|&(_, known)| std::ptr::eq(known, dict)) {
            continue;
        }
        let name = match key {
            Value::Text(name) if name.len() <= MAX_DICTIONARY_NAME_BYTES => Some(name),
            _ => None,
        };
        has_names &= name.is_some();
        found.push((name, dict));
        if found.len() > 1 && (!has_names || found.len() > MAX_DICTIONARIES) {
            return Err(Fault::Unsupported(
                "it holds several dictionaries of tensors: save one of them by itself".into(),
            ));
        }
    }
    match found.as_mut_slice() {
        [] => return Err(Fault::Unsupported("it holds no tensors".into())),
        [(name, _)] => *name = None,
        _ => {}
    }
    Ok(found)
}

/// The dictionary of tensors that a value is, or that it holds under a usual name, so many dictionaries down.
fn within<'p, 'a>(
    pickle: &'p Pickle<'a>,
    value: Value<'a>,
    n_wrappers: usize,
) -> Option<&'p Dict<'a>> {
    let Value::Dict(at) = value else { return None };
    let dict = &pickle.heap.dicts[at];
    if holds_tensors(dict) {
        return Some(dict);
    }
    let n_left = n_wrappers.checked_sub(1)?;
    STATE_NAMES.iter().find_map(|name| within(pickle, dict.get(name)?, n_left))
}

fn n_tensors(dict: &Dict) -> usize {
    dict.items.iter().filter(|item| matches!(item, (Value::Text(_), Value::Tensor(_)))).count()
}

/// Names of tensors and of other dictionaries of tensors beside those that are taken: of a loss, of another network, or of
/// a mean of this one. So many dictionaries down they are looked for where one that is taken lies.
fn beside(pickle: &Pickle, around: &Dict, taken: &[&Dict], n_wrappers: usize) -> Vec<String> {
    let is_taken = |dict: &Dict| taken.iter().any(|taken| std::ptr::eq(*taken, dict));
    let (mut names, mut inner) = (Vec::new(), None);
    if is_taken(around) {
        return names;
    }
    for &(key, value) in around.items.iter().take(MAX_BESIDE) {
        match (key, value, within(pickle, value, MAX_WRAPPERS)) {
            (_, Value::Dict(at), Some(found)) if is_taken(found) => inner = inner.or(Some(at)),
            (Value::Text(name), _, Some(_)) => names.push(with_what_it_is(name)),
            (Value::Text(name), Value::Tensor(_), None) => names.push(printable(name)),
            _ => {}
        }
    }
    if let (Some(at), Some(n_left)) = (inner, n_wrappers.checked_sub(1)) {
        names.extend(beside(pickle, &pickle.heap.dicts[at], taken, n_left));
    }
    names
}

/// The name of a dictionary of tensors; of one that holds means of the weights, with these words.
fn with_what_it_is(name: &str) -> String {
    let parts = name.split(|c: char| !c.is_ascii_alphabetic());
    let is_mean = parts.map(str::to_ascii_lowercase).any(|part| MEANS.contains(&part.as_str()));
    let name = printable(name);
    if is_mean { format!("{name} (means of the weights over the training)") } else { name }
}

fn holds_tensors(dict: &Dict) -> bool {
    dict.items.iter().any(|item| matches!(item, (Value::Text(_), Value::Tensor(_))))
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
