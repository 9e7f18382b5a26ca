//! Maps made of maps.

use stormlens_data::field::Field;

/// Frames between the two that tell how the rain moves.
const STEP_FRAMES: usize = 6;

/// The last frame, moved on as the rain moved between the newest two frames that are one lead time
/// apart, once a lead time, and smoothed as a regression would.
pub fn moved(inputs: &[Field], n_leads: usize) -> Vec<Field> {
    let last = &inputs[inputs.len() - 1];
    let (rows, columns) = shift(&inputs[inputs.len() - 1 - STEP_FRAMES], last);
    let lead = |n: usize| smooth(&shifted(last, rows * n as isize, columns * n as isize), 2);
    (1..=n_leads).map(lead).collect()
}

/// By how many rows and columns a frame must be moved to resemble a later one.
fn shift(before: &Field, after: &Field) -> (isize, isize) {
    let error = |rows: isize, columns: isize| {
        let mut sum = 0.0;
        for r in (40..after.height - 40).step_by(8) {
            for c in (40..after.width - 40).step_by(8) {
                let from = before.at((r as isize - rows) as usize, (c as isize - columns) as usize);
                sum += f64::from((after.at(r, c).sqrt() - from.sqrt()).powi(2));
            }
        }
        sum
    };
    let shifts = (-36..=36).step_by(4).flat_map(|r| (-36..=36).step_by(4).map(move |c| (r, c)));
    shifts
        .min_by(|a, b| error(a.0, a.1).total_cmp(&error(b.0, b.1)))
        .expect("there are shifts to choose from")
}

fn shifted(field: &Field, rows: isize, columns: isize) -> Field {
    let clamp = |i: isize, n: usize| i.clamp(0, n as isize - 1) as usize;
    let at = |r: usize, c: usize| {
        field.at(clamp(r as isize - rows, field.height), clamp(c as isize - columns, field.width))
    };
    from_fn(field.height, field.width, at)
}

/// Means over squares of `2 * reach + 1` pixels.
pub fn smooth(field: &Field, reach: usize) -> Field {
    from_fn(field.height, field.width, |r, c| {
        let rows = r.saturating_sub(reach)..(r + reach + 1).min(field.height);
        let columns = c.saturating_sub(reach)..(c + reach + 1).min(field.width);
        let n = rows.len() * columns.len();
        rows.flat_map(|r| columns.clone().map(move |c| (r, c)))
            .map(|(r, c)| field.at(r, c))
            .sum::<f32>()
            / n as f32
    })
}

pub fn from_fn(height: usize, width: usize, f: impl Fn(usize, usize) -> f32) -> Field {
    let pixels = (0..height).flat_map(|r| (0..width).map(move |c| (r, c)));
    Field::new(height, width, pixels.map(|(r, c)| f(r, c)).collect())
}
