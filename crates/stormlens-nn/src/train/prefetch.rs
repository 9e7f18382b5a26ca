//! The next thing is made while the last one is used.

use std::sync::mpsc::sync_channel;
use std::thread;

/// Takes the items of an iterator on a second thread, one ahead of `consume`, which gets them in
/// their order whatever the timing. When `consume` ends early, at most two items were taken in vain.
pub(super) fn prefetch<I, R>(
    items: I,
    consume: impl FnOnce(&mut dyn Iterator<Item = I::Item>) -> R,
) -> R
where
    I: Iterator + Send,
    I::Item: Send,
{
    thread::scope(|scope| {
        let (sender, receiver) = sync_channel(1);
        scope.spawn(move || {
            for item in items {
                // Nobody listens any more.
                if sender.send(item).is_err() {
                    break;
                }
            }
        });
        consume(&mut receiver.into_iter())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn items_come_in_their_order() {
        let squares = prefetch((0..100).map(|i| i * i), |items| items.collect::<Vec<_>>());
        assert_eq!(squares, (0..100).map(|i| i * i).collect::<Vec<_>>());
    }

    #[test]
    fn an_early_end_ends_the_making() {
        let mut n_made = 0;
        let items = std::iter::repeat_with(|| n_made += 1);
        prefetch(items, |items| items.take(3).for_each(drop));
        assert!((3..=6).contains(&n_made), "{n_made}");
    }

    #[test]
    #[should_panic(expected = "a scoped thread panicked")]
    fn a_panic_is_not_lost() {
        prefetch((0..3).map(|i| assert!(i < 1, "no")), |items| items.count());
    }
}
