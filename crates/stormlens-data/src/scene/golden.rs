//! Reference numbers of the published programs, for tests.

use std::path::{Path, PathBuf};

use safetensors::SafeTensors;

use super::{Limits, Picture, read};

/// A sample scene of this repository.
pub(super) fn sample(name: &str) -> Picture {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../data/sentinel1");
    read(&folder.join(name), &Limits::default()).expect(name)
}

/// A file below `STORMLENS_GOLDEN_DIR`; says so where that is not set.
pub(super) fn path(name: &str) -> Option<PathBuf> {
    match std::env::var_os("STORMLENS_GOLDEN_DIR") {
        Some(folder) => Some(Path::new(&folder).join("polar_low").join(name)),
        None => {
            println!("skipped: STORMLENS_GOLDEN_DIR is not set, so there is no {name}");
            None
        }
    }
}

/// Tensors of the operations that prepare and augment scenes.
pub(super) struct Operations(Vec<u8>);

impl Operations {
    pub fn open() -> Option<Self> {
        Some(Self(std::fs::read(path("ops.safetensors")?).expect("ops.safetensors")))
    }

    /// Names of the tensors that begin so.
    pub fn names(&self, prefix: &str) -> Vec<String> {
        let begins = |name: &&str| name.starts_with(prefix);
        self.file().names().into_iter().filter(begins).map(str::to_owned).collect()
    }

    pub fn shape(&self, name: &str) -> Vec<usize> {
        self.file().tensor(name).expect(name).shape().to_vec()
    }

    pub fn bytes(&self, name: &str) -> Vec<u8> {
        self.file().tensor(name).expect(name).data().to_vec()
    }

    pub fn f32(&self, name: &str) -> Vec<f32> {
        self.bytes(name).as_chunks().0.iter().map(|&b| f32::from_le_bytes(b)).collect()
    }

    pub fn i32(&self, name: &str) -> Vec<i32> {
        self.bytes(name).as_chunks().0.iter().map(|&b| i32::from_le_bytes(b)).collect()
    }

    fn file(&self) -> SafeTensors<'_> {
        SafeTensors::deserialize(&self.0).expect("a safetensors file")
    }
}
