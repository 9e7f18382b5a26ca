//! A few things that were made last, ready to be given out again.

use std::collections::{BTreeMap, HashMap};
use std::hash::Hash;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Values by their keys while there is room; what was used longest ago goes first.
pub struct Recent<K, V> {
    values: Mutex<Values<K, V>>,
    room: usize,
    size: fn(&V) -> usize,
}

struct Values<K, V> {
    /// Each value with the time of its last use.
    by_key: HashMap<K, (u64, V)>,
    by_use: BTreeMap<u64, K>,
    now: u64,
    taken: usize,
}

impl<K: Clone + Eq + Hash, V: Clone> Recent<K, V> {
    /// Room for so many values.
    pub fn new(max_values: usize) -> Self {
        Self::with_room(max_values, |_| 1)
    }

    /// Room for values whose sizes add up to `room`. A value that is larger than that is not kept.
    pub fn with_room(room: usize, size: fn(&V) -> usize) -> Self {
        let values = Values { by_key: HashMap::new(), by_use: BTreeMap::new(), now: 0, taken: 0 };
        Self { values: Mutex::new(values), room, size }
    }

    fn lock(&self) -> MutexGuard<'_, Values<K, V>> {
        self.values.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub fn get(&self, key: &K) -> Option<V> {
        let mut values = self.lock();
        let (_, value) = values.take(key)?;
        values.put(key.clone(), value.clone());
        Some(value)
    }

    pub fn put(&self, key: K, value: V) {
        let size = (self.size)(&value);
        let mut values = self.lock();
        if let Some((_, old)) = values.take(&key) {
            values.taken -= (self.size)(&old);
        }
        if size > self.room {
            return;
        }
        while values.taken + size > self.room {
            let Some((_, oldest)) = values.by_use.pop_first() else { break };
            if let Some((_, old)) = values.by_key.remove(&oldest) {
                values.taken -= (self.size)(&old);
            }
        }
        values.taken += size;
        values.put(key, value);
    }
}

impl<K: Clone + Eq + Hash, V> Values<K, V> {
    fn take(&mut self, key: &K) -> Option<(u64, V)> {
        let found = self.by_key.remove(key)?;
        self.by_use.remove(&found.0);
        Some(found)
    }

    fn put(&mut self, key: K, value: V) {
        self.now += 1;
        self.by_use.insert(self.now, key.clone());
        self.by_key.insert(key, (self.now, value));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found<const N: usize>(
        recent: &Recent<&'static str, usize>,
        keys: [&'static str; N],
    ) -> [Option<usize>; N] {
        keys.map(|key| recent.get(&key))
    }

    #[test]
    fn what_was_not_used_goes_first() {
        let recent = Recent::new(2);
        for (key, value) in [("a", 1), ("b", 2), ("a", 3), ("c", 4)] {
            recent.put(key, value);
        }
        assert_eq!(found(&recent, ["c", "b", "a"]), [Some(4), None, Some(3)]);
        recent.put("d", 5);
        assert_eq!(found(&recent, ["a", "c", "d"]), [Some(3), None, Some(5)]);
    }

    #[test]
    fn there_is_room_for_sizes() {
        let recent = Recent::with_room(10, |&value| value);
        for (key, value) in [("a", 4), ("b", 6), ("huge", 11)] {
            recent.put(key, value);
        }
        assert_eq!(found(&recent, ["a", "b", "huge"]), [Some(4), Some(6), None]);
        recent.put("c", 5);
        assert_eq!(found(&recent, ["a", "b", "c"]), [None, None, Some(5)]);
        recent.put("c", 1);
        recent.put("d", 9);
        assert_eq!(found(&recent, ["c", "d"]), [Some(1), Some(9)]);
    }
}
