//! Motion that is a little wrong, more so with lead time (Bowler, Pierce and Seed 2006, section 3.4; without their
//! correction of a bias, as in pysteps).

use std::borrow::Cow;

use super::super::motion::MotionField;
use crate::simulate::Random;

/// Errors along and across the motion have the standard deviation `a t^b + c` in km/h after t minutes.
const ALONG: [f64; 3] = [10.88, 0.23, -7.68];
const ACROSS: [f64; 3] = [5.76, 0.31, -2.72];

/// The error of a member, in standard deviations.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Perturbation {
    along: f64,
    across: f64,
}

impl Perturbation {
    pub const NONE: Self = Self { along: 0.0, across: 0.0 };

    /// Both from Laplace's distribution with variance 1.
    pub fn draw(random: &mut Random) -> Self {
        Self { along: laplace(random), across: laplace(random) }
    }

    /// The motion with this error at a lead time; one pixel a step is so many km/h.
    pub fn of<'a>(
        &self,
        motion: &'a MotionField,
        lead_time_min: f64,
        km_h: f64,
    ) -> Cow<'a, MotionField> {
        if *self == Self::NONE {
            return Cow::Borrowed(motion);
        }
        let deviation = |[a, b, c]: [f64; 3]| (a * lead_time_min.powf(b) + c) / km_h;
        let along = self.along * deviation(ALONG);
        let across = self.across * deviation(ACROSS);
        let perturbed = motion.pixels_per_step.iter().map(|&[u, v]| {
            let speed = u.hypot(v);
            match speed > 1e-12 {
                true => {
                    let (x, y) = (u / speed, v / speed);
                    [u + along * x - across * y, v + along * y + across * x]
                }
                false => [u, v],
            }
        });
        let pixels_per_step = perturbed.collect();
        Cow::Owned(MotionField { height: motion.height, width: motion.width, pixels_per_step })
    }
}

fn laplace(random: &mut Random) -> f64 {
    let scale = std::f64::consts::FRAC_1_SQRT_2;
    -random.sign() * scale * (1.0 - random.unit()).ln()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_have_the_published_size() {
        let n = 40_000;
        let mut random = Random::new(3);
        let drawn: Vec<Perturbation> = (0..n).map(|_| Perturbation::draw(&mut random)).collect();
        for of in [|p: &Perturbation| p.along, |p: &Perturbation| p.across] {
            let mean = drawn.iter().map(of).sum::<f64>() / f64::from(n);
            let variance = drawn.iter().map(|p| of(p).powi(2)).sum::<f64>() / f64::from(n);
            assert!(mean.abs() < 0.02 && (variance - 1.0).abs() < 0.05, "{mean} {variance}");
        }
        // Eastward motion after an hour: a·60^b + c km/h along, of 12 km/h for each pixel a step.
        let east = MotionField { height: 1, width: 1, pixels_per_step: vec![[3.0, 0.0]] };
        let one = Perturbation { along: 1.0, across: 1.0 };
        let [u, v] = one.of(&east, 60.0, 12.0).pixels_per_step[0];
        assert!((u - 3.0 - 20.219_967 / 12.0).abs() < 1e-6, "{u}");
        assert!((v - 17.775_068 / 12.0).abs() < 1e-6, "{v}");
        assert_eq!(*one.of(&MotionField::still(2, 2), 60.0, 12.0), MotionField::still(2, 2));
    }
}
