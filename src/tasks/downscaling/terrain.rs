//! Terrain: fields that come with the program, and one that somebody brings.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use stormlens_data::downscale::{check_elevation, open_terrain};
use stormlens_data::field::{FieldError, GriddedField};

use super::rain::is_rain_name;

/// Where the shipped ones lie below the data.
const FOLDER: &str = "terrain";

/// Terrain, and which file it is from.
#[derive(Clone, Debug)]
pub struct Terrain {
    pub field: Arc<GriddedField>,
    /// Name of the file.
    pub name: String,
}

impl Terrain {
    /// `0.25°`
    pub fn resolution(&self) -> String {
        let [latitude, _] = self.field.grid.spacing_deg();
        format!("{}°", (latitude * 1e4).round() / 1e4)
    }
}

/// All terrain that there is.
#[derive(Debug, Default)]
pub struct Terrains {
    paths: Vec<PathBuf>,
    /// The shipped ones, the finest first; read when the first is asked for.
    shipped: OnceLock<(Vec<Terrain>, Vec<String>)>,
    brought: Mutex<Vec<Terrain>>,
}

impl Terrains {
    pub fn open(data: &Path) -> Self {
        let entries = std::fs::read_dir(data.join(FOLDER)).into_iter().flatten().flatten();
        let mut paths: Vec<PathBuf> = entries.map(|entry| entry.path()).collect();
        paths.retain(|path| {
            let ending = path.extension().and_then(|ending| ending.to_str()).unwrap_or_default();
            ["nc", "cdf", "grib", "grib2", "grb"].contains(&ending)
        });
        paths.sort();
        Self { paths, ..Self::default() }
    }

    fn shipped(&self) -> &(Vec<Terrain>, Vec<String>) {
        self.shipped.get_or_init(|| {
            let (mut found, mut problems) = (Vec::new(), Vec::new());
            for path in &self.paths {
                match read_file(path) {
                    Ok(terrain) => found.push(terrain),
                    Err(error) => problems.push(error.to_string()),
                }
            }
            found.sort_by(|a, b| spacing(a).total_cmp(&spacing(b)));
            (found, problems)
        })
    }

    /// Shipped files that cannot be read.
    pub fn problems(&self) -> &[String] {
        &self.shipped().1
    }

    /// The terrain that was brought, else the finest that covers `[south, north, west, east]`.
    ///
    /// # Errors
    /// Where what was brought does not cover that, and where there is none.
    pub fn find(&self, bounds: [f64; 4]) -> Result<Terrain, FieldError> {
        let brought = self.brought.lock().unwrap_or_else(PoisonError::into_inner);
        // Whoever brings heights wants these, and no others in their place.
        if let Some(own) = brought.first() {
            check_elevation(&own.field, bounds)?;
            return Ok(own.clone());
        }
        let covers = |terrain: &&Terrain| check_elevation(&terrain.field, bounds).is_ok();
        self.shipped().0.iter().find(covers).cloned().ok_or_else(|| FieldError::Domains {
            what: "no terrain that is here covers the domain: give a file of heights in metres with --elevation, or \
                   choose another domain"
                .to_owned(),
        })
    }

    /// Names of the shipped ones.
    pub fn names(&self) -> Vec<String> {
        self.shipped().0.iter().map(|terrain| terrain.name.clone()).collect()
    }

    /// Takes a file in for this run of the program; from now on it is the first that is looked at.
    ///
    /// # Errors
    /// For what cannot be read, and for what holds no heights, or several fields of them.
    pub fn bring(&self, path: &Path) -> Result<Terrain, FieldError> {
        let terrain = read_file(path)?;
        let mut brought = self.brought.lock().unwrap_or_else(PoisonError::into_inner);
        brought.insert(0, terrain.clone());
        Ok(terrain)
    }
}

fn spacing(terrain: &Terrain) -> f64 {
    terrain.field.grid.spacing_deg()[0]
}

fn read_file(path: &Path) -> Result<Terrain, FieldError> {
    let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let field = Arc::new(open_terrain(path)?);
    if is_rain_name(&field.variable) {
        let what = format!(
            "{} holds {}, which is no height: give a file of terrain",
            field.source, field.variable
        );
        return Err(FieldError::Domains { what });
    }
    Ok(Terrain { field, name })
}
