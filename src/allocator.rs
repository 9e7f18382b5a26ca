//! What memory is done with that nothing uses for the moment.

use libmimalloc_sys::{mi_option_set, mi_option_t, mi_option_use_numa_nodes};

/// mimalloc's `mi_option_purge_delay`, which its bindings have no name for: in the list of options
/// of `mimalloc.h` it stands before this one.
const PURGE_DELAY: mi_option_t = mi_option_use_numa_nodes - 1;

/// Keeps what a run of a network has used for the next one.
///
/// A network needs some hundred megabytes for a fraction of a second. By default they go back to
/// the operating system at most a second later, and the next click waits for every page of them to be
/// found and cleared again: a tenth of a run, and more where memory is slow to come.
pub fn keep_memory() {
    // SAFETY: sets one number of an allocator that works with any value of it; −1 is "never".
    unsafe { mi_option_set(PURGE_DELAY, -1) };
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Before anybody has set it: some time of milliseconds, as that option has and its neighbours
    /// have not.
    #[test]
    fn the_option_is_the_delay() {
        // SAFETY: reads one number.
        let found = unsafe { libmimalloc_sys::mi_option_get(PURGE_DELAY) };
        if std::env::var_os("MIMALLOC_PURGE_DELAY").is_none() {
            // Of mimalloc 2 and 3.
            assert!(matches!(found, 10 | 1000), "{found} ms");
        }
        keep_memory();
        // SAFETY: as above.
        assert_eq!(unsafe { libmimalloc_sys::mi_option_get(PURGE_DELAY) }, -1);
    }
}
