//! Saliency (Simonyan, Vedaldi and Zisserman 2014): how strongly the target changes with each input
//! pixel.

use stormlens_data::card::{Citation, MethodCard};
use stormlens_data::network::{Map, Meaning};
use stormlens_data::request::Cancelled;

use super::method::{Found, Method, Run, Wants};
use super::pass::Pass;

const CARD: MethodCard = MethodCard {
    id: "saliency",
    title: "Saliency",
    summary: "How strongly the target changes with each input pixel",
    formula: "|∂S/∂x|",
    cost: "one backward pass to the input",
    weakness: "It shows what a small change of a pixel would do, not what the pixel contributed. It is noisy, \
               and small everywhere if the output saturates, as probabilities near 0 and 1 do.",
    citations: &[SIMONYAN],
    has_layers: false,
    // The paper takes a class's logit; here the visitor chooses the target.
    is_of_logit: false,
    hides: None,
    own_passes: None,
    options: &[],
};

const SIMONYAN: Citation = Citation {
    key: "simonyan2014saliency",
    bibtex: "@inproceedings{simonyan2014saliency,\n  author    = {Simonyan, Karen and Vedaldi, Andrea and Zisserman, Andrew},\n  title     = {Deep Inside Convolutional Networks: Visualising Image Classification Models and Saliency Maps},\n  booktitle = {2nd International Conference on Learning Representations (ICLR), Workshop Track},\n  year      = {2014},\n  eprint    = {1312.6034},\n  archivePrefix = {arXiv}\n}\n",
    text: "K. Simonyan, A. Vedaldi and A. Zisserman: Deep Inside Convolutional Networks: Visualising Image Classification Models and Saliency Maps. ICLR Workshop 2014, arXiv 1312.6034",
    url: "https://arxiv.org/abs/1312.6034",
};

/// The size of the target's gradient at each input pixel, channel by channel. The paper shows the
/// largest of a picture's channels; here all are kept, since frames are times.
pub struct Saliency;

impl Method for Saliency {
    fn card(&self) -> &'static MethodCard {
        &CARD
    }

    fn wants(&self) -> Wants {
        Wants::InputGradient
    }

    fn explain(&self, pass: &Pass, run: &Run) -> Result<Found, Cancelled> {
        let of_gradient = |gradient: &Vec<f32>| Map {
            part: "",
            layer: None,
            meaning: Meaning::Sensitivity,
            shape: run.input.shape,
            values: gradient.iter().map(|g| g.abs()).collect(),
        };
        let maps = pass.input_gradient.iter().map(of_gradient).collect();
        Ok(Found { maps, ..Found::default() })
    }
}

#[cfg(test)]
mod tests {
    use burn::tensor::{Device, Tensor, TensorData};
    use stormlens_data::card::NowcastField;
    use stormlens_data::network::{Input, Target};
    use stormlens_data::request::Silent;

    use super::*;
    use crate::explain::{Options, Watch, differentiate, target};
    use crate::network::{Network, Prediction};
    use crate::parameters::Mode;
    use crate::{Parameters, Tap};

    /// `y = x₀² − 3 x₁`
    struct Parabola;

    impl Network for Parabola {
        fn forward(&self, _: &Parameters, x: Tensor<4>, _: &mut Tap, _: &Mode) -> Prediction {
            let first = x.clone().narrow(1, 0, 1);
            Prediction::Field(first.clone() * first - x.narrow(1, 1, 1).mul_scalar(3.0))
        }
    }

    /// Of `Σ x₀² − 3 x₁` over the pixels above 0 the gradient is `2 x₀` and `−3` there, else zero.
    #[test]
    fn it_is_the_size_of_the_gradient() {
        let input =
            Input { values: vec![-2.0, 1.0, -3.0, 0.5, 1.0, 1.0, 1.0, -1.0], shape: [2, 2, 2] };
        let tensor = TensorData::new(input.values.clone(), [1, 2, 2, 2]);
        let tensor = Tensor::from_data(tensor, &Device::flex());
        let wanted = Target::SumAbove {
            channels: 0..1,
            field: NowcastField::CloudCover,
            threshold: 0.0,
            within: None,
        };
        let watch = Watch { layers: Vec::new(), input: true };
        let parameters = Parameters::default();
        let choose = |_: usize, y: &[f32], shape: &[usize]| target(&wanted, y, shape);
        let (pass, target) =
            differentiate(&Parabola, &parameters, tensor.clone(), &watch, choose).remove(0);
        let model = (crate::models::sar_unet::ENTRY.card)();
        let run = Run {
            network: &Parabola,
            parameters: &parameters,
            input: &input,
            tensor: &tensor,
            target: &target,
            layers: &[],
            options: &Options::read(&CARD, &model, &Default::default()).expect("no options"),
            nothing: &[],
            progress: &Silent,
        };
        let found = Saliency.explain(&pass, &run).expect("nobody cancels");
        assert_eq!((found.maps[0].meaning, found.maps[0].shape), (Meaning::Sensitivity, [2, 2, 2]));
        assert_eq!(found.maps[0].values, [4.0, 0.0, 6.0, 1.0, 3.0, 0.0, 3.0, 3.0]);
    }
}
