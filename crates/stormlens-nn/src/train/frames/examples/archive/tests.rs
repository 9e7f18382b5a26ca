use super::*;
use crate::train::frames::options::{DataConfig, FrameOptions};

/// One row of five pixels every 5 minutes: hours 0, 1 and 2 are the events `a`, `b` and `c`, hour 3 is none.
struct Hours {
    n_frames: i64,
}

const BEGIN: i64 = 1_600_000_000 / 3600 * 3600;

impl Hours {
    fn time(i: i64) -> Timestamp {
        Timestamp::from_second(BEGIN + 300 * i).expect("a time")
    }

    fn place(time: Timestamp) -> i64 {
        (time.as_second() - BEGIN) / 300
    }
}

impl Frames for Hours {
    fn samples(&self, task: &Nowcasting) -> Vec<SampleRef> {
        let sample = |i: i64| {
            let time = Self::time(i);
            let is_observed = |&time: &Timestamp| Self::place(time) < self.n_frames;
            let observed = target_times(task, time).iter().map(is_observed).collect();
            SampleRef {
                id: stormlens_data::time::format_sample(time),
                tile: String::new(),
                time,
                observed,
            }
        };
        (task.n_input_frames as i64 - 1..self.n_frames).map(sample).collect()
    }

    fn frame(&self, _: &str, time: Timestamp) -> Result<Vec<f32>, DatasetError> {
        let i = Self::place(time);
        assert!((0..self.n_frames).contains(&i));
        Ok(vec![i as f32; 5])
    }

    fn height_and_width(&self) -> [usize; 2] {
        [1, 5]
    }

    fn event(&self, time: Timestamp) -> Option<String> {
        let hour = Self::place(time) / 12;
        ["a", "b", "c"].get(usize::try_from(hour).ok()?).map(|name| (*name).to_owned())
    }
}

/// Three frames in, 5 and 10 minutes ahead.
fn options(train: &[&str], validation: &[&str], test: &[&str]) -> DataConfig {
    let names = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
    DataConfig {
        train_events: names(train),
        validation_events: names(validation),
        test_events: names(test),
        frames: FrameOptions {
            n_input_frames: 3,
            lead_times_min: vec![5, 10],
            ..FrameOptions::default()
        },
        ..DataConfig::default()
    }
}

fn examples(data: &DataConfig) -> ArchiveExamples<Hours> {
    let division = Division::by_events(data).expect("options").expect("events");
    let archives = [("one", 48), ("two", 20)];
    let archives = archives.map(|(name, n_frames)| (name.to_owned(), Hours { n_frames }));
    let task = data.frames.nowcasting().expect("frames");
    division.check(&archives, &task).expect("events that there are");
    ArchiveExamples::new(archives.into(), task, division)
}

/// An event is in one block whole, in all archives, and no sample has frames of two events.
#[test]
fn events_are_divided_whole() {
    let examples = examples(&options(&["a"], &["b"], &["c"]));
    // Twelve frames of an event hold eight samples of five; the second archive ends with the eighth frame of `b`.
    let numbers =
        [(Block::Train, 8 + 8, "a"), (Block::Validation, 8 + 4, "b"), (Block::Test, 8, "c")];
    for (block, n, event) in numbers {
        let ids = examples.ids(block);
        assert_eq!(ids.len(), n, "{block:?}");
        assert!(ids.iter().all(|id| examples.event(id).as_deref() == Some(event)));
    }
    let first = &examples.ids(Block::Validation)[8];
    assert!(first.starts_with("two/"), "{first}");
    let example = examples.read(first).expect("a sample");
    assert_eq!((example.height, example.width), (1, 5));
    assert_eq!(example.inputs, [[12.0; 5], [13.0; 5], [14.0; 5]].concat());
    assert_eq!(example.target, [[15.0; 5], [16.0; 5]].concat());
    assert_eq!(examples.target(first).expect("a sample"), example.target);
    assert!(examples.read("three/20200913T1200").is_err());
}

/// A sample around midnight of two events, or of an event that no block names, is in no block.
#[test]
fn what_no_block_names_is_left_out() {
    let examples = examples(&options(&["c"], &["a"], &[]));
    assert_eq!(examples.ids(Block::Train).len(), 8);
    assert_eq!(examples.ids(Block::Validation).len(), 16);
    assert!(examples.ids(Block::Test).is_empty());
}

#[test]
fn events_that_make_no_sense_are_refused() {
    let twice = Division::by_events(&options(&["a"], &["b", "a"], &[])).map(|_| ());
    let refused = twice.unwrap_err().to_string();
    assert!(refused.contains("\"a\" is in two blocks"), "{refused}");
    let data = options(&["a"], &["hail"], &[]);
    let division = Division::by_events(&data).expect("options").expect("events");
    let task = data.frames.nowcasting().expect("frames");
    let archives = [(String::new(), Hours { n_frames: 48 })];
    let refused = division.check(&archives, &task).unwrap_err().to_string();
    assert!(refused.contains("\"hail\"") && refused.ends_with("a, b, c"), "{refused}");
}

/// What is kept stays below the limit, and the oldest goes first.
#[test]
fn old_frames_are_forgotten() {
    let mut known = Known::default();
    let frame = Arc::new(vec![0.0f32; MAX_CACHED_BYTES / 4 / 3]);
    for i in 0..5 {
        known.insert((0, String::new(), Hours::time(i)), frame.clone());
        known.insert((0, String::new(), Hours::time(i)), frame.clone());
    }
    let mut kept: Vec<i64> = known.frames.keys().map(|(_, _, time)| Hours::place(*time)).collect();
    kept.sort_unstable();
    assert_eq!(kept, [2, 3, 4]);
    assert!(known.n_bytes <= MAX_CACHED_BYTES);
}

/// The German days: a sample is of the event that its time lies in, and one that begins the day before is of none.
#[test]
fn real_archives_have_events() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../data/radklim");
    let archive = Archive::open(&folder).expect("frames");
    let task = FrameOptions::default().nowcasting().expect("a task");
    let of = |text: &str| event(&archive, &task, text.parse().expect("a time"));
    assert_eq!(of("2018-05-16T12:00:00Z").as_deref(), Some("20180516"));
    assert_eq!(of("2018-05-16T00:20:00Z"), None);
}

/// Samples of every tile can be read, and hold what is in that tile.
#[test]
fn tiles_are_samples_of_their_own() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../data/meteoswiss");
    let archive = Archive::open(&folder).expect("frames");
    let task = FrameOptions::default().nowcasting().expect("a task");
    let all = Division::Times { train_until: Timestamp::MAX, validate_until: Timestamp::MAX };
    let examples = ArchiveExamples::new(vec![(String::new(), archive)], task, all);
    let ids = examples.ids(Block::Train);
    let inputs = |tile: &str| {
        let id = ids.iter().find(|id| id.starts_with(tile)).expect("a sample of the tile");
        examples.read(id).expect("a sample").inputs.clone()
    };
    let known = |values: Vec<f32>| values.iter().filter(|v| !v.is_nan()).count();
    assert_ne!(known(inputs("r1c1.")), known(inputs("r2c2.")));
}
