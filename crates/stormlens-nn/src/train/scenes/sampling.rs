//! Which scenes an epoch takes.

use super::options::SceneTraining;
use crate::random::Random;
use crate::train::run::TrainError;

/// Draws the batches of an epoch.
pub(super) struct Sampling {
    /// The scenes of each class, by their places.
    classes: Vec<Vec<usize>>,
    is_balanced: bool,
    batch_size: usize,
    steps_per_epoch: Option<usize>,
}

/// Numbers in a random order, for ever: all of them before any comes again.
struct Stream {
    items: Vec<usize>,
    n_taken: usize,
}

impl Sampling {
    /// # Errors
    /// If the classes are to be balanced and one has no scene.
    pub fn new(
        labels: impl Iterator<Item = usize>,
        n_classes: usize,
        options: &SceneTraining,
    ) -> Result<Self, TrainError> {
        let mut classes = vec![Vec::new(); n_classes];
        labels.enumerate().for_each(|(i, class)| classes[class].push(i));
        if options.balanced && classes.iter().any(Vec::is_empty) {
            let message = "a class has no training scene; add some to train/neg and train/pos, or \
                           set `balanced = false` in [training]";
            return Err(TrainError::Options(message.into()));
        }
        Ok(Self {
            classes,
            is_balanced: options.balanced,
            batch_size: options.batch_size,
            steps_per_epoch: options.steps_per_epoch,
        })
    }

    /// The scenes of each batch. All batches are full unless a single one holds all scenes, because
    /// batch normalisation goes wrong over few examples.
    pub fn plan(&self, random: &mut Random) -> Vec<Vec<usize>> {
        let mut draw = if self.is_balanced { self.balanced() } else { self.as_they_are() };
        let n_batch = self.batch_size.min(if self.is_balanced { usize::MAX } else { self.n() });
        let mut batch = || (0..n_batch).map(|_| draw(random)).collect();
        (0..self.n_batches()).map(|_| batch()).collect()
    }

    fn n(&self) -> usize {
        self.classes.iter().map(Vec::len).sum()
    }

    /// Balanced: as long as the largest class needs to come through once, on average.
    fn n_batches(&self) -> usize {
        let largest = self.classes.iter().map(Vec::len).max().unwrap_or(0);
        self.steps_per_epoch.unwrap_or(if self.is_balanced {
            (self.classes.len() * largest).div_ceil(self.batch_size)
        } else {
            (self.n() / self.batch_size).max(1)
        })
    }

    /// A class first, each as often as any other, then a scene of it.
    ///
    /// The streams begin anew in each epoch, so that a run between two epochs is one number.
    fn balanced(&self) -> Box<dyn FnMut(&mut Random) -> usize> {
        let mut streams: Vec<Stream> = self.classes.iter().cloned().map(Stream::new).collect();
        Box::new(move |random| {
            let class = random.below(streams.len());
            streams[class].next(random)
        })
    }

    fn as_they_are(&self) -> Box<dyn FnMut(&mut Random) -> usize> {
        let mut stream = Stream::new(self.classes.concat());
        Box::new(move |random| stream.next(random))
    }
}

impl Stream {
    fn new(items: Vec<usize>) -> Self {
        Self { n_taken: items.len(), items }
    }

    fn next(&mut self, random: &mut Random) -> usize {
        if self.n_taken == self.items.len() {
            random.shuffle(&mut self.items);
            self.n_taken = 0;
        }
        self.n_taken += 1;
        self.items[self.n_taken - 1]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plan(n: [usize; 2], options: SceneTraining, seed: u64) -> Vec<Vec<usize>> {
        let labels = [vec![0; n[0]], vec![1; n[1]]].concat();
        let sampling = Sampling::new(labels.into_iter(), 2, &options).expect("two classes");
        sampling.plan(&mut Random::new(seed))
    }

    fn options(balanced: bool, batch_size: usize) -> SceneTraining {
        SceneTraining { balanced, batch_size, ..Default::default() }
    }

    #[test]
    fn an_epoch_has_the_published_length() {
        let lengths = |n, o| plan(n, o, 1).iter().map(Vec::len).collect::<Vec<_>>();
        assert_eq!(lengths([1293, 254], options(true, 16)), [16; 162]);
        assert_eq!(lengths([30, 10], options(false, 16)), [16; 2]);
        assert_eq!(lengths([3, 2], options(false, 16)), [5]);
        let short = SceneTraining { steps_per_epoch: Some(7), ..options(true, 4) };
        assert_eq!(lengths([1293, 254], short), [4; 7]);
    }

    #[test]
    fn classes_are_drawn_evenly_and_no_scene_too_often() {
        let picks = plan([1293, 254], options(true, 16), 3).concat();
        let mut n_drawn = vec![0; 1293 + 254];
        picks.iter().for_each(|&i| n_drawn[i] += 1);
        let n_positive: usize = n_drawn[1293..].iter().sum();
        // 2592 coins: standard deviation 25.
        assert!(n_positive.abs_diff(1296) < 100, "{n_positive}");
        let spread = |counts: &[usize]| counts.iter().max().unwrap() - counts.iter().min().unwrap();
        assert!(spread(&n_drawn[..1293]) <= 1 && spread(&n_drawn[1293..]) <= 1);
    }

    #[test]
    fn as_they_are_no_scene_comes_twice() {
        let mut picks = plan([40, 10], options(false, 10), 3).concat();
        assert_ne!(picks, (0..50).collect::<Vec<_>>());
        picks.sort_unstable();
        assert_eq!(picks, (0..50).collect::<Vec<_>>());
    }

    #[test]
    fn the_seed_decides() {
        let of = |seed| plan([20, 10], options(true, 8), seed);
        assert_eq!(of(1), of(1));
        assert_ne!(of(1), of(2));
    }

    #[test]
    fn an_empty_class_cannot_be_balanced() {
        let refused = Sampling::new([0, 0].into_iter(), 2, &options(true, 2)).map(|_| ());
        assert!(refused.unwrap_err().to_string().contains("balanced = false"));
        assert!(Sampling::new([0, 0].into_iter(), 2, &options(false, 2)).is_ok());
    }
}
