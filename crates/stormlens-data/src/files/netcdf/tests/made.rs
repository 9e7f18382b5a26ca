//! Results of every kind, small enough to write and read again.

use super::*;

/// Values of maps, that tell where they are.
pub(super) fn values(n: usize, offset: f32) -> Vec<f32> {
    (0..n).map(|i| offset + (i % 1000) as f32 / 100.0).collect()
}

pub(super) fn variable(name: &str, role: Role, quantity: Quantity, axes: Vec<Axis>) -> Variable {
    let n = axes.iter().map(Axis::len).product::<usize>() * 288 * 288;
    let (plane, domain) = (Some([288, 288]), Domain::Earth(crop_grid()));
    let values = Values::F32(values(n, 0.0));
    Variable { name: name.into(), role, quantity, axes, plane, domain, values }
}

pub(super) fn attribution(method: &str, layer: Option<&str>) -> Role {
    let target = "target: predicted rain above 1.5 mm/h".to_owned();
    Role::Attribution { method: method.into(), layer: layer.map(Into::into), target }
}

pub(super) fn at(id: &str) -> jiff::Timestamp {
    time::parse_sample(id).unwrap()
}

pub(super) fn lead_times(minutes: &[u32]) -> Axis {
    Axis::lead_time(at("20100826T0535"), minutes.to_vec()).of_intervals(5)
}

pub(super) fn nowcast_variables() -> Vec<Variable> {
    let rain = || Quantity::rain_rate().over(Over::Mean);
    let inputs = Axis::input_time(vec![at("20100826T0530"), at("20100826T0535")]).of_intervals(5);
    let evidence = || Quantity::new("Grad-CAM (share of maximum)", "1", Colours::Evidence);
    let layer = |layer: &str, offset| Variable {
        values: Values::F32(values(288 * 288, offset)),
        ..variable(
            &format!("grad_cam/{layer}"),
            attribution("grad-cam", Some(layer)),
            evidence(),
            vec![],
        )
    };
    let raw = |layer: &str, side: usize| Variable {
        name: format!("grad_cam/{layer}/raw"),
        quantity: Quantity::new("weighted activation", "1", Colours::Signed),
        plane: Some([side, side]),
        values: Values::F32(values(side * side, -1.0)),
        ..variable("", attribution("grad-cam", Some(layer)), evidence(), vec![])
    };
    let series = |name: &str, unit: &str, axis: Axis, values: &[f64]| Variable {
        plane: None,
        domain: Domain::None,
        values: Values::F64(values.to_vec()),
        ..variable(name, Role::Diagnostic, Quantity::new("series", unit, Colours::None), vec![axis])
    };
    let mut observation =
        variable("observation", Role::Observation, rain(), vec![lead_times(&[30, 60])]);
    let Values::F32(observed) = &mut observation.values else {
        unreachable!("it is made of these")
    };
    observed[7] = f32::NAN;
    let mut mask = variable(
        "target_mask",
        Role::Mask,
        Quantity::new("target", "1", Colours::Mask),
        vec![lead_times(&[30])],
    );
    mask.values = Values::F32(values(288 * 288, 0.0).iter().map(|&v| f32::from(v > 5.0)).collect());
    vec![
        variable("input", Role::Input, rain(), vec![inputs.clone()]),
        variable("prediction", Role::Prediction, rain(), vec![lead_times(&[30, 60])]),
        observation,
        variable("persistence", Role::Reference, rain(), vec![lead_times(&[30, 60])]),
        mask,
        layer("cbam1", 0.0),
        raw("cbam1", 72),
        series("grad_cam/cbam1/weights", "1", Axis::counted("channel", 3), &[1.0, 2.0, 3.0]),
        layer("Up_RRCNN2.doubleconv", 0.5),
        raw("Up_RRCNN2.doubleconv", 288),
        series(
            "grad_cam/Up_RRCNN2.doubleconv/weights",
            "1",
            Axis::counted("channel", 2),
            &[1.0, 2.0],
        ),
        variable(
            "integrated_gradients",
            attribution("integrated-gradients", None),
            Quantity::new("contribution", "mm/h", Colours::Signed),
            vec![inputs.clone()],
        ),
        series("integrated_gradients/sums", "mm/h", inputs, &[1.0, 2.0]),
        series(
            "integrated_gradients/path",
            "mm/h",
            Axis::numbers("path", "1", vec![0.0, 0.5, 1.0]),
            &[0.0, 1.0, 3.0],
        ),
    ]
}

