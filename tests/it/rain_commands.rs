//! Refined rain without a browser: what `train`, `evaluate` and `import` write and refuse.

use std::fs;
use std::path::Path;

use serde_json::Value;
use stormlens_checkpoint::{Metadata, Precision, write_safetensors};
use stormlens_data::card::RainStatement;
use stormlens_data::downscale::{
    Domain, Fit, Geometry, HourlyRain, LogScale, PrepareOptions, Rival, Sample, Space,
    open_terrain, rival_mm, samples, tile_elevation, tile_input, tiles,
};
use stormlens_data::network::{Input, Question};
use stormlens_data::request::{DeviceChoice, Silent};
use stormlens_data::score::downscaling::{Fractions, Missing};
use stormlens_nn::Engine;
use stormlens_nn::engine::host_tensors;
use stormlens_nn::models::soup;
use stormlens_nn::registry;

use crate::bench::Bench;

const RAIN: &str = "data/mrms/mrms_gaugecorr_qpe_01h_20160920_20160922_0p04deg.nc";
const TERRAIN: &str = "data/terrain/gfs_orography_0p25deg.nc";
const DOMAIN: Domain = Domain { south: 43.0, north: 47.0, west: -125.0, east: -121.0 };

fn json(path: &Path) -> Value {
    serde_json::from_slice(&fs::read(path).expect("it was written")).expect("JSON")
}

/// The wettest coarse node of each tile is brought to so much.
const WETTEST_MM: f64 = 2.0;

/// A run of three epochs on five tiles on the coast of Oregon, with one channel, whose rain is brought to one amount.
fn trained() -> Bench {
    let bench = Bench::new();
    let config = format!(
        "model = \"harpnet\"\nbase_channels = 1\noutput = {:?}\nseed = 2\n\
         [data]\nrain = {RAIN:?}\neach_hours = 1\nterrain = {TERRAIN:?}\nsplit_longitude = -121.0\n\
         wettest_mm = {WETTEST_MM:?}\n\
         domain = {{ south = 43.0, north = 47.0, west = -125.0, east = -121.0 }}\n\
         training_until = \"2016-09-20T06:00:00Z\"\nvalidation_until = \"2016-09-20T11:00:00Z\"\n\
         description = \"the coast of Oregon\"\nlicence = \"none\"\n\
         [training]\nbatch_size = 4\nmax_epochs = 3\nlearning_rate = 3e-3\n",
        bench.path("run"),
    );
    fs::write(bench.path("train.toml"), config).expect("a file");
    bench.succeeds("train @train.toml");
    bench
}

