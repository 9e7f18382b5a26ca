//! Which sums the fields of a file make.

use jiff::SignedDuration;
use netcdf_writer::{NcFileBuilder, NcWriteFormat, NcWriteOptions};
use stormlens_data::field::rain_name::AllRain;
use stormlens_data::field::{Content, FieldError, FieldFile, Interval, Statistic};

use super::files::{named, netcdf};
use super::*;
use crate::tasks::downscaling::rain::{self, Offer, offers_of_file};
use crate::testing_netcdf::add_variable;

fn offers(
    name: &str,
    contents: &[Content],
    hours: i64,
    stated: Option<i64>,
) -> Result<Vec<Offer>, FieldError> {
    rain::offers(name, contents, (hours, stated), AllRain::of(contents)).map(|found| found.sums)
}

fn offers_named(
    name: &str,
    contents: &[Content],
    hours: (i64, Option<i64>),
    variable: &str,
) -> Result<Vec<Offer>, FieldError> {
    rain::offers_named(name, contents, hours, variable).map(|found| found.sums)
}

/// Hours of two forecasts are two sums that can be told apart, and never one.
#[test]
fn sums_of_different_forecasts_stay_apart() {
    let path = data().join("mrms/mrms_gaugecorr_qpe_01h_20160920_20160922_0p04deg.nc");
    let file = FieldFile::open(&path).expect("the repository has it");
    let run = |hour: usize, hours_ahead: i64| {
        let mut content = file.contents()[hour].clone();
        let end = content.interval.expect("it has a time").end;
        content.reference_time = Some(end - SignedDuration::from_hours(hours_ahead));
        content
    };
    let two: Vec<Content> = (0..3).flat_map(|hour| [run(hour, 6), run(hour, 18)]).collect();
    // Each hour began six hours after its own forecast, so no two are of one.
    assert!(offers("a file", &two, 3, Some(1)).is_err());
    let both: Vec<Content> =
        (0..3).flat_map(|hour| [run(hour, 6 + hour as i64), run(hour, 18 + hour as i64)]).collect();
    let found = offers("a file", &both, 3, Some(1)).expect("two sums");
    assert_eq!(found.len(), 2);
    assert_eq!((found[0].end, found[0].places.len()), (found[1].end, 3));
    assert!(found[0].what != found[1].what && found[0].what.contains("forecast of"), "{found:?}");
}

/// What a file says of itself cannot be stated otherwise.
#[test]
fn a_statement_that_changes_nothing_is_refused() {
    let file = FieldFile::from_bytes("a file", netcdf()).expect("the repository has it");
    let mut contents = file.contents()[..3].to_vec();
    for content in &mut contents {
        let end = content.interval.expect("it has a time").end;
        content.interval = Some(Interval::accumulation(end - SignedDuration::from_hours(1), end));
    }
    assert_eq!(offers("a file", &contents, 3, None).expect("a sum").len(), 1);
    let words = offers("a file", &contents, 3, Some(1)).unwrap_err().to_string();
    assert!(words.contains("says itself over which intervals"), "{words}");
}

/// The standard name of CF says what it is, whatever people call it.
#[test]
fn rain_is_known_by_its_standard_name() {
    let file = FieldFile::from_bytes("a file", netcdf()).expect("the repository has it");
    let mut content = file.contents()[0].clone();
    let end = content.interval.expect("it has a time").end;
    content.interval = Some(Interval::accumulation(end - SignedDuration::from_hours(3), end));
    (content.variable, content.title) = ("x".to_owned(), "gauge analysis".to_owned());
    content.standard_name = "lwe_thickness_of_precipitation_amount".to_owned();
    assert_eq!(offers("a file", &[content.clone()], 3, None).expect("a sum").len(), 1);
    content.standard_name = "air_temperature".to_owned();
    let words = offers("a file", &[content], 3, None).unwrap_err().to_string();
    assert!(words.contains("holds no rain"), "{words}");
}

/// A sum of the file in the repository with another name and other hours.
fn sum_of(variable: &str, from: i64, to: i64) -> Content {
    let file = FieldFile::from_bytes("a file", netcdf()).expect("the repository has it");
    let first = file.contents()[0].clone();
    let begin = first.interval.expect("it has a time").end;
    let at = |hours: i64| begin + SignedDuration::from_hours(hours);
    Content {
        variable: variable.to_owned(),
        title: String::new(),
        standard_name: String::new(),
        interval: Some(Interval::accumulation(at(from), at(to))),
        ..first
    }
}

