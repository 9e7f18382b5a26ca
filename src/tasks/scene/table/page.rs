//! `/scenes/compare`: several scenes in one table, whose rows fill in as the answers come.

use std::sync::Arc;
use std::time::Duration;

use askama::Template;
use axum::extract::{RawQuery, State};
use axum::http::header::LOCATION;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use stormlens_data::card::Part;

use super::rows::{Standing, Summary, Table};
use super::sort::Sort;
use super::{PATH, TableQuery};
use crate::parameters::Parameters;
use crate::tasks::scene::list::label_text;
use crate::tasks::scene::refusals::RefusedFile;
use crate::tasks::scene::scenes::SceneEntry;
use crate::tasks::scene::{SECTION, SceneTask, split, thumbnail};
use crate::web::layout::Layout;
use crate::web::pages::{HowFar, made, passing};
use crate::web::{AppError, AppState, format};

/// An answer that waits holds a connection.
const MAX_PATIENCE: Duration = Duration::from_secs(5);

#[derive(Template)]
#[template(path = "tasks/scene/table.html")]
struct TablePage {
    layout: Layout,
    model: String,
    model_page: String,
    checkpoint: String,
    resampling: &'static str,
    rows: Vec<Row>,
    refused: Vec<RefusedFile>,
    n_waiting: usize,
    n_done: usize,
    columns: Vec<Column>,
    csv: String,
    trained_on_simulation: bool,
}

/// A column that the table can be sorted by.
struct Column {
    title: String,
    /// `None`: the table is sorted by it already.
    href: Option<String>,
    direction: &'static str,
}

struct Row {
    href: String,
    /// `None`: the scene is gone.
    scene: Option<Scene>,
    id: String,
    summary: Option<Cells>,
    /// What is said where there is no answer.
    state: String,
    failed: bool,
}

struct Scene {
    title: String,
    size: String,
    thumbnail: String,
    label: &'static str,
    /// What the weights have seen of it.
    split: &'static str,
}

struct Cells {
    value: f64,
    probability: String,
    predicted: String,
    is_in_training_range: bool,
    reasons: Vec<String>,
}

pub async fn show(
    task: Arc<SceneTask>,
    State(state): State<AppState>,
    RawQuery(raw): RawQuery,
    headers: HeaderMap,
) -> Result<Response, AppError> {
    let parameters = Parameters::parse(raw.as_deref());
    let query = TableQuery::read(&parameters, &task, &state.catalog)?;
    if !query.is_written_as(&parameters) {
        return Ok((StatusCode::SEE_OTHER, [(LOCATION, query.page())]).into_response());
    }
    if let Some(time) = patience(&headers) {
        let table = query.on(&task, &state);
        table.attend(&table.there(), time).await;
    }
    let page = describe(&task, &state, &query)?;
    if page.n_waiting > 0 {
        passing(&headers, &page, HowFar::running(query.page())).await
    } else {
        made(&headers, &page, HowFar::done(query.page(), None)).await
    }
}

/// How long the client would rather wait than ask again (`Prefer: wait`, RFC 7240): the script of the
/// page says so, so that rows come as they are answered and not when a timer runs out.
fn patience(headers: &HeaderMap) -> Option<Duration> {
    let preferences = headers.get("prefer")?.to_str().ok()?;
    let wait = preferences.split([',', ';']).find_map(|part| part.trim().strip_prefix("wait="));
    let seconds: u64 = wait?.parse().ok()?;
    Some(Duration::from_secs(seconds).min(MAX_PATIENCE))
}

