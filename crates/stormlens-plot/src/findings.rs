//! What can be seen on a map, in words: how much, how widespread, where.

use stormlens_data::field::Field;
use stormlens_data::outcome::{Colours, Domain, Outcome, Role};

use super::completeness::Completeness;
use super::evidence::{Evidence, NO_EVIDENCE, where_data};
use super::headings::{frame_sum, moments_words};
use super::lookup::Shown;
use super::rendering::merged_sizes;
use super::square::Square;
use super::words::{count, in_unit, number, percent, signed};
use super::{place, signs};

/// The finding of one map, without a full stop.
pub fn of(outcome: &Outcome, shown: &Shown) -> String {
    let (variable, field) = (shown.variable, shown.field());
    let unit = in_unit(&variable.quantity.unit);
    let square = Square::of(outcome).filter(|_| !matches!(variable.domain, Domain::Earth(_)));
    match shown.colours() {
        _ if shown.other.is_some() => {
            format!("{}; {}", moments_words(shown), extremes(shown, &field, &unit))
        }
        Colours::Rain => amount(shown, &field, &[0.1, 5.0], &unit, "rain"),
        Colours::Share => amount(shown, &field, &[0.5], &unit, &variable.quantity.name),
        Colours::Evidence => evidence(outcome, shown, Evidence::of(square, variable, &field)),
        Colours::Sizes => sizes(shown, &merged_sizes(shown), &unit),
        Colours::Signed if shown.is_of_pixels() => of_pixels(outcome, shown),
        Colours::Signed if variable.layer().is_some() => {
            extremes(shown, &where_data(square, variable, &field), &unit)
        }
        Colours::Signed if matches!(variable.role, Role::Attribution { .. }) => {
            format!("in sum {}; {}", frame_sum(outcome, shown), extremes(shown, &field, &unit))
        }
        Colours::Mask => mask(outcome, shown, &field),
        Colours::Classes => classes(shown, &field),
        _ => extremes(shown, &field, &unit),
    }
}

fn place_of(shown: &Shown, field: &Field, [row, column]: [f64; 2]) -> String {
    place::words(&shown.variable.domain, [field.height, field.width], [row, column])
}

/// The largest value that is there, and where.
fn largest(shown: &Shown, field: &Field) -> Option<(f64, String)> {
    let (row, column, value) = field.argmax()?;
    Some((f64::from(value), place_of(shown, field, [row as f64, column as f64])))
}

/// What a share of the map is a share of.
fn whole(shown: &Shown) -> &'static str {
    match shown.variable.domain {
        Domain::Earth(_) => "the domain",
        _ => "that part",
    }
}

/// What a share of the known values is a share of.
fn known(shown: &Shown, field: &Field) -> &'static str {
    if field.finite().count() < field.values.len() { "what is known" } else { whole(shown) }
}

/// Maximum, place and extent of something that is there or not.
fn amount(shown: &Shown, field: &Field, levels: &[f32], unit: &str, name: &str) -> String {
    let Some((maximum, place)) = largest(shown, field) else {
        return "nothing was measured".into();
    };
    if maximum < f64::from(levels[0]) {
        return format!("no {name} of {}{unit} or more", number_of(levels[0]));
    }
    let share = |level: &f32| {
        let n = field.finite().filter(|v| v >= level).count();
        let share = percent(n as f64 / field.finite().count().max(1) as f64);
        format!("{}{unit} or more on {share}", number_of(*level))
    };
    let shares: Vec<String> = levels.iter().map(share).collect();
    let (first, rest) = shares.split_first().map_or(("", &[][..]), |(f, rest)| (f.as_str(), rest));
    let rest: String = rest.iter().map(|share| format!(", {share}")).collect();
    format!("maximum {}{unit}, {place}; {first} of {}{rest}", number(maximum), known(shown, field))
}

/// `dry on 64 % of the domain, rain on 30 %, heavy rain on 6 %`
fn classes(shown: &Shown, field: &Field) -> String {
    let n = field.finite().count();
    if n == 0 {
        return "nothing was measured".into();
    }
    let share = |class: usize| {
        let here = field.finite().filter(|&value| value == class as f32).count();
        percent(here as f64 / n as f64)
    };
    let whole = known(shown, field);
    let quantity = shown.quantity();
    let of = |(class, name): (usize, &String)| match class {
        0 => format!("{name} on {} of {whole}", share(class)),
        _ => format!("{name} on {}", share(class)),
    };
    quantity.classes.iter().enumerate().map(of).collect::<Vec<_>>().join(", ")
}

/// Through text, so that 0.1 does not become 0.10000000149.
fn number_of(level: f32) -> String {
    number(level.to_string().parse().unwrap_or(f64::from(level)))
}

/// The largest and the smallest value of a signed map, and where.
fn extremes(shown: &Shown, field: &Field, unit: &str) -> String {
    let both = largest(shown, field).zip(largest(shown, &field.map(|v| -v)));
    let Some(((high, high_at), (low, low_at))) = both else {
        if let Some(missing) = shown.quantity().missing {
            return missing;
        }
        return match shown.variable.domain {
            Domain::Earth(_) => "nothing was measured".into(),
            _ => "the scene holds no data there".into(),
        };
    };
    if high == 0.0 && low == 0.0 {
        return "zero everywhere".into();
    }
    let (high, low) = (signed(high), signed(-low));
    format!("largest {high}{unit}, {high_at}; smallest {low}{unit}, {low_at}")
}

