//! What visitors brought: one file, or several that belong together, kept under hashes.
//!
//! Several are known by a list of their hashes, which is kept as a file of its own, so that an address names all of them and
//! the same files brought again under the same names have the same one. The name of the list is their names, line by line.

use std::fmt::Write as _;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use jiff::Timestamp;
use jiff::civil::DateTime;
use stormlens_data::card::FieldsCard;
use stormlens_data::field::FieldError;
use stormlens_data::hash::sha256;

use super::opened::OpenFiles;
use super::{Credit, Entry, Loaded};
use crate::disk;
use crate::web::format;
use crate::web::upload::{KeepError, Kept, NamedBytes, first_digits, is_key};

/// The first line of a list of hashes.
const LIST: &str = "stormlens: files that belong together\n";
/// Times in names of samples.
const TIME: &str = "%Y%m%dT%H%M%SZ";
/// Uploads whose bytes stay in memory.
const N_OPENED: usize = 4;

/// Files that came together.
pub struct Upload {
    /// In addresses.
    pub key: String,
    /// All that have to be there.
    hashes: Vec<String>,
    pub files: OpenFiles,
}

impl Upload {
    /// Opens files, each with its hash, in the order of these.
    fn new(files: Vec<(String, NamedBytes)>) -> Result<Self, FieldError> {
        let mut hashes: Vec<String> = files.iter().map(|(hash, _)| hash.clone()).collect();
        let whole = match &hashes[..] {
            [only] => only.clone(),
            several => {
                let list = sha256(list(several).as_bytes());
                hashes.push(list.clone());
                list
            }
        };
        let files: Vec<NamedBytes> = files.into_iter().map(|(_, file)| file).collect();
        let names: Vec<String> = files.iter().map(|file| file.name.clone()).collect();
        let credit = Credit {
            source: title(&names),
            licence: "licence not stated in the file".to_owned(),
            files: names,
            sha256: whole.clone(),
        };
        Ok(Self { key: first_digits(&whole), hashes, files: OpenFiles::new(files, credit)? })
    }

    /// The name of the sample at a time.
    pub fn id(&self, time: Timestamp) -> String {
        format!("{}.{}", self.key, time.strftime(TIME))
    }

    pub fn title(&self) -> String {
        title(&self.files.credit.files)
    }

    pub fn entry(&self, time: Timestamp) -> Entry {
        let title = format!("{}, {}", self.title(), format::date_time(time));
        Entry { id: self.id(time), title, is_sample: false }
    }
}

/// `fields.nc`, or `a.grib and 3 more files`.
fn title(names: &[String]) -> String {
    match names {
        [] => String::new(),
        [only] => only.clone(),
        [first, second] => format!("{first} and {second}"),
        [first, rest @ ..] => format!("{first} and {} more files", rest.len()),
    }
}

/// The upload that an id is of, and the time that is meant.
pub fn parse(id: &str) -> Option<(&str, Timestamp)> {
    let (key, text) = id.split_once('.').filter(|(key, _)| is_key(key))?;
    let time = DateTime::strptime(TIME.trim_end_matches('Z'), text.strip_suffix('Z')?).ok()?;
    let time = time.to_zoned(jiff::tz::TimeZone::UTC).ok()?.timestamp();
    (time.strftime(TIME).to_string() == text).then_some((key, time))
}

fn list(hashes: &[String]) -> String {
    hashes.iter().fold(LIST.to_owned(), |mut text, hash| {
        // Writing to a text cannot fail.
        let _ = writeln!(text, "{hash}");
        text
    })
}

/// The hashes of a list; `None` for any other file.
fn parse_list(bytes: &[u8]) -> Option<Vec<String>> {
    let text = std::str::from_utf8(bytes).ok()?.strip_prefix(LIST)?;
    let hashes: Vec<String> = text.lines().map(str::to_owned).collect();
    let is_list = hashes.len() > 1 && hashes.iter().all(|hash| disk::is_hash(hash));
    (is_list && list(&hashes).as_bytes() == bytes).then_some(hashes)
}

/// All uploads that are kept.
pub struct Uploads {
    kept: Arc<Kept>,
    /// Those that were looked at last, the newest first.
    opened: Mutex<Vec<Arc<Upload>>>,
}

impl Uploads {
    pub fn new(kept: Arc<Kept>) -> Self {
        Self { kept, opened: Mutex::default() }
    }

