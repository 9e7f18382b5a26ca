//! The order in which variables came, told to HDF5.
//!
//! netCDF opens a file to change it only if the root group keeps the order of its links; else appending and
//! editing end in "can't write file". The library that encodes our files does not keep it. So the head of the
//! root group is written once more, with the order, behind everything else, and the superblock points there:
//! nothing else refers to the root group, so all other addresses stay.
//!
//! The format is that of the *HDF5 File Format Specification*, version 3: superblock 2 (II.A), object headers 2
//! (IV.A.1.b), Link Info and Link messages (IV.A.2.c, IV.A.2.g).

use hdf5_core::jenkins_lookup3;

const SUPERBLOCK_BYTES: usize = 48;
const END_OF_FILE: usize = 28;
const ROOT: usize = 36;
const LINK_INFO: u8 = 0x02;
const LINK: u8 = 0x06;
const UNDEFINED: [u8; 8] = [0xff; 8];
/// Of Link Info: the order is tracked, and indexed once links are many.
const TRACKED_AND_INDEXED: u8 = 0b11;
/// Of a link: it tells its place in the order.
const HAS_ORDER: u8 = 0b100;
/// Of an object header: its size takes 4 bytes.
const SIZE_IN_4_BYTES: u8 = 2;

/// The same file, whose root group keeps the order of its links.
///
/// # Errors
/// For bytes that are no file of the library.
pub fn track(mut file: Vec<u8>) -> Result<Vec<u8>, &'static str> {
    let header = root_header(&file).ok_or("its root group is not where it should be")?;
    let header = with_order(&messages(header).ok_or("the head of its root group is damaged")?);
    file.resize(file.len().next_multiple_of(8), 0);
    let root = file.len() as u64;
    file.extend(header);
    let end = file.len() as u64;
    file[END_OF_FILE..END_OF_FILE + 8].copy_from_slice(&end.to_le_bytes());
    file[ROOT..ROOT + 8].copy_from_slice(&root.to_le_bytes());
    let checksum = jenkins_lookup3(&file[..SUPERBLOCK_BYTES - 4]);
    file[SUPERBLOCK_BYTES - 4..SUPERBLOCK_BYTES].copy_from_slice(&checksum.to_le_bytes());
    Ok(file)
}

/// The messages of the root group, in one piece.
fn root_header(file: &[u8]) -> Option<&[u8]> {
    let is_known = file.starts_with(b"\x89HDF\r\n\x1a\n\x02\x08\x08");
    let root = u64::from_le_bytes(file.get(ROOT..ROOT + 8)?.try_into().ok()?);
    let header = file.get(usize::try_from(root).ok()?..).filter(|_| is_known)?;
    let rest = header.strip_prefix(b"OHDR\x02")?;
    // Only the width of the size is told by these flags; others would change the messages.
    let (&flags, rest) = rest.split_first().filter(|(flags, _)| **flags < 4)?;
    let width = 1_usize << flags;
    let size =
        rest.get(..width)?.iter().rev().fold(0_u64, |size, &byte| (size << 8) | u64::from(byte));
    rest.get(width..width.checked_add(usize::try_from(size).ok()?)?)
}

/// Type, flags and content of each message.
fn messages(mut bytes: &[u8]) -> Option<Vec<(u8, u8, &[u8])>> {
    let mut messages = Vec::new();
    while let [kind, low, high, flags, rest @ ..] = bytes {
        let n_bytes = usize::from(u16::from_le_bytes([*low, *high]));
        let (content, rest) = rest.split_at_checked(n_bytes)?;
        messages.push((*kind, *flags, content));
        bytes = rest;
    }
    bytes.is_empty().then_some(messages)
}

fn with_order(messages: &[(u8, u8, &[u8])]) -> Vec<u8> {
    let n_links = messages.iter().filter(|(kind, ..)| *kind == LINK).count() as u64;
    let (mut body, mut order) = (Vec::new(), 0_u64);
    for &(kind, flags, content) in messages {
        let content = match kind {
            LINK_INFO => link_info(n_links),
            LINK => {
                order += 1;
                link(content, order - 1)
            }
            _ => content.to_vec(),
        };
        body.push(kind);
        body.extend((content.len() as u16).to_le_bytes());
        body.push(flags);
        body.extend(content);
    }
    let mut header = b"OHDR\x02".to_vec();
    header.push(SIZE_IN_4_BYTES);
    header.extend((body.len() as u32).to_le_bytes());
    header.extend(body);
    let checksum = jenkins_lookup3(&header);
    header.extend(checksum.to_le_bytes());
    header
}

/// Links stand in the header itself, so there is neither heap nor index yet.
fn link_info(next: u64) -> Vec<u8> {
    let mut content = vec![0, TRACKED_AND_INDEXED];
    content.extend(next.to_le_bytes());
    content.extend([UNDEFINED; 3].concat());
    content
}

/// Version, flags, then the place in the order, and the rest as it was: the library writes hard links, which
/// have no type before it.
fn link(content: &[u8], order: u64) -> Vec<u8> {
    let (head, rest) = content.split_at(2.min(content.len()));
    let flags = head.last().map_or(HAS_ORDER, |flags| flags | HAS_ORDER);
    [&[1, flags], &order.to_le_bytes()[..], rest].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_file_is_refused() {
        for bytes in [b"".as_slice(), b"\x89HDF\r\n\x1a\n\x02\x08\x08", &[0; 100]] {
            assert!(track(bytes.to_vec()).is_err());
        }
    }
}
