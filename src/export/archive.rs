//! A ZIP archive that says what is in it.

use std::io::{Cursor, Write as _};

use stormlens_data::outcome::Provenance;
use stormlens_data::request::Request;
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

use super::{ExportError, Recipe, pdf, png, svg};

/// An archive being written, with what each file is.
pub struct Archive {
    zip: ZipWriter<Cursor<Vec<u8>>>,
    contents: Vec<(String, String)>,
}

impl Default for Archive {
    fn default() -> Self {
        Self { zip: ZipWriter::new(Cursor::default()), contents: Vec::new() }
    }
}

impl Archive {
    pub fn add(&mut self, name: &str, what: &str, bytes: &[u8]) -> Result<(), ExportError> {
        self.contents.push((name.to_owned(), what.to_owned()));
        self.write(name, bytes)
    }

    /// A drawn figure as SVG, PNG and PDF.
    pub fn add_figure(
        &mut self,
        drawn: &str,
        recipe: &Recipe,
        dpi: u32,
    ) -> Result<(), ExportError> {
        let (name, what) = (self.figure_name(&recipe.figure), &recipe.description);
        self.add(&format!("figures/{name}.svg"), what, &svg(drawn, recipe)?)?;
        self.add(&format!("figures/{name}.png"), what, &png(drawn, dpi, recipe)?)?;
        self.add(&format!("figures/{name}.pdf"), what, &pdf(drawn, recipe)?)
    }

    /// The file name of a figure. Two long names may be cut to one; then a number tells them apart.
    fn figure_name(&self, figure: &str) -> String {
        let name = file_name(figure);
        let numbered = (2..).map(|n| format!("{name}-{n}"));
        let is_free = |name: &String| {
            let file = format!("figures/{name}.svg");
            self.contents.iter().all(|(known, _)| *known != file)
        };
        let mut names = std::iter::once(name.clone()).chain(numbered);
        names.find(is_free).expect("numbers do not end")
    }

    fn write(&mut self, name: &str, bytes: &[u8]) -> Result<(), ExportError> {
        // A fixed date, so that equal results give equal archives.
        let options = SimpleFileOptions::default().last_modified_time(zip::DateTime::default());
        self.zip.start_file(name, options).map_err(|e| ExportError::Zip(e.to_string()))?;
        self.zip.write_all(bytes).map_err(|e| ExportError::Zip(e.to_string()))
    }

    /// The archive's bytes, with a `README.txt` about all of it.
    pub fn finish(
        mut self,
        title: &str,
        request: &Request,
        provenance: &Provenance,
    ) -> Result<Vec<u8>, ExportError> {
        let readme = readme(title, request, provenance, &self.contents);
        self.write("README.txt", readme.as_bytes())?;
        let cursor = self.zip.finish().map_err(|e| ExportError::Zip(e.to_string()))?;
        Ok(cursor.into_inner())
    }
}

/// A name that every file system takes.
pub(super) fn file_name(name: &str) -> String {
    let plain = |c: char| if c.is_ascii_alphanumeric() || "._-,".contains(c) { c } else { '_' };
    let name: String = name.chars().map(plain).collect();
    // A grid of all layers has a name longer than file systems take.
    match name.char_indices().nth(100) {
        Some((cut, _)) => format!("{}-etc", &name[..cut]),
        None => name,
    }
}

fn readme(
    title: &str,
    request: &Request,
    provenance: &Provenance,
    contents: &[(String, String)],
) -> String {
    let Provenance { program, weights_sha256, data_source, data_licence, data_sha256, .. } =
        provenance;
    let mut text = format!(
        "{title}\n\nMade by {program} from the request\n    {request}\n\
         Weights: SHA-256 {weights_sha256}\n\
         Data: {data_source}, {data_licence}, SHA-256 {data_sha256}\n\n\
         Every figure carries its recipe: `stormlens render FIGURE --output NEW.pdf` draws it again.\n\
         Cite the works in citations.bib.\n\nFiles\n",
    );
    for (name, what) in contents {
        text.push_str(&format!("\n{name}\n    {what}\n"));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_names_are_cut_and_told_apart() {
        let long = format!("grid-{}", "grad_cam/cbam5,".repeat(20));
        let mut archive = Archive::default();
        let first = archive.figure_name(&long);
        assert!(first.starts_with("grid-grad_cam_cbam5,") && first.len() < 110, "{first}");
        archive.add(&format!("figures/{first}.svg"), "a figure", b"").expect("it is written");
        assert_eq!(archive.figure_name(&(long + "x")), format!("{first}-2"));
        assert_eq!(archive.figure_name("map-scene"), "map-scene");
    }
}
