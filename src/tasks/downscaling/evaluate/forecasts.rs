//! What the network and its rivals say of a tile.

use anyhow::Context as _;
use stormlens_data::card::Refining;
use stormlens_data::downscale::{
    Cells, Clipped, LogScale, RainFarm, Rival, clip_negative, conserve, inner, rainfarm_members,
    rival_mm, tile_input, usable_slope,
};
use stormlens_data::network::{Input, Pass};

use super::cases::Case;
use crate::cli::evaluate::Evaluation;

/// One field, mm.
pub struct Forecast {
    pub name: &'static str,
    pub label: &'static str,
    pub mm: Vec<f32>,
}

/// Several fields, mm.
pub struct Ensemble {
    pub name: &'static str,
    pub label: &'static str,
    pub members: Vec<Vec<f32>>,
}

/// All that is said of a tile.
pub struct Made {
    /// The network first, the aligned bilinear rival third.
    pub forecasts: Vec<Forecast>,
    pub ensembles: Vec<Ensemble>,
    /// What the network said below zero.
    pub clipped: Clipped,
}

pub struct Forecaster<'a> {
    evaluation: &'a Evaluation<'a>,
    refining: &'a Refining,
    n_members: usize,
}

impl<'a> Forecaster<'a> {
    pub fn new(evaluation: &'a Evaluation<'a>, refining: &'a Refining, n_members: usize) -> Self {
        Self { evaluation, refining, n_members }
    }

    /// # Errors
    /// Where the network cannot answer, and for rain that RainFARM cannot refine.
    pub fn forecasts(&self, case: &Case) -> anyhow::Result<Made> {
        let coarse = coarse(case);
        let mut network = self.ask(&Pass::new(self.input(case), Vec::new()))?;
        let network = network.pop().context("the network gave no answer")?;
        let (network, clipped) = self.mm(case, &network);
        let geometry = &case.geometry;
        let cells = inner(&coarse, geometry);
        let conserved = conserve(&network, geometry.size, &cells, geometry.factor()).mm;
        let forecast = |name, label, mm| Forecast { name, label, mm };
        let mut forecasts = vec![
            forecast("network", "HARPNET", network),
            forecast("network_conserved", "HARPNET, coarse rain kept", conserved),
        ];
        for rival in Rival::ALL {
            let mm = rival_mm(&coarse, geometry, rival, rival.space(self.refining.scale()));
            forecasts.push(forecast(rival.name(), rival.label(), narrowed(&mm)));
        }
        let ensembles = self.ensembles(case, &coarse)?;
        for ensemble in &ensembles {
            if let Some((name, label)) = of_mean(ensemble.name) {
                forecasts.push(forecast(name, label, mean(&ensemble.members)));
            }
        }
        Ok(Made { forecasts, ensembles, clipped })
    }

    fn ensembles(&self, case: &Case, coarse: &[f64]) -> anyhow::Result<Vec<Ensemble>> {
        let mut found = Vec::new();
        let names = self.evaluation.other_weights;
        let mut add = |name, label, members: Vec<Vec<f32>>| {
            if members.len() > 1 {
                found.push(Ensemble { name, label, members });
            }
        };
        if self.n_members > 1 {
            add("network_dropout", "HARPNET, dropout", self.drawn(case, None, self.n_members)?);
        }
        if names.len() > 1 {
            let of = |name: &String| {
                let pass = Pass::new(self.input(case), Vec::new());
                self.ask(&Pass { weights: Some(name.clone()), ..pass })
            };
            let members = names.iter().map(of).collect::<anyhow::Result<Vec<_>>>()?.concat();
            let members = members.iter().map(|z| self.mm(case, z).0).collect();
            add("network_epochs", "HARPNET, epochs", members);
            if self.n_members > 1 {
                let n_each = self.n_members.div_ceil(names.len());
                let of = |name: &String| self.drawn(case, Some(name), n_each);
                let members = names.iter().map(of).collect::<anyhow::Result<Vec<_>>>()?.concat();
                add("network_epochs_dropout", "HARPNET, dropout in several epochs", members);
            }
        }
        if self.n_members > 1 {
            add("rainfarm", "RainFARM", self.rainfarm(case, coarse, None)?);
            if let Some(weights) = &case.weights {
                let members = self.rainfarm(case, coarse, Some(weights))?;
                add("rainfarm_orographic", "RainFARM with orographic weights", members);
            }
        }
        Ok(found)
    }

