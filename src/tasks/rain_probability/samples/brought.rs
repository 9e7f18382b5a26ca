//! What the command line brings for one run of the program: numbers as a network takes them, fields of files, and folders in
//! the layout of the authors.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context as _, bail, ensure};
use jiff::Timestamp;
use stormlens_data::card::FieldsCard;
use stormlens_data::field::FieldError;
use stormlens_data::files::npy::{read_npy_f32, read_npy_u8};
use stormlens_data::files::{name_of, read_file};
use stormlens_data::hash::sha256;
use stormlens_data::probability::ReferenceFolder;
use stormlens_data::time::format_utc;

use super::opened::OpenFiles;
use super::{Credit, Entry, Loaded};
use crate::web::upload::NamedBytes;

const MAX_FILE_BYTES: u64 = 1 << 30;

/// By their ids.
#[derive(Default)]
pub struct Brought {
    numbers: BTreeMap<String, Numbers>,
    files: BTreeMap<String, (Arc<OpenFiles>, Timestamp)>,
    folders: BTreeMap<String, (Arc<ReferenceFolder>, usize)>,
}

/// One input as the network takes it.
struct Numbers {
    shape: [usize; 3],
    values: Vec<f32>,
    masked: Option<Vec<bool>>,
    is_only_one: bool,
    credit: Credit,
}

impl Brought {
    pub fn find(&self, id: &str) -> Option<Entry> {
        let entry = |title: String| Entry { id: id.to_owned(), title, is_sample: false };
        if let Some(numbers) = self.numbers.get(id) {
            return Some(entry(format!("numbers of {}", numbers.credit.files.join(", "))));
        }
        if let Some((files, time)) = self.files.get(id) {
            let names = files.credit.files.join(", ");
            return Some(entry(format!("{names}, {}", format_utc(*time))));
        }
        let (folder, number) = self.folders.get(id)?;
        Some(entry(format!("the fields of {}", folder.times().get(*number)?)))
    }

    pub fn suits(&self, id: &str, card: &FieldsCard) -> bool {
        match self.numbers.get(id) {
            Some(numbers) => numbers.shape == shape(card),
            None => true,
        }
    }

    pub fn load(&self, id: &str, card: &FieldsCard) -> Result<Loaded, FieldError> {
        let refuse = |what: String| FieldError::Domains { what };
        let bare = |values: Vec<f32>, credit: Credit| Loaded {
            values,
            is_normalised: true,
            found: Vec::new(),
            gauges: Vec::new(),
            world: None,
            masked: None,
            is_only_one: false,
            end: None,
            left_out: Vec::new(),
            credit,
        };
        if let Some(numbers) = self.numbers.get(id) {
            let Numbers { values, masked, is_only_one, credit, .. } = numbers;
            let loaded = bare(values.clone(), credit.clone());
            return Ok(Loaded { masked: masked.clone(), is_only_one: *is_only_one, ..loaded });
        }
        if let Some((files, time)) = self.files.get(id) {
            return files.load(*time, card);
        }
        let known = self.folders.get(id);
        let (folder, number) =
            known.ok_or_else(|| refuse(format!("there are no fields {id:?}")))?;
        let values = folder.input(*number).map_err(|error| refuse(error.to_string()))?;
        let sha256 =
            sha256(&values.iter().flat_map(|value| value.to_le_bytes()).collect::<Vec<_>>());
        let files = vec![folder.times()[*number].clone()];
        Ok(bare(values, credit(files, sha256)))
    }

    /// `[n, channels, rows, columns]` or one without `n`, normalised; of a mask `[n, tokens]`, 1 is hidden.
    ///
    /// # Errors
    /// For arrays of another shape or type, for values that are no numbers, and for a mask of another number of inputs.
    pub fn bring_numbers(
        &mut self,
        path: &Path,
        mask: Option<&Path>,
        card: &FieldsCard,
    ) -> anyhow::Result<Vec<String>> {
        let name = path.display().to_string();
        let (found, values) = read_npy_f32(path)?;
        let [channels, rows, columns] = shape(card);
        let n = match found[..] {
            [n, c, h, w] if [c, h, w] == shape(card) => n,
            [c, h, w] if [c, h, w] == shape(card) => 1,
            _ => bail!(
                "{name} has the shape {found:?}; these weights take [number, {channels}, {rows}, {columns}]"
            ),
        };
        ensure!(n > 0, "{name} holds no input");
        if let Some(place) = values.iter().position(|value| value.is_infinite()) {
            bail!(
                "{name}: value {} is infinite; missing values are NaN and hide their token",
                place + 1
            );
        }
        let masks = mask.map(|mask| read_masks(mask, n, n_tokens(card))).transpose()?;
        let sha256 = sha256(&read_file(path, MAX_FILE_BYTES)?);
        let mut ids = Vec::new();
        for (i, one) in values.chunks_exact(channels * rows * columns).enumerate() {
            let id = format!("{}.{}", &sha256[..16], i + 1);
            let numbers = Numbers {
                shape: shape(card),
                values: one.to_vec(),
                masked: masks.as_ref().map(|masks| masks[i].clone()),
                is_only_one: n == 1 && found.len() == 4,
                credit: credit(vec![name_of(path)], sha256.clone()),
            };
            self.numbers.insert(id.clone(), numbers);
            ids.push(id);
        }
        Ok(ids)
    }

