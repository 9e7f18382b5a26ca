//! What other programs make of the files: the C library, xarray, GDAL, CDO and NCO.

use super::*;

/// The C library, and what scientists use on top of it.
#[test]
fn python_reads_the_file_with_times_and_places() {
    let folder = tempfile::tempdir().unwrap();
    let [rain, picture] = [("rain.nc", nowcast()), ("scene.nc", scene())].map(|(name, outcome)| {
        let path = folder.path().join(name);
        write_outcome(&outcome, &[CITATION], &path);
        path.display().to_string()
    });
    let script = "import sys, numpy, netCDF4, xarray
with netCDF4.Dataset(sys.argv[1]) as file:
    assert file.data_model == 'NETCDF4' and file.references == 'Stańczyk et al. 2023'
    assert file['prediction'].dimensions == ('time', 'y', 'x')
    assert file['prediction'].cell_methods == 'time: mean' and file['time'].bounds == 'time_bounds'
    assert file['input'].cell_methods == 'input_time: mean' and file['input_time_bounds'].shape == (2, 2)
    assert file['prediction'].filters()['zlib'] and file['prediction'].filters()['shuffle']
    assert numpy.isnan(file['prediction']._FillValue)
    assert list(file['layer_name'][:]) == ['cbam1', 'Up_RRCNN2.doubleconv']
    mapping = file['polar_stereographic']
    assert mapping.standard_parallel == 60 and mapping.semi_major_axis == 6378137
    assert file['x'].units == 'm' and file['x'].axis == 'X'
    assert file['target_mask'].dtype == 'int8' and set(file['target_mask'][:].ravel()) == {0, 1}
    assert file['grad_cam'].ancillary_variables == 'target_mask'
    assert file['grad_cam_target'][...] == 143.49
data = xarray.open_dataset(sys.argv[1], decode_coords='all', decode_timedelta=True)
assert str(data.input_time.values[1])[:16] == '2010-08-26T05:35', data.input_time
assert [str(t)[:16] for t in data.time.values] == ['2010-08-26T06:05', '2010-08-26T06:35']
assert str(data.forecast_reference_time.values)[:16] == '2010-08-26T05:35'
assert list(data.lead_time.values / numpy.timedelta64(1, 'm')) == [30, 60]
assert data.prediction.dims == ('time', 'y', 'x')
assert data.grad_cam.dims == ('layer', 'y', 'x')
assert data.grad_cam_cbam1_raw.dims == ('y_72', 'x_72')
for name in ['time', 'lead_time', 'latitude', 'longitude', 'polar_stereographic']:
    assert name in data.prediction.coords, name
place = data.prediction.sel(x=225500, y=-3934500)
assert abs(float(place.latitude) - 53.42967052667645) < 1e-9
assert abs(float(place.longitude) - 3.2802336196522752) < 1e-9
assert numpy.allclose(place.values, [0, 9.44])
assert numpy.isnan(data.observation.values[0, 0, 7]) and data.prediction.units == 'mm h-1'
scene = xarray.open_dataset(sys.argv[2], decode_coords='all')
assert scene.scene.dims == ('channel', 'row', 'column') and scene.scene.dtype == 'uint8'
assert list(scene.probability.class_name.values) == ['neg', 'pos']
centre = scene.integrated_gradients
assert centre.dims == ('channel', 'row_8', 'column_8') and float(centre.column_8[0]) == 2.5
";
    python(&["numpy", "netCDF4", "xarray"], script, &[&rain, &picture]);
}

/// A folder with the file of the forecast.
fn written() -> (tempfile::TempDir, String) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("rain.nc");
    write_outcome(&nowcast(), &[CITATION], &path);
    (folder, path.display().to_string())
}

/// The C library takes the order of variables from HDF5, and opens nothing to change it without.
#[test]
fn the_file_can_be_appended_to_and_edited() {
    let (_folder, path) = written();
    let script = "import sys, netCDF4, numpy
with netCDF4.Dataset(sys.argv[1]) as file:
    names = list(file.variables)
assert names.index('input') < names.index('prediction') < names.index('grad_cam'), names
with netCDF4.Dataset(sys.argv[1], 'a') as file:
    double = file.createVariable('double', 'f4', ('time', 'y', 'x'), zlib=True)
    double[:] = 2 * file['prediction'][:]
    double.units = 'mm h-1'
    file.createDimension('station', 3)
    for i in range(20):
        file.setncattr(f'remark_{i}', 'appended')
    file['prediction'].long_name = 'edited, and longer than it was when the file was written'
    file['prediction'][0, 0, 0] = 7
    del file.comment
with netCDF4.Dataset(sys.argv[1]) as file:
    assert list(file.variables) == names + ['double'] and len(file.dimensions['station']) == 3
    assert file.remark_19 == 'appended' and 'comment' not in file.ncattrs()
    assert file['prediction'].long_name.startswith('edited')
    assert file['prediction'][0, 0, 0] == 7
    assert file['prediction'][1, 287, 287] == numpy.float32(8.87)
    assert numpy.allclose(file['double'][1], 2 * file['prediction'][1])
";
    python(&["netCDF4", "numpy"], script, &[&path]);
    // NCO edits attributes where they are.
    let (_folder, path) = written();
    let edit = ["-O", "-h", "-a", "comment,global,o,c,edited", &path];
    if program("ncatted", &edit).is_some() {
        let file = Hdf5File::open(&path).unwrap();
        let comment = file.root_group().unwrap().attribute("comment").unwrap();
        assert_eq!(comment.read_string().unwrap(), "edited");
    }
}