    /// Under dropout, mm.
    fn drawn(
        &self,
        case: &Case,
        weights: Option<&String>,
        n: usize,
    ) -> anyhow::Result<Vec<Vec<f32>>> {
        let pass = Pass::new(self.input(case), Vec::new());
        let drawn =
            self.ask(&Pass { sampled: Some((seed(case), n)), weights: weights.cloned(), ..pass })?;
        Ok(drawn.iter().map(|z| self.mm(case, z).0).collect())
    }

    /// What the network says, in its unit: one prediction, or all that were drawn.
    fn ask(&self, pass: &Pass) -> anyhow::Result<Vec<Vec<f32>>> {
        let answer = (self.evaluation.pass)(pass)?;
        Ok(if pass.sampled.is_some() { answer.sampled } else { vec![answer.prediction] })
    }

    fn input(&self, case: &Case) -> Input {
        let Refining { tiles, rain, .. } = self.refining;
        let coarse = &case.sample.coarse_mm;
        let (n, size) = (case.geometry.n_coarse(), case.geometry.size);
        match &case.elevation {
            Some(elevation) if tiles.n_input_channels == 2 => {
                let unit = (self.unit(case), rain.registration);
                let values = tile_input(coarse, elevation, &case.geometry, unit);
                Input { values, shape: [2, size, size] }
            }
            _ => Input { values: coarse.clone(), shape: [1, n, n] },
        }
    }

    /// The network's unit for this tile.
    fn unit(&self, case: &Case) -> LogScale {
        self.refining.scale_of(&coarse(case))
    }

    /// Millimetres without negative ones.
    fn mm(&self, case: &Case, said: &[f32]) -> (Vec<f32>, Clipped) {
        let scale = self.unit(case);
        let mut mm: Vec<f32> = match self.refining.tiles.n_input_channels {
            1 => said.to_vec(),
            _ => said.iter().map(|&z| scale.mm(f64::from(z)) as f32).collect(),
        };
        let clipped = clip_negative(&mut mm);
        (mm, clipped)
    }

    fn rainfarm(
        &self,
        case: &Case,
        coarse: &[f64],
        weights: Option<&Vec<f64>>,
    ) -> anyhow::Result<Vec<Vec<f32>>> {
        let geometry = &case.geometry;
        let (slope, _) = usable_slope(coarse, geometry.n_coarse())?;
        let rainfarm = RainFarm { factor: geometry.factor(), slope, weights: weights.cloned() };
        let (n, seed) = (self.n_members, seed(case));
        let members = rainfarm_members(coarse, geometry, &rainfarm, Cells::Centred, n, seed)?;
        Ok(members.iter().map(|member| narrowed(member)).collect())
    }
}

/// mm at the coarse nodes.
fn coarse(case: &Case) -> Vec<f64> {
    case.sample.coarse_mm.iter().map(|&mm| f64::from(mm)).collect()
}

/// Other noise, and other units that are dropped, for each tile and time.
fn seed(case: &Case) -> u64 {
    ((case.sample.time.as_second() as u64) << 16) | case.sample.tile as u64
}

/// Ensembles whose mean is scored as a forecast, too.
fn of_mean(name: &str) -> Option<(&'static str, &'static str)> {
    match name {
        "network_dropout" => Some(("network_dropout_mean", "HARPNET, mean under dropout")),
        "network_epochs_dropout" => {
            Some(("network_epochs_dropout_mean", "HARPNET, mean of epochs under dropout"))
        }
        "rainfarm" => Some(("rainfarm_mean", "RainFARM, mean")),
        "rainfarm_orographic" => {
            Some(("rainfarm_orographic_mean", "RainFARM with orographic weights, mean"))
        }
        _ => None,
    }
}

fn mean(members: &[Vec<f32>]) -> Vec<f32> {
    let n = members.len() as f64;
    let at = |i: usize| members.iter().map(|member| f64::from(member[i])).sum::<f64>() / n;
    (0..members[0].len()).map(|i| at(i) as f32).collect()
}

fn narrowed(values: &[f64]) -> Vec<f32> {
    values.iter().map(|&value| value as f32).collect()
}
