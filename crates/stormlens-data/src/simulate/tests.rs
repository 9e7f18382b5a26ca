use std::fs;
use std::path::Path;

use super::geometry::from_db;
use super::*;
use crate::request::Silent;

/// A scene of a kind.
fn scene(kind: Kind, seed: u64) -> SceneParameters {
    SceneParameters::draw(kind, &mut Random::new(seed))
}

fn all_kinds() -> impl Iterator<Item = Kind> {
    std::iter::once(Kind::PolarLow).chain(Kind::NEGATIVE)
}

#[test]
fn equal_seeds_make_equal_scenes() {
    for kind in all_kinds() {
        let (a, b) = (scene(kind, 3), scene(kind, 3));
        assert_eq!(a, b);
        assert_eq!(render(&a, 48), render(&b, 48));
        assert_ne!(render(&a, 48), render(&scene(kind, 4), 48), "{kind:?}");
    }
}

#[test]
fn parameters_survive_as_text() {
    for kind in all_kinds() {
        let drawn = scene(kind, 8);
        let text = serde_json::to_string(&drawn).unwrap();
        let read: SceneParameters = serde_json::from_str(&text).unwrap();
        assert_eq!(render(&read, 32), render(&drawn, 32), "{kind:?}");
    }
}

#[test]
fn black_is_no_data_and_nothing_else() {
    let size_px = 64;
    for seed in 0..24 {
        let drawn = scene(if seed % 2 == 0 { Kind::PolarLow } else { Kind::LowWind }, seed);
        let picture = render(&drawn, size_px);
        for (index, pixel) in picture.rgb.as_chunks::<3>().0.iter().enumerate() {
            let place = Place::of_pixel(index / size_px, index % size_px, size_px);
            if drawn.footprint.swath.covers(place) {
                assert!(pixel.iter().all(|&byte| byte > 0), "{seed} {place:?}");
                assert_eq!(pixel[0], pixel[1]);
                assert!(drawn.radar.is_dual || pixel[0] == pixel[2]);
            } else {
                assert_eq!(*pixel, [0; 3], "{seed} {place:?}");
            }
        }
    }
}

/// Means of blue over blocks of a picture, and whether each block is full of data.
fn blocks(picture: &SceneImage, n_blocks: usize) -> Vec<Option<f64>> {
    let side = picture.size_px / n_blocks;
    let block = |index: usize| {
        let (top, left) = (index / n_blocks * side, index % n_blocks * side);
        let blue =
            |i: usize| picture.rgb[3 * ((top + i / side) * picture.size_px + left + i % side) + 2];
        let values: Vec<f64> = (0..side * side).map(|i| f64::from(blue(i))).collect();
        let is_full = values.iter().all(|&v| v > 0.0);
        is_full.then(|| values.iter().sum::<f64>() / values.len() as f64)
    };
    (0..n_blocks * n_blocks).map(block).collect()
}

fn correlation(pairs: &[(f64, f64)]) -> f64 {
    let n = pairs.len() as f64;
    let (a, b) = pairs.iter().fold((0.0, 0.0), |s, p| (s.0 + p.0 / n, s.1 + p.1 / n));
    let moment = |f: &dyn Fn(&(f64, f64)) -> f64| pairs.iter().map(f).sum::<f64>() / n;
    let covariance = moment(&|p| (p.0 - a) * (p.1 - b));
    let variances = moment(&|p| (p.0 - a).powi(2)) * moment(&|p| (p.1 - b).powi(2));
    covariance / variances.sqrt()
}

#[test]
fn the_weather_is_the_same_at_every_size() {
    for (seed, kind) in all_kinds().enumerate() {
        let drawn = scene(kind, 40 + seed as u64);
        let (small, large) = (render(&drawn, 96), render(&drawn, 288));
        let pairs: Vec<(f64, f64)> = blocks(&small, 24)
            .into_iter()
            .zip(blocks(&large, 24))
            .filter_map(|(a, b)| Some((a?, b?)))
            .collect();
        assert!(pairs.len() > 200, "{kind:?}: {} blocks", pairs.len());
        let found = correlation(&pairs);
        assert!(found > 0.97, "{kind:?}: {found}");
    }
}

