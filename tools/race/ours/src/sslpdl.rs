//! SSLPDL: the core of a deformable convolution, and a prediction.

use stormlens_kernels::Level;
use stormlens_kernels::deformable::{Deformable, Sampled};
use stormlens_nn::models::sslpdl::ENTRY;

use crate::inputs::Inputs;
use crate::weights::Loaded;
use crate::work::{Array, Work, work};

/// A value with its channels last, where it is sampled, and the gradient of the result.
struct Core {
    layer: Deformable,
    shape: [usize; 4],
    value: Vec<f32>,
    offset: Vec<f32>,
    modulation: Vec<f32>,
    gradient: Vec<f32>,
}

impl Core {
    fn read(inputs: &Inputs) -> anyhow::Result<Self> {
        let array = |name: &str| inputs.array::<4>(&format!("dcnv3_{name}"));
        let ((shape, value), (of_points, modulation)) = (array("value")?, array("modulation")?);
        let layer = Deformable::around(of_points[3] / 9);
        let (offset, gradient) = (array("offset")?.1, array("gradient")?.1);
        Ok(Self { layer, shape, value, offset, modulation, gradient })
    }

    fn sampled(&self) -> Sampled<'_> {
        let Self { value, shape, offset, modulation, .. } = self;
        Sampled { value, shape: *shape, offset, modulation }
    }
}

/// The core alone.
pub fn core(inputs: &Inputs) -> anyhow::Result<Box<dyn Work>> {
    let core = Core::read(inputs)?;
    let shape = core.shape;
    let run = move || Ok(core.layer.forward(Level::detect(), core.sampled()));
    Ok(work(run, move |y| Ok(vec![Array::f32("y", &shape, y)])))
}

/// The core, and the gradients of value, offsets and modulation.
pub fn core_and_gradients(inputs: &Inputs) -> anyhow::Result<Box<dyn Work>> {
    let core = Core::read(inputs)?;
    let (shape, n) = (core.shape, core.modulation.len());
    let run = move || {
        let (level, x) = (Level::detect(), core.sampled());
        let y = core.layer.forward(level, x);
        Ok((y, core.layer.backward(level, x, &core.gradient)))
    };
    Ok(work(run, move |(y, gradients)| {
        Ok(vec![
            Array::f32("y", &shape, y),
            Array::f32("of_value", &shape, gradients.value),
            Array::f32("of_offset", &[2 * n], gradients.offset),
            Array::f32("of_modulation", &[n], gradients.modulation),
        ])
    }))
}

/// Logits of fields of which nothing is hidden, without a tape.
pub fn forward(inputs: &Inputs) -> anyhow::Result<Box<dyn Work>> {
    let loaded = Loaded::read(&ENTRY, &inputs.file("sslpdl.safetensors"))?;
    let input = loaded.input(inputs, "sslpdl")?;
    Ok(loaded.prediction(input))
}
