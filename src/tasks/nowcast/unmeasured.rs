//! What of the input frames nobody measured: a network is given no rain there, or does not see it.

use stormlens_data::outcome::Note;

use super::samples::Frames;

/// A note that much of the input was not measured.
pub const UNMEASURED: &str = "unmeasured-input";
/// Above this share of the pixels, a note says it.
const MOST_SHARE: f64 = 0.5;

/// How much is missing.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Unmeasured {
    n_frames: usize,
    /// Frames of which no pixel was measured.
    n_whole: usize,
    /// Of all pixels of all frames, 0 to 1.
    share: f64,
}

impl Unmeasured {
    pub fn of(frames: &Frames) -> Self {
        match frames {
            Frames::Sample(sample) => {
                Self::count(sample.sequence.frames.iter().map(|frame| &frame.values[..]))
            }
            Frames::Brought(array) => {
                let [_, height, width] = array.shape;
                Self::count(array.values().chunks_exact((height * width).max(1)))
            }
        }
    }

    fn count<'a>(frames: impl Iterator<Item = &'a [f32]>) -> Self {
        let (mut n_frames, mut n_whole, mut n_missing, mut n_values) = (0, 0, 0, 0);
        for values in frames {
            let missing = values.iter().filter(|value| value.is_nan()).count();
            n_frames += 1;
            n_whole += usize::from(missing == values.len());
            n_missing += missing;
            n_values += values.len();
        }
        Self { n_frames, n_whole, share: n_missing as f64 / f64::max(n_values as f64, 1.0) }
    }

    /// Why there is nothing to compute from; `None` where something was measured.
    pub fn refusal(self) -> Option<String> {
        let is_nothing = self.n_whole == self.n_frames;
        is_nothing.then(|| {
            format!(
                "no pixel of the {} input frames was measured, so there is nothing to compute from",
                self.n_frames
            )
        })
    }

    /// What a result has to say, on figures of the network too.
    pub fn note(self, given: Given) -> Option<Note> {
        let Self { n_frames, n_whole, share } = self;
        let verb = if n_whole == 1 { "was" } else { "were" };
        let whole = (n_whole > 0)
            .then(|| format!("{n_whole} of {n_frames} input frames {verb} not measured at all"));
        // A share that is not all of it does not round to all of it.
        let percent = (share * 100.0).floor();
        let much = (share > MOST_SHARE)
            .then(|| format!("{percent} % of the input pixels were not measured"));
        let said: Vec<String> = [whole, much].into_iter().flatten().collect();
        let text = format!("{}; {}", said.join(", and "), given.words());
        (!said.is_empty()).then(|| Note::new(UNMEASURED, text, true).of_network())
    }
}

/// What a network is given where nothing was measured.
#[derive(Clone, Copy, Debug)]
pub enum Given {
    NoRain,
    /// It does not see patches of which less than half was measured.
    FewerPatches,
    /// It does not see patches that were not measured as a whole.
    WholePatches,
}

impl Given {
    fn words(self) -> &'static str {
        match self {
            Self::NoRain => "the network was given no rain there",
            Self::FewerPatches => {
                "the network does not see patches where more than half was not measured, and was given no rain at \
                 the other pixels that were not"
            }
            Self::WholePatches => "the network does not see patches with such pixels",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(frames: &[&[f32]]) -> Unmeasured {
        Unmeasured::count(frames.iter().copied())
    }

    #[test]
    fn nothing_measured_is_nothing_to_forecast_from() {
        let (known, unknown) = ([0.0, 1.0, 0.0, 0.0], [f32::NAN; 4]);
        let refused = of(&[&unknown, &unknown]).refusal().expect("nothing is known");
        assert!(refused.contains("no pixel of the 2 input frames was measured"), "{refused}");
        assert_eq!(of(&[&unknown, &known]).refusal(), None);
        assert_eq!(of(&[&known, &known]).note(Given::NoRain), None);
    }

    #[test]
    fn missing_frames_and_missing_halves_are_told() {
        let (known, unknown) = ([0.0, 1.0, 0.0, 0.0], [f32::NAN; 4]);
        let half = [f32::NAN, f32::NAN, 0.0, 0.0];
        let note = |frames: &[&[f32]]| {
            of(frames).note(Given::NoRain).map(|note| (note.text, note.is_on_figures))
        };
        assert_eq!(note(&[&half, &half]), None);
        let (text, is_on_figures) = note(&[&known, &unknown, &known]).expect("a frame is missing");
        assert!(text.starts_with("1 of 3 input frames was not measured at all;"), "{text}");
        assert!(is_on_figures);
        let much = [f32::NAN, f32::NAN, f32::NAN, 0.0];
        let (text, _) = note(&[&much, &much]).expect("most is missing");
        assert!(text.starts_with("75 % of the input pixels were not measured;"), "{text}");
        assert!(text.ends_with("was given no rain there"), "{text}");
        let hidden = of(&[&known, &unknown]).note(Given::WholePatches).expect("a frame is missing");
        assert!(hidden.text.ends_with("does not see patches with such pixels"), "{}", hidden.text);
    }
}
