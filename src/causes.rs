//! An error with its causes, each of them once.

/// What went wrong with what lies behind it, as `{error:#}`. A cause whose words stand in those before it is left out:
/// errors of libraries often say both.
pub fn with_causes(error: &anyhow::Error) -> String {
    error.chain().map(ToString::to_string).fold(String::new(), |said, cause| match &*said {
        "" => cause,
        _ if said.ends_with(&cause) => said,
        _ => format!("{said}: {cause}"),
    })
}

#[cfg(test)]
mod tests {
    use anyhow::Context as _;

    use super::*;

    #[test]
    fn each_cause_is_said_once() {
        let path = std::path::Path::new("no such folder/w.ckpt");
        let error = std::fs::read(path).context("cannot read w.ckpt").expect_err("no file");
        let cause = error.root_cause().to_string();
        assert_eq!(with_causes(&error), format!("cannot read w.ckpt: {cause}"));
        let twice = anyhow::anyhow!("no bounds").context("F.nc: no bounds").context("opened");
        assert_eq!(with_causes(&twice), "opened: F.nc: no bounds");
    }
}
