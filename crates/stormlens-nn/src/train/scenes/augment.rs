//! Scenes moved about, and made brighter or duller.

use serde::{Deserialize, Serialize};
use stormlens_data::scene::Prepared;
use stormlens_data::scene::augment::Draw;

use crate::random::Random;

/// Half of full scale, about which contrast changes.
const MIDDLE: f32 = 127.5;
/// The darkest value of a pixel with data: black would say that it has none.
const DARKEST: f32 = 1.0;
const BRIGHTEST: f32 = 255.0;

/// How far a scene may be changed before it trains: geometry by default as published, levels not at
/// all.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct SceneAugmentation {
    /// Shift along each axis, as a share of the side, either way.
    pub translate: f64,
    /// Rotation, as a fraction of a full turn, either way.
    pub rotate: f64,
    /// Change of the size of a pixel, either way.
    pub zoom: f64,
    /// Left and right, up and down, each in half of the cases.
    pub flips: bool,
    /// Share of full scale that is added to all channels, either way.
    pub brightness: f64,
    /// Share by which the distance from half of full scale grows, either way.
    pub contrast: f64,
}

impl Default for SceneAugmentation {
    fn default() -> Self {
        let (brightness, contrast) = (0.0, 0.0);
        Self { translate: 0.1, rotate: 0.4, zoom: 0.15, flips: true, brightness, contrast }
    }
}

/// What is drawn for one scene.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Change {
    geometry: Draw,
    /// Share of full scale.
    brightness: f32,
    contrast: f32,
}

impl SceneAugmentation {
    /// What of a share makes no sense, in words.
    pub(super) fn check(&self) -> Result<(), String> {
        let bounds = [
            ("translate", self.translate, 1.0),
            ("rotate", self.rotate, 0.5),
            ("zoom", self.zoom, 0.9),
            ("brightness", self.brightness, 1.0),
            ("contrast", self.contrast, 1.0),
        ];
        for (name, value, high) in bounds {
            if !(0.0..=high).contains(&value) {
                return Err(format!("{name} is {value}; give 0 to {high} in [augmentation]"));
            }
        }
        Ok(())
    }

    /// Eight numbers a scene, whatever the options are.
    pub(super) fn draw(&self, random: &mut Random) -> Change {
        let mut either_way = |most: f64| random.between(-most, most) as f32;
        let (shift_right, shift_down) = (either_way(self.translate), either_way(self.translate));
        let (rotation_turns, zoom) = (either_way(self.rotate), either_way(self.zoom));
        let (brightness, contrast) = (either_way(self.brightness), either_way(self.contrast));
        let mut flip = || random.unit() < 0.5 && self.flips;
        let (flip_left_right, flip_up_down) = (flip(), flip());
        let geometry =
            Draw { shift_right, shift_down, flip_left_right, flip_up_down, rotation_turns, zoom };
        Change { geometry, brightness, contrast }
    }
}

impl Change {
    /// Levels first, while places without data are exactly black, then geometry.
    pub fn apply(&self, mut scene: Prepared) -> Prepared {
        if self.brightness != 0.0 || self.contrast != 0.0 {
            let pixels = scene.rgb.as_chunks_mut::<3>().0;
            let with_data = pixels.iter_mut().filter(|pixel| **pixel != [0.0; 3]);
            with_data.for_each(|pixel| *pixel = pixel.map(|value| self.level(value)));
        }
        if self.geometry != Draw::default() {
            scene.rgb = self.geometry.apply(&scene.rgb, scene.side_px, scene.side_px);
        }
        scene
    }

    fn level(&self, value: f32) -> f32 {
        let stretched = MIDDLE + (value - MIDDLE) * (1.0 + self.contrast);
        (stretched + self.brightness * BRIGHTEST).clamp(DARKEST, BRIGHTEST)
    }
}

#[cfg(test)]
mod tests {
    use stormlens_data::scene::Rectangle;

    use super::*;

