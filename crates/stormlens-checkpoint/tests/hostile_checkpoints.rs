//! Thousands of damaged checkpoints: each is read or refused, in bounded memory, without a panic.
//!
//! The seeds are the corpora for fuzzing. An allocator that counts watches the one thread of this program's one
//! test.

#[path = "../../stormlens-data/tests/hostile/mutation.rs"]
mod mutation;

use std::path::Path;

use mutation::{Counting, Random, corpus, damaged, peak};
use stormlens_checkpoint::decode;

/// What is asked of each container, and at least how many of a hundred files are still read.
const CONTAINERS: [(&str, usize); 5] = [
    ("torch_zip", 3),
    ("torch_legacy", 3),
    ("safetensors", 1),
    ("keras_hdf5", 3),
    ("keras_archive", 3),
];

const N_MUTATIONS: usize = 4_000;

#[global_allocator]
static ALLOCATOR: Counting = Counting;

#[test]
fn damaged_checkpoints_are_read_or_refused() {
    for (container, least_percent) in CONTAINERS {
        let seeds: Vec<_> = corpus(&[container]).into_iter().map(|(_, bytes)| bytes).collect();
        let mut random = Random(20_100_826);
        let (mut n_read, mut largest) = (0, (0, 0));
        for i in 0..N_MUTATIONS {
            let bytes = damaged(i, &seeds, &mut random);
            let (n_numbers, n_bytes) = peak(|| n_numbers(&bytes));
            n_read += usize::from(n_numbers.is_some());
            assert!(n_numbers.is_none_or(|n| n <= bytes.len()), "{n_numbers:?} from {container}");
            // As `decode` promises.
            let most = 9 * bytes.len() + 150_000_000;
            assert!(n_bytes <= most, "{container}: {n_bytes} bytes for {bytes:02x?}");
            largest = largest.max((n_bytes, bytes.len()));
        }
        let (n_held, n_bytes) = largest;
        println!(
            "{container}: {n_read} of {N_MUTATIONS} were read; at most {n_held} bytes were held, for {n_bytes}"
        );
        assert!(n_read < N_MUTATIONS && n_read > N_MUTATIONS * least_percent / 100, "{n_read}");
    }
}

/// The numbers of a checkpoint; `None` for one that is refused.
fn n_numbers(bytes: &[u8]) -> Option<usize> {
    let read = decode(Path::new("weights"), bytes).ok()?;
    let tensors = read.state.tensors.values();
    assert!(tensors.clone().all(|t| t.shape.iter().product::<usize>() == t.values.len()));
    Some(tensors.map(|tensor| tensor.values.len()).sum())
}
