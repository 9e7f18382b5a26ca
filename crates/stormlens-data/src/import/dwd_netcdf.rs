//! Frames of DWD's composites in NetCDF-4: RADOLAN RY and RADKLIM-YW.
//!
//! - `rainfall_amount` `[time, y, x]`: RADKLIM-YW, adjusted to rain gauges. The pieces that go round with the package
//!   pycomlink have latitudes and longitudes that are displaced on purpose, to keep the places of links secret, and no
//!   coordinates in the plane. So their frames lie [nowhere](Grid::nowhere).
//! - `RY`, `YW` `[time, y, x]` with `y` and `x` in kilometres of RADOLAN's plane.
//!
//! A whole number times `scale_factor` is millimetres in five minutes; `_FillValue` and what lies outside of the valid range
//! is no data; times are ends of the five minutes. The unit "kg" of RADKLIM stands for kg m⁻² in the product's own files, which are millimetres.

use hdf5_reader::{Dataset, Hdf5File};
use jiff::Timestamp;

use super::ImportError;
use super::attributes::Attributes;
use super::knmi::FRAME_STEP_MIN;
use super::radar::{Coding, Frames, Measured, RadarFile, Series, ends, step_min};
use super::radolan;
use crate::field::netcdf::times::{TimeUnit, check_calendar};
use crate::field::{Grid, RainUnit};

const PRODUCT: &str = "a NetCDF file of RADOLAN RY or RADKLIM-YW";
/// The variable, whether its frames have a place, and the product.
const VARIABLES: [(&str, bool, &str); 3] = [
    ("rainfall_amount", false, "RADKLIM-YW"),
    ("RY", true, "RADOLAN RY"),
    ("YW", true, "RADKLIM-YW"),
];
/// What RADKLIM writes for kg m⁻².
const KG: &str = "kg";
/// Names of products that are sums of five minutes, and of nothing else.
const OF_5MIN: [&str; 2] = ["RY", "YW"];

/// A variable of DWD's files: its name, whether its frames have a place, and the product.
pub(super) type Variable = (&'static str, bool, &'static str);

/// The variable of rain, if the file has one.
pub(super) fn variable(source: &Hdf5File) -> Option<Variable> {
    let is_there =
        |(name, ..): &&Variable| source.dataset(name).is_ok() && source.dataset("time").is_ok();
    VARIABLES.iter().find(is_there).copied()
}

/// # Errors
/// For another unit, for other places than RADOLAN's grids, and for times that are not those of frames.
pub(super) fn read(
    file: &str,
    source: &Hdf5File,
    (name, has_place, product): Variable,
) -> Result<RadarFile, ImportError> {
    let refuse = |what: String| ImportError::layout(file, PRODUCT, what);
    let damaged = |cause| ImportError::hdf5(file, cause);
    let rain = source.dataset(name).map_err(damaged)?;
    let described = Attributes::of(&rain, (file, PRODUCT));
    check_unit(&described, name, product).and_then(|checked| checked.map_err(refuse))?;
    let places = match has_place {
        true => {
            Some((middles(source, "y").map_err(refuse)?, middles(source, "x").map_err(refuse)?))
        }
        false => None,
    };
    let is_south_first = places.as_ref().is_some_and(|(y, _)| y.first() < y.last());
    let coding = Coding { is_south_first, ..Coding::of(&described)? };
    let series = Series::new((file, PRODUCT), rain, coding)?;
    let grid = match &places {
        Some((y, x)) => radolan::grid_of(series.size(), y, x).map_err(refuse)?,
        None => Grid::nowhere(series.size()[0], series.size()[1], 1.0),
    };
    let time = source.dataset("time").map_err(damaged)?;
    let dated = Attributes::of(&time, (file, PRODUCT));
    let unit = dated.text("units")?;
    check_calendar(dated.optional_text("calendar")?.as_deref())
        .map_err(|what| refuse(format!("time: {what}")))?;
    let ends = ends(moments(&time, &unit).map_err(refuse)?, series.n_frames()).map_err(refuse)?;
    Ok(RadarFile {
        file: file.to_owned(),
        provider: match has_place {
            true => radolan::provider(),
            false => radolan::displaced_provider(),
        },
        product: product.to_owned(),
        measured: Measured::Sum { minutes: FRAME_STEP_MIN },
        grid,
        step_min: step_min(&ends).map_err(refuse)?,
        ends,
        sha256: String::new(),
        frames: Frames::Series(Box::new(series)),
    })
}

/// The unit and the interval have to be stated: sums of an hour may have the same name. Where the unit says no time, the long
/// name says it, or the name of the product.
fn check_unit(
    described: &Attributes<'_>,
    name: &str,
    product: &str,
) -> Result<Result<(), String>, ImportError> {
    let needed = format!("mm in 5 minutes are needed, as {product} has");
    let Some(unit) = described.optional_text("units")? else {
        return Ok(Err(format!(
            "{name} has no attribute units, so nothing says that its values are what is read: {needed}"
        )));
    };
    let long_name = described.optional_text("long_name")?.unwrap_or_default().to_lowercase();
    let says_5min = long_name.contains("5-minute") || long_name.contains("5 min");
    let is_of_5min = says_5min || long_name.is_empty() && OF_5MIN.contains(&name);
    let own = RainUnit::parse(if unit == KG { "kg m-2" } else { &unit });
    let is_mm = own == Some(RainUnit::Amount(1.0));
    let is_mm_5min = own == Some(RainUnit::Sum { mm: 1.0, seconds: 60 * FRAME_STEP_MIN });
    Ok(match () {
        () if is_mm_5min || is_mm && is_of_5min => Ok(()),
        () if is_mm && long_name.is_empty() => Err(format!(
            "the unit of {name} is {unit:?}, and no long_name says of how many minutes: {needed} (long_name \
             \"5-minute rainfall sum\")"
        )),
        () => Err(format!("its unit is {unit:?} ({long_name}) where {needed}")),
    })
}

/// The coordinate of rows or columns, kilometres.
fn middles(source: &Hdf5File, name: &str) -> Result<Vec<f64>, String> {
    let axis = source.dataset(name).map_err(|error| format!("it has no {name} ({error})"))?;
    let read = axis.read_array::<f64>();
    let found = read.map_err(|error| format!("its {name} cannot be read ({error})"))?;
    Ok(found.iter().copied().collect())
}

fn moments(time: &Dataset, unit: &str) -> Result<Option<Vec<Timestamp>>, String> {
    let parsed = TimeUnit::parse(unit);
    let unit =
        parsed.ok_or_else(|| format!("the unit of its times is {unit:?}, which is not read"))?;
    let moments =
        |numbers: Vec<f64>| numbers.into_iter().map(|number| unit.moment(number)).collect();
    if let Ok(numbers) = time.read_array::<f64>() {
        return Ok(moments(numbers.iter().copied().collect()));
    }
    let read = time.read_array::<i64>();
    let numbers = read.map_err(|error| format!("its times cannot be read ({error})"))?;
    Ok(moments(numbers.iter().map(|&number| number as f64).collect()))
}
