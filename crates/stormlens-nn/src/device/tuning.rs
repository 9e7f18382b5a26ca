//! What a GPU's kernels have been tuned to, from one start to the next.

use std::path::Path;

use cubecl_runtime::config::cache::CacheConfig;
use cubecl_runtime::config::{CubeClRuntimeConfig, RuntimeConfig};

/// Has a folder remember which of several kernels is the quickest for a shape, so that a restart
/// need not try them all again. The folder is made when there is something to remember; one that a
/// `cubecl.toml` names is left as it is.
///
/// Answers whether this could still be said: before the first use of a GPU.
pub(super) fn keep_in(folder: &Path) -> bool {
    let mut config = CubeClRuntimeConfig::from_current_dir().override_from_env();
    if matches!(config.environment.path, CacheConfig::Target) {
        config.environment.path = CacheConfig::Directory(folder.to_owned());
    }
    CubeClRuntimeConfig::try_set(config)
}
