//! A few things that were made last, ready to be given out again.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};

/// The newest values by their keys; the oldest goes when there are too many.
pub struct Recent<K, V> {
    values: Mutex<VecDeque<(K, V)>>,
    max_values: usize,
}

impl<K: PartialEq, V: Clone> Recent<K, V> {
    pub fn new(max_values: usize) -> Self {
        Self { values: Mutex::default(), max_values }
    }

    pub fn get(&self, key: &K) -> Option<V> {
        let values = self.values.lock().unwrap_or_else(PoisonError::into_inner);
        values.iter().find(|(known, _)| known == key).map(|(_, value)| value.clone())
    }

    pub fn put(&self, key: K, value: V) {
        let mut values = self.values.lock().unwrap_or_else(PoisonError::into_inner);
        values.retain(|(known, _)| *known != key);
        if values.len() == self.max_values {
            values.pop_front();
        }
        values.push_back((key, value));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_oldest_goes_first() {
        let recent = Recent::new(2);
        for (key, value) in [("a", 1), ("b", 2), ("a", 3), ("c", 4)] {
            recent.put(key, value);
        }
        assert_eq!(["a", "b", "c"].map(|key| recent.get(&key)), [Some(3), None, Some(4)]);
    }
}
