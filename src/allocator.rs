//! How memory is got from the operating system, and what is done with that which nothing uses.

use std::sync::LazyLock;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use libmimalloc_sys::{
    mi_collect, mi_good_size, mi_option_set, mi_option_t, mi_option_use_numa_nodes,
};

/// mimalloc's `mi_option_purge_delay`, which its bindings have no name for: in the list of options
/// of `mimalloc.h` it stands before this one.
const PURGE_DELAY: mi_option_t = mi_option_use_numa_nodes - 1;

/// A day, which is longer than anybody waits: memory goes back when [`give_back`] says so.
const DELAY_MS: std::ffi::c_long = 86_400_000;

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
    // SAFETY: sets one number of an allocator that works with any value of it. With −1, "never", it would not take
    // down what is free, and could not give it back later either.
    unsafe { mi_option_set(PURGE_DELAY, DELAY_MS) };
}

/// Gives back what no thread uses any more: all that lies free between the threads, and what the calling one
/// has kept for itself.
pub fn give_back() {
    // SAFETY: only free memory of the calling thread and free memory of no thread is touched.
    unsafe { mi_collect(true) };
}

/// What an array of so many bytes takes in memory, which comes in sizes of an eighth apart.
pub fn taken_for(n_bytes: usize) -> usize {
    // SAFETY: computes one number from another.
    unsafe { mi_good_size(n_bytes) }
}

static BEGAN: LazyLock<Instant> = LazyLock::new(Instant::now);
/// Milliseconds after `BEGAN`.
static LAST_USE_MS: AtomicU64 = AtomicU64::new(0);

/// Somebody asks for something, or has got it: the memory that this takes is wanted again soon.
pub fn is_in_use() {
    LAST_USE_MS.store(BEGAN.elapsed().as_millis() as u64, Ordering::Relaxed);
}

/// Time since nobody has asked for anything.
pub fn rest() -> Duration {
    let last_use = Duration::from_millis(LAST_USE_MS.load(Ordering::Relaxed));
    BEGAN.elapsed().saturating_sub(last_use)
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
        assert_eq!(unsafe { libmimalloc_sys::mi_option_get(PURGE_DELAY) }, DELAY_MS);
    }

    #[test]
    fn an_array_takes_a_little_more_than_it_holds() {
        for n_bytes in [1, 288 * 288 * 4, 20_000_000] {
            let taken = taken_for(n_bytes);
            assert!(
                (n_bytes..=n_bytes + n_bytes / 4 + 16).contains(&taken),
                "{taken} for {n_bytes}"
            );
        }
    }

    #[test]
    fn rest_begins_anew_with_every_use() {
        is_in_use();
        assert!(rest() < Duration::from_secs(5));
        std::thread::sleep(Duration::from_millis(20));
        assert!(rest() >= Duration::from_millis(20));
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn no_large_pages_are_asked_for() {
        take_small_pages();
        let are_disabled = rustix::thread::transparent_huge_pages_are_disabled();
        assert!(are_disabled.expect("every kernel of the last ten years answers"));
    }
}
