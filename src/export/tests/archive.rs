//! The files about a whole result, and single variables.

use super::*;

/// Names and readable contents of an archive.
fn unpacked(bytes: Vec<u8>) -> (Vec<String>, impl FnMut(&str) -> String) {
    let mut archive = zip::ZipArchive::new(Cursor::new(bytes)).expect("a ZIP file");
    let names: Vec<String> =
        archive.file_names().map(|name| name.expect("it is text").into_owned()).collect();
    let text = move |name: &str| {
        let mut text = String::new();
        let mut file = archive.by_name(name).expect("it is there");
        file.read_to_string(&mut text).expect("it is text");
        text
    };
    (names, text)
}

fn check_archive(outcome: &Outcome, card: &ModelCard, figures: &[&str]) {
    let figures: Vec<Figure> = figures.iter().map(|f| f.parse().expect("a figure")).collect();
    let extra = [Extra {
        name: "scores.csv".into(),
        what: "scores of the prediction".into(),
        bytes: b"threshold\n1\n".to_vec(),
    }];
    let style = Style::default();
    let source = Source { extra: &extra, ..source(outcome, card, &style) };
    let (names, mut text) = unpacked(bundle(&source, &figures, 72).expect("an archive"));
    let readme = text("README.txt");
    for name in names.iter().filter(|n| *n != "README.txt") {
        assert!(readme.contains(&format!("\n{name}\n")), "README.txt says what {name} is");
    }
    for figure in &figures {
        let name = figure.to_string().replace(['/', '@'], "_");
        for kind in ["svg", "png", "pdf"] {
            assert!(names.contains(&format!("figures/{name}.{kind}")), "{name}.{kind}");
        }
    }
    for file in FILES.iter().filter(|file| file.name != "bundle.zip") {
        assert!(names.contains(&file.name.to_owned()), "{}", file.name);
    }
    for series in outcome.variables.iter().filter(|variable| variable.plane.is_none()) {
        let table = text(&format!("tables/{}.csv", series.name.replace('/', "_")));
        assert_eq!(table.lines().count(), 1 + series.values.len(), "{}", series.name);
    }
    assert_eq!(text("scores.csv"), "threshold\n1\n");
    let n_lines = 1 + outcome.numbers.len() + outcome.notes.len();
    assert_eq!(text("numbers.csv").lines().count(), n_lines);
    let provenance = json(text("provenance.json").as_bytes());
    assert_eq!(provenance["weights_sha256"], outcome.provenance.weights_sha256);
}

#[test]
fn the_archive_holds_everything() {
    let rain = ["map-prediction", "map-grad_cam/cbam3", "strip-integrated_gradients"];
    check_archive(&outcome(), &testing::card(), &rain);
    let scene = ["map-scene", "map-grad_cam/activation_14", "curve-integrated_gradients/path"];
    check_archive(&scene_outcome(), &testing::scene_card(), &scene);
}

#[test]
fn arrays_have_their_names_shapes_and_provenance() {
    for outcome in [outcome(), scene_outcome()] {
        let bytes = npz(&outcome).expect("an archive");
        let mut archive = zip::ZipArchive::new(Cursor::new(bytes)).expect("a ZIP file");
        let mut check = |name: &str, n_values: usize, shape: String| {
            let mut file = archive.by_name(&format!("{name}.npy")).expect(name);
            let mut bytes = Vec::new();
            file.read_to_end(&mut bytes).expect("it can be read");
            let length = usize::from(u16::from_le_bytes([bytes[8], bytes[9]]));
            let values = bytes.split_off(10 + length);
            let header = String::from_utf8_lossy(&bytes[10..]);
            assert!(header.contains(&format!("'shape': ({shape})")), "{name}: {header}");
            let size = ["u1", "f4", "f8"].iter().find(|kind| header.contains(**kind));
            let size: usize = size.map_or(0, |kind| kind[1..].parse().unwrap());
            assert_eq!(values.len(), n_values * size, "{name}: {header}");
            (bytes, values)
        };
        for variable in &outcome.variables {
            let shape: Vec<String> = variable.shape().iter().map(|n| format!("{n}, ")).collect();
            let shape = match shape.len() {
                1 => shape.concat().replace(", ", ","),
                _ => shape.concat().trim_end_matches(", ").to_owned(),
            };
            let (head, body) = check(&variable.name, variable.values.len(), shape);
            assert!(npy(variable).expect("an array") == [head, body].concat());
        }
        for number in &outcome.numbers {
            let (_, bytes) = check(&number.name, 1, String::new());
            assert_eq!(f64::from_le_bytes(bytes.try_into().expect("eight")), number.value);
        }
        // A text of NumPy: four bytes a character.
        let mut file = archive.by_name("provenance.json.npy").expect("it is there");
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes).expect("it can be read");
        let length = usize::from(u16::from_le_bytes([bytes[8], bytes[9]]));
        let character = |four: &[u8]| char::from_u32(u32::from_le_bytes(four.try_into().unwrap()));
        let text: Option<String> = bytes[10 + length..].chunks(4).map(character).collect();
        let provenance = json(text.expect("a text").as_bytes());
        assert_eq!(provenance["data_sha256"], outcome.provenance.data_sha256);
    }
}

