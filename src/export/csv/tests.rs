use stormlens_data::outcome::{Colours, Quantity, Role};

use super::*;
use stormlens_plot::testing;

#[test]
fn a_cell_is_text_and_no_formula() {
    let check = |text: &str, expected: &str| assert_eq!(cell(text), expected);
    check("scene.png", "\"scene.png\"");
    check("a, b \"c\"", "\"a, b \"\"c\"\"\"");
    check("=HYPERLINK(\"x\")", "\"'=HYPERLINK(\"\"x\"\")\"");
    check("-1+1", "\"'-1+1\"");
    check("-1,=1", "\"-1,'=1\"");
    check("@SUM(A1)", "\"'@SUM(A1)\"");
    check("\t=1", "\" '=1\"");
    check(" =1", "\" '=1\"");
    check("\"=1", "\"\"\"'=1\"");
    check("＝1", "\"'＝1\"");
    check("a;=1+1.png", "\"a,'=1+1.png\"");
    check("a, -b", "\"a, '-b\"");
    check("a\t=b\r\n=c", "\"a =b  =c\"");
    check("a-b=c@d", "\"a-b=c@d\"");
    check("", "\"\"");
}

#[test]
fn numbers_keep_their_sign() {
    for text in ["-1", "box:-6,38,-2.5,41", "node:37.85,-4.85", "+1e-3"] {
        assert_eq!(cell(text), format!("\"{text}\""));
    }
    assert_eq!(record([number(-1.5), cell("a")]), "\"-1.5\",\"a\"\n");
    assert_eq!([plain(-1.5), plain(1e-7), plain(f64::NAN)], ["-1.5", "1e-7", ""]);
}

fn series(axis: Axis, unit: &str, values: &[f64]) -> Variable {
    Variable {
        name: "v".into(),
        role: Role::Diagnostic,
        quantity: Quantity::new("rain rate", unit, Colours::None),
        axes: vec![axis],
        plane: None,
        domain: Domain::None,
        values: Values::F64(values.to_vec()),
    }
}

#[test]
fn a_series_is_a_line_an_entry() {
    let check = |axis: Axis, expected: &str| {
        assert_eq!(csv(&series(axis, "mm/h", &[-0.5, f64::NAN])), expected);
    };
    let times = ["2010-08-26T04:55:00Z", "2010-08-26T05:00:00Z"].map(|t| t.parse().unwrap());
    check(
        Axis::input_time(times.to_vec()),
        "\"input_time\",\"rain rate (mm/h)\"\n\"2010-08-26T04:55:00Z\",-0.5\n\"2010-08-26T05:00:00Z\",\n",
    );
    check(
        Axis::lead_time(times[0], vec![30, 60]),
        "\"lead_time_min\",\"valid_time\",\"rain rate (mm/h)\"\n30,\"2010-08-26T05:25:00Z\",-0.5\n\
         60,\"2010-08-26T05:55:00Z\",\n",
    );
    check(
        Axis::names("class", ["neg", "=pos"]),
        "\"class\",\"rain rate (mm/h)\"\n\"neg\",-0.5\n\"'=pos\",\n",
    );
    check(
        Axis::numbers("wave number", "1/km", vec![0.0, 0.25]),
        "\"wave number (1/km)\",\"rain rate (mm/h)\"\n0.0,-0.5\n0.25,\n",
    );
}

#[test]
fn maps_have_their_places() {
    let outcome = testing::outcome();
    let text = csv(outcome.variable("prediction").unwrap());
    let mut lines = text.lines();
    let head = r#""lead_time_min","valid_time","row","y_km","column","x_km","rain rate (mm/h)""#;
    assert_eq!(lines.next(), Some(head));
    let first = outcome.variable("prediction").unwrap().map(0).values[0];
    let time = "2010-08-26T05:25:00Z";
    let expected = format!("30,\"{time}\",0,-3934.5,0,225.5,{first:?}");
    assert_eq!(lines.next(), Some(expected.as_str()));
    assert_eq!(lines.count(), 288 * 288 - 1);
    // 18 × 18 cells of 16 km.
    let coarse = csv(outcome.variable("grad_cam/cbam5/raw").unwrap());
    let second = coarse.lines().nth(2).unwrap();
    assert!(second.starts_with("0,-3942.0,1,249.0,"), "{second}");
    assert_eq!(coarse.lines().count(), 1 + 18 * 18);
}

#[test]
fn scenes_lie_in_pixels_of_their_square() {
    let outcome = testing::scene_outcome();
    let text = csv(outcome.variable("grad_cam/activation_14").unwrap());
    let mut lines = text.lines();
    assert!(lines.next().unwrap().starts_with(r#""row","y_px","column","x_px","#));
    // The centre of 512 pixels begins after 144, and each of four cells has 128.
    assert!(lines.next().unwrap().starts_with("0,208.0,0,208.0,"), "{text}");
    assert!(lines.next().unwrap().starts_with("0,208.0,1,336.0,"), "{text}");
    let picture = csv(outcome.variable("scene").unwrap());
    let second = picture.lines().nth(1).unwrap();
    assert!(second.starts_with("\"red\",0,0.5,0,0.5,"), "{second}");
}

#[test]
fn numbers_are_a_table() {
    let mut outcome = testing::outcome();
    outcome.notes = vec![Note::new("split", "test sample of these weights", false)];
    let text = numbers_csv(&outcome);
    assert!(text.ends_with("\"note/split\",,\"\",\"test sample of these weights\"\n"), "{text}");
    assert!(
        text.starts_with("\"name\",\"value\",\"unit\",\"meaning\"\n\"grad_cam/target\","),
        "{text}"
    );
}
