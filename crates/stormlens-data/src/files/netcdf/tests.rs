use std::path::Path;

use hdf5_reader::Hdf5File;

use super::*;
use crate::field::Grid;
use crate::import::knmi::crop_grid;
use crate::outcome::{Axis, NOT_OBSERVED, Note, Over, Provenance, Role, Values, Variable};
use crate::request::{Request, Subject};
use crate::scene::Variant;
use crate::testing::{program, python};
use crate::time;

mod made;
mod programs;

use self::made::*;

fn write_outcome(outcome: &Outcome, references: &[Citation], path: &Path) {
    std::fs::write(path, to_bytes(outcome, references).unwrap()).unwrap();
}

const CITATION: Citation =
    Citation { key: "key", bibtex: "", text: "Stańczyk et al. 2023", url: "https://example.org" };

fn open(outcome: &Outcome) -> Hdf5File {
    Hdf5File::from_vec(to_bytes(outcome, &[CITATION]).unwrap()).unwrap()
}

fn read(file: &Hdf5File, name: &str) -> Vec<f64> {
    let dataset = file.dataset(name).unwrap_or_else(|error| panic!("{name}: {error}"));
    let singles = || dataset.read_array::<f32>().map(|a| a.iter().map(|&v| v.into()).collect());
    dataset.read_array::<f64>().map(|a| a.iter().copied().collect()).or_else(|_| singles()).unwrap()
}

fn texts(file: &Hdf5File, name: &str) -> Vec<String> {
    file.dataset(name).unwrap().read_strings().unwrap()
}

fn attribute(file: &Hdf5File, name: &str, attribute: &str) -> String {
    file.dataset(name).unwrap().attribute(attribute).unwrap().read_string().unwrap()
}

#[test]
fn another_library_reads_every_variable() {
    let (outcome, file) = (nowcast(), open(&nowcast()));
    for (name, in_result) in [
        ("input", "input"),
        ("prediction", "prediction"),
        ("persistence", "persistence"),
        ("grad_cam_cbam1_raw", "grad_cam/cbam1/raw"),
        ("grad_cam_cbam1_weights", "grad_cam/cbam1/weights"),
        ("grad_cam_Up_RRCNN2_doubleconv_weights", "grad_cam/Up_RRCNN2.doubleconv/weights"),
        ("integrated_gradients", "integrated_gradients"),
        ("integrated_gradients_sums", "integrated_gradients/sums"),
        ("integrated_gradients_path", "integrated_gradients/path"),
    ] {
        let variable = outcome.variable(in_result).unwrap();
        assert!(read(&file, name) == variable.to_f64(), "{name}");
        let shape = file.dataset(name).unwrap().read_array::<f64>().map(|a| a.shape().to_vec());
        assert_eq!(shape.ok().filter(|s| *s != variable.shape()), None, "{name}");
    }
    let observation = read(&file, "observation");
    assert!(observation[7].is_nan() && observation[8] == f64::from(8.0_f32 / 100.0));
    let mask = file.dataset("target_mask").unwrap().read_array::<i8>().unwrap();
    assert_eq!(mask.shape(), [1, 288, 288]);
    assert_eq!((mask[[0, 1, 212]], mask[[0, 1, 213]]), (0, 1), "5.00 and 5.01");
}

#[test]
fn maps_of_layers_go_together_where_they_have_one_size() {
    let file = open(&nowcast());
    let cams = file.dataset("grad_cam").unwrap().read_array::<f32>().unwrap();
    assert_eq!(cams.shape(), [2, 288, 288]);
    assert_eq!((cams[[0, 0, 3]], cams[[1, 0, 3]]), (0.03, 0.53));
    assert_eq!(texts(&file, "layer_name"), ["cbam1", "Up_RRCNN2.doubleconv"]);
    let scene = open(&scene());
    assert_eq!(read(&scene, "grad_cam_act_8").len(), 16);
    assert_eq!(attribute(&scene, "grad_cam_act_8", "attribution_layer"), "act_8");
    assert_eq!(read(&scene, "grad_cam_act_14").len(), 4);
    assert!(scene.dataset("grad_cam").is_err());
}

