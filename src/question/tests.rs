use stormlens_data::request::ClassOutput;

use super::*;
use crate::catalog::CardBox;
use crate::mutation::{Random, corpus, mutate};
use crate::tasks::tests::{CLOUDS, SAMPLE, ask, catalog, scene, typhoon};

mod refused;

/// A question about rain.
fn rain(more: &str) -> Result<Question, QuestionError> {
    ask(&format!("sample={SAMPLE}{more}"))
}

/// A question about a picture.
fn picture(more: &str) -> Result<Question, QuestionError> {
    ask(&format!("scene={}{more}", typhoon()))
}

fn refused(asked: Result<Question, QuestionError>, expected: &str) {
    let Err(error) = asked else { panic!("it is asked, not refused with {expected:?}") };
    let text = format!("{error}; {}", error.known().join(", "));
    assert!(text.contains(expected), "{expected:?} is not in {text}");
}

fn same(a: Result<Question, QuestionError>, b: Result<Question, QuestionError>) {
    assert_eq!(a.expect("the first").to_query(), b.expect("the second").to_query());
}

fn full_of_rain() -> String {
    format!(
        "model=rain&checkpoint=one&sample={SAMPLE}&lead-time=30&threshold=1.5&methods=grad-cam\
         &layers=last&opacity=0.85&palette=uniform&overlay=map"
    )
}

fn full_of_clouds() -> String {
    format!(
        "model=clouds&checkpoint=europe&sample={CLOUDS}&lead-time=15&threshold=0.5&methods=grad-cam\
         &layers=last&opacity=0.85&overlay=map"
    )
}

fn full_of_picture() -> String {
    format!(
        "model=polar&checkpoint=one&scene={}&resampling=nearest&fit=stretch&class=pos\
         &output=probability&methods=grad-cam&layers=last&overlay=map&interpolation=cells&opacity=0.7\
         &evidence=uniform&polarity=positive&above=99&below=0&cleanup=no&outline=no",
        typhoon()
    )
}

#[test]
fn gaps_are_filled() {
    let check = |asked: &str, full: &str| {
        let question = ask(asked).expect("it can be asked");
        assert_eq!(question.to_query(), full);
        assert!(question.is_written_as(&Parameters::parse(Some(full))));
        assert!(!question.is_written_as(&Parameters::parse(Some(asked))));
        assert!(ask(full).expect("it can be asked").is_written_as(&Parameters::parse(Some(full))));
    };
    // The first network has no weights, so the next one answers.
    check(&format!("sample={SAMPLE}"), &full_of_rain());
    check(&format!("sample={CLOUDS}&model=clouds"), &full_of_clouds());
    // Weights that take its frames go before the first ones.
    check(&format!("sample={CLOUDS}"), &full_of_clouds());
    check(&format!("scene={}", typhoon()), &full_of_picture());
}

#[test]
fn another_order_is_another_address_of_the_same_question() {
    let turned = full_of_rain().split('&').rev().collect::<Vec<_>>().join("&");
    same(ask(&turned), ask(&full_of_rain()));
    let question = ask(&turned).expect("it can be asked");
    assert!(!question.is_written_as(&Parameters::parse(Some(&turned))));
}

#[test]
fn lists_are_repeated_or_have_commas_and_take_the_order_of_the_network() {
    same(rain("&layers=last&layers=first"), rain("&layers=first,last"));
    same(rain("&layers=The+First"), rain("&layers=first"));
    same(rain("&layers=all"), rain("&layers=last,second,first,last"));
    let question = rain("&layers=last,first").expect("it can be asked");
    assert_eq!(question.layers, ["first", "last"]);
    same(picture("&layers=last&layers=first"), picture("&layers=first,last"));
}

#[test]
fn methods_take_the_order_of_their_cards() {
    same(rain("&methods=saliency,grad-cam"), rain("&methods=grad-cam&methods=saliency"));
    let question = rain("&methods=saliency,grad-cam,saliency").expect("it can be asked");
    let methods: Vec<_> = question.request.explain.iter().map(|e| e.method.as_str()).collect();
    assert_eq!(methods, ["grad-cam", "saliency"]);
}

#[test]
fn a_tick_beats_the_hidden_none_and_no_tick_is_none() {
    same(rain("&methods=none&methods=grad-cam"), rain("&methods=grad-cam"));
    for question in [rain("&methods=none"), picture("&methods=none")] {
        let question = question.expect("it can be asked");
        assert!(question.request.explain.is_empty() && question.layers.is_empty());
        assert!(question.to_query().contains("&methods=none&"), "{}", question.to_query());
        assert!(!question.to_query().contains("layers="), "{}", question.to_query());
    }
}

#[test]
fn forms_say_the_same_as_addresses() {
    same(picture("&cleanup=no&cleanup=yes"), picture("&cleanup=yes"));
    same(picture("&region="), picture(""));
    same(picture("&layers=The+First&opacity=0.70"), picture("&layers=first"));
    // A form sends what it knows of methods that are not ticked.
    same(picture("&integrated-gradients.steps=50&integrated-gradients.baseline=mean"), picture(""));
}

