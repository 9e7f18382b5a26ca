//! Rain that can be refined: what files offer, and one sum of it in millimetres.

use std::fmt;

use jiff::{SignedDuration, Timestamp};
use stormlens_data::downscale::{is_amount_at_a_moment, stated_in_vain, unstated};
use stormlens_data::field::{
    Accumulated, Content, FieldError, FieldFile, GriddedField, accumulate,
};
use stormlens_data::time::format_utc;

use super::terrain::Terrain;

/// A sum of some hours that a file has the fields for.
#[derive(Clone, Debug, PartialEq)]
pub struct Offer {
    pub variable: String,
    /// The variable with all that tells it from others of the file: `tp (m), surface, member 3, forecast of …`.
    pub what: String,
    /// End of the interval.
    pub end: Timestamp,
    pub hours: i64,
    /// Places of the fields in the file.
    pub places: Vec<usize>,
}

/// Where rain came from, and what may be done with it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Credit {
    pub source: String,
    pub licence: String,
    /// Names of files.
    pub files: Vec<String>,
    /// Of their bytes.
    pub sha256: String,
}

/// One sum, as it goes to a network.
pub struct Rain {
    /// In millimetres, with its interval.
    pub field: GriddedField,
    /// How it was made, in words.
    pub rule: String,
    /// Millimetres that were negative, summed over cells.
    pub clipped_mm: f64,
    /// Whether its own nodes are as fine as what a network makes: then it is what fell, too.
    pub is_fine: bool,
    /// Whether it was observed; a file that somebody brings may be of a model.
    pub is_observed: bool,
    /// What each field of the file is of, where whoever brought it says so.
    pub stated: Option<StatedInterval>,
    /// Heights that came with it.
    pub heights: Option<Terrain>,
    pub credit: Credit,
}

/// Nodes at most so far apart show what a network makes of coarse rain.
const FINE_DEG: f64 = 0.05;

impl Rain {
    /// What was observed, of which nobody states anything.
    pub fn new(field: GriddedField, rule: String, clipped_mm: f64, credit: Credit) -> Self {
        let is_fine = field.grid.spacing_deg().iter().all(|&spacing| spacing <= FINE_DEG);
        let (stated, heights) = (None, None);
        Self { field, rule, clipped_mm, is_fine, is_observed: true, stated, heights, credit }
    }
}

/// What somebody states of the interval of fields that do not say it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StatedInterval {
    pub hours: i64,
    /// Whether fields are mean rates of these hours; they are sums otherwise.
    pub is_rate: bool,
}

impl StatedInterval {
    pub const fn sum(hours: i64) -> Self {
        Self { hours, is_rate: false }
    }
}

impl fmt::Display for StatedInterval {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let what = if self.is_rate { "mean rate" } else { "sum" };
        write!(
            f,
            "each field of the file is taken as the {what} of {} h until its time, as the user stated; the file does not say it",
            self.hours
        )
    }
}

/// Sums of so many hours that the fields of a file make, by their ends. `stated` are the hours of which each field is the
/// sum, where somebody says so. A file without any says why.
///
/// # Errors
/// What is wrong with the last interval that could have been one, or that there is no rain at all.
pub fn offers(
    name: &str,
    contents: &[Content],
    hours: i64,
    stated: Option<i64>,
) -> Result<Vec<Offer>, FieldError> {
    let has_convective = contents.iter().any(is_convective);
    // Without a convective part, that of large scales is all the rain of a model that resolves convection.
    let is_a_part = |content: &Content| {
        has_convective && (is_convective(content) || is_of_large_scales(content))
    };
    let mut rain = contents.iter().filter(|content| is_rain(content)).peekable();
    let first = rain.peek().copied();
    if let Some(first) = first.filter(|_| rain.all(is_a_part)) {
        let Content { variable, unit, .. } = first.clone();
        return Err(FieldError::Parts { file: name.to_owned(), variable, unit });
    }
    offers_of(name, contents, (hours, stated), |content| is_rain(content) && !is_a_part(content))
}

