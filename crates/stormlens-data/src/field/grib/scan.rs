//! From the bytes of a file to its messages.

use std::ops::Range;
use std::sync::Arc;

use super::super::left_out::reasons;
use super::super::words::few;
use super::super::{FieldError, LeftOut};
use super::Message;
use super::axes::GridHead;
use super::bytes::Section;
use super::edition1;
use super::product::{Named, ProductHead};
use super::unknown::left_out;

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

/// What is in a file.
#[derive(Default)]
pub(in super::super) struct Scanned {
    pub messages: Vec<Message>,
    /// Messages, or fields of them, whose heads are not understood.
    pub left_out: Vec<LeftOut>,
}

/// All fields of a file, whose messages may be of both editions. A message whose end is known and whose head is not
/// understood is left out.
///
/// # Errors
/// For anything that is no whole GRIB message from its first to its last byte, and where no message is left.
pub(in super::super) fn scan(file: &str, bytes: &[u8]) -> Result<Scanned, FieldError> {
    let damaged = |what: String| FieldError::Damaged { file: file.to_owned(), what };
    let (mut at, mut number, mut found) = (0, 0, Found::default());
    while at < bytes.len() {
        if found.n() > MAX_FIELDS {
            let what = format!("it has more than {MAX_FIELDS} fields");
            return Err(FieldError::TooLarge { file: file.to_owned(), what });
        }
        // Some services fill up to whole blocks with zeros.
        if bytes[at..].iter().all(|&byte| byte == 0) {
            break;
        }
        number += 1;
        at = found.add(bytes, (at, number)).map_err(damaged)?;
    }
    let Scanned { messages, left_out } = &found.scanned;
    match (messages.is_empty(), left_out.is_empty()) {
        (false, _) => Ok(found.scanned),
        (true, true) => Err(damaged("it has no message".to_owned())),
        (true, false) => {
            let reasons = reasons(left_out.iter());
            let reasons = few(reasons.iter().map(|(names, why)| format!("{names}: {why}")));
            let what = format!("it has no message that is read ({reasons})");
            Err(FieldError::Unsupported { file: file.to_owned(), what })
        }
    }
}

/// What was found so far.
#[derive(Default)]
struct Found<'a> {
    scanned: Scanned,
    grids: Grids<'a>,
}

impl<'a> Found<'a> {
    fn n(&self) -> usize {
        self.scanned.messages.len() + self.scanned.left_out.len()
    }

    /// Takes up the message that begins at a place, which has a number. Answers where it ends.
    ///
    /// # Errors
    /// Where that is not known, and for more grids than are kept.
    fn add(&mut self, bytes: &'a [u8], (at, number): (usize, usize)) -> Result<usize, String> {
        let (edition, end) = message_end(bytes, at)?;
        match edition {
            1 => self.edition1(bytes, at..end, number)?,
            2 => self.edition2(bytes, at..end, number)?,
            _ => self.leave_out(number, None, format!("edition {edition} of GRIB is not read")),
        }
        Ok(end)
    }

    fn edition1(
        &mut self,
        bytes: &'a [u8],
        message: Range<usize>,
        number: usize,
    ) -> Result<(), String> {
        match edition1::heads(bytes, message.clone()) {
            Ok(heads) => {
                let grid = self.grids.of_head(&bytes[heads.grid.clone()], edition1::grid_head)?;
                self.scanned.messages.push(heads.on(grid, bytes));
            }
            Err(why) => self.leave_out(number, edition1::named(bytes, message), why),
        }
        Ok(())
    }

    fn edition2(
        &mut self,
        bytes: &'a [u8],
        message: Range<usize>,
        number: usize,
    ) -> Result<(), String> {
        let fields = match fields_of(bytes, message.start, message.end) {
            Ok(fields) => fields,
            Err(why) => {
                self.leave_out(number, None, why);
                return Ok(());
            }
        };
        for sections in fields {
            let part = |range: &Range<usize>| &bytes[range.clone()];
            let (one, four) = (part(&sections.identification), part(&sections.product));
            let named = ProductHead::named(sections.discipline, one, four);
            let grid = self.grids.of(&bytes[sections.grid.clone()])?;
            match Message::read_heads(bytes, sections, grid) {
                Ok(message) => self.scanned.messages.push(message),
                Err(why) => self.leave_out(number, named, why),
            }
        }
        Ok(())
    }

    fn leave_out(&mut self, number: usize, named: Option<Named>, why: String) {
        self.scanned.left_out.push(left_out(number, named, why));
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

    /// The grid that a head says, read only where it is new. One that contradicts itself is a grid that is not read.
    ///
    /// # Errors
    /// For more grids than are kept.
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
        let unread = |why| GridHead::unread("a grid that is not understood".to_owned(), 0, why);
        let grid = Arc::new(read(section).unwrap_or_else(unread));
        self.0.push((section, grid.clone()));
        Ok(grid)
    }
}

/// The edition of the message that begins at a place, and where it ends. Later editions may say their length as one of the
/// two that are read does: where the message ends there, the next one is found.
fn message_end(bytes: &[u8], at: usize) -> Result<(u8, usize), String> {
    let head = bytes.get(at..at + HEAD_BYTES).filter(|head| head.starts_with(b"GRIB"));
    let head = head.ok_or_else(|| format!("no message begins at byte {at}"))?;
    let end = match head[7] {
        1 => edition1::end(bytes, at)?,
        2 => edition2_end(bytes, at)?,
        edition => edition2_end(bytes, at)
            .or_else(|_| edition1::end(bytes, at))
            .map_err(|_| format!("the message at byte {at} is of edition {edition}"))?,
    };
    Ok((head[7], end))
}

/// Where the message that begins at a place ends, by its own word and within the file.
fn edition2_end(bytes: &[u8], at: usize) -> Result<usize, String> {
    let length = u64::from_be_bytes(std::array::from_fn(|i| bytes[at + 8 + i]));
    let end = usize::try_from(length).ok().and_then(|length| at.checked_add(length));
    let end = end.filter(|&end| end <= bytes.len() && end >= at + HEAD_BYTES + END.len());
    let n_left = bytes.len() - at;
    let end = end.ok_or_else(|| match length > n_left as u64 {
        true => format!("the message at byte {at} has {length} bytes, and only {n_left} are there"),
        false => {
            format!("the message at byte {at} says that it has {length} bytes, too few for one")
        }
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