#[test]
fn coordinates_are_middles_of_cells_in_metres() {
    let file = open(&nowcast());
    let ends = |name: &str| {
        let values = read(&file, name);
        [values[0], values[values.len() - 1]]
    };
    assert_eq!(ends("x"), [225_500.0, 512_500.0]);
    assert_eq!(ends("y"), [-3_934_500.0, -4_221_500.0]);
    // Cells of 4 × 4 pixels, over the same ground.
    assert_eq!(ends("x_72"), [227_000.0, 511_000.0]);
    assert_eq!(ends("y_72"), [-3_936_000.0, -4_220_000.0]);
    let close = |name: &str, expected: [f64; 2]| {
        let found = ends(name);
        let is_close = found.iter().zip(expected).all(|(a, b)| (a - b).abs() < 1e-8);
        assert!(is_close, "{name}: {found:?}");
    };
    // By PROJ 9.5.1.
    close("latitude", [53.429_670_526_68, 50.745_370_030_34]);
    close("longitude", [3.280_233_619_65, 6.921_968_088_96]);
}

#[test]
fn scenes_lie_in_pixels_of_their_square() {
    let file = open(&scene());
    assert_eq!(read(&file, "column")[..2], [0.5, 1.5]);
    // The centre begins after 2 pixels.
    assert_eq!(read(&file, "row_8")[..2], [2.5, 3.5]);
    assert_eq!(read(&file, "column_4"), [3.0, 5.0, 7.0, 9.0]);
    assert_eq!(read(&file, "column_2"), [4.0, 8.0]);
    assert_eq!(texts(&file, "class_name"), ["neg", "pos"]);
    assert_eq!(texts(&file, "channel_name"), ["red", "green", "blue"]);
    assert_eq!(read(&file, "probability"), [0.1, 0.9]);
    let picture = file.dataset("scene").unwrap().read_array::<u8>().unwrap();
    assert_eq!((picture.shape(), picture[[0, 1, 0]]), ([3, 12, 12].as_slice(), 12));
    assert_eq!(attribute(&file, "integrated_gradients", "units"), "1");
    assert_eq!(attribute(&file, "integrated_gradients", "unit_in_words"), "probability");
    let root = file.root_group().unwrap();
    let centre = root.attribute("scene_centre_px").unwrap().read_string().unwrap();
    assert_eq!(centre, "left 2, top 2, width 8, height 8");
}

/// A scene whose file says where it lies has latitude and longitude, for the square and for maps of its centre.
#[test]
fn a_scene_with_a_place_has_latitude_and_longitude() {
    let mut outcome = scene();
    let place = crate::scene::Place {
        // 400 km around 73° N 10° E, in a plane whose y axis is that meridian.
        position: crate::scene::place::Position::Affine([
            -190_000.0,
            1000.0,
            0.0,
            -1_700_000.0,
            0.0,
            -1000.0,
        ]),
        directory: vec![1, 1, 0, 2, 1024, 0, 1, 1, 3072, 0, 1, 3575],
        numbers: Vec::new(),
        text: String::new(),
    };
    for variable in &mut outcome.variables {
        if let Domain::Scene(geometry) | Domain::SceneCentre(geometry) = &mut variable.domain {
            geometry.place = Some(place.clone());
        }
    }
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("scene.nc");
    write_outcome(&outcome, &[CITATION], &path);
    let file = open(&outcome);
    let latitudes = read(&file, "latitude");
    assert_eq!(latitudes.len(), 144);
    assert!(latitudes.iter().all(|latitude| (70.0..76.0).contains(latitude)), "{latitudes:?}");
    let script = "import sys, numpy, netCDF4, rasterio.warp
with netCDF4.Dataset(sys.argv[1]) as file:
    for name, n, first, cell in [('scene', 12, 0, 1), ('integrated_gradients', 8, 2, 1)]:
        variable = file[name]
        names = variable.coordinates.split()
        latitude = file[next(n for n in names if n.startswith('latitude'))][:]
        longitude = file[next(n for n in names if n.startswith('longitude'))][:]
        assert latitude.shape == (n, n), latitude.shape
        place = first + (numpy.arange(n) + 0.5) * cell
        x, y = numpy.meshgrid(-190e3 + place * 380e3 / 12, -1700e3 - place * 400e3 / 12)
        found = rasterio.warp.transform('EPSG:3575', 'EPSG:4326', x.ravel(), y.ravel())
        assert numpy.allclose(found[0], longitude.ravel(), atol=1e-6), (name, found[0][:3], longitude.ravel()[:3])
        assert numpy.allclose(found[1], latitude.ravel(), atol=1e-6), (name, found[1][:3], latitude.ravel()[:3])
    assert 'affine' in file.scene_georeference
";
    python(&["numpy", "netCDF4", "rasterio"], script, &[path.to_str().unwrap()]);
}

