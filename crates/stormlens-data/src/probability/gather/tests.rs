//! Variables of GRIB, whole and wrong.

mod moments;
mod netcdf;
mod rain;

use super::*;
use crate::card::FieldVariable;
use crate::field::Level;
use crate::field::grib::testing::Draft;
use crate::field::testing::golden;
use crate::probability::times;

const TIME: &str = "2024-05-01T03:00:00Z";

fn time() -> Timestamp {
    TIME.parse().unwrap()
}

/// Nodes between those of the files, which go from 40 to 37° N and from 10 to 13° E.
fn statement(variables: Vec<FieldVariable>) -> FieldStatement {
    let with_statistics = |variable: FieldVariable| FieldVariable {
        mean: Some(variable.mean.unwrap_or(0.0)),
        standard_deviation: Some(variable.standard_deviation.unwrap_or(1.0)),
        ..variable
    };
    FieldStatement {
        variables: variables.into_iter().map(with_statistics).collect(),
        size: [2, 3],
        latitudes: vec![39.5, 37.5],
        longitudes: vec![10.0, 11.5, 13.0],
        padded_channels: 0,
        hours: 3,
        ..FieldStatement::published()
    }
}

fn variable(name: &str) -> FieldVariable {
    let published = FieldStatement::published();
    let extra =
        FieldVariable::new("Q850", FieldQuantity::SpecificHumidity, Level::hpa(850), "g kg-1");
    let all = published.variables.into_iter().chain([extra]);
    all.into_iter().find(|variable| variable.name == name).expect("one of the published")
}

/// `(reference + 10 row + column) / 10` on 4 × 4 nodes at [`TIME`].
fn draft([category, number]: [u8; 2], level: (u8, u32), reference: f32) -> Draft {
    let packed: Vec<u16> = (0..16).map(|i| 10 * (i / 4) + i % 4).collect();
    Draft {
        category,
        number,
        level,
        reference,
        hours: [3, 3],
        height: 4,
        width: 4,
        ..Draft::rain([3, 3], &packed)
    }
}

fn files(drafts: &[Draft]) -> Vec<FieldFile> {
    let bytes: Vec<u8> = drafts.iter().flat_map(Draft::bytes).collect();
    vec![FieldFile::from_bytes("a.grib2", bytes).unwrap()]
}

const T: [u8; 2] = [0, 0];
const RH: [u8; 2] = [1, 1];
const Q: [u8; 2] = [1, 0];
const Z: [u8; 2] = [3, 4];
const HGT: [u8; 2] = [3, 5];
const PRMSL: [u8; 2] = [3, 1];
const HPA_850: (u8, u32) = (100, 85_000);
const HPA_500: (u8, u32) = (100, 50_000);

fn error(result: Result<GatheredFields, FieldError>) -> String {
    result.unwrap_err().to_string()
}

#[test]
fn fields_of_grib_come_onto_the_grid_with_their_units() {
    let mut pressure = variable("SLP");
    pressure.unit = "hPa".into();
    let mut celsius = variable("T850");
    (celsius.unit, celsius.mean, celsius.standard_deviation) =
        ("degC".into(), Some(10.0), Some(2.0));
    let statement = statement(vec![celsius, variable("RH850"), pressure, variable("GPH500")]);
    let files = files(&[
        draft(T, HPA_850, 2_800.0),
        draft(RH, HPA_850, 600.0),
        draft(PRMSL, (101, 0), 1_013_000.0),
        // 5500 gpm as a geopotential.
        draft(Z, HPA_500, 5_500.0 * 98.0665),
    ]);
    let found = gather(&files, &statement, time()).unwrap();
    assert!(found.hidden(&statement).is_empty(), "{:?}", found.hidden(&statement));
    let check = |i: usize, expected: f64| {
        let value = f64::from(found.values[i]);
        assert!(
            (value - expected).abs() < 1e-3 * expected.abs().max(0.1),
            "{i}: {value}, not {expected}"
        );
    };
    // Half-way between the first two rows, in the first column: (0 + 10) / 2 tenths more than the reference.
    check(0, 280.5 - 273.15);
    check(1, 280.65 - 273.15);
    check(3, 282.5 - 273.15);
    check(6, 60.5);
    check(12, 101_300.5 / 100.0);
    check(18, 5_500.0 + 0.5 / 9.80665);
    let input = found.input(&statement);
    assert!((input[0] - ((280.5 - 273.15 - 10.0) / 2.0) as f32).abs() < 1e-4);
    let Found::Present { source, unit, grid, n_missing: 0, .. } = &found.found[0] else {
        panic!("{:?}", found.found[0])
    };
    assert!(source.contains("NCEP t, a.grib2, converted from K to degC"), "{source}");
    assert_eq!((unit.as_str(), grid.as_str()), ("K", "4 × 4 nodes, 37 to 40° N, 10 to 13° E"));
}

