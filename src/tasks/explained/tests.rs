use super::*;
use stormlens_plot::testing;

/// Explanations of a sum in mm/h, a hundred times what the network says, of an input that is ten times
/// what it is given.
fn check_all(explained: &Explained, check: impl FnOnce(Vec<Variable>, Vec<Number>)) {
    let setting = Setting {
        methods: testing::methods(),
        input_axis: Axis::names("channel", ["red", "green", "blue"]),
        input_domain: Domain::None,
        layer_domain: Domain::None,
        unit: &|_| "mm/h",
        factor: 100.0,
        input_factor: 10.0,
        has_own_unit: true,
        is_mean: false,
        target: &|explained| format!("the target of {}", explained.method),
    };
    check(setting.variables(explained), setting.numbers(explained));
}

fn explained(maps: Vec<Map>, series: Vec<Series>) -> Explained {
    let (mask, measures) = (None, Vec::new());
    Explained { method: "grad-cam".into(), score: 0.5, mask, maps, series, measures }
}

fn map(part: &'static str, layer: Option<&str>, meaning: Meaning) -> Map {
    Map {
        part,
        layer: layer.map(str::to_owned),
        meaning,
        shape: [1, 1, 2],
        values: vec![0.5, -1.0],
    }
}

#[test]
fn names_are_made_of_method_layer_and_part() {
    let maps = vec![
        map("", None, Meaning::Contribution),
        map("", Some("cbam4"), Meaning::ShareOfMaximum),
        map("raw", Some("Up.0"), Meaning::WeightedActivation),
        map("smooth", None, Meaning::Contribution),
    ];
    check_all(&explained(maps, Vec::new()), |variables, _| {
        let names: Vec<_> = variables.iter().map(|variable| variable.name.as_str()).collect();
        assert_eq!(names, ["grad_cam", "grad_cam/cbam4", "grad_cam/Up.0/raw", "grad_cam/smooth"]);
    });
}

#[test]
fn values_follow_their_meaning() {
    let check = |meaning, unit: &str, colours, expected: [f32; 2]| {
        check_all(&explained(vec![map("", None, meaning)], Vec::new()), |variables, _| {
            let found = &variables[0];
            assert_eq!(found.values, Values::F32(expected.to_vec()), "{meaning:?}");
            assert_eq!((found.quantity.unit.as_str(), found.quantity.colours), (unit, colours));
        });
    };
    check(Meaning::ShareOfMaximum, "1", Colours::Evidence, [0.5, -1.0]);
    check(Meaning::WeightedActivation, "1", Colours::Signed, [0.5, -1.0]);
    check(Meaning::Contribution, "mm/h", Colours::Signed, [50.0, -100.0]);
    check(Meaning::Sensitivity, "mm/h", Colours::Sizes, [5.0, -10.0]);
}

#[test]
fn a_title_is_that_of_the_methods_card() {
    let maps = vec![map("", None, Meaning::ShareOfMaximum)];
    check_all(&explained(maps.clone(), Vec::new()), |variables, _| {
        assert_eq!(variables[0].quantity.name, "Grad-CAM (share of maximum)");
    });
    let unknown = Explained { method: "lime".into(), ..explained(maps, Vec::new()) };
    check_all(&unknown, |variables, _| {
        assert_eq!(variables[0].quantity.name, "lime (share of maximum)");
    });
}

fn series(layer: Option<&str>, axis: &'static str, n: usize, is_in_target_unit: bool) -> Series {
    Series {
        part: "p",
        layer: layer.map(str::to_owned),
        axis,
        coordinates: (0..n).map(|i| i as f64 / 2.0).collect(),
        name: "a series",
        is_in_target_unit,
        values: vec![1.5; n],
    }
}

/// One value a channel of the input lies on the axis of the input, and nothing else does.
#[test]
fn series_of_the_input_lie_on_its_axis() {
    let check = |series: Series, axis: Axis, unit: &str, value: f64| {
        check_all(&explained(Vec::new(), vec![series]), |variables, _| {
            assert_eq!(variables[0].axes, [axis]);
            assert_eq!(
                (variables[0].quantity.unit.as_str(), variables[0].to_f64()[0]),
                (unit, value)
            );
            assert_eq!(variables[0].role, Role::Diagnostic);
        });
    };
    let numbers =
        |axis: &str, n: usize| Axis::numbers(axis, "1", (0..n).map(|i| i as f64 / 2.0).collect());
    let of_input = Axis::names("channel", ["red", "green", "blue"]);
    check(series(None, "channel", 3, true), of_input, "mm/h", 150.0);
    check(series(None, "channel", 2, true), numbers("channel", 2), "mm/h", 150.0);
    check(series(Some("cbam4"), "channel", 3, false), numbers("channel", 3), "1", 1.5);
    check(series(None, "path", 3, true), numbers("path", 3), "mm/h", 150.0);
}

#[test]
fn a_sum_over_pixels_says_how_many_there_are() {
    check_all(&explained(Vec::new(), Vec::new()), |_, numbers| {
        let [target] = &numbers[..] else { panic!("{numbers:?}") };
        assert_eq!(target, &Number::new("grad_cam/target", 50.0, "mm/h", "the target of grad-cam"));
    });
    let measure =
        |name, is_in_target_unit| Measure { name, value: 2.0, is_in_target_unit, meaning: "" };
    let measures = vec![measure("sum", true), measure("n_steps", false)];
    let mask = Some(vec![1.0, 0.0, 1.0]);
    let sum = Explained { mask, measures, ..explained(Vec::new(), Vec::new()) };
    check_all(&sum, |_, numbers| {
        let found: Vec<_> =
            numbers.iter().map(|n| (n.name.as_str(), n.value, n.unit.as_str())).collect();
        let expected = [
            ("grad_cam/target", 50.0, "mm/h"),
            ("grad_cam/n_pixels", 2.0, "1"),
            ("grad_cam/target_normalised", 0.5, "1"),
            ("grad_cam/sum", 200.0, "mm/h"),
            ("grad_cam/n_steps", 2.0, "1"),
        ];
        assert_eq!(found, expected);
        assert_eq!(numbers[1].meaning, "pixels that the target is the sum of");
    });
}
