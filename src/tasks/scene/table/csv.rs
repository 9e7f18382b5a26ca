//! The table as CSV.

use std::collections::HashMap;
use std::sync::Arc;

use axum::extract::{RawQuery, State};
use axum::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};
use stormlens_data::card::Part;
use stormlens_data::hash::sha256;

use super::{Standing, Summary, TableQuery};
use crate::export::{cell, number, record};
use crate::parameters::Parameters;
use crate::tasks::scene::scenes::SceneEntry;
use crate::tasks::scene::{SceneTask, split};
use crate::web::figures::attachment;
use crate::web::{AppError, AppState, MAX_WAIT};

const N_COLUMNS: usize = 9;
/// Of the hash in the name of a file.
const N_DIGITS: usize = 8;

/// `/scenes/compare.csv`: the table when every row of it is known. Rows are asked for as those of the
/// page are, while the client waits.
pub async fn csv(
    task: Arc<SceneTask>,
    State(state): State<AppState>,
    RawQuery(raw): RawQuery,
) -> Result<Response, AppError> {
    let query = TableQuery::read(&Parameters::parse(raw.as_deref()), &task, &state.catalog)?;
    let table = query.on(&task, &state);
    let there = table.there();
    table.attend(&there, MAX_WAIT).await;
    let standings = table.standings(&there)?;
    if !standings.iter().all(Standing::is_final) {
        return Err(AppError::StillComputing { page: query.page() });
    }
    let standings: HashMap<_, _> = there.into_iter().zip(standings).collect();
    let probability = format!("probability ({})", query.class_label);
    let header: [&str; N_COLUMNS] = [
        "scene",
        "name",
        "width_px",
        "height_px",
        &probability,
        "logit",
        "in_training_range",
        "remark",
        "split",
    ];
    let mut text = record(header.map(cell));
    for id in &query.scenes {
        let scene = task.scenes.find(id);
        text += &match scene.zip(standings.get(id.as_str())) {
            Some((scene, standing)) => {
                table.forget_failure(id);
                line(&scene, standing, split::part(&scene, &query.cards.checkpoint))
            }
            None => record([id, "", "", "", "", "", "", "not here any more", ""].map(cell)),
        };
    }
    let mut response = ([(CONTENT_TYPE, "text/csv; charset=utf-8")], text).into_response();
    if let Some(value) = attachment(&file_name(&query)) {
        response.headers_mut().insert(CONTENT_DISPOSITION, value);
    }
    Ok(response)
}

/// Of network, weights and the scenes, so that no two tables have one name.
fn file_name(query: &TableQuery) -> String {
    let cards = &query.cards;
    let scenes = sha256(query.page().as_bytes());
    format!("scenes-{}-{}-{}.csv", cards.model.id, cards.checkpoint.name, &scenes[..N_DIGITS])
}

fn line(scene: &SceneEntry, standing: &Standing, part: Part) -> String {
    let SceneEntry { id, title, width_px, height_px, .. } = scene;
    let start = [cell(id), cell(title), number(width_px), number(height_px)];
    let remark = |text: &str| [cell(""), cell(""), cell(""), cell(text)];
    let end = match standing {
        Standing::Done(Summary { probability, logit, outside_training_range, .. }) => [
            number(probability),
            number(logit),
            cell(&outside_training_range.is_empty().to_string()),
            cell(&outside_training_range.join(", ")),
        ],
        Standing::Failed(error) => remark(error),
        Standing::Running | Standing::Waiting => remark("not computed yet"),
    };
    record(start.into_iter().chain(end).chain([cell(part.name())]))
}
