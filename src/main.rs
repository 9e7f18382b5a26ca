use std::process::ExitCode;

// Networks on the CPU take a fresh buffer for every layer; glibc gives those back to the operating
// system at once, and half of the time goes into page faults.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    stormlens::allocator::set_up();
    stormlens::cli::main()
}
