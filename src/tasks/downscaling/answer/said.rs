//! What is said of refined rain in words: notes, and where the data came from.

use stormlens_data::downscale::Conservation;
use stormlens_data::outcome::{NOT_OBSERVED, Note, Provenance};

use crate::question::Cards;
use crate::tasks::coarser::{self, COARSER};
use crate::tasks::downscaling::prepare::Work;
use crate::tasks::downscaling::question::CONSERVATION;

/// What has to be said of a result.
pub fn notes(work: &Work, cards: &Cards) -> Vec<Note> {
    let mut notes = vec![Note::new("rule", format!("rain: {}", work.rain.rule), false)];
    if cards.checkpoint.is_simulated {
        notes.push(Note::new("simulated", "weights trained on simulated data", true).of_network());
    }
    if work.rain.is_fine {
        let text = "coarse rain is taken at points of the fine field itself: a perfect model, not a forecast";
        notes.push(Note::new("perfect-model", text, false));
    }
    if work.rain.is_fine && !work.rain.is_observed {
        let text = "compared with the fine field of the file: nobody stated that it was observed, so it may come from a model";
        notes.push(Note::new(NOT_OBSERVED, text, true));
    }
    if let Some(why) = &work.rain.left_out {
        let text = format!("left out of the rain: {why}");
        notes.push(Note::new("rain-left-out", text, false));
    }
    if !work.refining.is_stated {
        let text = "the weights do not state which rain they were trained on: mean, deviation, interval and registration of the \
                    publication are taken";
        notes.push(Note::new("unit-assumed", text, false));
    }
    if let Some(stated) = work.rain.stated {
        notes.push(Note::new("interval-stated", stated.to_string(), true));
    }
    if let (Some(own), None) = (&work.rain.heights, &work.terrain) {
        let text =
            format!("the heights of {} are not used: these weights take no terrain", own.name);
        notes.push(Note::new("heights-unused", text, false));
    }
    if let Some(terrain) = &work.terrain {
        let text = terrain.in_words(work.extent.bounds());
        notes.push(Note::new("terrain", format!("terrain: {text}"), false));
    }
    if let Some(mm) = work.refining.rain.wettest_mm {
        let text = format!(
            "the rain of each tile is multiplied so that its wettest coarse node has {mm} mm (a tile with less than 1 mm: as if \
             it had 1 mm), and the answer of the network is divided by the same number; explanations take this number as given"
        );
        notes.push(Note::new("amount", text, false));
    }
    let [rows, columns] = work.rain.field.grid.spacing_deg();
    let coarser = coarser::words(rows.max(columns), ("was trained on", work.geometry.coarse_deg));
    notes.extend(coarser.map(|text| Note::new(COARSER, text, false)));
    if let Some(text) = work.extent.left_out(work.rain.field.grid.bounds()) {
        notes.push(Note::new("left-out", text, false));
    }
    if work.wet.is_empty() {
        let text = "no tile has rain of 0.01 mm or more: there is no rain, and nothing to explain";
        notes.push(Note::new("nothing-to-explain", text, false));
    }
    if work.rain.clipped_mm > 0.0 {
        let mm = stormlens_plot::words::number(work.rain.clipped_mm);
        let text =
            format!("{mm} mm of negative rain in the source, summed over its cells, were set to 0");
        notes.push(Note::new("source-clipped", text, false));
    }
    notes
}

/// That the refined rain is this share of the coarse rain, and how to keep all of it.
pub fn not_kept(share: f64) -> Note {
    let percent = stormlens_plot::words::number(100.0 * share);
    let text = format!(
        "the refined rain is {percent} % of the coarse rain: choose {CONSERVATION}={} to keep the amount of each coarse cell",
        Conservation::Coarse
    );
    Note::new("coarse-not-kept", text, false).of_network()
}

/// Where its data came from.
pub fn provenance(work: &Work, origin: Provenance) -> Provenance {
    let credit = &work.rain.credit;
    let stated = work.rain.stated.map(|stated| format!("; {stated}"));
    let mut files = credit.files.clone();
    files.extend(work.terrain.iter().map(|terrain| terrain.name.clone()));
    let terrain = work.terrain.as_ref().map(|terrain| format!("; terrain: {}", terrain.name));
    Provenance {
        data_source: [Some(credit.source.clone()), stated, terrain].into_iter().flatten().collect(),
        data_licence: credit.licence.clone(),
        data_files: files,
        data_sha256: credit.sha256.clone(),
        ..origin
    }
}
