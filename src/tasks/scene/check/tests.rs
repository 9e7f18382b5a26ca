use stormlens_data::outcome::{Axis, Note, SceneGeometry};
use stormlens_data::request::Subject;

use super::*;
use crate::question::Question;
use crate::tasks::tests::{SAMPLE, answered, scene, typhoon};

const ALL: &str = "&methods=grad-cam,integrated-gradients,saliency";

fn picture(more: &str) -> (Question, Outcome) {
    answered(&format!("scene={}{more}", typhoon()))
}

fn found((question, outcome): &(Question, Outcome)) -> Result<(), Unfit> {
    question.task.check(outcome, &question.request, &question.cards)
}

/// Refused once something was changed.
fn refused(stored: &(Question, Outcome), expected: Unfit, change: impl FnOnce(&mut Outcome)) {
    let (question, mut outcome) = stored.clone();
    change(&mut outcome);
    assert_eq!(found(&(question, outcome)), Err(expected));
}

fn variable<'a>(outcome: &'a mut Outcome, name: &str) -> &'a mut Variable {
    outcome.variables.iter_mut().find(|variable| variable.name == name).expect("it is there")
}

fn geometry(variable: &mut Variable) -> &mut SceneGeometry {
    match &mut variable.domain {
        Domain::Scene(geometry) | Domain::SceneCentre(geometry) => geometry,
        other => panic!("{other:?}"),
    }
}

#[test]
fn what_the_task_answered_fits() {
    for more in ["", ALL, "&methods=none&class=neg", "&checkpoint=simulated", "&fit=letterbox"] {
        assert_eq!(found(&picture(more)), Ok(()), "{more}");
    }
    let arctic = scene("sentinel1/arctic_ew_hh_hv_20221130_522px.png");
    assert_eq!(found(&answered(&format!("scene={arctic}&fit=letterbox{ALL}"))), Ok(()));
}

#[test]
fn another_picture_and_other_weights_do_not_fit() {
    let stored = picture(ALL);
    refused(&stored, Unfit::Data, |o| o.provenance.data_sha256 = "another picture".to_owned());
    // A name that somebody gave to a picture is not told to whoever brings the same one later.
    refused(&stored, Unfit::Data, |o| {
        geometry(variable(o, "scene")).title = "private name.png".to_owned();
    });
    refused(&stored, Unfit::Data, |o| {
        geometry(variable(o, "saliency")).title = "private name.png".to_owned();
    });
    refused(&stored, Unfit::Data, |o| geometry(variable(o, "scene")).width_px += 1);
    refused(&stored, Unfit::Weights, |o| {
        let text = "weights trained on simulated scenes".to_owned();
        o.notes.push(Note::new("simulated", text, true));
    });
    refused(&picture("&checkpoint=simulated"), Unfit::Weights, |o| o.notes.clear());
    let gone = |subject: Subject| {
        let (mut question, outcome) = stored.clone();
        question.request.subject = subject;
        found(&(question, outcome))
    };
    let (scene, resampling, fit) =
        ("0123456789abcdef".to_owned(), Default::default(), Default::default());
    let coding = Default::default();
    assert_eq!(gone(Subject::Scene { scene, resampling, fit, coding }), Err(Unfit::Data));
    assert_eq!(
        gone(Subject::Nowcast {
            sample: SAMPLE.to_owned(),
            mask: Default::default(),
            steps_mean: false
        }),
        Err(Unfit::Data)
    );
    let (mut question, outcome) = stored.clone();
    question.cards = answered(&format!("sample={SAMPLE}&methods=none")).0.cards;
    assert_eq!(found(&(question, outcome)), Err(Unfit::Question), "it takes no pictures");
    // Weights for larger pictures.
    let (mut question, outcome) = stored;
    question.cards = picture("&checkpoint=large&methods=none").0.cards;
    assert_eq!(found(&(question, outcome)), Err(Unfit::shape("scene")));
}

#[test]
fn other_classes_do_not_fit() {
    let stored = picture(ALL);
    for name in ["probability", "logit"] {
        let check = |change: fn(&mut Variable)| {
            refused(&stored, Unfit::shape(name), |o| change(variable(o, name)));
        };
        check(|v| v.axes[0] = Axis::names(Axis::CLASS, ["no polar low"]));
        check(|v| v.axes[0] = Axis::names(Axis::CLASS, ["polar low", "no polar low"]));
        check(|v| v.axes[0] = Axis::names(Axis::CLASS, ["no polar low", "polar low", "other"]));
        check(|v| v.axes[0] = Axis::counted(Axis::CLASS, 2));
        check(|v| v.axes.clear());
        check(|v| v.axes.push(Axis::counted("member", 1)));
        refused(&stored, Unfit::shape(name), |o| o.variables.retain(|v| v.name != name));
    }
}

#[test]
fn another_square_does_not_fit() {
    let stored = picture(ALL);
    let check = |name: &str, change: fn(&mut Variable)| {
        refused(&stored, Unfit::shape(name), |o| change(variable(o, name)));
    };
    refused(&stored, Unfit::shape("scene"), |o| o.variables.retain(|v| v.name != "scene"));
    check("scene", |v| v.plane = Some([192, 191]));
    check("scene", |v| v.axes[0] = Axis::names(Axis::CHANNEL, ["grey"]));
    check("scene", |v| v.axes.push(Axis::counted("member", 1)));
    check("scene", |v| v.domain = Domain::SceneCentre(geometry(v).clone()));
    // As many bytes, and no picture.
    check("scene", |v| {
        let sides = v.plane.take().expect("it is a map");
        v.axes.extend(sides.map(|n| Axis::counted("pixel", n)));
        v.domain = Domain::None;
    });
    for name in ["scene", "grad_cam/first", "integrated_gradients"] {
        check(name, |v| geometry(v).variant.crop_px = 64);
        check(name, |v| geometry(v).variant.crop_px = 193);
        check(name, |v| geometry(v).variant.input_px = 800);
        check(name, |v| geometry(v).content.width = 0);
        check(name, |v| geometry(v).content.left = 1);
        check(name, |v| geometry(v).content.top = usize::MAX);
    }
    let grid = stormlens_data::import::knmi::crop_grid();
    refused(&stored, Unfit::shape("saliency"), |o| {
        variable(o, "saliency").domain = Domain::Earth(grid);
    });
}
