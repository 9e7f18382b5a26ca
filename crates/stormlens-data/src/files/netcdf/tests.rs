use super::*;
use crate::field::Field;
use crate::import::knmi::crop_grid;
use crate::outcome::{GradCam, IntegratedGradients, LayerMap, Provenance, Target};
use crate::request::NowcastRequest;
use crate::testing::python;
use crate::time;

/// A map whose values tell where they are.
fn map(offset: f32) -> Field {
    Field::new(288, 288, (0..288 * 288).map(|i| offset + (i % 1000) as f32 / 100.0).collect())
}

fn target() -> Target {
    let mask = map(0.0).map(|v| f32::from(v > 5.0));
    let n_pixels = mask.values.iter().filter(|&&v| v > 0.0).count();
    Target { threshold_mm_h: 1.5, mask, n_pixels, score: 0.25, score_mm_h: 143.49 }
}

/// A whole result.
fn outcome() -> NowcastOutcome {
    let at = |id| time::parse_sample(id).unwrap();
    let mut observation = map(2.0);
    observation.values[7] = f32::NAN;
    let layer = |name: &str, offset| LayerMap {
        layer: name.into(),
        raw: Field::new(1, 1, vec![1.0]),
        cam: map(offset),
    };
    NowcastOutcome {
        request: NowcastRequest {
            model: "sar-unet".into(),
            checkpoint: "test".into(),
            sample: "20100826T0535".into(),
            threshold_mm_h: 1.5,
            grad_cam: true,
            ig_steps: Some(16),
        },
        forecast: Forecast {
            grid: crop_grid(),
            inputs_mm_h: vec![map(0.0), map(1.0)],
            input_times: vec![at("20100826T0530"), at("20100826T0535")],
            prediction_mm_h: map(3.0),
            observation_mm_h: Some(observation),
            valid_time: at("20100826T0605"),
            lead_time_min: 30,
            duration_ms: 1.0,
        },
        grad_cam: Some(GradCam {
            target: target(),
            layers: vec![layer("cbam1", 0.0), layer("Up_RRCNN2.doubleconv", 0.5)],
        }),
        integrated_gradients: Some(IntegratedGradients {
            target: target(),
            frames: vec![map(-1.0), map(-2.0)],
            frame_sums_mm_h: vec![1.0, 2.0],
            n_steps: 16,
            baseline: "no rain",
            output_difference_mm_h: 3.0,
            convergence_delta_mm_h: 0.5,
        }),
        provenance: Provenance {
            program: "stormlens 0.1.0".into(),
            model: "sar-unet".into(),
            checkpoint: "test".into(),
            weights_sha256: "ab".repeat(32),
            data_source: "KNMI radar".into(),
            data_files: vec!["a.h5".into(), "b.h5".into()],
            data_sha256: "cd".repeat(32),
            data_licence: "CC BY 4.0".into(),
            device: "CPU (flex)".into(),
        },
    }
}

const CITATION: Citation =
    Citation { key: "key", bibtex: "", text: "Stańczyk et al. 2023", url: "https://example.org" };

fn bytes() -> Vec<u8> {
    to_bytes(&outcome(), &[CITATION]).unwrap()
}

#[test]
fn another_library_reads_every_field() {
    let file = hdf5_reader::Hdf5File::from_vec(bytes()).unwrap();
    let read = |name: &str| file.dataset(name).unwrap().read_array::<f32>().unwrap();
    let outcome = outcome();
    assert!(read("prediction").iter().eq(&outcome.forecast.prediction_mm_h.values));
    assert!(read("persistence").iter().eq(&map(1.0).values));
    assert_eq!(read("input").shape(), [2, 288, 288]);
    assert!(read("observation")[[0, 7]].is_nan());
    assert_eq!(read("observation")[[0, 8]], map(2.0).at(0, 8));
    assert!(read("grad_cam").iter().skip(288 * 288).eq(&map(0.5).values));
    assert!(read("integrated_gradients").iter().take(288 * 288).eq(&map(-1.0).values));
    let names = file.dataset("layer_name").unwrap().read_strings().unwrap();
    assert_eq!(names, ["cbam1", "Up_RRCNN2.doubleconv"]);
}

