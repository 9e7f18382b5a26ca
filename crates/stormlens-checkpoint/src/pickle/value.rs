//! What a pickle of tensors can describe, as plain data.
//!
//! Values are small and copied; what holds other values lies in a [`Heap`] and is named by index.
//! So a pickle may nest and share as it likes: nothing here recurses, not even when dropped, and
//! memory grows by a fixed amount an opcode.

use std::collections::HashMap;

use super::call::Global;
use crate::dtype::Dtype;

/// One Python value. Text and bytes are borrowed from the pickle.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Value<'a> {
    None,
    Bool(bool),
    Int(i64),
    /// An integer beyond 64 bits: little-endian two's complement.
    Long(&'a [u8]),
    Float(f64),
    Text(&'a str),
    /// A `torch.device`: kind and index.
    Device(&'a str, Option<u8>),
    /// A name that the pickle may use.
    Global(Global),
    /// Index into [`Heap::sequences`].
    Tuple(usize),
    /// Index into [`Heap::sequences`].
    List(usize),
    /// Index into [`Heap::dicts`].
    Dict(usize),
    /// Index into [`Heap::storages`].
    Storage(usize),
    /// Index into [`Heap::tensors`].
    Tensor(usize),
}

impl Value<'_> {
    /// What it is, for messages.
    pub(crate) fn kind(&self) -> &'static str {
        match self {
            Value::None => "None",
            Value::Bool(_) => "a boolean",
            Value::Int(_) | Value::Long(_) => "an integer",
            Value::Float(_) => "a float",
            Value::Text(_) => "a string",
            Value::Device(..) => "a device",
            Value::Global(_) => "a class or function",
            Value::Tuple(_) => "a tuple",
            Value::List(_) => "a list",
            Value::Dict(_) => "a dictionary",
            Value::Storage(_) => "a storage",
            Value::Tensor(_) => "a tensor",
        }
    }
}

/// Everything that values refer to.
#[derive(Debug, Default)]
pub(crate) struct Heap<'a> {
    pub(crate) sequences: Vec<Vec<Value<'a>>>,
    pub(crate) dicts: Vec<Dict<'a>>,
    pub(crate) storages: Vec<Storage<'a>>,
    pub(crate) tensors: Vec<TensorView>,
    /// Storages by key, because every tensor on a storage names it anew.
    pub(crate) storage_by_key: HashMap<&'a str, usize>,
}

/// A dictionary in the order it was filled.
#[derive(Debug, Default)]
pub(crate) struct Dict<'a> {
    pub(crate) items: Vec<(Value<'a>, Value<'a>)>,
    pub(crate) is_namespace: bool,
}

impl<'a> Dict<'a> {
    /// The value last stored under a name, as in Python.
    pub(crate) fn get(&self, name: &str) -> Option<Value<'a>> {
        self.items.iter().rev().find(|(key, _)| *key == Value::Text(name)).map(|&(_, value)| value)
    }

    pub(crate) fn has(&self, name: &str) -> bool {
        self.get(name).is_some()
    }
}

/// A run of numbers that lies outside the pickle.
#[derive(Debug, PartialEq)]
pub(crate) struct Storage<'a> {
    pub(crate) key: &'a str,
    pub(crate) dtype: Dtype,
    pub(crate) n_elements: usize,
}

/// A window on a storage; lengths and strides in elements, checked against the storage.
#[derive(Debug)]
pub(crate) struct TensorView {
    pub(crate) storage: usize,
    pub(crate) offset: usize,
    pub(crate) shape: Vec<usize>,
    pub(crate) strides: Vec<usize>,
    pub(crate) n_elements: usize,
}
