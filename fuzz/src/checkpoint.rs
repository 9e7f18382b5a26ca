//! What holds of every checkpoint that is read.

use std::path::Path;

use stormlens_checkpoint::decode;

/// No more numbers than bytes, as many as the shapes say, and a hash that can be computed.
pub fn check(bytes: &[u8]) {
    let read = match decode(Path::new("weights"), bytes) {
        Ok(read) => read,
        Err(error) => {
            let n_bytes = error.to_string().len();
            assert!(n_bytes < 2000, "a message of {n_bytes} bytes");
            return;
        }
    };
    let tensors = &read.state.tensors;
    let n: usize = tensors.values().map(|tensor| tensor.values.len()).sum();
    assert!(n <= bytes.len(), "{n} numbers from {} bytes", bytes.len());
    for (name, tensor) in tensors {
        assert_eq!(tensor.shape.iter().product::<usize>(), tensor.values.len(), "{name}");
    }
    assert_eq!(read.state.sha256().len(), 64);
    let _ = (read.variant(), read.training_range(), read.training_features());
}