fn describe(task: &SceneTask, state: &AppState, query: &TableQuery) -> Result<TablePage, AppError> {
    let table = query.on(task, state);
    let mut rows = rows(task, state, query, &table)?;
    let is_waiting = |row: &&Row| row.scene.is_some() && row.summary.is_none() && !row.failed;
    let n_waiting = rows.iter().filter(is_waiting).count();
    if n_waiting == 0 {
        // Not before: rows that jump about while the table fills cannot be read.
        sort(&mut rows, query.sort);
        // Not before: the page asks again by itself, and would fail again and again meanwhile.
        rows.iter().filter(|row| row.failed).for_each(|row| table.forget_failure(&row.id));
    }
    let (model, checkpoint) = (&query.cards.model, &query.cards.checkpoint);
    Ok(TablePage {
        layout: Layout::new(state, Some(SECTION)),
        model: model.title.to_owned(),
        model_page: format!("/models/{}", model.id),
        checkpoint: checkpoint.name.clone(),
        resampling: query.resampling.name(),
        refused: query.refused.as_ref().map(|name| task.refusals.get(name)).unwrap_or_default(),
        n_waiting,
        n_done: rows.iter().filter(|row| row.summary.is_some()).count(),
        columns: columns(query),
        csv: query.page().replacen(PATH, &format!("{PATH}.csv"), 1),
        trained_on_simulation: checkpoint.is_simulated,
        rows,
    })
}

fn columns(query: &TableQuery) -> Vec<Column> {
    let column = |sort: Sort, title: String, direction| Column {
        title,
        href: (sort != query.sort).then(|| TableQuery { sort, ..query.clone() }.page()),
        direction,
    };
    vec![
        column(Sort::Order, "Scene".to_owned(), "none"),
        column(Sort::Name, "Name".to_owned(), "ascending"),
        column(Sort::Probability, format!("Probability of {}", query.class_label), "descending"),
        column(Sort::TrainingRange, "Like the training scenes".to_owned(), "descending"),
    ]
}

fn rows(
    task: &SceneTask,
    state: &AppState,
    query: &TableQuery,
    table: &Table<'_>,
) -> Result<Vec<Row>, AppError> {
    let mut standings = table.standings(&table.there())?.into_iter();
    let row = |id: &String| {
        let found = task.scenes.find(id).and_then(|scene| Some((scene, standings.next()?)));
        match found {
            Some((scene, standing)) => {
                let part = split::part(&scene, &query.cards.checkpoint);
                row(query.scene_page(&state.catalog, id), scene, part, standing)
            }
            None => gone(id.clone()),
        }
    };
    Ok(query.scenes.iter().map(row).collect())
}

fn gone(id: String) -> Row {
    let state = "Not here any more: upload it again".to_owned();
    Row { href: "/scenes".to_owned(), scene: None, id, summary: None, state, failed: true }
}

fn row(href: String, scene: SceneEntry, part: Part, standing: Standing) -> Row {
    let (summary, text, failed) = match standing {
        Standing::Done(summary) => (Some(cells(summary)), String::new(), false),
        Standing::Waiting => (None, "Waiting for its turn".to_owned(), false),
        Standing::Running => (None, "Computing".to_owned(), false),
        Standing::Failed(error) => (None, format!("Failed: {error}"), true),
    };
    Row {
        href,
        id: scene.id.clone(),
        scene: Some(describe_scene(scene, part)),
        summary,
        state: text,
        failed,
    }
}

fn describe_scene(scene: SceneEntry, part: Part) -> Scene {
    Scene {
        size: format!("{} × {}", scene.width_px, scene.height_px),
        thumbnail: thumbnail::address(&scene.id),
        label: label_text(scene.label),
        split: part.label(),
        title: scene.title,
    }
}

fn cells(summary: Summary) -> Cells {
    Cells {
        value: summary.probability,
        probability: format::probability(summary.probability),
        predicted: summary.predicted,
        is_in_training_range: summary.outside_training_range.is_empty(),
        reasons: summary.outside_training_range,
    }
}

/// Rows without an answer come last, whatever the order.
fn sort(rows: &mut [Row], sort: Sort) {
    let value = |row: &Row| row.summary.as_ref().map_or(-1.0, |cells| cells.value);
    let title = |row: &Row| row.scene.as_ref().map(|scene| scene.title.to_lowercase());
    let strangeness =
        |row: &Row| row.summary.as_ref().map_or(2, |c| u8::from(!c.is_in_training_range));
    match sort {
        Sort::Order => {}
        Sort::Name => rows.sort_by_key(|row| (row.scene.is_none(), title(row))),
        Sort::Probability => rows.sort_by(|a, b| value(b).total_cmp(&value(a))),
        Sort::TrainingRange => rows.sort_by_key(strangeness),
    }
}
