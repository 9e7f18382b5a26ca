//! From the answers about fields to probabilities: as the network gives them, recalibrated, and beside what was measured.

use stormlens_data::card::FieldStatement;
use stormlens_data::network::Answer;
use stormlens_data::outcome::{
    Axis, Colours, Domain, NOT_OBSERVED, Note, Number, Outcome, Provenance, Quantity, Role, Values,
    Variable,
};
use stormlens_data::probability::Found;
use stormlens_data::score::probability::monotone_exceedance;

use super::explained;
use super::gauges;
use super::ground::Ground;
use super::points;
use super::prepare::Work;
use super::quantities::field_quantity;
use super::samples::Loaded;
use super::times;
use crate::question::Cards;
use crate::task::Answered;

pub const PREDICTION: &str = "prediction";
pub const EXCEEDANCE: &str = "membership";
pub const PROBABILITY: &str = "probability";
pub const CLASS: &str = "class";
pub const ENTROPY: &str = "entropy";
pub const SPREAD: &str = "spread_behind_masks";
pub const MEAN: &str = "mean_behind_masks";

/// The result of an answer.
///
/// # Panics
/// If the answer is of another task's question.
pub fn outcome(mut answered: Answered<'_>) -> Outcome {
    let rest = std::mem::replace(&mut answered.rest, Box::new(()));
    let work = rest.downcast::<Work>().expect("the fields of this question");
    let made = Made::new(&work, &answered.answers);
    let found = explained::of(&answered, &work);
    let (mut variables, mut numbers) = (made.variables(), made.numbers());
    variables.extend(points::variables(&work, answered.answers.first()));
    variables.extend(found.variables);
    numbers.extend(found.numbers);
    if let Some(end) = work.loaded.end {
        times::date(&mut variables, end, &work.card.fields);
    }
    let mut notes = notes_of(&work, answered.cards);
    notes.extend(found.notes);
    Outcome {
        request: answered.request.clone(),
        variables,
        numbers,
        notes,
        provenance: provenance(&work, answered.provenance),
        duration_ms: answered.duration_ms,
    }
}

/// Probabilities of the classes at each pixel, `[classes, rows, columns]`: one softmax over logits.
pub fn softmax(logits: &[f32], n_classes: usize) -> Vec<f32> {
    let n = logits.len() / n_classes.max(1);
    let mut shares = vec![0.0; logits.len()];
    for i in 0..n {
        let of = |class: usize| f64::from(logits[class * n + i]);
        let largest = (0..n_classes).map(of).fold(f64::NEG_INFINITY, f64::max);
        let total: f64 = (0..n_classes).map(|class| (of(class) - largest).exp()).sum();
        (0..n_classes)
            .for_each(|class| shares[class * n + i] = ((of(class) - largest).exp() / total) as f32);
    }
    shares
}

/// Probabilities of each threshold or more, `[thresholds, rows, columns]`, from those of the classes.
pub fn exceedances(shares: &[f32], n_classes: usize) -> Vec<f32> {
    let n = shares.len() / n_classes.max(1);
    let of = |from: usize, i: usize| {
        let classes = (from..n_classes).map(|class| f64::from(shares[class * n + i]));
        classes.sum::<f64>().min(1.0) as f32
    };
    (1..n_classes).flat_map(|from| (0..n).map(move |i| of(from, i))).collect()
}

/// Memberships as probabilities, by the maps of the weights; monotone in the threshold. `None` where weights have no maps.
pub fn recalibrated(exceedances: &[f32], statement: &FieldStatement) -> Option<Vec<f32>> {
    let maps = &statement.calibration;
    if maps.is_empty() || exceedances.is_empty() {
        return None;
    }
    let n = exceedances.len() / maps.len();
    let mut found = vec![0.0; exceedances.len()];
    for i in 0..n {
        let of = |(k, map): (usize, &stormlens_data::score::probability::Calibration)| {
            map.apply(f64::from(exceedances[k * n + i]))
        };
        let mut at: Vec<f64> = maps.iter().enumerate().map(of).collect();
        monotone_exceedance(&mut at);
        at.iter().enumerate().for_each(|(k, p)| found[k * n + i] = *p as f32);
    }
    Some(found)
}

/// A result while it is made.
struct Made<'a> {
    work: &'a Work,
    shares: Vec<f32>,
    exceedances: Vec<f32>,
    probabilities: Option<Vec<f32>>,
    /// Of each mask.
    masked: Vec<Vec<f32>>,
    rebuilt: Option<&'a [f32]>,
}

