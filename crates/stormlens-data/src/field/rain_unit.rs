//! Units of rain, as files write them.

/// What a unit measures, and how much that is in millimetres. 1 kg of water on 1 m² is 1 mm.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum RainUnit {
    /// An amount, mm; over which interval, somebody else has to say.
    Amount(f64),
    /// mm/s.
    Rate(f64),
    /// An amount, mm, with the seconds that it fell in: `mm/3h`, `mm per 5 minutes`.
    Sum { mm: f64, seconds: u32 },
}

macro_rules! rain_units {
    () => {
        "mm, cm, m, in or kg m-2 of an amount; one of these per s, min, h or day of a rate, such as mm/h, mm day-1, in/h or \
         kg m-2 s-1; mm/3h, mm/24h or mm/5min of an amount with its time"
    };
}

/// Units that are read, for messages.
pub const RAIN_UNITS: &str = rain_units!();
/// Of a field in another unit, behind that unit.
pub(super) const NO_RAIN: &str =
    concat!("which is no amount of rain and no rate; units that are read are ", rain_units!());

/// Amounts with their millimetres, as they are written without spaces; the longer before those that they begin with.
const AMOUNTS: [(&str, f64); 22] = [
    ("mofwaterequivalent", 1000.0),
    ("mmofwaterequivalent", 1.0),
    ("millimeters", 1.0),
    ("millimetres", 1.0),
    ("millimeter", 1.0),
    ("millimetre", 1.0),
    ("centimeters", 10.0),
    ("centimetres", 10.0),
    ("kgm-2", 1.0),
    ("kg/m2", 1.0),
    ("lm-2", 1.0),
    ("l/m2", 1.0),
    ("meters", 1000.0),
    ("metres", 1000.0),
    ("meter", 1000.0),
    ("metre", 1000.0),
    ("inches", 25.4),
    ("inch", 25.4),
    ("mm", 1.0),
    ("cm", 10.0),
    ("in", 25.4),
    ("m", 1000.0),
];

/// Names of times, and their seconds.
const TIMES: [(&[&str], u32); 4] = [
    (&["s", "sec", "second", "seconds"], 1),
    (&["min", "minute", "minutes"], 60),
    (&["h", "hr", "hrs", "hour", "hours"], 3600),
    (&["d", "day", "days"], 86_400),
];

/// No unit names a longer time: a year has 8,784 hours.
const MOST_SECONDS: u32 = 366 * 86_400;

impl RainUnit {
    /// Reads the ways in which UDUNITS and people write a unit; `None` for what is no amount of rain and no rate.
    pub fn parse(unit: &str) -> Option<Self> {
        let compact = compact(unit)?;
        let (factor, rest) = factor(&compact)?;
        // kg/(m2 s), and kg s-1 m-2
        let enclosed = |name: &str| rest.strip_prefix(name).and_then(|rest| rest.strip_suffix(')'));
        let swapped = || rest.strip_prefix("kg").and_then(|rest| rest.strip_suffix("-1m-2"));
        if let Some(time) = enclosed("kg/(m2").or_else(|| enclosed("l/(m2")).or_else(swapped) {
            return Self::of(factor, time);
        }
        AMOUNTS.into_iter().find_map(|(name, mm)| {
            let mm = mm * factor;
            match rest.strip_prefix(name)? {
                "" => Some(Self::Amount(mm)),
                rest => Self::of(mm, divisor(rest)?),
            }
        })
    }

    /// So many millimetres in a time such as `h`, `day` or `3h`. A time with a number is that in which an amount fell, `1h` as
    /// well as `60min`; without one it is a rate.
    fn of(mm: f64, time: &str) -> Option<Self> {
        let n_digits = time.bytes().take_while(u8::is_ascii_digit).count();
        let (number, name) = time.split_at(n_digits);
        let (_, seconds) = TIMES.into_iter().find(|(names, _)| names.contains(&name))?;
        if number.is_empty() {
            return Some(Self::Rate(mm / f64::from(seconds)));
        }
        let whole = number.parse::<u32>().ok()?.checked_mul(seconds);
        let whole = whole.filter(|seconds| (1..=MOST_SECONDS).contains(seconds))?;
        Some(Self::Sum { mm, seconds: whole })
    }

    /// Millimetres that one of this unit is over so many seconds; `None` where the unit itself names another time.
    pub fn mm_over(self, over_s: i64) -> Option<f64> {
        match self {
            Self::Amount(mm) => Some(mm),
            Self::Rate(mm_s) => Some(mm_s * over_s as f64),
            Self::Sum { mm, seconds } => (i64::from(seconds) == over_s).then_some(mm),
        }
    }
}

/// Without what is written for the eye: spaces, signs of powers and products, `per`. `None` for powers and products of
/// numbers, such as `10^-3 m` and `10² m`: without the sign they would be other numbers. A space stays before a number that
/// stands by itself, since `mm 3h-1` is no `mm3 h-1`.
fn compact(unit: &str) -> Option<String> {
    let plain: Vec<char> = unit.to_lowercase().replace(" per ", "/").chars().collect();
    let mut kept = String::new();
    let mut is_apart = false;
    for (i, &c) in plain.iter().enumerate() {
        let next = plain[i + 1..].iter().find(|c| !c.is_whitespace());
        let is_after_digit = kept.ends_with(|c: char| c.is_ascii_digit());
        let is_before_digit = next.is_some_and(char::is_ascii_digit);
        match c {
            '^' | '¹' | '²' | '⁻' if is_after_digit => return None,
            '*' if is_after_digit && (is_before_digit || next == Some(&'*')) => return None,
            '·' if is_after_digit && is_before_digit => return None,
            // A product, where it is in no number.
            '.' if !is_before_digit => {}
            '*' | '^' | '·' | '_' => {}
            c if c.is_whitespace() => is_apart = true,
            '¹' => kept.push('1'),
            '²' => kept.push('2'),
            '⁻' | '−' => kept.push('-'),
            c => {
                let is_in_unit = kept.ends_with(|c: char| c.is_ascii_alphanumeric());
                if is_apart && c.is_ascii_digit() && is_in_unit {
                    kept.push(' ');
                }
                kept.push(c);
                is_apart = false;
            }
        }
    }
    Some(kept)
}

