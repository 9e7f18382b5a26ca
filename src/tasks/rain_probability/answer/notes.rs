//! What has to be known of a result.

use stormlens_data::outcome::{NOT_OBSERVED, Note};
use stormlens_data::probability::Found;

use crate::question::Cards;
use crate::tasks::coarser::{self, COARSER};
use crate::tasks::rain_probability::prepare::Work;
use crate::tasks::rain_probability::samples::Loaded;

pub(super) fn notes_of(work: &Work, cards: &Cards) -> Vec<Note> {
    let statement = &work.card.fields;
    let mut notes = Vec::new();
    let mut add = |name: &str, text: String, is_on_figures| {
        notes.push(Note::new(name, text, is_on_figures).of_network());
    };
    if statement.synthetic || cards.checkpoint.is_simulated {
        add("simulated", "weights trained on a synthetic world".to_owned(), true);
    }
    if work.loaded.world.is_some() {
        let text = "the rain of the synthetic world was drawn by the program, not observed";
        add(NOT_OBSERVED, text.to_owned(), false);
    }
    if !work.card.is_stated {
        let text = "the weights do not state their fields: variables, classes and interval of the publication \
                    are taken";
        add("fields-assumed", text.to_owned(), false);
    }
    if let Some(largest) = work.loaded.unlikely() {
        add("not-normalised", unlikely_words(largest), true);
    }
    if statement.calibration.is_empty() {
        let text = "a membership is not a probability: these weights hold no recalibration";
        add("not-recalibrated", text.to_owned(), true);
    }
    for (variable, found) in statement.variables.iter().zip(&work.loaded.found) {
        match found {
            Found::Hidden { why } => {
                add("hidden", format!("{} is hidden: {why}", variable.name), false);
            }
            &Found::Present { n_missing, .. } if n_missing > 0 => {
                let n = statement.size[0] * statement.size[1];
                let text = format!(
                    "{}: {n_missing} of {n} nodes have no data, and the tokens that hold them are hidden",
                    variable.name
                );
                add("hidden-nodes", text, false);
            }
            Found::Present { .. } => {}
        }
    }
    if let Some(why) = work.loaded.not_used() {
        add("fields-left-out", format!("left out of the files: {why}"), false);
    }
    for grid in grids(work) {
        let [rows, columns] = statement.size;
        let text =
            format!("fields of files, on {grid}, were interpolated to {rows} × {columns} nodes");
        add("interpolated", text, false);
    }
    // The fields of the training may have been as coarse, and were brought to these nodes, too.
    let takes = ("takes", statement.spacing_deg());
    if let Some(text) = coarsest_deg(work).and_then(|own| coarser::words(own, takes)) {
        add(COARSER, text, false);
    }
    if !work.sight.hidden.is_empty() {
        let names = work.sight.hidden.join(", ");
        add("hidden", format!("hidden on request: {names}"), true);
    }
    if work.sight.blocks.variant().is_some() {
        let text = "layers of the encoder return their input unchanged, as in the authors’ program";
        add("identity", text.to_owned(), true);
    }
    if is_of_files(&work.loaded) {
        let text = "fields from files: nobody has measured how good the weights are with a model that they were not trained on";
        add("other-model", text.to_owned(), false);
    }
    let is_whole = !work.hidden.contains(&true) && work.sight.blocks.variant().is_none();
    if !statement.calibration.is_empty() && !is_whole {
        let text =
            "the recalibration was fitted with all fields and all layers: it may not be valid here";
        add("recalibrated-elsewhere", text.to_owned(), true);
    }
    if statement.mean_hours.is_some() && !work.loaded.gauges.is_empty() {
        let text = "fields of a reanalysis, which uses observations of the same time: a perfect prognosis, not a forecast";
        add("perfect-prognosis", text.to_owned(), false);
    }
    notes
}

/// Whether somebody brought the fields, rather than the program or numbers as the network takes them.
fn is_of_files(loaded: &Loaded) -> bool {
    !loaded.found.is_empty() && loaded.gauges.is_empty() && loaded.world.is_none()
}

/// Grids of files, each once; none of what comes with the program.
fn grids(work: &Work) -> Vec<&str> {
    let is_brought = work.loaded.gauges.is_empty() && work.loaded.world.is_none();
    let mut grids: Vec<&str> = Vec::new();
    for found in work.loaded.found.iter().filter(|_| is_brought) {
        if let Found::Present { grid, .. } = found
            && !grids.contains(&grid.as_str())
        {
            grids.push(grid);
        }
    }
    grids
}

/// The largest distance of nodes of a field that somebody brought, degrees.
fn coarsest_deg(work: &Work) -> Option<f64> {
    let brought = work.loaded.found.iter().filter(|_| is_of_files(&work.loaded));
    let spacing = brought.filter_map(|found| match found {
        Found::Present { spacing_deg, .. } => Some(*spacing_deg),
        Found::Hidden { .. } => None,
    });
    spacing.reduce(f64::max)
}

fn unlikely_words(largest: f32) -> String {
    format!(
        "values up to {largest:.3e} do not look like z-scores, which the network takes: were means subtracted and deviations \
         divided by?"
    )
}
