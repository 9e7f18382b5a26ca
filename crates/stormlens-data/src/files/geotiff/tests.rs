use tiff::decoder::{Decoder, DecodingResult};

use super::*;
use crate::import::knmi::crop_grid;
use crate::outcome::{Axis, Quantity, Role, Values};
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

fn grid(proj4: &str) -> Grid {
    let (west_km, north_km) = (-120.0, 300.0);
    Grid { height: 40, width: 30, spacing_km: 5.0, west_km, north_km, proj4: proj4.to_owned() }
}

#[test]
fn another_decoder_reads_the_values() {
    let bytes = to_bytes(&variable(crop_grid()), 1).unwrap();
    let mut decoder = Decoder::new(Cursor::new(bytes)).unwrap();
    assert_eq!(decoder.dimensions().unwrap(), (3, 4));
    let scale = decoder.get_tag_f64_vec(Tag::ModelPixelScaleTag).unwrap();
    assert_eq!(scale, [96_000.0, 72_000.0, 0.0]);
    let tie = decoder.get_tag_f64_vec(Tag::ModelTiepointTag).unwrap();
    assert_eq!(tie, [0.0, 0.0, 0.0, 225_000.0, -3_934_000.0, 0.0]);
    let DecodingResult::F32(values) = decoder.read_image().unwrap() else { panic!("float32") };
    assert!(values[0] == 12.0 && values[1].is_nan() && values[11] == 23.0);
}

#[test]
fn what_has_no_place_is_refused() {
    let check = |variable: Variable, words: &str| {
        let error = to_bytes(&variable, 0).unwrap_err().to_string();
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
        std::fs::write(&path, to_bytes(&variable, 1).unwrap()).unwrap();
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