/// Where the evidence of a layer lies.
fn evidence(outcome: &Outcome, shown: &Shown, evidence: Evidence) -> String {
    if let Some(nothing) = evidence.nothing() {
        return nothing.into();
    }
    let map = &evidence.on_data;
    let Some((_, strongest)) = largest(shown, map) else { return NO_EVIDENCE.into() };
    let middle = match shown.variable.domain {
        Domain::Earth(_) => place::middle(map).map(|at| place_of(shown, map, at)),
        _ => None,
    };
    let middle = middle.map_or_else(String::new, |middle| format!(", its middle {middle}"));
    if map.range().is_some_and(|(low, high)| low == high) {
        return "the same positive evidence everywhere".into();
    }
    let half = percent(map.share_above(0.5));
    let mut words = format!(
        "strongest {strongest}{middle}; above half of the maximum on {half} of {}",
        whole(shown)
    );
    if let Some(share) = share_on_target(outcome, map) {
        words.push_str(&format!("; {} of it on target pixels", percent(share)));
    }
    if evidence.on_no_data_share > 0.0 {
        let share = percent(evidence.on_no_data_share);
        words.push_str(&format!("; {share} of the evidence lies where the scene holds no data"));
    }
    words
}

/// How much of the evidence lies on the pixels it is meant to explain.
fn share_on_target(outcome: &Outcome, map: &Field) -> Option<f64> {
    let mask = outcome.variables.iter().find(|variable| variable.role == Role::Mask)?;
    if mask.plane != Some([map.height, map.width]) {
        return None;
    }
    let total: f64 = map.values.iter().map(|&v| f64::from(v)).sum();
    // Of several lead times, the pixels of any of them.
    let masks: Vec<Field> = (0..mask.n_maps()).map(|i| mask.map(i)).collect();
    let is_on = |i: usize| masks.iter().any(|mask| mask.values[i] > 0.0);
    let values = map.values.iter().enumerate();
    let on: f64 = values.filter(|(i, _)| is_on(*i)).map(|(_, &v)| f64::from(v)).sum();
    (total > 0.0).then_some(on / total)
}

fn sizes(shown: &Shown, field: &Field, unit: &str) -> String {
    let Some((maximum, place)) = largest(shown, field).filter(|(maximum, _)| *maximum > 0.0) else {
        return "zero everywhere".into();
    };
    let half = percent(field.share_above((maximum / 2.0) as f32));
    format!(
        "largest {}{unit}, {place}; above half of that on {half} of {}",
        number(maximum),
        whole(shown)
    )
}

/// How much speaks for and against, and where it weighs most: in the square of an eighth of the
/// centre's side that holds most of it, since a single pixel says little.
fn of_pixels(outcome: &Outcome, shown: &Shown) -> String {
    let sums = signs::sums(shown);
    let part = |sign: f32| -> f64 {
        sums.values.iter().filter(|&&v| sign * v > 0.0).map(|&v| f64::from(v)).sum()
    };
    let (positive, negative) = (part(1.0), part(-1.0));
    let gap = Completeness::of_variable(outcome, shown.variable);
    let gap = gap.map(|gap| format!("; {}", gap.words(outcome, shown.variable)));
    let gap = gap.unwrap_or_default();
    if positive == 0.0 && negative == 0.0 {
        return format!("no pixel has any influence{gap}");
    }
    let unit = format!(" {}", shown.variable.quantity.unit);
    format!(
        "pixels that increase it change it by {}{unit} in sum, those that decrease it by {}{unit}; in squares of \
         an eighth of the centre, {}{gap}",
        signed(positive),
        number(negative),
        extremes(shown, &eighths(&sums), &unit),
    )
}

/// Sums over 8 × 8 squares.
fn eighths(field: &Field) -> Field {
    let mut sums = vec![0.0; 64];
    for (i, &value) in field.values.iter().enumerate() {
        let (row, column) = (i / field.width * 8 / field.height, i % field.width * 8 / field.width);
        sums[row * 8 + column] += value;
    }
    Field::new(8, 8, sums)
}

fn mask(outcome: &Outcome, shown: &Shown, field: &Field) -> String {
    let what = &shown.variable.quantity.name;
    let Some(middle) = place::middle(field) else { return format!("no pixel is {what}") };
    let n = field.values.iter().filter(|&&v| v > 0.0).count();
    let share = percent(n as f64 / field.values.len().max(1) as f64);
    // Of another mask than the target's it is not known.
    let score = outcome.numbers.iter().find(|number| number.name.ends_with("/target"));
    let score = score.filter(|_| shown.variable.role == Role::Mask);
    let sum = score
        .map(|score| format!("; their sum is {}{}", number(score.value), in_unit(&score.unit)));
    format!(
        "{} pixels ({share} of {}) are {what}, their middle {}{}",
        count(n),
        whole(shown),
        place_of(shown, field, middle),
        sum.unwrap_or_default(),
    )
}
