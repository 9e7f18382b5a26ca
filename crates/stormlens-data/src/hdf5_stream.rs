//! Writing HDF5 files that do not fit in memory.
//!
//! The libraries that write HDF5 in Rust either hold a whole dataset in memory or append to
//! datasets of one dimension only, while a training set of radar sequences has four dimensions and
//! tens of gigabytes. This writer keeps to the little that such a set needs: groups, and chunked,
//! gzip-compressed datasets of float32 or of variable-length strings that grow along their first
//! dimension. Chunks go to the file as they come; only their addresses are kept, and indexes and
//! headers follow at the end, with the superblock, written last, that makes the file valid.
//!
//! The format is that of the *HDF5 File Format Specification*, version 3: superblock 2, object
//! headers 2, data layout 3 and version 1 B-trees, which every HDF5 library since 1.8 reads.

use std::fs::File;
use std::io::{self, BufWriter, Seek, SeekFrom, Write};
use std::path::Path;

use flate2::Compression;
use flate2::write::ZlibEncoder;

mod encode;
mod index;

/// An address that points nowhere.
const UNDEFINED: u64 = u64::MAX;
const SUPERBLOCK_BYTES: u64 = 48;
const GZIP_LEVEL: u32 = 9;

/// A file being written, front to back.
pub(crate) struct Hdf5Stream {
    file: BufWriter<File>,
    position: u64,
}

/// What a dataset's elements are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Element {
    Float32,
    /// Variable-length UTF-8 text.
    Text,
}

impl Element {
    /// Bytes of one element in a chunk; a text is a reference into a heap.
    const fn n_bytes(self) -> u32 {
        match self {
            Self::Float32 => 4,
            Self::Text => 16,
        }
    }
}

/// A dataset whose chunks are being written. Chunks come in row-major order of their position.
pub(crate) struct ChunkedDataset {
    element: Element,
    chunk: Vec<u64>,
    written: Vec<WrittenChunk>,
}

/// Where a chunk lies, in the dataset and in the file.
pub(crate) struct WrittenChunk {
    offsets: Vec<u64>,
    address: u64,
    n_bytes: u32,
}

/// An object that a group can link to.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Address(u64);

impl ChunkedDataset {
    /// A dataset of chunks of this shape.
    pub fn new(element: Element, chunk: &[u64]) -> Self {
        Self { element, chunk: chunk.to_vec(), written: Vec::new() }
    }
}

impl Hdf5Stream {
    /// Creates or replaces a file, which is no valid HDF5 file before [`Self::finish`].
    pub fn create(path: &Path) -> io::Result<Self> {
        let mut stream = Self { file: BufWriter::new(File::create(path)?), position: 0 };
        stream.append(&[0; SUPERBLOCK_BYTES as usize])?;
        Ok(stream)
    }

    /// Compresses and writes one chunk of float32 at the offsets of its first element. `values`
    /// fills the chunk, padded where the dataset ends inside it.
    pub fn write_floats(
        &mut self,
        dataset: &mut ChunkedDataset,
        offsets: &[u64],
        values: &[f32],
    ) -> io::Result<()> {
        let bytes: Vec<u8> = values.iter().flat_map(|v| v.to_le_bytes()).collect();
        self.write_chunk(dataset, offsets, &bytes)
    }

    /// The same for texts, of which the last chunk of a dataset may have too few.
    pub fn write_texts(
        &mut self,
        dataset: &mut ChunkedDataset,
        offsets: &[u64],
        texts: &[String],
    ) -> io::Result<()> {
        let heap = self.append(&encode::global_heap(texts))?;
        let mut bytes = encode::heap_references(texts, heap);
        let n_elements = dataset.chunk.iter().product::<u64>();
        bytes.resize(n_elements as usize * Element::Text.n_bytes() as usize, 0);
        self.write_chunk(dataset, offsets, &bytes)
    }

