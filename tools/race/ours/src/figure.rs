//! One figure: a Grad-CAM map over the rain.

use anyhow::{Context, ensure};
use stormlens::export::{self, Recipe};
use stormlens_data::import::knmi;
use stormlens_data::outcome::{Outcome, Values};
use stormlens_plot::testing;
use stormlens_plot::{Figure, Style};

use crate::inputs::Inputs;
use crate::work::{Array, Work, work};

const DPI: u32 = 150;

/// Draws the SVG of a column's width, and makes a PNG file of it.
pub fn cam(inputs: &Inputs) -> anyhow::Result<Box<dyn Work>> {
    let (outcome, figure) = outcome(inputs)?;
    let style = Style::default();
    let run = move || {
        let svg = stormlens_plot::draw(&outcome, &figure, &style)?;
        Ok(export::png(&svg, DPI, &Recipe::new(&outcome, &figure, &style))?)
    };
    Ok(work(run, |png: Vec<u8>| Ok(vec![Array::u8("figure.png", &[png.len()], png)])))
}

/// The result that figures are tested with, with the map and the rain of the race in it.
fn outcome(inputs: &Inputs) -> anyhow::Result<(Outcome, Figure)> {
    let mut outcome = testing::outcome();
    let ([height, width], cam) = inputs.array("figure_cam")?;
    let (shape, frames) = inputs.array::<3>("sar")?;
    let rain = frames.iter().map(|&x| knmi::to_mm_h(x)).collect();
    put(&mut outcome, "input", &shape, rain)?;
    let of_layer = |name: &&str| name.starts_with("grad_cam/") && !name.ends_with("/raw");
    let names = outcome.variables.iter().filter(|v| v.layer().is_some()).map(|v| v.name.as_str());
    let name = names.clone().find(of_layer).context("the result has a layer")?.to_owned();
    put(&mut outcome, &name, &[height, width], cam)?;
    Ok((outcome, Figure::map(name)))
}

/// Other values of a variable, of the same shape.
fn put(outcome: &mut Outcome, name: &str, shape: &[usize], values: Vec<f32>) -> anyhow::Result<()> {
    let variable = outcome.variables.iter_mut().find(|variable| variable.name == name);
    let variable = variable.with_context(|| format!("the result has no {name}"))?;
    ensure!(variable.shape() == shape, "{name} has shape {:?}, not {shape:?}", variable.shape());
    variable.values = Values::F32(values);
    Ok(())
}
