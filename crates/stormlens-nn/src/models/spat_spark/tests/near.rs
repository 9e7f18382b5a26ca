//! Forecasts without a patch, near it and by whole passes.

use stormlens_data::patches::tokens;

use super::*;
use crate::fused::Kernels;
use crate::golden::{input, ramp};

const SIZE: [usize; 2] = [224, 256];
const GRID: [usize; 2] = [7, 8];

fn network(translates: bool) -> (Form, Parameters) {
    let form = Form { depths: [3, 2, 1, 1], ..tiny(translates) };
    (form.clone(), parameters(&weights(&form), &Device::flex()))
}

/// The frames without these patches.
fn without(patches: &[usize]) -> Vec<f32> {
    let mut values = ramp(3 * SIZE[0] * SIZE[1]);
    let tokens = tokens(3, SIZE).expect("56 patches");
    let hidden: Vec<bool> = (0..tokens.n()).map(|patch| patches.contains(&patch)).collect();
    tokens.hide(&mut values, &hidden);
    values
}

fn frames(examples: &[&[usize]]) -> Tensor<4> {
    let values = examples.iter().flat_map(|patches| without(patches)).collect();
    input(values, [examples.len(), 3, SIZE[0], SIZE[1]], &Device::flex())
}

fn whole(p: &Parameters, input: Tensor<4>) -> Vec<f32> {
    let mode = Mode::Inference(Kernels::chosen());
    SpatSpark.forward(p, input, &mut Tap::off(), &mode).to_host()
}

/// Patches in the corners, at the sides and in the middle, beside one that was hidden before, too.
#[test]
fn what_is_computed_near_a_patch_is_the_whole_pass() {
    let last = GRID[0] * GRID[1] - 1;
    for (translates, before) in [(false, None), (true, None), (true, Some(20))] {
        let (_, p) = network(translates);
        let examples: Vec<Vec<usize>> = [0, 4, GRID[1] - 1, 17, 28, 19, last - 9, last]
            .into_iter()
            .map(|patch| before.into_iter().chain([patch]).collect())
            .collect();
        let examples: Vec<&[usize]> = examples.iter().map(Vec::as_slice).collect();
        let before: Vec<usize> = before.into_iter().collect();
        let near = SpatSpark.without_one_token(&p, frames(&[&before])).expect("a shorter way");
        let found = near(frames(&examples)).to_host();
        let expected = whole(&p, frames(&examples));
        check(
            &format!("translation {translates}, hidden before {before:?}"),
            &found,
            &expected,
            2e-6,
        );
    }
}

#[test]
fn another_input_goes_the_whole_way() {
    let (_, p) = network(true);
    let near = SpatSpark.without_one_token(&p, frames(&[&[3]])).expect("a shorter way");
    for examples in [&[[3, 9].as_slice(), &[3, 9, 10]], &[&[9], &[3, 9]], &[&[3], &[3, 4]]] {
        assert_eq!(near(frames(examples)).to_host(), whole(&p, frames(examples)));
    }
}

/// Where nearly all of the finest map would be computed.
#[test]
fn there_is_no_shorter_way_for_deep_levels_and_small_maps() {
    let (form, _) = network(true);
    let deeper = Form { depths: [16, 1, 1, 1], ..form.clone() };
    let of = |form: &Form, [height, width]: [usize; 2]| {
        let p = parameters(&weights(form), &Device::flex());
        let input = input(vec![0.5; 3 * height * width], [1, 3, height, width], &Device::flex());
        SpatSpark.without_one_token(&p, input).is_some()
    };
    assert!(of(&form, SIZE));
    assert!(!of(&deeper, SIZE));
    assert!(!of(&form, [96, 128]));
}
