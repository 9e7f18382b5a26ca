//! Answers: inputs of one size go through a network together.

use burn::tensor::{Device, Tensor};
use stormlens_data::network::{Answer, Explained, Input, Question};
use stormlens_data::request::Progress;

use super::ask::{Ask, GradientOf, gradients_of};
use super::input::to_device;
use super::{EngineError, Resident, announce};
use crate::explain::{self, Pass, Run, Watch};

/// A prediction with its explanations for each input, in their order.
///
/// # Errors
/// For an input, a method, an option, a target or a layer that does not fit, for inputs of different
/// sizes, and when nobody waits any more.
pub(super) fn answer(
    resident: &Resident,
    asked: &[(&Input, &Question)],
    progress: &dyn Progress,
    device: &Device,
) -> Result<Vec<Answer>, EngineError> {
    let new = |&(input, question)| Example::new(resident, input, question, device);
    let examples: Vec<Example> = asked.iter().map(new).collect::<Result<_, _>>()?;
    if examples.iter().any(|example| example.input.shape != examples[0].input.shape) {
        let message = "inputs that go through the network together must be equally large";
        return Err(EngineError::Input(message.into()));
    }
    let passes = passes(resident, &examples, progress)?;
    let finish = |(example, passes): (Example, _)| example.finish(resident, passes, progress);
    examples.into_iter().zip(passes).map(finish).collect()
}

/// One input and what is asked about it.
struct Example<'a> {
    input: &'a Input,
    tensor: Tensor<4>,
    asks: Vec<Ask>,
    /// A pass through the network each.
    gradients: Vec<GradientOf>,
}

impl<'a> Example<'a> {
    fn new(
        resident: &Resident,
        input: &'a Input,
        question: &Question,
        device: &Device,
    ) -> Result<Self, EngineError> {
        let asks = question.iter().map(|asked| Ask::new(resident, asked, input.shape));
        let asks: Vec<Ask> = asks.collect::<Result<_, _>>()?;
        let tensor = to_device(resident, input, device)?;
        Ok(Self { input, tensor, gradients: gradients_of(&asks), asks })
    }

    /// What methods make of the passes.
    fn finish(
        self,
        resident: &Resident,
        passes: Vec<Pass>,
        progress: &dyn Progress,
    ) -> Result<Answer, EngineError> {
        let explain = |ask: &Ask| self.explain(ask, resident, &passes, progress);
        let explained = self.asks.iter().map(explain).collect::<Result<_, _>>()?;
        let first = passes.into_iter().next().expect("every input goes through the network");
        let Pass { prediction, shape, features, .. } = first;
        Ok(Answer { prediction, shape, features, explained, ..Answer::default() })
    }

    fn explain(
        &self,
        ask: &Ask,
        resident: &Resident,
        passes: &[Pass],
        progress: &dyn Progress,
    ) -> Result<Explained, EngineError> {
        // Methods that want no gradient of the pass take the prediction of any.
        let of_target = self.gradients.iter().position(|wanted| wanted.target == ask.target);
        let pass = &passes[of_target.unwrap_or(0)];
        let target = explain::target(&ask.target, &pass.prediction, &pass.shape);
        let run = Run {
            network: resident.entry.network,
            parameters: &resident.parameters,
            input: self.input,
            tensor: &self.tensor,
            target: &target,
            layers: &ask.layers,
            options: &ask.options,
            nothing: &ask.nothing,
            progress,
        };
        let found = ask.method.explain(pass, &run)?;
        Ok(Explained {
            method: ask.method.card().id.to_owned(),
            score: target.score(&pass.prediction),
            mask: target.mask().map(<[f32]>::to_vec),
            maps: found.maps,
            series: found.series,
            measures: found.measures,
        })
    }
}

/// The passes of each example: of each target that a gradient is wanted of, or one without any.
fn passes(
    resident: &Resident,
    examples: &[Example],
    progress: &dyn Progress,
) -> Result<Vec<Vec<Pass>>, EngineError> {
    let (network, parameters) = (resident.entry.network, &resident.parameters);
    let mut passes: Vec<Vec<Pass>> = examples.iter().map(|_| Vec::new()).collect();
    let plain: Vec<usize> =
        (0..examples.len()).filter(|&i| examples[i].gradients.is_empty()).collect();
    if !plain.is_empty() {
        announce(progress, "prediction")?;
        let found = explain::predict(network, parameters, together(examples, &plain));
        plain.into_iter().zip(found).for_each(|(i, pass)| passes[i].push(pass));
    }
    let n_passes = examples.iter().map(|example| example.gradients.len()).max().unwrap_or(0);
    for idx in 0..n_passes {
        let of_example = |&i: &usize| examples[i].gradients.get(idx);
        let members: Vec<usize> = (0..examples.len()).filter(|i| of_example(i).is_some()).collect();
        let wanted: Vec<&GradientOf> = members.iter().filter_map(of_example).collect();
        announce(progress, &phase(examples))?;
        let choose = |i: usize, prediction: &[f32], shape: &[usize]| {
            explain::target(&wanted[i].target, prediction, shape)
        };
        let input = together(examples, &members);
        let found = explain::differentiate(network, parameters, input, &union(&wanted), choose);
        members.into_iter().zip(found).for_each(|(i, (pass, _))| passes[i].push(pass));
    }
    Ok(passes)
}

/// A batch of some examples; a single one is not copied.
fn together(examples: &[Example], members: &[usize]) -> Tensor<4> {
    match members {
        [one] => examples[*one].tensor.clone(),
        several => Tensor::cat(several.iter().map(|&i| examples[i].tensor.clone()).collect(), 0),
    }
}

/// What any of them watches.
fn union(wanted: &[&GradientOf]) -> Watch {
    let mut layers: Vec<String> =
        wanted.iter().flat_map(|wanted| wanted.watch.layers.iter().cloned()).collect();
    layers.sort();
    layers.dedup();
    Watch { layers, input: wanted.iter().any(|wanted| wanted.watch.input) }
}

/// What is computed in the pass that predicts, for people.
fn phase(examples: &[Example]) -> String {
    let mut titles: Vec<&str> = Vec::new();
    for ask in examples.iter().flat_map(|example| &example.asks) {
        let title = ask.method.card().title;
        if ask.wants_gradient() && !titles.contains(&title) {
            titles.push(title);
        }
    }
    format!("prediction and {}", titles.join(", "))
}