impl<'a> Made<'a> {
    fn new(work: &'a Work, answers: &'a [Answer]) -> Self {
        let statement = &work.card.fields;
        let n_classes = n_classes(statement);
        let first = answers.first().map(|answer| answer.prediction.as_slice()).unwrap_or_default();
        let shares = softmax(first, n_classes);
        let exceedances = exceedances(&shares, n_classes);
        let masked = answers.iter().skip(1);
        let rebuilt = masked.clone().find_map(|answer| answer.shown.first());
        Self {
            probabilities: recalibrated(&exceedances, statement),
            masked: masked
                .map(|answer| self::exceedances(&softmax(&answer.prediction, n_classes), n_classes))
                .collect(),
            rebuilt: rebuilt.map(|layer| layer.values.as_slice()),
            work,
            shares,
            exceedances,
        }
    }

    fn ground(&self) -> Ground<'_> {
        Ground(&self.work.card.fields)
    }

    fn variables(&self) -> Vec<Variable> {
        let mut variables = self.probabilities();
        variables.extend(self.classes());
        variables.extend(self.of_masks());
        variables.extend(self.fields());
        let measured = self.measured();
        variables.extend(gauges::observed(self.work));
        variables.extend(gauges::truth(self.work));
        variables.extend(gauges::labels(self.work));
        variables.extend(gauges::at_gauges(self.work, &measured));
        variables
    }

    /// Everything that is said at a pixel.
    fn measured(&self) -> gauges::Said<'_> {
        gauges::Said {
            shares: &self.shares,
            exceedances: &self.exceedances,
            probabilities: self.probabilities.as_deref(),
        }
    }

    fn probabilities(&self) -> Vec<Variable> {
        let statement = &self.work.card.fields;
        let share = |name: &str| Quantity::new(name, "1", Colours::Share);
        let classes = Axis::names(Axis::CLASS, class_names(statement));
        let mut prediction = self.ground().variable(
            PREDICTION,
            Role::Prediction,
            share("membership"),
            (Some(classes), self.shares.clone()),
        );
        if self.work.loaded.is_only_one {
            prediction.axes.insert(0, Axis::counted("input", 1));
        }
        let exceeding = |name: &str, what: &str, values: &[f32]| {
            let axis = Axis::names("event", event_names(statement));
            self.ground().variable(
                name,
                Role::Prediction,
                share(what),
                (Some(axis), values.to_vec()),
            )
        };
        let mut variables = vec![prediction];
        variables.push(exceeding(EXCEEDANCE, "membership", &self.exceedances));
        if let Some(values) = &self.probabilities {
            variables.push(exceeding(PROBABILITY, "probability", values));
        }
        variables
    }

    /// The most likely class, counted from 0, and how undecided the network is.
    fn classes(&self) -> [Variable; 2] {
        let n_classes = n_classes(&self.work.card.fields);
        let n = self.shares.len() / n_classes;
        let of = |i: usize| (0..n_classes).map(move |class| self.shares[class * n + i]);
        let likeliest = |i: usize| {
            let best = of(i).enumerate().fold((0, f32::MIN), |best, (class, share)| {
                if share > best.1 { (class, share) } else { best }
            });
            best.0 as f32
        };
        let entropy = |i: usize| {
            let bits = |share: f32| match share {
                0.0 => 0.0,
                share => -f64::from(share) * f64::from(share).log2(),
            };
            of(i).map(bits).sum::<f64>() as f32
        };
        let map = |name: &str, quantity: Quantity, values: Vec<f32>| {
            self.ground().variable(name, Role::Prediction, quantity, (None, values))
        };
        [
            map(
                CLASS,
                Quantity::class(
                    "most likely class by membership",
                    class_names(&self.work.card.fields),
                ),
                (0..n).map(likeliest).collect(),
            ),
            map(
                ENTROPY,
                Quantity::new("entropy of the memberships", "bit", Colours::Amount),
                (0..n).map(entropy).collect(),
            ),
        ]
    }

    /// What the predictions behind masks say together.
    fn of_masks(&self) -> Vec<Variable> {
        if self.masked.is_empty() {
            return Vec::new();
        }
        let axis = || Axis::names("event", event_names(&self.work.card.fields));
        let map = |name: &str, quantity: Quantity, values: Vec<f32>| {
            self.ground().variable(name, Role::Diagnostic, quantity, (Some(axis()), values))
        };
        let (mean, spread) = moments(&self.masked);
        vec![
            map(MEAN, Quantity::new("mean membership", "1", Colours::Share), mean),
            map(SPREAD, Quantity::new("spread behind masks", "1", Colours::Amount), spread),
        ]
    }

    /// Each variable in its unit, and what the network rebuilds of it behind the first mask.
    fn fields(&self) -> Vec<Variable> {
        let statement = &self.work.card.fields;
        let n = statement.size[0] * statement.size[1];
        let mut variables = Vec::new();
        for (channel, variable) in statement.variables.iter().enumerate() {
            let quantity = field_quantity(variable, statement);
            let physical = |z: &f32| variable.physical(*z).unwrap_or(*z);
            let of = |values: &[f32]| -> Vec<f32> {
                values[channel * n..(channel + 1) * n].iter().map(physical).collect()
            };
            let map = |name: String, role, values| {
                let mut quantity = quantity.clone();
                match name.split('/').next() {
                    Some("seen") => {
                        quantity.name += ", as the first mask leaves it";
                        quantity = quantity.missing_where("hidden from the network");
                    }
                    Some("rebuilt") => quantity.name += ", rebuilt by the network",
                    _ => quantity = quantity.missing_where("no value: hidden from the network"),
                }
                self.ground().variable(&name, role, quantity, (None, values))
            };
            variables.push(map(
                format!("field/{}", variable.name),
                Role::Input,
                of(&self.work.input),
            ));
            let rebuilt = self.rebuilt.filter(|values| values.len() >= (channel + 1) * n);
            if let (Some(values), Some(mask)) = (rebuilt, self.work.masks.first()) {
                let mut seen = self.work.input.clone();
                self.work.tokens.hide(&mut seen, mask);
                variables.push(map(format!("seen/{}", variable.name), Role::Context, of(&seen)));
                let name = format!("rebuilt/{}", variable.name);
                variables.push(map(name, Role::Diagnostic, of(values)));
            }
        }
        variables.retain(|variable| variable.map(0).range().is_some());
        variables
    }

    fn numbers(&self) -> Vec<Number> {
        let n_hidden = self.work.hidden.iter().filter(|&&hidden| hidden).count();
        let share = n_hidden as f64 / self.work.hidden.len().max(1) as f64;
        vec![Number::new(
            "hidden_share",
            share,
            "1",
            "share of the tokens that the network does not see",
        )]
    }
}