    fn none() -> SceneAugmentation {
        SceneAugmentation {
            translate: 0.0,
            rotate: 0.0,
            zoom: 0.0,
            flips: false,
            ..Default::default()
        }
    }

    fn changed(augmentation: &SceneAugmentation, rgb: &[f32], seed: u64) -> Vec<f32> {
        let side_px = (rgb.len() / 3).isqrt();
        let content = Rectangle::centre(side_px, side_px);
        let scene = Prepared { side_px, rgb: rgb.to_vec(), content };
        augmentation.draw(&mut Random::new(seed)).apply(scene).rgb
    }

    #[test]
    fn draws_stay_within_their_bounds_and_use_them() {
        let mut random = Random::new(1);
        let all = SceneAugmentation { brightness: 0.2, contrast: 0.3, ..Default::default() };
        let draws: Vec<Change> = (0..2000).map(|_| all.draw(&mut random)).collect();
        let check = |name: &str, most: f32, value: fn(&Change) -> f32| {
            let largest = draws.iter().map(|d| value(d).abs()).fold(0.0, f32::max);
            assert!(largest <= most && largest > 0.99 * most, "{name}: {largest}");
            let mean = draws.iter().map(value).sum::<f32>() / 2000.0;
            assert!(mean.abs() < 0.06 * most, "{name}: mean {mean}");
        };
        check("right", 0.1, |d| d.geometry.shift_right);
        check("down", 0.1, |d| d.geometry.shift_down);
        check("turn", 0.4, |d| d.geometry.rotation_turns);
        check("zoom", 0.15, |d| d.geometry.zoom);
        check("brightness", 0.2, |d| d.brightness);
        check("contrast", 0.3, |d| d.contrast);
        let n_flipped = draws.iter().filter(|d| d.geometry.flip_left_right).count();
        assert!(n_flipped.abs_diff(1000) < 100, "{n_flipped}");
    }

    #[test]
    fn switched_off_nothing_changes() {
        let rgb: Vec<f32> = (0..12).map(|v| v as f32).collect();
        assert_eq!(changed(&none(), &rgb, 5), rgb);
    }

    /// Places without data stay so, and no other place becomes one.
    #[test]
    fn levels_leave_places_without_data_alone() {
        let rgb = [[0.0; 3], [0.0, 0.0, 40.0], [128.0; 3], [255.0; 3]].concat();
        let levels = SceneAugmentation { brightness: 1.0, contrast: 1.0, ..none() };
        for seed in 0..50 {
            let changed = changed(&levels, &rgb, seed);
            assert_eq!(changed[..3], [0.0; 3]);
            assert!(changed[3..].iter().all(|v| (1.0..=255.0).contains(v)), "{changed:?}");
        }
        let change = Change { geometry: Draw::default(), brightness: 0.1, contrast: -0.5 };
        assert!((change.level(227.5) - (127.5 + 50.0 + 25.5)).abs() < 1e-4);
    }

    #[test]
    fn flips_are_those_that_were_drawn() {
        let flips = SceneAugmentation { flips: true, ..none() };
        let rgb: Vec<f32> = (0..4).flat_map(|v| [v as f32 + 1.0; 3]).collect();
        let first = |seed| changed(&flips, &rgb, seed)[0] as usize;
        let seen: std::collections::BTreeSet<usize> = (0..40).map(first).collect();
        assert_eq!(seen.into_iter().collect::<Vec<_>>(), [1, 2, 3, 4]);
    }

    #[test]
    fn senseless_bounds_are_refused_by_name() {
        for (bad, name) in [
            (SceneAugmentation { zoom: 1.0, ..none() }, "zoom"),
            (SceneAugmentation { contrast: f64::NAN, ..none() }, "contrast"),
            (SceneAugmentation { translate: -0.1, ..none() }, "translate"),
        ] {
            assert!(bad.check().unwrap_err().contains(name));
        }
        assert_eq!(SceneAugmentation::default().check(), Ok(()));
    }
}
