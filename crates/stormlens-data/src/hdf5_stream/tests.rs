use std::path::PathBuf;

use super::*;
use crate::testing::python;

fn check_chunk(shape: &[u64], element: Element, expected: &[u64]) {
    assert_eq!(automatic_chunk(shape, element), expected, "{shape:?}");
}

/// As h5py 3 chooses them; the first four are those of the reference program's own files.
#[test]
fn chunks_are_those_of_h5py() {
    check_chunk(&[1, 18, 288, 288], Element::Float32, &[1, 3, 36, 72]);
    check_chunk(&[26, 288, 288], Element::Float32, &[4, 36, 72]);
    check_chunk(&[24, 288, 288], Element::Float32, &[3, 36, 72]);
    check_chunk(&[1, 18, 1], Element::Text, &[1, 18, 1]);
}

/// A file with a cube of `n` × 3 × 4 in chunks of 1 × 2 × 4, which its second dimension does not
/// divide, and a column of texts.
fn write(n: u64) -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("test.h5");
    let mut file = Hdf5Stream::create(&path).unwrap();
    let mut cube = ChunkedDataset::new(Element::Float32, &[1, 2, 4]);
    let mut texts = ChunkedDataset::new(Element::Text, &[1, 1]);
    for i in 0..n {
        let value = |row: u64, column: u64| (i * 12 + row * 4 + column) as f32;
        for row in [0, 2] {
            let mut values: Vec<f32> = (0..4).map(|c| value(row, c)).collect();
            values.extend((0..4).map(|c| if row == 0 { value(1, c) } else { 0.0 }));
            file.write_floats(&mut cube, &[i, row, 0], &values).unwrap();
        }
        file.write_texts(&mut texts, &[i, 0], &[format!("text {i} ü")]).unwrap();
    }
    let cube = file.finish_dataset(&cube, &[n, 3, 4]).unwrap();
    let texts = file.finish_dataset(&texts, &[n, 1]).unwrap();
    let group = file.group(&[("cube", cube), ("texts", texts)]).unwrap();
    let root = file.group(&[("group", group)]).unwrap();
    file.finish(root).unwrap();
    (folder, path)
}

/// Three libraries read what was written. 300 rows of 2 chunks fill two levels of the index, 5000
/// fill three.
fn check(n: u64) {
    let (_folder, path) = write(n);
    let values: Vec<f32> = (0..n * 12).map(|i| i as f32).collect();
    let texts: Vec<String> = (0..n).map(|i| format!("text {i} ü")).collect();

    let file = hdf5_reader::Hdf5File::open(&path).unwrap();
    let cube = file.dataset("group/cube").unwrap();
    assert_eq!(cube.shape(), [n, 3, 4]);
    assert!(cube.read_array::<f32>().unwrap().iter().eq(&values));
    assert_eq!(file.dataset("group/texts").unwrap().read_strings().unwrap(), texts);

    let file = hdf5_pure::File::open(&path).unwrap();
    assert_eq!(file.dataset("group/cube").unwrap().read_f32().unwrap(), values);
    assert_eq!(file.dataset("group/texts").unwrap().read_string().unwrap(), texts);

    python(
        &["h5py", "numpy"],
        "import sys, h5py, numpy
with h5py.File(sys.argv[1]) as file:
    n = int(sys.argv[2])
    cube, texts = file['group/cube'], file['group/texts']
    assert cube.shape == (n, 3, 4) and cube.maxshape == (None, 3, 4) and cube.dtype == '<f4'
    assert (cube.compression, cube.compression_opts) == ('gzip', 9)
    assert numpy.array_equal(cube[:].ravel(), numpy.arange(n * 12))
    assert [t.decode() for t in texts[:, 0]] == [f'text {i} ü' for i in range(n)]
    assert h5py.check_string_dtype(texts.dtype) == ('utf-8', None)
",
        &[path.to_str().unwrap(), &n.to_string()],
    );
}

#[test]
fn every_library_reads_what_is_written() {
    for n in [0, 1, 2, 32, 33, 300, 5000] {
        check(n);
    }
}

/// The maximum shape says that rows can be added later, so h5py must be able to.
#[test]
fn h5py_can_extend_what_is_written() {
    let (_folder, path) = write(70);
    python(
        &["h5py", "numpy"],
        "import sys, h5py, numpy
with h5py.File(sys.argv[1], 'a') as file:
    for name, value in [('group/cube', 7), ('group/texts', 'more')]:
        file[name].resize(200, axis=0)
        file[name][70:] = value
with h5py.File(sys.argv[1]) as file:
    assert numpy.array_equal(file['group/cube'][:70].ravel(), numpy.arange(840))
    assert (file['group/cube'][70:] == 7).all()
    assert file['group/texts'][69, 0].decode() == 'text 69 ü'
    assert file['group/texts'][199, 0] == b'more'
",
        &[path.to_str().unwrap()],
    );
}

#[test]
fn an_unfinished_file_is_no_hdf5_file() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("test.h5");
    drop(Hdf5Stream::create(&path).unwrap());
    assert!(hdf5_reader::Hdf5File::open(&path).is_err());
}