    /// NetCDF and GRIB, which together hold the fields of a time.
    ///
    /// # Errors
    /// For what cannot be read, and where it is not clear which time is meant.
    pub fn bring_files(
        &mut self,
        paths: &[PathBuf],
        time: Option<Timestamp>,
    ) -> anyhow::Result<String> {
        let (mut files, mut hashes) = (Vec::new(), String::new());
        for path in paths {
            let bytes = read_file(path, MAX_FILE_BYTES)?;
            hashes += &sha256(&bytes);
            // Tables and files name what was found by this name.
            files.push(NamedBytes { name: name_of(path), bytes });
        }
        let sha256 = sha256(hashes.as_bytes());
        let names = files.iter().map(|file| file.name.clone()).collect();
        let open = OpenFiles::new(files, credit(names, sha256.clone()))?;
        let time = match time {
            Some(time) => time,
            None => only_time(&open)?,
        };
        let id = format!("{}.{}", &sha256[..16], time.as_second());
        self.files.insert(id.clone(), (Arc::new(open), time));
        Ok(id)
    }

    /// All times that a list of a folder names.
    ///
    /// # Errors
    /// As [`ReferenceFolder::open`].
    pub fn bring_folder(
        &mut self,
        root: &Path,
        index: &str,
        card: &FieldsCard,
    ) -> anyhow::Result<Vec<String>> {
        let folder = ReferenceFolder::open(root, index, &card.fields, false)
            .with_context(|| root.display().to_string())?;
        let folder = Arc::new(folder);
        let mut ids = Vec::new();
        for (number, time) in folder.times().iter().enumerate() {
            let id = format!("folder-{time}");
            self.folders.insert(id.clone(), (folder.clone(), number));
            ids.push(id);
        }
        Ok(ids)
    }
}

fn credit(files: Vec<String>, sha256: String) -> Credit {
    let [source, licence] = ["a file of the user", "not stated"].map(str::to_owned);
    Credit { source, licence, files, sha256 }
}

/// Channels, rows and columns that weights take.
fn shape(card: &FieldsCard) -> [usize; 3] {
    let [rows, columns] = card.fields.size;
    [card.fields.n_channels(), rows, columns]
}

fn n_tokens(card: &FieldsCard) -> usize {
    shape(card).iter().zip(card.patch).map(|(whole, part)| whole / part.max(1)).product()
}

fn read_masks(path: &Path, n: usize, n_tokens: usize) -> anyhow::Result<Vec<Vec<bool>>> {
    let name = path.display();
    let (shape, values) = read_npy_u8(path)?;
    ensure!(
        shape[..] == [n, n_tokens],
        "{name} has the shape {shape:?}; a mask of {n} inputs is [{n}, {n_tokens}]"
    );
    if let Some(other) = values.iter().find(|value| **value > 1) {
        bail!("{name} holds {other}; a token is 1 (hidden) or 0");
    }
    let masks: Vec<Vec<bool>> =
        values.chunks_exact(n_tokens).map(|mask| mask.iter().map(|&v| v == 1).collect()).collect();
    match masks.iter().position(|mask| mask.iter().all(|&hidden| hidden)) {
        Some(place) => bail!("{name} hides all of input {}", place + 1),
        None => Ok(masks),
    }
}

/// The end of the only interval that the fields of the files have.
fn only_time(files: &OpenFiles) -> anyhow::Result<Timestamp> {
    let ends = files.ends();
    match ends[..] {
        [only] => Ok(only),
        [] => bail!("the fields say no time: a network looks at fields of one time"),
        [first, .., last] => bail!(
            "the files hold {} times, {} to {}: name one with --end (of moments that make up a day, the end of the day)",
            ends.len(),
            format_utc(first),
            format_utc(last)
        ),
    }
}
