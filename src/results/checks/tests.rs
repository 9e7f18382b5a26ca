use stormlens_data::outcome::{Axis, Domain, Values, Variable};
use stormlens_data::request::Subject;

use super::*;
use crate::results::tests::Setup;

/// One answer of each kind, as a worker would give it.
struct Answers {
    setup: Setup,
    nowcast: Outcome,
    scene: Outcome,
}

impl Answers {
    fn new() -> Self {
        let setup = Setup::new();
        Self { nowcast: Setup::nowcast("a"), scene: Setup::scene(), setup }
    }

    fn check(&self, asked: &Outcome, found: &Outcome) -> Result<(), Unfit> {
        let known = (self.setup.catalog.as_ref(), self.setup.task_check);
        check(found, &asked.request, "one", known)
    }

    fn changed(&self, asked: &Outcome, expected: &Unfit, change: impl FnOnce(&mut Outcome)) {
        let mut found = asked.clone();
        change(&mut found);
        assert_eq!(self.check(asked, &found), Err(expected.clone()));
    }

    fn nowcast(&self, expected: Unfit, change: impl FnOnce(&mut Outcome)) {
        self.changed(&self.nowcast, &expected, change);
    }

    fn scene(&self, expected: Unfit, change: impl FnOnce(&mut Outcome)) {
        self.changed(&self.scene, &expected, change);
    }
}

fn variable<'a>(outcome: &'a mut Outcome, name: &str) -> &'a mut Variable {
    outcome.variables.iter_mut().find(|variable| variable.name == name).expect("it is there")
}

#[test]
fn what_a_worker_answers_fits() {
    let answers = Answers::new();
    let (nowcast, scene) = (&answers.nowcast, &answers.scene);
    assert_eq!(answers.check(nowcast, nowcast), Ok(()));
    assert_eq!(answers.check(scene, scene), Ok(()));
    assert_eq!(answers.check(scene, nowcast), Err(Unfit::Question));
    assert_eq!(answers.check(nowcast, scene), Err(Unfit::Question));
}

#[test]
fn what_has_another_origin_does_not_fit() {
    let answers = Answers::new();
    let check = |expected, change: fn(&mut Outcome)| answers.nowcast(expected, change);
    check(Unfit::Question, |o| {
        o.request.subject =
            Subject::Nowcast { sample: "b".into(), mask: Default::default(), steps_mean: false }
    });
    check(Unfit::Question, |o| {
        o.request.explain.pop();
    });
    check(Unfit::Question, |o| o.provenance.model = "polar-low".to_owned());
    check(Unfit::Question, |o| o.provenance.checkpoint = "best".to_owned());
    check(Unfit::Weights, |o| o.provenance.weights_sha256 = "others".to_owned());
    check(Unfit::Device, |o| o.provenance.device = "two".to_owned());
    check(Unfit::Data, |o| o.provenance.data_sha256 = "older".to_owned());
}

#[test]
fn variables_that_do_not_hold_together_do_not_fit() {
    let answers = Answers::new();
    let check = |name: &str, change: fn(&mut Variable)| {
        answers.nowcast(Unfit::shape(name), |o| change(variable(o, name)));
    };
    check("prediction", |v| v.plane = Some([287, 288]));
    check("prediction", |v| v.plane = None);
    check("prediction", |v| v.values = Values::F32(Vec::new()));
    check("prediction", |v| v.domain = Domain::None);
    check("prediction", |v| v.axes.push(Axis::counted("member", 2)));
    check("input", |v| {
        v.axes[0] = Axis::input_time(Vec::new());
    });
    check("grad_cam/cbam5/weights", |v| {
        v.domain = variable(&mut Answers::new().nowcast, "input").domain.clone()
    });
    let grid = |change: fn(&mut stormlens_data::field::Grid)| {
        answers.nowcast(Unfit::shape("prediction"), |o| {
            let Domain::Earth(grid) = &mut variable(o, "prediction").domain else { panic!() };
            change(grid);
        });
    };
    grid(|grid| grid.height -= 1);
    grid(|grid| grid.height += 1);
    grid(|grid| grid.spacing_km = f64::NAN);
    grid(|grid| grid.west_km = f64::INFINITY);
}

