//! How far something is, for programs: the same as a page that waits says to people.

use axum::Json;
use axum::http::header::{CACHE_CONTROL, LOCATION, RETRY_AFTER};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use serde::Serialize;

/// Seconds after which to look again.
const LOOK_AGAIN_S: u16 = 1;

/// What a program that accepts JSON is told of something that is computed.
#[derive(Clone, Debug, Serialize)]
pub struct HowFar {
    state: &'static str,
    /// What is done now, in words.
    #[serde(skip_serializing_if = "Option::is_none")]
    phase: Option<String>,
    /// Steps, where they are counted.
    #[serde(skip_serializing_if = "Option::is_none")]
    done: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    total: Option<usize>,
    /// The address of the result.
    result: String,
    /// The address of its numbers as JSON, once it is there and where there are any.
    #[serde(skip_serializing_if = "Option::is_none")]
    numbers: Option<String>,
    /// What happened and what to do, where it is not computed.
    #[serde(flatten, skip_serializing_if = "Option::is_none")]
    trouble: Option<Trouble>,
}

/// As errors say it.
#[derive(Clone, Debug, Serialize)]
struct Trouble {
    status: u16,
    title: &'static str,
    message: &'static str,
    remedy: &'static str,
}

const STOPPED: Trouble = Trouble {
    status: StatusCode::CONFLICT.as_u16(),
    title: "Stopped",
    message: "This was stopped by those who waited for it",
    remedy: "Send a POST to the address of the result to start it again",
};

impl HowFar {
    /// Of what is computed now.
    pub fn running(result: String) -> Self {
        let (phase, done, total, numbers, trouble) = (None, None, None, None, None);
        Self { state: "running", phase, done, total, result, numbers, trouble }
    }

    /// The same of what waits for its turn.
    pub fn queued(result: String) -> Self {
        Self { state: "queued", ..Self::running(result) }
    }

    /// Of what was stopped.
    pub fn stopped(result: String) -> Self {
        Self { state: "stopped", trouble: Some(STOPPED), ..Self::running(result) }
    }

    /// Of what is there, with the address of its numbers where it has one.
    pub fn done(result: String, numbers: Option<String>) -> Self {
        Self { state: "done", numbers, ..Self::running(result) }
    }

    /// With what is done now and how many of the steps are; 0 in all: not known yet.
    #[must_use]
    pub fn at(self, phase: &str, done: usize, total: usize) -> Self {
        let is_known = total > 0;
        Self {
            phase: Some(phase.to_owned()),
            done: is_known.then_some(done),
            total: is_known.then_some(total),
            ..self
        }
    }

    fn status(&self) -> StatusCode {
        match self.state {
            "done" => StatusCode::OK,
            "stopped" => StatusCode::CONFLICT,
            _ => StatusCode::ACCEPTED,
        }
    }

    /// As a response. What is not there yet says where and when to look again.
    pub fn respond(self) -> Response {
        let status = self.status();
        let place = HeaderValue::from_str(&self.result).ok();
        let mut response = Json(self).into_response();
        *response.status_mut() = status;
        let headers = response.headers_mut();
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        if status == StatusCode::ACCEPTED {
            headers.extend(place.map(|place| (LOCATION, place)));
            headers.insert(RETRY_AFTER, LOOK_AGAIN_S.into());
        }
        response
    }
}
