//! How memory is got from the operating system, and what is done with that which nothing uses.

use libmimalloc_sys::{mi_option_set, mi_option_t, mi_option_use_numa_nodes};

/// mimalloc's `mi_option_purge_delay`, which its bindings have no name for: in the list of options
/// of `mimalloc.h` it stands before this one.
const PURGE_DELAY: mi_option_t = mi_option_use_numa_nodes - 1;

/// Sets both for this process, before it starts a thread.
pub fn set_up() {
    keep_memory();
    take_small_pages();
}

/// Keeps what a run of a network has used for the next one.
///
/// A network needs some hundred megabytes for a fraction of a second. By default they go back to
/// the operating system at most a second later, and the next click waits for every page of them to be
/// found and cleared again: a tenth of a run, and more where memory is slow to come.
fn keep_memory() {
    // SAFETY: sets one number of an allocator that works with any value of it; −1 is "never".
    unsafe { mi_option_set(PURGE_DELAY, -1) };
}

/// Asks for no large pages, of two megabytes.
///
/// mimalloc wants them by default, and later runs gain next to nothing from them. On a virtual
/// machine the first run waits for every one of them: free memory in such pieces is what the
/// host has not given yet, while small pages come from what other programs have just left.
fn take_small_pages() {
    // Where it is refused, first runs take longer and nothing else.
    #[cfg(target_os = "linux")]
    let _ = rustix::thread::disable_transparent_huge_pages(true);
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
        set_up();
        // SAFETY: as above.
        assert_eq!(unsafe { libmimalloc_sys::mi_option_get(PURGE_DELAY) }, -1);
    }
    #[cfg(target_os = "linux")]
    #[test]
    fn no_large_pages_are_asked_for() {
        take_small_pages();
        let are_disabled = rustix::thread::transparent_huge_pages_are_disabled();
        assert!(are_disabled.expect("every kernel of the last ten years answers"));
    }
}
