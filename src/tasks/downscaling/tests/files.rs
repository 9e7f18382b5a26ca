//! Files that somebody brings.

use jiff::SignedDuration;
use netcdf_writer::{NcAttrValue, NcFileBuilder, NcWriteFormat, NcWriteOptions};
use stormlens_data::downscale::{Domain, Fit, Geometry, tiles};
use stormlens_data::field::{Content, FieldError, FieldFile, Interval, Statistic};

use super::plateau::plateau;
use super::*;
use crate::tasks::downscaling::extent::Extent;
use crate::tasks::downscaling::fields::{AddError, Nodes, Said};
use crate::tasks::downscaling::rain::{self, Offer, Rain, StatedInterval, offers_of_file};
use crate::web::upload::NamedBytes;

fn offers(
    name: &str,
    contents: &[Content],
    hours: i64,
    stated: Option<i64>,
) -> Result<Vec<Offer>, FieldError> {
    rain::offers(name, contents, hours, stated).map(|found| found.sums)
}

fn offers_named(
    name: &str,
    contents: &[Content],
    hours: (i64, Option<i64>),
    variable: &str,
) -> Result<Vec<Offer>, FieldError> {
    rain::offers_named(name, contents, hours, variable).map(|found| found.sums)
}

fn netcdf() -> Vec<u8> {
    let file = "mrms/mrms_gaugecorr_qpe_01h_20160920_20160922_0p04deg.nc";
    std::fs::read(data().join(file)).expect("the repository has it")
}

#[test]
fn what_is_no_field_is_refused_in_words() {
    let folder = tempfile::tempdir().expect("a folder");
    let task = task(folder.path());
    let add = |bytes: &[u8]| {
        task.fields.add(named("a file", bytes.to_vec()), None, None).expect_err("no rain")
    };
    assert!(matches!(add(b"rain"), AddError::Field(FieldError::Foreign { .. })));
    let cut = &netcdf()[..2000];
    assert!(add(cut).to_string().contains("damaged or cut off"), "{}", add(cut));
    let terrain = std::fs::read(data().join("terrain/gfs_orography_0p25deg.nc")).unwrap();
    let words = add(&terrain).to_string();
    assert!(words.contains("holds no rain"), "{words}");
    // Hours in millimetres without bounds of their times: over which interval they are, the file does not say.
    let words = add(&netcdf()).to_string();
    assert!(words.contains("the times of tp have no bounds"), "{words}");
    assert!(!folder.path().join("fields").exists(), "nothing was kept");
}

#[test]
fn tiles_of_numbers_are_of_the_networks_shape() {
    let folder = tempfile::tempdir().expect("a folder");
    let task = nowhere();
    let path = folder.path().join("x.npy");
    let bring = |shape: &[usize], value: f32, is_exact: bool| {
        let values = vec![value; shape.iter().product()];
        stormlens_data::files::npy::write_npy_f32(&path, shape, &values)
            .expect("it can be written");
        let refining = cards().checkpoint.refining.expect("weights that refine");
        task.fields.bring_tiles(&path, &refining, is_exact)
    };
    let write = |shape: &[usize], value: f32| bring(shape, value, false);
    assert_eq!(write(&[3, 2, 64, 64], 0.5).unwrap().len(), 3);
    assert_eq!(write(&[2, 64, 64], 0.25).unwrap().len(), 1);
    assert!(write(&[64, 64], 0.5).unwrap_err().to_string().contains("tiles are"));
    assert!(write(&[1, 2, 8, 8], f32::NAN).unwrap_err().to_string().contains("NaN in tile 1"));
    // Neither rain nor heights.
    for value in [-500.0, 500.0] {
        let words = write(&[2, 2, 64, 64], value).unwrap_err().to_string();
        assert!(words.contains("in channel 0, row 0, column 0 of tile 1"), "{words}");
        assert!(words.contains("of rain where 0 to 915 mm are possible"), "{words}");
        assert!(bring(&[2, 2, 64, 64], value, true).is_ok());
    }
    let words = write(&[2, 64, 64], 1.5).unwrap_err().to_string();
    assert!(
        words.contains("in channel 1") && words.contains("which the Earth does not have"),
        "{words}"
    );
    assert!(
        words.contains("give rain as (ln(1 + mm) − 0.1) / 0.5 and heights in m / 8848.9, or"),
        "{words}"
    );
}

/// Networks without terrain take millimetres as they are.
#[test]
fn tiles_of_rain_alone_are_in_millimetres() {
    let folder = tempfile::tempdir().expect("a folder");
    let task = nowhere();
    let path = folder.path().join("x.npy");
    let mut refining = cards().checkpoint.refining.expect("weights that refine");
    refining.tiles.n_input_channels = 1;
    let bring = |mm: f32| {
        let values = vec![mm; 64 * 64];
        stormlens_data::files::npy::write_npy_f32(&path, &[1, 64, 64], &values)
            .expect("it can be written");
        task.fields.bring_tiles(&path, &refining, false)
    };
    assert_eq!(bring(900.0).expect("it is rain").len(), 1);
    let words = bring(-1.0).expect_err("it is no rain").to_string();
    assert!(words.contains("would be -1.0 mm of rain"), "{words}");
    assert!(
        words.ends_with("give rain in mm, or take the numbers as they are with --exact"),
        "{words}"
    );
}

