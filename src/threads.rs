//! The threads that compute: behind those that answer, and able to give back what they have kept.

/// How far the threads that compute stand behind those that answer pages, in steps of the system (0 to 19): a page takes
/// a millisecond and goes first, and a run takes the rest, which is nearly all.
#[cfg(target_os = "linux")]
const STEPS_BEHIND: i32 = 10;

/// Puts this thread behind others. Where a system knows no such order of the threads of a process, nothing changes.
pub fn stand_behind() {
    // Where it is refused, pages wait a little longer and nothing else.
    #[cfg(target_os = "linux")]
    let _ = rustix::process::setpriority_process(None, STEPS_BEHIND);
}

/// Does something on each of the threads that share the work of a network, and waits for them.
pub fn on_each_of_the_network(act: impl Fn() + Sync) {
    rayon::broadcast(|_| act());
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
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
        assert_eq!(of_another.join().expect("no panic"), STEPS_BEHIND);
        assert_eq!(steps_behind(), before);
    }

    #[test]
    fn each_thread_of_the_network_is_reached() {
        let names = Mutex::new(Vec::new());
        on_each_of_the_network(|| {
            names.lock().expect("no panic").push(std::thread::current().id())
        });
        let mut names = names.into_inner().expect("no panic");
        names.dedup();
        assert_eq!(names.len(), rayon::current_num_threads());
    }
}
