use super::*;
use crate::outcome::{Axis, Domain, Quantity, Role};
use crate::testing::python;

/// A `.npy` file of version 1 with this dictionary and data.
fn npy(dictionary: &str, data: &[u8]) -> Vec<u8> {
    let mut header = dictionary.to_owned();
    while !(10 + header.len() + 1).is_multiple_of(64) {
        header.push(' ');
    }
    header.push('\n');
    let mut bytes = b"\x93NUMPY\x01\x00".to_vec();
    bytes.extend((header.len() as u16).to_le_bytes());
    bytes.extend(header.as_bytes());
    bytes.extend(data);
    bytes
}

fn read(bytes: &[u8]) -> Result<(Vec<usize>, Vec<f32>), FilesError> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x.npy");
    std::fs::write(&path, bytes).unwrap();
    read_npy_f32(&path)
}

const F4: &str = "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }";

fn floats() -> Vec<u8> {
    [0f32, 1.0, 2.0, 3.0, 4.0, 5.0].iter().flat_map(|v| v.to_le_bytes()).collect()
}

#[test]
fn arrays_survive_both_ways() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x.npy");
    let values: Vec<f32> = (0..24).map(|i| i as f32 / 7.0).collect();
    for shape in [&[24][..], &[2, 3, 4], &[1, 24, 1]] {
        write_npy_f32(&path, shape, &values).unwrap();
        assert_eq!(read_npy_f32(&path).unwrap(), (shape.to_vec(), values.clone()));
    }
    write_npy_f32(&path, &[], &[7.0]).unwrap();
    assert_eq!(read_npy_f32(&path).unwrap(), (vec![], vec![7.0]));
    write_npy_f32(&path, &[0, 3], &[]).unwrap();
    assert_eq!(read_npy_f32(&path).unwrap(), (vec![0, 3], vec![]));
}

#[test]
fn doubles_and_fortran_order_are_read() {
    let expected = (vec![2, 3], vec![0.0, 1.0, 2.0, 3.0, 4.0, 5.0]);
    assert_eq!(read(&npy(F4, &floats())).unwrap(), expected);
    let doubles: Vec<u8> = (0..6).flat_map(|i| f64::from(i).to_le_bytes()).collect();
    assert_eq!(read(&npy(&F4.replace("f4", "f8"), &doubles)).unwrap(), expected);
    let fortran = [0f32, 3.0, 1.0, 4.0, 2.0, 5.0];
    let fortran: Vec<u8> = fortran.iter().flat_map(|v| v.to_le_bytes()).collect();
    assert_eq!(read(&npy(&F4.replace("False", "True"), &fortran)).unwrap(), expected);
}

fn check_refused(bytes: &[u8], message: &str) {
    let found = read(bytes).unwrap_err().to_string();
    assert!(found.contains(message), "{found}");
}

#[test]
fn other_files_are_refused() {
    check_refused(b"", "too short");
    check_refused(b"GIF89a GIF89a GIF89a", "numpy.save");
    check_refused(b"\x93NUMPY\x09\x00\x00\x00\x00\x00", "version");
    check_refused(b"\x93NUMPY\x02\x00\xff\xff\xff\xff", "cut off in its header");
    check_refused(&npy(F4, &floats()[..20]), "4 bytes are missing");
    check_refused(&npy(&F4.replace("<f4", "<i4"), &floats()), "astype");
    check_refused(&npy(&F4.replace("<f4", ">f4"), &floats()), "not a NumPy array");
    check_refused(&npy(&F4.replace("(2, 3)", "(2, 2)"), &floats()), "not a NumPy array");
    let huge = "(4611686018427387904, 4)";
    check_refused(&npy(&F4.replace("(2, 3)", huge), &floats()), "not a NumPy array");
    let large = "(1152921504606846976,)";
    check_refused(&npy(&F4.replace("(2, 3)", large), &floats()), "missing");
}

/// What the head says is compared with the length before anything is read into memory.
#[test]
fn a_sparse_file_and_an_endless_one_are_refused_before_they_are_read() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("sparse.npy");
    std::fs::write(&path, npy(F4, &floats())).unwrap();
    let file = std::fs::File::options().write(true).open(&path).unwrap();
    for n_bytes in [1 << 30, 20 << 30] {
        file.set_len(n_bytes).unwrap();
        for error in [read_npy_f32(&path).unwrap_err(), npy_shape(&path).unwrap_err()] {
            let error = error.to_string();
            let is_said = error.contains("more than its shape") || error.contains("larger than");
            assert!(is_said && error.contains("sparse.npy"), "{error}");
        }
    }
    #[cfg(unix)]
    {
        let error = read_npy_f32(Path::new("/dev/zero")).unwrap_err().to_string();
        assert!(error.contains("/dev/zero is a device"), "{error}");
    }
}

