//! What can be asked about a picture.

use stormlens_data::card::SceneClassification;
use stormlens_data::request::{ClassOutput, Subject, Target};
use stormlens_data::scene::{Bands, Coding, Fit, Resampling, Values};

use super::scenes::{SceneEntry, Scenes};
use crate::parameters::{Parameters, QuestionError};
use crate::question::Cards;
use crate::task::ParameterHelp;

pub const SCENE: &str = "scene";

pub const PARAMETERS: &[ParameterHelp] = &[
    ParameterHelp {
        name: SCENE,
        help: "the picture, by the first 16 hexadecimal digits of its file's SHA-256",
    },
    ParameterHelp {
        name: "resampling",
        help: "how it is resized: nearest (as in the authors' notebook; the default) or bilinear (as in their training)",
    },
    ParameterHelp {
        name: "fit",
        help: "for a picture that is not square: stretch (as published; the default) or letterbox",
    },
    ParameterHelp {
        name: "values",
        help: "what the numbers of a TIFF are: stated (colours, or decibels where the file says so; the default), \
               picture, decibels, hundredths (of a decibel), power, amplitude or counts",
    },
    ParameterHelp {
        name: "bands",
        help: "which of its bands are which polarisation: named (as the file says; the default), co, cross, co-cross \
               or cross-co",
    },
    ParameterHelp { name: "class", help: "the class to explain: pos (the default) or neg" },
    ParameterHelp {
        name: "output",
        help: "the output to explain: probability (as published; the default) or logit; Grad-CAM always explains \
               the logit",
    },
];

pub const STYLE_NAMES: &[&str] = &[
    "overlay",
    "interpolation",
    "opacity",
    "evidence",
    "polarity",
    "above",
    "below",
    "cleanup",
    "outline",
    "region",
];

pub fn read_subject(parameters: &Parameters, scenes: &Scenes) -> Result<Subject, QuestionError> {
    let Some(id) = parameters.one(SCENE)? else {
        return Err(QuestionError::parameter(
            SCENE,
            "is missing: choose a sample or upload a picture",
        ));
    };
    Ok(Subject::Scene {
        scene: find(scenes, id)?.id,
        resampling: parameters.choice("resampling", Resampling::default())?,
        fit: parameters.choice("fit", Fit::default())?,
        coding: read_coding(parameters)?,
    })
}

/// What is said of the numbers of a file.
pub fn read_coding(parameters: &Parameters) -> Result<Coding, QuestionError> {
    Ok(Coding {
        values: parameters.choice("values", Values::default())?,
        bands: parameters.choice("bands", Bands::default())?,
    })
}

/// The same as names and values; what a file says itself is left out.
pub fn write_coding(coding: Coding) -> impl Iterator<Item = (&'static str, String)> {
    let Coding { values, bands } = coding;
    let said = (values != Values::default()).then(|| ("values", values.to_string()));
    said.into_iter().chain((bands != Bands::default()).then(|| ("bands", bands.to_string())))
}

/// The scene of that id.
pub fn find(scenes: &Scenes, id: &str) -> Result<SceneEntry, QuestionError> {
    scenes.find(id).ok_or_else(|| QuestionError::Gone {
        message: format!("there is no scene called “{id}”"),
        remedy: "Choose a sample, or upload the picture again: uploads that were not used for a long time are \
                 deleted",
        back: "/scenes",
    })
}

pub fn read_target(parameters: &Parameters, cards: &Cards) -> Result<Target, QuestionError> {
    let task = classification(cards)?;
    let class = match parameters.one("class")? {
        None => task.default_class,
        Some(wanted) => {
            let known = || task.classes.iter().map(|class| class.name);
            task.class(wanted).ok_or_else(|| QuestionError::unknown("class", wanted, known()))?
        }
    };
    let output = parameters.choice("output", ClassOutput::default())?;
    Ok(Target::Class { class, output })
}

pub fn write(subject: &Subject, target: &Target, cards: &Cards) -> Vec<(&'static str, String)> {
    let mut pairs = Vec::new();
    if let Subject::Scene { scene, resampling, fit, coding } = subject {
        pairs.push((SCENE, scene.clone()));
        pairs.push(("resampling", resampling.to_string()));
        pairs.push(("fit", fit.to_string()));
        pairs.extend(write_coding(*coding));
    }
    if let Target::Class { class, output } = target {
        let classes = classification(cards).map_or(&[][..], |task| task.classes);
        pairs.extend(classes.get(*class).map(|class| ("class", class.name.to_owned())));
        pairs.push(("output", output.to_string()));
    }
    pairs
}

/// The id of the picture; empty for another task's subject, which never comes here.
pub fn scene_of(subject: &Subject) -> &str {
    if let Subject::Scene { scene, .. } = subject { scene } else { "" }
}

/// The classes that the network tells apart.
pub fn classification(cards: &Cards) -> Result<&SceneClassification, QuestionError> {
    let no_pictures = || QuestionError::parameter("model", "takes no pictures: choose another");
    cards.model.scene_classification().ok_or_else(no_pictures)
}

/// The class of a target; 0 for another task's target.
pub fn class(target: &Target) -> usize {
    if let Target::Class { class, .. } = target { *class } else { 0 }
}

/// The name of a target's class, where the network has it.
pub fn class_name<'a>(target: &Target, cards: &'a Cards) -> Option<&'a str> {
    let Target::Class { class, .. } = target else { return None };
    Some(classification(cards).ok()?.classes.get(*class)?.name)
}

/// Which number of a class a target is; the default for another task's target.
pub fn output(target: &Target) -> ClassOutput {
    if let Target::Class { output, .. } = target { *output } else { ClassOutput::default() }
}

/// What is said of the numbers of the picture's file; nothing for another task's subject.
pub fn coding(subject: &Subject) -> Coding {
    if let Subject::Scene { coding, .. } = subject { *coding } else { Coding::default() }
}

/// How the picture becomes a square; the defaults for another task's subject.
pub fn square(subject: &Subject) -> (Resampling, Fit) {
    match subject {
        Subject::Scene { resampling, fit, .. } => (*resampling, *fit),
        _ => Default::default(),
    }
}
