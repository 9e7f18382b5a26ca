//! Scores as a table for people, CSV and JSON.

mod fractions;
mod of_probabilities;
mod quantiles;

use std::collections::BTreeMap;

use serde_json::{Value, json};
use stormlens_data::score::downscaling::{
    CONTINUOUS_SCORES, ELEVATION_BANDS_M, Estimate, MassResidual, Moments, RainHistogram,
};
use stormlens_data::score::probability::ProbabilityVerification;

use super::cases::Cases;
use super::counts::{Counted, CountedEnsemble, Counts};
use super::{COMPAT, PYSTEPS};
use crate::cli::evaluate::Evaluated;

/// What everything is compared with.
const RIVAL: &str = "bilinear";
/// Scores whose difference to the rival has an interval.
const COMPARED: [&str; 3] = ["mse", "mae", "r"];
/// Ensembles that those of the network are compared with.
const RIVAL_ENSEMBLES: [&str; 2] = ["rainfarm", "rainfarm_orographic"];

pub fn evaluated(
    cases: &Cases,
    counts: &Counts,
    probabilities: &[ProbabilityVerification],
) -> Evaluated {
    let compared = compared(counts);
    let mut json = json(cases, counts, &compared);
    if let Some(rule) = fractions::rule(counts.missing()) {
        json[COMPAT] = json!({ "rule": PYSTEPS, "what": rule });
    }
    if !probabilities.is_empty() {
        json["probabilities"] = json!(probabilities);
    }
    Evaluated {
        was_kept: false,
        n_cases: format!("{} tiles verified", counts.n_cases()),
        summary: summary(cases, counts, &compared) + &of_probabilities::said(probabilities),
        csv: csv(counts, &compared) + &of_probabilities::lines(probabilities),
        json,
    }
}

/// The difference of a score of two forecasts.
struct Compared {
    name: &'static str,
    label: &'static str,
    rival: &'static str,
    score: &'static str,
    unit: &'static str,
    over_tiles: Option<Estimate>,
    over_periods: Option<Estimate>,
}

fn compared(counts: &Counts) -> Vec<Compared> {
    let mut found = Vec::new();
    let rival = counts.forecasts.iter().position(|counted| counted.name == RIVAL);
    for (i, counted) in counts.forecasts.iter().enumerate() {
        let Some(rival) = rival.filter(|_| is_network(counted.name)) else { continue };
        for score in CONTINUOUS_SCORES.iter().filter(|score| COMPARED.contains(&score.name)) {
            let [over_tiles, over_periods] = counts.difference(score, [i, rival]);
            let (name, label, unit) = (counted.name, counted.label, score.unit);
            let score = score.name;
            found.push(Compared {
                name,
                label,
                rival: RIVAL,
                score,
                unit,
                over_tiles,
                over_periods,
            });
        }
    }
    for (i, ensemble) in counts.ensembles.iter().enumerate() {
        for rival in RIVAL_ENSEMBLES.into_iter().filter(|_| is_network(ensemble.name)) {
            let place = counts.ensembles.iter().position(|other| other.name == rival);
            let Some(place) = place else { continue };
            let [over_tiles, over_periods] = counts.crps_difference([i, place]);
            let (name, label) = (ensemble.name, ensemble.label);
            let (score, unit) = ("crps_fair", "mm");
            found.push(Compared { name, label, rival, score, unit, over_tiles, over_periods });
        }
    }
    found
}

fn is_network(name: &str) -> bool {
    name.starts_with("network")
}