#[test]
fn names_tell_parts_apart() {
    let answers = Answers::new();
    answers.nowcast(Unfit::shape("input"), |o| o.variables.push(o.variables[0].clone()));
    let number = answers.nowcast.numbers[0].clone();
    answers.nowcast(Unfit::shape(&number.name), |o| o.numbers.push(number.clone()));
}

#[test]
fn methods_and_layers_are_those_that_were_asked_for() {
    let answers = Answers::new();
    let without = |gone: &str, part: &str| {
        answers.nowcast(Unfit::shape(part), |o| o.variables.retain(|v| !v.name.starts_with(gone)));
        answers.scene(Unfit::shape(part), |o| o.variables.retain(|v| !v.name.starts_with(gone)));
    };
    without("grad_cam/", "grad-cam");
    without("integrated_gradients", "integrated-gradients");
    without("saliency", "saliency");
    answers.nowcast(Unfit::shape("grad-cam"), |o| {
        o.variables.retain(|v| !v.name.starts_with("grad_cam/cbam3"));
    });
    answers.nowcast(Unfit::shape("grad-cam"), |o| o.variables.reverse());
    let unasked = |o: &mut Outcome| {
        let role = &mut variable(o, "saliency").role;
        *role = Role::Attribution { method: "other".into(), layer: None, target: String::new() };
    };
    answers.nowcast(Unfit::shape("saliency"), unasked);
    // Those of one layer, in whichever order the parts stand.
    let mut asked = answers.nowcast.clone();
    let explain = asked.request.explain.iter_mut().find(|e| e.method == "grad-cam").unwrap();
    explain.layers = vec!["cbam3".into()];
    assert_eq!(answers.check(&asked, &asked), Err(Unfit::shape("grad-cam")));
    asked.variables.retain(|v| v.layer().is_none_or(|layer| layer == "cbam3"));
    assert_eq!(answers.check(&asked, &asked), Ok(()));
    let mut parted = answers.nowcast.clone();
    parted.variables.sort_by_key(|v| v.name.ends_with("/raw"));
    assert_eq!(answers.check(&parted, &parted), Ok(()));
}

#[test]
fn a_scene_of_another_shape_does_not_fit() {
    let answers = Answers::new();
    let geometry = |change: fn(&mut stormlens_data::outcome::SceneGeometry)| {
        answers.scene(Unfit::shape("scene"), |o| {
            let Domain::Scene(scene) = &mut variable(o, "scene").domain else { panic!() };
            change(scene);
        });
    };
    geometry(|scene| scene.variant.crop_px = 801);
    geometry(|scene| scene.variant.crop_px = 0);
    geometry(|scene| scene.variant.input_px = 400);
    geometry(|scene| scene.content.width = 0);
    geometry(|scene| scene.content.left = 1);
    geometry(|scene| scene.content.top = usize::MAX);
    let check = |name: &str, change: fn(&mut Variable)| {
        answers.scene(Unfit::shape(name), |o| change(variable(o, name)));
    };
    check("scene", |v| v.values = Values::F32(v.to_f32()));
    check("scene", |v| v.axes[0] = Axis::names("channel", ["grey"]));
    check("probability", |v| v.values = Values::F64(vec![0.5]));
    check("grad_cam/activation_14", |v| v.plane = Some([3, 4]));
    check("integrated_gradients", |v| v.plane = None);
}

#[test]
fn a_network_that_is_gone_has_no_results() {
    let answers = Answers::new();
    let mut asked = answers.nowcast.clone();
    asked.request.model = "gone".into();
    asked.provenance.model = "gone".into();
    assert_eq!(answers.check(&asked, &asked), Err(Unfit::Weights));
}
