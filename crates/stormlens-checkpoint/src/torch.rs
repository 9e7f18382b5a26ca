//! The two containers of `torch.save`: a pickle that describes, and storages that hold the numbers.

pub(crate) mod legacy;
pub(crate) mod zip;

use std::borrow::Cow;

use super::Tensor;
use super::error::{Fault, printable};
use super::pickle::{Pickle, Storage, TensorView};

/// The bytes of a storage, whose length has been checked.
pub(crate) type Storages<'s, 'a> = &'s mut dyn FnMut(&Storage<'a>) -> Result<&'a [u8], Fault>;

/// The bytes that a storage announces, or what is wrong with their number.
fn check_length<'a>(storage: &Storage, bytes: &'a [u8]) -> Result<&'a [u8], Fault> {
    if storage.n_elements.checked_mul(storage.dtype.n_bytes()) == Some(bytes.len()) {
        return Ok(bytes);
    }
    Err(Fault::Damaged(format!(
        "storage `{}` has {} bytes where {} elements of {} are announced",
        printable(storage.key),
        bytes.len(),
        storage.n_elements,
        storage.dtype.name()
    )))
}

/// The numbers that a view shows, row-major.
pub(crate) fn load<'a>(
    pickle: &Pickle<'a>,
    view: &TensorView,
    storages: Storages<'_, 'a>,
) -> Result<Tensor, Fault> {
    let storage = &pickle.heap.storages[view.storage];
    let bytes = storages(storage)?;
    let gathered = gather(view, bytes, storage.dtype.n_bytes());
    Ok(Tensor {
        shape: view.shape.clone(),
        values: storage.dtype.decode(&gathered),
        stored_as: storage.dtype.name(),
    })
}

fn gather<'a>(view: &TensorView, bytes: &'a [u8], n_bytes: usize) -> Cow<'a, [u8]> {
    if view.n_elements == 0 {
        return Cow::Borrowed(&[]);
    }
    if is_contiguous(view) {
        let start = view.offset * n_bytes;
        return Cow::Borrowed(&bytes[start..start + view.n_elements * n_bytes]);
    }
    let element = |at: usize| &bytes[at * n_bytes..(at + 1) * n_bytes];
    Cow::Owned((0..view.n_elements).flat_map(|i| element(position(view, i))).copied().collect())
}

/// Where the `i`-th element in row-major order lies in the storage.
fn position(view: &TensorView, i: usize) -> usize {
    let mut rest = i;
    let mut at = view.offset;
    for (&size, &stride) in view.shape.iter().zip(&view.strides).rev() {
        at += rest % size * stride;
        rest /= size;
    }
    at
}

/// Row-major without gaps. The stride of a dimension of size 1 means nothing.
fn is_contiguous(view: &TensorView) -> bool {
    let mut expected = 1;
    for (&size, &stride) in view.shape.iter().zip(&view.strides).rev() {
        if size != 1 && stride != expected {
            return false;
        }
        expected *= size;
    }
    true
}
