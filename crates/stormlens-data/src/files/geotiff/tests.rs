use tiff::decoder::{Decoder, DecodingResult};

use super::*;
use crate::import::knmi::crop_grid;
use crate::outcome::{Axis, Colours, Over, Provenance, Quantity, Role, SceneGeometry, Values};
use crate::request::{Request, Subject};
use crate::scene::{Rectangle, Variant};
use crate::testing::python;

/// Two maps of 4 × 3 cells that cover a grid.
fn variable(grid: Grid) -> Variable {
    let mut values: Vec<f32> = (0..24).map(|i| i as f32).collect();
    values[13] = f32::NAN;
    Variable {
        name: "prediction".to_owned(),
        role: Role::Prediction,
        quantity: Quantity::rain_rate(),
        axes: vec![Axis::counted(Axis::INPUT_TIME, 2)],
        plane: Some([4, 3]),
        domain: Domain::Earth(grid),
        values: Values::F32(values),
    }
}

/// A result without variables, whose provenance is known.
fn outcome() -> Outcome {
    let subject =
        Subject::Nowcast { sample: "s".into(), mask: Default::default(), steps_mean: false };
    let explain = Vec::new();
    let (model, checkpoint) = ("sar-unet".to_owned(), "test".to_owned());
    Outcome {
        request: Request { model: model.clone(), checkpoint: checkpoint.clone(), subject, explain },
        variables: Vec::new(),
        numbers: Vec::new(),
        notes: Vec::new(),
        provenance: Provenance {
            program: "stormlens 0.1.0".into(),
            model,
            checkpoint,
            weights_sha256: "ab".repeat(32),
            data_source: "KNMI <radar> & “more”".into(),
            data_files: Vec::new(),
            data_sha256: "cd".repeat(32),
            data_licence: "CC BY 4.0".into(),
            device: "CPU".into(),
        },
        duration_ms: 1.0,
    }
}

fn grid(proj4: &str) -> Grid {
    let (west_km, north_km) = (-120.0, 300.0);
    Grid { height: 40, width: 30, spacing_km: 5.0, west_km, north_km, proj4: proj4.to_owned() }
}

#[test]
fn another_decoder_reads_the_values() {
    let bytes = to_bytes(&outcome(), &variable(crop_grid()), 1).unwrap();
    let mut decoder = Decoder::new(Cursor::new(bytes)).unwrap();
    assert_eq!(decoder.dimensions().unwrap(), (3, 4));
    let scale = decoder.get_tag_f64_vec(Tag::ModelPixelScaleTag).unwrap();
    assert_eq!(scale, [96_000.0, 72_000.0, 0.0]);
    let tie = decoder.get_tag_f64_vec(Tag::ModelTiepointTag).unwrap();
    assert_eq!(tie, [0.0, 0.0, 0.0, 225_000.0, -3_934_000.0, 0.0]);
    let DecodingResult::F32(values) = decoder.read_image().unwrap() else { panic!("float32") };
    assert!(values[0] == 12.0 && values[1].is_nan() && values[11] == 23.0);
}

/// A map of a picture of 400 × 200 pixels of a kilometre that became a square of 100, of which 60 are seen.
fn of_scene(is_centre: bool, content: Rectangle) -> Variable {
    let place = crate::scene::Place {
        position: Position::Affine([-200_000.0, 1000.0, 0.0, 300_000.0, 0.0, -1000.0]),
        directory: vec![1, 1, 0, 3, 1024, 0, 1, 1, 1025, 0, 1, 1, 3072, 0, 1, 3575],
        numbers: Vec::new(),
        text: String::new(),
    };
    let geometry = SceneGeometry {
        title: "A storm".to_owned(),
        width_px: 400,
        height_px: 200,
        variant: Variant { input_px: 100, crop_px: 60 },
        content,
        place: Some(place),
    };
    let domain = if is_centre { Domain::SceneCentre(geometry) } else { Domain::Scene(geometry) };
    Variable { domain, ..variable(crop_grid()) }
}