#[test]
fn what_is_missing_is_hidden_and_said() {
    let statement = statement(vec![variable("T850"), variable("RH850"), variable("RAIN")]);
    let check = |drafts: &[Draft], words: &[&str]| {
        let found = gather(&files(drafts), &statement, time()).unwrap();
        let hidden = found.hidden(&statement).join("; ");
        assert!(words.iter().all(|word| hidden.contains(word)), "{hidden}");
        assert!(found.values[6..12].iter().all(|value| value.is_nan()));
        assert!(found.values[..6].iter().all(|value| value.is_finite()));
    };
    let there = draft(T, HPA_850, 2_800.0);
    check(
        std::slice::from_ref(&there),
        &["RH850: no file has relative humidity", "RAIN: no file has rain"],
    );
    // A part of the rain.
    check(
        &[there.clone(), draft([1, 10], (1, 0), 10.0)],
        &["RAIN: no file has rain: acpcp is only the convective part of the rain"],
    );
    // At another level.
    check(
        &[there.clone(), draft(RH, (100, 70_000), 600.0)],
        &["RH850: no file has relative humidity at 850 hPa; there is relative humidity at 700 hPa"],
    );
    // The other humidity.
    check(
        &[there.clone(), draft(Q, HPA_850, 0.05)],
        &["there is specific humidity, which is not relative humidity"],
    );
    // Of another time.
    let late = Draft { hours: [6, 6], ..draft(RH, HPA_850, 600.0) };
    check(
        &[there.clone(), late],
        &[
            "RH850: no file has relative humidity, 850 hPa at 2024-05-01 03:00 UTC; the nearest is at 2024-05-01 06:00 UTC",
        ],
    );
    // Without a value.
    let empty = Draft { bitmap: Some(vec![0, 0]), packed: vec![], ..draft(RH, HPA_850, 600.0) };
    check(&[there, empty], &["RH850: NCEP r, a.grib2 holds no data there: all values are missing"]);
}

#[test]
fn a_missing_node_is_missing_and_no_other() {
    let statement = statement(vec![variable("T850")]);
    let whole = draft(T, HPA_850, 2_800.0);
    let packed = whole.packed[1..].to_vec();
    let found = gather(
        &files(&[Draft { bitmap: Some(vec![0x7f, 0xff]), packed, ..whole }]),
        &statement,
        time(),
    )
    .unwrap();
    let missing: Vec<bool> = found.values.iter().map(|value| value.is_nan()).collect();
    assert_eq!(missing, [true, false, false, false, false, false]);
    assert!(matches!(found.found[0], Found::Present { n_missing: 1, .. }));
}

#[test]
fn what_cannot_be_right_is_an_error() {
    let check = |drafts: &[Draft], name: &str, words: &str| {
        let all = statement(vec![variable(name)]);
        let error = error(gather(&files(drafts), &all, time()));
        assert!(error.contains(words), "{error}");
    };
    // Degrees Celsius in a file that says K; a share that says percent; a level that is another one.
    check(
        &[draft(T, HPA_850, 100.0)],
        "T850",
        "where 150 to 345 K are possible: its unit or its level is another one",
    );
    check(&[draft(RH, HPA_850, -30.0)], "RH850", "its values look like a share of 1");
    check(
        &[draft(HGT, HPA_500, 14_500.0)],
        "GPH500",
        "holds 1453.0000 m of geopotential height, 500 hPa",
    );
    // A geopotential that says it is a height.
    check(&[draft(HGT, HPA_500, 539_000.0)], "GPH500", "its unit or its level is another one");
    // Two members, or two forecasts.
    let twice = draft(T, HPA_850, 2_800.0);
    check(&[twice.clone(), twice.clone()], "T850", "two fields are temperature, 850 hPa at");
    // Nothing at all.
    check(&[twice], "RH850", "none of the network's variables is there: RH850: no file has");
}