/// The same holds inside an archive.
#[test]
fn a_shape_that_overflows_in_an_archive_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x.npz");
    let member = npy(&F4.replace("(2, 3)", "(4294967296, 4294967296, 4294967296)"), &floats());
    let mut zip = zip::ZipWriter::new(std::fs::File::create(&path).unwrap());
    zip.start_file("arr_0.npy", zip::write::SimpleFileOptions::default()).unwrap();
    std::io::Write::write_all(&mut zip, &member).unwrap();
    zip.finish().unwrap();
    let bytes = std::fs::read(&path).unwrap();
    let error = npz_array("x.npz", &bytes, "arr_0", 1 << 20).unwrap_err().to_string();
    assert!(error.contains("larger than any memory"), "{error}");
}

#[test]
fn a_shape_that_does_not_fit_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x.npy");
    let message = write_npy_f32(&path, &[5], &[1.0]).unwrap_err().to_string();
    assert!(message.contains("1 values do not make an array of [5]"), "{message}");
    assert!(!path.exists());
}

#[test]
fn numpy_reads_what_is_written() {
    let folder = tempfile::tempdir().unwrap();
    let (npy, npz) = (folder.path().join("x.npy"), folder.path().join("x.npz"));
    write_npy_f32(&npy, &[2, 2], &[1.0, 2.0, 3.0, 4.5]).unwrap();
    let mut writer = NpzWriter::create(&npz).unwrap();
    writer.add_f32("RRCNN1/raw", &[1, 2], &[1.5, -2.0]).unwrap();
    writer.add_f32("Up_RRCNN2.doubleconv/cam", &[2], &[0.0, 1.0]).unwrap();
    writer.add_f64("score", &[], &[0.1]).unwrap();
    writer.add_text("provenance.json", "{\"licence\": \"Stańczyk\"}").unwrap();
    writer.add_text("empty", "").unwrap();
    assert!(writer.add_f32("wrong", &[3], &[1.0]).is_err());
    writer.finish().unwrap();
    python(
        &["numpy"],
        "import json, sys, numpy
x = numpy.load(sys.argv[1])
assert x.dtype == '<f4' and x.tolist() == [[1, 2], [3, 4.5]]
z = numpy.load(sys.argv[2])
arrays, texts = ['RRCNN1/raw', 'Up_RRCNN2.doubleconv/cam'], ['empty', 'provenance.json']
assert sorted(z.keys()) == sorted(arrays + texts + ['score']), z.keys()
# A loop over all of them meets nothing but arrays.
assert all(isinstance(z[name], numpy.ndarray) for name in z)
assert json.loads(str(z['provenance.json'])) == {'licence': 'Stańczyk'}
assert z['provenance.json'].shape == () and str(z['empty']) == ''
assert z['RRCNN1/raw'].tolist() == [[1.5, -2]] and z['RRCNN1/raw'].dtype == '<f4'
assert z['score'].shape == () and z['score'] == 0.1
",
        &[npy.to_str().unwrap(), npz.to_str().unwrap()],
    );
}

#[test]
fn what_numpy_saves_is_read() {
    let folder = tempfile::tempdir().unwrap();
    python(
        &["numpy"],
        "import sys, numpy
x = numpy.arange(24).reshape(2, 3, 4)
numpy.save(sys.argv[1] + '/c.npy', x.astype('<f4'))
numpy.save(sys.argv[1] + '/f.npy', numpy.asfortranarray(x.astype('<f8')))
",
        &[folder.path().to_str().unwrap()],
    );
    for name in ["c.npy", "f.npy"] {
        // Nothing is there where Python is missing.
        if let Ok(found) = read_npy_f32(&folder.path().join(name)) {
            assert_eq!(found, (vec![2, 3, 4], (0..24).map(|i| i as f32).collect()));
        }
    }
}

#[test]
fn variables_are_written_with_their_shape() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("variable.npy");
    let variable = |values: Values| Variable {
        name: "prediction".into(),
        role: Role::Prediction,
        quantity: Quantity::rain_rate(),
        axes: vec![Axis::counted("member", 2)],
        plane: Some([1, 3]),
        domain: Domain::None,
        values,
    };
    for values in [
        Values::F32(vec![0.0, 1.0, 2.0, 3.0, 4.0, 5.0]),
        Values::F64(vec![0.0, 1.0, 2.0, 3.0, 4.0, 5.0]),
    ] {
        std::fs::write(&path, variable_to_npy(&variable(values)).unwrap()).unwrap();
        let (shape, values) = read_npy_f32(&path).unwrap();
        assert_eq!((shape, values), (vec![2, 1, 3], vec![0.0, 1.0, 2.0, 3.0, 4.0, 5.0]));
    }
    let bytes = variable_to_npy(&variable(Values::U8(vec![0, 1, 2, 3, 4, 255]))).unwrap();
    assert_eq!(bytes[bytes.len() - 6..], [0, 1, 2, 3, 4, 255]);
    let error = variable_to_npy(&variable(Values::U8(vec![0]))).unwrap_err().to_string();
    assert!(error.contains("prediction.npy") && error.contains("[2, 1, 3]"), "{error}");
}
