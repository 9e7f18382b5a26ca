//! Compression of answers on their way: of text, and of nothing that is compressed already.

use tower_http::compression::CompressionLayer;
use tower_http::compression::predicate::{And, DefaultPredicate, NotForContentType, Predicate};

/// What is compressed already and would only take time again. Pictures but SVG, and streams of events,
/// are left alone by default.
const PACKED: [&str; 3] = ["font/woff2", "application/pdf", "application/zip"];

type Text =
    And<And<And<DefaultPredicate, NotForContentType>, NotForContentType>, NotForContentType>;

/// Packs text and numbers with gzip where the client takes that.
pub fn layer() -> CompressionLayer<Text> {
    let [font, pdf, zip] = PACKED.map(NotForContentType::const_new);
    CompressionLayer::new().compress_when(DefaultPredicate::new().and(font).and(pdf).and(zip))
}
