//! What each single map of a scene shows.

use stormlens_data::attribution::{self, Outline, Ranking, Visualiser, signed_sum};
use stormlens_data::outcome::{ClassAttribution, SceneCamLayer, SceneOutcome, SceneView};

use super::evidence::Evidence;
use super::lookup::{gradients, layer};
use super::overlay::{Overlay, of_cells, over_crop};
use super::place::visible_crop;
use super::published::{cam_overlay, gradients_overlay};
use super::words::{EVIDENCE, unit};
use super::{Interpolation, Registration, SceneFigure, SceneStyle, scales};
use crate::plot::PlotError;
use crate::plot::colour::Rgb;
use crate::plot::legend::Legend;
use crate::plot::lookup::is_zero;
use crate::plot::palette::N_CONTINUOUS;
use crate::plot::scale::Scale;

/// What lies beneath.
pub enum Base {
    /// The scene as it is.
    Colours,
    Grey,
    /// Another square of `[side × side × 3]` bytes, with no more detail than the picture has or with a
    /// map of single pixels in it.
    Drawn {
        rgb: Vec<u8>,
        is_smooth: bool,
    },
}

/// What a map shows, from the lowest.
pub struct Contents {
    pub base: Base,
    pub overlay: Option<Overlay>,
    pub legend: Option<Legend>,
    /// What is said on the map where there is nothing to see.
    pub message: Option<String>,
}

/// # Errors
/// If the outcome does not hold what the figure shows.
pub fn of(
    outcome: &SceneOutcome,
    figure: &SceneFigure,
    style: &SceneStyle,
) -> Result<Contents, PlotError> {
    match figure {
        SceneFigure::Scene => {
            Ok(Contents { base: Base::Colours, overlay: None, legend: None, message: None })
        }
        SceneFigure::Attribution(name) => Ok(cam(outcome, layer(outcome, name)?, style)),
        SceneFigure::AttributionRaw(name) => Ok(cam_raw(outcome, layer(outcome, name)?, style)),
        SceneFigure::Gradients => Ok(attribution(outcome, gradients(outcome)?, style)),
        SceneFigure::Path | SceneFigure::LayerGrid(_) => {
            Err(PlotError::UnknownSceneFigure { name: figure.to_string() })
        }
    }
}

/// Grad-CAM of one layer.
pub fn cam(outcome: &SceneOutcome, map: &SceneCamLayer, style: &SceneStyle) -> Contents {
    let view = &outcome.view;
    let message = Evidence::of(view, map).nothing().map(str::to_owned);
    if style.registration == Registration::Published {
        let rgb = cam_overlay(&view.rgb, view.variant.input_px, &map.cam);
        let legend = Legend { scale: scales::jet(1.0), label: EVIDENCE.into() };
        return Contents {
            base: Base::Drawn { rgb, is_smooth: true },
            overlay: None,
            legend: Some(legend),
            message,
        };
    }
    let scale = scales::evidence(style.palette, style.opacity);
    let overlay = Overlay {
        field: of_cells(view, &map.cam, style.interpolation),
        scale: scale.clone(),
        sharp: style.interpolation == Interpolation::Cells,
    };
    let legend = Legend { scale: scale.on(ground(view)), label: EVIDENCE.into() };
    Contents { base: Base::Grey, overlay: Some(overlay), legend: Some(legend), message }
}

fn cam_raw(outcome: &SceneOutcome, map: &SceneCamLayer, style: &SceneStyle) -> Contents {
    let scale = Scale::signed(style.theme, &map.raw).transparent_where_missing();
    let field = of_cells(&outcome.view, &map.raw, Interpolation::Cells);
    Contents {
        base: Base::Grey,
        overlay: Some(Overlay { field, scale: scale.clone(), sharp: true }),
        legend: Some(Legend { scale, label: "weighted activation".into() }),
        message: is_zero(&map.raw).then(|| "zero everywhere in this layer".into()),
    }
}

fn attribution(
    outcome: &SceneOutcome,
    gradients: &ClassAttribution,
    style: &SceneStyle,
) -> Contents {
    match style.visualiser() {
        None => both_signs(outcome, gradients, style),
        Some(visualiser) if style.outline => outlined(outcome, gradients, visualiser, style),
        Some(visualiser) => one_sign(outcome, gradients, visualiser, style),
    }
}

fn both_signs(
    outcome: &SceneOutcome,
    gradients: &ClassAttribution,
    style: &SceneStyle,
) -> Contents {
    let (view, side) = (&outcome.view, gradients.crop_px);
    let mut sums = signed_sum(&gradients.attribution, side);
    let limit = size_of_most(&sums, style.above);
    let (scale_by, unit) = unit(limit, gradients.options.output);
    sums.iter_mut().for_each(|value| *value = (f64::from(*value) / scale_by) as f32);
    let limit = (f64::from(limit) / scale_by) as f32;
    let field = over_crop(view, |row, column| sums[row * side + column]);
    let scale = scales::both_signs(limit, &field, style.opacity);
    let label = format!("attribution ({unit} a pixel)");
    Contents {
        base: Base::Grey,
        legend: Some(Legend { scale: scale.clone().on(ground(view)), label }),
        overlay: Some(Overlay { field, scale, sharp: false }),
        message: (limit == 0.0).then(|| "no pixel has any influence".into()),
    }
}

/// The size that `percent` of the values that are not zero keep within; 0 where all are zero.
fn size_of_most(values: &[f32], percent: f64) -> f32 {
    let mut sizes: Vec<f32> = values.iter().map(|v| v.abs()).filter(|&v| v > 0.0).collect();
    if sizes.is_empty() {
        return 0.0;
    }
    let rank = (percent / 100.0 * (sizes.len() - 1) as f64).ceil() as usize;
    *sizes.select_nth_unstable_by(rank, f32::total_cmp).1
}

