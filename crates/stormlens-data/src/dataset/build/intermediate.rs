//! Writing the intermediate file: every usable frame once.

use std::path::Path;

use jiff::Timestamp;

use super::{Skipped, Split, atomically, report};
use crate::archive::Archive;
use crate::dataset::DatasetError;
use crate::hdf5_stream::{Address, ChunkedDataset, Element, Hdf5Stream};
use crate::import::knmi::CROP_SIZE;
use crate::request::Progress;
use crate::time;

const SIZE: u64 = CROP_SIZE as u64;
/// Timestamps of one chunk: three and a half days.
const N_TIMES: u64 = 1024;

/// Writes the frames of an archive; gives the files that could not be used.
pub fn write(
    archive: &Archive,
    path: &Path,
    split: &Split,
    progress: &dyn Progress,
) -> Result<Vec<Skipped>, DatasetError> {
    let io = |cause| DatasetError::io(path, cause);
    atomically(path, |part| {
        let mut writer = Writer {
            file: Hdf5Stream::create(part).map_err(io)?,
            path,
            progress,
            n_done: 0,
            n_total: archive.times().len(),
            skipped: Vec::new(),
        };
        let mut groups = Vec::new();
        for &name in split.groups() {
            let times: Vec<_> = archive.times().filter(|&t| split.group(t) == name).collect();
            groups.push((name, writer.group(archive, &times)?));
        }
        let root = writer.file.group(&groups).map_err(io)?;
        writer.file.finish(root).map_err(io)?;
        Ok(writer.skipped)
    })
}

struct Writer<'a> {
    file: Hdf5Stream,
    path: &'a Path,
    progress: &'a dyn Progress,
    n_done: usize,
    n_total: usize,
    skipped: Vec<Skipped>,
}

impl Writer<'_> {
    fn group(&mut self, archive: &Archive, times: &[Timestamp]) -> Result<Address, DatasetError> {
        // One frame a chunk: whoever reads this file reads whole frames.
        let mut images = ChunkedDataset::new(Element::Float32, &[1, SIZE, SIZE]);
        let mut texts = Vec::new();
        for &time in times {
            report(self.progress, "reading radar frames", self.n_done, self.n_total)?;
            self.n_done += 1;
            match archive.known(time) {
                Ok(values) => {
                    let offsets = [texts.len() as u64, 0, 0];
                    self.io(|file| file.write_floats(&mut images, &offsets, &values))?;
                    texts.push(time::format_knmi(time));
                }
                Err(error) => {
                    let file = archive.file_name(time).unwrap_or_default().to_owned();
                    self.skipped.push(Skipped { file, reason: error.to_string() });
                }
            }
        }
        let n = texts.len() as u64;
        let images = self.io(|file| file.finish_dataset(&images, &[n, SIZE, SIZE]))?;
        let timestamps = self.timestamps(&texts)?;
        self.io(|file| file.group(&[("images", images), ("timestamps", timestamps)]))
    }

    fn timestamps(&mut self, texts: &[String]) -> Result<Address, DatasetError> {
        let n = texts.len() as u64;
        let n_chunk = n.clamp(1, N_TIMES);
        let mut timestamps = ChunkedDataset::new(Element::Text, &[n_chunk, 1]);
        for (i, some) in texts.chunks(n_chunk as usize).enumerate() {
            self.io(|file| file.write_texts(&mut timestamps, &[i as u64 * n_chunk, 0], some))?;
        }
        self.io(|file| file.finish_dataset(&timestamps, &[n, 1]))
    }

    fn io<T>(
        &mut self,
        write: impl FnOnce(&mut Hdf5Stream) -> std::io::Result<T>,
    ) -> Result<T, DatasetError> {
        write(&mut self.file).map_err(|cause| DatasetError::io(self.path, cause))
    }
}