#[test]
fn no_number_is_below_zero_by_its_sign_alone() {
    same(rain("&threshold=-0"), rain("&threshold=0"));
    same(rain("&opacity=-0"), rain("&opacity=0"));
    same(picture("&below=-0"), picture("&below=0"));
    let question = rain("&opacity=-0.0&threshold=-0.0").expect("it can be asked");
    assert!(!question.to_query().contains("=-"), "{}", question.to_query());
}

fn options(asked: Result<Question, QuestionError>) -> Vec<(String, String)> {
    let question = asked.expect("it can be asked");
    let explain = question.request.explained_by("integrated-gradients").expect("it is asked for");
    explain.options.clone().into_iter().collect()
}

fn owned(pairs: [(&str, &str); 3]) -> Vec<(String, String)> {
    pairs.map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec()
}

#[test]
fn a_method_is_asked_for_with_all_its_options() {
    let asked = "&methods=integrated-gradients&integrated-gradients.steps=+7\
        &integrated-gradients.baseline=blurred&integrated-gradients.tolerance=0.050";
    let expected = owned([("baseline", "blurred"), ("steps", "7"), ("tolerance", "0.05")]);
    assert_eq!(options(picture(asked)), expected);
    assert_eq!(options(rain(asked)), expected);
}

/// Until somebody chooses, it is the value of the network's publication, else the method's own.
#[test]
fn an_option_that_nobody_chose_is_the_published_one() {
    let asked = "&methods=integrated-gradients";
    let own = owned([("baseline", "zero"), ("steps", "50"), ("tolerance", "none")]);
    assert_eq!(options(rain(asked)), own);
    let published = owned([("baseline", "zero"), ("steps", "200"), ("tolerance", "none")]);
    assert_eq!(options(picture(asked)), published);
}

#[test]
fn the_address_survives_being_read_again() {
    let questions = [
        rain(""),
        rain("&checkpoint=late&threshold=0&layers=all"),
        rain("&lead-time=180&threshold=0.1&methods=grad-cam,integrated-gradients,saliency"),
        rain("&methods=integrated-gradients&integrated-gradients.tolerance=0.001"),
        rain("&opacity=0.333&palette=steps-be&overlay=published&region=40,60,100,120"),
        rain("&threshold=1e-7"),
        rain("&methods=none&threshold=500"),
        ask(&format!("model=clouds&sample={CLOUDS}&lead-time=90&threshold=0.25&methods=saliency")),
        picture(""),
        picture("&class=neg&fit=letterbox&resampling=bilinear&checkpoint=simulated&output=logit"),
        picture("&methods=grad-cam,integrated-gradients&integrated-gradients.steps=7"),
        picture("&opacity=0.333&above=95.5&below=45&polarity=signed&outline=yes&cleanup=yes"),
        picture("&overlay=published&interpolation=smooth&evidence=jet&region=0,0,96,96"),
        picture("&methods=none"),
    ];
    for once in questions {
        let once = once.expect("it can be asked");
        let twice = ask(&once.to_query()).expect("it can be asked again");
        assert_eq!(twice.pairs(), once.pairs());
        assert_eq!(twice.request, once.request);
        assert_eq!((&twice.target, &twice.layers), (&once.target, &once.layers));
        assert_eq!(twice.style, once.style);
        assert_eq!(twice.cards.checkpoint, once.cards.checkpoint);
    }
}

fn key(asked: Result<Question, QuestionError>) -> String {
    asked.expect("it can be asked").request.key()
}

#[test]
fn looks_are_one_question() {
    for look in [
        "&opacity=0.1",
        "&palette=pysteps",
        "&overlay=published",
        "&layers=first",
        "&region=0,0,9,9",
    ] {
        assert_eq!(key(rain(look)), key(rain("")), "{look}");
    }
    for question in
        ["&lead-time=60", "&threshold=2", "&checkpoint=late&lead-time=60", "&methods=none"]
    {
        assert_ne!(key(rain(question)), key(rain("")), "{question}");
    }
    for look in
        ["&opacity=0.1", "&evidence=jet", "&polarity=negative", "&layers=first", "&above=90"]
    {
        assert_eq!(key(picture(look)), key(picture("")), "{look}");
    }
    for question in ["&class=neg", "&fit=letterbox", "&resampling=bilinear", "&methods=none"] {
        assert_ne!(key(picture(question)), key(picture("")), "{question}");
    }
}

/// What nobody wants explained makes no other question of a forecast.
#[test]
fn a_forecast_alone_has_no_target() {
    assert_eq!(key(rain("&methods=none&threshold=2&lead-time=60")), key(rain("&methods=none")));
    let question = rain("&methods=none&threshold=2&lead-time=60").expect("it can be asked");
    assert_eq!(
        question.target,
        Target::SumAbove { threshold: 2.0, lead_time_min: 60, last_lead_time_min: None }
    );
}

