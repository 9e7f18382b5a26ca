//! Against what the data's own description says.

use std::path::PathBuf;

use jiff::civil::date;

use super::*;

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../data/iberia")
}

fn open() -> Iberia {
    Iberia::open(&folder()).unwrap()
}

#[test]
fn gauges_and_fields_are_those_of_the_description() {
    let iberia = open();
    assert_eq!((iberia.days().len(), iberia.name(0)), (11_688, "1979-01-01".to_owned()));
    assert_eq!(iberia.find("2010-12-31"), Some(11_687));
    assert!(iberia.find("20101231").is_none() && iberia.find("2011-01-01").is_none());
    assert_eq!(iberia.gauge_rain(0), [0.0, 1.5, 3.6, 1.2]);
    let rain: Vec<[f32; 4]> = (0..11_688).map(|day| iberia.gauge_rain(day)).collect();
    let n_missing = rain.iter().flatten().filter(|mm| mm.is_nan()).count();
    assert_eq!(n_missing, 58);
    let expected = [(0.144, 0.048), (0.176, 0.026), (0.138, 0.028), (0.154, 0.052)];
    for (gauge, (rainy, heavy)) in expected.into_iter().enumerate() {
        let measured: Vec<f32> =
            rain.iter().map(|day| day[gauge]).filter(|mm| !mm.is_nan()).collect();
        let share =
            |mm: f32| measured.iter().filter(|&&m| m >= mm).count() as f64 / measured.len() as f64;
        assert!((share(1.0) - rainy).abs() < 5e-4 && (share(10.0) - heavy).abs() < 5e-4, "{gauge}");
    }
}

/// Correlation of ln(1 + mm) with the nearest node of the same day: an order of nodes, of days or of gauges that were
/// another one would not give them.
#[test]
fn the_models_own_rain_is_that_of_the_description() {
    let iberia = open();
    for (gauge, expected) in [0.51, 0.58, 0.49, 0.69].into_iter().enumerate() {
        let pairs: Vec<[f64; 2]> = (0..iberia.days().len())
            .map(|day| [iberia.model_rain(day)[gauge], iberia.gauge_rain(day)[gauge]])
            .filter(|pair| pair.iter().all(|mm| !mm.is_nan()))
            .map(|pair| pair.map(|mm| f64::from(mm.max(0.0)).ln_1p()))
            .collect();
        let n = pairs.len() as f64;
        let mean = |of: &dyn Fn(&[f64; 2]) -> f64| pairs.iter().map(of).sum::<f64>() / n;
        let [x, y] = [mean(&|p| p[0]), mean(&|p| p[1])];
        let covariance = mean(&|p| (p[0] - x) * (p[1] - y));
        let r = covariance / (mean(&|p| (p[0] - x).powi(2)) * mean(&|p| (p[1] - y).powi(2))).sqrt();
        assert!((r - expected).abs() < 0.006, "{gauge}: {r}, not {expected}");
    }
}

#[test]
fn units_are_those_of_the_atmosphere() {
    let iberia = open();
    let statement = iberia.statement();
    statement.check().unwrap();
    for variable in &statement.variables {
        let [mean, deviation] = variable.statistics().unwrap();
        let canonical = variable.quantity.conversion(&variable.unit).unwrap().apply(mean);
        let [least, most] = variable.quantity.bounds(variable.level);
        assert!((least..=most).contains(&canonical), "{} {mean}", variable.name);
        // Rain alone varies more than it is.
        let is_rain = variable.quantity == FieldQuantity::Precipitation;
        assert!(
            deviation > 0.0 && (is_rain || deviation < mean),
            "{} {mean} {deviation}",
            variable.name
        );
    }
    // The four gauges have a node each.
    let mut nodes: Vec<_> = GAUGES.iter().map(|gauge| gauge.node(&statement).unwrap()).collect();
    assert_eq!(nodes, [[7, 20], [8, 11], [10, 16], [12, 12]]);
    nodes.dedup();
    assert_eq!(nodes.len(), 4);
    // The north-western node is one of the file; the south-eastern one lies two thirds of the way between two of them.
    let values = iberia.values(0, &statement);
    assert_eq!(values.len(), 12 * 16 * 24);
    let slp = &values[3 * 384..4 * 384];
    assert!((iberia.fields[3].at(0, 5, 0) / 100.0 - f64::from(slp[0])).abs() < 1e-3);
    let last = (iberia.fields[3].at(0, 0, 7) + 2.0 * iberia.fields[3].at(0, 0, 8)) / 3.0;
    assert!((last / 100.0 - f64::from(slp[383])).abs() < 1e-3);
    let normalised = iberia.input(0, &statement);
    assert!(normalised.iter().all(|z| z.abs() < 12.0));
}

