//! How much memory a question may take.
//!
//! A run that takes more than there is ends the program, so what it will take is estimated from shapes before
//! anything is computed.

mod free;

use std::path::Path;
use std::str::FromStr;

/// The part of the free memory, in percent, that a question may take until told otherwise.
const SHARE_PERCENT: u64 = 80;

/// The most that one question may take.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct MemoryLimit(Option<u64>);

impl MemoryLimit {
    /// So many bytes.
    pub fn bytes(n_bytes: u64) -> Self {
        Self(Some(n_bytes))
    }

    /// Refuses what takes more: `what` begins the sentence.
    ///
    /// # Errors
    /// In words that say how much is needed, how much there is, and what to do.
    pub fn check(self, what: &str, needed_bytes: u64) -> Result<(), String> {
        let share = |free: u64| free / 100 * SHARE_PERCENT;
        let (limit_bytes, of) = match (self.0, free::bytes(Path::new("/"))) {
            (Some(limit), _) => (limit, "--memory-limit".to_owned()),
            (None, Some(free)) => {
                (share(free), format!("{SHARE_PERCENT} % of the memory that is free"))
            }
            // Where the system does not tell, nobody can be refused for it.
            (None, None) => return Ok(()),
        };
        if needed_bytes <= limit_bytes {
            return Ok(());
        }
        let (needed, limit) = (gigabytes(needed_bytes), gigabytes(limit_bytes));
        Err(format!(
            "{what} takes about {needed} of memory, and the limit is {limit} ({of}): take a smaller part, fewer at \
             once, or set --memory-limit higher, e.g. --memory-limit {}GB",
            needed_bytes.div_ceil(1_000_000_000)
        ))
    }
}

fn gigabytes(n_bytes: u64) -> String {
    format!("{:.1} GB", n_bytes as f64 / 1e9)
}

impl std::fmt::Display for MemoryLimit {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.0 {
            Some(n_bytes) if n_bytes.is_multiple_of(1_000_000_000) => {
                write!(f, "{}GB", n_bytes / 1_000_000_000)
            }
            Some(n_bytes) => write!(f, "{}MB", n_bytes.div_ceil(1_000_000)),
            None => f.write_str("auto"),
        }
    }
}

impl FromStr for MemoryLimit {
    type Err = String;

    /// `4GB`, `500MB`, `auto`.
    fn from_str(text: &str) -> Result<Self, String> {
        let text = text.trim().to_ascii_uppercase();
        if text == "AUTO" {
            return Ok(Self(None));
        }
        let units = [("GB", 1e9), ("MB", 1e6), ("G", 1e9), ("M", 1e6)];
        let parsed = units.iter().find_map(|(unit, n_bytes)| {
            let number: f64 = text.strip_suffix(unit)?.trim().parse().ok()?;
            Some(number * n_bytes).filter(|n_bytes| (1e6..1e18).contains(n_bytes))
        });
        parsed
            .map(|n_bytes| Self(Some(n_bytes as u64)))
            .ok_or_else(|| "must be a size such as 4GB or 500MB, or auto".to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_read_as_people_write_them() {
        let read = |text: &str| text.parse::<MemoryLimit>();
        assert_eq!(read("4GB"), Ok(MemoryLimit(Some(4_000_000_000))));
        assert_eq!(read("0.5 g"), Ok(MemoryLimit(Some(500_000_000))));
        assert_eq!(read("250MB"), Ok(MemoryLimit(Some(250_000_000))));
        assert_eq!(read("auto"), Ok(MemoryLimit(None)));
        for bad in ["", "4", "-1GB", "0MB", "NaNGB", "inf GB", "4TBs"] {
            assert!(read(bad).is_err(), "{bad}");
        }
        for text in ["4GB", "250MB", "auto"] {
            assert_eq!(read(text).map(|limit| limit.to_string()).as_deref(), Ok(text));
        }
    }

    #[test]
    fn more_than_the_limit_is_refused_with_both_sizes_and_what_to_do() {
        let limit = MemoryLimit::bytes(2_000_000_000);
        assert_eq!(limit.check("it", 2_000_000_000), Ok(()));
        let error = limit.check("explaining 1024 × 1024 pixels", 6_800_000_000).unwrap_err();
        for words in ["1024 × 1024 pixels takes about 6.8 GB", "2.0 GB", "--memory-limit 7GB"] {
            assert!(error.contains(words), "{error}");
        }
    }

    #[test]
    fn what_is_free_is_told_by_the_system() {
        assert!(MemoryLimit::default().check("it", 1).is_ok());
        if cfg!(target_os = "linux") {
            assert!(MemoryLimit::default().check("it", u64::MAX).is_err());
        }
    }
}
