//! Fields of rain as arrays on the command line, with all that an array does not say.

use std::path::Path;

use stormlens_data::downscale::HourlyRain;
use stormlens_data::files::npy::{read_npy_f32, write_npy_f32};

use crate::bench::Bench;

const RAIN: &str = "data/mrms/mrms_gaugecorr_qpe_01h_20160920_20160922_0p04deg.nc";
const END: &str = "2016-09-22T11:00:00Z";
const ONE_TILE: &str = "--domain=-115,37,-113,39";

/// The same sum, read from its file and given as an array, becomes the same map.
#[test]
fn an_array_with_its_grid_is_the_field_that_it_was_made_of() {
    let bench = Bench::new();
    let rain = HourlyRain::open(Path::new(RAIN), "tp", Some(1)).expect("rain");
    let field = rain.sum(END.parse().expect("a time"), 3).expect("three hours").rain.field;
    let shape = [field.grid.height(), field.grid.width()];
    // From the north, as most arrays begin.
    let rows = field.values.chunks_exact(shape[1]).rev();
    let values: Vec<f32> = rows.flatten().copied().collect();
    write_npy_f32(&bench.path("x.npy"), &shape, &values).expect("a file");
    let [south, north, west, east] = field.grid.bounds();
    let grid = format!("--grid={north},{south},{west},{east}");
    let said = format!("{grid} --units mm --end {END} --each-hours 3");
    bench.succeeds(&format!("downscale --input @x.npy {said} {ONE_TILE} --output @array.npy"));
    let file = format!("--input {RAIN} --each-hours 1 --end {END}");
    bench.succeeds(&format!("downscale {file} {ONE_TILE} --output @file.npy"));
    let read = |name: &str| read_npy_f32(&bench.path(name)).expect("a map");
    let ((shape, array), (of_file, expected)) = (read("array.npy"), read("file.npy"));
    assert_eq!(shape, of_file);
    // Places of nodes are rounded otherwise, by less than a millionth of a degree.
    let off = array.iter().zip(&expected).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
    let most = expected.iter().copied().fold(0.0, f32::max);
    assert!(most > 1.0 && off < 1e-3 * most, "off by {off} of {most} mm");
    // What was stated is in the answer.
    let json = format!("predict --model harpnet --input @x.npy {said} domain=-115,37,-113,39");
    bench.succeeds(&format!("{json} --output @answer.json"));
    let words = std::fs::read_to_string(bench.path("answer.json")).expect("an answer");
    assert!(words.contains("as the user stated"), "{words}");
    bench.hides_its_place("answer.json");
    contradictions_are_refused(&bench, &said);
}

/// Results go into papers: they name a file, and not the folders of the machine.
#[test]
fn results_name_a_file_without_its_folders() {
    let bench = Bench::new();
    std::fs::copy(RAIN, bench.path("00base.nc")).expect("it can be copied");
    let file = format!("--input @00base.nc --each-hours 1 --end {END} {ONE_TILE}");
    for name in ["y.json", "y.nc", "y.zip"] {
        bench.succeeds(&format!("downscale {file} --output @{name}"));
        bench.hides_its_place(name);
    }
    let words = std::fs::read_to_string(bench.path("y.json")).expect("an answer");
    assert!(words.contains("\"00base.nc\""), "{words}");
    // What is wrong with a file is said of the whole path.
    let whole = bench.path("00base.nc").display().to_string();
    bench.fails("downscale --input @00base.nc --output @z.json", &[&whole, "have no bounds"]);
}

fn contradictions_are_refused(bench: &Bench, said: &str) {
    let array = "downscale --input @x.npy --output @y.nc";
    let without = |option: &str| {
        let options = said.split(" --").map(|part| part.trim_start_matches("--"));
        let kept = options.filter(|part| !part.starts_with(option));
        kept.map(|part| format!(" --{part}")).collect::<String>()
    };
    for (option, words) in [
        ("units", "its unit, such as mm, with --units"),
        ("end", "when its interval ends with --end"),
        ("each-hours", "of how many hours it is the sum with --each-hours"),
        ("grid", "says nothing of tiles"),
    ] {
        bench.fails(&format!("{array}{}", without(option)), &[words]);
    }
    let other = |from: &str, to: &str| format!("{array} {}", said.replace(from, to));
    for (from, to, words) in [
        (
            "--units mm",
            "--units dBZ",
            "is no unit of rain that is read; give mm, cm, m, in or kg m-2",
        ),
        ("--units mm", "--units mm/6h", "names another time than --each-hours 3"),
        ("--each-hours 3", "--each-hours 6", "these weights are of rain in 3 h"),
        ("--end 2016", "--end on-2016", "is no time"),
        ("--grid=", "--grid=91,", "latitudes of the first and the last row"),
    ] {
        bench.fails(&other(from, to), &[words]);
    }
    bench.fails(&format!("{array} {said} --variable tp"), &["holds one field"]);
    bench.fails(&format!("downscale --input {RAIN} {said} --output @y.nc"), &["leave out --grid"]);
    bench.fails(
        &format!("downscale --input {RAIN} --each-hours 1 --units mm --output @y.nc"),
        &["leave out --units"],
    );
    write_npy_f32(&bench.path("x.npy"), &[2, 3], &[0.0, 1.0, 2.0, 3.0, -4.0, 5.0]).expect("a file");
    bench.fails(&format!("{array} {said}"), &["holds -4 mm in row"]);
    for (amount, words) in
        [(9999.0, "9999 mm in row 0 from the south, column 1"), (916.0, "916 mm")]
    {
        write_npy_f32(&bench.path("x.npy"), &[2, 3], &[0.0, 1.0, 2.0, 3.0, amount, 5.0])
            .expect("a file");
        let limit = "no gauge ever measured more than 915 mm in 3 h";
        bench.fails(&format!("{array} {said}"), &[words, limit, "declares its missing value"]);
    }
    write_npy_f32(&bench.path("x.npy"), &[1, 2, 3], &[0.0; 6]).expect("a file");
    bench.fails(&format!("{array} {said}"), &["is [latitudes, longitudes]"]);
}

/// Members without an ensemble that draws them.
#[test]
fn what_changes_nothing_says_what_it_is_for() {
    let bench = Bench::new();
    let ask = "predict --model harpnet mrms-20160922T1100 members=4 --output @y.json";
    bench.fails(ask, &["members changes nothing here", "ensemble=dropout"]);
    for target in ["target=tile:5", "above-mm=3"] {
        let ask = format!("predict --model harpnet mrms-20160922T1100 {target} --output @y.json");
        bench.fails(&ask, &["changes nothing here: it says the target"]);
    }
    // Of what is wrong and what to do, each is told once.
    let ask = "predict --model harpnet mrms-20160922T1100 domain=0,0,9,9 --output @y.json";
    let said = bench.tries(ask).expect_err("it lies elsewhere");
    assert!(said.contains("does not cover"), "{said}");
    assert_eq!(said.matches("choose").count(), 1, "{said}");
}
