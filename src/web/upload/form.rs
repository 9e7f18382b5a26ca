//! Forms that hold files: which parts they may have, and how those are read within their limits.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::multipart::{Field, Multipart, MultipartError};
use axum::extract::{DefaultBodyLimit, FromRequest, Request};
use axum::http::HeaderMap;
use axum::http::header::CONTENT_TYPE;

use super::{Halt, Meter};

/// A file as it came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NamedBytes {
    /// Cleaned, so that it may stand on a page.
    pub name: String,
    pub bytes: Vec<u8>,
}

/// A part that a form may have.
#[derive(Clone, Copy, Debug)]
pub struct Part {
    pub name: &'static str,
    pub holds: Holds,
}

/// What a part holds.
#[derive(Clone, Copy, Debug)]
pub enum Holds {
    /// So many files at most.
    Files(usize),
    /// A text of so many bytes at most, and what it is, e.g. `a number`.
    Text(usize, &'static str),
}

impl Part {
    pub const fn files(name: &'static str, most: usize) -> Self {
        Self { name, holds: Holds::Files(most) }
    }

    pub const fn text(name: &'static str, max_bytes: usize, what: &'static str) -> Self {
        Self { name, holds: Holds::Text(max_bytes, what) }
    }
}

/// What was sent.
#[derive(Debug, Default)]
pub struct Form {
    files: Vec<(&'static str, NamedBytes)>,
    texts: Vec<(&'static str, String)>,
}

impl Form {
    /// The files of a part, in their order.
    pub fn take(&mut self, name: &str) -> Vec<NamedBytes> {
        let of_part = self.files.extract_if(.., |(part, _)| *part == name);
        of_part.map(|(_, file)| file).collect()
    }

    /// A text without space around it; `None` where there is none.
    pub fn text(&self, name: &str) -> Option<&str> {
        let text = self.texts.iter().rev().find(|(part, _)| *part == name);
        text.map(|(_, text)| text.trim()).filter(|text| !text.is_empty())
    }
}

/// Reads a body as a form, each file up to `max_bytes`.
///
/// # Errors
/// For what is no form, has other parts, is too large or breaks a limit of the meter.
pub(super) async fn read(
    headers: &HeaderMap,
    meter: &Arc<Meter>,
    known: &[Part],
    max_bytes: usize,
) -> Result<Form, Halt> {
    let mut parts = open(headers, meter).await?;
    let mut form = Form::default();
    while let Some(mut field) = parts.next_field().await.map_err(|_| broken(meter))? {
        let part = known.iter().find(|part| field.name() == Some(part.name));
        let Some(part) = part else { return Err(unknown(known)) };
        match part.holds {
            Holds::Files(most) => {
                // A file without bytes is none: browsers send one where nothing was chosen.
                let Some(file) = file(&mut field, meter, max_bytes).await? else { continue };
                form.files.push((part.name, file));
                let n_files = form.files.iter().filter(|(name, _)| *name == part.name).count();
                if n_files > most {
                    return Err(too_many(most));
                }
            }
            Holds::Text(max_bytes, what) => {
                let text = text(&mut field, meter, max_bytes).await?;
                let more = || Halt::Form(format!("has more in {} than {what}", part.name));
                form.texts.push((part.name, text.ok_or_else(more)?));
            }
        }
    }
    Ok(form)
}

fn unknown(known: &[Part]) -> Halt {
    let names: Vec<&str> = known.iter().map(|part| part.name).collect();
    Halt::Form(format!("has a field that is none of {}", names.join(", ")))
}

fn too_many(most: usize) -> Halt {
    Halt::Form(match most {
        1 => "holds a file twice: send one of each".to_owned(),
        most => format!("holds more than {most} files: send fewer at once"),
    })
}

async fn open(headers: &HeaderMap, meter: &Arc<Meter>) -> Result<Multipart, Halt> {
    let no_form = || Halt::Form("is no form (multipart/form-data)".to_owned());
    let media_type = headers.get(CONTENT_TYPE).ok_or_else(no_form)?;
    let request = Request::builder()
        .header(CONTENT_TYPE, media_type)
        .body(Body::from_stream(meter.clone().stream()));
    let mut request = request.map_err(|_| no_form())?;
    // The meter has its own limits; axum's would cut every form at 2 MiB.
    DefaultBodyLimit::disable().apply(&mut request);
    Multipart::from_request(request, &()).await.map_err(|_| no_form())
}

fn broken(meter: &Meter) -> Halt {
    let damaged = || Halt::Form("is no form that can be read, or broke off".to_owned());
    meter.problem().unwrap_or_else(damaged)
}

async fn file(
    field: &mut Field<'_>,
    meter: &Meter,
    max_bytes: usize,
) -> Result<Option<NamedBytes>, Halt> {
    let name = clean(field.file_name().unwrap_or_default());
    let mut bytes = Vec::new();
    while let Some(piece) = field.chunk().await.map_err(|_: MultipartError| broken(meter))? {
        if bytes.len() + piece.len() > max_bytes {
            return Err(Halt::TooLarge { max_bytes });
        }
        bytes.extend_from_slice(&piece);
        meter.deliver(piece.len());
    }
    Ok((!bytes.is_empty()).then_some(NamedBytes { name, bytes }))
}

/// `None` for one that is longer.
async fn text(
    field: &mut Field<'_>,
    meter: &Meter,
    max_bytes: usize,
) -> Result<Option<String>, Halt> {
    let mut bytes = Vec::new();
    while let Some(piece) = field.chunk().await.map_err(|_: MultipartError| broken(meter))? {
        if bytes.len() + piece.len() > max_bytes {
            return Ok(None);
        }
        bytes.extend_from_slice(&piece);
    }
    Ok(Some(String::from_utf8_lossy(&bytes).into_owned()))
}

/// The name of a file that has none.
pub(super) const UNNAMED: &str = "a file";

/// A name that may stand on a page, of at most so many characters.
fn clean(name: &str) -> String {
    const MAX_CHARS: usize = 100;
    let last = name.rsplit(['/', '\\']).next().unwrap_or_default();
    let seen: String = last.chars().filter(|c| !c.is_control()).take(MAX_CHARS).collect();
    if seen.trim().is_empty() { UNNAMED.to_owned() } else { seen.trim().to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_files_may_stand_on_a_page() {
        let long = "é".repeat(300);
        for (name, expected) in [
            ("a.nc", "a.nc"),
            ("/home/me/a.nc", "a.nc"),
            ("C:\\data\\a.nc", "a.nc"),
            ("a\u{0}\n.nc", "a.nc"),
            ("", "a file"),
            (" / ", "a file"),
            (&long, &long[..200]),
        ] {
            assert_eq!(clean(name), expected, "{name}");
        }
    }
}