fn summary(cases: &Cases, counts: &Counts, compared: &[Compared]) -> String {
    let clipped = match cases.clipped_mm() {
        mm if mm > 0.0 => {
            format!(
                "; {mm:.4} mm of negative rain, summed over the cells of all sums that were read (which may overlap), were set to 0"
            )
        }
        _ => String::new(),
    };
    let mut lines = vec![
        format!(
            "{} tiles in {} places and {} periods; {}{clipped}",
            counts.n_cases(),
            counts.n_tiles(),
            counts.n_periods(),
            cases.setting
        ),
        format!(
            "{:52} {:>9} {:>8} {:>8} {:>7} {:>7} {:>7}",
            "", "MSE mm²", "MAE mm", "bias mm", "r", "wet", "mass"
        ),
    ];
    for Counted { label, verified, .. } in &counts.forecasts {
        let of = |name: &str| number(score(&verified.mm, name));
        lines.push(format!(
            "{label:52} {:>9} {:>8} {:>8} {:>7} {:>7} {:>7}",
            of("mse"),
            of("mae"),
            of("bias"),
            of("r"),
            of("wet_share"),
            verified.mass.share().map_or("–".into(), |share| format!("{:+.1} %", 100.0 * share)),
        ));
    }
    lines.push(format!("{:52} {:>9} {:>8} {:>8}", "ensembles", "fair CRPS", "spread", "error"));
    for CountedEnsemble { label, sums, .. } in &counts.ensembles {
        let label = format!("{label}, {} members", sums.n_members);
        let [crps, spread, error] = [sums.crps_fair(), sums.spread(), sums.error()].map(number);
        lines.push(format!("{label:52} {crps:>9} {spread:>8} {error:>8}"));
    }
    lines.push(
        "differences, with the middle 95 % when tiles or periods are drawn again:".to_owned(),
    );
    for c in compared {
        let interval = |estimate: Option<Estimate>, what: &str| match estimate {
            Some(e) => format!("[{:+.4}, {:+.4}] over {} {what}", e.low, e.high, e.n_parts),
            None => format!("none over {what}"),
        };
        let value = c.over_tiles.or(c.over_periods).map(|e| format!("{:+.4}", e.value));
        lines.push(format!(
            "{}, {} minus that of {}: {} {} {}, {}",
            c.label,
            c.score,
            c.rival,
            value.unwrap_or_else(|| "–".into()),
            c.unit,
            interval(c.over_tiles, "tiles"),
            interval(c.over_periods, "periods"),
        ));
    }
    lines.extend(fractions::rule(counts.missing()).map(str::to_owned));
    lines.join("\n")
}

fn score(moments: &Moments, name: &str) -> Option<f64> {
    CONTINUOUS_SCORES.iter().find(|score| score.name == name).and_then(|score| (score.of)(moments))
}

fn number(value: Option<f64>) -> String {
    value.map_or_else(|| "–".into(), |value| format!("{value:.4}"))
}

/// One number a line.
fn csv(counts: &Counts, compared: &[Compared]) -> String {
    let mut text = "forecast,score,unit,where,value,low,high\n".to_owned();
    let mut row = |name: &str, score: &str, unit: &str, place: &str, value: Option<f64>| {
        let value = value.map(|value| value.to_string()).unwrap_or_default();
        text += &format!("{name},{score},{unit},{place},{value},,\n");
    };
    for Counted { name, verified, .. } in &counts.forecasts {
        for score in &CONTINUOUS_SCORES {
            row(name, score.name, score.unit, "all", (score.of)(&verified.mm));
            if score.is_of_network_unit {
                row(name, score.name, "network's unit", "all", (score.of)(&verified.z));
            }
        }
        row(name, "mass_share", "", "all", verified.mass.share());
        row(name, "mass_absolute_share", "", "all", verified.mass.absolute_share());
        for [share, observed, forecast] in
            RainHistogram::quantile_pairs(&verified.observation, &verified.forecast)
        {
            let place = format!("share {share}");
            row(name, "quantile", "mm", &place, Some(forecast));
            row(name, "quantile_observed", "mm", &place, Some(observed));
        }
        for (place, value) in fractions::scores(verified) {
            row(name, fractions::name(verified.fractions.missing), "", &place, value);
        }
        for (wave, ratio) in verified.spectrum.ratios().into_iter().enumerate() {
            row(name, "spectrum_ratio", "", &format!("wave {}", wave + 1), ratio);
        }
        for (from, moments) in ELEVATION_BANDS_M.iter().zip(&verified.by_elevation) {
            row(name, "mse", "mm²", &format!("from {from} m"), score(moments, "mse"));
        }
    }
    for CountedEnsemble { name, sums, .. } in &counts.ensembles {
        row(name, "crps_fair", "mm", "all", sums.crps_fair());
        row(name, "spread", "mm", "all", sums.spread());
        row(name, "error", "mm", "all", sums.error());
        for (rank, share) in sums.rank_shares().into_iter().enumerate() {
            row(name, "rank_share", "", &format!("rank {rank}"), Some(share));
        }
    }
    for c in compared {
        for (what, estimate) in [("tiles", c.over_tiles), ("periods", c.over_periods)] {
            if let Some(e) = estimate {
                text += &format!(
                    "{},{}_minus_{},{},resampled {what},{},{},{}\n",
                    c.name, c.score, c.rival, c.unit, e.value, e.low, e.high
                );
            }
        }
    }
    text
}

