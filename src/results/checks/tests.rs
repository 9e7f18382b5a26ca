use stormlens_data::field::Field;
use stormlens_data::outcome::{NowcastOutcome, SceneOutcome};

use super::*;
use crate::results::tests::Bed;

/// One answer of each kind, as a worker would give it.
struct Answers {
    bed: Bed,
    nowcast: (Request, NowcastOutcome),
    scene: (Request, SceneOutcome),
}

impl Answers {
    fn new() -> Self {
        let bed = Bed::new();
        let (Outcome::Nowcast(nowcast), Outcome::Scene(scene)) =
            (bed.nowcast(1.5).1, bed.scene("storm.png").1)
        else {
            panic!("one of each kind")
        };
        let nowcast = (bed.nowcast(1.5).0, (*nowcast).clone());
        Self { nowcast, scene: (Request::Scene(scene.request.clone()), (*scene).clone()), bed }
    }

    fn check(&self, request: &Request, outcome: &Outcome) -> Result<(), Unfit> {
        check(outcome, request, "one", &self.bed.catalog)
    }

    fn nowcast(&self, expected: Unfit, change: impl FnOnce(&mut NowcastOutcome)) {
        let (request, mut outcome) = self.nowcast.clone();
        change(&mut outcome);
        let found = self.check(&request, &Outcome::Nowcast(outcome.into()));
        assert_eq!(found, Err(expected));
    }

    fn scene(&self, expected: Unfit, change: impl FnOnce(&mut SceneOutcome)) {
        let (request, mut outcome) = self.scene.clone();
        change(&mut outcome);
        assert_eq!(self.check(&request, &Outcome::Scene(outcome.into())), Err(expected));
    }
}

/// The same values in one row less.
fn shorter(field: &Field) -> Field {
    let values = field.values[field.width..].to_vec();
    Field::new(field.height - 1, field.width, values)
}

fn lying(field: &Field) -> Field {
    Field { height: field.height + 1, ..field.clone() }
}

#[test]
fn what_a_worker_answers_fits() {
    let answers = Answers::new();
    let (request, outcome) = answers.nowcast.clone();
    assert_eq!(answers.check(&request, &Outcome::Nowcast(outcome.clone().into())), Ok(()));
    let (about_scene, scene) = answers.scene.clone();
    assert_eq!(answers.check(&about_scene, &Outcome::Scene(scene.clone().into())), Ok(()));
    let crossed = answers.check(&about_scene, &Outcome::Nowcast(outcome.into()));
    assert_eq!(crossed, Err(Unfit::Question));
    assert_eq!(answers.check(&request, &Outcome::Scene(scene.into())), Err(Unfit::Question));
}

#[test]
fn a_nowcast_of_another_origin_does_not_fit() {
    let answers = Answers::new();
    let check = |expected, change: fn(&mut NowcastOutcome)| answers.nowcast(expected, change);
    check(Unfit::Question, |o| o.request.threshold_mm_h = 2.0);
    check(Unfit::Question, |o| o.request.sample = "knmi-20100826T0540".to_owned());
    check(Unfit::Question, |o| o.provenance.model = "polar-low".to_owned());
    check(Unfit::Question, |o| o.provenance.checkpoint = "best".to_owned());
    check(Unfit::Weights, |o| o.provenance.weights_sha256 = "others".to_owned());
    check(Unfit::Device, |o| o.provenance.device = "two".to_owned());
    check(Unfit::Data, |o| o.provenance.data_sha256 = "older".to_owned());
    check(Unfit::Question, |o| o.grad_cam.as_mut().unwrap().target.threshold_mm_h = 2.0);
    check(Unfit::Question, |o| o.integrated_gradients.as_mut().unwrap().n_steps = 9);
}

#[test]
fn a_forecast_of_another_shape_does_not_fit() {
    let answers = Answers::new();
    let check = |part, change: fn(&mut NowcastOutcome)| {
        answers.nowcast(Unfit::Shape(part), change);
    };
    check("the grid", |o| o.forecast.grid.height -= 1);
    check("the grid", |o| o.forecast.grid.spacing_km = f64::NAN);
    check("the grid", |o| o.forecast.grid.proj4.push('x'));
    check("the input", |o| o.forecast.inputs_mm_h.clear());
    check("the input", |o| o.forecast.inputs_mm_h.truncate(11));
    check("the input", |o| o.forecast.inputs_mm_h[3] = shorter(&o.forecast.inputs_mm_h[3]));
    check("the prediction", |o| o.forecast.prediction_mm_h = Field::new(0, 288, Vec::new()));
    check("the prediction", |o| o.forecast.prediction_mm_h = shorter(&o.forecast.prediction_mm_h));
    check("the prediction", |o| {
        o.forecast.prediction_mm_h.values.pop();
    });
    check("the observation", |o| o.forecast.observation_mm_h = None);
    check("the observation", |o| {
        o.forecast.observation_mm_h = o.forecast.observation_mm_h.as_ref().map(shorter);
    });
    check("the time axis", |o| {
        o.forecast.input_times.pop();
    });
    check("the time axis", |o| o.forecast.valid_time = o.forecast.input_times[0]);
    check("the time axis", |o| o.forecast.lead_time_min = 0);
}

