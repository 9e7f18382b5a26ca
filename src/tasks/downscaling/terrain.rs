//! Terrain: fields that come with the program, and one that somebody brings.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use stormlens_data::downscale::{check_elevation, heights_within, nodes_within, terrain_of};
use stormlens_data::field::rain_name::is_rain_name;
use stormlens_data::field::{FieldError, FieldFile, GriddedField, degrees};
use stormlens_data::files;
use stormlens_data::hash::sha256;
use stormlens_plot::words::number;

use super::extent::Extent;
use super::fields::MAX_FILE_BYTES;
use crate::web::upload::{KeepError, Kept, NamedBytes, first_digits};

/// Where the shipped ones lie below the data.
const FOLDER: &str = "terrain";

/// Terrain, and which file it is from.
#[derive(Clone, Debug)]
pub struct Terrain {
    pub field: Arc<GriddedField>,
    /// Name of the file.
    pub name: String,
    /// In addresses: the first digits of the SHA-256 of the file and, where it was uploaded, of its name.
    pub key: String,
}

impl Terrain {
    /// The one field of heights in a file.
    ///
    /// # Errors
    /// For what cannot be read, and for what holds no heights, or several fields of them.
    pub fn of(file: &NamedBytes) -> Result<Self, FieldError> {
        Self::named(file, None)
    }

    /// The field of that name, where a file has several.
    fn named(file: &NamedBytes, variable: Option<&str>) -> Result<Self, FieldError> {
        let digest = sha256(&file.bytes);
        let opened = FieldFile::from_bytes(&file.name, file.bytes.clone())?;
        let field = terrain_of(&opened, variable)?;
        // Each field of a file is terrain of its own.
        let key = variable.map(|name| sha256(format!("{digest} {name}").as_bytes()));
        let key = first_digits(&key.unwrap_or(digest));
        if is_rain_name(&field.variable) {
            let what = format!(
                "{} holds {}, which is no height: give a file of terrain",
                field.source, field.variable
            );
            return Err(FieldError::Domains { what });
        }
        Ok(Self { field: Arc::new(field), name: file.name.clone(), key })
    }

    /// Checks that heights have some ground in common with `[south, north, west, east]`.
    ///
    /// # Errors
    /// [`FieldError::Domains`].
    pub fn check_touches(&self, bounds: [f64; 4]) -> Result<(), FieldError> {
        let own = self.field.grid.bounds();
        let meets =
            |i: usize, turn: f64| own[i] + turn <= bounds[i + 1] && bounds[i] <= own[i + 1] + turn;
        if meets(0, 0.0) && [-360.0, 0.0, 360.0].iter().any(|&turn| meets(2, turn)) {
            return Ok(());
        }
        let [south, north, west, east] = own.map(degrees);
        let what = format!(
            "{} goes from {south} to {north}° N and {west} to {east}° E, where the rain is not: give heights of its place",
            self.name
        );
        Err(FieldError::Domains { what })
    }

    /// `0.25°`
    pub fn resolution(&self) -> String {
        let [latitude, _] = self.field.grid.spacing_deg();
        format!("{}°", (latitude * 1e4).round() / 1e4)
    }

    /// What is used of it in `[south, north, west, east]`, the part that is refined.
    pub fn in_words(&self, bounds: [f64; 4]) -> String {
        let used = [self.heights(bounds), self.missing(bounds)].into_iter().flatten();
        let used = used.collect::<Vec<_>>().join(", and ");
        let every = format!("{}, a node every {}", self.name, self.resolution());
        match used.is_empty() {
            true => every,
            false => format!("{every}; in the part that is refined, {used}"),
        }
    }

    /// `heights from 1,280 to 3,012 m` in `[south, north, west, east]`, by which a wrong unit is noticed; `None` where no
    /// node with a height lies there.
    fn heights(&self, bounds: [f64; 4]) -> Option<String> {
        let widened = |range: Option<[f32; 2]>, height: f32| {
            let [low, high] = range.unwrap_or([height; 2]);
            Some([low.min(height), high.max(height)])
        };
        let range = heights_within(&self.field, bounds).fold(None, widened)?;
        let [low, high] = range.map(|metres| number(f64::from(metres)));
        Some(format!("heights from {low} to {high} m"))
    }

    /// How many nodes in `[south, north, west, east]` have no height, in words; `None` where all have one.
    fn missing(&self, bounds: [f64; 4]) -> Option<String> {
        let (mut n, mut n_missing) = (0_usize, 0_usize);
        for height in nodes_within(&self.field, bounds) {
            n += 1;
            n_missing += usize::from(height.is_nan());
        }
        (n_missing > 0).then(|| {
            format!(
                "{n_missing} of {n} nodes have no height: 0 m is taken for them, as over the sea"
            )
        })
    }
}

/// All terrain that there is.
pub struct Terrains {
    paths: Vec<PathBuf>,
    /// The shipped ones, the finest first; read when the first is asked for.
    shipped: OnceLock<(Vec<Terrain>, Vec<String>)>,
    /// By their keys: from the command line, for this run of the program.
    brought: Mutex<HashMap<String, Terrain>>,
    /// Those that came with an upload.
    kept: Kept,
    /// The upload that was looked at last.
    last: Mutex<Option<Terrain>>,
}

