//! The mask of a network that can do without patches of the frames: which are hidden, what that does, and the form to hide
//! others.

use stormlens_data::card::Hides;
use stormlens_data::outcome::{Outcome, Variable};
use stormlens_data::request::FrameMask;

use crate::question::Question;
use crate::tasks::nowcast::answer::levels::LEVELS;
use crate::tasks::nowcast::answer::masked::{
    MASK_MEAN, MASK_MEMBERS, MASK_RANKS, MASK_RMS_ERROR, MASK_RMS_SPREAD, MASK_SPREAD,
};
use crate::tasks::nowcast::answer::rebuilt::{FILLED, INTERPOLATED};
use crate::tasks::nowcast::answer::{HIDDEN, PATCH_ERROR, STATISTICS_FLOOR};
use crate::tasks::nowcast::question::mask_of;
use crate::web::format;
use crate::web::views::{FigureView, Figures, map};
use stormlens_data::patches::SIDE_PX;
use stormlens_plot::Figure;

/// What a template needs.
pub struct MaskView {
    /// Rows of patches.
    pub rows: Vec<Vec<PatchView>>,
    pub n_hidden: usize,
    pub n_patches: usize,
    pub percent: Option<u32>,
    pub seed: u32,
    pub n_masks: usize,
    pub mask_percent: u32,
    pub whole_statistics: bool,
    /// Whose square is added to the variance of a patch, with its unit.
    pub floor: Option<String>,
    /// What is hidden, the error of each patch, and what forecasts behind masks say.
    pub figures: Vec<FigureView>,
    /// The forecast behind each mask, side by side.
    pub members: Option<FigureView>,
    /// How often the observation has each rank among them.
    pub ranks: Option<FigureView>,
    /// Lead times in minutes with spread and error of the forecasts behind masks, and the one over the other.
    pub calibration: Vec<[String; 4]>,
    /// What each level of the encoder holds, before and after translation.
    pub levels: Vec<FigureView>,
}

/// A patch to be hidden or shown.
pub struct PatchView {
    pub number: usize,
    /// `0.3 mm/h, hide patch 9, row 2, column 4; hidden now`
    pub label: String,
    /// Where the visitor hid it by name.
    pub is_chosen: bool,
    pub is_hidden: bool,
    /// Mean rain of the last frame, where it is known.
    pub rain: String,
}

impl MaskView {
    /// `None` for a network that sees everything.
    pub fn new(
        question: &Question,
        outcome: &Outcome,
        figures: &Figures<'_>,
        idx: usize,
    ) -> Option<Self> {
        if question.cards.model.hides() != Some(Hides::Patches) {
            return None;
        }
        let mask = mask_of(&question.request.subject);
        let input = outcome.variable("input")?;
        let [height, width] = input.plane?;
        let [n_rows, n_columns] = [height, width].map(|n| n.div_ceil(SIDE_PX));
        let hidden = outcome.variable(HIDDEN);
        let patch = |row: usize, column: usize| {
            let number = row * n_columns + column;
            let is_chosen = mask.hidden.contains(&number);
            let is_hidden = hidden.is_some_and(|map| is_set(map, [row, column], [height, width]));
            let rain = mean_rain(input, [row, column]);
            let amount = if rain.is_empty() { "not measured" } else { &rain };
            let now = if is_hidden { "; hidden now" } else { "" };
            let (row, column) = (row + 1, column + 1);
            let label = format!("{amount}: hide patch {number}, row {row}, column {column}{now}");
            PatchView { number, label, is_chosen, is_hidden, rain }
        };
        let row = |row: usize| (0..n_columns).map(|column| patch(row, column)).collect();
        let rows: Vec<Vec<PatchView>> = (0..n_rows).map(row).collect();
        let n_hidden = rows.iter().flatten().filter(|patch| patch.is_hidden).count();
        let FrameMask { random, n_masks, masks, whole_statistics, .. } = mask;
        Some(Self {
            n_hidden,
            n_patches: n_rows * n_columns,
            rows,
            percent: random.map(|shares| shares.percent),
            seed: random.or(masks).map_or(1, |shares| shares.seed),
            n_masks,
            mask_percent: masks.map_or(30, |shares| shares.percent),
            whole_statistics,
            floor: outcome.number(STATISTICS_FLOOR).map(|floor| amount(question, floor)),
            figures: views(outcome, figures, idx),
            members: there(outcome, MASK_MEMBERS)
                .map(|name| figures.wide(&Figure::Strip(name.to_owned()))),
            ranks: there(outcome, MASK_RANKS)
                .map(|name| figures.view(&Figure::Bars(name.to_owned()))),
            calibration: calibration(outcome),
            levels: levels(outcome, figures),
        })
    }
}

