//! Style sheet, script and fonts: part of the program, under addresses that change with them.

use std::sync::LazyLock;

use axum::extract::Path;
use axum::http::HeaderMap;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};
use sha2::{Digest, Sha256};
use stormlens_data::hash::finish;

use super::AppError;
use super::caching::EntityTag;
use crate::parameters::QuestionError;

struct Asset {
    name: &'static str,
    kind: &'static str,
    bytes: &'static [u8],
}

const ASSETS: [Asset; 5] = [
    Asset {
        name: "app.css",
        kind: "text/css; charset=utf-8",
        bytes: include_bytes!("../../static/app.css"),
    },
    Asset {
        name: "app.js",
        kind: "text/javascript; charset=utf-8",
        bytes: include_bytes!("../../static/app.js"),
    },
    Asset {
        name: "icon.svg",
        kind: "image/svg+xml",
        bytes: include_bytes!("../../static/icon.svg"),
    },
    Asset {
        name: "Inter-Regular.woff2",
        kind: "font/woff2",
        bytes: include_bytes!("../../static/fonts/Inter-Regular.woff2"),
    },
    Asset {
        name: "Inter-SemiBold.woff2",
        kind: "font/woff2",
        bytes: include_bytes!("../../static/fonts/Inter-SemiBold.woff2"),
    },
];

/// A hash over all files, so that one change gives all of them new addresses and files can name
/// each other by relative ones.
pub fn version() -> &'static str {
    static VERSION: LazyLock<String> = LazyLock::new(|| {
        let mut hash = Sha256::new();
        ASSETS.iter().for_each(|asset| hash.update(asset.bytes));
        finish(hash)[..12].to_owned()
    });
    &VERSION
}

pub async fn show(
    Path((wanted, file)): Path<(String, String)>,
    headers: HeaderMap,
) -> Result<Response, AppError> {
    let Some(asset) = ASSETS.iter().find(|asset| asset.name == file) else {
        let known = ASSETS.map(|asset| asset.name);
        return Err(QuestionError::unknown("file", &file, known).into());
    };
    let tag = EntityTag::of(&[asset.name]);
    if tag.is_known(&headers) {
        return Ok(tag.not_modified());
    }
    let mut response = ([(CONTENT_TYPE, asset.kind)], asset.bytes).into_response();
    response = tag.attach(response);
    if wanted == version() {
        let forever = "public, max-age=31536000, immutable";
        response.headers_mut().insert(CACHE_CONTROL, axum::http::HeaderValue::from_static(forever));
    }
    Ok(response)
}
