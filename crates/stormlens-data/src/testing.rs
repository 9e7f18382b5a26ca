//! Checks by other programs.

use std::process::{Command, Stdio};

/// Runs a Python script with the packages it needs. Without them the check is skipped with a line
/// that says so, but in continuous integration (`CI=true`) that is a failure. The interpreter is
/// `python3`, or what `STORMLENS_PYTHON` names. Whether it ran.
pub fn python(packages: &[&str], script: &str, arguments: &[&str]) -> bool {
    let interpreter = std::env::var("STORMLENS_PYTHON").unwrap_or_else(|_| "python3".to_owned());
    let imports = format!("import {}", packages.join(", "));
    let mut probe = Command::new(&interpreter);
    let probed = probe.args(["-c", &imports]).stderr(Stdio::null()).status();
    if !probed.is_ok_and(|status| status.success()) {
        let needed = format!("{interpreter} with {}", packages.join(", "));
        assert!(std::env::var("CI").as_deref() != Ok("true"), "{needed} is needed");
        println!("skipped: {needed} is not installed");
        return false;
    }
    let run = Command::new(&interpreter).args(["-c", script]).args(arguments).output().unwrap();
    assert!(run.status.success(), "{}", String::from_utf8_lossy(&run.stderr));
    true
}

/// What a program of another project says on standard output. Where it is not installed, `None` with a line
/// that says so, but in continuous integration that is a failure, too.
pub fn program(name: &str, arguments: &[&str]) -> Option<String> {
    let run = match Command::new(name).args(arguments).output() {
        Ok(run) => run,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            assert!(std::env::var("CI").as_deref() != Ok("true"), "{name} is needed");
            println!("skipped: {name} is not installed");
            return None;
        }
        Err(error) => panic!("{name}: {error}"),
    };
    let said = String::from_utf8_lossy(&run.stderr);
    assert!(run.status.success(), "{name} {arguments:?}: {said}");
    Some(String::from_utf8_lossy(&run.stdout).into_owned())
}