    fn opened(&self) -> MutexGuard<'_, Vec<Arc<Upload>>> {
        // Only whole entries come in, so that a panic leaves nothing half changed.
        self.opened.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Why no file can be kept now, if that is known.
    pub fn trouble(&self) -> Option<&'static str> {
        self.kept.trouble()
    }

    /// Opens files that came together; nothing is kept yet. A file that came twice counts once.
    ///
    /// # Errors
    /// For what cannot be read.
    pub fn open(files: &[NamedBytes]) -> Result<Upload, FieldError> {
        let mut files: Vec<(String, NamedBytes)> =
            files.iter().map(|file| (sha256(&file.bytes), file.clone())).collect();
        files.sort_by(|(a, _), (b, _)| a.cmp(b));
        files.dedup_by(|(a, _), (b, _)| a == b);
        Upload::new(files)
    }

    /// Keeps what was opened, which gives it its key.
    ///
    /// # Errors
    /// Where it cannot be written, or is more than is kept of all.
    pub fn keep(
        &self,
        mut upload: Upload,
        files: Vec<NamedBytes>,
    ) -> Result<Arc<Upload>, KeepError> {
        let mut files: Vec<(String, NamedBytes)> =
            files.into_iter().map(|file| (sha256(&file.bytes), file)).collect();
        if let [of_files @ .., _] = &upload.hashes[..]
            && !of_files.is_empty()
        {
            let bytes = list(of_files).into_bytes();
            let name = upload.files.credit.files.join("\n");
            files.push((sha256(&bytes), NamedBytes { name, bytes }));
        }
        upload.key = self.kept.add_all(&files)?;
        Ok(self.remember(upload))
    }

    fn remember(&self, upload: Upload) -> Arc<Upload> {
        let upload = Arc::new(upload);
        let mut opened = self.opened();
        opened.retain(|other| other.key != upload.key);
        opened.insert(0, upload.clone());
        opened.truncate(N_OPENED);
        upload
    }

    /// The upload of that name; `None` where it, or one of its files, is not there any more.
    pub fn find(&self, key: &str) -> Option<Arc<Upload>> {
        if !is_key(key) {
            return None;
        }
        let known = self.opened().iter().find(|upload| upload.key == key).cloned();
        if let Some(upload) = known {
            upload.hashes.iter().for_each(|hash| self.kept.touch(hash));
            return Some(upload);
        }
        let (name, hash) = self.kept.find(key)?;
        let bytes = self.kept.read(&hash)?;
        let files = match parse_list(&bytes) {
            None => vec![(hash, NamedBytes { name, bytes })],
            Some(hashes) => self.files(&hashes, &name)?,
        };
        let opened = Upload::new(files);
        let opened = opened.inspect_err(|error| tracing::info!(%error, "no fields of that name"));
        Some(self.remember(Upload { key: key.to_owned(), ..opened.ok()? }))
    }

    /// Files of a list, by the names that the list has; an older one has none.
    fn files(&self, hashes: &[String], names: &str) -> Option<Vec<(String, NamedBytes)>> {
        let names: Vec<&str> = names.lines().collect();
        let file = |(place, hash): (usize, &String)| {
            let (first, hash) = self.kept.find(hash)?;
            let name = if names.len() == hashes.len() { names[place].to_owned() } else { first };
            let bytes = self.kept.read(&hash)?;
            Some((hash, NamedBytes { name, bytes }))
        };
        hashes.iter().enumerate().map(file).collect()
    }

    /// What an id means, where a field of some time is there.
    pub fn entry(&self, id: &str) -> Option<Entry> {
        let (key, time) = parse(id)?;
        let upload = self.find(key)?;
        upload.files.may_have(time).then(|| upload.entry(time))
    }

    /// The fields of an id on the grid of some weights; `None` where it is not there.
    pub fn load(&self, id: &str, card: &FieldsCard) -> Option<Result<Loaded, FieldError>> {
        let (key, time) = parse(id)?;
        Some(self.find(key)?.files.load(time, card))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_read_as_it_is_written() {
        let id = "0123456789abcdef.20070522T000000Z";
        let (key, time) = parse(id).expect("an id");
        assert_eq!((key, time), ("0123456789abcdef", "2007-05-22T00:00:00Z".parse().unwrap()));
        for other in [
            "0123456789abcdef",
            "0123456789abcdef_0.20070522T000000Z",
            "0123456789abcdef.",
            "0123456789abcdef.1",
            "0123456789abcdeF.20070522T000000Z",
            "0123456789abcde.20070522T000000Z",
            "0123456789abcdef.20070522T000000",
            "0123456789abcdef.20070532T000000Z",
            "0123456789abcdef.2007-05-22T00:00:00Z",
            "0123456789abcdef.20070522T000000Z.1",
            "iberia-2007-05-22",
        ] {
            assert_eq!(parse(other), None, "{other}");
        }
    }

    /// What is no whole list is a file like any other, wherever it is damaged.
    #[test]
    fn a_damaged_list_is_none() {
        let hashes = ["a", "b"].map(|text| sha256(text.as_bytes()));
        let text = list(&hashes).into_bytes();
        assert_eq!(parse_list(&text), Some(hashes.to_vec()));
        for end in 0..text.len() {
            assert_eq!(parse_list(&text[..end]), None, "cut at {end}");
        }
        for place in 0..text.len() {
            for change in [b' ', b'\n', b'.', 0xff] {
                let mut damaged = text.clone();
                if damaged[place] != change {
                    damaged[place] = change;
                    assert_eq!(parse_list(&damaged), None, "{change} at {place}");
                }
            }
        }
        assert_eq!(parse_list(list(&hashes[..1]).as_bytes()), None, "one file is no list");
    }
}