#[test]
fn a_map_of_a_scene_lies_where_its_file_says() {
    let stretched = Rectangle { left: 0, top: 0, width: 100, height: 100 };
    let fitted = Rectangle { left: 0, top: 25, width: 100, height: 50 };
    let folder = tempfile::tempdir().unwrap();
    let mut paths = Vec::new();
    let mut check = |variable: Variable, corner: [f64; 2], cell: [f64; 2]| {
        let bytes = to_bytes(&outcome(), &variable, 1).unwrap();
        let path = folder.path().join(format!("{}.tif", paths.len()));
        std::fs::write(&path, &bytes).unwrap();
        paths.push(path.display().to_string());
        let mut decoder = Decoder::new(Cursor::new(bytes)).unwrap();
        let scale = decoder.get_tag_f64_vec(Tag::ModelPixelScaleTag).unwrap();
        let tie = decoder.get_tag_f64_vec(Tag::ModelTiepointTag).unwrap();
        let is_near = |a: f64, b: f64| (a - b).abs() < 1e-6;
        assert!(is_near(scale[0], cell[0]) && is_near(scale[1], cell[1]), "{scale:?}");
        assert!(is_near(tie[3], corner[0]) && is_near(tie[4], corner[1]), "{tie:?}");
    };
    check(of_scene(false, stretched), [-200_000.0, 300_000.0], [400_000.0 / 3.0, 50_000.0]);
    check(of_scene(true, stretched), [-120_000.0, 260_000.0], [80_000.0, 30_000.0]);
    // Fitted in, a pixel of the square is four of the picture in both directions.
    check(of_scene(false, fitted), [-200_000.0, 400_000.0], [400_000.0 / 3.0, 100_000.0]);
    let script = "import sys, rasterio
for path in sys.argv[1:]:
    with rasterio.open(path) as file:
        assert file.crs.to_epsg() == 3575, file.crs
";
    let paths: Vec<&str> = paths.iter().map(String::as_str).collect();
    python(&["rasterio"], script, &paths);
}

/// What is turned, or known by single points only, stays so.
#[test]
fn a_turned_scene_and_single_points_are_passed_on() {
    let stretched = Rectangle { left: 0, top: 0, width: 100, height: 100 };
    let with = |position: Position| {
        let mut variable = of_scene(false, stretched);
        if let Domain::Scene(SceneGeometry { place: Some(place), .. }) = &mut variable.domain {
            place.position = position;
        }
        let bytes = to_bytes(&outcome(), &variable, 0).unwrap();
        Decoder::new(Cursor::new(bytes)).unwrap()
    };
    let mut turned = with(Position::Affine([10.0, 0.0, 5.0, 20.0, 5.0, 0.0]));
    let matrix = turned.get_tag_f64_vec(Tag::ModelTransformationTag).unwrap();
    assert_eq!((matrix[1], matrix[3], matrix[7]), (5.0 * 50.0, 10.0, 20.0));
    let mut points = with(Position::Points(vec![[200.0, 100.0, 5.0, 60.0, 0.0]; 3]));
    let tie = points.get_tag_f64_vec(Tag::ModelTiepointTag).unwrap();
    assert_eq!(tie[..6], [1.5, 2.0, 0.0, 5.0, 60.0, 0.0]);
}

#[test]
fn what_has_no_place_is_refused() {
    let check = |variable: Variable, words: &str| {
        let error = to_bytes(&outcome(), &variable, 0).unwrap_err().to_string();
        assert!(error.contains("prediction") && error.contains(words), "{error}");
    };
    let nowhere = Variable { domain: Domain::None, ..variable(crop_grid()) };
    check(nowhere, "does not lie on the Earth");
    let unnamed = variable(grid("+proj=eqc +ellps=WGS84 +units=km"));
    check(unnamed, "has no name for the projection eqc");
}

/// Places by GDAL, from the file alone, are those of the grid's own definition.
#[test]
fn gdal_finds_the_places() {
    let folder = tempfile::tempdir().unwrap();
    let wgs84 = "+ellps=WGS84 +units=km";
    let planes = [
        crop_grid().proj4,
        format!("+proj=stere +lat_0=-90 +lat_ts=-71 +lon_0=10 {wgs84}"),
        format!("+proj=laea +lat_0=52 +lon_0=10 +x_0=4321000 +y_0=3210000 {wgs84}"),
        format!("+proj=lcc +lat_1=46 +lat_2=49 +lat_0=47 +lon_0=3 +x_0=600000 {wgs84}"),
        format!("+proj=aea +lat_1=29.5 +lat_2=45.5 +lat_0=23 +lon_0=-96 {wgs84}"),
        format!("+proj=tmerc +lat_0=1 +lon_0=9 +k=0.9996 +x_0=500000 {wgs84}"),
        format!("+proj=merc +lat_ts=40 +lon_0=5 {wgs84}"),
        format!("+proj=stere +lat_0=52 +lon_0=5 {wgs84}"),
        format!("+proj=longlat {wgs84}"),
    ];
    let mut arguments = Vec::new();
    for (i, plane) in planes.iter().enumerate() {
        let mut grid = grid(plane);
        if plane.contains("longlat") {
            grid = Grid { spacing_km: 0.1, west_km: 3.0, north_km: 55.0, ..grid };
        }
        let variable = variable(grid.clone());
        let path = folder.path().join(format!("{i}.tif"));
        std::fs::write(&path, to_bytes(&outcome(), &variable, 1).unwrap()).unwrap();
        let [rows, columns] = variable.domain.middles([4, 3]).unwrap();
        let place = Projection::of(&grid).unwrap().latitude_longitude(columns[2], rows[1]);
        arguments.extend([path.display().to_string(), place[0].to_string(), place[1].to_string()]);
    }
    let script = "import sys, numpy, rasterio, rasterio.warp
for path, latitude, longitude in zip(*[iter(sys.argv[1:])] * 3):
    with rasterio.open(path) as file:
        values = file.read(1)
        assert file.dtypes == ('float32',) and numpy.isnan(file.nodata), path
        assert values[0, 0] == 12 and numpy.isnan(values[0, 1]), path
        x, y = file.xy(1, 2)
        if file.crs.is_geographic:
            found = (x, y)
        else:
            found = [c[0] for c in rasterio.warp.transform(file.crs, 'EPSG:4326', [x], [y])]
        wanted = (float(longitude), float(latitude))
        assert numpy.allclose(found, wanted, atol=1e-5), (path, file.crs.to_wkt(), found, wanted)
";
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    python(&["numpy", "rasterio"], script, &arguments);
}

