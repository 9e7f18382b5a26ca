//! How much memory the passes of a request take together, from shapes alone.

use stormlens_data::network::Pass;

use crate::task::Takes;

const BYTES: u64 = size_of::<f32>() as u64;

/// The shape of the largest input.
pub(super) fn largest(passes: &[Pass]) -> Option<[usize; 3]> {
    passes.iter().max_by_key(|pass| pass.input.values.len()).map(|pass| pass.input.shape)
}

/// All inputs and all predictions, which are there until the last pass is done, and what those take that go through the
/// network together at a time; `n_own` inputs of a method that makes passes of its own.
pub(super) fn needed_bytes(takes: &Takes, passes: &[Pass], n_own: usize) -> u64 {
    let inputs = passes.iter().map(|pass| pass.input.values.len() as u64 * BYTES);
    let n_predictions = |pass: &Pass| 1 + pass.sampled.map_or(0, |(_, n)| n as u64);
    let predictions =
        passes.iter().map(|pass| takes.prediction_bytes.saturating_mul(n_predictions(pass)));
    let kept = inputs.chain(predictions).fold(takes.beside_bytes, u64::saturating_add);
    kept.saturating_add(at_a_time(takes, passes, n_own as u64))
}

fn at_a_time(takes: &Takes, mut passes: &[Pass], n_own: u64) -> u64 {
    let mut most = 0;
    while !passes.is_empty() {
        let (together, rest) = passes.split_at(Pass::n_together(passes));
        let is_explained = together.iter().any(|pass| !pass.asked.is_empty());
        let (n, explaining) = match is_explained {
            true => (n_own, takes.explaining_bytes),
            false => (together.len() as u64, 0),
        };
        most = most.max(takes.predicting_bytes.saturating_mul(n)).max(explaining);
        passes = rest;
    }
    most
}

#[cfg(test)]
mod tests {
    use stormlens_data::network::{Asked, Input, Target};

    use super::*;

    fn pass(shape: [usize; 3]) -> Pass {
        Pass::new(Input { values: vec![0.0; shape.iter().product()], shape }, Vec::new())
    }

    fn explained(shape: [usize; 3]) -> Pass {
        let target =
            Target::SumOver { rows: 0..1, columns: 0..1, above: None, mm: None, weights: None };
        let (method, options) = ("grad-cam".to_owned(), Default::default());
        let asked = Asked { method, options, target, layers: Vec::new(), nothing: Vec::new() };
        Pass { asked: vec![asked], ..pass(shape) }
    }

    fn takes() -> Takes {
        Takes {
            what: String::new(),
            beside_bytes: 10_000_000,
            predicting_bytes: 1_000_000,
            explaining_bytes: 5_000_000,
            prediction_bytes: 1_000,
        }
    }

    const TILE: [usize; 3] = [2, 64, 64];
    const TILE_BYTES: u64 = 2 * 64 * 64 * 4;

    #[test]
    fn inputs_and_predictions_of_all_passes_count_and_those_of_one_group_work() {
        let check = |passes: &[Pass], n_own: usize, expected: u64| {
            let kept = 10_000_000 + passes.len() as u64 * (TILE_BYTES + 1_000);
            assert_eq!(needed_bytes(&takes(), passes, n_own), kept + expected);
        };
        check(&[pass(TILE)], 1, 1_000_000);
        check(&vec![pass(TILE); 8], 1, 8_000_000);
        check(&vec![pass(TILE); 2_000], 1, 8_000_000);
        check(&[explained(TILE), pass(TILE)], 1, 5_000_000);
        // A method that hides parts has as many inputs in the network as it says.
        check(&[explained(TILE)], 16, 16_000_000);
        let member = Pass { weights: Some("another".to_owned()), ..pass(TILE) };
        check(&vec![member; 20], 1, 1_000_000);
    }

    #[test]
    fn draws_are_kept_and_nothing_overflows() {
        let drawn = Pass { sampled: Some((1, 50)), ..pass(TILE) };
        assert_eq!(needed_bytes(&takes(), &[drawn], 1), 11_000_000 + TILE_BYTES + 51_000);
        let huge = Takes { predicting_bytes: u64::MAX, prediction_bytes: u64::MAX / 2, ..takes() };
        assert_eq!(needed_bytes(&huge, &vec![pass(TILE); 9], 1), u64::MAX);
    }

    #[test]
    fn the_largest_input_decides() {
        assert_eq!(largest(&[]), None);
        assert_eq!(largest(&[pass([1, 18, 18]), pass(TILE), pass([1, 8, 8])]), Some(TILE));
    }
}
