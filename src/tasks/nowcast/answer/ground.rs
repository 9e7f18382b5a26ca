//! What all maps of a forecast share.

use stormlens_data::archive::Sample;
use stormlens_data::card::{NowcastField, Nowcasting};
use stormlens_data::import::radar::Measured;
use stormlens_data::outcome::{Axis, Domain, Over, Quantity, Role, Values, Variable};

use crate::tasks::nowcast::samples::Frames;
use crate::tasks::nowcast::seen::Seen;

/// What every map of a forecast has in common.
pub struct Ground {
    pub(super) quantity: Quantity,
    pub(super) field: NowcastField,
    pub(super) domain: Domain,
    pub(super) input_axis: Axis,
    pub(super) lead_axis: Axis,
    /// Height and width.
    pub(super) plane: [usize; 2],
    /// What the radar measured, where there is one.
    pub(super) measured: Option<Measured>,
}

/// An axis of frames that a radar measured so, or of what is forecast from them.
pub fn dated(axis: Axis, measured: Option<Measured>) -> Axis {
    match measured {
        Some(Measured::Sum { minutes }) => axis.of_intervals(minutes),
        _ => axis,
    }
}

impl Ground {
    pub(super) fn new(frames: &Frames, task: &Nowcasting, measured: Option<Measured>) -> Self {
        let [n_frames, height, width] = frames.shape();
        let (field, plane) = (task.field, [height, width]);
        let leads = task.lead_times_min.clone();
        let (domain, input_axis, lead_axis) = match frames {
            Frames::Sample(Sample { sequence, .. }) => {
                let start = sequence.times.last().copied().unwrap_or_default();
                let input_axis = Axis::input_time(sequence.times.clone());
                let axes = [input_axis, Axis::lead_time(start, leads)];
                let [input_axis, lead_axis] = axes.map(|axis| dated(axis, measured));
                (Domain::Earth(sequence.grid.clone()), input_axis, lead_axis)
            }
            // Arrays do not say when and where they are of.
            Frames::Brought(_) => {
                let leads = leads.into_iter().map(f64::from).collect();
                let lead_axis = Axis::numbers(Axis::LEAD_TIME, "min", leads);
                (Domain::None, Axis::counted(Axis::INPUT_TIME, n_frames), lead_axis)
            }
        };
        let mut quantity = field.quantity();
        if input_axis.has_intervals() {
            // A sum as millimetres an hour is the mean rate of its interval.
            quantity.over = Over::Mean;
        }
        Self { quantity, field, domain, input_axis, lead_axis, plane, measured }
    }

    /// A value a patch.
    pub(super) fn of_patches(
        &self,
        name: &str,
        quantity: Quantity,
        (seen, values): (&Seen, Vec<f32>),
    ) -> Variable {
        let [_, rows, columns] = seen.patches.grid();
        let (values, plane) = seen.on_pixels(values, [rows, columns]);
        Variable {
            name: name.to_owned(),
            role: Role::Diagnostic,
            quantity,
            axes: Vec::new(),
            plane: Some(plane),
            domain: self.domain.clone(),
            values: Values::F32(values),
        }
    }

    /// The frames that went in, in the unit of the field.
    pub(super) fn inputs(&self, frames: &Frames) -> Vec<f32> {
        match frames {
            Frames::Sample(sample) => {
                let frames = sample.sequence.frames.iter();
                frames.flat_map(|frame| frame.values.iter().copied()).collect()
            }
            Frames::Brought(brought) => self.physical(brought.values()),
        }
    }

    /// Values of the network in the unit of the field.
    pub(super) fn physical(&self, values: &[f32]) -> Vec<f32> {
        values.iter().map(|&x| self.field.to_physical(x)).collect()
    }

    pub(super) fn variable(
        &self,
        name: &str,
        role: Role,
        axis: &Axis,
        values: Vec<f32>,
    ) -> Variable {
        Variable {
            name: name.to_owned(),
            role,
            quantity: self.quantity.clone(),
            axes: vec![axis.clone()],
            plane: Some(self.plane),
            domain: self.domain.clone(),
            values: Values::F32(values),
        }
    }
}
