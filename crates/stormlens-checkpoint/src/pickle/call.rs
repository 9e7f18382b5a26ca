//! The names a tensor checkpoint uses, and what each of them builds.
//!
//! This list is the whole of Python that a pickle can reach. A name outside it is refused when it
//! is read, before anything could be done with it.

use super::value::{Dict, Heap, Storage, TensorView, Value};
use crate::MAX_RANK;
use crate::dtype::Dtype;
use crate::error::{Fault, printable};

/// A name that is known.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Global {
    RebuildTensor,
    RebuildParameter,
    OrderedDict,
    Device,
    Namespace,
    StorageType(Dtype),
}

impl Global {
    pub(crate) fn resolve(module: &str, name: &str) -> Result<Self, Fault> {
        match (module, name) {
            ("torch._utils", "_rebuild_tensor_v2") => Ok(Global::RebuildTensor),
            ("torch._utils", "_rebuild_parameter") => Ok(Global::RebuildParameter),
            ("collections", "OrderedDict") => Ok(Global::OrderedDict),
            ("torch", "device") => Ok(Global::Device),
            ("argparse", "Namespace") => Ok(Global::Namespace),
            ("torch", class) => match Dtype::from_torch_storage(class) {
                Some(dtype) => Ok(Global::StorageType(dtype)),
                None => Err(refused(module, name)),
            },
            _ => Err(refused(module, name)),
        }
    }
}

pub(crate) fn refused(module: &str, name: &str) -> Fault {
    Fault::Refused(printable(&format!("{module}.{name}")))
}

fn unexpected(what: &str, value: &Value) -> Fault {
    Fault::Damaged(format!("the pickle gives {} as {what}", value.kind()))
}

impl<'a> Heap<'a> {
    pub(crate) fn new_tuple(&mut self, items: Vec<Value<'a>>) -> Value<'a> {
        self.sequences.push(items);
        Value::Tuple(self.sequences.len() - 1)
    }

    pub(crate) fn new_list(&mut self) -> Value<'a> {
        self.sequences.push(Vec::new());
        Value::List(self.sequences.len() - 1)
    }