/// In metres, with the projection, and every band with its time.
#[test]
fn gdal_puts_every_field_where_and_when_it_is() {
    let (_folder, path) = written();
    let script = "import sys, datetime, rasterio, rasterio.warp
def open(name):
    return rasterio.open(f'netcdf:{sys.argv[1]}:{name}')
def time(field, band, name):
    seconds = int(field.tags(band)['NETCDF_DIM_' + name])
    return datetime.datetime.fromtimestamp(seconds, datetime.timezone.utc).strftime('%H:%M')
with open('prediction') as field:
    assert field.transform[:6] == (1000, 0, 225000, 0, -1000, -3934000), field.transform
    # The middle of the first cell, by PROJ 9.5.1.
    sphere = rasterio.crs.CRS.from_proj4('+proj=longlat +a=6378137 +b=6356752 +no_defs')
    (lon,), (lat,) = rasterio.warp.transform(field.crs, sphere, [225500], [-3934500])
    assert abs(lon - 3.280233619652) < 1e-6 and abs(lat - 53.429670526677) < 1e-6, (lon, lat)
    assert [time(field, band, 'time') for band in (1, 2)] == ['06:05', '06:35']
    assert abs(field.read(1)[0, 5] - 0.05) < 1e-6
with open('input') as field:
    assert [time(field, band, 'input_time') for band in (1, 2)] == ['05:30', '05:35']
with open('grad_cam_cbam1_raw') as field:
    assert field.transform[:6] == (4000, 0, 225000, 0, -4000, -3934000), field.transform
";
    python(&["rasterio"], script, &[&path]);
}

/// CDO knows one axis of time in a file: that of the forecast.
#[test]
fn cdo_dates_the_forecast_and_knows_its_places() {
    let (_folder, path) = written();
    let cdo = |arguments: &[&str]| program("cdo", &[&["-s"], arguments, &[path.as_str()]].concat());
    let Some(times) = cdo(&["showtimestamp", "-selname,prediction"]) else { return };
    let times: Vec<_> = times.split_whitespace().collect();
    assert_eq!(times, ["2010-08-26T06:05:00", "2010-08-26T06:35:00"]);
    // It warns of auxiliary coordinates of time, and takes what they say.
    let said = cdo(&["sinfon"]).unwrap();
    assert!(said.contains("ForecastRefTime =  2010-08-26T05:35:00"), "{said}");
    let first = ["outputtab,date,time,lat,lon,value", "-seltimestep,2", "-selname,prediction"];
    let table = cdo(&first).unwrap();
    let row: Vec<&str> = table.lines().nth(2).unwrap().split_whitespace().collect();
    assert_eq!(row[..2], ["2010-08-26", "06:35:00"], "{row:?}");
    let near = |text: &str, expected: f64, tolerance: f64| {
        (text.parse::<f64>().unwrap() - expected).abs() < tolerance
    };
    // The second cell of the first row, its value that of the second lead time.
    assert!(near(row[2], 53.43, 0.01) && near(row[3], 3.295, 0.01), "{row:?}");
    let index = (288 * 288 + 1) % 1000;
    assert!(near(row[4], f64::from(index) / 100.0, 1e-3), "{row:?}");
}

/// In a file of their own the frames that went in have the only axis of time.
#[test]
fn cdo_dates_the_input_in_a_file_of_its_own() {
    let (folder, path) = written();
    let input = folder.path().join("input.nc").display().to_string();
    if program("ncks", &["-O", "-h", "-v", "input", &path, &input]).is_none() {
        return;
    }
    let Some(times) = program("cdo", &["-s", "showtimestamp", &input]) else { return };
    let times: Vec<_> = times.split_whitespace().collect();
    assert_eq!(times, ["2010-08-26T05:30:00", "2010-08-26T05:35:00"]);
}