/// The same of a variable that somebody names: it is rain, whatever the file calls it, and its unit has to agree.
///
/// # Errors
/// As [`offers`], and for a name that the file does not have.
pub fn offers_named(
    name: &str,
    contents: &[Content],
    (hours, stated): (i64, Option<i64>),
    variable: &str,
) -> Result<Vec<Offer>, FieldError> {
    let is_it = |content: &Content| content.variable.eq_ignore_ascii_case(variable);
    if contents.iter().any(is_it) {
        return offers_of(name, contents, (hours, stated), is_it);
    }
    let mut known: Vec<String> =
        contents.iter().map(|c| format!("{} ({})", c.variable, c.unit)).collect();
    known.sort_unstable();
    known.dedup();
    let wanted = variable.to_owned();
    Err(FieldError::Absent { file: name.to_owned(), wanted, known: known.join(", ") })
}

fn offers_of(
    name: &str,
    contents: &[Content],
    (hours, stated): (i64, Option<i64>),
    is_meant: impl Fn(&Content) -> bool,
) -> Result<Vec<Offer>, FieldError> {
    let mut found = Vec::new();
    let (mut why, mut too_early) = (None, None);
    let rain = || contents.iter().filter(|content| is_meant(content));
    let open = rain().find(|content| is_amount_at_a_moment(content));
    match (stated, open) {
        (Some(_), None) if rain().next().is_some() => {
            return Err(stated_in_vain(name, rain()));
        }
        (None, Some(content)) => why = Some(unstated(name, &content.variable)),
        _ => {}
    }
    let head = |content: &Content| GriddedField::of_head(content)?.of_hours(stated).ok();
    for group in groups(contents, &is_meant) {
        let fields: Vec<GriddedField> = group.iter().filter_map(|&i| head(&contents[i])).collect();
        if fields.len() < group.len() {
            continue;
        }
        let mut ends: Vec<Timestamp> =
            fields.iter().filter_map(|field| Some(field.interval?.end)).collect();
        ends.sort_unstable();
        ends.dedup();
        let earliest = fields.iter().filter_map(|field| Some(field.interval?.start)).min();
        for end in ends {
            let Ok(start) = end.checked_sub(SignedDuration::from_hours(hours)) else { continue };
            match accumulate(&fields, start, end) {
                Ok(_) => found.push(offer(contents, &group, (start, end), hours)),
                // What begins before the first field cannot be made, and that says nothing of a gap.
                Err(error) if earliest.is_some_and(|first| start < first) => {
                    too_early.get_or_insert(error);
                }
                Err(error) => {
                    why.get_or_insert(error);
                }
            }
        }
    }
    match (found.is_empty(), why.or(too_early)) {
        (false, _) => Ok(found),
        (true, Some(error)) => Err(error),
        (true, None) => {
            let listed: Vec<String> = contents.iter().take(8).map(ToString::to_string).collect();
            let what = format!(
                "{name} holds no rain: a sum or a rate with its times is needed, and it has {}",
                listed.join("; ")
            );
            Err(FieldError::Interval { what })
        }
    }
}

fn offer(
    contents: &[Content],
    group: &[usize],
    (start, end): (Timestamp, Timestamp),
    hours: i64,
) -> Offer {
    let first = &contents[group[0]];
    let is_near =
        |&&i: &&usize| contents[i].interval.is_some_and(|own| own.end >= start && own.end <= end);
    Offer {
        variable: first.variable.clone(),
        what: what(first),
        end,
        hours,
        places: group.iter().filter(is_near).copied().collect(),
    }
}

fn what(content: &Content) -> String {
    let Content { variable, unit, level, member, .. } = content;
    let run = run_of(content).map(|begin| format!("forecast of {}", format_utc(begin)));
    let parts = [
        Some(format!("{variable} ({unit})")),
        is_convective(content).then(|| "only the convective part of the rain".to_owned()),
        (!level.is_empty()).then(|| level.clone()),
        member.map(|member| format!("member {member}")),
        run,
    ];
    parts.into_iter().flatten().collect::<Vec<_>>().join(", ")
}