/// GDAL finds description, unit and time of a map, and where it came from.
#[test]
fn gdal_finds_what_it_is() {
    let folder = tempfile::tempdir().unwrap();
    let at = |text: &str| text.parse::<jiff::Timestamp>().unwrap();
    let (start, end) = (at("2008-04-08T00:00:00Z"), at("2008-04-09T00:00:00Z"));
    let events = Axis::names("event", ["≥ 1 mm in 24 h", "≥ 10 mm in 24 h"]);
    let probability = Variable {
        quantity: Quantity::new("probability", "1", Colours::Share).over(Over::OfSum),
        axes: vec![Axis::interval(start, end), events],
        ..variable(crop_grid())
    };
    let amount = Variable {
        quantity: Quantity::rain_amount(24),
        axes: vec![Axis::interval(start, end), Axis::counted("input", 2)],
        ..variable(crop_grid())
    };
    let forecast = Variable {
        axes: vec![Axis::lead_time(at("2010-08-26T05:35:00Z"), vec![30, 60])],
        ..variable(crop_grid())
    };
    let classes = vec!["dry".to_owned(), "heavy rain".to_owned()];
    let observed = Variable {
        role: Role::Observation,
        quantity: Quantity::class("observed class", classes),
        axes: vec![Axis::interval(start, end), Axis::counted("input", 2)],
        ..variable(crop_grid())
    };
    let maps = [
        ("probability", probability),
        ("amount", amount),
        ("forecast", forecast),
        ("observed", observed),
    ];
    for (name, variable) in maps {
        let path = folder.path().join(format!("{name}.tif"));
        std::fs::write(path, to_bytes(&outcome(), &variable, 1).unwrap()).unwrap();
    }
    let script = "import sys, rasterio
def opened(name): return rasterio.open(f'{sys.argv[1]}/{name}.tif')
with opened('probability') as file:
    words = 'probability that the network predicts, '
    assert file.descriptions == (words + '≥ 10 mm in 24 h',), file.descriptions
    assert file.units == ('1',), file.units
    band = file.tags(1)
    assert (band['time'], band['time_start']) == ('2008-04-09T00:00:00Z', '2008-04-08T00:00:00Z'), band
    assert band['event'] == '≥ 10 mm in 24 h' and 'cell_methods' not in band, band
    assert band['comment'] == 'of the rain that fell in this interval of time; no sum itself', band
    tags = file.tags()
    assert tags['TIFFTAG_IMAGEDESCRIPTION'] == words + '>= 10 mm in 24 h', tags
    assert tags['source'] == 'KNMI <radar> & “more”' and 'TIFFTAG_DATETIME' not in tags, tags
    assert tags['provenance_weights_sha256'] == 'ab' * 32 and tags['variable'] == 'prediction', tags
with opened('amount') as file:
    assert file.tags(1)['cell_methods'] == 'time: sum' and 'comment' not in file.tags(1), file.tags(1)
with opened('forecast') as file:
    assert file.units == ('mm h-1',), file.units
    tags, band = file.tags(), file.tags(1)
    assert tags['standard_name'] == 'rainfall_rate' and tags['TIFFTAG_IMAGEDESCRIPTION'].endswith('(mm h-1)'), tags
    assert (band['lead_time_minutes'], band['time']) == ('60', '2010-08-26T06:35:00Z'), band
    assert band['forecast_reference_time'] == '2010-08-26T05:35:00Z', band
with opened('observed') as file:
    assert file.tags()['TIFFTAG_DATETIME'] == '2008:04:09 00:00:00', file.tags()
    assert file.tags(1)['flag_meanings'] == 'dry, heavy rain' and file.tags(1)['flag_values'] == '0, 1'
";
    python(&["rasterio"], script, &[folder.path().to_str().unwrap()]);
}
