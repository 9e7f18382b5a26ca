//! Writers for what is read: pickles, ZIPs and legacy streams.

/// A pickle under construction. Methods are named after what they push.
pub(crate) struct Pickle(pub Vec<u8>);

impl Pickle {
    pub(crate) fn new() -> Self {
        Self(vec![0x80, 2])
    }

    pub(crate) fn op(mut self, bytes: &[u8]) -> Self {
        self.0.extend(bytes);
        self
    }

    pub(crate) fn text(self, text: &str) -> Self {
        self.op(b"X").op(&(text.len() as u32).to_le_bytes()).op(text.as_bytes())
    }

    pub(crate) fn int(self, n: i64) -> Self {
        self.op(&[0x8a, 8]).op(&n.to_le_bytes())
    }

    pub(crate) fn float(self, x: f64) -> Self {
        self.op(b"G").op(&x.to_be_bytes())
    }

    pub(crate) fn global(self, module: &str, name: &str) -> Self {
        self.op(format!("c{module}\n{name}\n").as_bytes())
    }

    pub(crate) fn ints(self, ns: &[i64]) -> Self {
        ns.iter().fold(self.op(b"("), |pickle, &n| pickle.int(n)).op(b"t")
    }

    /// A call of `_rebuild_tensor_v2`.
    pub(crate) fn tensor(self, entry: &Entry) -> Self {
        self.global("torch._utils", "_rebuild_tensor_v2")
            .op(b"((")
            .text("storage")
            .global("torch", entry.class)
            .text(entry.key)
            .text("cuda:0")
            .int(entry.n_elements)
            .op(b"tQ")
            .int(entry.offset)
            .ints(&entry.shape)
            .ints(&entry.strides)
            .op(b"\x89")
            .global("collections", "OrderedDict")
            .op(b")RtR")
    }

    /// The tensor as a `torch.nn.Parameter`: a call of `_rebuild_parameter`.
    pub(crate) fn parameter(self, entry: &Entry) -> Self {
        let tensor = self.global("torch._utils", "_rebuild_parameter").op(b"(").tensor(entry);
        tensor.op(b"\x88").global("collections", "OrderedDict").op(b")RtR")
    }

    /// An ordered dictionary of tensors, with the `_metadata` that PyTorch gives it.
    pub(crate) fn state_dict(self, entries: &[Entry]) -> Self {
        let pickle = self.global("collections", "OrderedDict").op(b")R(");
        let filled = entries.iter().fold(pickle, |pickle, e| pickle.text(e.name).tensor(e));
        filled.op(b"u}").text("_metadata").op(b"}sb")
    }

    /// `STOP`.
    pub(crate) fn end(self) -> Vec<u8> {
        self.op(b".").0
    }
}

/// A named tensor and the storage it views.
#[derive(Clone)]
pub(crate) struct Entry {
    pub name: &'static str,
    pub class: &'static str,
    pub key: &'static str,
    pub n_elements: i64,
    pub offset: i64,
    pub shape: Vec<i64>,
    pub strides: Vec<i64>,
    pub bytes: Vec<u8>,
}

/// A contiguous tensor of floats on a storage of its own.
pub(crate) fn floats(
    name: &'static str,
    key: &'static str,
    shape: &[i64],
    values: &[f32],
) -> Entry {
    let mut strides = vec![1; shape.len()];
    for axis in (1..shape.len()).rev() {
        strides[axis - 1] = strides[axis] * shape[axis];
    }
    Entry {
        name,
        class: "FloatStorage",
        key,
        n_elements: values.len() as i64,
        offset: 0,
        shape: shape.to_vec(),
        strides,
        bytes: values.iter().flat_map(|v| v.to_le_bytes()).collect(),
    }
}

/// Two matrices, a scalar counter and a transposed view: the small file of most tests.
pub(crate) fn small() -> Vec<Entry> {
    let weight = floats("a.weight", "0", &[2, 3], &[1.0, 2.0, 3.0, 4.0, 5.0, 6.0]);
    let transposed =
        Entry { name: "a.transposed", shape: vec![3, 2], strides: vec![1, 3], ..weight.clone() };
    let counter = Entry {
        name: "a.num_batches_tracked",
        class: "LongStorage",
        key: "1",
        n_elements: 1,
        offset: 0,
        shape: vec![],
        strides: vec![],
        bytes: 4321i64.to_le_bytes().to_vec(),
    };
    vec![weight, transposed, counter, floats("a.bias", "2", &[2], &[-0.5, 0.25])]
}

