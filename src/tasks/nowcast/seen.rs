//! What of the frames a network sees that can do without patches of them, and forecasts behind masks.

#[cfg(feature = "nn")]
use stormlens_data::card::{Hides, ModelCard};
use stormlens_data::network::{Answer, Input, ShownLayer};
use stormlens_data::patches::{
    FLOOR, PUBLISHED_FLOOR, SIDE_PX, Statistics, cropped, enlarged, random_mask, settle, tokens,
    whole_patches,
};
use stormlens_data::probability::Tokens;
use stormlens_data::request::{FrameMask, Shares};

#[cfg(test)]
mod tests;

/// Frames of which patches are hidden.
pub struct Seen {
    pub patches: Tokens,
    pub mask: FrameMask,
    /// As they are, in the network's unit and filled up to whole patches; what no radar measured is settled.
    whole: Vec<f32>,
    /// Frames, and height and width before they were filled up.
    shape: [usize; 3],
    /// Which patches the network does not see in the forecast that is asked for.
    pub hidden: Vec<bool>,
}

impl Seen {
    /// Which values are known, a radar's frames say.
    ///
    /// # Errors
    /// In words, for patches that there are not, and where nothing is left to be
    /// seen.
    pub fn new(input: &Input, known: Option<&[bool]>, mask: FrameMask) -> Result<Self, String> {
        let [n_frames, height, width] = input.shape;
        let size = whole_patches([height, width]);
        let patches = tokens(n_frames, size)?;
        let mut whole = input.values.clone();
        for (value, _) in whole.iter_mut().zip(known.unwrap_or_default()).filter(|(_, k)| !**k) {
            *value = f32::NAN;
        }
        let mut whole = enlarged(&whole, [height, width], size);
        settle(&mut whole, &patches);
        let n = patches.n();
        if let Some(patch) = mask.hidden.iter().find(|&&patch| patch >= n) {
            let [_, rows, columns] = patches.grid();
            return Err(format!(
                "there is no patch {patch}: the frames have {rows} × {columns}, numbered from 0 to {}",
                n - 1
            ));
        }
        let mut hidden = patches.hidden(&whole);
        mask.hidden.iter().for_each(|&patch| hidden[patch] = true);
        if let Some(shares) = mask.random {
            hidden = hidden_at_random(&hidden, shares, 0);
        }
        let shape = input.shape;
        if !hidden.contains(&false) {
            return Err(
                "every patch is hidden or mostly unknown, so that the network sees nothing; hide fewer"
                    .to_owned(),
            );
        }
        Ok(Self { patches, mask, whole, shape, hidden })
    }

    /// What the network is given.
    pub fn input(&self) -> Input {
        self.without(&self.hidden)
    }

    /// The same behind each of the masks that were asked for.
    pub fn masked(&self) -> impl Iterator<Item = Input> {
        self.masks().map(|mask| self.without(&mask))
    }

    /// What each of the masks hides beside what is hidden anyway.
    fn masks(&self) -> impl Iterator<Item = Vec<bool>> {
        let shares = self.mask.masks.filter(|_| self.mask.n_masks > 0);
        let one = move |number: usize| {
            // Number 0 is the mask of the forecast itself.
            Some(hidden_at_random(&self.hidden, shares?, number as u64 + 1))
        };
        (0..self.mask.n_masks).filter_map(one)
    }

    fn without(&self, hidden: &[bool]) -> Input {
        let mut values = self.whole.clone();
        self.patches.hide(&mut values, hidden);
        let [height, width] = self.patches.size;
        Input { values, shape: [self.shape[0], height, width] }
    }

    /// Height and width of the frames, where what the network sees is larger.
    pub fn within(&self) -> Option<[usize; 2]> {
        let [_, height, width] = self.shape;
        ([height, width] != self.patches.size).then_some([height, width])
    }

    /// Takes away what only filled the frames up: of forecasts, of masks and of maps. Maps of fewer rows and columns get those of
    /// the input first, each value for the ground that it stood for.
    pub fn crop(&self, answer: &mut Answer) {
        let Some(own) = self.within() else { return };
        let size = self.patches.size;
        answer.prediction = cropped(&answer.prediction, size, own);
        for explained in &mut answer.explained {
            explained.mask = explained.mask.take().map(|mask| cropped(&mask, size, own));
            for map in &mut explained.maps {
                let [n, rows, columns] = map.shape;
                let values = spread_out(&map.values, [rows, columns], size);
                map.values = cropped(&values, size, own);
                map.shape = [n, own[0], own[1]];
            }
        }
    }

    /// Values of so many rows and columns on the pixels of the frames, where these are no whole patches.
    pub fn on_pixels(
        &self,
        values: Vec<f32>,
        [rows, columns]: [usize; 2],
    ) -> (Vec<f32>, [usize; 2]) {
        match self.within() {
            None => (values, [rows, columns]),
            Some(own) => {
                let size = self.patches.size;
                (cropped(&spread_out(&values, [rows, columns], size), size, own), own)
            }
        }
    }

    /// Which pixels of the frames the network does not see.
    pub fn hidden_pixels(&self) -> Vec<bool> {
        let [_, height, width] = self.shape;
        let [_, _, columns] = self.patches.grid();
        let patch = |i: usize| i / width / SIDE_PX * columns + i % width / SIDE_PX;
        (0..height * width).map(|i| self.hidden[patch(i)]).collect()
    }

