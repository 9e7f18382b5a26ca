//! One variable for programs that run in a browser: a head as JSON, and a body of plain floats.

use serde::Serialize;
use serde_json::{Value, json};
use stormlens_data::field::Grid;
use stormlens_data::outcome::{Axis, Domain, Outcome, Quantity, Role, Variable};
use stormlens_data::projection::Projection;

use super::ExportError;

/// Rows and columns of the lattice of places.
const N_LATTICE: usize = 17;

#[derive(Serialize)]
struct Head<'a> {
    name: &'a str,
    role: &'a Role,
    quantity: &'a Quantity,
    /// Lengths of the axes, then rows and columns.
    shape: Vec<usize>,
    axes: Vec<AxisHead<'a>>,
    plane: Option<[usize; 2]>,
    domain: Value,
    missing: &'static str,
    body: &'static str,
    model: &'a str,
    checkpoint: &'a str,
}

/// An axis, and each of its entries in a few characters.
#[derive(Serialize)]
struct AxisHead<'a> {
    #[serde(flatten)]
    axis: &'a Axis,
    labels: Vec<String>,
}

/// What the numbers of [`float32`] are: name, shape, axes with their coordinates, quantity with its unit,
/// and the domain. Of a domain on the Earth `size_km` is height and width, and `latitudes` and `longitudes`
/// are those of 17 × 17 places in degrees: its outer corners, and what lies evenly between them, row 0
/// in the north.
///
/// # Errors
/// For a plane that PROJ doesn't know.
pub fn json_head(outcome: &Outcome, variable: &Variable) -> Result<Vec<u8>, ExportError> {
    let Variable { name, role, quantity, axes, plane, domain, .. } = variable;
    let label = |axis: &Axis| (0..axis.len()).map(|i| axis.label(i)).collect();
    let head = Head {
        name,
        role,
        quantity,
        shape: variable.shape(),
        axes: axes.iter().map(|axis| AxisHead { axis, labels: label(axis) }).collect(),
        plane: *plane,
        domain: described(domain).map_err(|reason| ExportError::part(name, reason))?,
        missing: "NaN",
        body: "float32, little-endian, the last axis fastest",
        model: &outcome.request.model,
        checkpoint: &outcome.request.checkpoint,
    };
    serde_json::to_vec(&head).map_err(|error| ExportError::part(name, error))
}

/// All values of a variable, row-major, four bytes each, little-endian, and nothing else.
pub fn float32(variable: &Variable) -> Vec<u8> {
    variable.to_f32_bytes()
}

fn described(domain: &Domain) -> Result<Value, String> {
    let mut described = in_own_unit(domain)?;
    let more = match domain {
        Domain::None => json!({}),
        Domain::Earth(grid) => places(grid)?,
        Domain::Scene(scene) | Domain::SceneCentre(scene) => json!({ "centre": scene.crop() }),
    };
    if let (Some(fields), Value::Object(more)) = (described.as_object_mut(), more) {
        fields.extend(more);
    }
    Ok(described)
}

/// A domain, its numbers named by the unit of its plane: `west_km`, or `west_deg` where the plane is of degrees.
pub(super) fn in_own_unit(domain: &Domain) -> Result<Value, String> {
    let mut described = serde_json::to_value(domain).map_err(|error| error.to_string())?;
    let is_of_degrees = match domain {
        Domain::Earth(grid) => Projection::of(grid).is_ok_and(|plane| plane.is_geographic()),
        _ => false,
    };
    if let Some(fields) = described.as_object_mut().filter(|_| is_of_degrees) {
        for name in ["spacing", "west", "north"] {
            let number = fields.remove(&format!("{name}_km"));
            fields.extend(number.map(|number| (format!("{name}_deg"), number)));
        }
    }
    Ok(described)
}

fn places(grid: &Grid) -> Result<Value, String> {
    let [height, width] = [grid.height, grid.width].map(|n| n as f64 * grid.spacing_km);
    if !grid.is_somewhere() {
        return Ok(json!({ "size_km": [height, width] }));
    }
    let projection = Projection::of(grid).map_err(|error| error.to_string())?;
    let share = |i: usize| i as f64 / (N_LATTICE - 1) as f64;
    let of_row = |row: usize| {
        let y = grid.north_km - share(row) * height;
        let x = |column| grid.west_km + share(column) * width;
        (0..N_LATTICE).map(|column| projection.latitude_longitude(x(column), y)).collect()
    };
    let rows: Vec<Vec<[f64; 2]>> = (0..N_LATTICE).map(of_row).collect();
    let part = |i: usize| -> Vec<Vec<f64>> {
        rows.iter().map(|row| row.iter().map(|place| place[i]).collect()).collect()
    };
    let (latitudes, longitudes) = (part(0), part(1));
    let mut places = json!({ "latitudes": latitudes, "longitudes": longitudes });
    if !projection.is_geographic() {
        places["size_km"] = json!([height, width]);
    }
    Ok(places)
}
