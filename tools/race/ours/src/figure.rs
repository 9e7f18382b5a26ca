//! One figure: a Grad-CAM map over the rain.

use anyhow::Context;
use stormlens::export::{self, Recipe};
use stormlens::plot::{self, Figure, Style};
use stormlens::testing;
use stormlens_data::field::Field;
use stormlens_data::import::knmi;
use stormlens_data::outcome::NowcastOutcome;

use crate::inputs::Inputs;
use crate::work::{Array, Work, work};

const DPI: u32 = 150;

/// Draws the SVG of a column's width, and makes a PNG file of it.
pub fn cam(inputs: &Inputs) -> anyhow::Result<Box<dyn Work>> {
    let (outcome, figure) = outcome(inputs)?;
    let style = Style::default();
    let run = move || {
        let svg = plot::draw(&outcome, &figure, &style)?;
        Ok(export::png(&svg, DPI, &Recipe::new(&outcome, &figure, &style))?)
    };
    Ok(work(run, |png: Vec<u8>| Ok(vec![Array::u8("figure.png", &[png.len()], png)])))
}

/// The result that figures are tested with, with the map and the rain of the race in it.
fn outcome(inputs: &Inputs) -> anyhow::Result<(NowcastOutcome, Figure)> {
    let mut outcome = testing::outcome();
    let ([height, width], cam) = inputs.array("figure_cam")?;
    let ([_, rows, columns], frames) = inputs.array("sar")?;
    let in_mm_h = |frame: &[f32]| frame.iter().map(|&x| knmi::to_mm_h(x)).collect();
    let fields = frames.chunks_exact(rows * columns);
    outcome.forecast.inputs_mm_h =
        fields.map(|frame| Field::new(rows, columns, in_mm_h(frame))).collect();
    let maps = &mut outcome.grad_cam.as_mut().context("the result has Grad-CAM")?.layers;
    let map = maps.first_mut().context("the result has a layer")?;
    map.cam = Field::new(height, width, cam);
    let figure = Figure::Attribution(map.layer.clone());
    Ok((outcome, figure))
}