    /// Gives forecasts the size that the whole of a patch has, hidden or not, where that is wanted. Patches that are not
    /// known have that of all known ones together.
    ///
    /// `placed` is what the weights state.
    pub fn finish(&self, answers: &mut [Answer], placed: &[ShownLayer]) {
        if !self.mask.whole_statistics {
            return;
        }
        let floor = floor(placed);
        let whole = Statistics::of(&self.whole, &self.patches, floor);
        let masks: Vec<Vec<bool>> = [self.hidden.clone()].into_iter().chain(self.masks()).collect();
        for (answer, mask) in answers.iter_mut().zip(masks) {
            let seen = Statistics::of(&self.without(&mask).values, &self.patches, floor);
            seen.exchange(&mut answer.prediction, &self.patches, &whole);
        }
    }

    /// Of each patch that is known, the mean squared error of what was rebuilt within the frames, in units of the patch's
    /// spread, as the pre-training counts it; of others missing.
    pub fn errors(&self, rebuilt: &[f32], placed: &[ShownLayer]) -> Vec<f32> {
        let truth = Statistics::of(&self.whole, &self.patches, floor(placed));
        let unknown = self.patches.hidden(&self.whole);
        let [_, height, width] = self.shape;
        let [rows, columns] = self.patches.size;
        let is_within = |i: usize| i / columns % rows < height && i % columns < width;
        let mut errors = vec![[0.0; 2]; self.patches.n()];
        for (i, (value, known)) in rebuilt.iter().zip(&self.whole).enumerate() {
            if is_within(i) {
                let patch = self.patches.of_value(i);
                let error = (f64::from(*value) - f64::from(*known)) / truth.spread[patch];
                errors[patch][0] += error.powi(2);
                errors[patch][1] += 1.0;
            }
        }
        let of = |(&[sum, n], &unknown): (&[f64; 2], &bool)| match unknown {
            true => f32::NAN,
            false => (sum / n) as f32,
        };
        errors.iter().zip(&unknown).map(of).collect()
    }
}

/// What is hidden anyway, and a share of all patches at random. Of the patches that are left one stays in any case, which
/// follows from the seed and the number, too: a large share is no reason to see nothing.
fn hidden_at_random(anyway: &[bool], shares: Shares, number: u64) -> Vec<bool> {
    let seed = u64::from(shares.seed);
    let random = random_mask(anyway.len(), shares.ratio(), seed, number);
    let mut hidden: Vec<bool> = anyway.iter().zip(random).map(|(a, b)| *a || b).collect();
    let left: Vec<usize> = (0..anyway.len()).filter(|&patch| !anyway[patch]).collect();
    if !hidden.contains(&false) && !left.is_empty() {
        hidden[left[((seed + number) % left.len() as u64) as usize]] = false;
    }
    hidden
}

/// Whether something is seen of frames: a pixel that was measured, and, by a network that can do without patches, a patch of
/// which enough was.
pub fn is_anything_seen(hides_patches: bool, input: &Input, known: &[bool]) -> bool {
    let is_seen = || Seen::new(input, Some(known), FrameMask::default()).is_ok();
    known.contains(&true) && (!hides_patches || is_seen())
}

/// Takes patches of which a pixel was not measured in some frame as not measured at all.
pub fn know_whole_patches(known: &mut [bool], [_, height, width]: [usize; 3]) {
    let columns = width.div_ceil(SIDE_PX);
    let patch = |i: usize| i / width % height / SIDE_PX * columns + i % width / SIDE_PX;
    let mut is_whole = vec![true; height.div_ceil(SIDE_PX) * columns];
    for (i, _) in known.iter().enumerate().filter(|(_, known)| !**known) {
        is_whole[patch(i)] = false;
    }
    known.iter_mut().enumerate().for_each(|(i, known)| *known = is_whole[patch(i)]);
}

/// What a network answers to frames of any size: one that can do without patches is given whole ones, with what is not
/// known settled; others are given the frames as they are.
///
/// # Errors
/// Those of the network, and where it would see nothing.
#[cfg(feature = "nn")]
pub fn answer_to(
    model: &ModelCard,
    input: Input,
    known: Option<&[bool]>,
    network: impl FnOnce(&Input) -> anyhow::Result<Answer>,
) -> anyhow::Result<Answer> {
    if model.hides() != Some(Hides::Patches) {
        return network(&input);
    }
    let seen = Seen::new(&input, known, FrameMask::default()).map_err(anyhow::Error::msg)?;
    let mut answer = network(&seen.input())?;
    seen.crop(&mut answer);
    Ok(answer)
}

/// Maps on the pixels of a larger size, each of which takes the value of the cell that it lies in.
pub fn spread_out(
    values: &[f32],
    [rows, columns]: [usize; 2],
    [height, width]: [usize; 2],
) -> Vec<f32> {
    let plane = |plane: &[f32]| -> Vec<f32> {
        let pixels =
            (0..height * width).map(|i| (i / width * rows / height, i % width * columns / width));
        pixels.map(|(row, column)| plane[row * columns + column]).collect()
    };
    values.chunks_exact(rows * columns).flat_map(plane).collect()
}

/// Whose square the weights add to the variance of a patch.
pub fn floor(placed: &[ShownLayer]) -> f64 {
    let stated = placed.iter().find(|layer| layer.name == FLOOR).and_then(|l| l.values.first());
    stated.map_or(PUBLISHED_FLOOR, |&floor| f64::from(floor))
}
