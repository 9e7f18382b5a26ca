//! The table as CSV.

use std::collections::HashMap;
use std::fmt::Display;

use axum::extract::{RawQuery, State};
use axum::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};

use super::{CompareQuery, Standing, Summary};
use crate::scenes::SceneEntry;
use crate::web::figures::attachment;
use crate::web::parameters::Parameters;
use crate::web::state::MAX_WAIT;
use crate::web::{AppError, AppState};

const N_COLUMNS: usize = 8;
/// What a formula starts with in spreadsheets, the wide forms of Chinese, Japanese and Korean too.
const FORMULA_STARTS: [char; 8] = ['=', '+', '-', '@', '＝', '＋', '－', '＠'];

/// `/scenes/compare.csv`: the table when every row of it is known. Rows are asked for as those of the
/// page are, while the client waits.
pub async fn csv(
    State(state): State<AppState>,
    RawQuery(raw): RawQuery,
) -> Result<Response, AppError> {
    let query = CompareQuery::read(&Parameters::parse(raw.as_deref()), &state)?;
    let there = query.there(&state);
    query.attend(&state, &there, MAX_WAIT).await;
    let standings = query.standings(&state, &there)?;
    if !standings.iter().all(Standing::is_final) {
        return Err(AppError::StillComputing { page: query.page() });
    }
    let standings: HashMap<_, _> = there.into_iter().zip(standings).collect();
    let probability = format!("probability ({})", query.class_label);
    let header: [&str; N_COLUMNS] =
        ["scene", "name", "width_px", "height_px", &probability, "logit", "familiar", "remark"];
    let mut text = record(header.map(cell));
    for id in &query.scenes {
        let scene = state.catalog.scenes().find(id);
        text += &match scene.zip(standings.get(id.as_str())) {
            Some((scene, standing)) => {
                query.forget_failure(&state, id);
                line(&scene, standing)
            }
            None => record([id, "", "", "", "", "", "", "not here any more"].map(cell)),
        };
    }
    let mut response = ([(CONTENT_TYPE, "text/csv; charset=utf-8")], text).into_response();
    if let Some(value) = attachment("scenes.csv") {
        response.headers_mut().insert(CONTENT_DISPOSITION, value);
    }
    Ok(response)
}

fn line(scene: &SceneEntry, standing: &Standing) -> String {
    let SceneEntry { id, title, width_px, height_px, .. } = scene;
    let start = [cell(id), cell(title), number(width_px), number(height_px)];
    let remark = |text: &str| [cell(""), cell(""), cell(""), cell(text)];
    let end = match standing {
        Standing::Done(Summary { probability, logit, familiarity, .. }) => [
            number(probability),
            number(logit),
            cell(&familiarity.is_familiar.to_string()),
            cell(&familiarity.reasons.join(", ")),
        ],
        Standing::Failed(error) => remark(&error.to_string()),
        Standing::Running | Standing::Waiting => remark("not computed yet"),
    };
    record(start.into_iter().chain(end))
}

/// A line of the file from its cells.
fn record(cells: impl IntoIterator<Item = String>) -> String {
    cells.into_iter().collect::<Vec<_>>().join(",") + "\n"
}

/// A number as a cell: what starts with its sign is no formula.
fn number(value: impl Display) -> String {
    format!("\"{value}\"")
}

/// A text as a cell. Spreadsheets take a cell that starts like a formula for one, whatever its
/// quotes, so an apostrophe goes before it; also behind a comma, where a program that knows no quotes
/// would begin another cell. Other separators of cells, which are those of some countries, and of
/// lines do not stay.
fn cell(text: &str) -> String {
    let (mut cell, mut is_start) = (String::from("\""), true);
    for c in text.chars() {
        let c = match c {
            ';' => ',',
            c if c.is_control() => ' ',
            c => c,
        };
        if is_start && FORMULA_STARTS.contains(&c) {
            cell.push('\'');
        }
        is_start = c == ',' || is_start && (c.is_whitespace() || c == '"');
        cell.push(c);
        if c == '"' {
            cell.push('"');
        }
    }
    cell + "\""
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cell_is_text_and_no_formula() {
        let check = |text: &str, expected: &str| assert_eq!(cell(text), expected);
        check("scene.png", "\"scene.png\"");
        check("a, b \"c\"", "\"a, b \"\"c\"\"\"");
        check("=HYPERLINK(\"x\")", "\"'=HYPERLINK(\"\"x\"\")\"");
        check("-1", "\"'-1\"");
        check("@SUM(A1)", "\"'@SUM(A1)\"");
        check("\t=1", "\" '=1\"");
        check(" =1", "\" '=1\"");
        check("\"=1", "\"\"\"'=1\"");
        check("＝1", "\"'＝1\"");
        check("a;=1+1.png", "\"a,'=1+1.png\"");
        check("a, -b", "\"a, '-b\"");
        check("a\t=b\r\n=c", "\"a =b  =c\"");
        check("a-b=c@d", "\"a-b=c@d\"");
        check("", "\"\"");
    }

    #[test]
    fn numbers_keep_their_sign() {
        assert_eq!(record([number(-1.5), cell("a")]), "\"-1.5\",\"a\"\n");
    }
}
