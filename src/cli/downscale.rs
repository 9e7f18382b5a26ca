//! `stormlens downscale`: from a coarse field to a fine one in one command.

use std::path::PathBuf;

use super::ask::{FieldArgs, QuestionArgs, ask, read_pair};
use super::given::Pair;
use super::network::NetworkArgs;
use super::output::Output;
use super::speech::Speech;
use crate::config::Sources;
use crate::question::NO_METHOD;

/// How good the joints of the tiles are, how much negative rain was cut off, and how much of the coarse rain is left: as
/// on the page.
const SAID: [&str; 3] = ["seam_index", "clipped_share", "refined_share_of_coarse_mean"];

/// Refine coarse rain over a domain
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Which network
    #[arg(long, default_value = "harpnet")]
    model: String,
    /// Weights: a checkpoint folder, a file, or a name in the model's folder of checkpoints; without it the first there
    #[arg(long, value_name = "NAME|PATH")]
    checkpoint: Option<PathBuf>,
    /// The coarse rain: GRIB or NetCDF, an array with its --grid, or the name of a sample
    #[arg(long, value_name = "F.grib2|F.nc|X.npy|SAMPLE")]
    input: PathBuf,
    /// The unit of an array, such as mm, mm/h, mm/3h, mm/day, in or kg m-2 s-1
    #[arg(long, value_name = "UNIT")]
    units: Option<String>,
    #[command(flatten)]
    fields: FieldArgs,
    /// What is refined, degrees; without it all that the field covers
    #[arg(long, value_name = "W,S,E,N", allow_hyphen_values = true)]
    domain: Option<String>,
    /// Members of an ensemble under dropout, 2 to 50
    #[arg(long, value_name = "N")]
    members: Option<usize>,
    /// Where members come from; dropout where their number is given
    #[arg(long, value_name = "none|dropout|epochs")]
    ensemble: Option<String>,
    /// More of what addresses of the dashboard have: registration, blending, conservation
    #[arg(long, value_name = "NAME=VALUE", value_parser = read_pair)]
    set: Vec<Pair>,
    /// Where to write, - for standard output: .nc or .npz has all of it, .npy the refined rain alone. For several times,
    /// files are numbered
    #[arg(long, value_name = "FILE|-")]
    output: PathBuf,
    /// What is written, where the ending does not say it; on standard output json until it is named
    #[arg(long, value_name = "npz|nc|json|npy|csv|zip")]
    format: Option<String>,
    #[command(flatten)]
    sources: Sources,
}

pub fn run(args: Args, speech: Speech) -> anyhow::Result<()> {
    let output = Output::new(&args.output, args.format.as_deref(), speech)?;
    let mut output = output.saying(&SAID);
    let Args {
        model, checkpoint, input, units, fields, domain, members, ensemble, mut set, ..
    } = args;
    let ensemble = ensemble.or_else(|| members.map(|_| "dropout".to_owned()));
    let members = members.map(|n| n.to_string());
    let said = [("domain", domain), ("ensemble", ensemble), ("members", members)];
    set.extend(said.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?))));
    let question = QuestionArgs {
        network: NetworkArgs { model, checkpoint, sources: args.sources },
        input: vec![input],
        units,
        fields,
        blocks: None,
        set,
        words: Vec::new(),
    };
    ask(&question, &[NO_METHOD.to_owned()], &mut output)
}
