//! `stormlens explain`: attributions as arrays, without a browser.

use std::path::PathBuf;

use anyhow::{Context, bail};
use clap::ValueEnum;
use stormlens_data::files::npy::NpzWriter;
use stormlens_nn::Engine;
use stormlens_nn::engine::{Answer, Question, Resident};

use super::network::{NetworkArgs, Sequences};
use super::progress::Bar;
use super::scene::{self, PathArgs, SceneArgs};
use crate::catalog::DEFAULT_THRESHOLD_MM_H;
use crate::export;

/// Explain a nowcast from radar frames in a .npy file, or the class of a picture
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(flatten)]
    network: NetworkArgs,
    #[arg(long, value_enum, default_value = "grad-cam")]
    method: Method,
    /// Layers for Grad-CAM, by name or label, separated by commas; all of them where left out
    #[arg(long, value_delimiter = ',', value_name = "LAYER,LAYER|all")]
    layers: Vec<String>,
    /// The target is the predicted rain summed over pixels above this rate, default 1.5; only for
    /// networks that predict rain
    #[arg(long, value_name = "MM/H")]
    threshold_mmh: Option<f64>,
    /// Steps on the path of integrated gradients
    #[arg(long, default_value_t = 50, value_parser = clap::value_parser!(u16).range(1..=1600))]
    steps: u16,
    #[command(flatten)]
    scene: SceneArgs,
    #[command(flatten)]
    path: PathArgs,
    /// One sequence: float32 [12, H, W] or [1, 12, H, W] as .npy, normalised; or a picture: PNG,
    /// JPEG or TIFF, or float32 [H, W, 3] in 0 to 255 as .npy
    #[arg(long, value_name = "FILE")]
    input: PathBuf,
    /// Where to write. Of a sequence: NAME/raw [h, w] and NAME/cam [H, W] for each layer, or
    /// integrated_gradients_mm_h [12, H, W]; with prediction, score and mask. Of a picture: logits
    /// and probs [classes], NAME/weights [channels], NAME/raw and NAME/cam [h, w], or
    /// integrated_gradients [crop, crop, 3] with path_outputs
    #[arg(long, value_name = "E.npz")]
    output: PathBuf,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Method {
    GradCam,
    IntegratedGradients,
}

pub fn run(args: Args) -> anyhow::Result<()> {
    refuse_other_method(&args)?;
    let (engine, resident) = args.network.open()?;
    match resident.card.scene_classification() {
        Some(_) => explain_class(&args, &engine, &resident),
        None => explain_nowcast(&args, &engine, &resident),
    }
}

/// An option that changes nothing would be taken for one that did.
fn refuse_other_method(args: &Args) -> anyhow::Result<()> {
    match args.method {
        Method::GradCam if args.path != PathArgs::default() => {
            bail!("--baseline, --of and --tolerance are for --method integrated-gradients")
        }
        Method::IntegratedGradients if !args.layers.is_empty() => {
            bail!("--layers is for --method grad-cam; integrated gradients are of the input")
        }
        _ => Ok(()),
    }
}

fn explain_class(args: &Args, engine: &Engine, resident: &Resident) -> anyhow::Result<()> {
    if args.threshold_mmh.is_some() {
        bail!(
            "{} takes pictures: --threshold-mmh is for networks that predict rain",
            resident.card.id
        );
    }
    let mut request = args.scene.request(resident)?;
    match args.method {
        Method::GradCam => request.grad_cam = true,
        Method::IntegratedGradients => {
            request.integrated_gradients = Some(args.path.options(args.steps.into())?);
        }
    }
    let wanted = layers(args, resident);
    let mut outcome = scene::answer(engine, resident, &args.input, &request, &Bar::new())?;
    if let Some(cam) = &mut outcome.grad_cam {
        let names = resident.layer_names(&wanted)?;
        cam.layers.retain(|layer| names.contains(&layer.layer));
    }
    std::fs::write(&args.output, export::scene::npz(&outcome)?)
        .with_context(|| format!("cannot write {}", args.output.display()))?;
    scene::report(&outcome);
    println!("written to {}", args.output.display());
    Ok(())
}

/// The layers of Grad-CAM as they were typed; all of them for the word `all`.
fn layers(args: &Args, resident: &Resident) -> Vec<String> {
    match (args.method, args.layers.as_slice()) {
        (Method::IntegratedGradients, _) => Vec::new(),
        (Method::GradCam, [] | [_]) if args.layers.iter().all(|word| word == "all") => {
            resident.card.layers.iter().map(|l| l.name.clone()).collect()
        }
        (Method::GradCam, names) => names.to_vec(),
    }
}

fn explain_nowcast(args: &Args, engine: &Engine, resident: &Resident) -> anyhow::Result<()> {
    args.scene.refuse_for(resident.card.id)?;
    args.path.refuse_for(resident.card.id)?;
    let threshold_mm_h = args.threshold_mmh.unwrap_or(DEFAULT_THRESHOLD_MM_H);
    if !threshold_mm_h.is_finite() {
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
    let layers = layers(args, resident);
    let ig_steps = (args.method == Method::IntegratedGradients).then_some(args.steps.into());
    let question = Question { threshold_mm_h, layers, ig_steps };
    let answer = engine.explain(resident, frames, &question, &Bar::new())?;
    let mut file = NpzWriter::create(&args.output)?;
    let plane = [frames.height, frames.width];
    let n_leads = answer.prediction.len() / (plane[0] * plane[1]);
    file.add_f32("prediction", &[n_leads, plane[0], plane[1]], &answer.prediction)?;
    write(&mut file, &answer, plane)?;
    file.finish()?;
    report(&answer, args, threshold_mm_h);
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

fn report(answer: &Answer, args: &Args, threshold_mm_h: f64) {
    let cam = answer.grad_cam.as_ref();
    let ig = answer.integrated_gradients.as_ref();
    if let Some(target) = cam.map(|c| &c.target).or(ig.map(|i| &i.target)) {
        let n = target.mask.values.len();
        println!("target: {} of {n} pixels above {threshold_mm_h} mm/h", target.n_pixels);
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
