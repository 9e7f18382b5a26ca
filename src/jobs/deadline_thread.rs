//! The thread that refuses jobs whose time is over, also while the worker is busy with others.

use std::io;
use std::sync::Arc;

use super::queue::Queue;

pub(super) fn spawn(queue: Arc<Queue>) -> io::Result<()> {
    let thread = std::thread::Builder::new().name("deadlines".to_owned());
    thread.spawn(move || queue.watch_deadlines()).map(|_| ())
}
