//! Many frames of KNMI's composite in one HDF5 file: `images` `[time, 765, 700]` and `timestamps`, the end of the five
//! minutes of each.

use hdf5_reader::{Dataset, Hdf5File};
use jiff::Timestamp;

use super::ImportError;
use super::attributes::Attributes;
use super::knmi::{self, FRAME_STEP_MIN};
use super::radar::{Coding, Frames, Measured, RadarFile, Series, ends, step_min};
use crate::field::netcdf::times::{TimeUnit, check_calendar};
use crate::field::{Grid, RainUnit};

const PRODUCT: &str = "a series of KNMI's 5-minute radar accumulations";
const UNITS: &str = "mm per 5 minutes";
/// Behind the unit of the times: what they mark.
const END: &str = "end of the 5 minutes";

/// # Errors
/// For another unit, size or position, and for times that are not those of the ends of frames.
pub(super) fn read(file: &str, source: &Hdf5File) -> Result<RadarFile, ImportError> {
    let refuse = |what: String| ImportError::layout(file, PRODUCT, what);
    let damaged = |cause| ImportError::hdf5(file, cause);
    let (images, times) = (source.dataset("images"), source.dataset("timestamps"));
    let (images, times) = (images.map_err(damaged)?, times.map_err(damaged)?);
    let described = Attributes::of(&images, (file, PRODUCT));
    let units = described.text("units")?;
    let needed = RainUnit::Sum { mm: 1.0, seconds: 60 * FRAME_STEP_MIN };
    if RainUnit::parse(&units) != Some(needed) {
        return Err(refuse(format!("its unit is {units:?} where {UNITS:?} is needed")));
    }
    let mut coding = Coding::of(&described)?;
    coding.missing.push(described.number("missing")?);
    let root = Attributes::open(source, (file, PRODUCT), "/")?;
    let product = root.text("product")?;
    let series = Series::new((file, PRODUCT), images, coding)?;
    let grid = grid(&root.text("proj4")?, series.size()).map_err(refuse)?;
    let dated = Attributes::of(&times, (file, PRODUCT));
    let unit = dated.text("units")?;
    check_calendar(dated.optional_text("calendar")?.as_deref())
        .map_err(|what| refuse(format!("timestamps: {what}")))?;
    let ends = ends(moments(&times, &unit).map_err(refuse)?, series.n_frames()).map_err(refuse)?;
    Ok(RadarFile {
        file: file.to_owned(),
        provider: knmi::provider(),
        product,
        measured: Measured::Sum { minutes: FRAME_STEP_MIN },
        grid,
        step_min: step_min(&ends).map_err(refuse)?,
        ends,
        sha256: String::new(),
        frames: Frames::Series(Box::new(series)),
    })
}

/// The product's own grid: the file states its plane and its size only.
fn grid(proj4: &str, size: [usize; 2]) -> Result<Grid, String> {
    let grid = knmi::composite_grid();
    if size != [grid.height, grid.width] {
        return Err(format!("its frames are {size:?}, not [{}, {}]", grid.height, grid.width));
    }
    match knmi::is_own_plane(proj4) {
        true => Ok(grid),
        false => Err(format!("its plane is {proj4:?}, not that of KNMI's stereographic maps")),
    }
}

fn moments(times: &Dataset, unit: &str) -> Result<Option<Vec<Timestamp>>, String> {
    let parsed = unit.split_once(',').filter(|(_, what)| what.trim() == END);
    let parsed = parsed.and_then(|(unit, _)| TimeUnit::parse(unit));
    let unit = parsed.ok_or_else(|| {
        format!("the unit of its times is {unit:?}, where a unit of time and {END:?} are needed")
    })?;
    let read = times.read_array::<i64>();
    let stored = read.map_err(|error| format!("its times cannot be read ({error})"))?;
    Ok(stored.iter().map(|&number| unit.moment(number as f64)).collect())
}