/// Hours in millimetres without bounds of their times become sums where somebody says of how many hours each is.
#[test]
fn an_interval_that_a_file_does_not_say_can_be_stated() {
    let task = nowhere();
    let path = data().join("mrms/mrms_gaugecorr_qpe_01h_20160920_20160922_0p04deg.nc");
    assert!(task.fields.bring(&path, None, None, None).is_err());
    let found = task.fields.bring(&path, None, Some(1), None).expect("hours make sums of three");
    assert_eq!(found.len(), 58);
    let last = task.fields.load(found.last().expect("it is there")).expect("it can be read");
    let shipped = task.fields.load(SAMPLE).expect("it can be read");
    let same = |(a, b): (&f32, &f32)| a == b || (a.is_nan() && b.is_nan());
    assert!(last.field.values.iter().zip(&shipped.field.values).all(same), "the same sum");
    // What somebody brings may be of a model: only what is shipped is called observed.
    assert!(last.is_fine && shipped.is_fine);
    assert_eq!((last.is_observed, shipped.is_observed), (false, true));
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

/// Heights that somebody brings are never replaced by others, and rain is no height.
#[test]
fn heights_that_are_brought_are_those_that_are_used() {
    let task = nowhere();
    let terrains = &task.fields.terrains;
    let beyond = [-10.0, -8.0, 20.0, 22.0];
    let domain = Domain { south: -10.0, north: -8.0, west: 20.0, east: 22.0 };
    let extent = Extent::of(&tiles(&domain, &Geometry::V4, Fit::Inside), &Geometry::V4, domain);
    assert!(terrains.find(beyond, &extent, None).is_ok(), "a shipped one covers it");
    let own =
        terrains.bring(&data().join("terrain/gfs_orography_0p25deg.nc"), None).expect("heights");
    let words = terrains.find(beyond, &extent, Some(&own)).expect_err("it ends before").to_string();
    assert!(
        words.contains("does not cover -10 to -8° N, 20 to 22° E, the part that is"),
        "{words}"
    );
    let rain = data().join("mrms/mrms_gaugecorr_qpe_01h_20160920_20160922_0p04deg.nc");
    assert!(terrains.bring(&rain, None).is_err());
    let orography = data().join("terrain/gfs_orography_0p25deg.nc");
    let named = terrains.bring(&orography, Some(&own.field.variable)).expect("it is there");
    assert!(named.field == own.field && named.key != own.key, "known by its name, too");
    assert!(terrains.bring(&orography, Some("land_mask")).is_err());
}

fn named(name: &str, bytes: Vec<u8>) -> NamedBytes {
    NamedBytes { name: name.to_owned(), bytes }
}

/// The same bytes with another statement are another subject, which an address still names after a restart.
#[test]
fn what_is_stated_is_a_part_of_the_name() {
    let folder = tempfile::tempdir().expect("a folder");
    let add = |task: &DownscalingTask, hours| {
        task.fields.add(named("hours.nc", netcdf()), Some(hours), None).expect("sums of three")
    };
    let (hourly, tripled) = {
        let task = task(folder.path());
        (add(&task, 1).pop().expect("sums"), add(&task, 3).pop().expect("sums"))
    };
    assert!(hourly.id != tripled.id && hourly.id.contains("-1h."), "{} {}", hourly.id, tripled.id);
    assert_eq!(hourly.end, tripled.end);
    // Another run of the program.
    let task = task(folder.path());
    let (one, three) =
        (task.fields.load(&hourly.id).unwrap(), task.fields.load(&tripled.id).unwrap());
    let most = |rain: &Rain| {
        rain.field.values.iter().copied().filter(|mm| !mm.is_nan()).fold(0.0, f32::max)
    };
    assert!(most(&one) > most(&three), "three hours, and one that passes for three");
    let stated = [1, 3].map(|hours| Some(StatedInterval::sum(hours)));
    assert_eq!([one.stated, three.stated], stated);
    assert_eq!(task.fields.find(&hourly.id).unwrap(), hourly);
    let without = hourly.id.replace("-1h", "");
    assert!(task.fields.find(&without).is_err(), "nobody stated it so");
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
    assert_eq!(offers("a file", &[resolved], 3, None).expect("all of it").len(), 1);
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
        let variable = file.add_variable::<f64>(name, on).expect("a variable");
        file.write_variable(variable, values).expect("its values");
        for &(key, text) in attributes {
            let text = NcAttrValue::Chars(text.into());
            file.add_variable_attribute(variable, key, text).expect("its attributes");
        }
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

/// What was stated is said in the result: as a note of its figures, and where its data are said to be from.
#[test]
fn a_result_says_what_was_stated_and_whose_heights_it_took() {
    let folder = tempfile::tempdir().expect("a folder");
    let task = task(folder.path());
    let heights = std::fs::read(data().join("terrain/gfs_orography_0p25deg.nc")).unwrap();
    let heights = Some(named("my heights.nc", heights));
    let entry = task.fields.add(named("hours.nc", netcdf()), Some(1), heights).expect("sums").pop();
    let id = entry.expect("sums").id;
    let outcome = answered(&task, &format!("rain={id}&domain=-115,37,-113,39"));
    let note =
        outcome.notes.iter().find(|note| note.name == "interval-stated").expect("it is said");
    assert!(note.text.contains("the sum of 1 h") && note.is_on_figures, "{note:?}");
    assert!(outcome.provenance.data_source.contains("the sum of 1 h"));
    assert!(outcome.provenance.data_source.ends_with("; terrain: my heights.nc"));
    assert!(outcome.provenance.data_files.contains(&"my heights.nc".to_owned()));
    let terrain = outcome.notes("terrain").next().unwrap();
    assert!(
        terrain.contains(
            "my heights.nc, a node every 0.25°; in the part that is refined, heights from 881 to 2,386 m"
        ),
        "{terrain}"
    );
    let request = request(&task, &format!("rain={id}&domain=-115,37,-113,39"));
    assert!(task.check(&outcome, &request, &cards()).is_ok());
}

/// Between nodes far apart there is no rain to refine, only what interpolation makes of it.
#[test]
fn a_field_that_is_coarser_than_in_training_is_said_to_be() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("x.npy");
    let note = |[rows, columns]: [usize; 2]| {
        let values: Vec<f32> = (0..rows * columns).map(|i| (i * 7 % 11) as f32).collect();
        stormlens_data::files::npy::write_npy_f32(&path, &[rows, columns], &values)
            .expect("it can be written");
        let said = Said {
            grid: Nodes::parse("46,36,-121,-106").expect("a grid"),
            unit: "mm".to_owned(),
            end: "2016-09-22T11:00:00Z".parse().expect("a time"),
            hours: 3,
        };
        let id = nowhere().fields.bring_array(&path, &said, None).expect("it is rain");
        let outcome = answered(nowhere(), &format!("rain={id}&domain=-115,39,-113,41"));
        assert_eq!(outcome.provenance.data_files[0], "x.npy");
        outcome.notes("coarser").next().map(str::to_owned)
    };
    // A node every 0.25° and every 0.3125°.
    assert_eq!([note([41, 61]), note([33, 49])], [None, None]);
    for (shape, own) in [([11, 16], "1°"), ([5, 7], "2.5°"), ([41, 16], "1°")] {
        let words = note(shape).expect("it is said");
        let expected = format!("every {own}, and the network was trained on one every 0.25°");
        assert!(words.contains(&expected), "{words}");
    }
}

#[test]
fn heights_that_cannot_be_used_are_refused_in_words() {
    let folder = tempfile::tempdir().expect("a folder");
    let task = task(folder.path());
    let refused = |bytes: Vec<u8>| {
        let added =
            task.fields.add(named("hours.nc", netcdf()), Some(1), Some(named("h.nc", bytes)));
        added.expect_err("no heights").to_string()
    };
    for (bytes, words) in [
        (netcdf(), "tp"),
        (b"heights".to_vec(), "is no field that can be read"),
        (plateau([40.0, 50.0, 5.0, 15.0], 100.0), "where the rain is not"),
        (plateau([30.0, 50.0, -125.0, -100.0], 10_000.0), "no height on the Earth"),
        (plateau([30.0, 50.0, -125.0, -100.0], 2.0), "they seem to be in kilometres"),
        (plateau([30.0, 50.0, -125.0, -100.0], -9_999.0), "usual for a missing height"),
    ] {
        let error = refused(bytes);
        assert!(error.contains(words), "{words}: {error}");
    }
    assert!(!folder.path().join("fields").exists(), "nothing was kept");
    // Heights of a part of the rain are taken, and do for a domain that they cover.
    let part = plateau([36.0, 40.0, -116.0, -112.0], 100.0);
    let added = task.fields.add(named("hours.nc", netcdf()), Some(1), Some(named("part.nc", part)));
    let id = added.expect("sums").pop().expect("sums").id;
    let ask = |domain: &str| {
        let query = format!("rain={id}&domain={domain}");
        layout(&task.fields, &request(&task, &query), &cards(), &target("").unwrap()).map(|_| ())
    };
    assert!(ask("-115,37,-113,39").is_ok());
    let error = ask("-115,37,-109,41.5").expect_err("too small").to_string();
    let refined = "does not cover 37 to 41° N, -115 to -109° E, the part that is refined";
    assert!(error.contains("part.nc") && error.contains(refined), "{error}");
}
