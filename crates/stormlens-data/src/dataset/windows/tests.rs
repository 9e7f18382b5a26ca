use super::*;
use crate::dataset::Frames;

/// A file as h5py might write it, with one group of these shapes and this time.
fn file(
    name: &str,
    images: &[u64],
    timestamps: &[u64],
    time: &str,
) -> (tempfile::TempDir, std::path::PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(name);
    let mut file = hdf5_pure::FileBuilder::new();
    let mut group = file.create_group("train");
    let values: Vec<f32> = (0..images.iter().product()).map(|i: u64| i as f32).collect();
    group.create_dataset("images").with_f32_data(&values).with_shape(images);
    let texts = vec![time; timestamps.iter().product::<u64>() as usize];
    group.create_dataset("timestamps").with_vlen_strings(&texts).with_shape(timestamps);
    file.add_group(group.finish());
    file.write(&path).unwrap();
    (folder, path)
}

const TIME: &str = "26-AUG-2010;04:00:00.000";

#[test]
fn each_lead_time_is_a_target() {
    let (_folder, path) = file("x_input-length_2_img-ahead_2.h5", &[3, 4, 2, 2], &[3, 4, 1], TIME);
    let windows = Windows::open(&path).unwrap();
    let window = windows.read("train", 1, &[10]).unwrap();
    assert_eq!(window.inputs, [16.0, 17.0, 18.0, 19.0, 20.0, 21.0, 22.0, 23.0]);
    assert_eq!(window.targets, [28.0, 29.0, 30.0, 31.0]);
    let both = windows.read("train", 1, &[10, 5]).unwrap();
    assert_eq!(both.targets, [28.0, 29.0, 30.0, 31.0, 24.0, 25.0, 26.0, 27.0]);
    assert_eq!(both.inputs, window.inputs);
    assert_eq!(window.timestamps.len(), 4);
    assert_eq!((windows.len("train"), windows.len("test")), (3, 0));
    assert_eq!(windows.size("train").unwrap(), (2, 2));
}

fn check_refused(found: Result<impl Sized, DatasetError>, message: &str) {
    let found = found.err().expect("refused").to_string();
    assert!(found.contains(message), "{found}");
}

#[test]
fn what_is_not_there_is_named() {
    let (_folder, path) = file("input-length_2.h5", &[3, 4, 2, 2], &[3, 4, 1], TIME);
    let windows = Windows::open(&path).unwrap();
    check_refused(windows.read("train", 3, &[5]), "has 3 items in group \"train\", no item 3");
    for lead_min in [0, 7, 15, u32::MAX] {
        check_refused(windows.read("train", 0, &[5, lead_min]), "every 5 min up to 10 min");
    }
    check_refused(windows.read("test", 0, &[5]), "no group \"test\": choose one of train");
}

#[test]
fn other_layouts_are_refused() {
    let open = |images: &[u64], timestamps: &[u64]| {
        let (folder, path) = file("input-length_2.h5", images, timestamps, TIME);
        (Windows::open(&path).map(drop), folder).0
    };
    check_refused(open(&[3, 2, 2], &[3, 1]), "4 dimensions");
    check_refused(open(&[3, 4, 2, 2], &[3, 4]), "4 dimensions");
    check_refused(open(&[3, 4, 2, 2], &[3, 3, 1]), "4 dimensions");
    check_refused(open(&[3, 2, 2, 2], &[3, 2, 1]), "leave none to predict");
}

/// Shapes that a damaged or malicious file might state.
#[test]
fn shapes_beyond_memory_are_refused() {
    for images in [[1, 4, 1 << 31, 1 << 31], [1, 4, 1 << 20, 1 << 20]] {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("input-length_2.h5");
        let mut file = crate::hdf5_stream::Hdf5Stream::create(&path).unwrap();
        let mut dataset = |element, shape: &[u64], chunk: &[u64]| {
            let dataset = crate::hdf5_stream::ChunkedDataset::new(element, chunk);
            file.finish_dataset(&dataset, shape).unwrap()
        };
        let images = dataset(crate::hdf5_stream::Element::Float32, &images, &[1, 1, 8, 8]);
        let times = dataset(crate::hdf5_stream::Element::Text, &[1, 4, 1], &[1, 4, 1]);
        let group = file.group(&[("images", images), ("timestamps", times)]).unwrap();
        let root = file.group(&[("train", group)]).unwrap();
        file.finish(root).unwrap();
        check_refused(Windows::open(&path), "too large to read");
    }
}

