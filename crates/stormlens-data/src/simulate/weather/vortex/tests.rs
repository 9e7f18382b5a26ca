use super::*;

fn vortex(profile: Profile) -> Vortex {
    Vortex {
        centre: Place::new(20.0, -30.0),
        radius_km: 40.0,
        maximum_ms: 24.0,
        profile,
        inflow_deg: 20.0,
        translation: Azimuth::from_deg(90.0),
        translation_ms: 6.0,
        roundness: 1.0,
        long_axis: Azimuth::from_deg(0.0),
        irregularity: 0.0,
        eye: 0.2,
        bands: Bands {
            n_arms: 2,
            pitch_deg: 20.0,
            strength: 0.0,
            line: 0.0,
            phase_deg: 0.0,
            blur: 0.1,
            reach: 4.0,
        },
        noise: Noise::draw(&mut Random::new(1)),
    }
}

const PROFILES: [Profile; 4] = [
    Profile::Holland { b: 1.0 },
    Profile::Holland { b: 1.9 },
    Profile::Rankine { decay: 0.5 },
    Profile::Rankine { decay: 0.9 },
];

#[test]
fn the_wind_is_strongest_at_the_radius_of_maximum_wind() {
    for profile in PROFILES {
        let vortex = vortex(profile);
        let speed = |km: f64| vortex.wind(vortex.centre.plus(Place::new(0.6 * km, 0.8 * km)));
        assert!((speed(40.0).speed_ms() - 24.0).abs() < 1e-9, "{profile:?}");
        for km in [2.0, 10.0, 25.0, 38.0, 42.0, 60.0, 110.0, 250.0] {
            assert!(speed(km).speed_ms() < 24.0, "{profile:?} {km}");
        }
        assert!(speed(4.0).speed_ms() < 6.0, "{profile:?}: an eye");
    }
}

#[test]
fn the_wind_blows_counterclockwise_and_inwards() {
    for profile in PROFILES {
        let vortex = vortex(profile);
        for ray in (0..360).step_by(30) {
            let out = Azimuth::from_deg(f64::from(ray));
            let wind = vortex.wind(vortex.centre.plus(out.way(55.0)));
            let outwards = wind.east_ms * out.east + wind.north_ms * out.north;
            let left = out.turned(-90.0);
            let counterclockwise = wind.east_ms * left.east + wind.north_ms * left.north;
            assert!(counterclockwise > 0.0 && outwards < 0.0, "{profile:?} {ray}");
            let inflow_deg = (-outwards).atan2(counterclockwise).to_degrees();
            assert!((inflow_deg - 20.0).abs() < 1e-9, "{profile:?} {ray}: {inflow_deg}");
        }
    }
}

#[test]
fn the_wind_is_stronger_to_the_right_of_the_motion() {
    let vortex = vortex(PROFILES[0]);
    let calm = Wind { east_ms: 0.0, north_ms: 0.0 };
    let speed = |east: f64, north: f64| {
        vortex.within(vortex.centre.plus(Place::new(east, north)), calm).speed_ms()
    };
    assert!(speed(0.0, -40.0) > speed(0.0, 40.0) + 5.0, "it moves east: right is south");
    assert!(speed(0.5, 0.0) < 4.0, "the eye is calm: {}", speed(0.5, 0.0));
}

#[test]
fn bands_follow_logarithmic_spirals() {
    let mut vortex = vortex(PROFILES[3]);
    vortex.bands = Bands { n_arms: 1, strength: 0.3, ..vortex.bands };
    let lean = vortex.bands.pitch_deg.to_radians().tan();
    // Half-way between two passes of the sharp side a band changes nothing, before it is stronger,
    // behind it weaker, at every radius along the spiral.
    let factor = |ratio: f64, turns: f64| {
        let (sin, cos) = (TAU * turns - ratio.ln() / lean).sin_cos();
        let km = ratio * vortex.radius_km;
        vortex.band_factor(Place::new(km * cos, km * sin))
    };
    for ratio in [1.0, 1.4, 1.9] {
        let (before, behind) = (factor(ratio, 0.25), factor(ratio, 0.75));
        assert!(before >= 1.0 && behind <= 1.0, "{ratio}: {before} {behind}");
    }
    assert!(factor(1.0, 0.25) > factor(1.0, 0.75) + 0.05);
    assert_eq!((factor(0.1, 0.25), factor(9.0, 0.25)), (1.0, 1.0), "no bands in the eye and afar");
}