/// A Lightning 0.7 dictionary around the tensors.
pub(crate) fn lightning07(entries: &[Entry]) -> Vec<u8> {
    let pickle = Pickle::new().op(b"}(").text("epoch").int(57);
    let pickle = pickle.text("checkpoint_callback_best").int(0).text("state_dict");
    let pickle = pickle.state_dict(entries).text("hparams_type").text("dict").text("hparams");
    pickle
        .op(b"}(")
        .text("device")
        .global("torch", "device")
        .text("cuda")
        .op(b"K\0\x86R")
        .text("in_channels")
        .int(12)
        .text("best")
        .float(f64::INFINITY)
        .op(b"uu")
        .end()
}

/// The storages of the tensors, each once.
pub(crate) fn storages(entries: &[Entry]) -> Vec<(&'static str, Vec<u8>)> {
    let mut storages: Vec<(&'static str, Vec<u8>)> = Vec::new();
    for entry in entries {
        if storages.iter().all(|(key, _)| *key != entry.key) {
            storages.push((entry.key, entry.bytes.clone()));
        }
    }
    storages
}

/// A file as `torch.save` writes it since 1.6.
pub(crate) fn torch_zip(pickle: Vec<u8>, entries: &[Entry]) -> Vec<u8> {
    let mut files = vec![ZipEntry::stored("archive/data.pkl", pickle)];
    files.push(ZipEntry::stored("archive/byteorder", b"little".to_vec()));
    for (key, bytes) in storages(entries) {
        files.push(ZipEntry::stored(&format!("archive/data/{key}"), bytes));
    }
    zip(&files)
}

/// A file as `torch.save` wrote it before 1.6.
pub(crate) fn torch_legacy(pickle: Vec<u8>, entries: &[Entry]) -> Vec<u8> {
    let magic = b"\x80\x02\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19.";
    let machine = Pickle::new().op(b"}").text("little_endian").op(b"\x88s").end();
    let keys = Pickle::new().op(b"](");
    let keys = storages(entries).iter().fold(keys, |keys, (key, _)| keys.text(key)).op(b"e").end();
    let mut file = [&magic[..], b"\x80\x02M\xe9\x03.", &machine, &pickle, &keys].concat();
    for (key, bytes) in storages(entries) {
        let n = entries.iter().find(|entry| entry.key == key).unwrap().n_elements;
        file.extend(n.to_le_bytes());
        file.extend(bytes);
    }
    file
}

/// An entry of a ZIP, with every field that a hostile file may get wrong.
pub(crate) struct ZipEntry {
    pub name: String,
    pub bytes: Vec<u8>,
    pub method: u16,
    pub flags: u16,
    pub crc: u32,
    pub n_bytes: u32,
}

impl ZipEntry {
    pub(crate) fn stored(name: &str, bytes: Vec<u8>) -> Self {
        let (crc, n_bytes) = (crc32(&bytes), bytes.len() as u32);
        Self { name: name.into(), bytes, method: 0, flags: 0, crc, n_bytes }
    }

    /// The fields that the local and the central header share.
    fn fields(&self) -> Vec<u8> {
        let mut fields = 20u16.to_le_bytes().to_vec();
        fields.extend(self.flags.to_le_bytes());
        fields.extend(self.method.to_le_bytes());
        fields.extend([0, 0, 0x21, 0]);
        fields.extend(self.crc.to_le_bytes());
        fields.extend((self.bytes.len() as u32).to_le_bytes());
        fields.extend(self.n_bytes.to_le_bytes());
        fields.extend((self.name.len() as u16).to_le_bytes());
        fields.extend([0, 0]);
        fields
    }
}

pub(crate) fn zip(entries: &[ZipEntry]) -> Vec<u8> {
    let (mut file, mut directory) = (Vec::new(), Vec::new());
    for entry in entries {
        directory.extend(b"PK\x01\x02\x14\0");
        directory.extend(entry.fields());
        directory.extend([0; 10]);
        directory.extend((file.len() as u32).to_le_bytes());
        directory.extend(entry.name.as_bytes());
        file.extend(b"PK\x03\x04");
        file.extend(entry.fields());
        file.extend(entry.name.as_bytes());
        file.extend(&entry.bytes);
    }
    let start = file.len() as u32;
    let n = (entries.len() as u16).to_le_bytes();
    file.extend(&directory);
    file.extend(b"PK\x05\x06\0\0\0\0");
    file.extend([n, n].concat());
    file.extend((directory.len() as u32).to_le_bytes());
    file.extend(start.to_le_bytes());
    file.extend([0, 0]);
    file
}

fn crc32(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(!0, |crc: u32, &byte| {
        (0..8).fold(crc ^ u32::from(byte), |crc, _| {
            (crc >> 1) ^ (0xedb8_8320 & (crc & 1).wrapping_neg())
        })
    })
}
