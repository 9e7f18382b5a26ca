//! What GDAL says of the bands of a TIFF: names, units, scale and offset (tag 42112), missing values (42113).

use super::PictureError;

/// Longer ones are not looked at, and so the file is not read.
const MAX_BYTES: usize = 1 << 20;

/// What is said of one band.
#[derive(Clone, Debug, PartialEq)]
pub struct Band {
    pub name: String,
    pub unit: String,
    /// A value is `scale` times the number in the file, plus `offset`.
    pub scale: f64,
    pub offset: f64,
}

impl Default for Band {
    fn default() -> Self {
        Self { name: String::new(), unit: String::new(), scale: 1.0, offset: 0.0 }
    }
}

impl Band {
    pub fn is_scaled(&self) -> bool {
        self.scale != 1.0 || self.offset != 0.0
    }

    /// Whether the unit is a decibel.
    pub fn is_in_decibels(&self) -> bool {
        matches!(self.unit.to_ascii_lowercase().as_str(), "db" | "decibel" | "decibels")
    }
}

/// Reads the XML of tag 42112 for so many bands.
///
/// # Errors
/// For what is no XML, and for a scale or an offset that is no number.
pub fn read(xml: &str, n_bands: usize) -> Result<Vec<Band>, PictureError> {
    let mut bands = vec![Band::default(); n_bands];
    let xml = xml.trim_matches(['\0', ' ', '\n', '\r']);
    if xml.is_empty() {
        return Ok(bands);
    }
    let refuse = |what: &str| PictureError::damaged(format!("its GDAL_METADATA {what}"));
    if xml.len() > MAX_BYTES {
        return Err(refuse("is out of proportion"));
    }
    let document = roxmltree::Document::parse(xml).map_err(|_| refuse("is no XML"))?;
    for item in document.descendants().filter(|node| node.has_tag_name("Item")) {
        let band = item.attribute("sample").and_then(|sample| sample.parse::<usize>().ok());
        let Some(band) = band.and_then(|band| bands.get_mut(band)) else { continue };
        let text = item.text().unwrap_or_default().trim();
        let number = || {
            let number = text.parse().ok().filter(|number: &f64| number.is_finite());
            number.ok_or_else(|| refuse("has a scale or an offset that is no number"))
        };
        match item.attribute("role") {
            Some("scale") => band.scale = number()?,
            Some("offset") => band.offset = number()?,
            Some("unittype") => text.clone_into(&mut band.unit),
            Some("description") => text.clone_into(&mut band.name),
            _ => {}
        }
    }
    if bands.iter().any(|band| band.scale == 0.0) {
        return Err(refuse("has a scale of 0"));
    }
    Ok(bands)
}

/// Reads tag 42113.
///
/// # Errors
/// For what is no number.
pub fn missing_value(text: &str) -> Result<Option<f64>, PictureError> {
    let text = text.trim_matches(['\0', ' ', '\n', '\r']);
    if text.is_empty() {
        return Ok(None);
    }
    let refuse = || PictureError::damaged(format!("its GDAL_NODATA {text:?} is no number"));
    // `nan`, `inf` and `-inf` are numbers to GDAL, and to this parser.
    text.parse().map(Some).map_err(|_| refuse())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_gdal_says_of_bands_is_read() {
        let xml = "<GDALMetadata>\n\
             <Item name=\"DESCRIPTION\" sample=\"0\" role=\"description\">Sigma0_VV</Item>\n\
             <Item name=\"SCALE\" sample=\"1\" role=\"scale\">0.01</Item>\n\
             <Item name=\"OFFSET\" sample=\"1\" role=\"offset\">-5</Item>\n\
             <Item name=\"UNITTYPE\" sample=\"1\" role=\"unittype\">dB</Item>\n\
             <Item name=\"SCALE\" sample=\"9\" role=\"scale\">0</Item>\n\
             <Item name=\"AREA\">somewhere</Item>\n</GDALMetadata>\n\0";
        let bands = read(xml, 2).unwrap();
        assert_eq!(bands[0], Band { name: "Sigma0_VV".to_owned(), ..Band::default() });
        assert_eq!((bands[1].scale, bands[1].offset), (0.01, -5.0));
        assert!(bands[1].is_in_decibels() && bands[1].is_scaled() && !bands[0].is_scaled());
        assert_eq!(read("", 1).unwrap(), [Band::default()]);
    }

    #[test]
    fn what_cannot_be_meant_is_refused() {
        let item = |role: &str, text: &str| {
            format!("<GDALMetadata><Item sample=\"0\" role=\"{role}\">{text}</Item></GDALMetadata>")
        };
        for bad in [item("scale", "x"), item("scale", "0"), item("offset", "inf"), "<a>".to_owned()]
        {
            assert!(read(&bad, 1).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_missing_value_is_a_number() {
        assert_eq!(missing_value("-9999\0"), Ok(Some(-9999.0)));
        assert!(missing_value("nan").unwrap().unwrap().is_nan());
        assert_eq!(missing_value(""), Ok(None));
        assert!(missing_value("none").is_err());
    }
}