fn json(cases: &Cases, counts: &Counts, compared: &[Compared]) -> Value {
    let refining = &counts.refining;
    json!({
        "n_cases": counts.n_cases(),
        "n_tiles": counts.n_tiles(),
        "n_periods": counts.n_periods(),
        "hours": refining.rain.hours,
        "registration": refining.rain.registration,
        "log_mean": refining.rain.log_mean,
        "log_std": refining.rain.log_std,
        "wettest_mm": refining.rain.wettest_mm,
        "setting": cases.setting,
        "orographic_weights": match cases.has_climatology() {
            true => "mean rain of the times of training, in all places",
            false => "none: the dataset has no sums of the times of training beside those that are scored",
        },
        "source_clipped_mm": cases.clipped_mm(),
        "clipped_mm_a_node": counts.clipped.mm_nodes / (counts.n_cases() * NODES) as f64,
        "quantile_curves": quantiles::curves(counts),
        "forecasts": counts.forecasts.iter().map(forecast).collect::<Vec<_>>(),
        "ensembles": counts.ensembles.iter().map(ensemble).collect::<Vec<_>>(),
        "differences": compared.iter().map(difference).collect::<Vec<_>>(),
    })
}

/// Nodes of a tile.
const NODES: u64 = 64 * 64;

fn scores(moments: &Moments, is_mm: bool) -> Value {
    let of = CONTINUOUS_SCORES.iter().filter(|score| is_mm || score.is_of_network_unit);
    of.map(|score| (score.name.to_owned(), json!((score.of)(moments)))).collect()
}

fn mass(mass: &MassResidual) -> Value {
    json!({ "share": mass.share(), "absolute_share": mass.absolute_share() })
}

fn forecast(counted: &Counted) -> Value {
    let Counted { name, label, verified } = counted;
    let by_tile: Value = verified
        .by_tile
        .iter()
        .map(|(tile, moments)| (tile.to_string(), scores(moments, true)))
        .collect();
    let bands = ELEVATION_BANDS_M.iter().zip(&verified.by_elevation);
    let bands: Vec<Value> = bands
        .map(|(from, moments)| {
            let from = from.is_finite().then_some(from);
            json!({ "from_m": from, "n": moments.n, "scores": scores(moments, true) })
        })
        .collect();
    let mut all = json!({
        "name": name,
        "label": label,
        "mm": scores(&verified.mm, true),
        "network_unit": scores(&verified.z, false),
        "quantiles": RainHistogram::quantile_pairs(&verified.observation, &verified.forecast),
        "spectrum_ratio": verified.spectrum.ratios(),
        "mass": mass(&verified.mass),
        "by_elevation": bands,
        "by_tile": by_tile,
    });
    let of_fractions: BTreeMap<_, _> = fractions::scores(verified).into_iter().collect();
    all[fractions::name(verified.fractions.missing)] = json!(of_fractions);
    all
}

fn ensemble(counted: &CountedEnsemble) -> Value {
    let CountedEnsemble { name, label, sums } = counted;
    json!({
        "name": name,
        "label": label,
        "n_members": sums.n_members,
        "crps_fair": sums.crps_fair(),
        "crps": sums.crps(),
        "spread": sums.spread(),
        "error": sums.error(),
        "rank_shares": sums.rank_shares(),
    })
}

fn difference(compared: &Compared) -> Value {
    json!({
        "forecast": compared.name,
        "minus": compared.rival,
        "score": compared.score,
        "unit": compared.unit,
        "over_tiles": compared.over_tiles,
        "over_periods": compared.over_periods,
    })
}
