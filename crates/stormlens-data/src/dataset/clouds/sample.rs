//! The array of one sample: what it has to be, and what is said of one that is not.

/// Name of the array, which `numpy.savez(file, x)` gives.
pub const ARRAY: &str = "arr_0";
pub const FRAME_STEP_MIN: u32 = 15;
pub const N_INPUT_FRAMES: usize = 4;
/// Inputs and frames to predict, to 90 minutes.
pub const N_FRAMES: usize = 10;
/// A sample of 256 × 256 is 0.7 MB as bytes, and 5 MB as float64.
pub(crate) const MAX_FILE_BYTES: u64 = 64 << 20;

/// From `[height, width, time]` to frames `[time, height, width]`, with height and width.
///
/// # Errors
/// In words, for another shape and for values other than 0 and 1.
pub(crate) fn to_frames(shape: &[usize], values: &[f32]) -> Result<([usize; 2], Vec<f32>), String> {
    let &[height, width, N_FRAMES] = shape else { return Err(wrong_shape(shape)) };
    if height == 0 || width == 0 {
        return Err(wrong_shape(shape));
    }
    if let Some(i) = values.iter().position(|&v| v != 0.0 && v != 1.0) {
        let (pixel, frame) = (i / N_FRAMES, i % N_FRAMES);
        let place = format!("row {}, column {}, frame {frame}", pixel / width, pixel % width);
        return Err(wrong_value(values, values[i], &place));
    }
    let frame = |t: usize| values[t..].iter().step_by(N_FRAMES).copied();
    Ok(([height, width], (0..N_FRAMES).flat_map(frame).collect()))
}

fn wrong_shape(shape: &[usize]) -> String {
    let wanted = format!("[height, width, {N_FRAMES}]");
    match shape {
        [N_FRAMES, height, width] => format!(
            "its shape is [{N_FRAMES}, {height}, {width}], time first, where {wanted} is needed: \
             save numpy.moveaxis(x, 0, -1)"
        ),
        _ => format!(
            "its shape is {shape:?} where {wanted} is needed: {N_INPUT_FRAMES} input frames and {} \
             to predict, one every {FRAME_STEP_MIN} minutes",
            N_FRAMES - N_INPUT_FRAMES
        ),
    }
}

/// What is probably meant is said, and never guessed: a mask of something else trains as well.
fn wrong_value(values: &[f32], found: f32, place: &str) -> String {
    let all = |is: fn(f32) -> bool| values.iter().all(|&v| is(v));
    let advice = if found.is_nan() {
        "leave out samples with missing values"
    } else if all(|v| v == 0.0 || v == 255.0) {
        "they seem to be 0 and 255: save x // 255"
    } else if all(|v| v.fract() == 0.0 && (0.0..=15.0).contains(&v)) {
        "they may be types of clouds: decide which types are clouds, in NWC SAF's list of 15 those \
         from 5 on, and save (x >= 5).astype(\"u1\")"
    } else if all(|v| (0.0..=1.0).contains(&v)) {
        "they may be shares of cloud: save (x > 0.5).astype(\"u1\")"
    } else {
        "save 1 where there are clouds and 0 elsewhere"
    };
    format!("it holds {found} at {place} where only 0 and 1 are known; {advice}")
}