/// A factor in front, as in `0.1mm`, and what follows.
fn factor(compact: &str) -> Option<(f64, &str)> {
    let is_number = |c: char| c.is_ascii_digit() || c == '.';
    match compact.trim_start_matches(is_number) {
        rest if rest.len() == compact.len() => Some((1.0, rest)),
        rest => {
            let factor: f64 = compact[..compact.len() - rest.len()].parse().ok()?;
            (factor > 0.0 && factor.is_finite()).then_some((factor, rest))
        }
    }
}

/// The time by which an amount is divided: `/h`, `h-1`, `/(3h)`, ` 3h-1`. A digit at once would be a power of the amount.
fn divisor(rest: &str) -> Option<&str> {
    let is_power = rest.starts_with(|c: char| c.is_ascii_digit());
    let rest = rest.trim_start();
    let time = rest.strip_prefix('/').or_else(|| rest.strip_suffix("-1")).filter(|_| !is_power)?;
    Some(time.strip_prefix('(').and_then(|time| time.strip_suffix(')')).unwrap_or(time))
}

#[cfg(test)]
mod tests {
    use super::RainUnit::{self, Amount, Rate, Sum};

    #[test]
    fn units_are_read_as_people_write_them() {
        let check = |units: &[&str], expected: RainUnit| {
            for unit in units {
                assert_eq!(RainUnit::parse(unit), Some(expected), "{unit}");
            }
        };
        check(
            &["mm", "kg m-2", "kg m**-2", "kg/m^2", "kg m⁻²", "Millimeters", "l m-2"],
            Amount(1.0),
        );
        check(&["m", "m of water equivalent", "metres"], Amount(1000.0));
        check(&["in", "inch", "inches"], Amount(25.4));
        check(&["0.1 mm", "0.1mm", "0.1*mm"], Amount(0.1));
        check(
            &[
                "kg m-2 s-1",
                "kg.m-2.s-1",
                "kg m**-2 s**-1",
                "kg s-1 m-2",
                "kg/m2/s",
                "kg/(m2 s)",
                "kg/(m2*s)",
                "kg*m-2*s-1",
                "kg*m**-2*s**-1",
                "kg m⁻² s⁻¹",
                "kg·m⁻²·s⁻¹",
                "l/(m2 s)",
                "mm s-1",
                "mm s−1",
                "mm.s-1",
                "mm/s",
            ],
            Rate(1.0),
        );
        check(
            &["mm/h", "mm h-1", "mm/hr", "mm hr^-1", "mm per hour", "kg m-2 h-1"],
            Rate(1.0 / 3600.0),
        );
        check(&["mm/day", "mm/d", "mm day-1", "mm d**-1", "mm per day"], Rate(1.0 / 86_400.0));
        check(&["m s-1", "m/s"], Rate(1000.0));
        check(&["in/h", "in h-1", "inches per hour", "inch/hr"], Rate(25.4 / 3600.0));
        check(&["mm/min"], Rate(1.0 / 60.0));
        check(
            &[
                "mm/3h",
                "mm (3h)-1",
                "mm/(3 h)",
                "mm 3h-1",
                "mm/3hr",
                "kg m-2 (3h)-1",
                "kg m-2 3h-1",
            ],
            Sum { mm: 1.0, seconds: 10_800 },
        );
        check(&["mm/1h", "mm/60min", "mm (1 h)-1"], Sum { mm: 1.0, seconds: 3600 });
        check(&["mm/24h", "mm per 24 hours"], Sum { mm: 1.0, seconds: 86_400 });
        check(&["mm/5min", "mm per 5 minutes"], Sum { mm: 1.0, seconds: 300 });
    }

    #[test]
    fn what_is_no_unit_of_rain_is_not_read() {
        for unit in [
            "",
            "1",
            "K",
            "min",
            "mm2",
            "mm-1",
            "m2 s-2",
            "mm/",
            "10^3 kg m-2",
            "10**-3 m",
            "10² kg m-2",
            "10² m",
            "10 ^3 kg m-2",
            "10 3 m",
            "10*3 m",
            "m3 s-1",
            "mm3 h-1",
            "m³ s-1",
            "mm/0h",
            "mm/month",
            "kg",
            "kg m-3",
            "%",
            "ms",
            "dBZ",
            "m-1",
            "mm/99999999999h",
            "0 mm",
            "mm/h/h",
            "mm h",
            "/h",
            "m/s2",
        ] {
            assert_eq!(RainUnit::parse(unit), None, "{unit}");
        }
    }

    #[test]
    fn a_known_interval_makes_millimetres() {
        let mm =
            |unit: &str, seconds: i64| RainUnit::parse(unit).and_then(|unit| unit.mm_over(seconds));
        assert_eq!(mm("mm/day", 10_800), Some(0.125));
        assert_eq!(mm("in", 3600), Some(25.4));
        assert_eq!(mm("mm/3h", 10_800), Some(1.0));
        assert_eq!(mm("mm/3h", 3600), None);
    }
}
