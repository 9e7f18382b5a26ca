use super::*;

/// Features of a scene: two causes, seen by all features in different shares, and a little noise.
fn scene(seed: u64, n_features: usize) -> Vec<f32> {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ 0xd1b5_4a32_d192_ed03;
    let mut draw = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 40) as f32 / (1 << 24) as f32 - 0.5
    };
    let (a, b) = (draw(), draw());
    (0..n_features)
        .map(|i| 1.0 + a * (i as f32).sin() + b * (i as f32).cos() + 0.05 * draw())
        .collect()
}

fn scenes(seeds: std::ops::Range<u64>) -> Vec<Vec<f32>> {
    seeds.map(|seed| scene(seed + 1, 40)).collect()
}

fn range() -> FeatureRange {
    FeatureRange::new(&scenes(0..400), &scenes(1000..1100)).expect("there are enough scenes")
}

#[test]
fn scenes_of_the_same_kind_are_near() {
    let range = range();
    let far = scenes(5000..5200).iter().filter(|f| range.distance(f).unwrap().is_far()).count();
    assert!(far <= 10, "{far} of 200 are far");
}

#[test]
fn what_differs_in_no_single_feature_is_far() {
    let range = range();
    // Every feature stays within its range, but they go together in a way that training never showed.
    let mixed: Vec<f32> = (0..40).map(|i| scene(7 + i as u64, 40)[i]).collect();
    assert!(range.distance(&mixed).unwrap().is_far());
    let doubled: Vec<f32> = scene(9, 40).iter().map(|v| 2.0 * v).collect();
    assert!(range.distance(&doubled).unwrap().is_far());
    assert!(range.distance(&[f32::NAN; 40]).unwrap().is_far());
}

#[test]
fn the_mean_square_over_the_training_scenes_is_the_number_of_features() {
    let (range, train) = (range(), scenes(0..400));
    let squares = train.iter().map(|f| range.length(f).powi(2)).sum::<f64>() / train.len() as f64;
    // Exact but for the ridge, which takes from directions that hardly vary.
    assert!(squares <= 40.0 && squares > 20.0, "{squares}");
}

#[test]
fn too_little_to_compare_with_is_refused() {
    assert_eq!(FeatureRange::new(&scenes(0..100), &scenes(1000..1100)), None);
    assert_eq!(FeatureRange::new(&scenes(0..400), &scenes(1000..1010)), None);
    assert_eq!(FeatureRange::new(&[], &[]), None);
    let range = range();
    assert_eq!(range.distance(&[0.0; 39]), None);
    let text = serde_json::to_string(&range).unwrap();
    let read: FeatureRange = serde_json::from_str(&text).unwrap();
    // Text may change the last digit.
    let [before, after] = [&range, &read].map(|range| range.distance(&scene(3, 40)).unwrap());
    assert!((before.distance - after.distance).abs() < 1e-9 * before.distance);
    let broken = FeatureRange { factor: vec![1.0; 3], ..range };
    assert_eq!(broken.distance(&[0.0; 40]), None);
}