fn amount(question: &Question, floor: f64) -> String {
    let unit = question.cards.checkpoint.nowcasting.as_ref().map_or("", |task| task.field.unit());
    format!("{} {unit}", format::number(floor))
}

fn there<'a>(outcome: &Outcome, name: &'a str) -> Option<&'a str> {
    outcome.variable(name).map(|_| name)
}

/// A row a lead time; none where nothing was observed.
fn calibration(outcome: &Outcome) -> Vec<[String; 4]> {
    let both = [MASK_RMS_SPREAD, MASK_RMS_ERROR].map(|name| outcome.variable(name));
    let [Some(spread), Some(error)] = both else { return Vec::new() };
    let row = |i: usize| {
        let label = error.axis().map(|axis| axis.label(i)).unwrap_or_default();
        let (spread, error) = (spread.values.at(i), error.values.at(i));
        let number = |value: f64| match value.is_finite() {
            true => format::number(value),
            false => "–".to_owned(),
        };
        [label, number(spread), number(error), number(spread / error)]
    };
    (0..error.values.len()).map(row).collect()
}

fn levels(outcome: &Outcome, figures: &Figures<'_>) -> Vec<FigureView> {
    let is_level =
        |name: &&str| name.strip_prefix(LEVELS).is_some_and(|rest| rest.starts_with('/'));
    let names = outcome.variables.iter().map(|variable| variable.name.as_str()).filter(is_level);
    names.map(|name| figures.view(&map(name, 0))).collect()
}

fn views(outcome: &Outcome, figures: &Figures<'_>, idx: usize) -> Vec<FigureView> {
    let of_patches = [HIDDEN, PATCH_ERROR].map(|name| (name, 0));
    let of_lead = [FILLED, INTERPOLATED, MASK_MEAN, MASK_SPREAD].map(|name| (name, idx));
    let all = of_patches.into_iter().chain(of_lead);
    let found = all.filter(|(name, _)| outcome.variable(name).is_some());
    found.map(|(name, idx)| figures.view(&map(name, idx))).collect()
}

/// Whether a patch is set in a mask of patches or of pixels.
fn is_set(mask: &Variable, [row, column]: [usize; 2], [height, width]: [usize; 2]) -> bool {
    let map = mask.map(0);
    let at = |patch: usize, n_cells: usize, n_pixels: usize| {
        (patch * SIDE_PX * n_cells / n_pixels).min(n_cells - 1)
    };
    map.at(at(row, map.height, height), at(column, map.width, width)) > 0.0
}

/// Of the last frame, mm/h; empty where nothing is known.
fn mean_rain(input: &Variable, [row, column]: [usize; 2]) -> String {
    let frame = input.map(input.n_maps() - 1);
    let part = |patch: usize, n: usize| patch * SIDE_PX..((patch + 1) * SIDE_PX).min(n);
    let pixels = part(row, frame.height)
        .flat_map(|row| part(column, frame.width).map(move |column| (row, column)));
    let known: Vec<f64> = pixels
        .map(|(row, column)| f64::from(frame.at(row, column)))
        .filter(|value| value.is_finite())
        .collect();
    match known.len() {
        0 => String::new(),
        n => format::number(known.iter().sum::<f64>() / n as f64),
    }
}