#[test]
fn blocks_are_years_and_the_last_days_are_in_none() {
    let iberia = open();
    let n = |part| iberia.days_of(part).len();
    assert_eq!([Part::Training, Part::Validation, Part::Test].map(n), [8_766, 1_461, 1_425]);
    assert_eq!(part(date(2010, 11, 26)), None);
    let statement = bare_statement();
    let day = iberia.find("2010-11-26").unwrap();
    // What the file does not have is missing, and nothing else.
    let is_missing = |map: usize| {
        iberia.values(day, &statement)[map * 384..(map + 1) * 384].iter().all(|v| v.is_nan())
    };
    assert_eq!(
        (0..12).filter(|&map| is_missing(map)).collect::<Vec<_>>(),
        [0, 1, 2, 3, 4, 5, 6, 8, 9, 10]
    );
}

#[test]
fn damaged_files_end_in_an_error() {
    let copy = tempfile::tempdir().unwrap();
    let write = |name: &str, bytes: &[u8]| std::fs::write(copy.path().join(name), bytes).unwrap();
    let fields = std::fs::read(folder().join(FIELDS)).unwrap();
    let rain = std::fs::read_to_string(folder().join(RAIN)).unwrap();
    let error = || Iberia::open(copy.path()).err().unwrap().to_string();
    write(FIELDS, &fields[..fields.len() / 2]);
    write(RAIN, rain.as_bytes());
    assert!(error().contains("damaged or cut off"), "{}", error());
    write(FIELDS, &fields);
    write(RAIN, &rain.as_bytes()[..100_000]);
    assert!(error().contains("cut off"), "{}", error());
    write(RAIN, rain.replacen("SP000008181,SP000008202", "SP000008202,SP000008181", 1).as_bytes());
    assert!(error().contains("its first line is"), "{}", error());
    write(RAIN, rain.replacen("19790102", "19790103", 1).as_bytes());
    assert!(error().contains("where the fields are of 1979-01-02"), "{}", error());
    write(RAIN, rain.replacen(",1.5,", ",-1.5,", 1).as_bytes());
    assert!(error().contains("which is no amount of rain"), "{}", error());
}

/// In the calibration years, the regression is better than the climatology, and that better than one number; probabilities
/// of both are about as often right as they say.
#[test]
fn rivals_are_worth_their_name() {
    let iberia = open();
    for threshold in THRESHOLDS_MM {
        let climatology = Climatology::fit(&iberia, threshold);
        let regressions = Regressions::fit(&iberia, threshold).unwrap();
        let mut brier = [0.0; 2];
        let mut sums = [0.0; 3];
        for day in iberia.days_of(Part::Validation) {
            let both =
                [climatology.probabilities(&iberia, day), regressions.probabilities(&iberia, day)];
            for (gauge, mm) in
                iberia.gauge_rain(day).into_iter().enumerate().filter(|(_, mm)| !mm.is_nan())
            {
                let occurred = f64::from(u8::from(f64::from(mm) >= threshold));
                for (i, rival) in both.iter().enumerate() {
                    brier[i] += (rival[gauge] - occurred).powi(2);
                    sums[i] += rival[gauge];
                }
                sums[2] += occurred;
            }
        }
        println!(
            "{threshold} mm: climatology {:.1}, regression {:.1}, {sums:?}",
            brier[0], brier[1]
        );
        assert!(brier[1] < 0.8 * brier[0], "{threshold}: {brier:?}");
        assert!(
            sums[..2].iter().all(|sum| (sum / sums[2] - 1.0).abs() < 0.25),
            "{threshold}: {sums:?}"
        );
    }
}