/// Places of the fields of one quantity of rain each.
fn groups(contents: &[Content], is_meant: impl Fn(&Content) -> bool) -> Vec<Vec<usize>> {
    let mut groups: Vec<Vec<usize>> = Vec::new();
    for (i, content) in contents.iter().enumerate() {
        if content.interval.is_none() || !is_meant(content) {
            continue;
        }
        let same = |group: &&mut Vec<usize>| {
            let other = &contents[group[0]];
            let kind = |content: &Content| (content.member, run_of(content));
            (&other.variable, &other.level, &other.grid)
                == (&content.variable, &content.level, &content.grid)
                && kind(other) == kind(content)
        };
        match groups.iter_mut().find(same) {
            Some(group) => group.push(i),
            None => groups.push(vec![i]),
        }
    }
    groups
}

/// When the forecast began that a field is of; `None` for what was observed. Sums of one forecast are not mixed with
/// those of another.
fn run_of(content: &Content) -> Option<Timestamp> {
    let ahead = |begin: &Timestamp| content.interval.is_some_and(|own| own.end > *begin);
    content.reference_time.filter(ahead)
}

/// Names of rain in GRIB and NetCDF, in any case.
const RAIN: [&str; 14] = [
    "tp",
    "apcp",
    "tprate",
    "prate",
    "precip",
    "precipitation",
    "rain",
    "rainfall",
    "pr",
    "preciprate",
    "prec_acc_nc",
    "ncpcp",
    "multisensor_qpe_01h_pass2",
    "acpcp",
];

/// Whether a variable of that name is rain.
pub fn is_rain_name(name: &str) -> bool {
    let name = name.to_lowercase();
    RAIN.contains(&name.as_str()) || name.contains("qpe") || name.contains("precip")
}

/// By the name of the variable, by the standard name of CF, or by words for people: one of them is enough, for each may be
/// anything.
fn is_rain(content: &Content) -> bool {
    let said = [&content.standard_name, &content.title].map(|text| text.to_lowercase());
    let says = |word: &str| said.iter().any(|text| text.contains(word));
    is_rain_name(&content.variable) || says("precipitation") || says("rainfall")
}

/// Whether a field is convective rain, without that of large scales, by its names in GRIB, CF and WRF.
fn is_convective(content: &Content) -> bool {
    let said = format!("{} {}", content.standard_name, content.title).to_lowercase();
    let says_so = said.contains("convective_precip") || said.contains("convective precip");
    let is_named =
        ["acpcp", "cp", "cprat", "rainc"].contains(&content.variable.to_lowercase().as_str());
    is_named || says_so && !said.contains("non-convective")
}

/// The other part.
fn is_of_large_scales(content: &Content) -> bool {
    let said = format!("{} {}", content.standard_name, content.title).to_lowercase();
    let words = ["stratiform_precip", "large-scale precip", "large scale precip", "non-convective"];
    let names = ["ncpcp", "lsp", "lsprate", "rainnc", "prec_acc_nc"];
    names.contains(&content.variable.to_lowercase().as_str())
        || words.iter().any(|word| said.contains(word))
}

/// Reads one sum.
///
/// # Errors
/// For fields that cannot be read, and for what [`accumulate`] refuses.
pub fn read(
    file: &FieldFile,
    offer: &Offer,
    stated: Option<i64>,
) -> Result<Accumulated, FieldError> {
    let field = |&place: &usize| file.read(place)?.of_hours(stated);
    let fields: Vec<GriddedField> = offer.places.iter().map(field).collect::<Result<_, _>>()?;
    let start = offer.end.checked_sub(SignedDuration::from_hours(offer.hours));
    let start = start.map_err(|_| FieldError::Interval { what: "no such time".to_owned() })?;
    accumulate(&fields, start, offer.end)
}
