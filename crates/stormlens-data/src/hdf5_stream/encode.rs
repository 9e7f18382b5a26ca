//! The bytes of HDF5's headers.

use hdf5_core::jenkins_lookup3;

use super::{Address, Element, UNDEFINED};

// Message types of an object header.
const DATASPACE: u8 = 0x01;
const LINK_INFO: u8 = 0x02;
const DATATYPE: u8 = 0x03;
const FILL_VALUE: u8 = 0x05;
const LINK: u8 = 0x06;
const DATA_LAYOUT: u8 = 0x08;
const GROUP_INFO: u8 = 0x0a;
const FILTER_PIPELINE: u8 = 0x0b;

/// Collections of a global heap are at least this long.
const MIN_HEAP_BYTES: usize = 4096;
const HEAP_OBJECT_HEADER_BYTES: usize = 16;

/// Superblock, version 2.
pub fn superblock(end_of_file: u64, root: Address) -> Vec<u8> {
    let mut bytes = b"\x89HDF\r\n\x1a\n".to_vec();
    // Version 2; offsets and lengths of 8 bytes; no flags.
    bytes.extend([2, 8, 8, 0]);
    for address in [0, UNDEFINED, end_of_file, root.0] {
        bytes.extend(address.to_le_bytes());
    }
    with_checksum(bytes)
}

/// Object header of a group that holds its links itself.
pub fn group(links: &[(&str, Address)]) -> Vec<u8> {
    let mut link_info = vec![0, 0];
    link_info.extend([UNDEFINED.to_le_bytes(), UNDEFINED.to_le_bytes()].concat());
    let mut messages = vec![(LINK_INFO, link_info), (GROUP_INFO, vec![0, 0])];
    for (name, address) in links {
        // Version 1; a hard link, an ASCII name with a length of one byte.
        let mut link = vec![1, 0, name.len() as u8];
        link.extend(name.as_bytes());
        link.extend(address.0.to_le_bytes());
        messages.push((LINK, link));
    }
    object_header(&messages)
}

/// Object header of a chunked dataset, gzip-compressed, unlimited along its first dimension.
pub fn dataset(
    element: Element,
    shape: &[u64],
    chunk: &[u64],
    index: u64,
    gzip_level: u32,
) -> Vec<u8> {
    object_header(&[
        (DATASPACE, dataspace(shape)),
        (DATATYPE, datatype(element)),
        // Version 3; space allocated chunk by chunk, the default value written where one is set.
        (FILL_VALUE, vec![3, 0x0b]),
        (DATA_LAYOUT, layout(element, chunk, index)),
        (FILTER_PIPELINE, deflate(gzip_level)),
    ])
}

fn dataspace(shape: &[u64]) -> Vec<u8> {
    // Version 2; maximum sizes follow; a simple space.
    let mut bytes = vec![2, shape.len() as u8, 1, 1];
    bytes.extend(shape.iter().flat_map(|n| n.to_le_bytes()));
    let maximum = std::iter::once(&UNDEFINED).chain(&shape[1..]);
    bytes.extend(maximum.flat_map(|n| n.to_le_bytes()));
    bytes
}

fn datatype(element: Element) -> Vec<u8> {
    match element {
        // Class 1: IEEE 754 single precision, little-endian, sign in bit 31, an exponent of 8 bits
        // from bit 23 with bias 127, a mantissa of 23 bits from bit 0 with an implied leading one.
        Element::Float32 => {
            vec![0x11, 0x20, 31, 0, 4, 0, 0, 0, 0, 0, 32, 0, 23, 8, 0, 23, 127, 0, 0, 0]
        }
        // Class 9: variable-length UTF-8 string, 16 bytes a reference, of class 3: characters.
        Element::Text => {
            vec![0x19, 0x01, 0x01, 0, 16, 0, 0, 0, 0x13, 0x10, 0, 0, 1, 0, 0, 0]
        }
    }
}

fn layout(element: Element, chunk: &[u64], index: u64) -> Vec<u8> {
    // Version 3, class 2: chunked; the element counts as one more dimension.
    let mut bytes = vec![3, 2, chunk.len() as u8 + 1];
    bytes.extend(index.to_le_bytes());
    bytes.extend(chunk.iter().flat_map(|&n| (n as u32).to_le_bytes()));
    bytes.extend(element.n_bytes().to_le_bytes());
    bytes
}

fn deflate(level: u32) -> Vec<u8> {
    // Version 2, one filter: number 1, optional, with one parameter.
    let mut bytes = vec![2, 1, 1, 0, 1, 0, 1, 0];
    bytes.extend(level.to_le_bytes());
    bytes
}

/// Object header, version 2, in one piece.
fn object_header(messages: &[(u8, Vec<u8>)]) -> Vec<u8> {
    let n_bytes: usize = messages.iter().map(|(_, data)| 4 + data.len()).sum();
    // Flag 2: the size is stored in 4 bytes.
    let mut bytes = b"OHDR\x02\x02".to_vec();
    bytes.extend((n_bytes as u32).to_le_bytes());
    for (kind, data) in messages {
        bytes.push(*kind);
        bytes.extend((data.len() as u16).to_le_bytes());
        bytes.push(0);
        bytes.extend(data);
    }
    with_checksum(bytes)
}

fn with_checksum(mut bytes: Vec<u8>) -> Vec<u8> {
    let checksum = jenkins_lookup3(&bytes);
    bytes.extend(checksum.to_le_bytes());
    bytes
}

/// One collection of the global heap with these texts as objects 1, 2, 3…
pub fn global_heap(texts: &[String]) -> Vec<u8> {
    let mut objects = Vec::new();
    for (i, text) in texts.iter().enumerate() {
        objects.extend((i as u16 + 1).to_le_bytes());
        // Used once, and reserved bytes.
        objects.extend([1, 0, 0, 0, 0, 0]);
        objects.extend((text.len() as u64).to_le_bytes());
        objects.extend(text.as_bytes());
        objects.resize(objects.len().next_multiple_of(8), 0);
    }
    let header = 16;
    let n_bytes = (header + objects.len()).max(MIN_HEAP_BYTES);
    let mut bytes = b"GCOL\x01\0\0\0".to_vec();
    bytes.extend((n_bytes as u64).to_le_bytes());
    bytes.extend(objects);
    let n_free = n_bytes - bytes.len();
    if n_free >= HEAP_OBJECT_HEADER_BYTES {
        // Object 0 is the free space, its own header included.
        bytes.extend([0; 8]);
        bytes.extend((n_free as u64).to_le_bytes());
    }
    bytes.resize(n_bytes, 0);
    bytes
}

/// The elements of a dataset that refer to the texts of [`global_heap`].
pub fn heap_references(texts: &[String], heap: u64) -> Vec<u8> {
    let mut bytes = Vec::new();
    for (i, text) in texts.iter().enumerate() {
        bytes.extend((text.len() as u32).to_le_bytes());
        bytes.extend(heap.to_le_bytes());
        bytes.extend((i as u32 + 1).to_le_bytes());
    }
    bytes
}