#[test]
fn axes_of_one_name_and_other_coordinates_are_told_apart() {
    let file = open(&nowcast());
    let whole = |name: &str| file.dataset(name).unwrap().read_array::<i32>().unwrap();
    assert_eq!(whole("lead_time").iter().copied().collect::<Vec<_>>(), [30, 60]);
    assert_eq!(whole("lead_time_1").iter().copied().collect::<Vec<_>>(), [30]);
    let times = |name: &str| file.dataset(name).unwrap().read_array::<i64>().unwrap();
    assert_eq!(times("time")[[1]], at("20100826T0635").as_second());
    assert_eq!(times("time_1")[[0]], at("20100826T0605").as_second());
    let coordinates = "lead_time forecast_reference_time latitude longitude";
    assert_eq!(attribute(&file, "prediction", "coordinates"), coordinates);
    // What lies along no time is of the moment the forecast counts from.
    let coordinates = "layer_name forecast_reference_time latitude longitude";
    assert_eq!(attribute(&file, "grad_cam", "coordinates"), coordinates);
    assert_eq!(read(&file, "channel").len(), 3);
    assert_eq!(read(&file, "channel_2").len(), 2);
}

/// Sums of five minutes in mm/h are means over intervals, of which the file says both ends.
#[test]
fn frames_of_intervals_have_bounds_on_their_own_axes() {
    let file = open(&nowcast());
    let check = |name: &str, axis: &str, expected: [&str; 4]| {
        assert_eq!(attribute(&file, name, "cell_methods"), format!("{axis}: mean"));
        let bounds = attribute(&file, axis, "bounds");
        let ends = file.dataset(&bounds).unwrap().read_array::<i64>().unwrap();
        assert_eq!(ends.shape(), [2, 2], "{bounds}");
        let expected = expected.map(|id| at(id).as_second());
        assert_eq!(ends.iter().copied().collect::<Vec<_>>(), expected, "{bounds}");
    };
    let input = ["20100826T0525", "20100826T0530", "20100826T0530", "20100826T0535"];
    check("input", "input_time", input);
    let ahead = ["20100826T0600", "20100826T0605", "20100826T0630", "20100826T0635"];
    check("prediction", "time", ahead);
    check("observation", "time", ahead);
    // What follows from them is no mean itself.
    let mask = file.dataset("target_mask").unwrap();
    assert!(mask.attribute("cell_methods").is_err(), "a mask");
}

#[test]
fn provenance_and_request_are_in_the_file() {
    let file = open(&nowcast());
    let root = file.root_group().unwrap();
    let text = |name: &str| root.attribute(name).unwrap().read_string().unwrap();
    assert_eq!(text("Conventions"), "CF-1.11");
    assert_eq!(text("provenance_data_files"), "a.h5 b.h5");
    assert_eq!(text("provenance_weights_sha256"), "ab".repeat(32));
    assert_eq!(text("references"), "Stańczyk et al. 2023");
    assert_eq!(text("comment"), "unlike the training data");
    assert_eq!(text("note_outside_training_range"), "unlike the training data\none reason");
    let request: Request = serde_json::from_str(&text("request")).unwrap();
    assert_eq!(request, nowcast().request);
    assert_eq!(read(&file, "grad_cam_target"), [143.49]);
    assert_eq!(attribute(&file, "grad_cam_target", "units"), "mm h-1");
    assert_eq!(attribute(&file, "grad_cam_target", "result_name"), "grad_cam/target");
}

#[test]
fn what_nobody_observed_is_not_called_observed() {
    let mut outcome = nowcast();
    let words = |outcome: &Outcome| attribute(&open(outcome), "observation", "long_name");
    assert_eq!(words(&outcome), "rain rate that was observed");
    outcome.notes.push(Note::new(NOT_OBSERVED, "of a model", true));
    assert_eq!(words(&outcome), "rain rate, to compare with; not an observation");
}