/// Grad-CAM is of the logit, whatever is asked for; other methods explain what is.
#[test]
fn a_method_of_logits_explains_the_logit() {
    let target = |output| Target::Class { class: 0, output };
    let (logit, probability) = (target(ClassOutput::Logit), target(ClassOutput::Probability));
    let question = picture("&class=neg&methods=grad-cam,saliency").expect("it can be asked");
    assert_eq!(question.target, probability);
    let explained = |id: &str| &question.request.explained_by(id).expect("it is asked for").target;
    assert_eq!((explained("grad-cam"), explained("saliency")), (&logit, &probability));
    assert_eq!(key(picture("&output=logit")), key(picture("")), "the same map");
    assert_ne!(key(picture("&output=logit&methods=saliency")), key(picture("&methods=saliency")));
}

#[test]
fn another_method_is_asked_beside() {
    let question = rain("&methods=none").expect("it can be asked");
    let more = question.with_method("saliency").with_method("grad-cam");
    assert_eq!(
        more.to_query(),
        rain("&methods=grad-cam,saliency").expect("it can be asked").to_query()
    );
    assert_eq!(more.request, rain("&methods=grad-cam,saliency").expect("it can be asked").request);
    assert_eq!(more.layers, ["last"], "those that are shown until somebody chooses");
    let chosen =
        rain("&layers=first").expect("it can be asked").with_method("integrated-gradients");
    assert_eq!(chosen.layers, ["first"]);
    let again = more.with_method("saliency").with_method("lime");
    assert_eq!(again.pairs(), more.pairs(), "it is there, or there is no such method");
    let logit = picture("&methods=none").expect("it can be asked").with_method("grad-cam");
    assert_eq!(logit.request, picture("").expect("it can be asked").request);
}

#[test]
fn an_option_layers_and_the_target_change_alone() {
    let question = picture("&methods=grad-cam,integrated-gradients").expect("it can be asked");
    let more = question.with_option("integrated-gradients", "steps", "400".to_owned());
    let expected = "&methods=grad-cam,integrated-gradients&integrated-gradients.steps=400";
    assert_eq!(more.pairs(), picture(expected).expect("it can be asked").pairs());
    assert_eq!(question.with_option("saliency", "steps", "9".to_owned()).pairs(), question.pairs());
    let layers = question.with_layers(vec!["first".to_owned()]);
    assert_eq!(
        (layers.layers.as_slice(), &layers.request),
        (&["first".to_owned()][..], &question.request)
    );
    let other = question.with_target(Target::Class { class: 0, output: ClassOutput::Probability });
    let expected =
        picture("&class=neg&methods=grad-cam,integrated-gradients").expect("it can be asked");
    assert_eq!((other.pairs(), other.request), (expected.pairs(), expected.request));
    let later = rain("").expect("it can be asked");
    let later = later.with_target(Target::SumAbove {
        threshold: 2.0,
        lead_time_min: 60,
        last_lead_time_min: None,
    });
    let expected = rain("&lead-time=60&threshold=2").expect("it can be asked");
    assert_eq!((later.pairs(), later.request), (expected.pairs(), expected.request));
}

#[test]
fn a_form_passes_on_what_it_does_not_ask_for() {
    let question = picture("&methods=grad-cam,integrated-gradients").expect("it can be asked");
    let hidden = question.hidden(&["methods", "integrated-gradients.", "opacity"]);
    let names: Vec<_> = hidden.iter().map(|pair| pair.0.as_str()).collect();
    let expected = [
        "model",
        "checkpoint",
        "scene",
        "resampling",
        "fit",
        "class",
        "output",
        "layers",
        "overlay",
        "interpolation",
        "evidence",
        "polarity",
        "above",
        "below",
        "cleanup",
        "outline",
    ];
    assert_eq!(names, expected);
    assert_eq!(question.hidden(&[]), question.pairs());
    // A name without a dot stands for itself alone.
    assert_eq!(question.hidden(&["integrated-gradients", "o"]), question.pairs());
}

#[test]
fn figures_call_layers_as_people_do() {
    let question = rain("").expect("it can be asked");
    assert_eq!(question.style.layer_label("first"), "The first");
    assert_eq!(question.style.layer_labels.len(), 3);
}

#[test]
fn pictures_and_frames_have_their_own_look() {
    let (frames, pictures) =
        (rain("").expect("it can be asked"), picture("").expect("it can be asked"));
    assert_eq!((frames.style.opacity, pictures.style.opacity), (0.85, 0.7));
    assert_eq!(pictures.style.polarity.name(), "positive");
    let square = ask(&format!("scene={}", scene("sentinel1-simulated/front.png")));
    assert_eq!(square.expect("it can be asked").style, pictures.style);
}
