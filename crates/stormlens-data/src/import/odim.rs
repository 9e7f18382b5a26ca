//! Composites in ODIM_H5, the format in which European services exchange radar data.
//!
//! `what/object` is COMP or IMAGE; the first array whose quantity is ACRR (a sum), RATE (mm/h), DBZH or TH (dBZ) is read.
//! A stored value v is `gain` v + `offset`, `nodata` is unknown and `undetect` dry. A rate, and the rate of a reflectivity
//! by Z = a R^b with `how/zr_a` and `how/zr_b` or 200 and 1.6 (Marshall and Palmer 1948), is taken to last for five
//! minutes. A reflectivity of more rain than ever fell comes from something else, and its rain is not known.
//! A sum stands at its end, what is of one moment at the nominal time, and scans may take five minutes.
//! (Michelson et al. 2021, *EUMETNET OPERA weather radar information model*, 2.4.)

mod array;
mod place;
mod times;

use array::Array;
use hdf5_reader::Hdf5File;

use super::ImportError;
use super::attributes::Attributes;
use super::knmi::FRAME_STEP_MIN;
use super::radar::{Frames, Measured, Provider, RadarFile};

pub(super) const PRODUCT: &str = "an ODIM_H5 composite of rain";

/// Whether an HDF5 file says that it is of this format.
pub(super) fn is_odim(source: &Hdf5File) -> bool {
    let of = |group: &str, name: &str| {
        let group = source.group(group).ok()?;
        group.attribute(name).ok()?.read_string().ok()
    };
    of("/", "Conventions").is_some_and(|name| name.starts_with("ODIM_H5"))
        || of("what", "object").is_some()
}

/// # Errors
/// For another object or quantity, another interval, pixels of another size than 1 km, and for what the format demands and the
/// file does not say.
pub(super) fn read(file: &str, source: &Hdf5File) -> Result<RadarFile, ImportError> {
    let at = |path: &str| Attributes::open(source, (file, PRODUCT), path);
    let refuse = |what: String| ImportError::layout(file, PRODUCT, what);
    let what = at("what")?;
    let object = what.text("object")?;
    if !["COMP", "IMAGE"].contains(&object.as_str()) {
        let what = format!("its object is {object:?}, where composites are read (COMP, IMAGE)");
        return Err(refuse(what));
    }
    let array = Array::find(file, source)?;
    let where_ = at("where")?;
    let grid = place::grid(&where_, array.size).map_err(|error| error.into_error(file))?;
    let end = times::end((file, source), &what, &array)?;
    let frame = array.frame(file)?;
    Ok(RadarFile {
        file: file.to_owned(),
        provider: provider(&what.optional_text("source")?.unwrap_or_default()),
        product: format!("{} ({object})", array.quantity),
        measured: array.measured,
        grid,
        ends: vec![end],
        step_min: FRAME_STEP_MIN,
        sha256: String::new(),
        frames: Frames::one(file, PRODUCT, frame)?,
    })
}

/// The service as the file names it, e.g. `ORG:247,CMT:OPERA`. The licence is not in such files.
fn provider(source: &str) -> Provider {
    let name = if source.is_empty() { "a service that the file does not name" } else { source };
    Provider::new(name, &format!("Source: {name}"), "not stated in the file")
}

/// What makes a moment of a sum, a rate or a reflectivity.
fn measured(quantity: &str, zr: (f64, f64)) -> Option<Measured> {
    match quantity {
        "ACRR" => Some(Measured::Sum { minutes: FRAME_STEP_MIN }),
        "RATE" => Some(Measured::Rate),
        "DBZH" | "TH" => Some(Measured::Reflectivity { a: zr.0, b: zr.1 }),
        _ => None,
    }
}

#[cfg(test)]
mod tests;
