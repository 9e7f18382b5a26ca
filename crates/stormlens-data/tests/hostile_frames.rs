//! Thousands of damaged radar files, fields, data sets and arrays: each is read or refused, in bounded memory, without
//! a panic.
//!
//! The seeds are the corpora for fuzzing. An allocator that counts watches the one thread of this program's one
//! test.

#[path = "hostile/mutation.rs"]
mod mutation;

use std::path::Path;

use mutation::{Counting, Random, corpus, damaged, peak};
use stormlens_data::dataset::{Frames, Windows};
use stormlens_data::field::FieldFile;
use stormlens_data::files::npy::{npz_array, read_npy_f32, read_npy_texts, read_npy_u8};
use stormlens_data::import::{knmi, radar as composite};

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// A reader of one format, and what is asked of it.
struct Reader {
    corpus: &'static str,
    n_mutations: usize,
    /// Whether bytes, also given as a file, are read.
    reads: fn(&[u8], &Path) -> bool,
    /// At least this many of a hundred damaged files are still read, so that damage gets anywhere.
    least_percent: usize,
    /// What reading may hold at its worst beside a few times the length of the file.
    max_bytes: usize,
}

/// Fields of more nodes are only listed, as when they are fuzzed.
const MAX_POINTS: usize = 1 << 18;

const READERS: [Reader; 7] = [
    // 535,500 pixels as stored in up to 8 bytes, unpacked, and as numbers of 8 bytes. Few files, for that takes time.
    Reader {
        corpus: "radar",
        n_mutations: 400,
        reads: radar,
        least_percent: 5,
        max_bytes: 32 << 20,
    },
    // What is packed with gzip is unpacked up to 32 MB, and frames of 8 million pixels are read.
    Reader {
        corpus: "composites",
        n_mutations: 1600,
        reads: composites,
        least_percent: 5,
        max_bytes: 256 << 20,
    },
    Reader {
        corpus: "dataset",
        n_mutations: 2000,
        reads: dataset,
        least_percent: 5,
        max_bytes: 32 << 20,
    },
    // Up to 16 grids of 200,000 nodes along their axes, or values of 8 bytes in a few copies.
    Reader {
        corpus: "grib",
        n_mutations: 8000,
        reads: fields,
        least_percent: 5,
        max_bytes: 48 << 20,
    },
    Reader {
        corpus: "netcdf",
        n_mutations: 4000,
        reads: fields,
        least_percent: 5,
        max_bytes: 48 << 20,
    },
    Reader { corpus: "npy", n_mutations: 6000, reads: npy, least_percent: 5, max_bytes: 1 << 20 },
    Reader { corpus: "npz", n_mutations: 6000, reads: npz, least_percent: 1, max_bytes: 4 << 20 },
];

#[test]
fn damaged_frames_and_arrays_are_read_or_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("damaged");
    for reader in READERS {
        let name = reader.corpus;
        let seeds: Vec<_> = corpus(&[name]).into_iter().map(|(_, bytes)| bytes).collect();
        let mut random = Random(20_100_826);
        let (mut n_read, mut largest) = (0, 0);
        for i in 0..reader.n_mutations {
            let bytes = damaged(i, &seeds, &mut random);
            std::fs::write(&path, &bytes).unwrap();
            let (is_read, n_bytes) = peak(|| (reader.reads)(&bytes, &path));
            n_read += usize::from(is_read);
            let most = reader.max_bytes + 4 * bytes.len();
            assert!(n_bytes <= most, "{name}: {n_bytes} bytes for {bytes:02x?}");
            largest = largest.max(n_bytes);
        }
        let n = reader.n_mutations;
        println!("{name}: {n_read} of {n} were read; at most {largest} bytes were held");
        assert!(n_read < n && n_read > n * reader.least_percent / 100, "{n_read} of {n}");
    }
}

fn radar(bytes: &[u8], _: &Path) -> bool {
    let read = knmi::decode("frame.h5", bytes.to_vec());
    read.is_ok_and(|image| image.pixel_values.len() == image.height * image.width)
}

/// All amounts are possible, or nothing is known.
fn composites(bytes: &[u8], _: &Path) -> bool {
    let Ok(file) = composite::decode("frame", bytes.to_vec()) else { return false };
    (0..file.n_frames().min(4)).all(|place| {
        let is_possible = |mm: f64| mm.is_nan() || (0.0..=knmi::MAX_MM_5MIN).contains(&mm);
        file.frame(place).is_ok_and(|frame| {
            assert!(frame.mm_5min().all(is_possible));
            (frame.height, frame.width) == (file.grid.height, file.grid.width)
        })
    })
}

fn dataset(_: &[u8], path: &Path) -> bool {
    let is_frames = Frames::open(path).is_ok();
    let Ok(windows) = Windows::open_with_input_length(path, 2) else { return is_frames };
    let mut groups = windows.groups().into_iter();
    groups.all(|group| windows.len(group) > 0 && windows.read(group, 0, &[5]).is_ok())
}

/// All fields that are small are read; each as many values as its grid has nodes.
fn fields(bytes: &[u8], _: &Path) -> bool {
    let Ok(file) = FieldFile::from_bytes("field", bytes.to_vec()) else { return false };
    let is_small = |place: &usize| {
        let grid = &file.contents()[*place].grid;
        grid.height.saturating_mul(grid.width) <= MAX_POINTS
    };
    let is_read = |place: usize| {
        let read = file.read(place);
        read.is_ok_and(|field| field.values.len() == field.grid.height() * field.grid.width())
    };
    (0..file.contents().len()).filter(is_small).all(is_read)
}

fn npy(_: &[u8], path: &Path) -> bool {
    if let Ok((shape, values)) = read_npy_u8(path) {
        assert_eq!(shape.iter().product::<usize>(), values.len());
    }
    if read_npy_texts(path).is_ok() {
        return true;
    }
    let read = read_npy_f32(path);
    read.is_ok_and(|(shape, values)| shape.iter().product::<usize>() == values.len())
}

fn npz(bytes: &[u8], _: &Path) -> bool {
    let read = npz_array("x.npz", bytes, "arr_0", 1 << 20);
    read.is_ok_and(|(shape, values)| shape.iter().product::<usize>() == values.len())
}
