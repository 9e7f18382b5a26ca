//! What clients ask for.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::{Context, bail};

use crate::Mix;

const PARAMETER: &str = "threshold=";
/// Of a result without an explanation, to which the threshold means nothing.
const NO_METHOD: &str = "methods=none";

/// Addresses of results, made from the full address of one.
pub struct Questions {
    pub mix: Mix,
    address: String,
    /// The part before the threshold, and the part after it.
    around: (String, String),
    /// Of this run of the program; results of earlier ones may be known to the server.
    seed: u64,
    n_asked: AtomicU64,
}

impl Questions {
    /// # Errors
    /// For an address without a threshold to vary, and for one of a result that is the same whatever the
    /// threshold, where results are to differ.
    pub fn new(mix: Mix, address: &str) -> anyhow::Result<Self> {
        if mix != Mix::Pages && address.contains(NO_METHOD) {
            bail!("{address} explains nothing, so its threshold asks nothing new; take another");
        }
        let (before, rest) = address
            .split_once(PARAMETER)
            .with_context(|| format!("{address} is no result with a threshold, take another"))?;
        let after = rest.find('&').map_or("", |end| &rest[end..]);
        let around = (format!("{before}{PARAMETER}"), after.to_owned());
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let seed = now.as_millis() as u64 % 1_000_000_000;
        Ok(Self { mix, address: address.to_owned(), around, seed, n_asked: AtomicU64::new(0) })
    }

    /// The address that a client asks for next.
    pub fn next(&self) -> String {
        match self.mix {
            Mix::Pages => self.address.clone(),
            Mix::Nowcasts | Mix::Same => self.fresh(),
        }
    }

    /// The address of a result that nobody has asked for.
    pub fn fresh(&self) -> String {
        self.distinct(self.n_asked.fetch_add(1, Ordering::SeqCst))
    }

    /// A threshold from 1 to 2 mm/h that nobody has asked for: every millisecond of eleven days has
    /// its own, and a thousand more.
    fn distinct(&self, n: u64) -> String {
        let threshold_mm_h = 1.0 + self.seed as f64 / 1e9 + n as f64 / 1e12;
        format!("{}{threshold_mm_h}{}", self.around.0, self.around.1)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    const ADDRESS: &str = "/v1/result?model=a&threshold=1.5&methods=grad-cam";

    #[test]
    fn pages_are_the_same_and_nowcasts_are_not() {
        let pages = Questions::new(Mix::Pages, ADDRESS).unwrap();
        assert_eq!([pages.next(), pages.next()], [ADDRESS, ADDRESS]);
        let nowcasts = Questions::new(Mix::Nowcasts, ADDRESS).unwrap();
        let asked: HashSet<String> = (0..1000).map(|_| nowcasts.next()).collect();
        assert_eq!(asked.len(), 1000);
        for address in asked {
            let (_, rest) = address.split_once(PARAMETER).unwrap();
            let (threshold, rest) = rest.split_once('&').unwrap();
            assert!((1.0..2.1).contains(&threshold.parse::<f64>().unwrap()), "{address}");
            assert_eq!(rest, "methods=grad-cam");
        }
        assert!(Questions::new(Mix::Nowcasts, "/samples").is_err());
        let unexplained = ADDRESS.replace("grad-cam", "none");
        assert!(Questions::new(Mix::Nowcasts, &unexplained).is_err());
        assert!(Questions::new(Mix::Pages, &unexplained).is_ok());
    }
}
