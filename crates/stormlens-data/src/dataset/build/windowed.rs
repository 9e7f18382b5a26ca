//! Writing the windowed file.

use std::collections::BTreeMap;
use std::path::Path;

use super::{BuildOptions, atomically, report};
use crate::dataset::selection::select_windows;
use crate::dataset::{DatasetError, Frames};
use crate::hdf5_stream::{Address, ChunkedDataset, Element, Hdf5Stream, automatic_chunk, compress};
use crate::request::Progress;
use crate::time;

/// Writes the windows of an intermediate file; gives their number for every group.
pub fn write(
    frames: &Frames,
    path: &Path,
    options: &BuildOptions,
    progress: &dyn Progress,
) -> Result<Vec<usize>, DatasetError> {
    let io = |cause| DatasetError::io(path, cause);
    let selections = select(frames, options, progress)?;
    let n_total = selections.iter().map(Vec::len).sum();
    atomically(path, |part| {
        let mut file = Hdf5Stream::create(part).map_err(io)?;
        let mut groups = Vec::new();
        let mut n_done = 0;
        for (name, starts) in frames.groups().into_iter().zip(&selections) {
            let mut group = GroupWriter::new(frames, name, options)?;
            let times = frames.times(name)?;
            for &start in starts {
                report(progress, "writing windows", n_done, n_total)?;
                n_done += 1;
                let window = &times[start..start + group.shape[0] as usize];
                let texts: Vec<String> = window.iter().map(|&t| time::format_knmi(t)).collect();
                group.compress(start)?;
                group.write(&mut file, start, &texts).map_err(io)?;
            }
            groups.push((name, group.finish(&mut file).map_err(io)?));
        }
        let root = file.group(&groups).map_err(io)?;
        file.finish(root).map_err(io)?;
        Ok(selections.iter().map(Vec::len).collect())
    })
}

/// The first frames of the windows of every group.
fn select(
    frames: &Frames,
    options: &BuildOptions,
    progress: &dyn Progress,
) -> Result<Vec<Vec<usize>>, DatasetError> {
    let n_total = frames.groups().iter().map(|group| frames.len(group)).sum();
    let mut n_done = 0;
    let mut selections = Vec::new();
    for group in frames.groups() {
        let (height, width) = frames.size(group)?;
        let mut n_wet = Vec::with_capacity(frames.len(group));
        for i in 0..frames.len(group) {
            report(progress, "looking for rain", n_done, n_total)?;
            n_done += 1;
            n_wet.push(frames.read(group, i)?.iter().filter(|&&x| x > 0.0).count());
        }
        selections.push(select_windows(
            options.rule,
            frames.times(group)?,
            &n_wet,
            height * width,
            options.input_length + options.img_ahead,
            options.rain_threshold,
        ));
    }
    Ok(selections)
}

/// What one group needs while it is written: at most two windows of compressed chunks.
struct GroupWriter<'a> {
    frames: &'a Frames,
    group: &'a str,
    /// Frames of a window, height and width.
    shape: [u64; 3],
    chunk: [u64; 3],
    images: ChunkedDataset,
    timestamps: ChunkedDataset,
    n_windows: u64,
    /// Compressed tiles of the frames that begin at the key's first number and are as many as its
    /// second. Windows overlap, so most of a window has been compressed for an earlier one.
    tiles: BTreeMap<(usize, usize), Vec<Vec<u8>>>,
}

impl<'a> GroupWriter<'a> {
    fn new(
        frames: &'a Frames,
        group: &'a str,
        options: &BuildOptions,
    ) -> Result<Self, DatasetError> {
        let (height, width) = frames.size(group)?;
        let n_frames = (options.input_length + options.img_ahead) as u64;
        let shape = [n_frames, height as u64, width as u64];
        let chunk = automatic_chunk(&[1, shape[0], shape[1], shape[2]], Element::Float32);
        Ok(Self {
            frames,
            group,
            shape,
            chunk: [chunk[1], chunk[2], chunk[3]],
            images: ChunkedDataset::new(Element::Float32, &chunk),
            timestamps: ChunkedDataset::new(Element::Text, &[1, n_frames, 1]),
            n_windows: 0,
            tiles: BTreeMap::new(),
        })
    }