#[test]
fn a_polar_low_shows_where_it_was_drawn() {
    let mut n_central = 0;
    for seed in 0..60 {
        let drawn = scene(Kind::PolarLow, seed);
        let vortex = drawn.weather.vortex.unwrap();
        let ring = |km: f64, deg: f64| vortex.centre.plus(Azimuth::from_deg(deg).way(km));
        let mean = |km: f64| {
            let speeds = (0..36).map(|i| drawn.weather.wind(ring(km, 10.0 * f64::from(i))));
            speeds.map(|w| w.speed_ms()).sum::<f64>() / 36.0
        };
        let eye = mean(0.1 * vortex.radius_km);
        assert!(eye < mean(vortex.radius_km), "{seed}: an eye of {eye} m/s");
        let Place { east_km, north_km } = vortex.centre;
        n_central += usize::from(east_km.abs().max(north_km.abs()) <= 0.32 * SCENE_KM);
        assert!(east_km.abs().max(north_km.abs()) < 0.5 * SCENE_KM);
    }
    assert!((48..60).contains(&n_central), "{n_central} of 60 near the middle");
    assert!(all_kinds().skip(1).all(|kind| scene(kind, 1).weather.vortex.is_none()));
}

#[test]
fn cross_polarisation_grows_with_the_wind_whatever_its_direction() {
    let mut drawn = scene(Kind::OpenWater, 5);
    drawn.radar.noise_left = 0.0;
    drawn.radar.cross_offset_db = 0.0;
    let swath = drawn.footprint.swath;
    let middle = swath.heading.turned(90.0).way(swath.offset_km);
    let cross = |speed_ms: f64, deg: f64| {
        let wind = Wind::towards(Azimuth::from_deg(deg), speed_ms);
        drawn.radar.backscatter(&swath, middle, wind, Surface::Sea { damping_db: 0.0 }).cross
    };
    for deg in [0.0, 45.0, 200.0] {
        assert!((cross(20.0, deg) / from_db(0.592 * 20.0 - 35.6) - 1.0).abs() < 1e-9);
    }
}

#[test]
fn the_radar_sees_wind_against_it_brighter_than_across() {
    let mut drawn = scene(Kind::OpenWater, 5);
    drawn.radar.co_polarisation = Polarisation::Vv;
    let swath = drawn.footprint.swath;
    let look = swath.heading.turned(90.0);
    let middle = look.way(swath.offset_km);
    let co = |turned_deg: f64| {
        let wind = Wind::towards(look.turned(turned_deg), 10.0);
        drawn.radar.backscatter(&swath, middle, wind, Surface::Sea { damping_db: 0.0 }).co
    };
    assert!(co(180.0) > co(0.0), "upwind is brighter than downwind");
    assert!(co(0.0) > 1.5 * co(90.0), "downwind is brighter than crosswind");
    assert!((co(90.0) / co(270.0) - 1.0).abs() < 1e-9);
}

/// The best that a threshold on one number does at telling two classes apart.
fn best_accuracy(positive: &[f64], negative: &[f64]) -> f64 {
    let above = |values: &[f64], t: f64| values.iter().filter(|&&v| v >= t).count();
    let n = (positive.len() + negative.len()) as f64;
    let accuracy = |&t: &f64| {
        let right = above(positive, t) + negative.len() - above(negative, t);
        let share = right as f64 / n;
        share.max(1.0 - share)
    };
    positive.iter().chain(negative).map(accuracy).fold(0.0, f64::max)
}

/// Mean and deviation of blue and of red where there are data, share without data, share of land.
fn statistics(drawn: &SceneParameters) -> [f64; 6] {
    let size_px = 32;
    let picture = render(drawn, size_px);
    let pixels = picture.rgb.as_chunks::<3>().0;
    let seen: Vec<_> = pixels.iter().filter(|p| p[2] > 0).collect();
    let moments = |channel: usize| {
        let n = seen.len() as f64;
        let mean = seen.iter().map(|p| f64::from(p[channel])).sum::<f64>() / n;
        let square = |p: &&[u8; 3]| (f64::from(p[channel]) - mean).powi(2);
        [mean, (seen.iter().map(square).sum::<f64>() / n).sqrt()]
    };
    let ([blue, blue_spread], [red, red_spread]) = (moments(2), moments(0));
    let is_land = |i: &usize| {
        let place = Place::of_pixel(i / size_px, i % size_px, size_px);
        drawn.footprint.land.is_some_and(|land| land.covers(place))
    };
    let land = (0..size_px * size_px).filter(is_land).count() as f64;
    let missing = (pixels.len() - seen.len()) as f64;
    [blue, blue_spread, red, red_spread, missing, land]
}

#[test]
fn no_single_number_tells_the_classes_apart() {
    let positive: Vec<_> = (0..200).map(|s| statistics(&scene(Kind::PolarLow, s))).collect();
    let negative: Vec<_> = (0..200_usize)
        .map(|s| statistics(&scene(Kind::NEGATIVE[s % 8], 1_000 + s as u64)))
        .collect();
    for (index, name) in
        ["blue", "blue spread", "red", "red spread", "no data", "land"].iter().enumerate()
    {
        let of = |all: &[[f64; 6]]| all.iter().map(|s| s[index]).collect::<Vec<_>>();
        let accuracy = best_accuracy(&of(&positive), &of(&negative));
        assert!(accuracy < 0.7, "{name} alone is right in {accuracy}");
    }
}

