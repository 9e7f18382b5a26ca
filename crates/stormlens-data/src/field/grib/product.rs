//! Sections 1 and 4: what a field is and of which time.

use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

use super::super::interval::{Interval, Statistic};
use super::super::parameters::{self, Parameter};
use super::bytes::Section;

/// What a field is, in either edition.
#[derive(Clone, Debug)]
pub(super) struct ProductHead {
    pub centre: u16,
    /// `None` where a field has no date.
    pub reference_time: Option<Timestamp>,
    pub parameter: Option<Parameter>,
    /// Of edition 2 discipline, category and number, of edition 1 the edition, table and number.
    pub numbers: [u8; 3],
    /// Values that stand for missing ones by the table of the source.
    pub missing_values: &'static [f32],
    pub level: String,
    /// `None` where the template is not read, and where it contradicts itself.
    pub interval: Option<Interval>,
    pub member: Option<u32>,
    /// What was made of the members of an ensemble, where it is no mean.
    pub derived: Option<&'static str>,
    /// Why nothing is read of its time, where its template is another one.
    pub unread: Option<String>,
}

/// A parameter, where a table has it, and its numbers.
pub(super) type Named = (Option<Parameter>, [u8; 3]);

/// Templates of section 4 whose times are read.
const TEMPLATES: [u16; 6] = [0, 1, 2, 8, 11, 12];

impl ProductHead {
    pub fn read(discipline: u8, identification: &[u8], product: &[u8]) -> Result<Self, String> {
        let (one, four) = (Section(identification), Section(product));
        let reference_time = moment(one, 13)?;
        let centre = one.u16(6)?;
        let template = four.u16(8)?;
        let numbers = [discipline, four.u8(10)?, four.u8(11)?];
        let (mut level, mut interval, mut member) = (String::new(), None, None);
        let mut derived = None;
        if template <= 15 {
            let start = add(reference_time, four.u8(18)?, four.signed(19)?)?;
            let scale = four.signed_u8(24)?;
            let value = four.signed(25)? as f64 / 10_f64.powi(scale);
            level = parameters::level(four.u8(23)?, value);
            member = match template {
                1 | 11 => Some(u32::from(four.u8(36)?)),
                _ => None,
            };
            if matches!(template, 2 | 12) {
                derived = derived_forecast(four.u8(35)?);
            }
            // What comes between the level and the times: nothing, a member, or a kind of ensemble product.
            interval = match template {
                0..=2 => Some(Interval::at(start)),
                8 => statistic(four, 35, start)?,
                11 => statistic(four, 38, start)?,
                12 => statistic(four, 37, start)?,
                _ => None,
            };
        }
        if let ([parameters::MRMS, 6, number], Some(stated)) = (numbers, interval)
            && let Some((_, hours)) = parameters::mrms_sum(number)
        {
            let start = add(stated.end, 1, -hours)?;
            interval = Some(Interval::accumulation(start, stated.end));
        }
        let missing_values: &[f32] = match numbers {
            [parameters::MRMS, 6, _] => &parameters::MRMS_MISSING,
            _ => &[],
        };
        let parameter = parameters::find(centre, numbers);
        let is_read = TEMPLATES.contains(&template);
        let unread = (!is_read).then(|| format!("its product template 4.{template} is not read"));
        Ok(Self {
            centre,
            reference_time: Some(reference_time),
            parameter,
            numbers,
            missing_values,
            level,
            interval,
            member,
            derived,
            unread,
        })
    }

    /// What a field is of whose head is not understood otherwise; `None` where that is not said.
    pub fn named(discipline: u8, identification: &[u8], product: &[u8]) -> Option<Named> {
        let (one, four) = (Section(identification), Section(product));
        let numbers = [discipline, four.u8(10).ok()?, four.u8(11).ok()?];
        Some((parameters::find(one.u16(6).ok()?, numbers), numbers))
    }
}

/// Short name, title and unit; of a parameter that no table has its numbers.
pub(super) fn names((parameter, [a, b, c]): Named) -> [String; 3] {
    match parameter {
        Some(known) => [known.name, known.title, known.unit].map(str::to_owned),
        None => [format!("{a}.{b}.{c}"), format!("Parameter {c} of table {a}.{b}"), String::new()],
    }
}

/// What is made of the members of an ensemble (WMO code table 4.7); `None` for means, which are rain as each member is.
fn derived_forecast(number: u8) -> Option<&'static str> {
    Some(match number {
        0 | 1 | 6 => return None,
        2 => "standard deviation of all members",
        3 => "normalised standard deviation of all members",
        4 => "spread of all members",
        5 => "anomaly index of all members",
        7 => "range between the quantiles of all members",
        8 => "minimum of all members",
        9 => "maximum of all members",
        _ => "another statistic of the members",
    })
}

/// Templates 4.8, 4.11 and 4.12, from the octet of the end of the interval on. Of several time ranges in one field,
/// and where end and length disagree (as they do in files of the US weather service), nothing is guessed.
fn statistic(section: Section, octet: usize, start: Timestamp) -> Result<Option<Interval>, String> {
    let end = moment(section, octet)?;
    let n_ranges = section.u8(octet + 7)?;
    let (process, unit, length) =
        (section.u8(octet + 12)?, section.u8(octet + 14)?, section.u32(octet + 15)?);
    let statistic = match process {
        0 => Statistic::Mean,
        1 => Statistic::Accumulation,
        _ => Statistic::Other,
    };
    let is_clear = n_ranges == 1 && add(start, unit, i64::from(length))? == end;
    Ok(is_clear.then_some(Interval { start, end, statistic }))
}

/// Year, month, day, hour, minute, second, UTC.
fn moment(section: Section, octet: usize) -> Result<Timestamp, String> {
    let year = i16::try_from(section.u16(octet)?).unwrap_or(i16::MAX);
    let mut parts = [0; 5];
    for (i, part) in parts.iter_mut().enumerate() {
        *part = section.u8(octet + 2 + i)?;
    }
    civil_time(year, parts)
}

/// A moment from year, and month, day, hour, minute and second.
pub(super) fn civil_time(year: i16, parts: [u8; 5]) -> Result<Timestamp, String> {
    let [month, day, hour, minute, second] =
        parts.map(|part| i8::try_from(part).unwrap_or(i8::MAX));
    let civil = DateTime::new(year, month, day, hour, minute, second, 0);
    let zoned = civil.and_then(|civil| civil.to_zoned(TimeZone::UTC));
    let shown = || format!("{year}-{month}-{day} {hour}:{minute}:{second} is no time");
    zoned.map(|zoned| zoned.timestamp()).map_err(|_| shown())
}

/// A time plus so many units of code table 4.4.
pub(super) fn add(time: Timestamp, unit: u8, number: i64) -> Result<Timestamp, String> {
    let seconds = match unit {
        0 => 60,
        1 => 3600,
        2 => 86_400,
        10 => 3 * 3600,
        11 => 6 * 3600,
        12 => 12 * 3600,
        13 => 1,
        other => return Err(format!("its unit of time {other} is not read")),
    };
    let span = number.checked_mul(seconds).map(SignedDuration::from_secs);
    let sum = span.and_then(|span| time.checked_add(span).ok());
    sum.ok_or_else(|| format!("{number} units of {seconds} s after {time} are beyond the calendar"))
}
