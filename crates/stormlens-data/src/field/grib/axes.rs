//! Section 3: where the values of a field lie.

use super::bytes::Section;
use super::gaussian::latitudes as gaussian;

const MICRODEGREES: f64 = 1e6;
/// Corners and steps are rounded to a millionth of a degree each.
const ROUNDING_DEG: f64 = 5e-6;
/// No grid has more rows or columns.
const MAX_SIDE: usize = 100_000;

/// What section 3 says.
#[derive(Clone, Debug)]
pub(in super::super) struct GridHead {
    /// In words.
    pub kind: String,
    pub n_points: usize,
    /// Rows and columns; 0 where it is no grid of rows and columns.
    pub height: usize,
    pub width: usize,
    /// Latitudes of the rows and longitudes of the columns, in the order of the values once they are put in
    /// rows; `None` for grids of other kinds.
    pub axes: Option<[Vec<f64>; 2]>,
    /// `[south, north, west, east]` of the nodes, degrees.
    pub bounds: Option<[f64; 4]>,
    /// Why there are none.
    pub why_not: Option<String>,
    scanning: Scanning,
}

/// What a head says of a grid of latitudes and longitudes: latitude first, degrees.
pub(super) struct Corners {
    pub kind: String,
    /// Rows and columns.
    pub size: [usize; 2],
    pub first: [f64; 2],
    pub last: [f64; 2],
    pub steps: [Option<f64>; 2],
    /// Latitudes between a pole and the equator, of a Gaussian grid.
    pub gaussian: Option<usize>,
    /// Code table 3.4.
    pub mode: u8,
    /// What corners and steps may be off by.
    pub rounding_deg: f64,
}

/// Code table 3.4.
#[derive(Clone, Copy, Debug, Default)]
struct Scanning {
    columns_are_consecutive: bool,
    rows_alternate: bool,
}

impl GridHead {
    pub fn read(bytes: &[u8]) -> Result<Self, String> {
        let section = Section(bytes);
        let (n_points, template) = (section.u32(7)? as usize, section.u16(13)?);
        let kind = kind(template);
        let unread = |why: String| Ok(Self::unread(kind.clone(), n_points, why));
        if section.u8(11)? != 0 || section.u8(12)? != 0 {
            return unread("its rows have different lengths (a reduced grid)".to_owned());
        }
        match template {
            0 | 40 => Self::lat_lon(section, template == 40, kind),
            _ => unread(format!("its grid is {kind}, and only latitudes and longitudes are read")),
        }
    }

    /// Templates 3.0 and 3.40.
    fn lat_lon(section: Section, is_gaussian: bool, kind: String) -> Result<Self, String> {
        let n_points = section.u32(7)? as usize;
        let (width, height) = (section.u32(31)? as usize, section.u32(35)? as usize);
        if width.checked_mul(height) != Some(n_points) {
            return Err(format!("its grid of {height} × {width} does not have {n_points} points"));
        }
        let (basic, subdivisions) = (section.u32(39)?, section.u32(43)?);
        let unit = match (basic, subdivisions) {
            (0 | u32::MAX, _) | (_, 0 | u32::MAX) => 1.0 / MICRODEGREES,
            (basic, subdivisions) => f64::from(basic) / f64::from(subdivisions),
        };
        let degrees = |octet| section.signed(octet).map(|number| number as f64 * unit);
        let flags = section.u8(55)?;
        let step = |octet, flag: u8| match section.u32(octet)? {
            u32::MAX => Ok::<_, String>(None),
            step => Ok((flags & flag != 0).then_some(f64::from(step) * unit)),
        };
        Self::between(&Corners {
            kind,
            size: [height, width],
            first: [degrees(47)?, degrees(51)?],
            last: [degrees(56)?, degrees(60)?],
            steps: [if is_gaussian { None } else { step(68, 0x10)? }, step(64, 0x20)?],
            gaussian: if is_gaussian { Some(section.u32(68)? as usize) } else { None },
            mode: section.u8(72)?,
            rounding_deg: ROUNDING_DEG,
        })
    }

