//! Where a page of progress says that its events are.

use std::io::Read;

use flate2::read::GzDecoder;
use hyper::header::CONTENT_ENCODING;

use crate::client::Page;

/// The attribute that the script of the page reads.
const ATTRIBUTE: &str = "data-events=\"";

/// The address of the events of the run that a page waits for.
pub fn address(page: &Page) -> Option<String> {
    let is_gzip = page.headers.get(CONTENT_ENCODING).is_some_and(|coding| coding == "gzip");
    let mut text = String::new();
    let read = match is_gzip {
        true => GzDecoder::new(page.body.as_ref()).read_to_string(&mut text),
        false => page.body.as_ref().read_to_string(&mut text),
    };
    read.ok()?;
    let (_, rest) = text.split_once(ATTRIBUTE)?;
    Some(rest.split_once('"')?.0.to_owned())
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use flate2::Compression;
    use flate2::write::GzEncoder;
    use hyper::StatusCode;
    use hyper::header::HeaderMap;

    use super::*;

    fn page(body: &[u8], coding: Option<&str>) -> Page {
        let coding = coding.map(|coding| (CONTENT_ENCODING, coding.parse().unwrap()));
        let headers: HeaderMap = coding.into_iter().collect();
        Page { status: StatusCode::ACCEPTED, headers, body: body.to_vec().into() }
    }

    #[test]
    fn the_events_stand_in_the_page_compressed_or_not() {
        let html = br#"<section class="waiting" data-events="/jobs/0a/events"><h1>"#;
        assert_eq!(address(&page(html, None)).as_deref(), Some("/jobs/0a/events"));
        let mut gzip = GzEncoder::new(Vec::new(), Compression::default());
        gzip.write_all(html).unwrap();
        let bytes = gzip.finish().unwrap();
        assert_eq!(address(&page(&bytes, Some("gzip"))).as_deref(), Some("/jobs/0a/events"));
        for bad in [b"<h1>".as_slice(), b"data-events=\"", &bytes, b""] {
            assert_eq!(address(&page(bad, None)), None);
        }
        assert_eq!(address(&page(html, Some("gzip"))), None);
    }
}
