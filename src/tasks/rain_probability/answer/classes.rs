//! From logits to classes: their shares, their names, and probabilities of thresholds.

use stormlens_data::card::FieldStatement;
use stormlens_data::score::probability::monotone_exceedance;

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
pub(super) fn recalibrated(exceedances: &[f32], statement: &FieldStatement) -> Option<Vec<f32>> {
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

pub(super) fn n_classes(statement: &FieldStatement) -> usize {
    statement.thresholds_mm.len() + 1
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
