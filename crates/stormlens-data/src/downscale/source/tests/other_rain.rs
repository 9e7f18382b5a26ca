//! What `tools/other_rain.py` makes of CMORPH and of Stage IV.

use std::path::PathBuf;

use jiff::Timestamp;

use crate::downscale::RainSource;
use crate::field::GriddedField;
use crate::field::testing::kept;
use crate::testing::python;

/// A cut of a source as a file of sums; `None` where Python or a package is missing, which is said.
fn made(source: &str, cut: &str) -> Option<RainSource> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("F.nc");
    let tool = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../tools/other_rain.py");
    let [tool, cut, output] =
        [tool, kept("fields").join(cut), path.clone()].map(|path| path.display().to_string());
    let script = "import runpy, sys
sys.argv = sys.argv[1:]
runpy.run_path(sys.argv[0], run_name='__main__')
";
    let ran = python(&["h5py", "netCDF4", "numpy"], script, &[&tool, source, &cut, &output]);
    ran.then(|| RainSource::open(&path, None, None).expect("sums of rain"))
}

fn largest(field: &GriddedField) -> f32 {
    field.values.iter().copied().filter(|mm| !mm.is_nan()).fold(0.0, f32::max)
}

/// Rates of two half hours make the sum of the hour that begins with the first: 10.74 and 6.96 mm/h are 8.85 mm.
#[test]
fn half_hours_of_cmorph_become_sums_of_hours() {
    let Some(rain) = made("cmorph", "cmorph_cut.h5") else { return };
    let hours = ["2020-01-25T01:00:00Z", "2020-01-25T02:00:00Z"];
    let ends: [Timestamp; 2] = hours.map(|end| end.parse().unwrap());
    assert_eq!(rain.ends(1), ends);
    let first = rain.sum(ends[0], 1).expect("an hour");
    assert_eq!((first.grid.height(), first.grid.width(), first.n_missing()), (40, 48, 75));
    // In row 33 from the north in the file.
    assert!((first.at(6, 9) - 8.85).abs() < 1e-5 && largest(&first) == first.at(6, 9));
    let whole = rain.sum(ends[1], 2).expect("two hours");
    assert!((largest(&whole) - 13.48).abs() < 1e-4, "{}", largest(&whole));
}

/// The wettest point lies where other programs have it, and six hours are never three.
#[test]
fn stage_iv_becomes_a_sum_on_latitudes_and_longitudes() {
    let Some(rain) = made("stage4", "stage4_cut.grb") else { return };
    let end: Timestamp = "2002-03-01T12:00:00Z".parse().unwrap();
    assert_eq!(rain.ends(6), [end]);
    let sum = rain.sum(end, 6).expect("the six hours until noon");
    assert_eq!((sum.grid.height(), sum.grid.width(), largest(&sum)), (701, 1501, 91.75));
    assert_eq!(sum.nearest_nodes(&[28.84], &[-94.8]), [91.75]);
    // Of 1,052,201 nodes those that the cut covers.
    assert_eq!(sum.values.len() - sum.n_missing(), 4_174);
    let error = rain.sum(end, 3).expect_err("nobody knows which three").to_string();
    assert!(error.contains("a sum of 6 h cannot be divided into 3 h"), "{error}");
}