/// Train, average, evaluate, import: the whole way, and the numbers of the table against a direct computation.
#[test]
fn a_network_that_refines_rain_is_trained_and_scored() {
    let bench = trained();
    let best = bench.path("run").join("best.safetensors");
    average_is_chosen_on_validation(&bench.path("run"));
    let evaluate = format!(
        "evaluate --model harpnet --checkpoint {} --dataset {RAIN} --each-hours 1 --elevation {TERRAIN}",
        best.display()
    );
    let said =
        bench.succeeds(&format!("{evaluate} --split validation --members 2 --output @v.json"));
    assert!(said.contains("RainFARM") && said.contains("over 5 tiles"), "{said}");
    let table = json(&bench.path("v.json"));
    scores_are_those_of_a_direct_computation(&table, &best);
    fractions_are_those_of_pysteps_when_that_is_named(&bench, &evaluate);
    sums_of_other_hours_are_scored_and_said(&bench, &evaluate);
    bench.succeeds(&format!("{evaluate} --split validation --members 0 --output @v.csv"));
    let csv = fs::read_to_string(bench.path("v.csv")).expect("a table");
    for name in ["network,mse,mm²,all", "bilinear_reference,", "block_constant,", "network,fss,"] {
        assert!(csv.contains(name), "{name}");
    }
    for (options, expected) in [
        ("--split winter", "there is no split"),
        ("--split training --members 1", "2 to 1000"),
        ("--domain 1,2,3", "WEST,SOUTH,EAST,NORTH"),
        ("--resize nearest", "the network refines rain"),
        ("--compat published-thresholds", "the only rule of another program for rain to refine"),
        ("--split test-both", "no wet tile"),
        ("--split validation --sum-hours 6", "score --split all with --sum-hours 6"),
        ("--split all --sum-hours 200", "makes no sum of 200 h: choose other hours"),
        ("--split all --sum-hours 0", "a whole number from 1 to 240"),
        ("--elevation-variable NOBODY --split validation", "no field NOBODY"),
    ] {
        bench.fails(&format!("{evaluate} {options}"), &[expected]);
    }
    let bare = format!("evaluate --model harpnet --checkpoint {}", best.display());
    bench.fails(
        &format!("{bare} --dataset {RAIN} --split all"),
        &["have no bounds", "--each-hours"],
    );
    let hours = format!("{bare} --dataset {RAIN} --each-hours 1 --split all");
    bench.fails(&hours, &["name a file with --elevation"]);
    bench
        .fails(&format!("{bare} --dataset {TERRAIN} --elevation {TERRAIN} --split all"), &["orog"]);
    bench.fails(
        &format!("{bare} --dataset {RAIN} --each-hours 1 --elevation {RAIN} --split all"),
        &["mm"],
    );
    bench.succeeds(&format!("import --from {} --half --output @half.safetensors", best.display()));
    let (half, _) = registry::read(&bench.path("half.safetensors")).expect("weights");
    let (whole, _) = registry::read(&best).expect("weights");
    assert_eq!(half.metadata.expect("said").rain, whole.metadata.expect("said").rain);
    let import = format!("import --from {} --hours 6 --output @six.safetensors", best.display());
    bench.fails(&import, &["states sums of 3 h", "leave out"]);
    let import = format!("import --from {} --wettest-mm 3 --output @x.safetensors", best.display());
    bench.fails(&import, &["the wettest node of a tile multiplied to 2 mm", "leave out"]);
    it_goes_on_in_the_same_unit_only(&bench, &best);
    what_is_typed_is_said_of_weights_that_state_nothing(&bench, &best);
}

/// The rest of what they are of is that of the publication.
fn what_is_typed_is_said_of_weights_that_state_nothing(bench: &Bench, best: &Path) {
    let (file, _) = registry::read(best).expect("weights");
    let silent = Metadata { rain: None, ..file.metadata.expect("said") };
    let path = bench.path("silent.safetensors");
    write_safetensors(&path, &file.state, &silent, Precision::F32).expect("a file");
    let import = "import --from @silent.safetensors --output @typed.safetensors";
    bench.succeeds(&format!("{import} --wettest-mm 3 --hours 1"));
    let (typed, _) = registry::read(&bench.path("typed.safetensors")).expect("weights");
    let expected = RainStatement { wettest_mm: Some(3.0), hours: 1, ..RainStatement::PUBLISHED };
    assert_eq!(typed.metadata.expect("said").rain, Some(expected));
    for (typed, words) in [
        ("--wettest-mm 0", "cannot be multiplied to 0 mm: give a number from 0.01 to 915"),
        ("--wettest-mm 1e30", "multiplied to 1e30 mm"),
        ("--wettest-mm inf", "--wettest-mm inf is no number"),
        ("--hours 0", "from 1 to 240"),
    ] {
        bench.fails(&format!("{import} {typed}"), &[words]);
    }
    let nowhere = "import --from @silent.safetensors --output @nowhere/w.safetensors";
    bench.fails(nowhere, &["there is no folder", "make it first"]);
    bench.succeeds("import --from @silent.safetensors --output @a/folder");
    assert!(bench.path("a/folder/weights.safetensors").is_file());
}

/// Before rain is read, which is nowhere.
#[test]
fn options_of_training_are_checked_first() {
    let bench = Bench::new();
    let config = |data: &str, augmentation: &str| {
        format!(
            "model = \"harpnet\"\noutput = {:?}\n[data]\nrain = \"nowhere.nc\"\nterrain = \"nowhere.nc\"\n{data}\n\
             split_longitude = -121.0\n\
             domain = {{ south = 43.0, north = 47.0, west = -125.0, east = -121.0 }}\n\
             training_until = \"2016-09-20T06:00:00Z\"\nvalidation_until = \"2016-09-20T11:00:00Z\"\n\
             description = \"nothing\"\nlicence = \"none\"\n[augmentation]\n{augmentation}\n",
            bench.path("run"),
        )
    };
    for (data, augmentation, words) in [
        ("wettest_mm = inf", "", "wettest_mm is inf; give a number from 0.01 to 915"),
        ("wettest_mm = nan", "", "wettest_mm is NaN; give a number"),
        ("", "zoom = [0.5, 1.0, 1.0]", "there are 3 values; give 2"),
        ("", "zoom = [0.0001, 1.0]", "zoom is [0.0001, 1]; give two numbers from 0.1 to 1"),
    ] {
        fs::write(bench.path("train.toml"), config(data, augmentation)).expect("a file");
        bench.fails("train @train.toml", &[words]);
        assert!(!bench.path("run").exists(), "no folder is made");
    }
}

