//! This program's side of the race against Python's frameworks: `stormlens-race INPUTS ROOT`.
//!
//! It does a piece of work once for every line that it reads, and waits for the next one. See
//! `tools/race/README.md`.

mod figure;
mod harpnet;
mod inputs;
mod polar_low;
mod protocol;
mod request;
mod sar_unet;
mod spat_spark;
mod sslpdl;
mod training;
mod weights;
mod work;

use std::path::PathBuf;

use anyhow::bail;
use clap::Parser;

use self::inputs::Inputs;
use self::protocol::serve;
use self::work::Work;

// As in the product.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Run paths of the race on request, one a line
#[derive(Parser)]
struct Args {
    /// Folder of the arrays that both sides compute on
    inputs: PathBuf,
    /// Folder of this project, with its data and checkpoints
    root: PathBuf,
}

fn main() -> anyhow::Result<()> {
    stormlens::allocator::set_up();
    let Args { inputs, root } = Args::parse();
    let inputs = Inputs::new(inputs, root);
    serve(std::io::stdin().lock(), std::io::stdout().lock(), |path| prepare(path, &inputs))
}

/// Reads what a path needs; nothing is computed before it is asked for.
fn prepare(path: &str, inputs: &Inputs) -> anyhow::Result<Box<dyn Work>> {
    match path {
        // The other side has a second form of this path; ours is the same.
        "sar-forward" | "sar-forward-folded" => sar_unet::forward(inputs),
        "sar-cam32" => sar_unet::raw_maps(inputs),
        "sar-script12" => sar_unet::overlays(inputs, &sar_unet::decoder_layers()),
        "sar-script32" => sar_unet::overlays(inputs, &sar_unet::layers()),
        "sar-ig50" => sar_unet::gradients(inputs),
        "polar-forward-512" => polar_low::forward(inputs, 512),
        "polar-forward-1024" => polar_low::forward(inputs, 1024),
        "polar-ig-point" => polar_low::points_of_path(inputs, 512),
        "figure" => figure::cam(inputs),
        "request" => request::click_to_picture(inputs),
        "harpnet-tile" => harpnet::tile(inputs),
        "harpnet-domain" => harpnet::domain(inputs),
        "dcnv3" => sslpdl::core(inputs),
        "dcnv3-gradient" => sslpdl::core_and_gradients(inputs),
        "sslpdl-forward" => sslpdl::forward(inputs),
        "spat-forward" => spat_spark::forward(inputs),
        "spat-occlusion" => spat_spark::occlusion(inputs),
        "spat-train-step" => training::spat_spark(inputs),
        "sar-train-step" => training::sar_unet(inputs),
        "unet-train-step" => training::unet(inputs),
        _ => bail!("there is no path {path:?}"),
    }
}
