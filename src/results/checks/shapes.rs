//! What every result has, whatever its task: names that tell its parts apart, a value for each place,
//! and rows and columns that lie somewhere.

use std::collections::BTreeSet;

use stormlens_data::field::Grid;
use stormlens_data::outcome::{Colours, Domain, Outcome, Role, SceneGeometry, Values, Variable};

use super::{Unfit, ensure};

/// # Errors
/// For the first part that does not hold together.
pub(super) fn check(outcome: &Outcome) -> Result<(), Unfit> {
    let mut names = BTreeSet::new();
    for variable in &outcome.variables {
        let fits = names.insert(variable.name.as_str()) && holds_together(variable);
        ensure(fits, Unfit::shape(&variable.name))?;
    }
    let mut names = BTreeSet::new();
    for number in &outcome.numbers {
        ensure(names.insert(number.name.as_str()), Unfit::shape(&number.name))?;
    }
    Ok(())
}

fn holds_together(variable: &Variable) -> bool {
    let Variable { role, quantity, plane, domain, values, .. } = variable;
    let is_picture = quantity.colours != Colours::Picture
        || matches!((variable.shape().as_slice(), values), ([3, _, _], Values::U8(_)));
    // What the network sees and says has a value for each pixel; layers look at larger cells.
    let has_all_pixels = matches!(role, Role::Attribution { .. } | Role::Diagnostic)
        || plane.is_none()
        || domain.size() == *plane;
    let fits = match (domain, plane) {
        (Domain::None, plane) => plane.is_none(),
        (Domain::Earth(grid), Some(size)) => is_grid(grid) && is_within(*size, domain),
        (Domain::Scene(scene) | Domain::SceneCentre(scene), Some(size)) => {
            is_scene(scene) && is_within(*size, domain)
        }
        (_, None) => false,
    };
    variable.check().is_ok() && is_picture && has_all_pixels && fits
}

/// Cells are not smaller than pixels.
fn is_within([height, width]: [usize; 2], domain: &Domain) -> bool {
    domain.size().is_some_and(|[rows, columns]| height <= rows && width <= columns)
}

fn is_grid(grid: &Grid) -> bool {
    let Grid { height, width, spacing_km, west_km, north_km, .. } = grid;
    let is_spaced = spacing_km.is_finite() && *spacing_km > 0.0;
    *height > 0 && *width > 0 && is_spaced && west_km.is_finite() && north_km.is_finite()
}

/// The picture and the centre lie within the square.
fn is_scene(scene: &SceneGeometry) -> bool {
    let side = scene.variant.input_px;
    let fits = |start: usize, length: usize| {
        length > 0 && start.checked_add(length).is_some_and(|end| end <= side)
    };
    let content = &scene.content;
    (1..=side).contains(&scene.variant.crop_px)
        && fits(content.left, content.width)
        && fits(content.top, content.height)
}
