//! Progress on a terminal.

use std::cell::RefCell;
use std::ops::ControlFlow;

use indicatif::{ProgressBar, ProgressStyle};
use stormlens_data::request::{Cancelled, Progress};

/// A bar that shows the phase, and nothing where there is no terminal.
pub struct Bar {
    bar: ProgressBar,
    phase: RefCell<String>,
}

impl Bar {
    pub fn new() -> Self {
        let style =
            ProgressStyle::with_template("{msg} {wide_bar} {pos}/{len} [{elapsed}, {eta} left]");
        let style = style.unwrap_or_else(|_| ProgressStyle::default_bar());
        Self { bar: ProgressBar::new(1).with_style(style), phase: RefCell::default() }
    }
}

impl Default for Bar {
    fn default() -> Self {
        Self::new()
    }
}

impl Drop for Bar {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}

impl Progress for Bar {
    fn report(&self, phase: &str, done: usize, total: usize) -> ControlFlow<Cancelled> {
        if *self.phase.borrow() != phase {
            phase.clone_into(&mut self.phase.borrow_mut());
            self.bar.set_message(phase.to_owned());
            self.bar.reset();
        }
        self.bar.set_length(total as u64);
        self.bar.set_position(done as u64);
        ControlFlow::Continue(())
    }
}
