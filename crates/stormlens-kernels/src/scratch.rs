//! Memory that a thread keeps from one task to the next.

use std::cell::RefCell;

thread_local! {
    static SHELF: RefCell<Vec<Vec<f32>>> = const { RefCell::new(Vec::new()) };
}

/// Lends `n` numbers of any value to `work`. Nested calls get different ones.
pub fn with<R>(n: usize, work: impl FnOnce(&mut [f32]) -> R) -> R {
    let mut kept = SHELF.with_borrow_mut(Vec::pop).unwrap_or_default();
    if kept.len() < n {
        kept.resize(n, 0.0);
    }
    let result = work(&mut kept[..n]);
    SHELF.with_borrow_mut(|shelf| shelf.push(kept));
    result
}
