//! Which dictionary of a file holds the weights, and what lies beside it.

use std::collections::HashMap;

use crate::Layout;
use crate::error::{Fault, printable};
use crate::pickle::{Dict, Pickle, Value};

/// Names under which programs save the weights of a network beside other things; the first that is there
/// counts.
const STATE_NAMES: &[&str] =
    &["state_dict", "model_state_dict", "model", "net", "network", "module", "weights"];

/// Names under which programs keep means of the weights over a training, as parts of longer names.
const MEANS: &[&str] = &["ema", "swa", "shadow", "averaged"];

/// Under which name means lie in the dictionary of what keeps them, beside its settings.
const KEPT_MEANS: &str = "shadow";

/// So many dictionaries of tensors may lie beside each other, with names of so many bytes.
const MAX_DICTIONARIES: usize = 8;
const MAX_DICTIONARY_NAME_BYTES: usize = 100;

/// So many entries beside the weights are looked at: programs write some dozens.
const MAX_BESIDE: usize = 200;

/// How many dictionaries may lie around that of the weights.
pub(super) const MAX_WRAPPERS: usize = 4;

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

/// The place of a dictionary of tensors, and how many it holds.
type Found = (usize, usize);

/// Looks through dictionaries, each once however often a file names it.
pub(super) struct Finder<'p, 'a> {
    pickle: &'p Pickle<'a>,
    /// Where the tensors of a dictionary lie, by its place and how many dictionaries further down were looked at.
    known: HashMap<(usize, usize), Option<Found>>,
}

impl<'p, 'a> Finder<'p, 'a> {
    pub fn new(pickle: &'p Pickle<'a>) -> Self {
        Self { pickle, known: HashMap::new() }
    }

    /// The dictionary of the weights: one by its usual name, the outermost one, or those that hold tensors, of which whoever
    /// knows networks has to choose one. A tensor or two beside a dictionary are a loss: the tensors of a network are more
    /// than those of anything around it.
    pub fn state(&mut self, top: &'p Dict<'a>) -> Result<(Layout, Vec<Named<'p, 'a>>), Fault> {
        if let Some(value) = top.get("state_dict")
            && !matches!(value, Value::Dict(_) | Value::Tensor(_))
        {
            return Err(Fault::Unsupported(format!("its `state_dict` is {}", value.kind())));
        }
        let own = n_tensors(top);
        let mut all = self.several(top);
        all.retain(|(_, state)| n_tensors(state) > own);
        // A mean has as many, and a larger one may be the network.
        let others = all.iter().filter(|(name, _)| !name.is_some_and(is_mean));
        let most = others.map(|(_, state)| n_tensors(state)).max().unwrap_or(0).max(own + 1);
        let named = STATE_NAMES.iter().find_map(|&name| Some((name, self.within(top.get(name)?)?)));
        if let Some((name, state)) = named.filter(|(_, state)| n_tensors(state) >= most) {
            let is_at_once = name == "state_dict" && self.is(top.get(name), state);
            let layout = if is_at_once { wrapper(top) } else { Layout::Wrapped };
            return Ok((layout, vec![(None, state)]));
        }
        match (all.is_empty(), own) {
            (true, 0) => Err(Fault::Unsupported("it holds no tensors".into())),
            (true, _) => Ok((Layout::Bare, vec![(None, top)])),
            (false, _) => Ok((Layout::Wrapped, told_apart(all)?)),
        }
    }

    /// Whether a value is that very dictionary.
    fn is(&self, value: Option<Value<'a>>, dict: &Dict) -> bool {
        matches!(value, Some(Value::Dict(at)) if std::ptr::eq(&raw const self.pickle.heap.dicts[at], dict))
    }

    /// The dictionaries that hold tensors, each once.
    fn several(&mut self, top: &'p Dict<'a>) -> Vec<Named<'p, 'a>> {
        let mut found: Vec<Named<'p, 'a>> = Vec::new();
        for &(key, value) in &top.items {
            let Some(dict) = self.within_named(key, value) else { continue };
            // One more is refused already.
            if found.len() > MAX_DICTIONARIES {
                break;
            }
            if found.iter().any(|&(_, known)| std::ptr::eq(known, dict)) {
                continue;
            }
            let name = match key {
                Value::Text(name) if name.len() <= MAX_DICTIONARY_NAME_BYTES => Some(name),
                _ => None,
            };
            found.push((name, dict));
        }
        found
    }