/// Convective rain alone is less than what falls, and what falls beside it is, too.
#[test]
fn a_part_of_the_rain_is_not_taken_for_all_of_it() {
    let [cp, lsp, tp] = ["acpcp", "ncpcp", "tp"].map(|name| sum_of(name, 0, 3));
    for parts in [vec![cp.clone()], vec![cp.clone(), lsp.clone()]] {
        let words = offers("a file", &parts, 3, None).unwrap_err().to_string();
        assert!(words.contains("has only parts of the rain, such as acpcp"), "{words}");
    }
    let all = [cp.clone(), lsp.clone(), tp];
    let found = offers("a file", &all, 3, None).expect("the total");
    assert_eq!(found.iter().map(|offer| offer.variable.as_str()).collect::<Vec<_>>(), ["tp"]);
    // Large-scale rain alone is a part, too; what a model that resolves convection publishes is all of it.
    let words = offers("a file", &[lsp], 3, None).unwrap_err().to_string();
    assert!(words.contains("has only parts of the rain, such as ncpcp"), "{words}");
    let resolved = sum_of("prec_acc_nc", 0, 3);
    let found = offers("a file", &[resolved], 3, None).expect("all of it");
    assert_eq!(found.len(), 1);
    assert!(found[0].what.contains("all that its model resolves"), "{}", found[0].what);
    let found = offers_named("a file", &[cp], (3, None), "acpcp").expect("as it was named");
    assert!(found[0].what.contains("only the convective part of the rain"), "{}", found[0].what);
}

/// What is made of rain and is none is refused with the attribute that says so, also under its name.
#[test]
fn what_is_made_of_rain_is_not_taken_for_rain() {
    let mut spread = sum_of("tp", 0, 3);
    spread.said = vec![("cell_methods".to_owned(), "realization: standard_deviation".to_owned())];
    let named = offers_named("a file", &[spread.clone()], (3, None), "tp").unwrap_err();
    let found = offers("a file", &[spread.clone()], 3, None).unwrap_err();
    for words in [named.to_string(), found.to_string()] {
        assert!(
            words.contains("tp (mm) is not rain: its cell_methods are “realization"),
            "{words}"
        );
    }
    // Beside rain it is left out.
    let rain = Content { said: Vec::new(), variable: "apcp".to_owned(), ..spread.clone() };
    let found = offers("a file", &[spread, rain], 3, None).expect("the rain");
    assert_eq!(found.iter().map(|offer| offer.variable.as_str()).collect::<Vec<_>>(), ["apcp"]);
}

/// What begins before the first hour cannot be made either, and says nothing of what is missing.
#[test]
fn of_a_gap_the_interval_that_holds_it_is_said() {
    let hours = [sum_of("tp", 0, 1), sum_of("tp", 1, 2), sum_of("tp", 3, 4)];
    let words = offers("a file", &hours, 3, None).unwrap_err().to_string();
    let second = hours[1].interval.expect("it has one");
    let wanted = format!("rain from {} to ", stormlens_data::time::format_utc(second.start));
    assert!(words.contains(&wanted) && words.contains("a step is missing"), "{words}");
}

/// Rain whose bounds are not there, beside a temperature that is a map, and beside a part of the rain.
fn rain_without_its_bounds(has_part: bool) -> Vec<u8> {
    let mut file = NcFileBuilder::new();
    let sizes = [("time", 1), ("hours", 1), ("lat", 2), ("lon", 2)];
    let [time, hours, lat, lon] =
        sizes.map(|(name, n)| file.add_dimension(name, n).expect("a dimension"));
    let mut add = |name: &str, on: &[_], values: &[f64], attributes: &[(&str, &str)]| {
        add_variable(&mut file, name, (on, values), attributes);
    };
    let since = ("units", "hours since 2024-05-01 00:00:00");
    add("time", &[time], &[3.0], &[since]);
    add("hours", &[hours], &[3.0], &[since, ("bounds", "hours_bnds")]);
    add("lat", &[lat], &[50.0, 51.0], &[("units", "degrees_north")]);
    add("lon", &[lon], &[7.0, 8.0], &[("units", "degrees_east")]);
    add("t2m", &[time, lat, lon], &[280.0; 4], &[("units", "K")]);
    if has_part {
        add("cp", &[time, lat, lon], &[1.0; 4], &[("units", "mm")]);
    }
    add("tp", &[hours, lat, lon], &[1.0; 4], &[("units", "mm")]);
    file.to_vec(NcWriteOptions { format: NcWriteFormat::Nc4 }).expect("it is written").1
}

