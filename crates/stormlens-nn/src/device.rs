//! Where tensors live, and why there.

use burn::tensor::Device;
use stormlens_data::card::DeviceReport;
pub use stormlens_data::request::DeviceChoice;

use crate::fused::Kernels;

#[derive(Debug, thiserror::Error)]
pub enum DeviceError {
    #[error("STORMLENS_KERNELS: {0}; leave it out to have the best ones")]
    Kernels(#[from] stormlens_kernels::LevelError),
    #[error("no GPU can be used: {0}; take --device auto or --device cpu")]
    NoGpu(String),
}

/// A device and the reason for it.
///
/// # Errors
/// Where the environment asks for kernels that there are not. Otherwise only `gpu` can fail; `auto`
/// falls back to the CPU and says why.
pub fn choose(choice: DeviceChoice) -> Result<(Device, DeviceReport), DeviceError> {
    Kernels::from_environment()?;
    match choice {
        DeviceChoice::Cpu => Ok(cpu("chosen by --device cpu".into())),
        DeviceChoice::Auto => Ok(gpu::find().unwrap_or_else(cpu)),
        DeviceChoice::Gpu => gpu::find().map_err(DeviceError::NoGpu),
    }
}

/// A graphics device of any kind, a software rasteriser too: so that tests reach the code of GPUs on
/// machines without one.
#[cfg(all(test, feature = "wgpu"))]
fn any_graphics_device() -> Option<Device> {
    let adapter_exists = !gpu::adapters().is_empty();
    adapter_exists.then(|| Device::wgpu(burn::tensor::DeviceKind::DefaultDevice))
}

fn cpu(reason: String) -> (Device, DeviceReport) {
    let n_threads = std::thread::available_parallelism().map_or(1, |n| n.get());
    let name = format!("CPU, {n_threads} threads (burn flex, {} kernels)", Kernels::chosen());
    (Device::flex(), DeviceReport { kind: "cpu", name, reason })
}

#[cfg(not(feature = "wgpu"))]
mod gpu {
    use super::{Device, DeviceReport};

    pub(super) fn find() -> Result<(Device, DeviceReport), String> {
        Err("this program was built without the feature `wgpu`".into())
    }
}

#[cfg(feature = "wgpu")]
mod gpu {
    use burn::tensor::DeviceKind;
    use burn::tensor::wgpu::wgpu::{self, AdapterInfo, DeviceType};

    use super::{Device, DeviceReport};

    /// The first discrete, integrated or virtual GPU.
    pub(super) fn find() -> Result<(Device, DeviceReport), String> {
        if !may_be_there() {
            return Err("the system has no graphics device".into());
        }
        let adapters = adapters();
        let best = adapters.iter().filter_map(|a| Some((kind(a)?, a))).min_by_key(|(k, _)| rank(k));
        match best {
            Some((kind, adapter)) => {
                let name = format!("{} ({})", adapter.name, adapter.backend);
                let reason = "a GPU was found".to_owned();
                Ok((Device::wgpu(kind), DeviceReport { kind: "gpu", name, reason }))
            }
            None if adapters.is_empty() => Err("no graphics adapter was found".into()),
            None => {
                let names: Vec<_> = adapters.iter().map(|a| a.name.as_str()).collect();
                Err(format!("only a software rasteriser was found ({})", names.join(", ")))
            }
        }
    }

    /// Whether the system shows a graphics device to programs: on Linux as a file. Without one a driver could only offer a
    /// software rasteriser, and Mesa's layer for choosing devices would complain on standard error of a missing display.
    fn may_be_there() -> bool {
        if !cfg!(target_os = "linux") {
            return true;
        }
        let is_device = |entry: std::fs::DirEntry| {
            let name = entry.file_name().to_string_lossy().into_owned();
            // NVIDIA's own driver, and that of the Windows Subsystem for Linux.
            name == "dxg"
                || name.starts_with("nvidia")
                || name == "kgsl-3d0"
                || name.starts_with("mali")
        };
        let has_devices = |folder: &str| std::fs::read_dir(folder).into_iter().flatten().flatten();
        has_devices("/dev/dri").next().is_some() || has_devices("/dev").any(is_device)
    }

    pub(super) fn adapters() -> Vec<AdapterInfo> {
        // Vulkan, Metal and DX12; burn does not compute on OpenGL, whose start-up also complains of
        // missing displays on servers.
        let backends = wgpu::Backends::PRIMARY;
        let mut descriptor = wgpu::InstanceDescriptor::new_without_display_handle();
        descriptor.backends = backends;
        let instance = wgpu::Instance::new(descriptor);
        let found = pollster::block_on(instance.enumerate_adapters(backends));
        found.iter().map(wgpu::Adapter::get_info).collect()
    }

    /// How burn calls it; `None` for what is not a GPU.
    fn kind(adapter: &AdapterInfo) -> Option<DeviceKind> {
        let software = ["llvmpipe", "swiftshader", "microsoft basic render"];
        let name = adapter.name.to_lowercase();
        if software.iter().any(|s| name.contains(s)) {
            return None;
        }
        match adapter.device_type {
            DeviceType::DiscreteGpu => Some(DeviceKind::DiscreteGpu(0)),
            DeviceType::IntegratedGpu => Some(DeviceKind::IntegratedGpu(0)),
            DeviceType::VirtualGpu => Some(DeviceKind::VirtualGpu(0)),
            DeviceType::Cpu | DeviceType::Other => None,
        }
    }

    fn rank(kind: &DeviceKind) -> u8 {
        match kind {
            DeviceKind::DiscreteGpu(_) => 0,
            DeviceKind::IntegratedGpu(_) => 1,
            _ => 2,
        }
    }
}

#[cfg(test)]
mod tests;
