use std::process::ExitCode;

// burn's CPU kernels allocate a fresh buffer an operation; glibc gives those back to the kernel at
// once and half of the time goes into page faults.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    stormlens::cli::main()
}
