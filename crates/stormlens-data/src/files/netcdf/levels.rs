//! Levels as scalar coordinates: `pressure_850hPa`, `height_2m`.

use super::FilesError;
use super::builder::Builder;
use crate::field::Level;

const PA_IN_HPA: f64 = 100.0;

/// The levels that are in the file: equal ones are one coordinate.
#[derive(Default)]
pub struct Levels {
    known: Vec<(Level, String)>,
}

impl Levels {
    /// The coordinate of a level, which is written the first time; `None` for the surface and for mean sea level, which
    /// names of quantities say.
    pub fn of(&mut self, file: &mut Builder, level: Level) -> Result<Option<String>, FilesError> {
        if let Some((_, name)) = self.known.iter().find(|(known, _)| *known == level) {
            return Ok(Some(name.clone()));
        }
        let (name, value, texts) = match level {
            Level::Pressure(pa) => {
                let hpa = f64::from(pa) / PA_IN_HPA;
                (format!("pressure_{hpa}hPa"), hpa, ["air_pressure", "pressure", "hPa", "down"])
            }
            Level::AboveGround(m) => {
                let texts = ["height", "height above the ground", "m", "up"];
                (format!("height_{m}m"), f64::from(m), texts)
            }
            Level::MeanSea | Level::Surface => return Ok(None),
        };
        let name = file.free_name(&name, 1);
        let variable = file.scalar(&name, value)?;
        let [standard_name, long_name, units, positive] = texts;
        let texts = [
            ("standard_name", standard_name),
            ("long_name", long_name),
            ("units", units),
            ("positive", positive),
            ("axis", "Z"),
        ];
        file.texts(variable, &texts)?;
        self.known.push((level, name.clone()));
        Ok(Some(name))
    }
}
