//! The threads that compute: behind those that answer, and able to give back what they have kept.

/// How far the threads that compute stand behind those that answer pages, in steps of the system. A page takes a millisecond
/// and goes first; a run takes the rest, which is nearly all unless many files are drawn at once: then a tenth.
#[cfg(target_os = "linux")]
const STEPS_BEHIND: i32 = 10;
/// The system knows none further behind.
#[cfg(target_os = "linux")]
const LAST: i32 = 19;

/// Puts this thread behind others. Where a system knows no such order of the threads of a process, nothing changes.
pub fn stand_behind() {
    // Where it is refused, pages wait a little longer and nothing else.
    #[cfg(target_os = "linux")]
    if let Ok(own) = rustix::process::getpriority_process(None) {
        let _ = rustix::process::setpriority_process(None, (own + STEPS_BEHIND).min(LAST));
    }
}

/// Does something on each of the threads that share the work of a network, and waits for them.
pub fn on_each_of_the_network(act: impl Fn() + Sync) {
    rayon::broadcast(|_| act());
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use std::collections::HashSet;
    use std::sync::Mutex;

    use super::*;

    fn steps_behind() -> i32 {
        rustix::process::getpriority_process(None).expect("every thread has one")
    }

    #[test]
    fn only_the_thread_that_asks_stands_behind() {
        let before = steps_behind();
        let of_another = std::thread::spawn(|| {
            stand_behind();
            steps_behind()
        });
        assert_eq!(of_another.join().expect("no panic"), (before + STEPS_BEHIND).min(LAST));
        assert_eq!(steps_behind(), before);
    }

    #[test]
    fn each_thread_of_the_network_is_reached() {
        let reached = Mutex::new(HashSet::new());
        on_each_of_the_network(|| {
            reached.lock().expect("no panic").insert(std::thread::current().id());
        });
        let reached = reached.into_inner().expect("no panic");
        assert_eq!(reached.len(), rayon::current_num_threads());
    }
}
