//! What tells results apart before anything is computed.

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use stormlens_data::hash;
use stormlens_data::request::Request;

use super::checks::Unfit;
use crate::program::Program;

/// Which answer a file holds. It gives the file its name, and stands in the file too: whoever renames
/// a file does not make another answer of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Key {
    program: String,
    question: String,
    weights_sha256: String,
    /// With the kernels that it computes by, where there are several.
    device: String,
}

impl Key {
    pub fn new(program: &Program, request: &Request, weights_sha256: &str, device: &str) -> Self {
        Self {
            program: program.as_str().to_owned(),
            question: request.key(),
            weights_sha256: weights_sha256.to_owned(),
            device: device.to_owned(),
        }
    }

    /// The name of its file: a SHA-256, hexadecimal.
    pub fn name(&self) -> String {
        let mut digest = Sha256::new();
        for part in [&self.program, &self.question, &self.weights_sha256, &self.device] {
            digest.update(part.as_bytes());
            digest.update([0]);
        }
        hash::finish(digest)
    }

    /// Whether this is the key of what was asked for.
    ///
    /// # Errors
    /// Otherwise; they say in what the two differ first.
    pub fn check(&self, asked: &Self) -> Result<(), Unfit> {
        let parts = [
            (&self.program, &asked.program, Unfit::Program),
            (&self.question, &asked.question, Unfit::Question),
            (&self.weights_sha256, &asked.weights_sha256, Unfit::Weights),
            (&self.device, &asked.device, Unfit::Device),
        ];
        let differing = parts.into_iter().find(|(part, asked, _)| part != asked);
        differing.map_or(Ok(()), |(_, _, unfit)| Err(unfit))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key([program, question, weights_sha256, device]: [&str; 4]) -> Key {
        let [program, question] = [program, question].map(str::to_owned);
        let [weights_sha256, device] = [weights_sha256, device].map(str::to_owned);
        Key { program, question, weights_sha256, device }
    }

    #[test]
    fn every_part_tells_results_apart() {
        let asked = key(["p", "q", "w", "d"]);
        assert_eq!(asked.check(&asked), Ok(()));
        let check = |parts, unfit| {
            let other = key(parts);
            assert_eq!(other.check(&asked), Err(unfit), "{parts:?}");
            assert_ne!(other.name(), asked.name(), "{parts:?}");
        };
        check(["p2", "q", "w", "d"], Unfit::Program);
        check(["p", "q2", "w", "d"], Unfit::Question);
        check(["p", "q", "w2", "d"], Unfit::Weights);
        check(["p", "q", "w", "d2"], Unfit::Device);
        check(["pq", "", "w", "d"], Unfit::Program);
    }
}
