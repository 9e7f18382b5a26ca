//! `torch.save` since 1.6: a ZIP of `<root>/data.pkl` and `<root>/data/<storage>`.
//!
//! The root is the stem of the file's first name, or `archive`; the entry that ends in `/data.pkl`
//! tells. Entries are stored, not compressed, so a storage is a piece of the file as it is.

use std::io::{self, Cursor};

use stormlens_data::files::open_zip;
use zip::{CompressionMethod, ZipArchive};

use super::super::error::{Fault, printable};
use super::super::layout::Contents;
use super::super::pickle::{MAX_PICKLE_BYTES, unpickle};
use super::super::{Container, Foreign};
use super::check_length;

const DESCRIPTION: &str = "/data.pkl";

pub(crate) fn parse(bytes: &[u8]) -> Result<Foreign, Fault> {
    let mut archive = Archive::open(bytes)?;
    let root = archive.root()?;
    archive.check_byte_order(&root)?;
    let description = archive.entry(&format!("{root}{DESCRIPTION}"))?;
    if description.len() > MAX_PICKLE_BYTES {
        return Err(Fault::Unsupported("its pickle is larger than 4 MiB".into()));
    }
    let pickle = unpickle(description)?;
    let contents = Contents::new(&pickle, bytes.len())?;
    contents.load(Container::TorchZip, &mut |storage| {
        let entry = archive.entry(&format!("{root}/data/{}", storage.key))?;
        check_length(storage, entry)
    })
}

struct Archive<'a> {
    bytes: &'a [u8],
    zip: ZipArchive<Cursor<&'a [u8]>>,
}

impl<'a> Archive<'a> {
    fn open(bytes: &'a [u8]) -> Result<Self, Fault> {
        let mut zip = open_zip(bytes).map_err(|error| damaged(&error))?;
        if zip.has_duplicate_names() {
            return Err(Fault::Damaged("two entries of the ZIP have the same name".into()));
        }
        if zip.has_overlapping_entries().map_err(|error| damaged(&error))? {
            return Err(Fault::Damaged("entries of the ZIP overlap".into()));
        }
        Ok(Self { bytes, zip })
    }

    fn names(&self) -> Vec<String> {
        self.zip.file_names_raw().map(|name| String::from_utf8_lossy(name).into_owned()).collect()
    }

    /// The folder within the ZIP that holds the checkpoint.
    fn root(&self) -> Result<String, Fault> {
        let names = self.names();
        let has = |end: &str| names.iter().any(|name| name.ends_with(end));
        if has("/constants.pkl") {
            return Err(Fault::Unsupported(
                "it is a TorchScript program; save its `state_dict()` instead".into(),
            ));
        }
        let roots: Vec<_> =
            names.iter().filter_map(|name| name.strip_suffix(DESCRIPTION)).collect();
        match roots[..] {
            [root] => Ok(root.to_owned()),
            [] => Err(not_torch(&names)),
            _ => Err(Fault::Damaged("the ZIP holds more than one `data.pkl`".into())),
        }
    }

    fn check_byte_order(&mut self, root: &str) -> Result<(), Fault> {
        let name = format!("{root}/byteorder");
        if self.zip.index_for_name(&name).is_none() || self.entry(&name)? == b"little" {
            return Ok(());
        }
        Err(Fault::Unsupported("its numbers are not little-endian; save it anew on a PC".into()))
    }

    /// The bytes of an entry, after its checksum has been verified.
    fn entry(&mut self, name: &str) -> Result<&'a [u8], Fault> {
        let shown = printable(name);
        let index = self.zip.index_for_name(name);
        let index = index.ok_or_else(|| Fault::Damaged(format!("entry `{shown}` is missing")))?;
        self.check_stored(index, &shown)?;
        let in_entry = |error: &dyn std::fmt::Display| {
            Fault::Damaged(format!("entry `{shown}` of the ZIP cannot be read ({error})"))
        };
        let mut entry = self.zip.by_index(index).map_err(|error| in_entry(&error))?;
        let n_bytes = io::copy(&mut entry, &mut io::sink()).map_err(|error| in_entry(&error))?;
        let start = entry.data_start().and_then(|start| usize::try_from(start).ok());
        let found = start.and_then(|start| {
            self.bytes.get(start..start.checked_add(usize::try_from(n_bytes).ok()?)?)
        });
        found.filter(|_| n_bytes == entry.size()).ok_or_else(|| Fault::truncated(&shown))
    }

    fn check_stored(&mut self, index: usize, shown: &str) -> Result<(), Fault> {
        let entry = self.zip.by_index_raw(index).map_err(|error| damaged(&error))?;
        if entry.encrypted() || entry.compression() != CompressionMethod::Stored {
            return Err(Fault::Unsupported(format!(
                "entry `{shown}` is compressed or encrypted; PyTorch stores its entries as they \
                 are: unpack the archive and pack it again with `zip -0`"
            )));
        }
        Ok(())
    }
}

fn damaged(error: &dyn std::fmt::Display) -> Fault {
    Fault::Damaged(format!("it starts as a ZIP but cannot be read as one ({error})"))
}

fn not_torch(names: &[String]) -> Fault {
    let is = |end: &str| names.iter().any(|name| name.ends_with(end));
    let what = if is(".npy") {
        "a NumPy archive (.npz)"
    } else {
        "a ZIP without `data.pkl`, so not of `torch.save`"
    };
    Fault::NotACheckpoint(what.into())
}