impl Terrains {
    pub fn open(data: &Path, kept: Kept) -> Self {
        let entries = std::fs::read_dir(data.join(FOLDER)).into_iter().flatten().flatten();
        let mut paths: Vec<PathBuf> = entries.map(|entry| entry.path()).collect();
        paths.retain(|path| {
            let ending = path.extension().and_then(|ending| ending.to_str()).unwrap_or_default();
            ["nc", "cdf", "grib", "grib2", "grb"].contains(&ending)
        });
        paths.sort();
        let (shipped, brought, last) = (OnceLock::new(), Mutex::default(), Mutex::default());
        Self { paths, shipped, brought, kept, last }
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

    /// The terrain that came with the rain, else the finest that covers `[south, north, west, east]`, the nodes of what is
    /// refined.
    ///
    /// # Errors
    /// Where what came does not cover that, and where there is none.
    pub fn find(
        &self,
        bounds: [f64; 4],
        refined: &Extent,
        own: Option<&Terrain>,
    ) -> Result<Terrain, FieldError> {
        // Whoever brings heights wants these, and no others in their place.
        if let Some(own) = own {
            let remedy = "give heights of all of it, or choose a smaller domain";
            let covers = check_elevation(&own.field, bounds);
            covers.map_err(|error| refined.not_covered(error, "", remedy))?;
            return Ok(own.clone());
        }
        let covers = |terrain: &&Terrain| check_elevation(&terrain.field, bounds).is_ok();
        self.shipped().0.iter().find(covers).cloned().ok_or_else(|| FieldError::Domains {
            what: format!(
                "no terrain that is here covers {}, the part that is refined: give a file of heights in metres with the rain \
                 (--elevation FILE), or choose another domain",
                refined.in_words()
            ),
        })
    }

    /// Names of the shipped ones.
    pub fn names(&self) -> Vec<String> {
        self.shipped().0.iter().map(|terrain| terrain.name.clone()).collect()
    }

    /// Takes a file in for this run of the program; of several fields the one that is named.
    ///
    /// # Errors
    /// As [`Terrain::of`], and where there is no field of that name.
    pub fn bring(&self, path: &Path, variable: Option<&str>) -> Result<Terrain, FieldError> {
        let terrain = Terrain::named(&read_bytes(path)?, variable)?;
        lock(&self.brought).insert(terrain.key.clone(), terrain.clone());
        Ok(terrain)
    }

    /// Keeps heights that came with an upload, which gives them their key.
    ///
    /// # Errors
    /// Where they cannot be written.
    pub fn keep(&self, terrain: &mut Terrain, file: &NamedBytes) -> Result<(), KeepError> {
        terrain.key = self.kept.add(&sha256(&file.bytes), &file.name, &file.bytes)?;
        *lock(&self.last) = Some(terrain.clone());
        Ok(())
    }

    /// Heights that somebody brought; `None` where they are gone.
    pub fn brought(&self, key: &str) -> Option<Terrain> {
        if let Some(terrain) = lock(&self.brought).get(key) {
            return Some(terrain.clone());
        }
        let (name, sha256) = self.kept.find(key)?;
        let known = lock(&self.last).clone().filter(|terrain| terrain.key == key);
        if known.is_some() {
            return known;
        }
        let file = NamedBytes { name, bytes: self.kept.read(&sha256)? };
        let terrain = Terrain::of(&file);
        let terrain = terrain.inspect_err(|error| tracing::error!(%error, "no heights any more"));
        let terrain = Terrain { key: key.to_owned(), ..terrain.ok()? };
        *lock(&self.last) = Some(terrain.clone());
        Some(terrain)
    }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn spacing(terrain: &Terrain) -> f64 {
    terrain.field.grid.spacing_deg()[0]
}

fn read_file(path: &Path) -> Result<Terrain, FieldError> {
    Terrain::of(&read_bytes(path)?)
}

fn read_bytes(path: &Path) -> Result<NamedBytes, FieldError> {
    let bytes = files::read_file(path, MAX_FILE_BYTES)?;
    Ok(NamedBytes { name: files::name_of(path), bytes })
}

#[cfg(test)]
mod tests {
    use stormlens_data::field::LatLonGrid;

    use super::*;

    /// Nodes every degree, four by four.
    fn terrain(height: impl Fn(usize) -> f32) -> Terrain {
        let degrees = [0.0, 1.0, 2.0, 3.0];
        let field = GriddedField {
            variable: "orog".to_owned(),
            unit: "m".to_owned(),
            interval: None,
            reference_time: None,
            grid: LatLonGrid::new(&degrees, &degrees).expect("a grid"),
            values: (0..16).map(height).collect(),
            storage_ends: Vec::new(),
            source: "orog, own.nc".to_owned(),
        };
        Terrain { field: Arc::new(field), name: "own.nc".to_owned(), key: String::new() }
    }

    /// Of the file there may be many more: what is counted lies in the part that is refined.
    #[test]
    fn nodes_without_a_height_are_counted_where_rain_is_refined() {
        let bounds = [0.0, 1.0, 0.0, 1.0];
        let whole = terrain(|_| 250.0).in_words(bounds);
        let own = "own.nc, a node every 1°; in the part that is refined, heights from 250 to 250 m";
        assert_eq!(whole, own);
        let gaps = terrain(|i| if [0, 10, 11, 15].contains(&i) { f32::NAN } else { 250.0 });
        let missing = "1 of 4 nodes have no height: 0 m is taken for them, as over the sea";
        assert_eq!(gaps.in_words(bounds), format!("{own}, and {missing}"));
        let none = terrain(|_| f32::NAN).in_words(bounds);
        assert!(none.contains("refined, 4 of 4 nodes have no height"), "{none}");
    }
}