#[test]
fn a_name_without_the_input_length_is_refused_unless_it_is_told() {
    let (_folder, path) = file("windows.h5", &[3, 4, 2, 2], &[3, 4, 1], TIME);
    check_refused(Windows::open(&path), "input-length_12");
    assert!(Windows::open_with_input_length(&path, 2).is_ok());
}

#[test]
fn a_time_that_is_none_is_named() {
    let (_folder, path) = file("input-length_2.h5", &[1, 4, 2, 2], &[1, 4, 1], "soon");
    check_refused(Windows::open(&path).unwrap().read("train", 0, &[5]), "the time \"soon\"");
}

#[test]
fn an_intermediate_file_is_read_frame_by_frame() {
    let (_folder, path) = file("frames.h5", &[3, 2, 2], &[3, 1], TIME);
    let frames = Frames::open(&path).unwrap();
    assert_eq!(frames.read("train", 2).unwrap(), [8.0, 9.0, 10.0, 11.0]);
    assert_eq!(crate::time::format_knmi(frames.times("train").unwrap()[0]), TIME);
    check_refused(Windows::open_with_input_length(&path, 1), "4 dimensions");
}

#[test]
fn damaged_files_are_refused() {
    let (folder, path) = file("input-length_2.h5", &[3, 4, 2, 2], &[3, 4, 1], TIME);
    let bytes = std::fs::read(&path).unwrap();
    // A new file each time: overwriting one waits for the disk.
    let write = |name: String, bytes: &[u8]| {
        let path = folder.path().join(name + "_input-length_2.h5");
        std::fs::write(&path, bytes).unwrap();
        path
    };
    for n in (0..bytes.len()).step_by(97) {
        let path = write(format!("cut_{n}"), &bytes[..n]);
        check_refused(Windows::open(&path), "not a readable HDF5 file");
    }
    for position in 0..bytes.len() {
        let mut damaged = bytes.clone();
        damaged[position] ^= 0xff;
        // Whether the damage is seen or not, nothing panics.
        if let Ok(windows) = Windows::open(&write(format!("damaged_{position}"), &damaged)) {
            let _ = windows.read("train", 2, &[10]);
        }
    }
    check_refused(Windows::open(&folder.path().join("no_input-length_2.h5")), "cannot be read");
}

#[test]
fn values_that_are_no_numbers_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("frames.h5");
    let mut file = hdf5_pure::FileBuilder::new();
    let mut group = file.create_group("train");
    group.create_dataset("images").with_f32_data(&[0.0, f32::NAN]).with_shape(&[1, 1, 2]);
    group.create_dataset("timestamps").with_vlen_strings(&[TIME]).with_shape(&[1, 1]);
    file.add_group(group.finish());
    file.write(&path).unwrap();
    check_refused(Frames::open(&path).unwrap().read("train", 0), "no numbers in item 0");
}

/// A trainer may read on a thread of its own.
#[test]
fn windows_cross_threads() {
    fn check<T: Send + Sync>() {}
    check::<Windows>();
    check::<Frames>();
}

/// The reference program's own file, written by h5py, where the golden folder is at hand.
#[test]
fn the_file_of_the_reference_program_is_read() {
    let Some(folder) = std::env::var_os("STORMLENS_GOLDEN_DIR") else {
        println!("skipped: STORMLENS_GOLDEN_DIR is not set");
        return;
    };
    let folder = Path::new(&folder).join("sar_unet");
    let name = "knmi_mini_input-length_12_img-ahead_6_rain-threshold_50.h5";
    let windows = Windows::open(&folder.join(name)).unwrap();
    assert_eq!((windows.len("train"), windows.len("test")), (1, 6));
    let other = hdf5_pure::File::open(folder.join(name)).unwrap();
    let values = other.dataset("test/images").unwrap().read_f32().unwrap();
    let texts = other.dataset("test/timestamps").unwrap().read_string().unwrap();
    let n_window = 18 * 288 * 288;
    for i in 0..6 {
        let window = windows.read("test", i, &[30]).unwrap();
        assert_eq!(window.inputs, values[i * n_window..][..12 * 288 * 288]);
        assert_eq!(window.targets, values[i * n_window..][17 * 288 * 288..n_window]);
        let times: Vec<_> =
            window.timestamps.iter().map(|&t| crate::time::format_knmi(t)).collect();
        assert_eq!(times, texts[i * 18..][..18]);
    }
    let frames = Frames::open(&folder.join("knmi_mini_intermediate.h5")).unwrap();
    assert_eq!((frames.len("train"), frames.len("test")), (26, 24));
}
