//! What maps are of: intervals, levels, names of the CF conventions and classes.

use stormlens_data::field::Level;
use stormlens_data::files::netcdf;
use stormlens_data::outcome::{Colours, Over};

use super::*;
use crate::testing::python;

/// Daily means and sums are of the day before the moment at which they end, and so is all that is said of it.
#[test]
fn all_maps_are_of_the_day() {
    let (_, outcome) = answered(&task(), &format!("fields={SAMPLE}&masks=3&mask-percent=50"));
    let of = |name: &str| {
        let variable = outcome.variable(name).unwrap_or_else(|| panic!("{name}"));
        (variable.axes[0].has_intervals(), variable.quantity.over)
    };
    for (name, over) in [
        ("observation", Over::Sum),
        ("field/RAIN", Over::Sum),
        ("field/T850", Over::Mean),
        ("seen/SLP", Over::Mean),
        ("rebuilt/GPH500", Over::Mean),
        ("prediction", Over::OfSum),
        ("membership", Over::OfSum),
        ("class", Over::OfSum),
        ("spread_behind_masks", Over::OfSum),
        ("gauge/observation", Over::Sum),
        ("gauge/probability", Over::OfSum),
    ] {
        assert_eq!(of(name), (true, over), "{name}");
    }
    // Places stay where they are.
    let is_place = |name: &str| ["gauge/latitude", "gauge/longitude"].contains(&name);
    let of_a_time = outcome.variables.iter().filter(|variable| !is_place(&variable.name));
    let times: Vec<_> = of_a_time.filter_map(|v| v.axes.first()).collect();
    assert!(times.iter().all(|axis| axis.time(0) == times[0].time(0)), "one end");
}

#[test]
fn fields_of_a_moment_are_no_means() {
    let mut statement = statement();
    statement.mean_hours = None;
    let of = |name: &str| {
        let variable = &statement.variables[statement.channel(name).expect("it is there")];
        super::super::quantities::field_quantity(variable, &statement)
    };
    assert_eq!((of("T850").over, of("RAIN").over), (Over::Moment, Over::Sum));
}

#[test]
fn fields_have_names_of_cf_and_levels() {
    let (_, outcome) = answered(&task(), &format!("fields={SAMPLE}"));
    let of = |name: &str| {
        let quantity = &outcome.variable(name).unwrap_or_else(|| panic!("{name}")).quantity;
        (quantity.standard_name.clone().unwrap_or_default(), quantity.level)
    };
    let level = |hpa| Some(Level::hpa(hpa));
    assert_eq!(of("field/GPH500"), ("geopotential_height".to_owned(), level(500)));
    assert_eq!(of("field/T850"), ("air_temperature".to_owned(), level(850)));
    let pressure = "air_pressure_at_mean_sea_level".to_owned();
    assert_eq!(of("field/SLP"), (pressure, Some(Level::MeanSea)));
    assert_eq!(of("field/RAIN").0, "lwe_thickness_of_precipitation_amount");
    let class = &outcome.variable("class").expect("classes").quantity;
    assert_eq!(
        (class.colours, class.classes.join(", ")),
        (Colours::Classes, "dry, rain, heavy rain".into())
    );
}

/// A second reader finds bounds, methods, levels and flags in the file, and one unit in each variable.
#[test]
fn netcdf_says_what_everything_is() {
    let (_, outcome) = answered(&task(), &format!("fields={SAMPLE}"));
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("result.nc");
    std::fs::write(&path, netcdf::to_bytes(&outcome, &[]).expect("it is written"))
        .expect("it is kept");
    let script = "import sys, netCDF4
with netCDF4.Dataset(sys.argv[1]) as file:
    days = []
    for name, variable in file.variables.items():
        if 'time' not in variable.dimensions or name in ('time', 'time_bounds'): continue
        methods, comment = (getattr(variable, which, '') for which in ('cell_methods', 'comment'))
        assert methods in ('time: sum', 'time: mean') if not comment else not methods, (name, methods, comment)
        assert not comment or comment.endswith('no sum itself'), (name, comment)
        days.append(name)
    assert {'observation', 'prediction', 'membership', 'class_1', 'field_T850', 'gauge_observation'} <= set(days), days
    for name in ('prediction', 'membership', 'class_1'):
        assert 'cell_methods' not in file[name].ncattrs() and file[name].comment, name
    first, last = netCDF4.num2date(file[file['time'].bounds][0], file['time'].units)
    assert (last - first).total_seconds() == 86400, (first, last)
    assert file['field_T850'].cell_methods == 'time: mean' and file['field_RAIN'].cell_methods == 'time: sum'
    words = 'temperature at 850 hPa, given to the network'
    assert file['field_T850'].long_name == words, file['field_T850'].long_name
    assert 'radar' not in file['time'].long_name, file['time'].long_name
    level = file['pressure_850hPa']
    assert 'pressure_850hPa' in file['field_T850'].coordinates.split()
    assert (float(level[...]), level.units, level.standard_name, level.positive) == (850, 'hPa', 'air_pressure', 'down')
    assert file['field_T850'].standard_name == 'air_temperature'
    for name in ('class_1', 'gauge_class'):
        flags = file[name]
        assert flags.dtype == 'int8' and flags.flag_values.dtype == 'int8', (name, flags.dtype)
        assert flags.flag_values.tolist() == [0, 1, 2] and flags.flag_meanings == 'dry rain heavy_rain'
    assert file['gauge_observation'].units == 'mm' and file['gauge_membership'].units == '1'
    assert 'gauges' not in file.variables
    coordinates = file['gauge_observation'].coordinates.split()
    assert {'gauge_name', 'gauge_latitude', 'gauge_longitude'} <= set(coordinates), coordinates
    latitude = file['gauge_latitude']
    assert (latitude.dimensions, latitude.units, latitude.standard_name) == (('gauge',), 'degrees_north', 'latitude')
    assert abs(file['gauge_longitude'][:]).max() < 20 and 'coordinates' not in latitude.ncattrs()
    assert file['class_1'].result_name == 'class'
    assert file['gauge_observation'].dtype == 'float32'
";
    python(&["netCDF4"], script, &[path.to_str().expect("a path")]);
}
