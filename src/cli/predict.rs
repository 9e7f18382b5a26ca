//! `stormlens predict`: a network's answer, without a browser.

use std::path::{Path, PathBuf};

use anyhow::bail;
use stormlens_data::card::{Hides, ModelCard};
use stormlens_nn::registry;

use super::ask::{QuestionArgs, ask};
use super::network::NetworkArgs;
use super::output::Output;
use super::speech::Speech;
use crate::question::NO_METHOD;
use crate::tasks::EXACT;

/// Run a network
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(flatten)]
    question: QuestionArgs,
    /// Where to write the answer, - for standard output: .npz or .nc has all of it, .json what is said of it, with its
    /// numbers, .npy the prediction alone, .csv the prediction with a line a value. Values are in physical units. Of
    /// several inputs, .npy stacks the predictions, other files are numbered
    #[arg(long, value_name = "FILE|-")]
    output: PathBuf,
    /// What is written, where the ending does not say it; on standard output json until it is named
    #[arg(long, value_name = "npz|nc|json|npy|csv|zip")]
    format: Option<String>,
    /// For SpaT-SparK with hidden patches: what gives the forecast of a patch its size. For an array that becomes an array: all
    /// of its values (whole, the default, as in the authors' program) or what is seen; else the same as statistics=NAME
    #[arg(long, value_name = "whole|visible")]
    statistics: Option<String>,
    /// For SpaT-SparK: whether weights rebuild frames or forecast, where neither they nor a translation in them says so
    #[arg(long, value_name = "pretrain|finetune")]
    stage: Option<String>,
}

/// An array that a network takes exactly as it is.
pub struct Exact<'a> {
    pub model: ModelCard,
    pub network: &'a NetworkArgs,
    pub input: &'a Path,
    pub mask: Option<&'a Path>,
    pub statistics: Option<&'a str>,
    pub stage: Option<&'a str>,
    /// Whether numbers are taken that cannot be what the network looks at.
    pub is_unchecked: bool,
    pub output: &'a Path,
}

pub fn run(mut args: Args, speech: Speech) -> anyhow::Result<()> {
    if let Some(done) = as_it_is(&args) {
        return done;
    }
    if args.stage.is_some() {
        bail!(
            "--stage is said of arrays for SpaT-SparK that become an array (.npy); say it of weights with `stormlens import`"
        );
    }
    if args.question.fields.mask.is_some() && hides_patches(&args) {
        bail!(
            "--mask is for an array (.npy) that becomes an array, without --units or --set; for other files hide patches with \
             hide=NUMBERS or hide-percent=N"
        );
    }
    if args.question.fields.exact && hides_patches(&args) {
        bail!(
            "--exact is for an array (.npy) that becomes an array, without --units or --set; leave it out, and say the unit of \
             the numbers with --units"
        );
    }
    let statistics = args.statistics.take().map(|value| ("statistics".to_owned(), value));
    args.question.set.extend(statistics);
    let mut output = Output::new(&args.output, args.format.as_deref(), speech)?;
    ask(&args.question, &[NO_METHOD.to_owned()], &mut output)
}

fn hides_patches(args: &Args) -> bool {
    let entry = registry::find(&args.question.network.model);
    entry.is_ok_and(|entry| (entry.card)().hides() == Some(Hides::Patches))
}

/// An array of which no unit is stated, where its network takes it as it is.
fn as_it_is(args: &Args) -> Option<anyhow::Result<()>> {
    let question = &args.question;
    let ([input], None, true) = (&question.input[..], &question.units, question.words.is_empty())
    else {
        return None;
    };
    let entry = registry::find(&question.network.model).ok()?;
    let exact = Exact {
        model: (entry.card)(),
        network: &question.network,
        input,
        mask: question.fields.mask.as_deref().map(Path::new),
        statistics: args.statistics.as_deref(),
        stage: args.stage.as_deref(),
        is_unchecked: question.fields.exact,
        output: &args.output,
    };
    EXACT.iter().find_map(|predict| predict(&exact))
}