#[test]
fn provenance_tells_all_but_the_arrays() {
    let outcome = outcome();
    let found = json(&provenance_json(&outcome).expect("JSON"));
    assert_eq!(found["request"]["subject"]["sample"], "knmi-201008260455");
    let score = outcome.number("grad_cam/target").expect("it is there");
    assert_eq!(found["numbers"]["grad_cam/target"]["value"], score);
    assert_eq!(found["numbers"]["grad_cam/target"]["unit"], "mm/h");
    let prediction = &found["variables"][1];
    assert_eq!(prediction["name"], "prediction");
    assert_eq!(prediction["shape"], serde_json::json!([1, 288, 288]));
    assert_eq!(prediction["axes"][0]["coordinates"]["minutes"], serde_json::json!([30]));
    let domain = prediction["domain"].as_u64().expect("it has one") as usize;
    assert_eq!(found["domains"][domain]["spacing_km"], 1.0);
    let scene = json(&provenance_json(&scene_outcome()).expect("JSON"));
    assert_eq!(scene["domains"][0]["variant"]["crop_px"], 512);
    assert!(scene["numbers"]["no_data_share"]["value"].as_f64().is_some_and(|share| share > 0.4));
    assert!(scene["variables"][1].get("domain").is_none(), "logits lie nowhere");
}

/// Numbers of a plane of degrees are not called kilometres.
#[test]
fn a_domain_in_degrees_says_so() {
    let mut outcome = outcome();
    for variable in &mut outcome.variables {
        if let stormlens_data::outcome::Domain::Earth(grid) = &mut variable.domain {
            grid.proj4 = "+proj=longlat +R=6371.229".to_owned();
            (grid.spacing_km, grid.west_km, grid.north_km) = (0.01, 5.0, 53.0);
        }
    }
    let found = json(&provenance_json(&outcome).expect("JSON"));
    let domain = &found["domains"][0];
    assert_eq!(domain["spacing_deg"], 0.01);
    assert_eq!(domain["west_deg"], 5.0);
    assert_eq!(domain["north_deg"], 53.0);
    assert!(domain.get("west_km").is_none(), "{domain}");
}

#[test]
fn a_variable_is_a_head_and_floats() {
    let outcome = outcome();
    let prediction = outcome.variable("prediction").expect("it is there");
    let head = json(&json_head(&outcome, prediction).expect("JSON"));
    assert_eq!(head["shape"], serde_json::json!([1, 288, 288]));
    assert_eq!(head["axes"][0]["labels"][0], "+30 min");
    assert_eq!(head["quantity"]["unit"], "mm/h");
    let domain = &head["domain"];
    assert_eq!((&domain["kind"], &domain["size_km"][1]), (&"earth".into(), &288.0.into()));
    let rows = domain["latitudes"].as_array().expect("rows");
    assert_eq!((rows.len(), rows[16].as_array().map(Vec::len)), (17, Some(17)));
    // The outer corners, by PROJ 9.5.1.
    let close = |value: &Value, expected: f64| {
        assert!((value.as_f64().expect("a number") - expected).abs() < 1e-6, "{value}");
    };
    close(&domain["latitudes"][0][0], CORNERS[0][0]);
    close(&domain["longitudes"][0][0], CORNERS[0][1]);
    close(&domain["latitudes"][16][16], CORNERS[1][0]);
    close(&domain["longitudes"][16][16], CORNERS[1][1]);
    let body = float32(prediction);
    let (values, rest) = body.as_chunks::<4>();
    let values: Vec<f32> = values.iter().map(|&value| f32::from_le_bytes(value)).collect();
    assert!(rest.is_empty() && values == prediction.map(0).values);
}

/// Latitude and longitude of the north-west and the south-east corner of the radar's grid.
const CORNERS: [[f64; 2]; 2] = [[53.434_253_106, 3.273_391_285], [50.740_611_650, 6.927_843_049]];