/// “Holds no rain” would be wrong, and a part of the rain is not what is missing.
#[test]
fn rain_that_is_none_of_the_fields_says_why() {
    let file = FieldFile::from_bytes("a file", rain_without_its_bounds(true)).expect("two maps");
    let words =
        "tp cannot be used: hours names the bounds hours_bnds, which the file does not have";
    for variable in [None, Some("tp"), Some("TP")] {
        let error = offers_of_file("a file", &file, (3, None), variable).unwrap_err().to_string();
        assert!(error.starts_with(&format!("a file: {words}")), "{variable:?}: {error}");
    }
    let error = offers_of_file("a file", &file, (3, None), Some("pr")).unwrap_err().to_string();
    assert!(error.contains("has no field pr; it has: cp (mm), t2m (K)"), "{error}");
    // Where nothing else is rain, it stands behind what there is; an upload says the same.
    let folder = tempfile::tempdir().expect("a folder");
    let bytes = rain_without_its_bounds(false);
    let error = task(folder.path()).fields.add(named("a file", bytes), None, None).unwrap_err();
    let error = error.to_string();
    assert!(
        error.contains("holds no rain") && error.contains(&format!("; also {words}")),
        "{error}"
    );
}

/// One field that is no amount does not spoil the sums of the others.
#[test]
fn a_field_that_is_no_amount_leaves_the_others() {
    let most = |content: Content| {
        let own = content.interval.expect("it has one");
        let interval = Some(Interval { statistic: Statistic::Maximum, ..own });
        Content { interval, ..content }
    };
    let hours = [0, 1, 2].map(|from| sum_of("tp", from, from + 1));
    let all = [&hours[..1], &[most(sum_of("tp", 0, 3))], &hours[1..]].concat();
    let found = offers("a file", &all, 3, None).expect("a sum");
    assert_eq!((found.len(), &found[0].places[..]), (1, &[0, 2, 3][..]));
    // In place of an hour it is a step that is missing, and said.
    let gap = [hours[0].clone(), most(hours[1].clone()), hours[2].clone()];
    let error = offers("a file", &gap, 3, None).unwrap_err().to_string();
    assert!(error.contains("a step is missing") && error.contains("left out: tp (mm)"), "{error}");
    let error = offers("a file", &gap[1..2], 3, None).unwrap_err().to_string();
    assert!(error.contains("tp (mm)") && error.contains("is a maximum"), "{error}");
}

/// Who names a variable knows what it is; its unit still has to be one of rain.
#[test]
fn a_variable_that_is_named_is_believed() {
    let file = FieldFile::from_bytes("a file", netcdf()).expect("the repository has it");
    let mut content = file.contents()[0].clone();
    let end = content.interval.expect("it has a time").end;
    content.interval = Some(Interval::accumulation(end - SignedDuration::from_hours(3), end));
    (content.variable, content.title) = ("x".to_owned(), "gauge analysis".to_owned());
    content.standard_name = "air_temperature".to_owned();
    let other = Content { variable: "t".to_owned(), unit: "K".to_owned(), ..content.clone() };
    let both = [content, other];
    let named = |name: &str| offers_named("a file", &both, (3, None), name);
    let found = named("X").expect("it is there");
    assert_eq!((found.len(), found[0].variable.as_str()), (1, "x"));
    let words = named("t").unwrap_err().to_string();
    assert!(words.contains("is in \"K\", which is no amount of rain"), "{words}");
    let words = named("y").unwrap_err().to_string();
    assert!(words.contains("has no field y") && words.contains("it has: t (K), x (mm)"), "{words}");
}
