use super::*;
use crate::card::NowcastField;
use crate::dataset::Windows;
use crate::files::npy::NpzWriter;

/// Element i of a sample: 0 or 1, different in every frame.
fn value(i: usize) -> u8 {
    u8::from(i.is_multiple_of(3) ^ i.is_multiple_of(7))
}

fn sample_of(n: usize) -> Vec<u8> {
    (0..n).map(value).collect()
}

fn write(path: &Path, shape: &[usize], values: &[f32]) {
    let mut file = NpzWriter::create(path).unwrap();
    file.add_f32(ARRAY, shape, values).unwrap();
    file.finish().unwrap();
}

fn write_bytes(path: &Path, shape: &[usize]) {
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    let mut file = NpzWriter::create(path).unwrap();
    file.add_u8(ARRAY, shape, &sample_of(shape.iter().product())).unwrap();
    file.finish().unwrap();
}

#[test]
fn time_is_the_last_axis() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x.npz");
    write_bytes(&path, &[4, 3, 10]);
    let windows = Windows::open(&path).unwrap();
    assert_eq!((windows.groups(), windows.len("test")), (vec!["test"], 1));
    assert_eq!((windows.field(), windows.frame_step_min()), (NowcastField::CloudCover, 15));
    let window = windows.read("test", 0, &[15, 90]).unwrap();
    let at = |row: usize, column: usize, t: usize| f32::from(value((row * 3 + column) * 10 + t));
    let frame = |t: usize| (0..12).map(move |i| at(i / 3, i % 3, t));
    assert_eq!(window.inputs, (0..4).flat_map(frame).collect::<Vec<_>>());
    assert_eq!(window.targets, frame(4).chain(frame(9)).collect::<Vec<_>>());
    assert!(window.timestamps.is_empty());
}

#[test]
fn folders_are_groups_and_files_are_sorted() {
    let folder = tempfile::tempdir().unwrap();
    for name in ["test/b.npz", "test/a.npz", "train/x.npz", "train/README.md"] {
        let path = folder.path().join(name);
        let width = if name.contains('a') { 16 } else { 32 };
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        if name.ends_with(".npz") {
            write_bytes(&path, &[16, width, 10])
        } else {
            std::fs::write(path, "").unwrap()
        }
    }
    let windows = Windows::open(folder.path()).unwrap();
    assert_eq!(windows.groups(), ["train", "test"]);
    assert_eq!([windows.len("train"), windows.len("validation"), windows.len("test")], [1, 0, 2]);
    // `a` comes first, so its size is that of the group.
    assert_eq!(windows.size("test").unwrap(), (16, 16));
    check_refused(
        windows.read("test", 1, &[15]),
        "16 × 32 pixels where the first one of its group",
    );
    check_refused(windows.read("test", 2, &[15]), "2 items in group \"test\", no item 2");
    check_refused(windows.read("test", 0, &[20]), "every 15 min up to 90 min");
    check_refused(windows.read("validation", 0, &[15]), "choose one of train, test");

    let part = Windows::open(&folder.path().join("train")).unwrap();
    assert_eq!(part.groups(), ["train"]);
    write_bytes(&folder.path().join("y.npz"), &[16, 16, 10]);
    check_refused(Windows::open(folder.path()), "beside folders of them");
    let empty = tempfile::tempdir().unwrap();
    check_refused(Windows::open(empty.path()), "put .npz files into it");
}

#[test]
fn a_description_beside_the_folders_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let sample = folder.path().join("train/wet-dry_20100826T0455.npz");
    write_bytes(&sample, &[16, 16, 10]);
    let described = |path: &Path| Windows::open(path).map(|w| w.description().map(str::to_owned));
    assert_eq!(described(folder.path()).unwrap(), None);
    std::fs::write(folder.path().join(DESCRIPTION), r#"{"what": "not clouds", "n": 1}"#).unwrap();
    for path in [folder.path(), &folder.path().join("train"), &sample] {
        assert_eq!(described(path).unwrap().as_deref(), Some("not clouds"), "{}", path.display());
    }
    let times = Windows::open(&sample).unwrap().times("test", 0).unwrap().to_vec();
    let times: Vec<_> = times.into_iter().map(time::format_sample).collect();
    assert_eq!((times.len(), times[0].as_str()), (10, "20100826T0410"));
    assert_eq!([times[3].as_str(), times[9].as_str()], ["20100826T0455", "20100826T0625"]);
    std::fs::write(folder.path().join(DESCRIPTION), "{}").unwrap();
    check_refused(described(&sample), "does not say what the samples are");
}

