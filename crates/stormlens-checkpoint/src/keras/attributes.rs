//! Texts in attributes: of fixed length, or of variable length in a heap of the file.

use hdf5_reader::group::Group;
use hdf5_reader::messages::datatype::StringSize;
use hdf5_reader::{Datatype, RawAttribute};

use super::super::error::{Fault, printable};
use super::broken;

/// A longer text is neither a name nor a model's configuration, which has 50 kB.
const MAX_TEXT_BYTES: usize = 4 << 20;

/// Names in one attribute; the network has 74 layers. Each may point to the same place in the
/// heap, so their number has to be bounded beside their length.
const MAX_TEXTS: usize = 2000;

/// A longer text in a list is no name.
const MAX_NAME_BYTES: usize = 1000;

/// The attributes of a group, not yet decoded.
pub(super) struct Attributes<'a> {
    group: &'a Group,
    raw: Vec<RawAttribute>,
}

impl<'a> Attributes<'a> {
    pub fn of(group: &'a Group) -> Result<Self, Fault> {
        let raw = group.raw_attributes().map_err(|e| broken(&e))?;
        Ok(Self { group, raw })
    }

    /// The one text of that name, if there is any.
    pub fn text(&self, name: &str) -> Result<Option<String>, Fault> {
        let Some(attribute) = self.find(name) else { return Ok(None) };
        Ok(self.decode(attribute, 1, MAX_TEXT_BYTES)?.pop())
    }

    /// The texts of that name; those that are too long for one attribute lie in `name0`, `name1`,
    /// and so on.
    pub fn texts(&self, name: &str) -> Result<Option<Vec<String>>, Fault> {
        if let Some(attribute) = self.find(name) {
            return self.decode(attribute, MAX_TEXTS, MAX_NAME_BYTES).map(Some);
        }
        let mut texts = Vec::new();
        for n in 0.. {
            let Some(part) = self.find(&format!("{name}{n}")) else { break };
            texts.extend(self.decode(part, MAX_TEXTS, MAX_NAME_BYTES)?);
        }
        Ok((!texts.is_empty()).then_some(texts))
    }

    fn find(&self, name: &str) -> Option<&RawAttribute> {
        self.raw.iter().find(|attribute| attribute.name() == name)
    }

    /// An empty list has no texts whatever its type: Keras writes it as floats.
    fn decode(
        &self,
        attribute: &RawAttribute,
        max_texts: usize,
        max_bytes: usize,
    ) -> Result<Vec<String>, Fault> {
        let name = printable(attribute.name());
        let message = attribute.message();
        let n = message.dataspace.num_elements().unwrap_or(u64::MAX);
        if n == 0 {
            return Ok(Vec::new());
        }
        if n > max_texts as u64 {
            return Err(Fault::Unsupported(format!("its attribute `{name}` holds {n} texts")));
        }
        let item_bytes = match &message.datatype {
            Datatype::String { size: StringSize::Fixed(n_bytes), .. } => *n_bytes as usize,
            Datatype::String { size: StringSize::Variable, .. } | Datatype::VarLen { .. } => {
                8 + usize::from(self.group.offset_size())
            }
            _ => return Err(Fault::Unsupported(format!("its attribute `{name}` is no text"))),
        };
        let is_fixed =
            matches!(message.datatype, Datatype::String { size: StringSize::Fixed(_), .. });
        let items = message.raw_data.chunks_exact(item_bytes.max(1)).take(n as usize);
        if items.len() < n as usize {
            return Err(Fault::truncated(format!("its attribute `{name}`")));
        }
        let read = |item: &[u8]| {
            let bytes = if is_fixed { item.to_vec() } else { self.resolve(item, max_bytes)? };
            text(bytes, max_bytes)
        };
        let decode = |item| read(item).map_err(|what| in_attribute(&name, &what));
        items.map(decode).collect()
    }

    /// The bytes in the heap that a reference points to.
    fn resolve(&self, reference: &[u8], max_bytes: usize) -> Result<Vec<u8>, String> {
        let n_bytes = reference.first_chunk().map_or(0, |&n| u32::from_le_bytes(n));
        if n_bytes as usize > max_bytes {
            return Err(format!("holds a text of {n_bytes} bytes"));
        }
        self.group
            .resolve_vlen_reference_bytes(reference, 1)
            .map_err(|e| format!("points to no text ({})", printable(&e.to_string())))
    }
}

fn in_attribute(name: &str, what: &str) -> Fault {
    Fault::Damaged(format!("its attribute `{name}` {what}"))
}

/// Up to the first NUL, without the blanks that fill up a fixed length.
fn text(mut bytes: Vec<u8>, max_bytes: usize) -> Result<String, String> {
    let end = bytes.iter().position(|&b| b == 0).unwrap_or(bytes.len());
    bytes.truncate(end);
    if bytes.len() > max_bytes {
        return Err(format!("holds a text of {} bytes", bytes.len()));
    }
    let text = String::from_utf8(bytes).map_err(|_| "is not UTF-8".to_owned())?;
    Ok(text.trim_end_matches(' ').to_owned())
}
