//! The thread that refuses jobs whose time is over, also while the worker is busy with others.

use std::io;
use std::sync::Arc;

use super::board::Shared;

pub(super) fn spawn(shared: Arc<Shared>) -> io::Result<()> {
    let thread = std::thread::Builder::new().name("deadlines".to_owned());
    thread.spawn(move || shared.watch_deadlines()).map(|_| ())
}