    /// The nodes between two corners.
    pub fn between(corners: &Corners) -> Result<Self, String> {
        let Corners { kind, size, first, last, steps, gaussian: n, mode, rounding_deg } = corners;
        let ([height, width], [lat1, lon1], [lat2, lon2]) = (*size, *first, *last);
        if height == 0 || width == 0 || height > MAX_SIDE || width > MAX_SIDE {
            return Err(format!("no grid has {height} × {width} nodes"));
        }
        let has = |mask: u8| mode & mask != 0;
        let (west, north) = (has(0x80), !has(0x40));
        let span = if west { lon1 - lon2 } else { lon2 - lon1 };
        let span = if width > 1 { positive(span) } else { 0.0 };
        let longitudes =
            axis(lon1, if west { -span } else { span }, steps[1], width, *rounding_deg)?;
        let latitudes = match n {
            Some(n) => gaussian(*n, [lat1, lat2], height)?,
            None => axis(lat1, lat2 - lat1, steps[0], height, *rounding_deg)?,
        };
        if height > 1 && (lat1 > lat2) != north {
            return Err("its scanning mode and its corners say two directions".to_owned());
        }
        let bounds = super::super::LatLonGrid::new(&latitudes, &longitudes)?.bounds();
        Ok(Self {
            kind: kind.clone(),
            n_points: height * width,
            height,
            width,
            axes: Some([latitudes, longitudes]),
            bounds: Some(bounds),
            why_not: None,
            scanning: Scanning { columns_are_consecutive: has(0x20), rows_alternate: has(0x10) },
        })
    }

    /// A grid that is not read.
    pub fn unread(kind: String, n_points: usize, why: String) -> Self {
        Self {
            kind,
            n_points,
            height: 0,
            width: 0,
            axes: None,
            bounds: None,
            why_not: Some(why),
            scanning: Scanning::default(),
        }
    }

    /// Values as they come, put in rows from the first corner on.
    pub fn in_rows(&self, values: Vec<f32>) -> Vec<f32> {
        let (height, width) = (self.height, self.width);
        let Scanning { columns_are_consecutive, rows_alternate } = self.scanning;
        if !columns_are_consecutive && !rows_alternate {
            return values;
        }
        let mut rows = vec![f32::NAN; values.len()];
        let length = if columns_are_consecutive { height } else { width };
        for (i, value) in values.into_iter().enumerate() {
            let (line, place) = (i / length, i % length);
            let place = if rows_alternate && line % 2 == 1 { length - 1 - place } else { place };
            let (row, column) = if columns_are_consecutive { (place, line) } else { (line, place) };
            rows[row * width + column] = value;
        }
        rows
    }
}

/// A difference of longitudes to the east.
fn positive(span: f64) -> f64 {
    let turned = span.rem_euclid(360.0);
    if turned == 0.0 { 360.0 } else { turned }
}

/// Nodes from the first on. The step is used where it leads to the last corner; where it was rounded (1/3°) the
/// corners are better, and where both disagree neither is believed.
fn axis(
    first: f64,
    span: f64,
    step: Option<f64>,
    n: usize,
    rounding_deg: f64,
) -> Result<Vec<f64>, String> {
    let n_steps = (n - 1).max(1) as f64;
    let by_corners = if n == 1 { 0.0 } else { span / n_steps };
    let step = match step.map(|step| step.copysign(span)) {
        Some(step) if n > 1 && (step - by_corners).abs() * n_steps < rounding_deg => step,
        Some(step) if n > 1 && (step - by_corners).abs() > rounding_deg => {
            return Err(format!(
                "its step of {} degrees does not lead from its first to its last corner",
                step.abs()
            ));
        }
        _ => by_corners,
    };
    Ok((0..n).map(|i| first + step * i as f64).collect())
}

/// Code table 3.1.
fn kind(template: u16) -> String {
    match template {
        0 => "latitudes and longitudes".to_owned(),
        1 => "rotated latitudes and longitudes".to_owned(),
        10 => "Mercator".to_owned(),
        20 => "polar stereographic".to_owned(),
        30 => "Lambert conformal".to_owned(),
        40 => "Gaussian latitudes and longitudes".to_owned(),
        101 => "an unstructured grid".to_owned(),
        other => format!("grid template 3.{other}"),
    }
}
