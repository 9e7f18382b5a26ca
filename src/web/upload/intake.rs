//! Where a task takes files: how many, how large, how many at once, and what it says where it refuses them.

use std::sync::Arc;

use axum::extract::Request;
use axum::http::header::{CONTENT_LENGTH, EXPECT, LOCATION};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::{Json, body::Body};
use serde::Serialize;

use super::form::{self, Form, Part};
use super::refusal::Words;
use super::{Crowd, Halt, Meter, UploadLimits};
use crate::web::client::{Client, Shares};
use crate::web::{AppError, wants_page};

/// The door of a task for files of visitors.
pub struct Intake {
    pub words: Words,
    limits: UploadLimits,
    max_file_bytes: usize,
    /// One each of the uploads whose bodies are being read.
    uploads: Shares,
    /// Those who found no room for theirs.
    crowd: Crowd,
}

impl Intake {
    /// A body may have as many bytes as `limits` give so many files of `max_file_bytes`.
    pub fn new(words: Words, limits: UploadLimits, max_file_bytes: usize) -> Self {
        let (uploads, crowd) = (limits.shares(), Crowd::default());
        Self { words, limits, max_file_bytes, uploads, crowd }
    }

    /// What a file may have, for pages.
    pub fn max_file_mb(&self) -> usize {
        self.max_file_bytes / 1_000_000
    }

    /// Reads the form of a request. Memory is bounded: so many bodies are read at once as the limits say.
    ///
    /// # Errors
    /// In words, for what is no such form, is too large or too slow, and where others are being read.
    pub async fn receive(
        &self,
        request: Request,
        parts: &[Part],
    ) -> Result<(HeaderMap, Form), AppError> {
        let (head, body) = request.into_parts();
        let meter = self.meter(body);
        let read = self.read(&head.headers, &meter, parts).await;
        // Who asks first whether to send has not begun yet.
        if read.is_err() && !head.headers.contains_key(EXPECT) {
            meter.drain().await;
        }
        Ok((head.headers, read?))
    }

    fn meter(&self, body: Body) -> Arc<Meter> {
        let max_bytes = self.limits.max_bytes(self.max_file_bytes);
        Meter::new(body, self.limits, max_bytes, self.crowd.clone())
    }

    async fn read(
        &self,
        headers: &HeaderMap,
        meter: &Arc<Meter>,
        parts: &[Part],
    ) -> Result<Form, AppError> {
        let busy = || {
            self.crowd.comes();
            self.words.busy(self.limits.n_at_once)
        };
        let _share = self.uploads.take(Client::current(), 1).ok_or_else(busy)?;
        let announced = headers.get(CONTENT_LENGTH).and_then(|value| value.to_str().ok());
        let announced = announced.and_then(|n_bytes| n_bytes.parse::<usize>().ok());
        let max_bytes = self.max_file_bytes;
        if announced.is_some_and(|n_bytes| n_bytes > self.limits.max_bytes(max_bytes)) {
            return Err(self.words.halted(Halt::TooLarge { max_bytes }));
        }
        let read = form::read(headers, meter, parts, max_bytes).await;
        read.map_err(|halt| self.words.halted(halt))
    }
}

/// Where an upload leads: 303 for a browser, 201 with a receipt for a program.
pub fn answer(headers: &HeaderMap, page: String, receipt: impl Serialize) -> Response {
    match wants_page(headers) {
        true => (StatusCode::SEE_OTHER, [(LOCATION, page)]).into_response(),
        false => (StatusCode::CREATED, [(LOCATION, page)], Json(receipt)).into_response(),
    }
}