    fn write_chunk(
        &mut self,
        dataset: &mut ChunkedDataset,
        offsets: &[u64],
        bytes: &[u8],
    ) -> io::Result<()> {
        let n_elements = dataset.chunk.iter().product::<u64>();
        debug_assert_eq!(bytes.len() as u64, n_elements * u64::from(dataset.element.n_bytes()));
        self.write_compressed(dataset, offsets, &compress(bytes))
    }

    /// Writes one chunk that [`compress`] has compressed.
    pub fn write_compressed(
        &mut self,
        dataset: &mut ChunkedDataset,
        offsets: &[u64],
        compressed: &[u8],
    ) -> io::Result<()> {
        let address = self.append(compressed)?;
        let n_bytes = u32::try_from(compressed.len()).map_err(io::Error::other)?;
        dataset.written.push(WrittenChunk { offsets: offsets.to_vec(), address, n_bytes });
        Ok(())
    }

    /// Writes index and header of a dataset of this final shape; it may grow along its first
    /// dimension later.
    pub fn finish_dataset(
        &mut self,
        dataset: &ChunkedDataset,
        shape: &[u64],
    ) -> io::Result<Address> {
        let root = if dataset.written.is_empty() {
            UNDEFINED
        } else {
            self.align()?;
            let (nodes, root) = index::btree(&dataset.written, &dataset.chunk, self.position);
            self.append(&nodes)?;
            root
        };
        let header = encode::dataset(dataset.element, shape, &dataset.chunk, root, GZIP_LEVEL);
        self.append_object(&header)
    }

    /// Writes a group with its links.
    pub fn group(&mut self, links: &[(&str, Address)]) -> io::Result<Address> {
        self.append_object(&encode::group(links))
    }

    /// Writes the superblock and waits until everything is on the disk.
    pub fn finish(mut self, root: Address) -> io::Result<()> {
        let superblock = encode::superblock(self.position, root);
        self.file.seek(SeekFrom::Start(0))?;
        self.file.write_all(&superblock)?;
        self.file.flush()?;
        self.file.get_ref().sync_all()
    }

    fn append_object(&mut self, header: &[u8]) -> io::Result<Address> {
        self.align()?;
        self.append(header).map(Address)
    }

    /// Metadata start at multiples of 8.
    fn align(&mut self) -> io::Result<()> {
        let n_padding = self.position.next_multiple_of(8) - self.position;
        self.append(&[0; 8][..n_padding as usize]).map(drop)
    }

    /// Writes bytes at the end and gives their address.
    fn append(&mut self, bytes: &[u8]) -> io::Result<u64> {
        let address = self.position;
        self.file.write_all(bytes)?;
        self.position += bytes.len() as u64;
        Ok(address)
    }
}

/// The bytes of a chunk as they are stored.
pub(crate) fn compress(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = ZlibEncoder::new(Vec::new(), Compression::new(GZIP_LEVEL));
    let compressed = encoder.write_all(bytes).and_then(|()| encoder.finish());
    compressed.expect("writing to memory does not fail")
}

/// The shape of chunks that h5py chooses when it is left the choice: dimensions are halved in turn
/// until a chunk is near a size that grows slowly with that of the dataset, 16 kB for one of 1 MB.
pub(crate) fn automatic_chunk(shape: &[u64], element: Element) -> Vec<u64> {
    const MIB: f64 = 1_048_576.0;
    let element_bytes = f64::from(element.n_bytes());
    let mut chunk: Vec<f64> =
        shape.iter().map(|&n| if n == 0 { 1024.0 } else { n as f64 }).collect();
    let n_bytes = |chunk: &[f64]| chunk.iter().product::<f64>() * element_bytes;
    let target = (16_384.0 * (n_bytes(&chunk) / MIB).log10().exp2()).clamp(8_192.0, MIB);
    for dimension in (0..chunk.len()).cycle() {
        let size = n_bytes(&chunk);
        let is_near = size < target || (size - target).abs() / target < 0.5;
        if (is_near && size < MIB) || size <= element_bytes {
            break;
        }
        chunk[dimension] = (chunk[dimension] / 2.0).ceil();
    }
    chunk.into_iter().map(|n| n as u64).collect()
}

#[cfg(test)]
mod tests;