fn check_refused<T>(found: Result<T, DatasetError>, message: &str) {
    let found = found.err().expect("refused").to_string();
    assert!(found.contains(message), "{found}");
}

/// An array of that shape with values of a rule, refused.
fn check_array(shape: &[usize], value: impl Fn(usize) -> f32, message: &str) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x.npz");
    let values: Vec<f32> = (0..shape.iter().product()).map(value).collect();
    write(&path, shape, &values);
    check_refused(Windows::open(&path), message);
}

#[test]
fn other_values_are_refused_with_what_was_probably_meant() {
    let shape = [2, 3, 10];
    check_array(
        &shape,
        |i| if i == 34 { f32::NAN } else { 0.0 },
        "NaN at row 1, column 0, frame 4",
    );
    check_array(&shape, |i| if i == 34 { f32::NAN } else { 0.0 }, "missing values");
    check_array(&shape, |i| 255.0 * f32::from(value(i)), "save x // 255");
    check_array(&shape, |i| (i % 16) as f32, "from 5 on");
    check_array(&shape, |i| (i % 4) as f32, "types of clouds");
    check_array(&shape, |i| i as f32 / 60.0, "shares of cloud");
    check_array(&shape, |i| i as f32 - 3.0, "save 1 where there are clouds");
    check_array(&shape, |_| f32::INFINITY, "inf at row 0, column 0, frame 0");
}

#[test]
fn other_shapes_are_refused() {
    check_array(&[10, 16, 16], |_| 0.0, "numpy.moveaxis(x, 0, -1)");
    check_array(&[16, 16, 9], |_| 0.0, "[16, 16, 9] where [height, width, 10]");
    check_array(&[160, 16], |_| 0.0, "4 input frames and 6 to predict");
    check_array(&[1, 16, 16, 10], |_| 0.0, "[height, width, 10]");
    check_array(&[0, 16, 10], |_| 0.0, "[0, 16, 10]");
    check_array(&[], |_| 0.0, "[]");
}

/// Every type that stands for 0 and 1 is read; texts are not.
#[test]
fn types_vary() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x.npz");
    let values = sample_of(60);
    let expected = |i: usize| f32::from(values[i]);
    let check = |add: &dyn Fn(&mut NpzWriter)| {
        let mut file = NpzWriter::create(&path).unwrap();
        add(&mut file);
        file.finish().unwrap();
        let (size, frames) = read_sample(&path).unwrap();
        assert_eq!(size, [2, 3]);
        assert!((0..60).all(|i| frames[(i % 10) * 6 + i / 10] == expected(i)));
    };
    let floats: Vec<f64> = values.iter().map(|&v| v.into()).collect();
    let integers: Vec<u32> = values.iter().map(|&v| v.into()).collect();
    check(&|file| file.add_u8(ARRAY, &[2, 3, 10], &values).unwrap());
    check(&|file| file.add_f64(ARRAY, &[2, 3, 10], &floats).unwrap());
    check(&|file| file.add(ARRAY, &[2, 3, 10], &integers).unwrap());
}