#[test]
fn heads_of_scenes_and_series_tell_what_they_are() {
    let outcome = scene_outcome();
    let head = |name: &str| {
        let variable = outcome.variable(name).expect("it is there");
        json(&json_head(&outcome, variable).expect("JSON"))
    };
    let picture = head("scene");
    assert_eq!(picture["domain"]["centre"]["left"], 144);
    assert_eq!(picture["axes"][0]["labels"], serde_json::json!(["red", "green", "blue"]));
    assert_eq!(float32(outcome.variable("scene").expect("it is there")).len(), 4 * 3 * 800 * 800);
    let probability = head("probability");
    assert_eq!(
        (&probability["domain"]["kind"], &probability["plane"]),
        (&"none".into(), &Value::Null)
    );
}

#[test]
fn what_was_used_is_cited_once() {
    let cited = |outcome: &Outcome, card: &ModelCard, style: &Style| {
        bibtex(outcome, card, testing::methods(), style)
    };
    let check = |text: &str, keys: &[&str], others: &[&str]| {
        keys.iter().for_each(|key| assert_eq!(text.matches(key).count(), 1, "{key}"));
        others.iter().for_each(|key| assert!(!text.contains(key), "{key}"));
    };
    let (rain, scene, style) = (outcome(), scene_outcome(), Style::default());
    let all = ["selvaraju2017", "sundararajan2017", "simonyan2014", "@misc{data"];
    let (card, scene_card) = (testing::card(), testing::scene_card());
    check(&cited(&rain, &card, &style), &all, &["pulkkinen2019pysteps", "grahn2022"]);
    let mut fewer = rain.clone();
    fewer.request.explain.retain(|explain| explain.method != "saliency");
    check(&cited(&fewer, &card, &style), &all[..2], &["simonyan2014"]);
    let coloured = Style { palette: RainPalette::Pysteps, ..style.clone() };
    check(&cited(&rain, &card, &coloured), &["pulkkinen2019pysteps"], &[]);
    check(&cited(&scene, &scene_card, &coloured), &all, &["pulkkinen2019pysteps"]);

    let published = Style { overlay: Overlay::Published, ..style.clone() };
    let one_sign = Style { polarity: Polarity::Negative, ..style.clone() };
    for shown in [&published, &one_sign] {
        check(&cited(&scene, &scene_card, shown), &["{grahn2022polarlows"], &[]);
        check(&cited(&rain, &card, shown), &all, &["grahn2022"]);
    }
    check(&cited(&scene, &scene_card, &style), &all, &["grahn2022"]);
    let mut without = scene.clone();
    without.variables.retain(|v| !v.role.is_by("integrated-gradients"));
    check(&cited(&without, &scene_card, &one_sign), &all, &["grahn2022"]);

    let bibtex = "@article{grahn2022polarlows,\n  title = {Recognition}\n}";
    let citation = Citation { key: "grahn2022polarlows", bibtex, text: "", url: "" };
    let own = ModelCard { citations: Box::leak(Box::new([citation])), ..testing::scene_card() };
    check(&cited(&scene, &own, &published), &["{grahn2022polarlows"], &[]);
}

/// Reference forecasts, rivals, recalibration and scores are by somebody, too; so are they on pages and in NetCDF files.
#[test]
fn whatever_else_is_in_a_result_is_cited() {
    let check = |name: &str, role: Role, axes: &[Axis], keys: &[&str]| {
        let mut outcome = outcome();
        let mut other = outcome.variable("persistence").expect("a reference").clone();
        (other.name, other.role) = (name.to_owned(), role);
        other.axes.splice(0..0, axes.iter().cloned());
        outcome.variables.push(other);
        let text = bibtex(&outcome, &testing::card(), testing::methods(), &Style::default());
        let works = works(&outcome, &testing::card(), testing::methods());
        for key in keys {
            assert_eq!(text.matches(&format!("{{{key},")).count(), 1, "{name}: {key} in {text}");
            assert!(works.iter().any(|work| work.key == *key), "{name}: {key}");
        }
    };
    let reference = || Role::Reference;
    let lagrangian = ["germann2002scale", "lucas1981iterative", "pulkkinen2019pysteps"];
    check("lagrangian_persistence", reference(), &[], &lagrangian);
    check("s_prog", reference(), &[], &["seed2003dynamic", "pulkkinen2019pysteps"]);
    check("steps_mean", reference(), &[], &["bowler2006steps", "seed2003dynamic"]);
    check("rainfarm_mean", reference(), &[], &["rebora2006rainfarm"]);
    check(
        "rainfarm_orographic",
        reference(),
        &[],
        &["rebora2006rainfarm", "terzago2018stochastic"],
    );
    check("fractions_skill_score", Role::Diagnostic, &[], &["roberts2008scale"]);
    let events = Axis::names("event", ["≥ 1 mm"]);
    check("probability", Role::Prediction, &[events], &["ayer1955empirical"]);
}
