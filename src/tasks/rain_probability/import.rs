//! What stands beside imported weights that tell how probable rain is.

use std::path::Path;

use anyhow::{Context as _, ensure};
use stormlens_checkpoint::Metadata;
use stormlens_data::card::{FieldStatement, Task};
use stormlens_data::files::read_text;

use crate::cli::import::Import;

const FIELDS: &str = "fields";

/// Which fields they are of; `None` for another network.
pub fn describe(import: &Import<'_>) -> Option<anyhow::Result<Metadata>> {
    matches!((import.found.entry.card)().task, Task::RainProbability).then(|| metadata(import))
}

fn metadata(import: &Import<'_>) -> anyhow::Result<Metadata> {
    let only = import.parameters.only(&[FIELDS]);
    only.context("the network takes fields of a weather model")?;
    let stated = import.file.metadata.as_ref().and_then(|metadata| metadata.fields.clone());
    let typed = import.parameters.one(FIELDS)?.map(read).transpose()?;
    ensure!(
        stated.is_none() || typed.is_none(),
        "{} states its fields itself; leave --{FIELDS} out",
        import.path.display()
    );
    Ok(Metadata { fields: stated.or(typed), ..import.metadata.clone() })
}

/// A statement as JSON.
fn read(path: &str) -> anyhow::Result<FieldStatement> {
    let text = read_text(Path::new(path))?;
    let statement: FieldStatement = serde_json::from_str(&text).with_context(|| path.to_owned())?;
    statement.check().map_err(|reason| anyhow::anyhow!("{path}: {reason}"))?;
    Ok(statement)
}