fn options(n_scenes: usize) -> Options {
    let splits = Splits::default();
    Options { size_px: 192, n_scenes, positive_share: 0.5, seed: 11, splits }
}

#[test]
fn a_plan_has_every_kind_in_every_split() {
    let planned = plan(&options(400)).unwrap();
    assert_eq!(planned.len(), 400);
    let count = |start: &str| planned.iter().filter(|s| s.file.starts_with(start)).count();
    for (start, expected) in [
        ("train/pos/", 140),
        ("train/neg/", 140),
        ("validation/pos/", 30),
        ("validation/neg/", 30),
        ("test/pos/", 30),
        ("test/neg/", 30),
    ] {
        assert_eq!(count(start), expected, "{start}");
    }
    for kind in all_kinds() {
        assert!(planned.iter().any(|s| s.kind == kind && s.file.starts_with("test/")), "{kind:?}");
    }
}

#[test]
fn a_footprint_is_in_one_split_only_and_names_are_those_of_the_published_data() {
    let planned = plan(&options(400)).unwrap();
    let mut split_of = std::collections::HashMap::new();
    let mut files = std::collections::HashSet::new();
    for scene in &planned {
        assert!(files.insert(&scene.file), "{} comes twice", scene.file);
        let parts: Vec<&str> = scene.file.split('/').collect();
        let [split, label, name] = parts[..] else { panic!("{}", scene.file) };
        assert_eq!(label == "pos", scene.kind.is_positive());
        let words: Vec<&str> = name.split('_').collect();
        let [id, start, stop, "mos", "rgb.png"] = words[..] else { panic!("{name}") };
        assert!(id.len() == 6 && id.bytes().all(|b| b.is_ascii_hexdigit()), "{name}");
        let read = |text: &str| jiff::civil::DateTime::strptime("%Y%m%dT%H%M%S", text).unwrap();
        assert!(read(start) < read(stop), "{name}");
        assert_eq!(*split_of.entry(id.to_owned()).or_insert(split), split, "{name}");
    }
    assert_eq!(split_of.len(), 100, "four scenes a footprint");
}

#[test]
fn senseless_options_are_refused() {
    let check = |options: Options, word: &str| {
        let message = plan(&options).unwrap_err().to_string();
        assert!(message.contains(word), "{message}");
    };
    check(Options { size_px: 100, ..options(4) }, "100");
    check(Options { positive_share: 1.5, ..options(4) }, "1.5");
    for (text, word) in [
        ("train", "train:0.7"),
        ("train:x", "train:0.7"),
        ("learn:1", "learn"),
        ("train:0.5,test:0.4", "0.9"),
        ("train:1.5,test:-0.5", "1.5"),
        ("test:0.5,test:0.5", "twice"),
    ] {
        let message = text.parse::<Splits>().unwrap_err();
        assert!(message.contains(word), "{text}: {message}");
    }
    let text = "train:0.7,validation:0.15,test:0.15";
    assert_eq!(text.parse::<Splits>().unwrap(), Splits::default());
}

fn written(folder: &Path, n_threads: usize) -> Report {
    let pool = rayon::ThreadPoolBuilder::new().num_threads(n_threads).build().unwrap();
    pool.install(|| write(folder, &options(10), &Silent)).unwrap()
}

#[test]
fn sets_are_equal_whatever_the_number_of_threads() {
    let folder = tempfile::tempdir().unwrap();
    let [one, three] = ["one", "three"].map(|name| folder.path().join(name));
    let report = written(&one, 1);
    assert_eq!(report, written(&three, 3));
    assert_eq!(report.splits[0], ("train".to_owned(), 3, 3));
    let record = fs::read_to_string(one.join("simulation.json")).unwrap();
    assert_eq!(record, fs::read_to_string(three.join("simulation.json")).unwrap());
    let record: serde_json::Value = serde_json::from_str(&record).unwrap();
    let scenes = record["scenes"].as_array().unwrap();
    assert_eq!(scenes.len(), 10);
    for scene in scenes {
        let file = scene["file"].as_str().unwrap();
        assert_eq!(fs::read(one.join(file)).unwrap(), fs::read(three.join(file)).unwrap());
        let parameters = serde_json::from_value(scene["parameters"].clone()).unwrap();
        let picture = image::open(one.join(file)).unwrap().into_rgb8();
        assert_eq!(picture.into_raw(), render(&parameters, 192).rgb, "{file}");
    }
    assert!(fs::read_to_string(one.join("README.md")).unwrap().starts_with("Simulated scenes"));
    let again = write(&one, &options(4), &Silent).unwrap_err().to_string();
    assert!(again.contains("not empty"), "{again}");
}
