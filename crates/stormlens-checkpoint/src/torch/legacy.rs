//! `torch.save` before 1.6: five pickles, then the storages one after another.
//!
//! The pickles are a magic number, the protocol version 1001, the writing machine, the object and
//! the list of storage keys. For each key follow the number of elements (int64) and the elements.

use std::collections::HashMap;

use super::super::container::LEGACY_MAGIC;
use super::super::error::{Fault, printable};
use super::super::layout::Contents;
use super::super::pickle::{Pickle, Value, unpickle};
use super::super::{Container, Foreign};

const PROTOCOL_VERSION: i64 = 1001;

pub(crate) fn parse(bytes: &[u8]) -> Result<Foreign, Fault> {
    let mut stream = Stream { rest: bytes };
    stream.check_header()?;
    let pickle = stream.pickle()?;
    let keys = stream.pickle()?;
    let storages = stream.storages(&pickle, &keys)?;
    let contents = Contents::new(&pickle, bytes.len())?;
    contents.load(Container::TorchLegacy, &mut |storage| {
        let found = storages.get(storage.key).copied();
        found.ok_or_else(|| missing(storage.key))
    })
}

struct Stream<'a> {
    rest: &'a [u8],
}

impl<'a> Stream<'a> {
    fn pickle(&mut self) -> Result<Pickle<'a>, Fault> {
        let pickle = unpickle(self.rest)?;
        self.rest = &self.rest[pickle.n_bytes..];
        Ok(pickle)
    }

    fn check_header(&mut self) -> Result<(), Fault> {
        if self.pickle()?.root != Value::Long(LEGACY_MAGIC) {
            return Err(Fault::Damaged("its magic number is wrong".into()));
        }
        if self.pickle()?.root != Value::Int(PROTOCOL_VERSION) {
            return Err(Fault::Unsupported("its protocol version is not 1001".into()));
        }
        let machine = self.pickle()?;
        let Value::Dict(at) = machine.root else {
            return Err(Fault::Damaged(
                "it does not say how the computer that wrote it stores numbers".into(),
            ));
        };
        match machine.heap.dicts[at].get("little_endian") {
            Some(Value::Bool(true)) => Ok(()),
            _ => Err(Fault::Unsupported(
                "its numbers are not little-endian; save it anew on a PC".into(),
            )),
        }
    }

    /// The bytes of every storage by key. All are walked, so a file cut short is noticed even
    /// where only the optimiser's state is lost.
    fn storages(
        &mut self,
        pickle: &Pickle<'a>,
        keys: &Pickle<'a>,
    ) -> Result<HashMap<&'a str, &'a [u8]>, Fault> {
        let Value::List(at) = keys.root else {
            return Err(Fault::Damaged("it does not list its storages".into()));
        };
        let mut found = HashMap::new();
        for key in &keys.heap.sequences[at] {
            let Value::Text(key) = *key else {
                return Err(Fault::Damaged(format!("it names a storage by {}", key.kind())));
            };
            if found.insert(key, self.storage(pickle, key)?).is_some() {
                return Err(Fault::Damaged(format!("storage `{}` comes twice", printable(key))));
            }
        }
        Ok(found)
    }

    fn storage(&mut self, pickle: &Pickle<'a>, key: &str) -> Result<&'a [u8], Fault> {
        let shown = printable(key);
        let at = pickle.heap.storage_by_key.get(key).ok_or_else(|| {
            Fault::Damaged(format!("storage `{shown}` is listed but belongs to no tensor"))
        })?;
        let storage = &pickle.heap.storages[*at];
        let truncated = || Fault::truncated(format!("storage `{shown}`"));
        let (n_elements, rest) = self.rest.split_first_chunk().ok_or_else(truncated)?;
        let n_elements = i64::from_le_bytes(*n_elements);
        if usize::try_from(n_elements) != Ok(storage.n_elements) {
            return Err(Fault::Damaged(format!(
                "storage `{shown}` has {n_elements} elements where {} are announced",
                storage.n_elements
            )));
        }
        let n_bytes = storage.n_elements.checked_mul(storage.dtype.n_bytes());
        let (bytes, rest) = n_bytes.and_then(|n| rest.split_at_checked(n)).ok_or_else(truncated)?;
        self.rest = rest;
        Ok(bytes)
    }
}

fn missing(key: &str) -> Fault {
    Fault::Damaged(format!("storage `{}` is missing", printable(key)))
}