fn one_sign(
    outcome: &SceneOutcome,
    gradients: &ClassAttribution,
    visualiser: Visualiser,
    style: &SceneStyle,
) -> Contents {
    let (view, side, sign) = (&outcome.view, gradients.crop_px, visualiser.polarity);
    let mean = visualiser.mean(&gradients.attribution, side);
    let range = visualiser.thresholds(&mean);
    let map = visualiser.map_of(mean, side);
    let message = is_empty(&map).then(|| nothing(outcome, visualiser));
    let is_published = style.registration == Registration::Published;
    let colours = match is_published {
        true => published_colours(view, sign),
        false => scales::one_sign(sign, style.opacity).on(ground(view)).colours,
    };
    let legend = range.map(|range| {
        let (scale_by, unit) = unit(range.high, gradients.options.output);
        let scale = scales::one_sign_in(sign, colours, range, scale_by);
        Legend { scale, label: format!("mean of channels ({unit} a pixel)") }
    });
    if is_published {
        let rgb = gradients_overlay(&view.rgb, view.variant.input_px, view.crop(), &map, sign);
        return Contents {
            base: Base::Drawn { rgb, is_smooth: false },
            overlay: None,
            legend,
            message,
        };
    }
    let overlay = Overlay {
        field: over_crop(view, |row, column| map[row * side + column]),
        scale: scales::one_sign(sign, style.opacity),
        sharp: false,
    };
    Contents { base: Base::Grey, overlay: Some(overlay), legend, message }
}

/// The main regions of one sign.
pub fn main_regions(
    gradients: &ClassAttribution,
    visualiser: Visualiser,
    registration: Registration,
) -> Outline {
    let side = gradients.crop_px;
    let ranking = match registration {
        Registration::Published => Ranking::Area,
        Registration::OnCrop => Ranking::Attribution,
    };
    Outline::of(&visualiser.map(&gradients.attribution, side), side, ranking)
}

fn outlined(
    outcome: &SceneOutcome,
    gradients: &ClassAttribution,
    visualiser: Visualiser,
    style: &SceneStyle,
) -> Contents {
    let (view, side) = (&outcome.view, gradients.crop_px);
    let mean = visualiser.mean(&gradients.attribution, side);
    let message = is_empty(&mean).then(|| nothing(outcome, visualiser));
    let border = main_regions(gradients, visualiser, style.registration).border;
    let sign = visualiser.polarity;
    if style.registration == Registration::Published {
        let border: Vec<f32> = border.into_iter().map(|b| f32::from(u8::from(b))).collect();
        let rgb = gradients_overlay(&view.rgb, view.variant.input_px, view.crop(), &border, sign);
        return Contents {
            base: Base::Drawn { rgb, is_smooth: false },
            overlay: None,
            legend: None,
            message,
        };
    }
    let line = widened(&border, side, reach_px(view, style));
    let overlay = Overlay {
        field: over_crop(view, |row, column| line[row * side + column]),
        scale: scales::border(sign),
        sharp: true,
    };
    Contents { base: Base::Grey, overlay: Some(overlay), legend: None, message }
}

/// How far a line of one pixel is widened so that it can be seen in print.
fn reach_px(view: &SceneView, style: &SceneStyle) -> usize {
    const HALF_LINE_MM: f64 = 0.12;
    (HALF_LINE_MM * view.content.width as f64 / style.width_mm).round() as usize
}

fn widened(border: &[bool], side: usize, reach: usize) -> Vec<f32> {
    let mut line = vec![0.0; border.len()];
    let around = |i: usize| i.saturating_sub(reach)..(i + reach + 1).min(side);
    for i in (0..border.len()).filter(|&i| border[i]) {
        for row in around(i / side) {
            around(i % side).for_each(|column| line[row * side + column] = 1.0);
        }
    }
    line
}

fn is_empty(map: &[f32]) -> bool {
    map.iter().all(|&v| v == 0.0)
}

fn direction(visualiser: Visualiser) -> &'static str {
    match visualiser.polarity {
        attribution::Polarity::Positive => "for",
        attribution::Polarity::Negative => "against",
    }
}

fn nothing(outcome: &SceneOutcome, visualiser: Visualiser) -> String {
    format!("nothing speaks {} “{}”", direction(visualiser), outcome.explained().label)
}

/// What the scene looks like on the whole where attributions lie: what a legend shows them on.
fn ground(view: &SceneView) -> Rgb {
    let grey = super::sheet::dimmed(mean_grey(view).round() as u8);
    [grey; 3]
}

/// The mean of all channels where there are data within the centre.
fn mean_grey(view: &SceneView) -> f64 {
    let visible = visible_crop(view);
    let (mut sum, mut n) = (0_u64, 0_u64);
    for row in visible.top..visible.top + visible.height {
        let start = 3 * (row * view.variant.input_px + visible.left);
        for pixel in view.rgb[start..start + 3 * visible.width].as_chunks::<3>().0 {
            if *pixel != [0; 3] {
                sum += pixel.iter().map(|&v| u64::from(v)).sum::<u64>();
                n += 3;
            }
        }
    }
    sum as f64 / n.max(1) as f64
}

/// Green or red added to the mean of the scene at half its brightness.
fn published_colours(view: &SceneView, sign: attribution::Polarity) -> Vec<[u8; 4]> {
    let ground = 0.5 * mean_grey(view);
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
