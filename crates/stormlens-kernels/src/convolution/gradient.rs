//! The gradient of the input of a 3 × 3 convolution.
//!
//! The convolution of the output's gradient with every kernel turned by 180°, since padding and
//! stride are 1.

use super::pass::{Pass, Rows, Take};
use super::{Convolution, Input};
use crate::Level;
use crate::activation::{Activation, sloped};
use crate::bands::{self, Band, Maps, Shape};
use crate::bilinear::{Doubling, gather_down};

impl Convolution<'_> {
    /// The gradient of each input, from that of the output; `output` is what came out, and says
    /// where it was above zero.
    ///
    /// # Panics
    /// If shapes and weights do not fit each other.
    pub fn backward(
        &self,
        level: Level,
        inputs: &[Input<Shape>],
        output: &[f32],
        gradient: Maps,
    ) -> Vec<Vec<f32>> {
        assert_eq!(gradient.shape, self.shape_out(inputs), "the gradient of another result");
        assert_eq!(output.len(), gradient.shape.len());
        if gradient.shape.is_empty() {
            return inputs.iter().map(|_| Vec::new()).collect();
        }
        let output = Maps { values: output, shape: gradient.shape };
        let output = (self.activation != Activation::None).then_some(output);
        let weights = self.filter.turned(level);
        let shape = gradient.shape.with_channels(self.filter.n_in());
        let pass = Pass::new(
            level,
            &weights,
            Masked { gradient, output, slope: self.activation.slope() },
            shape,
        );
        let doublings: Vec<Option<Doubling>> = inputs.iter().map(|i| i.doubling()).collect();
        // Each input gets its rows at the height of the output; interpolated ones are gathered down
        // their columns afterwards.
        let tall = |input: &Input<Shape>| input.of.with_size(shape.height, input.of.width);
        let arrays = match inputs {
            [one] => {
                let fill = |bands: [&mut Band; 1]| band(&pass, &doublings, bands);
                bands::fill_many([tall(one)], pass.band_rows(), fill).to_vec()
            }
            [one, two] => {
                let fill = |bands: [&mut Band; 2]| band(&pass, &doublings, bands);
                bands::fill_many([tall(one), tall(two)], pass.band_rows(), fill).to_vec()
            }
            _ => panic!("one or two maps side by side"),
        };
        let gather =
            |((array, input), doubling): ((Vec<f32>, &Input<Shape>), &Option<Doubling>)| {
                match doubling {
                    None => array,
                    Some(doubling) => gather_down(level, doubling, &array, input.of),
                }
            };
        arrays.into_iter().zip(inputs).zip(&doublings).map(gather).collect()
    }
}

/// To the inputs side by side; rows of interpolated ones are gathered across.
struct Share<'a, 'b, const N: usize> {
    bands: [&'a mut Band<'b>; N],
    doublings: &'a [Option<Doubling>],
    half: Vec<f32>,
}

fn band<const N: usize>(
    pass: &Pass<Masked>,
    doublings: &[Option<Doubling>],
    bands: [&mut Band; N],
) {
    let (example, rows) = (bands[0].example, bands[0].rows.clone());
    pass.run(example, rows, &mut Share { bands, doublings, half: Vec::new() });
}

impl<const N: usize> Take for Share<'_, '_, N> {
    #[inline(always)]
    fn take(&mut self, channel: usize, row: &[f32]) {
        let Self { bands, doublings, half } = self;
        let n_first = bands[0].n_channels();
        let (input, channel) =
            if channel < n_first { (0, channel) } else { (1, channel - n_first) };
        match &doublings[input] {
            None => bands[input].append(channel, row, |v| v),
            Some(doubling) => {
                half.resize(row.len() / 2, 0.0);
                doubling.across().gather(row, half);
                bands[input].append(channel, half, |v| v);
            }
        }
    }
}

/// The output's gradient behind what followed.
struct Masked<'a> {
    gradient: Maps<'a>,
    output: Option<Maps<'a>>,
    /// Of what followed, below zero.
    slope: f32,
}

impl Rows for Masked<'_> {
    #[inline(always)]
    fn row<'a>(
        &'a self,
        example: usize,
        channel: usize,
        row: usize,
        space: &'a mut [f32],
    ) -> &'a [f32] {
        let width = self.gradient.shape.width;
        let of = |maps: Maps<'a>| &maps.plane(example, channel)[row * width..][..width];
        let gradient = of(self.gradient);
        let Some(output) = self.output.map(of) else { return gradient };
        let space = &mut space[..width];
        for ((masked, &g), &y) in space.iter_mut().zip(gradient).zip(output) {
            *masked = if y > 0.0 { g } else { sloped(g, self.slope) };
        }
        space
    }
}
