//! Sums over planes and channels.

use stormlens_kernels::{Level, Maps, planes};

use super::{assert_near, draw, wide};

#[test]
fn sums_over_planes_and_channels() {
    let x = draw(1, 2 * 3 * 5 * 300);
    let maps = Maps::new(&x, [2, 3, 5, 300]);
    let weights = draw(2, 6);
    let sums: Vec<f64> = wide(&x).chunks_exact(1500).map(|plane| plane.iter().sum()).collect();
    let weighted: Vec<f64> = (0..2 * 1500)
        .map(|i| {
            let (b, p) = (i / 1500, i % 1500);
            let one =
                |c: usize| f64::from(weights[b * 3 + c]) * f64::from(x[(b * 3 + c) * 1500 + p]);
            (0..3).map(one).sum()
        })
        .collect();
    for level in Level::available() {
        assert_near(&planes::sums(level, maps), &sums, 1e-6, "sums");
        assert_near(&planes::weighted(level, &weights, maps), &weighted, 1e-6, "weighted");
    }
}