pub(super) fn outcome(variables: Vec<Variable>) -> Outcome {
    let note = |text: &str, is_on_figures| Note {
        name: "outside-training-range".into(),
        text: text.into(),
        is_on_figures,
        is_of_network: false,
    };
    Outcome {
        request: Request {
            model: "sar-unet".into(),
            checkpoint: "test".into(),
            subject: Subject::Nowcast {
                sample: "20100826T0535".into(),
                mask: Default::default(),
                steps_mean: false,
            },
            explain: Vec::new(),
        },
        variables,
        numbers: vec![Number::new("grad_cam/target", 143.49, "mm/h", "sum of the target")],
        notes: vec![note("unlike the training data", true), note("one reason", false)],
        provenance: Provenance {
            program: "stormlens 0.1.0".into(),
            model: "sar-unet".into(),
            checkpoint: "test".into(),
            weights_sha256: "ab".repeat(32),
            data_source: "KNMI radar".into(),
            data_files: vec!["a.h5".into(), "b.h5".into()],
            data_sha256: "cd".repeat(32),
            data_licence: "CC BY 4.0".into(),
            device: "CPU (flex)".into(),
        },
        duration_ms: 1.0,
    }
}

pub(super) fn nowcast() -> Outcome {
    outcome(nowcast_variables())
}

pub(super) fn scene() -> Outcome {
    let geometry = SceneGeometry {
        title: "Typhoon".into(),
        width_px: 380,
        height_px: 400,
        variant: Variant { input_px: 12, crop_px: 8 },
        content: Rectangle { left: 0, top: 0, width: 12, height: 12 },
        place: None,
    };
    let channel = || Axis::names("channel", ["red", "green", "blue"]);
    let cam = |layer: &str, side: usize| Variable {
        name: format!("grad_cam/{layer}"),
        role: attribution("grad-cam", Some(layer)),
        quantity: Quantity::new("Grad-CAM (share of maximum)", "1", Colours::Evidence),
        axes: Vec::new(),
        plane: Some([side, side]),
        domain: Domain::SceneCentre(geometry.clone()),
        values: Values::F32(values(side * side, 0.0)),
    };
    let gradients = Variable {
        name: "integrated_gradients".into(),
        role: attribution("integrated-gradients", None),
        quantity: Quantity::new("contribution", "probability", Colours::Signed),
        axes: vec![channel()],
        plane: Some([8, 8]),
        values: Values::F32(values(3 * 64, 0.0)),
        ..cam("", 8)
    };
    let probability = Variable {
        name: "probability".into(),
        role: Role::Prediction,
        quantity: Quantity::new("probability", "1", Colours::None),
        axes: vec![Axis::names("class", ["neg", "pos"])],
        plane: None,
        domain: Domain::None,
        values: Values::F64(vec![0.1, 0.9]),
    };
    let picture = Variable {
        name: "scene".into(),
        role: Role::Input,
        quantity: Quantity::new("SAR picture", "1", Colours::Picture),
        axes: vec![channel()],
        plane: Some([12, 12]),
        domain: Domain::Scene(geometry.clone()),
        values: Values::U8((0..3 * 144).map(|i| (i % 256) as u8).collect()),
    };
    outcome(vec![picture, probability, cam("act_8", 4), cam("act_14", 2), gradients])
}