fn it_goes_on_in_the_same_unit_only(bench: &Bench, best: &Path) {
    let config = fs::read_to_string(bench.path("train.toml")).expect("it was written");
    let config = config.replace("base_channels = 1\n", "").replace("wettest_mm = 2.0\n", "");
    fs::write(bench.path("on.toml"), format!("{config}start_from = {best:?}\n")).expect("a file");
    let words = ["whose wettest coarse node is multiplied to 2 mm", "with rain as it is"];
    bench.fails("train @on.toml", &words);
}

/// The stored mean is that of the epochs that it names, and no other mean of the best ones validates better.
fn average_is_chosen_on_validation(run: &Path) {
    let (file, _) = registry::read(&run.join("best.safetensors")).expect("weights");
    let said = file.metadata.as_ref().expect("said").hyper_parameters.clone();
    let epochs: Vec<u64> = said["averaged_epochs"]
        .as_array()
        .expect("a list")
        .iter()
        .filter_map(Value::as_u64)
        .collect();
    let losses: Vec<f64> = said["losses_of_averages"]
        .as_array()
        .expect("a list")
        .iter()
        .filter_map(Value::as_f64)
        .collect();
    assert_eq!(losses.len(), 3, "of one, two and three epochs");
    let least = losses.iter().copied().fold(f64::INFINITY, f64::min);
    assert_eq!((losses[epochs.len() - 1], said["validation_loss"].as_f64()), (least, Some(least)));
    let read = |epoch: &u64| {
        let path = run.join("epochs").join(format!("{epoch:03}.safetensors"));
        host_tensors(registry::read(&path).expect("an epoch").0.state)
    };
    let members: Vec<_> = epochs.iter().map(read).collect();
    let mean = soup::average(&members.iter().collect::<Vec<_>>()).expect("alike");
    assert!(host_tensors(file.state) == mean, "the mean of {epochs:?}");
    assert_eq!(fs::read_dir(run.join("members")).expect("a folder").count(), 3);
}

fn scores_are_those_of_a_direct_computation(table: &Value, weights: &Path) {
    let geometry = Geometry::V4;
    let terrain = open_terrain(Path::new(TERRAIN), None).expect("terrain");
    let tiles = tiles(&DOMAIN, &geometry, Fit::Inside);
    let engine = Engine::new(DeviceChoice::Cpu).expect("a processor");
    let resident = engine.load("harpnet", weights).expect("weights");
    let refining = resident.checkpoint.refining.expect("it refines rain");
    assert_eq!(refining.rain.wettest_mm, Some(WETTEST_MM));
    let (mut network, mut bilinear, mut n) = (0.0, 0.0, 0_u32);
    for sample in validation_samples() {
        let tile = tiles[sample.tile];
        let elevation = tile_elevation(&terrain, &tile, &geometry);
        let wettest = sample.coarse_mm.iter().copied().fold(1.0, f32::max);
        let factor = WETTEST_MM / f64::from(wettest);
        let unit = (LogScale { factor, ..refining.scale() }, refining.rain.registration);
        let values = tile_input(&sample.coarse_mm, &elevation, &geometry, unit);
        let input = Input { values, shape: [2, 64, 64] };
        let answers = engine.answer(&resident, &[(&input, &Question::new())], &Silent);
        let said = &answers.expect("an answer")[0].prediction;
        for ((&z, rival), &observed) in said.iter().zip(interpolated(&sample)).zip(&sample.fine_mm)
        {
            let mm = unit.0.mm(f64::from(z)).max(0.0);
            network += (mm - f64::from(observed)).powi(2);
            bilinear += (rival - f64::from(observed)).powi(2);
            n += 1;
        }
    }
    let mse = |name: &str| {
        let mut all = table["forecasts"].as_array().expect("a list").iter();
        let found = all.find(|forecast| forecast["name"] == name).expect(name);
        found["mm"]["mse"].as_f64().expect("a number")
    };
    assert_eq!(table["n_cases"], n / 4096);
    // Forecasts are rounded to float32 before they are scored.
    for (name, expected) in [("network", network), ("bilinear", bilinear)] {
        let expected = expected / f64::from(n);
        assert!((mse(name) / expected - 1.0).abs() < 1e-5, "{name}: {}, not {expected}", mse(name));
    }
}