fn n_classes(statement: &FieldStatement) -> usize {
    statement.thresholds_mm.len() + 1
}

fn moments(members: &[Vec<f32>]) -> (Vec<f32>, Vec<f32>) {
    let n = members.len() as f64;
    let at = |i: usize| members.iter().map(move |member| f64::from(member[i]));
    let mean = |i: usize| at(i).sum::<f64>() / n;
    let spread = |i: usize| {
        let mean = mean(i);
        (at(i).map(|p| (p - mean).powi(2)).sum::<f64>() / (n - 1.0).max(1.0)).sqrt()
    };
    let all = 0..members[0].len();
    (all.clone().map(|i| mean(i) as f32).collect(), all.map(|i| spread(i) as f32).collect())
}

/// `dry`, `rain`, `heavy rain`; numbers where there are more.
pub fn class_names(statement: &FieldStatement) -> Vec<String> {
    match statement.thresholds_mm.len() {
        2 => ["dry", "rain", "heavy rain"].map(str::to_owned).to_vec(),
        n => (0..=n).map(|class| format!("class {class}")).collect(),
    }
}

/// `≥ 1 mm in 24 h`
pub fn event_names(statement: &FieldStatement) -> Vec<String> {
    let name = |mm: &f64| format!("≥ {mm} mm in {} h", statement.hours);
    statement.thresholds_mm.iter().map(name).collect()
}

fn notes_of(work: &Work, cards: &Cards) -> Vec<Note> {
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
        if let Found::Hidden { why } = found {
            add("hidden", format!("{} is hidden: {why}", variable.name), false);
        }
    }
    for grid in grids(work) {
        let [rows, columns] = statement.size;
        let text =
            format!("fields of files, on {grid}, were interpolated to {rows} × {columns} nodes");
        add("interpolated", text, false);
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

fn unlikely_words(largest: f32) -> String {
    format!(
        "values up to {largest:.3e} do not look like z-scores, which the network takes: were means subtracted and deviations \
         divided by?"
    )
}

fn provenance(work: &Work, origin: Provenance) -> Provenance {
    let credit = &work.loaded.credit;
    Provenance {
        data_source: credit.source.clone(),
        data_licence: credit.licence.clone(),
        data_files: credit.files.clone(),
        data_sha256: credit.sha256.clone(),
        ..origin
    }
}

/// Numbers with names, without rows and columns.
pub fn numbers_of(name: &str, quantity: Quantity, axes: Vec<Axis>, values: Vec<f64>) -> Variable {
    Variable {
        name: name.to_owned(),
        role: Role::Diagnostic,
        quantity,
        axes,
        plane: None,
        domain: Domain::None,
        values: Values::F64(values),
    }
}
