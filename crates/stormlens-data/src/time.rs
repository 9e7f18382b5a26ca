//! Times as KNMI writes them and as sample names carry them, always UTC.

use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

const MONTHS: [&str; 12] =
    ["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"];

/// Parses `26-AUG-2010;03:15:00.000`; `None` for anything else.
pub fn parse_knmi(text: &str) -> Option<Timestamp> {
    let (date, time) = text.trim().split_once(';')?;
    let [day, month, year] = date.split('-').collect::<Vec<_>>().try_into().ok()?;
    let month = 1 + MONTHS.iter().position(|m| m.eq_ignore_ascii_case(month))?;
    format!("{year}-{month:02}-{day}T{time}Z").parse().ok()
}

/// Writes `26-AUG-2010;03:15:00.000`.
pub fn format_knmi(time: Timestamp) -> String {
    let t = utc(time);
    let month = MONTHS[(t.month() - 1) as usize];
    let millisecond = t.subsec_nanosecond() / 1_000_000;
    format!("{:02}-{month}-{:04};{}.{millisecond:03}", t.day(), t.year(), t.strftime("%H:%M:%S"))
}

/// Writes the name of a sample, `20100826T0535`.
pub fn format_sample(time: Timestamp) -> String {
    utc(time).strftime("%Y%m%dT%H%M").to_string()
}

/// Parses the name of a sample; `None` for anything but `20100826T0535`.
pub fn parse_sample(text: &str) -> Option<Timestamp> {
    let (date, time) = text.split_once('T')?;
    parse_digits(&format!("{date}{time}")).filter(|&parsed| format_sample(parsed) == text)
}

/// Parses what a person types for an instant in UTC: `2018-12-31T23:55Z`, the same without `Z`,
/// `2018-12-31` for its first instant, or the name of a sample; `None` for anything else.
pub fn parse_utc(text: &str) -> Option<Timestamp> {
    let as_typed = parse_sample(text).or_else(|| text.parse().ok());
    let civil = || text.parse::<DateTime>().ok()?.to_zoned(TimeZone::UTC).ok();
    as_typed.or_else(|| Some(civil()?.timestamp()))
}

/// Writes `2010-08-26 05:35 UTC`.
pub fn format_utc(time: Timestamp) -> String {
    utc(time).strftime("%Y-%m-%d %H:%M UTC").to_string()
}

/// Parses the twelve digits `201008260535` in file names; `None` for anything else.
pub fn parse_digits(text: &str) -> Option<Timestamp> {
    if text.len() != 12 || !text.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let number = |from: usize, to: usize| text[from..to].parse::<i16>().ok();
    let small = |from, to| i8::try_from(number(from, to)?).ok();
    let (hour, minute) = (small(8, 10)?, small(10, 12)?);
    let civil =
        DateTime::new(number(0, 4)?, small(4, 6)?, small(6, 8)?, hour, minute, 0, 0).ok()?;
    civil.to_zoned(TimeZone::UTC).ok().map(|zoned| zoned.timestamp())
}

/// `time` plus so many minutes; `None` beyond the range of the calendar.
pub fn add_minutes(time: Timestamp, minutes: i64) -> Option<Timestamp> {
    time.checked_add(SignedDuration::from_mins(minutes)).ok()
}

/// The begin of the minute that a time lies in, as names of files and samples carry it.
pub fn whole_minute(time: Timestamp) -> Timestamp {
    parse_sample(&format_sample(time)).unwrap_or(time)
}

/// The calendar year in UTC.
pub fn year(time: Timestamp) -> i16 {
    utc(time).year()
}

fn utc(time: Timestamp) -> DateTime {
    TimeZone::UTC.to_datetime(time)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn knmi_times_survive_both_ways() {
        for text in
            ["26-AUG-2010;03:15:00.000", "01-JAN-2016;00:00:00.000", "31-DEC-2019;23:55:07.250"]
        {
            assert_eq!(format_knmi(parse_knmi(text).expect(text)), text);
        }
    }

    #[test]
    fn a_knmi_time_is_utc() {
        let expected: Timestamp = "2010-08-26T03:15:00Z".parse().unwrap();
        assert_eq!(parse_knmi("26-AUG-2010;03:15:00.000"), Some(expected));
    }

    #[test]
    fn other_texts_are_no_knmi_time() {
        for text in
            ["", "26-AUG-2010", "32-AUG-2010;03:15:00", "26-FOO-2010;03:15:00", "a;b", "é-é-é;é"]
        {
            assert_eq!(parse_knmi(text), None, "{text}");
        }
    }

    #[test]
    fn people_type_instants_in_several_ways() {
        let expected = parse_sample("20181231T2355");
        for text in
            ["20181231T2355", "2018-12-31T23:55Z", "2018-12-31T23:55", "2018-12-31 23:55:00"]
        {
            assert_eq!(parse_utc(text), expected, "{text}");
        }
        assert_eq!(parse_utc("2019-01-01T00:55+01:00"), expected);
        assert_eq!(parse_utc("2018-12-31"), parse_sample("20181231T0000"));
        assert_eq!(parse_utc("New Year's Eve"), None);
    }

    #[test]
    fn sample_names_survive_both_ways() {
        let time = parse_sample("20100826T0535").unwrap();
        assert_eq!(format_sample(time), "20100826T0535");
        for text in
            ["", "20100826", "20100826T05350", "20100826T2535", "2010082éT0535", "201008260T535"]
        {
            assert_eq!(parse_sample(text), None, "{text}");
        }
    }
}
