//! The threads that compute: behind those that answer, and able to give back what they have kept.

/// How far the threads that compute stand behind those that answer pages, in steps of the system. A page takes a millisecond
/// and goes first; a run takes the rest, which is nearly all unless many files are drawn at once: then a tenth.
#[cfg(target_os = "linux")]
const STEPS_BEHIND: i32 = 10;
/// The system knows none further behind.
#[cfg(target_os = "linux")]
const LAST: i32 = 19;

/// Puts this thread behind the first one of the program, and no further where it, or the one that began it, stands there
/// already. Where a system knows no such order of the threads of a process, nothing changes.
pub fn stand_behind() {
    // Where it is refused, pages wait a little longer and nothing else.
    #[cfg(target_os = "linux")]
    if let Some(steps) = steps_behind() {
        let _ = rustix::process::setpriority_process(None, steps);
    }
}

/// A new thread begins where the one stood that began it, so the place is counted from the first thread, which stays.
#[cfg(target_os = "linux")]
fn steps_behind() -> Option<i32> {
    use rustix::process::{getpid, getpriority_process};
    let first = getpriority_process(Some(getpid())).ok()?;
    Some((first + STEPS_BEHIND).min(LAST))
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

    fn own() -> i32 {
        rustix::process::getpriority_process(None).expect("every thread has one")
    }

    #[test]
    fn only_the_thread_that_asks_stands_behind() {
        let before = own();
        let of_another = std::thread::spawn(|| {
            stand_behind();
            // A second time, and a thread that begins behind already.
            stand_behind();
            let of_its_own = std::thread::spawn(|| {
                stand_behind();
                own()
            });
            [own(), of_its_own.join().expect("no panic")]
        });
        let behind = (before + STEPS_BEHIND).min(LAST);
        assert_eq!(of_another.join().expect("no panic"), [behind; 2]);
        assert_eq!(own(), before);
    }

    /// As the thread of the runs does it: the threads of the network may begin behind already.
    #[test]
    fn threads_of_the_network_stand_where_the_runs_do() {
        let before = own();
        let of_the_network = std::thread::spawn(|| {
            stand_behind();
            let steps = Mutex::new(Vec::new());
            on_each_of_the_network(|| {
                stand_behind();
                steps.lock().expect("no panic").push(own());
            });
            steps.into_inner().expect("no panic")
        });
        for steps in of_the_network.join().expect("no panic") {
            assert_eq!(steps, (before + STEPS_BEHIND).min(LAST));
        }
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
