//! Tables for spreadsheets.

use std::fmt::{Display, Write as _};

use stormlens_data::outcome::{Axis, Coordinates, Domain, Note, Number, Outcome, Values, Variable};
use stormlens_data::projection::Projection;

/// What a formula starts with in spreadsheets, the wide forms of Chinese, Japanese and Korean too.
const FORMULA_STARTS: [char; 8] = ['=', '+', '-', '@', '＝', '＋', '－', '＠'];

/// A line of a file from its cells.
pub fn record(cells: impl IntoIterator<Item = String>) -> String {
    cells.into_iter().collect::<Vec<_>>().join(",") + "\n"
}

/// A number as a cell: what starts with its sign is no formula.
pub fn number(value: impl Display) -> String {
    format!("\"{value}\"")
}

/// A text as a cell. Spreadsheets take a cell that starts like a formula for one, whatever its
/// quotes, so an apostrophe goes before it; also behind a comma, where a program that knows no quotes
/// would begin another cell. A number with its sign is no formula. Other separators of cells, which are
/// those of some countries, and of lines do not stay.
pub fn cell(text: &str) -> String {
    let (mut cell, mut is_start) = (String::from("\""), true);
    for (at, c) in text.char_indices() {
        let c = match c {
            ';' => ',',
            c if c.is_control() => ' ',
            c => c,
        };
        if is_start && FORMULA_STARTS.contains(&c) && !begins_with_number(&text[at..]) {
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

/// Whether a number is all that stands before the next separator.
fn begins_with_number(text: &str) -> bool {
    let cell = text.split([',', ';']).next().unwrap_or_default().trim_end();
    cell.ends_with(|c: char| c.is_ascii_digit()) && cell.parse::<f64>().is_ok()
}

/// The numbers of a result, a line each: name, value, unit, meaning. Below them what must be said of it, without a value:
/// `note/split`, and the words as its meaning.
pub fn numbers_csv(outcome: &Outcome) -> String {
    let line = |Number { name, value, unit, meaning }: &Number| {
        record([cell(name), plain(*value), cell(unit), cell(meaning)])
    };
    let head = record(["name", "value", "unit", "meaning"].map(cell));
    let note = |note: &Note| {
        record([cell(&format!("note/{}", note.name)), plain(f64::NAN), cell(""), cell(&note.text)])
    };
    let (numbers, notes) = (outcome.numbers.iter().map(line), outcome.notes.iter().map(note));
    numbers.chain(notes).fold(head, |text, line| text + &line)
}

/// A variable as a table, a line a value: a column for each axis (lead times in minutes, beside the moment
/// that they reach), of maps `row`, `column` and the middle of the cell, then the value with its unit.
/// The middle is `x_km`, `y_km` in the projected plane, `longitude_deg`, `latitude_deg` where the grid
/// has those, and `x_px`, `y_px` in the square of a scene. Missing values are empty.
pub fn csv(variable: &Variable) -> String {
    let columns: Vec<Column> = columns(variable);
    let names = columns.iter().flat_map(|column| column.names.iter().map(|name| cell(name)));
    let mut text = record(names.chain([cell(&variable.quantity.label())]));
    let mut places = vec![0; columns.len()];
    for i in 0..variable.values.len() {
        for (column, &place) in columns.iter().zip(&places) {
            text.push_str(&column.cells[place]);
            text.push(',');
        }
        value(&mut text, &variable.values, i);
        text.push('\n');
        // The last column counts fastest.
        for (place, column) in places.iter_mut().zip(&columns).rev() {
            *place += 1;
            if *place < column.cells.len() {
                break;
            }
            *place = 0;
        }
    }
    text
}

/// One way of counting values: one or more columns of the file, whose cells are written together.
struct Column {
    names: Vec<String>,
    cells: Vec<String>,
}

fn columns(variable: &Variable) -> Vec<Column> {
    let of_axes = variable.axes.iter().map(of_axis);
    let of_plane = variable.plane.map(|size| of_plane(&variable.domain, size));
    of_axes.chain(of_plane.into_iter().flatten()).collect()
}

fn of_axis(axis: &Axis) -> Column {
    let name = &axis.name;
    let time = |i: usize| axis.time(i).map_or_else(String::new, |time| time.to_string());
    let (names, cells) = match &axis.coordinates {
        Coordinates::Times { .. } => {
            (vec![name.clone()], (0..axis.len()).map(|i| cell(&time(i))).collect())
        }
        Coordinates::LeadTimes { minutes, .. } => {
            let both = |(i, minutes): (usize, &u32)| format!("{minutes},{}", cell(&time(i)));
            let names = vec![format!("{name}_min"), "valid_time".to_owned()];
            (names, minutes.iter().enumerate().map(both).collect())
        }
        Coordinates::Numbers { unit, values } => {
            let name = if unit == "1" { name.clone() } else { format!("{name} ({unit})") };
            (vec![name], values.iter().map(|&value| plain(value)).collect())
        }
        Coordinates::Names { names } => {
            (vec![name.clone()], names.iter().map(|name| cell(name)).collect())
        }
    };
    Column { names, cells }
}

/// Rows with their y, then columns with their x.
fn of_plane(domain: &Domain, size: [usize; 2]) -> [Column; 2] {
    let [x, y] = match domain {
        Domain::Earth(grid) if Projection::of(grid).is_ok_and(|plane| plane.is_geographic()) => {
            ["longitude_deg", "latitude_deg"]
        }
        Domain::Earth(_) => ["x_km", "y_km"],
        Domain::Scene(_) | Domain::SceneCentre(_) => ["x_px", "y_px"],
        Domain::None => ["", ""],
    };
    let middles = domain.middles(size);
    let column = |name: &str, coordinate: &str, axis: usize| {
        let names = [name, coordinate].into_iter().filter(|name| !name.is_empty());
        let cells = (0..size[axis]).map(|i| match &middles {
            Some(middles) => format!("{i},{}", plain(middles[axis][i])),
            None => i.to_string(),
        });
        Column { names: names.map(str::to_owned).collect(), cells: cells.collect() }
    };
    [column("row", y, 0), column("column", x, 1)]
}

/// A number without quotes, in as few digits as tell it; empty where it is missing.
fn plain(value: f64) -> String {
    if value.is_nan() { String::new() } else { format!("{value:?}") }
}

fn value(text: &mut String, values: &Values, i: usize) {
    // Writing to a string can't fail.
    let _ = match values {
        Values::F32(values) if values[i].is_nan() => Ok(()),
        Values::F64(values) if values[i].is_nan() => Ok(()),
        Values::F32(values) => write!(text, "{:?}", values[i]),
        Values::F64(values) => write!(text, "{:?}", values[i]),
        Values::U8(values) => write!(text, "{}", values[i]),
    };
}

#[cfg(test)]
mod tests;