/// Over land that a network does not take, a field may hold what it likes.
#[test]
fn codes_outside_of_the_area_are_no_fault() {
    let with_code = |draft: Draft, place: usize, packed: u16| {
        let mut packed_values = draft.packed.clone();
        packed_values[place] = packed;
        Draft { packed: packed_values, ..draft }
    };
    let at = |names: [&str; 1], latitudes: [f64; 2]| FieldStatement {
        latitudes: latitudes.to_vec(),
        ..statement(names.map(variable).to_vec())
    };
    // The nodes in the south lie at 37° N: 999 K, and 999 mm of an hour.
    let warm = with_code(draft(T, HPA_850, 2_800.0), 13, 9_990 - 2_800);
    let hour =
        |from: u32| Draft { height: 4, width: 4, ..Draft::rain([from, from + 1], &[30; 16]) };
    let wet = [hour(0), with_code(hour(1), 13, 9_990), hour(2)];
    for (name, drafts) in [("T850", &[warm][..]), ("RAIN", &wet[..])] {
        let taken = gather(&files(drafts), &at([name], [39.5, 38.5]), time()).expect(name);
        assert!(taken.values.iter().all(|value| value.is_finite()), "{name}");
        let words = error(gather(&files(drafts), &at([name], [39.5, 37.5]), time()));
        assert!(words.contains("holds 999"), "{words}");
    }
    // What is negative is refused where it is taken, a usual code or not.
    let below = |draft: Draft| {
        with_code(Draft { reference: -999.0, packed: vec![1_029; 16], ..draft }, 13, 4)
    };
    let wet = files(&[hour(0), below(hour(1)), hour(2)]);
    let taken = gather(&wet, &at(["RAIN"], [39.5, 38.5]), time()).expect("rain");
    assert!(taken.values.iter().all(|mm| (mm - 9.0).abs() < 1e-3), "{:?}", taken.values);
    let words = error(gather(&wet, &at(["RAIN"], [39.5, 37.5]), time()));
    assert!(words.contains("holds -99.") && words.contains("rain is never negative"), "{words}");
    // What is named as wrong lies where the network takes it, too.
    let cold = with_code(draft(T, HPA_850, 100.0), 12, 4_321 - 100);
    let words = error(gather(&files(&[cold]), &at(["T850"], [39.5, 38.5]), time()));
    assert!(words.contains("are possible") && !words.contains("432.1"), "{words}");
}

#[test]
fn another_grid_is_refused_in_numbers() {
    let files = files(&[draft(T, HPA_850, 2_800.0)]);
    let mut wide = statement(vec![variable("T850")]);
    wide.longitudes = vec![10.0, 12.0, 20.0];
    let words = error(gather(&files, &wide, time()));
    assert!(
        words.contains(
            "goes from 37 to 40° N, 10 to 13° E, which does not cover 37.5 to 39.5° N, 10 to 20° E"
        ),
        "{words}"
    );
    let words = error(gather(&files, &FieldStatement::published(), time()));
    assert!(words.contains("do not say where their grid lies"), "{words}");
    let mut bare = statement(vec![variable("T850")]);
    bare.variables[0].mean = None;
    bare.variables[0].standard_deviation = None;
    assert!(error(gather(&files, &bare, time())).contains("do not say with which means"));
}

#[test]
fn rain_is_the_sum_of_the_hours() {
    let statement = statement(vec![variable("T850"), variable("RAIN")]);
    let hour =
        |from: u32| Draft { height: 4, width: 4, ..Draft::rain([from, from + 1], &[30; 16]) };
    let there = draft(T, HPA_850, 2_800.0);
    let found =
        gather(&files(&[there.clone(), hour(0), hour(1), hour(2)]), &statement, time()).unwrap();
    assert!(found.values[6..].iter().all(|mm| (mm - 9.0).abs() < 1e-5), "{:?}", found.values);
    let found = gather(&files(&[there, hour(1), hour(2)]), &statement, time()).unwrap();
    let hidden = found.hidden(&statement).join("");
    assert!(
        hidden.contains("RAIN: rain of 3 h until 2024-05-01 03:00 UTC cannot be made"),
        "{hidden}"
    );
}