#[test]
fn coordinates_are_pixel_centres() {
    let file = hdf5_reader::Hdf5File::from_vec(bytes()).unwrap();
    let read = |name: &str| file.dataset(name).unwrap().read_array::<f64>().unwrap();
    assert_eq!((read("x")[[0]], read("x")[[287]]), (225.5, 512.5));
    assert_eq!((read("y")[[0]], read("y")[[287]]), (-3934.5, -4221.5));
}

#[test]
fn provenance_and_request_are_in_the_file() {
    let file = hdf5_reader::Hdf5File::from_vec(bytes()).unwrap();
    let root = file.root_group().unwrap();
    let text = |name: &str| root.attribute(name).unwrap().read_string().unwrap();
    assert_eq!(text("Conventions"), "CF-1.11");
    assert_eq!(text("provenance_data_files"), "a.h5 b.h5");
    assert_eq!(text("provenance_weights_sha256"), "ab".repeat(32));
    assert_eq!(text("references"), "Stańczyk et al. 2023");
    let request: NowcastRequest = serde_json::from_str(&text("request")).unwrap();
    assert_eq!(request, outcome().request);
}

#[test]
fn what_a_result_lacks_is_left_out() {
    let mut outcome = outcome();
    outcome.forecast.observation_mm_h = None;
    outcome.grad_cam = None;
    outcome.integrated_gradients = None;
    outcome.provenance.data_licence.clear();
    let file = hdf5_reader::Hdf5File::from_vec(to_bytes(&outcome, &[]).unwrap()).unwrap();
    assert!(file.dataset("prediction").is_ok());
    for name in ["observation", "grad_cam", "integrated_gradients", "target_mask", "layer_name"] {
        assert!(file.dataset(name).is_err(), "{name}");
    }
}

#[test]
fn equal_results_are_equal_files() {
    assert_eq!(bytes(), bytes());
}

fn check_refused(change: impl FnOnce(&mut NowcastOutcome), message: &str) {
    let mut outcome = outcome();
    change(&mut outcome);
    let found = to_bytes(&outcome, &[]).unwrap_err().to_string();
    assert!(found.contains(message), "{found}");
}

#[test]
fn what_does_not_fit_is_refused() {
    check_refused(
        |o| o.forecast.prediction_mm_h = Field::new(1, 1, vec![0.0]),
        "prediction is 1 × 1",
    );
    check_refused(|o| o.forecast.grid.proj4 = "+proj=longlat".into(), "not polar stereographic");
    check_refused(|o| o.forecast.grid.proj4 = "+proj=stere +lat_0=52".into(), "is not polar");
    check_refused(|o| o.forecast.grid.proj4 = "+proj=stere +lat_0=90".into(), "no number lon_0");
}

/// The C library, and what scientists use on top of it.
#[test]
fn python_reads_the_file_with_times_and_projection() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("result.nc");
    write_outcome(&outcome(), &[CITATION], &path).unwrap();
    python(
        &["numpy", "netCDF4", "xarray"],
        "import sys, numpy, netCDF4, xarray
with netCDF4.Dataset(sys.argv[1]) as file:
    assert file.data_model == 'NETCDF4' and file.references == 'Stańczyk et al. 2023'
    assert file['prediction'].dimensions == ('y', 'x')
    assert file['prediction'].filters()['zlib'] and file['prediction'].filters()['shuffle']
    assert numpy.isnan(file['prediction']._FillValue)
    assert list(file['layer_name'][:]) == ['cbam1', 'Up_RRCNN2.doubleconv']
    assert file['polar_stereographic'].standard_parallel == 60
    assert file['polar_stereographic'].semi_major_axis == 6378137
    assert file['target_mask'].dtype == 'int8' and set(file['target_mask'][:].ravel()) == {0, 1}
    assert file['grad_cam'].target_threshold_mm_h == 1.5
data = xarray.open_dataset(sys.argv[1], decode_coords='all')
assert str(data.input_time.values[1])[:16] == '2010-08-26T05:35', data.input_time
assert str(data.valid_time.values)[:16] == '2010-08-26T06:05'
assert data.prediction.dims == ('y', 'x') and data.grad_cam.dims == ('layer', 'y', 'x')
assert float(data.prediction.sel(x=225.5, y=-3934.5)) == 3
assert numpy.isnan(data.observation.values[0, 7])
assert 'valid_time' in data.prediction.coords and data.prediction.units == 'mm h-1'
",
        &[path.to_str().unwrap()],
    );
}