    /// First frames, within the window, of the chunks along time.
    fn chunk_starts(&self) -> impl Iterator<Item = u64> + use<> {
        (0..self.shape[0]).step_by(self.chunk[0] as usize)
    }

    /// Key of a chunk along time that begins at `offset` in the window that begins at `start`.
    fn key(&self, start: usize, offset: u64) -> (usize, usize) {
        let n_frames = self.chunk[0].min(self.shape[0] - offset);
        (start + offset as usize, n_frames as usize)
    }

    /// Compresses what the window at `start` needs and forgets what no later one does.
    fn compress(&mut self, start: usize) -> Result<(), DatasetError> {
        self.tiles.retain(|&(first, _), _| first >= start);
        for offset in self.chunk_starts() {
            let key = self.key(start, offset);
            if !self.tiles.contains_key(&key) {
                let block = (key.0..key.0 + key.1)
                    .map(|i| self.frames.read(self.group, i))
                    .collect::<Result<Vec<_>, _>>()?;
                let tiles = self.corners().map(|corner| compress(&self.tile(&block, corner)));
                let tiles = tiles.collect();
                self.tiles.insert(key, tiles);
            }
        }
        Ok(())
    }

    /// First row and column of the tiles of a frame, row-major.
    fn corners(&self) -> impl Iterator<Item = (u64, u64)> + use<> {
        let [_, height, width] = self.shape;
        let [_, tile_height, tile_width] = self.chunk;
        (0..height).step_by(tile_height as usize).flat_map(move |row| {
            (0..width).step_by(tile_width as usize).map(move |column| (row, column))
        })
    }

    /// The bytes of one chunk, padded with zeros where frames, rows or columns end inside it.
    fn tile(&self, block: &[Vec<f32>], (top, left): (u64, u64)) -> Vec<u8> {
        let [n_frames, tile_height, tile_width] = self.chunk;
        let [_, height, width] = self.shape;
        let n_columns = tile_width.min(width - left) as usize;
        let n_bytes = (n_frames * tile_height * tile_width * 4) as usize;
        let mut bytes = Vec::with_capacity(n_bytes);
        for frame in block {
            for row in top..top + tile_height {
                let row_end = bytes.len() + tile_width as usize * 4;
                if row < height {
                    let first = (row * width + left) as usize;
                    let values = &frame[first..first + n_columns];
                    bytes.extend(values.iter().flat_map(|v| v.to_le_bytes()));
                }
                bytes.resize(row_end, 0);
            }
        }
        bytes.resize(n_bytes, 0);
        bytes
    }

    /// Writes the window at `start` with the times of its frames.
    fn write(
        &mut self,
        file: &mut Hdf5Stream,
        start: usize,
        texts: &[String],
    ) -> std::io::Result<()> {
        for offset in self.chunk_starts() {
            let tiles = &self.tiles[&self.key(start, offset)];
            for (tile, (row, column)) in tiles.iter().zip(self.corners()) {
                let offsets = [self.n_windows, offset, row, column];
                file.write_compressed(&mut self.images, &offsets, tile)?;
            }
        }
        file.write_texts(&mut self.timestamps, &[self.n_windows, 0, 0], texts)?;
        self.n_windows += 1;
        Ok(())
    }

    fn finish(self, file: &mut Hdf5Stream) -> std::io::Result<Address> {
        let [n_frames, height, width] = self.shape;
        let images =
            file.finish_dataset(&self.images, &[self.n_windows, n_frames, height, width])?;
        let timestamps = file.finish_dataset(&self.timestamps, &[self.n_windows, n_frames, 1])?;
        file.group(&[("images", images), ("timestamps", timestamps)])
    }
}