/// The bounds are 06 and 11 UTC, so that sums that end at 9, 10 and 11 validate.
fn validation_samples() -> Vec<Sample> {
    let rain = HourlyRain::open(Path::new(RAIN), "tp", Some(1)).expect("rain");
    let tiles = tiles(&DOMAIN, &Geometry::V4, Fit::Inside);
    let of = |hour: u32| {
        let end = format!("2016-09-20T{hour:02}:00:00Z").parse().expect("a time");
        let field = rain.sum(end, 3).expect("three hours").rain.field;
        samples(&field, &tiles, &PrepareOptions::default()).expect("samples").0
    };
    [9, 10, 11].into_iter().flat_map(of).collect()
}

/// The aligned bilinear rival of a sample, mm.
fn interpolated(sample: &Sample) -> Vec<f64> {
    let coarse: Vec<f64> = sample.coarse_mm.iter().map(|&mm| f64::from(mm)).collect();
    rival_mm(&coarse, &Geometry::V4, Rival::Bilinear, Space::Mm)
}

/// That these sums give the numbers of pysteps is tested where they are made; here, that the switch reaches them, changes
/// nothing else, and is said.
fn fractions_are_those_of_pysteps_when_that_is_named(bench: &Bench, evaluate: &str) {
    let scored = |rule: &str, name: &str| {
        let options = "--split validation --members 0 --thresholds 1";
        let said = bench.succeeds(&format!("{evaluate} {options} {rule} --output @{name}"));
        let table = json(&bench.path(name));
        let mut all = table["forecasts"].as_array().expect("a list").iter();
        let rival = all.find(|forecast| forecast["name"] == "bilinear").expect("it is scored");
        (said, table["compat"].clone(), rival.clone())
    };
    let (_, none, own) = scored("", "own.json");
    let (said, rule, dry) = scored("--compat pysteps", "dry.json");
    assert_eq!((none, &rule["rule"]), (Value::Null, &Value::from("pysteps")));
    assert!(said.contains("counts as pysteps does"), "{said}");
    assert!(dry["fss"].is_null() && own["fss_missing_dry"].is_null() && own["mm"] == dry["mm"]);
    let mut sums = Fractions::new(&[1.0], &[32], Missing::Dry);
    for sample in validation_samples() {
        let rival: Vec<f32> = interpolated(&sample).iter().map(|&mm| mm as f32).collect();
        sums.add(64, &rival, &sample.fine_mm);
    }
    let (place, expected) = ("1 mm 32 nodes", sums.score(0, 0).expect("it rains"));
    let found = dry["fss_missing_dry"][place].as_f64().expect("a score");
    assert!((found - expected).abs() < 1e-9, "{found}, not {expected}");
    // What lies beyond the edge of a tile is dry there.
    assert_ne!(own["fss"][place].as_f64(), Some(found));
}

/// Where all sums are scored, none is left from which RainFARM could be told where it rains more.
fn sums_of_other_hours_are_scored_and_said(bench: &Bench, evaluate: &str) {
    let options =
        "--split all --sum-hours 6 --domain=-125,43,-123,45 --members 0 --output @six.json";
    let said = bench.succeeds(&format!("{evaluate} {options}"));
    let words = "sums of 6 h are scored, and the weights are of rain summed over 3 h";
    assert!(said.contains(words), "{said}");
    let table = json(&bench.path("six.json"));
    assert_eq!(table["hours"], 6);
    assert!(table["setting"].as_str().expect("words").contains(words), "{table}");
    assert!(table["orographic_weights"].as_str().expect("words").starts_with("none: "));
}