/// What NumPy writes, packed and not, also of types and orders that our writer does not know.
#[test]
fn what_numpy_saves_is_read() {
    let folder = tempfile::tempdir().unwrap();
    crate::testing::python(
        &["numpy"],
        "import sys, numpy
x = (numpy.arange(60) % 3 == 0).reshape(2, 3, 10)
for kind in ['bool', 'i1', '<i2', '<i4', '<i8', '<u8', '<f4', '<f8']:
    numpy.savez(sys.argv[1] + '/' + kind.strip('<') + '.npz', x.astype(kind))
numpy.savez_compressed(sys.argv[1] + '/packed.npz', numpy.asfortranarray(x.astype('u1')))
numpy.savez(sys.argv[1] + '/other.npz', y=x)
numpy.savez(sys.argv[1] + '/half.npz', x.astype('f2'))
numpy.savez(sys.argv[1] + '/big.npz', x.astype('>f4'))
numpy.savez(sys.argv[1] + '/object.npz', numpy.array([{}], dtype=object))
",
        &[folder.path().to_str().unwrap()],
    );
    let file = |name: &str| folder.path().join(format!("{name}.npz"));
    if !file("big").exists() {
        return; // Nothing is there where Python is missing.
    }
    for name in ["bool", "i1", "i2", "i4", "i8", "u8", "f4", "f8", "packed"] {
        let (size, frames) = read_sample(&file(name)).unwrap();
        assert_eq!(size, [2, 3], "{name}");
        let is_right =
            |i: usize| frames[(i % 10) * 6 + i / 10] == f32::from(u8::from(i.is_multiple_of(3)));
        assert!((0..60).all(is_right), "{name}");
    }
    check_refused(read_sample(&file("other")), "no array \"arr_0\", it has [\"y\"]");
    check_refused(read_sample(&file("half")), "its type is '<f2'");
    check_refused(read_sample(&file("big")), "in array \"arr_0\"");
    check_refused(read_sample(&file("object")), "its type is '|O'");
}

#[test]
fn cut_and_damaged_files_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("whole.npz");
    write_bytes(&path, &[4, 4, 10]);
    let bytes = std::fs::read(&path).unwrap();
    for n in 0..bytes.len() {
        let path = folder.path().join(format!("cut_{n}.npz"));
        std::fs::write(&path, &bytes[..n]).unwrap();
        check_refused(Windows::open(&path), "not a NumPy archive");
    }
    let whole = read_sample(&path).unwrap();
    let mut n_refused = 0;
    for position in 0..bytes.len() {
        let mut damaged = bytes.clone();
        damaged[position] ^= 0xff;
        let path = folder.path().join(format!("damaged_{position}.npz"));
        std::fs::write(&path, &damaged).unwrap();
        // Damage is seen by the checksum, or lies in what nobody needs, such as dates.
        match read_sample(&path) {
            Ok(found) => assert_eq!(found, whole, "byte {position}"),
            Err(_) => n_refused += 1,
        }
    }
    assert!(2 * n_refused > bytes.len(), "{n_refused} of {}", bytes.len());
    check_refused(Windows::open(&folder.path().join("none.npz")), "cannot be read");
    std::fs::write(&path, "GIF89a").unwrap();
    check_refused(Windows::open(&path), "make or fetch it again");
}

/// A file that says of its array that it is larger than memory is refused before it is unpacked.
#[test]
fn large_arrays_are_refused() {
    let bytes = {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x.npz");
        write_bytes(&path, &[64, 64, 10]);
        std::fs::read(path).unwrap()
    };
    let message = npz_array("x.npz", &bytes, ARRAY, 1000).unwrap_err().to_string();
    assert!(message.contains("bytes, more than 1000"), "{message}");
}

/// The reference program's own sample, where the golden folder is at hand.
#[test]
fn the_sample_of_the_reference_program_is_read() {
    let Some(folder) = std::env::var_os("STORMLENS_GOLDEN_DIR") else {
        println!("skipped: STORMLENS_GOLDEN_DIR is not set");
        return;
    };
    let folder = Path::new(&folder).join("sar_unet");
    let windows = Windows::open(&folder.join("cloud_sample_256x256x10.npz")).unwrap();
    let window = windows.read("test", 0, &[15, 30, 45, 60, 75, 90]).unwrap();
    let bytes = std::fs::read(folder.join("sar_unet_cloud_procedural.safetensors")).unwrap();
    let tensors = safetensors::SafeTensors::deserialize(&bytes).unwrap();
    let x = tensors.tensor("x").unwrap();
    let inputs: Vec<u8> = window.inputs.iter().flat_map(|v| v.to_le_bytes()).collect();
    assert!(x.data() == inputs, "the network's input differs");
    assert_eq!(window.targets.len(), 6 * 256 * 256);
}