    pub(crate) fn new_dict(&mut self, is_namespace: bool) -> Value<'a> {
        self.dicts.push(Dict { items: Vec::new(), is_namespace });
        Value::Dict(self.dicts.len() - 1)
    }

    fn tuple(&self, value: Value<'a>, what: &str) -> Result<&[Value<'a>], Fault> {
        match value {
            Value::Tuple(at) => Ok(&self.sequences[at]),
            other => Err(unexpected(what, &other)),
        }
    }

    /// `REDUCE`: a known name with its arguments.
    pub(crate) fn call(
        &mut self,
        callee: Value<'a>,
        arguments: Value<'a>,
    ) -> Result<Value<'a>, Fault> {
        let given = self.tuple(arguments, "arguments")?;
        match (callee, given) {
            (Value::Global(Global::RebuildTensor), _) => self.rebuild_tensor(arguments),
            // `(tensor, requires_grad, hooks)`: the tensor with a mark that it is learned.
            (Value::Global(Global::RebuildParameter), &[Value::Tensor(at), _, _]) => {
                Ok(Value::Tensor(at))
            }
            (Value::Global(Global::OrderedDict), []) => Ok(self.new_dict(false)),
            (Value::Global(Global::Device), &[Value::Text(kind)]) => Ok(Value::Device(kind, None)),
            (Value::Global(Global::Device), &[Value::Text(kind), Value::Int(index)]) => {
                Ok(Value::Device(kind, u8::try_from(index).ok()))
            }
            (Value::Global(global), _) => Err(Fault::Damaged(format!(
                "the pickle calls {global:?} with {} arguments that do not suit it",
                given.len()
            ))),
            (other, _) => Err(unexpected("something to call", &other)),
        }
    }

    /// `NEWOBJ`: only an empty `argparse.Namespace` is made this way.
    pub(crate) fn new_object(
        &mut self,
        class: Value<'a>,
        arguments: Value<'a>,
    ) -> Result<Value<'a>, Fault> {
        match (class, self.tuple(arguments, "arguments")?) {
            (Value::Global(Global::Namespace), []) => Ok(self.new_dict(true)),
            (other, _) => Err(unexpected("a class to instantiate", &other)),
        }
    }

    /// `BUILD`: a namespace takes its attributes; those of an ordered dictionary are versions of
    /// modules, which nobody needs.
    pub(crate) fn build(&mut self, target: Value<'a>, state: Value<'a>) -> Result<(), Fault> {
        let (Value::Dict(target), Value::Dict(state)) = (target, state) else {
            return Err(unexpected("something with attributes", &target));
        };
        if self.dicts[target].is_namespace && target != state {
            // Moved, not copied: a state that is built from again and again must not multiply.
            let attributes = std::mem::take(&mut self.dicts[state].items);
            self.dicts[target].items.extend(attributes);
        }
        Ok(())
    }

    /// `BINPERSID`: `('storage', type, key, location, n_elements[, view])`. The location, e.g.
    /// `cuda:0`, is where the weights once lay and means nothing here.
    pub(crate) fn storage(&mut self, id: Value<'a>) -> Result<Value<'a>, Fault> {
        let (dtype, key, n_elements) = match *self.tuple(id, "the name of a storage")? {
            [
                Value::Text("storage"),
                Value::Global(Global::StorageType(dtype)),
                Value::Text(key),
                Value::Text(_),
                Value::Int(n),
            ]
            | [
                Value::Text("storage"),
                Value::Global(Global::StorageType(dtype)),
                Value::Text(key),
                Value::Text(_),
                Value::Int(n),
                Value::None,
            ] => (dtype, key, n),
            [Value::Text("storage"), _, _, _, _, Value::Tuple(_)] => {
                return Err(Fault::Unsupported(
                    "it holds views of storages, as torch 0.3 wrote them".into(),
                ));
            }
            _ => return Err(Fault::Damaged("the pickle names a storage in an unknown way".into())),
        };
        let n_elements = length(n_elements, "the length of a storage")?;
        self.intern(Storage { key, dtype, n_elements })
    }

    fn intern(&mut self, storage: Storage<'a>) -> Result<Value<'a>, Fault> {
        if let Some(&at) = self.storage_by_key.get(storage.key) {
            return if self.storages[at] == storage {
                Ok(Value::Storage(at))
            } else {
                let key = printable(storage.key);
                Err(Fault::Damaged(format!("the pickle describes storage `{key}` in two ways")))
            };
        }
        self.storage_by_key.insert(storage.key, self.storages.len());
        self.storages.push(storage);
        Ok(Value::Storage(self.storages.len() - 1))
    }

    /// `_rebuild_tensor_v2(storage, offset, size, stride, requires_grad, hooks[, metadata])`.
    fn rebuild_tensor(&mut self, arguments: Value<'a>) -> Result<Value<'a>, Fault> {
        let arguments = self.tuple(arguments, "arguments")?;
        let &[Value::Storage(storage), Value::Int(offset), size, stride, _, _, ref metadata @ ..] =
            arguments
        else {
            return Err(Fault::Damaged("the pickle describes a tensor in an unknown way".into()));
        };
        if self.changes_values(metadata) {
            return Err(Fault::Unsupported(
                "it holds a conjugated or negated view; save a copy with `resolve_neg()`".into(),
            ));
        }
        let shape = self.lengths(size, "a size")?;
        let strides = self.lengths(stride, "a stride")?;
        let offset = length(offset, "an offset")?;
        let view = window(storage, &self.storages[storage], offset, shape, strides)?;
        self.tensors.push(view);
        Ok(Value::Tensor(self.tensors.len() - 1))
    }

    /// Whether the last argument of a tensor says that its numbers stand for others.
    fn changes_values(&self, metadata: &[Value]) -> bool {
        match metadata {
            [] | [Value::None] => false,
            [Value::Dict(at)] => !self.dicts[*at].items.is_empty(),
            _ => true,
        }
    }

    fn lengths(&self, value: Value<'a>, what: &str) -> Result<Vec<usize>, Fault> {
        let items = self.tuple(value, what)?;
        if items.len() > MAX_RANK {
            return Err(Fault::Unsupported(format!("a tensor has {} dimensions", items.len())));
        }
        items
            .iter()
            .map(|item| match *item {
                Value::Int(n) => length(n, what),
                ref other => Err(unexpected(what, other)),
            })
            .collect()
    }
}

fn length(n: i64, what: &str) -> Result<usize, Fault> {
    usize::try_from(n).map_err(|_| Fault::Damaged(format!("the pickle gives {n} as {what}")))
}

/// A view that is known to lie within its storage.
fn window(
    index: usize,
    storage: &Storage,
    offset: usize,
    shape: Vec<usize>,
    strides: Vec<usize>,
) -> Result<TensorView, Fault> {
    let key = printable(storage.key);
    if shape.len() != strides.len() {
        return Err(Fault::Damaged(format!(
            "a tensor on storage `{key}` has {} sizes but {} strides",
            shape.len(),
            strides.len()
        )));
    }
    let outside = || {
        Fault::Damaged(format!(
            "a tensor of shape {shape:?}, strides {strides:?} and offset {offset} does not fit \
             storage `{key}` of {} elements",
            storage.n_elements
        ))
    };
    let n_elements = shape.iter().try_fold(1, |n: usize, &size| n.checked_mul(size));
    let n_elements = n_elements.ok_or_else(outside)?;
    let last = last_index(offset, &shape, &strides).ok_or_else(outside)?;
    if n_elements > 0 && last >= storage.n_elements {
        return Err(outside());
    }
    if n_elements > storage.n_elements {
        return Err(Fault::Unsupported(format!(
            "a tensor on storage `{key}` repeats its elements; save a copy with `contiguous()`"
        )));
    }
    Ok(TensorView { storage: index, offset, shape, strides, n_elements })
}

/// Index of the element furthest from the start; `None` where it overflows.
fn last_index(offset: usize, shape: &[usize], strides: &[usize]) -> Option<usize> {
    shape.iter().zip(strides).try_fold(offset, |at, (&size, &stride)| {
        at.checked_add(size.saturating_sub(1).checked_mul(stride)?)
    })
}
