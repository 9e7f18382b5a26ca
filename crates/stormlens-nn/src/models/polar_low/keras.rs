//! Names of the tensors in the authors' files, which Keras wrote.

use super::schema::N_BLOCKS;

/// Our name of a tensor whose layer a fresh process of Keras calls so: `conv2d_3.weight` is
/// `block3.shortcut.weight`. `None` for a layer that the network does not have.
pub(super) fn our_name(theirs: &str) -> Option<String> {
    let (layer, tensor) = theirs.split_once('.')?;
    let (kind, position) = match layer.rsplit_once('_') {
        Some((kind, position)) if position.bytes().all(|b| b.is_ascii_digit()) => {
            (kind, position.parse().ok()?)
        }
        _ => (layer, 0usize),
    };
    let module = match (kind, position) {
        ("conv2d", 0) => "stem.0".into(),
        ("conv2d", n @ 1..=N_BLOCKS) => format!("block{n}.shortcut"),
        ("separable_conv2d", n) if n < 2 * N_BLOCKS => in_block(["0", "3"], n),
        ("separable_conv2d", n) if n == 2 * N_BLOCKS => "tail.0".into(),
        ("batch_normalization", 0) => "stem.1".into(),
        ("batch_normalization", n) if n <= 2 * N_BLOCKS => in_block(["1", "4"], n - 1),
        ("batch_normalization", n) if n == 2 * N_BLOCKS + 1 => "tail.1".into(),
        ("dense", 0) => "head".into(),
        _ => return None,
    };
    Some(format!("{module}.{tensor}"))
}

/// The modules that come twice in every block.
fn in_block(ours: [&str; 2], position: usize) -> String {
    format!("block{}.{}", position / 2 + 1, ours[position % 2])
}
