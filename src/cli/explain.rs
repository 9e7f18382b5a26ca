//! `stormlens explain`: attributions as arrays, without a browser.

use std::path::PathBuf;

use anyhow::bail;
use clap::ValueEnum;
use stormlens_data::files::npy::NpzWriter;
use stormlens_nn::engine::{Answer, Question};

use super::network::{NetworkArgs, Sequences};
use super::progress::Bar;

/// Explain a prediction from normalised frames in a .npy file
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(flatten)]
    network: NetworkArgs,
    #[arg(long, value_enum, default_value = "grad-cam")]
    method: Method,
    /// Layers for Grad-CAM, by name or label, separated by commas; or `all`
    #[arg(long, default_value = "all", value_delimiter = ',')]
    layers: Vec<String>,
    /// The target is the predicted rain summed over pixels above this rate
    #[arg(long, default_value_t = 1.5, value_name = "MM/H")]
    threshold_mmh: f64,
    /// Points on the path of integrated gradients
    #[arg(long, default_value_t = 50, value_parser = clap::value_parser!(u16).range(1..=1000))]
    steps: u16,
    /// One sequence: float32 [12, H, W] or [1, 12, H, W], normalised
    #[arg(long, value_name = "X.npy")]
    input: PathBuf,
    /// Where to write: NAME/raw [h, w] and NAME/cam [H, W] for each layer, or
    /// integrated_gradients_mm_h [12, H, W]; with prediction, score and mask
    #[arg(long, value_name = "E.npz")]
    output: PathBuf,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Method {
    GradCam,
    IntegratedGradients,
}

pub fn run(args: Args) -> anyhow::Result<()> {
    if !args.threshold_mmh.is_finite() {
        bail!("the threshold must be a number, in mm/h");
    }
    let sequences = Sequences::read(&args.input)?;
    let [frames] = sequences.frames.as_slice() else {
        bail!(
            "{} holds {} sequences; explain takes one",
            args.input.display(),
            sequences.frames.len()
        );
    };
    let (engine, resident) = args.network.open()?;
    let all = || resident.card.layers.iter().map(|l| l.name.clone()).collect();
    let layers = match (args.method, args.layers.as_slice()) {
        (Method::IntegratedGradients, _) => Vec::new(),
        (Method::GradCam, [word]) if word == "all" => all(),
        (Method::GradCam, names) => names.to_vec(),
    };
    let ig_steps = (args.method == Method::IntegratedGradients).then_some(args.steps.into());
    let question = Question { threshold_mm_h: args.threshold_mmh, layers, ig_steps };
    let answer = engine.explain(&resident, frames, &question, &Bar::new())?;
    let mut file = NpzWriter::create(&args.output)?;
    let plane = [frames.height, frames.width];
    let n_leads = answer.prediction.len() / (plane[0] * plane[1]);
    file.add_f32("prediction", &[n_leads, plane[0], plane[1]], &answer.prediction)?;
    write(&mut file, &answer, plane)?;
    file.finish()?;
    report(&answer, &args);
    Ok(())
}

fn write(file: &mut NpzWriter, answer: &Answer, plane: [usize; 2]) -> anyhow::Result<()> {
    let cam = answer.grad_cam.as_ref();
    let ig = answer.integrated_gradients.as_ref();
    if let Some(target) = cam.map(|c| &c.target).or(ig.map(|i| &i.target)) {
        file.add_f64("score", &[], &[target.score])?;
        file.add_f64("score_mm_h", &[], &[target.score_mm_h])?;
        file.add_f32("mask", &plane, &target.mask.values)?;
    }
    for map in cam.iter().flat_map(|c| &c.layers) {
        let raw = [map.raw.height, map.raw.width];
        file.add_f32(&format!("{}/raw", map.layer), &raw, &map.raw.values)?;
        file.add_f32(&format!("{}/cam", map.layer), &plane, &map.cam.values)?;
    }
    if let Some(ig) = ig {
        let values: Vec<f32> = ig.frames.iter().flat_map(|f| f.values.iter().copied()).collect();
        let shape = [ig.frames.len(), plane[0], plane[1]];
        file.add_f32("integrated_gradients_mm_h", &shape, &values)?;
        file.add_f64("frame_sums_mm_h", &[ig.frame_sums_mm_h.len()], &ig.frame_sums_mm_h)?;
        file.add_f64("output_difference_mm_h", &[], &[ig.output_difference_mm_h])?;
        file.add_f64("convergence_delta_mm_h", &[], &[ig.convergence_delta_mm_h])?;
    }
    Ok(())
}

fn report(answer: &Answer, args: &Args) {
    let cam = answer.grad_cam.as_ref();
    let ig = answer.integrated_gradients.as_ref();
    if let Some(target) = cam.map(|c| &c.target).or(ig.map(|i| &i.target)) {
        let n = target.mask.values.len();
        println!("target: {} of {n} pixels above {} mm/h", target.n_pixels, args.threshold_mmh);
        if target.n_pixels == 0 {
            println!("nothing is predicted above the threshold, so every map is zero; lower it");
        }
    }
    if let Some(cam) = cam {
        let n_empty = cam.layers.iter().filter(|l| l.is_empty()).count();
        println!("Grad-CAM of {} layers, {n_empty} without positive evidence", cam.layers.len());
    }
    if let Some(ig) = ig {
        println!(
            "integrated gradients: sum {:.4} mm/h, completeness gap {:+.4} mm/h",
            ig.frame_sums_mm_h.iter().sum::<f64>(),
            ig.convergence_delta_mm_h
        );
    }
    println!("written to {}", args.output.display());
}
