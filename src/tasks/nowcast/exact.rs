//! Arrays through a network that can do without patches, exactly as they are: for comparison with the authors' program.

use std::path::Path;

use anyhow::{Context as _, anyhow, bail};
use stormlens_data::card::{Hides, NowcastField};
use stormlens_data::files::npy::{read_npy_f32, read_npy_u8, write_npy_f32};
use stormlens_data::network::Input;
use stormlens_data::patches::{Statistics, tokens};
use stormlens_data::probability::Tokens;
use stormlens_data::request::Silent;
use stormlens_nn::engine::Resident;

use super::seen::floor;
use super::units::{Units, check};
use crate::cli::predict::Exact;
use crate::cli::say;
use crate::written;

/// Writes what the network gives for `[N × frames × height × width]` in the weights' own unit, where nothing is said of the
/// unit: frames that follow, or those that went in, rebuilt. `None` for another network, and where the answer is wanted
/// in another form than an array.
pub fn predict(exact: &Exact<'_>) -> Option<anyhow::Result<()>> {
    let hides = exact.model.hides() == Some(Hides::Patches);
    let is_array = |path: &Path| path.extension().is_some_and(|ending| ending == "npy");
    (hides && is_array(exact.input) && is_array(exact.output)).then(|| run(exact))
}

fn run(exact: &Exact<'_>) -> anyhow::Result<()> {
    written::check_place(exact.output)?;
    let (shape, values) = read_npy_f32(exact.input)?;
    let &[n, n_frames, height, width] = &shape[..] else {
        bail!("{} is {shape:?}; give [N, frames, height, width]", exact.input.display());
    };
    if n == 0 {
        bail!("{} holds no sequence; give at least one", exact.input.display());
    }
    if !exact.is_unchecked {
        let rain = (Units::Normalised, NowcastField::Precipitation);
        let name = exact.input.display().to_string();
        check(&name, &values, [n_frames, height, width], rain)
            .map_err(|error| anyhow!("{error}; or take the array as it is with --exact"))?;
    }
    let patches = tokens(n_frames, [height, width]).map_err(anyhow::Error::msg)?;
    let hidden = match exact.mask {
        Some(path) => hidden(path, n, &patches)?,
        None => vec![false; n * patches.n()],
    };
    let is_whole = match exact.statistics {
        None | Some("whole") => true,
        Some("visible") => false,
        Some(other) => bail!("--statistics is “{other}”, but must be whole or visible"),
    };
    let (engine, resident) = exact.network.open_as_stored()?;
    say(format_args!("{}", stage(&resident, exact.stage)?));
    let floor = floor(&resident.placed());
    let n_values = n_frames * height * width;
    let mut answers = Vec::with_capacity(values.len());
    for (i, (whole, hidden)) in
        values.chunks_exact(n_values).zip(hidden.chunks_exact(patches.n())).enumerate()
    {
        if let Some(words) = missing(whole, &patches) {
            say(format_args!("sequence {i}: {words}"));
        }
        let mut seen = whole.to_vec();
        patches.hide(&mut seen, hidden);
        let input = Input { values: seen.clone(), shape: [n_frames, height, width] };
        let answer = engine.answer(&resident, &[(&input, &Vec::new())], &Silent)?;
        let mut prediction = answer.into_iter().next().context("an answer")?.prediction;
        if is_whole && hidden.contains(&true) {
            let of = |values: &[f32]| Statistics::of(values, &patches, floor);
            of(&seen).exchange(&mut prediction, &patches, &of(whole));
        }
        answers.extend(prediction);
    }
    let n_out = answers.len() / (n * height * width);
    write_npy_f32(exact.output, &[n, n_out, height, width], &answers)?;
    say(format_args!(
        "float32 [{n}, {n_out}, {height}, {width}] in the unit of the weights, in {}",
        exact.output.display()
    ));
    Ok(())
}

/// What missing values hide, where there are any.
fn missing(values: &[f32], patches: &Tokens) -> Option<String> {
    let n = values.iter().filter(|value| value.is_nan()).count();
    let hidden = patches.hidden(values).into_iter().enumerate();
    let hidden: Vec<String> =
        hidden.filter(|(_, hidden)| *hidden).map(|(patch, _)| patch.to_string()).collect();
    (n > 0).then(|| {
        format!("{n} values are missing; hidden as a whole are patches {}", hidden.join(", "))
    })
}

/// What the frames are that come out.
fn stage(resident: &Resident, said: Option<&str>) -> anyhow::Result<&'static str> {
    let task = resident.checkpoint.nowcasting.as_ref().context("weights that take frames")?;
    // Without a translation in them, weights do not tell.
    let rebuilds = match (said, task.rebuilds()) {
        (Some("pretrain"), false) => bail!(
            "--stage is pretrain, but these weights forecast: they have a translation, or say so"
        ),
        (None | Some("pretrain"), rebuilds) => rebuilds,
        (Some("finetune"), _) => false,
        (Some(other), _) => bail!("--stage is “{other}”, but must be pretrain or finetune"),
    };
    Ok(if rebuilds { "the frames that went in, rebuilt" } else { "the frames that follow" })
}

/// `[N × patches]`, true where hidden, of uint8 `[N, 1, rows, columns]` with 1 where a patch is seen.
fn hidden(path: &Path, n: usize, patches: &Tokens) -> anyhow::Result<Vec<bool>> {
    let (shape, seen) = read_npy_u8(path)?;
    let [_, rows, columns] = patches.grid();
    if shape != [n, 1, rows, columns] {
        bail!(
            "{} is {shape:?}; give [{n}, 1, {rows}, {columns}], one value a patch",
            path.display()
        );
    }
    if let Some(other) = seen.iter().find(|&&value| value > 1) {
        bail!("{} holds {other}; a patch is seen (1) or hidden (0)", path.display());
    }
    if let Some(example) = seen.chunks_exact(rows * columns).position(|all| !all.contains(&1)) {
        bail!(
            "{} hides every patch of sequence {example}, so that the network sees nothing; leave one to be seen",
            path.display()
        );
    }
    Ok(seen.into_iter().map(|seen| seen == 0).collect())
}