#[test]
fn explanations_of_a_nowcast_of_another_shape_do_not_fit() {
    let answers = Answers::new();
    let check = |part, change: fn(&mut NowcastOutcome)| {
        answers.nowcast(Unfit::Shape(part), change);
    };
    check("Grad-CAM", |o| o.grad_cam = None);
    check("Grad-CAM", |o| o.grad_cam.as_mut().unwrap().layers.truncate(3));
    check("Grad-CAM", |o| o.grad_cam.as_mut().unwrap().layers.swap(0, 1));
    check("Grad-CAM", |o| o.grad_cam.as_mut().unwrap().layers[0].layer.push('x'));
    let layer = |o: &mut NowcastOutcome, change: fn(&Field) -> Field| {
        let map = &mut o.grad_cam.as_mut().unwrap().layers[2];
        map.cam = change(&map.cam);
    };
    answers.nowcast(Unfit::Shape("a layer's map"), |o| layer(o, shorter));
    answers.nowcast(Unfit::Shape("a layer's map"), |o| layer(o, lying));
    check("a layer's map", |o| {
        o.grad_cam.as_mut().unwrap().layers[2].raw = Field::new(0, 0, Vec::new());
    });
    check("the target", |o| {
        let mask = &mut o.grad_cam.as_mut().unwrap().target.mask;
        *mask = shorter(mask);
    });
    check("the target", |o| o.integrated_gradients.as_mut().unwrap().target.n_pixels = 1 << 40);
    check("integrated gradients", |o| o.integrated_gradients = None);
    check("the frames' attribution", |o| {
        o.integrated_gradients.as_mut().unwrap().frames.truncate(11);
    });
    check("the frames' attribution", |o| {
        o.integrated_gradients.as_mut().unwrap().frame_sums_mm_h.push(0.0);
    });
    check("the frames' attribution", |o| {
        let frames = &mut o.integrated_gradients.as_mut().unwrap().frames;
        frames[4] = shorter(&frames[4]);
    });
}

#[test]
fn a_scene_of_another_origin_does_not_fit() {
    let answers = Answers::new();
    let check = |expected, change: fn(&mut SceneOutcome)| answers.scene(expected, change);
    check(Unfit::Question, |o| o.request.class = 0);
    check(Unfit::Weights, |o| o.provenance.weights_sha256 = "others".to_owned());
    check(Unfit::Weights, |o| o.trained_on_simulation = true);
    check(Unfit::Device, |o| o.provenance.device = "two".to_owned());
    check(Unfit::Data, |o| o.provenance.data_sha256 = "another picture".to_owned());
    check(Unfit::Data, |o| o.view.title = "private name.png".to_owned());
    check(Unfit::Data, |o| o.view.width_px += 1);
    check(Unfit::Question, |o| o.integrated_gradients.as_mut().unwrap().options.n_steps = 7);
}

#[test]
fn a_scene_of_another_shape_does_not_fit() {
    let answers = Answers::new();
    let check = |part, change: fn(&mut SceneOutcome)| answers.scene(Unfit::Shape(part), change);
    check("the list of classes", |o| {
        o.classes.pop();
    });
    check("the list of classes", |o| o.classes[0].name = "other");
    check("the square", |o| o.view.variant.crop_px = 128);
    check("the square", |o| o.view.variant.crop_px = 801);
    check("the square", |o| {
        o.view.rgb.pop();
    });
    check("the picture in the square", |o| o.view.content.width = 0);
    check("the picture in the square", |o| o.view.content.left = 1);
    check("the picture in the square", |o| o.view.content.top = usize::MAX);
    check("Grad-CAM", |o| o.grad_cam = None);
    check("Grad-CAM", |o| o.grad_cam.as_mut().unwrap().layers.truncate(1));
    check("a layer's map", |o| {
        o.grad_cam.as_mut().unwrap().layers[0].raw = Field::new(0, 0, Vec::new());
    });
    check("a layer's map", |o| {
        let map = &mut o.grad_cam.as_mut().unwrap().layers[0];
        map.cam = shorter(&map.cam);
    });
    check("integrated gradients", |o| o.integrated_gradients = None);
    check("the pixels' attribution", |o| o.integrated_gradients.as_mut().unwrap().crop_px = 0);
    check("the pixels' attribution", |o| {
        o.integrated_gradients.as_mut().unwrap().attribution.pop();
    });
    check("the path", |o| o.integrated_gradients.as_mut().unwrap().path.clear());
    check("the path", |o| o.integrated_gradients.as_mut().unwrap().n_steps += 1);
}
