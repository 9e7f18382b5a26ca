//! Maps as the networks' published programs draw them.

use stormlens_data::attribution;
use stormlens_data::field::Field;
use stormlens_data::outcome::{Colours, Role};

use super::layer::{Layer, Picture};
use super::legend::Legend;
use super::lookup::{Shown, first_map};
use super::overlay::{mm_h_normalised, overlay_on};
use super::palette::N_CONTINUOUS;
use super::pixels::Pixels;
use super::published::{cam_overlay, gradients_overlay};
use super::rendering::Rendering;
use super::scale::Rgba;
use super::square::Square;
use super::view::{View, extent};
use super::{PlotError, scales};

/// What lies beneath, in words.
pub fn ground_words(view: &View) -> &'static str {
    match view.square {
        Some(_) => "as published: the map of the centre stretched over the whole scene",
        None => "jet added to the oldest input frame, as in the authors' program",
    }
}

/// Grad-CAM over a scene, or over the oldest frame on the Earth.
pub fn evidence(
    view: &View,
    field: &Field,
    label: String,
    message: Option<String>,
) -> Result<Rendering, PlotError> {
    let (layer, scale) = match view.square {
        Some(square) => {
            let rgb = cam_overlay(&square.rgb(), square.side, field);
            let pixels = view.as_picture(Pixels::part(&rgb, square.side, view.part));
            (Layer::photograph(pixels, view.part), scales::jet(1.0))
        }
        None => (on_oldest_frame(view, field)?, scales::reference_jet()),
    };
    let legend = Some(Legend { scale, label });
    Ok(Rendering { layers: vec![layer], legend, message, has_missing: false })
}

fn on_oldest_frame(view: &View, cam: &Field) -> Result<Layer, PlotError> {
    let input = first_map(view.outcome, Role::Input).map_or("input", |input| input.name.as_str());
    let input = Shown::of(view.outcome, input, 0)?;
    let (field, whole) = (input.field(), extent(&input.variable.domain));
    let rgb = match input.colours() {
        Colours::Rain => overlay_on(cam, &field, mm_h_normalised),
        _ => overlay_on(cam, &field, f64::from),
    };
    let pixels = Pixels::part(&rgb, whole.width, view.part);
    Ok(Layer { picture: Picture::Bytes(pixels), piece: view.part, sharp: true })
}

/// One sign of a signed attribution, a map from 0 to 1 over the centre.
pub fn one_sign(
    view: &View,
    square: Square,
    map: &[f32],
    sign: attribution::Polarity,
) -> Vec<Layer> {
    let Some(scene) = view.scene() else { return Vec::new() };
    let rgb = gradients_overlay(&square.rgb(), square.side, scene.crop(), map, sign);
    vec![Layer::photograph(Pixels::part(&rgb, square.side, view.part), view.part)]
}

/// Green or red added to the mean of the scene at half its brightness.
pub fn colours(view: &View, square: Square, sign: attribution::Polarity) -> Vec<Rgba> {
    let ground = 0.5 * square.mean_grey(view.centre_or_part());
    let channel = match sign {
        attribution::Polarity::Positive => 1,
        attribution::Polarity::Negative => 0,
    };
    let colour = |i: usize| {
        let mut colour = [ground; 3];
        colour[channel] += 255.0 * i as f64 / (N_CONTINUOUS - 1) as f64;
        let [r, g, b] = colour.map(|v| v.clamp(0.0, 255.0) as u8);
        [r, g, b, 255]
    };
    (0..N_CONTINUOUS).map(colour).collect()
}