#[test]
fn every_projection_is_told_by_its_name_in_cf() {
    let check = |proj4: &str, name: &str, number: (&str, f64)| {
        let grid = Grid { proj4: proj4.into(), west_km: 0.0, north_km: 0.0, ..crop_grid() };
        let domain = Domain::Earth(grid);
        let of = |name: &str| nowcast().variable(name).cloned().unwrap();
        let file = open(&outcome(vec![Variable { domain, ..of("prediction") }]));
        assert_eq!(attribute(&file, "prediction", "grid_mapping"), name, "{proj4}");
        let mapping = file.dataset(name).unwrap();
        let found = mapping.attribute(number.0).unwrap().read_1d::<f64>().unwrap();
        assert_eq!(found.first(), Some(&number.1), "{proj4}");
        if name != "crs" {
            assert_eq!(attribute(&file, name, "grid_mapping_name"), name);
        }
        assert!(attribute(&file, name, "proj4").contains("+proj="));
    };
    let pole = "+proj=stere +lat_0=90 +lat_ts=60 +a=6378.137 +b=6356.752 +x_0=7";
    check(pole, "polar_stereographic", ("false_easting", 7000.0));
    check("+proj=stere +lat_0=52 +R=6371", "stereographic", ("semi_minor_axis", 6_371_000.0));
    let wgs84 = "+ellps=WGS84 +units=km";
    let laea = "lambert_azimuthal_equal_area";
    check(&format!("+proj=laea +lat_0=52 {wgs84}"), laea, ("latitude_of_projection_origin", 52.0));
    let lcc = format!("+proj=lcc +lat_1=46 +lat_2=49 +lat_0=47 {wgs84}");
    check(&lcc, "lambert_conformal_conic", ("standard_parallel", 46.0));
    let tmerc = format!("+proj=tmerc +k=0.9996 {wgs84}");
    check(&tmerc, "transverse_mercator", ("scale_factor_at_central_meridian", 0.9996));
    check(&format!("+proj=eqc {wgs84}"), "crs", ("semi_major_axis", 6_378_137.0));
}

#[test]
fn degrees_are_latitude_and_longitude() {
    let grid = Grid {
        proj4: "+proj=longlat +ellps=WGS84 +units=km".into(),
        spacing_km: 0.01,
        west_km: 5.0,
        north_km: 53.0,
        ..crop_grid()
    };
    let prediction = nowcast().variable("prediction").cloned().unwrap();
    let file = open(&outcome(vec![Variable { domain: Domain::Earth(grid), ..prediction }]));
    let (latitude, longitude) = (read(&file, "latitude"), read(&file, "longitude"));
    assert_eq!((latitude.len(), longitude.len()), (288, 288));
    assert!((latitude[0] - 52.995).abs() < 1e-9 && (longitude[1] - 5.015).abs() < 1e-9);
    assert_eq!(attribute(&file, "latitude", "units"), "degrees_north");
    assert!(file.dataset("x").is_err());
}

#[test]
fn equal_results_are_equal_files() {
    assert!(to_bytes(&nowcast(), &[]).unwrap() == to_bytes(&nowcast(), &[]).unwrap());
}

#[test]
fn what_lies_nowhere_has_rows_and_columns_without_coordinates() {
    let mut outcome = nowcast();
    outcome.variables.iter_mut().for_each(|variable| variable.domain = Domain::None);
    let file = open(&outcome);
    let prediction = outcome.variable("prediction").unwrap();
    assert!(read(&file, "prediction") == prediction.to_f64());
    let shape = file.dataset("prediction").unwrap().read_array::<f32>().unwrap().shape().to_vec();
    assert_eq!(shape, prediction.shape());
    for name in ["y", "row", "latitude"] {
        assert!(file.dataset(name).is_err(), "{name}");
    }
}

#[test]
fn what_does_not_fit_is_refused() {
    let check = |change: fn(&mut Variable), message: &str| {
        let mut outcome = nowcast();
        change(&mut outcome.variables[1]);
        let found = to_bytes(&outcome, &[]).unwrap_err().to_string();
        assert!(found.contains(message), "{found}");
    };
    check(|v| v.plane = Some([1, 1]), "prediction has 165888 values");
    let plane = |v: &mut Variable, proj4: &str| {
        v.domain = Domain::Earth(Grid { proj4: proj4.into(), ..crop_grid() });
    };
    let mut outcome = nowcast();
    plane(&mut outcome.variables[1], "+proj=nonsense +R=6371");
    let found = to_bytes(&outcome, &[]).unwrap_err().to_string();
    assert!(found.contains("+proj=nonsense +R=6371"), "{found}");
}
