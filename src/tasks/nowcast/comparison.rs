//! What `stormlens compare` asks of nowcasts.

use anyhow::{Context as _, bail};
use stormlens_data::archive::{Archive, Sample};
use stormlens_data::card::{Hides, NowcastField, Nowcasting};
use stormlens_data::dataset::DatasetError;
use stormlens_data::field::Field;

use super::seen::answer_to;
use super::study::{Network, Plan, input, plan, run, write};
use crate::cli::compare::{Comparable, Compared, Comparison};
use crate::parameters::Parameters;

/// Compares forecasts of radar rain; `None` where the data set is something else.
pub fn compare(comparison: &Comparison<'_>) -> Option<anyhow::Result<Comparable>> {
    match Archive::open(comparison.dataset) {
        Ok(archive) if archive.field() == NowcastField::Precipitation => {
            Some(compare_on(comparison, &archive))
        }
        Ok(_) | Err(DatasetError::NoFrames { .. }) => None,
        Err(error) => Some(Err(error.into())),
    }
}

fn compare_on(comparison: &Comparison<'_>, archive: &Archive) -> anyhow::Result<Comparable> {
    let folder = comparison.dataset.canonicalize()?;
    let name = folder.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let given = comparison.parameters.pairs();
    let given = given.map(|(name, value)| (name.to_owned(), value.to_owned()));
    let parameters = Parameters::of(given.chain([(plan::DATASET.to_owned(), name)]));
    let plan = Plan::read(&parameters)?;
    let networks = comparison.networks.iter().map(network).collect::<anyhow::Result<Vec<_>>>()?;
    let found = run(&plan, archive, networks, (comparison.state, comparison.progress))?;
    let report = &found.report;
    Ok(Comparable {
        n_cases: format!(
            "{} samples of {} parts{}",
            report.n_samples,
            report.parts.len(),
            left_out(report.n_samples_without_input)
        ),
        csv: write::csv(report),
        latex: write::latex(report),
        json: serde_json::to_value(&found)?,
    })
}

fn network<'a>(network: &'a Compared<'a>) -> anyhow::Result<Network<'a>> {
    let task = network.checkpoint.nowcasting.clone();
    let task: Nowcasting = task.with_context(|| format!("{} takes no frames", network.name))?;
    if task.rebuilds() {
        bail!("{} rebuilds the frames that went in and forecasts nothing", network.name);
    }
    let of_sample = task.clone();
    Ok(Network {
        name: network.name.clone(),
        weights_sha256: network.checkpoint.weights_sha256.clone(),
        training_data: network.checkpoint.training_data.clone(),
        hides_patches: network.model.hides() == Some(Hides::Patches),
        run: Box::new(move |sample| maps(network, &of_sample, sample)),
        task,
    })
}

/// A map for each lead time of the network.
fn maps(network: &Compared<'_>, task: &Nowcasting, sample: &Sample) -> anyhow::Result<Vec<Field>> {
    let (input, known) = input(sample, task.n_input_frames);
    let [_, height, width] = input.shape;
    let answer = answer_to(network.model, input, Some(&known), &network.run)?;
    let map = |values: &[f32]| {
        let values = values.iter().map(|&x| task.field.to_physical(x)).collect();
        Field::new(height, width, values)
    };
    Ok(answer.prediction.chunks_exact(height * width).map(map).collect())
}

/// How many samples were left out, in words.
fn left_out(n: usize) -> String {
    match n {
        0 => String::new(),
        n => format!("; {n} left out, since a forecast had nothing measured to begin with"),
    }
}
