//! Rain that comes in: uploads, which are kept, and files from the command line, for one run of the program.

use std::path::Path;
use std::sync::Arc;

use stormlens_data::field::FieldError;
use stormlens_data::files;
use stormlens_data::hash::sha256;

use super::opened::OpenFile;
use super::{Entry, Fields, MAX_FILE_BYTES, Said, array, is_array, lock, numbers};
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
        let terrain = heights.as_ref().map(Terrain::of).transpose();
        let terrain = terrain.map_err(AddError::Heights)?;
        for bounds in terrain.iter().flat_map(|_| file.bounds()) {
            terrain
                .iter()
                .try_for_each(|own| own.check_touches(bounds))
                .map_err(AddError::Heights)?;
        }
        if let Some((terrain, heights)) = terrain.clone().zip(heights) {
            self.terrains.keep(terrain, &heights)?;
        }
        self.kept.add(&file.sha256, &rain.name, &rain.bytes)?;
        Ok(self.remember(file).entries(terrain.as_ref()))
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

    /// Takes a file from the command line: fields, or tiles as `.npy`. Answers ids.
    ///
    /// # Errors
    /// For what cannot be read.
    pub fn bring(
        &self,
        path: &Path,
        stated: Option<i64>,
        heights: Option<&Terrain>,
    ) -> anyhow::Result<Vec<String>> {
        if is_array(path) {
            let tiles = numbers::tiles(path)?;
            let ids = tiles.iter().map(|(id, _)| id.clone()).collect();
            lock(&self.brought).tiles.extend(tiles);
            return Ok(ids);
        }
        let bytes = files::read_file(path, MAX_FILE_BYTES)?;
        let sha256 = sha256(&bytes);
        let file = Arc::new(OpenFile::new(&path.display().to_string(), sha256, bytes, stated)?);
        lock(&self.brought).files.push(file.clone());
        Ok(file.entries(heights).into_iter().map(|entry| entry.id).collect())
    }
}
