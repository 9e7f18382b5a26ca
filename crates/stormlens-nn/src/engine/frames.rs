//! What goes into a network, checked before it meets burn, which panics on misuse.

use stormlens_data::card::Nowcasting;

/// Four poolings leave nothing of less.
const MIN_SIDE_PX: usize = 16;

/// Frames for a network, normalised: `[n_frames × height × width]`.
#[derive(Clone, Debug)]
pub struct Frames {
    pub values: Vec<f32>,
    pub n_frames: usize,
    pub height: usize,
    pub width: usize,
}

impl Frames {
    pub(super) fn n_pixels(&self) -> usize {
        self.height * self.width
    }

    /// Why this is no input for that model, in words.
    pub(super) fn check(&self, task: &Nowcasting) -> Result<(), String> {
        let (h, w) = (self.height, self.width);
        if self.n_frames != task.n_input_frames {
            return Err(format!(
                "the input has {} frames, the network takes {}: one every {} minutes, oldest first",
                self.n_frames, task.n_input_frames, task.frame_step_min
            ));
        }
        let multiple = task.size_multiple;
        if h.min(w) < MIN_SIDE_PX || h % multiple != 0 || w % multiple != 0 {
            let next = |n: usize| n.max(MIN_SIDE_PX).div_ceil(multiple) * multiple;
            let must = match multiple {
                1 => format!("must be {MIN_SIDE_PX} at least"),
                multiple => format!("must be multiples of {multiple}"),
            };
            return Err(format!(
                "the input is {h} × {w} pixels, height and width {must}; \
                 crop or pad it, e.g. to {} × {}",
                next(h),
                next(w)
            ));
        }
        if self.values.len() != self.n_frames * h * w {
            return Err(format!(
                "the input holds {} values, not {}",
                self.values.len(),
                self.n_frames * h * w
            ));
        }
        let bad = self.values.iter().position(|v| !v.is_finite());
        bad.map_or(Ok(()), |i| {
            let (frame, rest) = (i / (h * w), i % (h * w));
            Err(format!(
                "the input holds {} in frame {frame}, row {}, column {}; fill or leave out missing \
                 values first",
                self.values[i],
                rest / w,
                rest % w
            ))
        })
    }
}
