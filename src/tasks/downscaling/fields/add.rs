//! Rain that comes in: uploads, which are kept, and files from the command line, for one run of the program.

use std::path::Path;
use std::sync::Arc;

use stormlens_data::card::Refining;
use stormlens_data::field::FieldError;
use stormlens_data::files;
use stormlens_data::hash::sha256;

use super::opened::OpenFile;
use super::{Entry, Fields, MAX_FILE_BYTES, Said, array, lock, numbers};
use crate::tasks::downscaling::terrain::Terrain;
use crate::web::upload::{KeepError, NamedBytes};

/// Why a file is not taken.
#[derive(Debug, thiserror::Error)]
pub enum AddError {
    #[error(transparent)]
    Field(#[from] FieldError),
    #[error("the heights: {0}")]
    Heights(FieldError),
    #[error(transparent)]
    NotKept(#[from] KeepError),
}

impl Fields {
    /// Keeps a file of fields, and the heights that come with it. `stated` are the hours of which each field is the sum,
    /// where somebody says so. Answers its sums of [`HOURS`] each.
    ///
    /// # Errors
    /// For what is no such file, where it makes no such sum, for heights that lie elsewhere, and where something cannot
    /// be kept.
    pub fn add(
        &self,
        rain: NamedBytes,
        stated: Option<i64>,
        heights: Option<NamedBytes>,
    ) -> Result<Vec<Entry>, AddError> {
        let file = OpenFile::new(&rain.name, sha256(&rain.bytes), rain.bytes.clone(), stated)?;
        file.check()?;
        let terrain = heights.as_ref().map(Terrain::of).transpose();
        let mut terrain = terrain.map_err(AddError::Heights)?;
        for bounds in terrain.iter().flat_map(|_| file.bounds()) {
            terrain
                .iter()
                .try_for_each(|own| own.check_touches(bounds))
                .map_err(AddError::Heights)?;
        }
        if let Some((terrain, heights)) = terrain.as_mut().zip(heights) {
            self.terrains.keep(terrain, &heights)?;
        }
        let key = self.kept.add(&file.sha256, &rain.name, &rain.bytes)?;
        Ok(self.remember(file.with_key(&key)).entries(terrain.as_ref()))
    }

    /// Takes an array from the command line as the field that somebody says it is. Answers its id.
    ///
    /// # Errors
    /// For another shape, and for what is no rain.
    pub fn bring_array(
        &self,
        path: &Path,
        said: &Said,
        heights: Option<Terrain>,
    ) -> anyhow::Result<String> {
        let (entry, rain) = array::read(path, said, heights)?;
        let id = entry.id.clone();
        lock(&self.brought).arrays.insert(id.clone(), (entry, Arc::new(rain)));
        Ok(id)
    }

    /// Takes tiles from the command line as the network takes them; `is_exact`: also numbers that cannot be rain. Answers
    /// ids.
    ///
    /// # Errors
    /// For another shape, and for numbers that cannot be.
    pub fn bring_tiles(
        &self,
        path: &Path,
        refining: &Refining,
        is_exact: bool,
    ) -> anyhow::Result<Vec<String>> {
        let tiles = numbers::tiles(path)?;
        if !is_exact {
            tiles.iter().try_for_each(|(_, tile)| tile.check(refining))?;
        }
        let ids = tiles.iter().map(|(id, _)| id.clone()).collect();
        lock(&self.brought).tiles.extend(tiles);
        Ok(ids)
    }

    /// Takes a file of fields from the command line: the rain in it, or the variable of a name. Answers ids.
    ///
    /// # Errors
    /// For what cannot be read.
    pub fn bring(
        &self,
        path: &Path,
        variable: Option<&str>,
        stated: Option<i64>,
        heights: Option<&Terrain>,
    ) -> anyhow::Result<Vec<String>> {
        let bytes = files::read_file(path, MAX_FILE_BYTES)?;
        let sha256 = sha256(&bytes);
        let name = path.display().to_string();
        let mut file = OpenFile::of_variable(&name, sha256, bytes, (stated, variable))?;
        file.check()?;
        // Errors say the whole path as it was typed, results the name alone.
        file.name = files::name_of(path);
        let file = Arc::new(file);
        lock(&self.brought).files.push(file.clone());
        Ok(file.entries(heights).into_iter().map(|entry| entry.id).collect())
    }
}