    /// The dictionary of tensors that a value is, or that it holds under a usual name.
    fn within(&mut self, value: Value<'a>) -> Option<&'p Dict<'a>> {
        let Value::Dict(at) = value else { return None };
        let (found, _) = self.below(at, MAX_WRAPPERS)?;
        Some(&self.pickle.heap.dicts[found])
    }

    /// The same under a name: what keeps means has them beside its settings.
    fn within_named(&mut self, key: Value<'a>, value: Value<'a>) -> Option<&'p Dict<'a>> {
        let found = self.within(value);
        let (Value::Text(name), Value::Dict(at), None) = (key, value, found) else { return found };
        let means = self.pickle.heap.dicts[at].get(KEPT_MEANS).filter(|_| is_mean(name))?;
        self.within(means)
    }

    /// This dictionary, or the first one that it holds under a usual name, so many dictionaries down, where that has more
    /// tensors.
    fn below(&mut self, at: usize, n_wrappers: usize) -> Option<Found> {
        if let Some(&known) = self.known.get(&(at, n_wrappers)) {
            return known;
        }
        let dict = &self.pickle.heap.dicts[at];
        let own = n_tensors(dict);
        let inner = n_wrappers.checked_sub(1).and_then(|n_left| {
            let mut inner = STATE_NAMES.iter().filter_map(|name| match dict.get(name)? {
                Value::Dict(inner) => self.below(inner, n_left),
                _ => None,
            });
            inner.next()
        });
        let inner = inner.filter(|&(_, n)| n > own);
        let found = inner.or((own > 0).then_some((at, own)));
        self.known.insert((at, n_wrappers), found);
        found
    }

    /// Names of tensors and of other dictionaries of tensors beside those that are taken: of a loss, of another network, or
    /// of a mean of this one. So many dictionaries down they are looked for where one that is taken lies.
    pub fn beside(&mut self, around: &Dict<'a>, taken: &[&Dict], n_wrappers: usize) -> Vec<String> {
        let is_taken = |dict: &Dict| taken.iter().any(|taken| std::ptr::eq(*taken, dict));
        let (mut names, mut inner) = (Vec::new(), None);
        // What stands between its own tensors is named with them.
        if is_taken(around) {
            return names;
        }
        for &(key, value) in around.items.iter().take(MAX_BESIDE) {
            match (key, value, self.within_named(key, value)) {
                (_, Value::Dict(at), Some(found)) if is_taken(found) => inner = inner.or(Some(at)),
                (Value::Text(name), _, Some(_)) => names.push(with_what_it_is(name)),
                (Value::Text(name), Value::Tensor(_), None) => names.push(printable(name)),
                _ => {}
            }
        }
        if let (Some(at), Some(n_left)) = (inner, n_wrappers.checked_sub(1)) {
            names.extend(self.beside(&self.pickle.heap.dicts[at], taken, n_left));
        }
        names
    }
}

/// The only one without its name. Means of weights go where weights are beside them.
fn told_apart<'p, 'a>(mut found: Vec<Named<'p, 'a>>) -> Result<Vec<Named<'p, 'a>>, Fault> {
    let is_mean = |(name, _): &Named| name.is_some_and(is_mean);
    if !found.iter().all(is_mean) {
        found.retain(|one| !is_mean(one));
    }
    if let [(name, _)] = found.as_mut_slice() {
        *name = None;
        return Ok(found);
    }
    match found.len() <= MAX_DICTIONARIES && found.iter().all(|(name, _)| name.is_some()) {
        true => Ok(found),
        false => Err(Fault::Unsupported(
            "it holds several dictionaries of tensors: save one of them by itself".into(),
        )),
    }
}

fn n_tensors(dict: &Dict) -> usize {
    dict.items.iter().filter(|item| matches!(item, (Value::Text(_), Value::Tensor(_)))).count()
}

/// Whether a name says that its tensors are means of the weights over a training.
pub fn is_mean(name: &str) -> bool {
    let mut parts = name.split(|c: char| !c.is_ascii_alphabetic()).map(str::to_ascii_lowercase);
    parts.any(|part| MEANS.contains(&part.as_str()))
}

/// The name of a set of tensors; of one that holds means of the weights, with these words.
pub fn with_what_it_is(name: &str) -> String {
    let words = if is_mean(name) { " (means of the weights over the training)" } else { "" };
    printable(name) + words
}
