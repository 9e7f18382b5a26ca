//! From the bytes of a file to its messages.

use std::ops::Range;
use std::sync::Arc;

use super::super::FieldError;
use super::Message;
use super::axes::GridHead;
use super::bytes::Section;
use super::edition1;

const HEAD_BYTES: usize = 16;
pub(super) const END: &[u8] = b"7777";
/// A file of more fields is not listed: GFS has some 750 a step.
const MAX_FIELDS: usize = 20_000;
/// A file whose fields lie on more grids is not read.
const MAX_GRIDS: usize = 16;

/// Where the sections of one field lie in the file. Sections 1 and 3 may serve several fields.
#[derive(Clone, Debug)]
pub(super) struct Sections {
    pub discipline: u8,
    pub identification: Range<usize>,
    pub grid: Range<usize>,
    pub product: Range<usize>,
    pub representation: Range<usize>,
    pub bitmap: Range<usize>,
    pub data: Range<usize>,
}

/// All fields of a file, whose messages may be of both editions.
///
/// # Errors
/// For anything that is no whole GRIB message from its first to its last byte.
pub(in super::super) fn scan(file: &str, bytes: &[u8]) -> Result<Vec<Message>, FieldError> {
    let damaged = |what: String| FieldError::Damaged { file: file.to_owned(), what };
    let (mut at, mut fields, mut grids) = (0, Vec::new(), Grids::default());
    while at < bytes.len() {
        if fields.len() > MAX_FIELDS {
            let what = format!("it has more than {MAX_FIELDS} fields");
            return Err(FieldError::TooLarge { file: file.to_owned(), what });
        }
        // Some services fill up to whole blocks with zeros.
        if bytes[at..].iter().all(|&byte| byte == 0) {
            break;
        }
        if bytes[at..].starts_with(b"GRIB") && bytes.get(at + 7) == Some(&1) {
            let (message, end) = edition1::read(bytes, at, &mut grids).map_err(damaged)?;
            fields.push(message);
            at = end;
            continue;
        }
        let end = message_end(bytes, at).map_err(damaged)?;
        for sections in fields_of(bytes, at, end).map_err(damaged)? {
            let grid = grids.of(&bytes[sections.grid.clone()]).map_err(damaged)?;
            fields.push(Message::read_heads(bytes, sections, grid).map_err(damaged)?);
        }
        at = end;
    }
    match fields.is_empty() {
        true => Err(damaged("it has no message".to_owned())),
        false => Ok(fields),
    }
}

/// The different grids of a file. Each is kept once, or a small file of many fields would fill the memory with axes.
#[derive(Default)]
pub(super) struct Grids<'a>(Vec<(&'a [u8], Arc<GridHead>)>);

impl<'a> Grids<'a> {
    /// The grid of a section of edition 2.
    fn of(&mut self, section: &'a [u8]) -> Result<Arc<GridHead>, String> {
        self.of_head(section, GridHead::read)
    }

    /// The grid that a head says, read only where it is new.
    pub fn of_head(
        &mut self,
        section: &'a [u8],
        read: impl FnOnce(&[u8]) -> Result<GridHead, String>,
    ) -> Result<Arc<GridHead>, String> {
        if let Some((_, known)) = self.0.iter().find(|(bytes, _)| *bytes == section) {
            return Ok(known.clone());
        }
        if self.0.len() == MAX_GRIDS {
            return Err(format!("its fields lie on more than {MAX_GRIDS} grids"));
        }
        let grid = Arc::new(read(section)?);
        self.0.push((section, grid.clone()));
        Ok(grid)
    }
}

/// Where the message that begins at a place ends, by its own word and within the file.
fn message_end(bytes: &[u8], at: usize) -> Result<usize, String> {
    let head = bytes.get(at..at + HEAD_BYTES).filter(|head| head.starts_with(b"GRIB"));
    let head = head.ok_or_else(|| format!("no message begins at byte {at}"))?;
    if head[7] != 2 {
        return Err(format!("the message at byte {at} is of edition {}", head[7]));
    }
    let length = u64::from_be_bytes(std::array::from_fn(|i| head[8 + i]));
    let end = usize::try_from(length).ok().and_then(|length| at.checked_add(length));
    let end = end.filter(|&end| end <= bytes.len() && end >= at + HEAD_BYTES + END.len());
    let end = end.ok_or_else(|| {
        format!(
            "the message at byte {at} has {length} bytes, and only {} are there",
            bytes.len() - at
        )
    })?;
    match bytes[..end].ends_with(END) {
        true => Ok(end),
        false => Err(format!("the message at byte {at} does not end with 7777")),
    }
}

/// The fields of one message: sections 2 to 7, 3 to 7 or 4 to 7 may repeat.
fn fields_of(bytes: &[u8], begin: usize, end: usize) -> Result<Vec<Sections>, String> {
    let mut seen: [Option<Range<usize>>; 8] = Default::default();
    let (mut at, mut fields) = (begin + HEAD_BYTES, Vec::new());
    while at < end - END.len() {
        let head = Section(&bytes[at..end - END.len()]);
        let (length, number) = (head.u32(1)? as usize, head.u8(5)?);
        if length < 5 || length > head.len() || !(1..=7).contains(&number) {
            return Err(format!("section {number} at byte {at} cannot have {length} bytes"));
        }
        if number == 6 && bytes.get(at + 5) == Some(&254) && seen[6].is_some() {
            // 254: the bitmap of the field before.
        } else {
            seen[usize::from(number)] = Some(at..at + length);
        }
        at += length;
        if number == 7 {
            fields.push(collect(bytes[begin + 6], &seen)?);
        }
    }
    match fields.is_empty() {
        true => Err(format!("the message at byte {begin} has no data")),
        false => Ok(fields),
    }
}

fn collect(discipline: u8, seen: &[Option<Range<usize>>; 8]) -> Result<Sections, String> {
    let of = |n: usize| seen[n].clone().ok_or_else(|| format!("section {n} is missing"));
    Ok(Sections {
        discipline,
        identification: of(1)?,
        grid: of(3)?,
        product: of(4)?,
        representation: of(5)?,
        bitmap: of(6)?,
        data: of(7)?,
    })
}
