//! Where a result came from, and what its arrays are.

use serde::Serialize;
use serde_json::{Map, Value, json};
use stormlens_data::outcome::{Axis, Domain, Note, Outcome, Provenance, Quantity, Role, Variable};
use stormlens_data::request::Request;

use super::ExportError;
use super::json::in_own_unit;

const NAME: &str = "provenance.json";

#[derive(Serialize)]
struct Origin<'a> {
    request: &'a Request,
    #[serde(flatten)]
    provenance: &'a Provenance,
    /// By their names: value, unit, meaning.
    numbers: Map<String, Value>,
    notes: &'a [Note],
    /// Where rows and columns of the variables lie, each once.
    domains: Vec<Value>,
    variables: Vec<Described<'a>>,
}

/// A variable without its values.
#[derive(Serialize)]
struct Described<'a> {
    name: &'a str,
    role: &'a Role,
    quantity: &'a Quantity,
    shape: Vec<usize>,
    axes: &'a [Axis],
    /// Place among the domains; absent for what has no rows and columns.
    #[serde(skip_serializing_if = "Option::is_none")]
    domain: Option<usize>,
}

/// The request, the hashes of weights and data, all numbers and notes, and what each array is, as JSON.
///
/// # Errors
/// Never for numbers that JSON can hold.
pub fn provenance_json(outcome: &Outcome) -> Result<Vec<u8>, ExportError> {
    let numbers = outcome.numbers.iter().map(|number| {
        let described =
            json!({ "value": number.value, "unit": number.unit, "meaning": number.meaning });
        (number.name.clone(), described)
    });
    let mut domains: Vec<&Domain> = Vec::new();
    for domain in outcome.variables.iter().map(|variable| &variable.domain) {
        if *domain != Domain::None && !domains.contains(&domain) {
            domains.push(domain);
        }
    }
    let place = |variable: &Variable| domains.iter().position(|known| **known == variable.domain);
    let variables = outcome.variables.iter().map(|variable| Described {
        name: &variable.name,
        role: &variable.role,
        quantity: &variable.quantity,
        shape: variable.shape(),
        axes: &variable.axes,
        domain: place(variable),
    });
    let variables = variables.collect();
    let (request, provenance, notes) = (&outcome.request, &outcome.provenance, &outcome.notes);
    let numbers = numbers.collect();
    let described: Result<Vec<Value>, String> = domains.iter().map(|d| in_own_unit(d)).collect();
    let domains = described.map_err(|reason| ExportError::part(NAME, reason))?;
    let origin = Origin { request, provenance, numbers, notes, domains, variables };
    serde_json::to_vec_pretty(&origin).map_err(|error| ExportError::part(NAME, error))
}
