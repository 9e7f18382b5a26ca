//! The head of a PGM file of FMI: the magic number, comments `# key value`, width and height, the largest value.

use std::collections::BTreeMap;

use jiff::Timestamp;

use crate::field::Grid;
use crate::import::radar::{MAX_PIXELS, check_spacing};
use crate::projection::Projection;
use crate::time;

/// Heads have a kilobyte.
const MAX_BYTES: usize = 16 << 10;
/// The sphere of the plane, kilometres.
const RADIUS_KM: f64 = 6371.288;
/// Corners and spacings agree to this share of a pixel.
const TOLERANCE: f64 = 0.05;

/// What a head says that is used.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Header {
    pub height: usize,
    pub width: usize,
    pub time: Timestamp,
    pub product: String,
    keys: BTreeMap<String, String>,
}

impl Header {
    /// The head of a file, and the bytes that follow it.
    ///
    /// # Errors
    /// In words that follow the name of the file.
    pub fn split(bytes: &[u8]) -> Result<(Self, &[u8]), String> {
        let mut keys = BTreeMap::new();
        let (mut numbers, mut at) = (Vec::new(), 0);
        while numbers.len() < 4 {
            let line = bytes[at..].split(|&byte| byte == b'\n').next().unwrap_or_default();
            at += line.len() + 1;
            let text = std::str::from_utf8(line).map_err(|_| "its head is no text")?.trim();
            if at > MAX_BYTES || at > bytes.len() {
                return Err("its head does not end".to_owned());
            }
            match text.strip_prefix('#') {
                Some(comment) => keys.extend(key(comment)),
                None => numbers.extend(text.split_whitespace().map(str::to_owned)),
            }
        }
        let header = Self::of(&numbers, keys)?;
        Ok((header, &bytes[at..]))
    }

    fn of(numbers: &[String], keys: BTreeMap<String, String>) -> Result<Self, String> {
        let [magic, width, height, largest] = numbers else {
            return Err("its head is not that of a PGM picture".to_owned());
        };
        if (magic.as_str(), largest.as_str()) != ("P5", "255") {
            return Err("it is not a PGM picture of one byte a pixel (P5, 255)".to_owned());
        }
        let side = |text: &str| {
            text.parse::<usize>().ok().filter(|&side| (1..=MAX_PIXELS).contains(&side))
        };
        let sides =
            side(width).zip(side(height)).filter(|(w, h)| w.saturating_mul(*h) <= MAX_PIXELS);
        let (width, height) = sides.ok_or("its width and height are none, or too large")?;
        let text = |name: &str| value(&keys, name);
        if text("param")? != "CorrectedReflectivity" {
            return Err(format!(
                "its param is {:?} where CorrectedReflectivity is read",
                text("param")?
            ));
        }
        let obstime = text("obstime")?;
        let time = time::parse_digits(obstime)
            .ok_or_else(|| format!("its obstime {obstime:?} is none"))?;
        let product = format!("{} {}", text("producttype")?, text("productname")?);
        Ok(Self { height, width, time, product, keys })
    }

    /// Where the frame lies, from its corners.
    ///
    /// # Errors
    /// In words, for another projection and for corners that do not fit the spacings.
    pub fn grid(&self) -> Result<Grid, String> {
        let text = |name: &str| value(&self.keys, name);
        let number = |name: &str| one(text(name)?, name);
        if text("type")? != "stereographic" {
            return Err(format!(
                "its projection is {:?} where stereographic is read",
                text("type")?
            ));
        }
        let (longitude, latitude) = (number("centrallongitude")?, number("centrallatitude")?);
        let proj4 = format!(
            "+proj=stere +lat_0={latitude} +lat_ts={} +lon_0={longitude} +a={RADIUS_KM} +b={RADIUS_KM} +x_0=0 +y_0=0",
            number("truelatitude")?
        );
        let plane = Projection::parse(&proj4).map_err(|error| error.to_string())?;
        let corner = |name: &str| -> Result<[f64; 2], String> {
            let (longitude, latitude) = two(text(name)?, name)?;
            plane
                .place(latitude, longitude)
                .ok_or_else(|| format!("its {name} lies outside its plane"))
        };
        let ([west, south], [east, north]) = (corner("bottomleft")?, corner("topright")?);
        let stated = [number("metersperpixel_x")? / 1000.0, number("metersperpixel_y")? / 1000.0];
        let found = [(east - west) / self.width as f64, (north - south) / self.height as f64];
        let fits = |i: usize, n: usize| (found[i] - stated[i]).abs() * n as f64 <= TOLERANCE;
        if !fits(0, self.width) || !fits(1, self.height) {
            return Err(format!(
                "its corners tell of pixels of {found:?} km, and its head of {stated:?}"
            ));
        }
        let spacing_km = check_spacing((stated[0] + stated[1]) / 2.0)?;
        if (stated[0] - stated[1]).abs() * self.height.max(self.width) as f64 > 0.5 {
            return Err(format!("its pixels are no squares ({stated:?} km)"));
        }
        let (height, width) = (self.height, self.width);
        Ok(Grid { height, width, spacing_km, west_km: west, north_km: north, proj4 })
    }
}

/// The first word of a comment, and the rest.
fn key(comment: &str) -> Option<(String, String)> {
    let (name, value) = comment.trim().split_once(' ')?;
    Some((name.to_owned(), value.trim().to_owned()))
}

fn value<'a>(keys: &'a BTreeMap<String, String>, name: &str) -> Result<&'a str, String> {
    keys.get(name).map(String::as_str).ok_or_else(|| format!("its head does not say {name}"))
}

fn one(text: &str, name: &str) -> Result<f64, String> {
    let number = text.parse::<f64>().ok().filter(|number| number.is_finite());
    number.ok_or_else(|| format!("its {name} is {text:?}, no number"))
}

fn two(text: &str, name: &str) -> Result<(f64, f64), String> {
    let (first, second) =
        text.split_once(' ').ok_or_else(|| format!("its {name} are no two numbers"))?;
    Ok((one(first.trim(), name)?, one(second.trim(), name)?))
}