/// Times are those of fields at the level, with the number of variables; hours of rain between them are none.
#[test]
fn times_are_known_before_anything_is_decoded() {
    let at = |hour: u32, draft: Draft| Draft { hours: [hour, hour], ..draft };
    let hour =
        |from: u32| Draft { height: 4, width: 4, ..Draft::rain([from, from + 1], &[30; 16]) };
    let temperature = draft(T, HPA_850, 2_800.0);
    let drafts = [
        temperature.clone(),
        draft(RH, HPA_850, 600.0),
        at(6, temperature),
        // At a level that nobody asks for.
        at(9, draft(RH, HPA_500, 600.0)),
        hour(1),
        hour(2),
    ];
    let statement = statement(vec![variable("T850"), variable("RH850"), variable("RAIN")]);
    let later: Timestamp = "2024-05-01T06:00:00Z".parse().unwrap();
    // Of three hours of rain one is not there.
    assert_eq!(times(&files(&drafts), &statement), [(time(), 2), (later, 1)]);
    let whole = [&drafts[..], &[hour(0)]].concat();
    assert_eq!(times(&files(&whole), &statement), [(time(), 3), (later, 1)]);
    // Rain alone has its own.
    let hours = times(&files(&drafts[4..]), &statement);
    assert_eq!(hours.iter().map(|(_, n)| *n).collect::<Vec<_>>(), [1, 1]);
    // Moments are no means of a day.
    let daily = FieldStatement { mean_hours: Some(24), ..statement };
    assert_eq!(times(&files(&drafts[..4]), &daily), []);
}

/// Fields of ARPEGE in edition 1: what there is of the sixteen comes with its level.
#[test]
fn real_fields_of_edition_1_are_recognised() {
    let Some(folder) = golden("../data/meteonet/nwp") else { return };
    let open = |name: &str| FieldFile::open(&folder.join(name)).unwrap();
    let files = [
        open("arpege_2m_NW_20180501000000.grib"),
        open("arpege_10m_NW_20180501000000.grib"),
        open("arpege_P_sea_level_NW_20180501000000.grib"),
        open("arpege_PRECIP_NW_20180501000000.grib"),
    ];
    let mut all = statement(["T2", "U10", "V10", "SLP", "RH850", "RAIN"].map(variable).to_vec());
    (all.latitudes, all.longitudes) = (vec![51.0, 47.0], vec![-5.0, -2.0, 1.5]);
    let noon = "2018-05-01T12:00:00Z".parse().unwrap();
    let found = gather(&files, &all, noon).unwrap();
    let hidden = found.hidden(&all);
    assert!(
        hidden.len() == 1
            && hidden[0].starts_with(
                "RH850: no file has relative humidity at 850 hPa; there is relative humidity at 2 m"
            ),
        "{hidden:?}"
    );
    assert!(found.values[..24].iter().chain(&found.values[30..]).all(|value| value.is_finite()));
    assert!(
        (275.0..295.0).contains(&found.values[0])
            && (99_000.0..104_000.0).contains(&found.values[18])
    );
}

/// Sums cut negative amounts off, so what no packing makes of nothing has to be refused before.
#[test]
fn negative_rain_is_no_dry_day() {
    let rain = |tenths: i32| {
        let draft = Draft { height: 4, width: 4, ..Draft::rain([0, 3], &[0; 16]) };
        Draft { reference: tenths as f32, ..draft }
    };
    let statement = FieldStatement { hours: 3, ..statement(vec![variable("RAIN")]) };
    let error = error(gather(&files(&[rain(-200)]), &statement, time()));
    assert!(
        error.contains("holds -20 kg m-2 in row 0") && error.contains("rain is never negative"),
        "{error}"
    );
    let dry = gather(&files(&[rain(-3)]), &statement, time()).unwrap();
    assert!(dry.values.iter().all(|mm| *mm == 0.0), "what packing leaves is nothing");
}
