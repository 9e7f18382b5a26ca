//! The seeds of the fuzzer, as far as the writers here make them.

use std::path::Path;

use super::build::{Entry, Pickle, floats, lightning07, small, torch_legacy, torch_zip};
use super::damaged::ours;
use crate::{Precision, decode};

/// Folder, name and bytes.
fn seeds() -> Vec<(&'static str, &'static str, Vec<u8>)> {
    let entries = small();
    let lightning = lightning07(&entries);
    let bare = Pickle::new().state_dict(&entries).end();
    let half = [Entry {
        class: "HalfStorage",
        bytes: vec![0, 0x3c, 0, 0x40],
        ..floats("model.a", "0", &[2], &[0.0; 2])
    }];
    let of_half = Pickle::new().state_dict(&half).end();
    vec![
        ("torch_zip", "lightning07.ckpt", torch_zip(lightning.clone(), &entries)),
        ("torch_zip", "bare.pt", torch_zip(bare.clone(), &entries)),
        ("torch_zip", "half.pt", torch_zip(of_half.clone(), &half)),
        ("torch_legacy", "lightning07.ckpt", torch_legacy(lightning, &entries)),
        ("torch_legacy", "bare.pt", torch_legacy(bare, &entries)),
        ("torch_legacy", "half.pt", torch_legacy(of_half, &half)),
        ("safetensors", "ours_float32.safetensors", ours(Precision::F32)),
        ("safetensors", "ours_float16.safetensors", ours(Precision::F16)),
    ]
}

/// `STORMLENS_WRITE_CORPUS=1` writes them anew after a change of them.
#[test]
fn the_corpus_holds_the_seeds() {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/corpus");
    for (folder, name, bytes) in seeds() {
        let file = corpus.join(folder).join(name);
        if std::env::var_os("STORMLENS_WRITE_CORPUS").is_some() {
            std::fs::create_dir_all(corpus.join(folder)).unwrap();
            std::fs::write(&file, &bytes).unwrap();
        }
        assert_eq!(std::fs::read(&file).unwrap(), bytes, "{}", file.display());
        assert!(decode(&file, &bytes).is_ok(), "{}", file.display());
    }
}
