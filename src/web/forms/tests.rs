use super::*;
use crate::tasks::tests::{SAMPLE, ask, catalog, typhoon};

fn rain(more: &str) -> Question {
    ask(&format!("sample={SAMPLE}{more}")).expect("it can be asked")
}

fn picture(more: &str) -> Question {
    ask(&format!("scene={}{more}", typhoon())).expect("it can be asked")
}

fn chosen(choices: &[Entry]) -> Vec<&str> {
    choices.iter().filter(|choice| choice.2).map(|choice| choice.0.as_str()).collect()
}

fn asked(question: &Question) -> Vec<MethodChoice> {
    method_choices(question.methods(), &question.cards.model, Some(question))
}

#[test]
fn methods_stand_as_they_are_asked() {
    let question = rain("&methods=integrated-gradients,saliency");
    let ticked: Vec<_> =
        asked(&question).iter().map(|method| (method.id, method.is_asked)).collect();
    let expected = [("grad-cam", false), ("integrated-gradients", true), ("saliency", true)];
    assert_eq!(ticked, expected);
    assert!(asked(&rain("&methods=none")).iter().all(|method| !method.is_asked));
}

#[test]
fn until_somebody_asks_the_first_method_is_ticked_with_what_was_published() {
    let catalog = catalog();
    let model = catalog.model("polar").expect("there is one");
    let offered = method_choices(&catalog.methods_of(model), model, None);
    let ticked: Vec<_> = offered.iter().map(|method| method.is_asked).collect();
    assert_eq!(ticked, [true, false, false]);
    let steps = &offered[1].options[0];
    assert_eq!(steps.name, "integrated-gradients.steps");
    assert_eq!(chosen(&steps.choices), ["200"]);
}

/// A form that did not offer what was asked would ask for something else when it is sent again.
#[test]
fn what_was_asked_is_offered() {
    let question = rain(
        "&methods=integrated-gradients&integrated-gradients.steps=7\
         &integrated-gradients.tolerance=0.05&integrated-gradients.baseline=mean",
    );
    let options = &asked(&question)[1].options;
    let found: Vec<_> =
        options.iter().map(|option| (option.name.as_str(), chosen(&option.choices))).collect();
    let expected = [
        ("integrated-gradients.steps", vec!["7"]),
        ("integrated-gradients.baseline", vec!["mean"]),
        ("integrated-gradients.tolerance", vec!["0.05"]),
    ];
    assert_eq!(found, expected);
    let names: Vec<_> = options[0].choices.iter().map(|choice| choice.0.as_str()).collect();
    assert_eq!(names, ["20", "50", "7"]);
    let texts: Vec<_> = options[2].choices.iter().map(|choice| choice.1.as_str()).collect();
    assert_eq!(texts, ["never", "5 % of the difference"]);
}

const ALL: [&[&str]; 4] = [OF_EXPLANATIONS, OF_LAYERS, OF_SIGNS, OF_MAPS];

/// What a form asks for and what it passes on unseen are the whole question, each once.
#[test]
fn each_form_of_a_view_says_the_whole_question() {
    for question in [
        rain(""),
        rain("&region=0,0,96,96"),
        rain("&overlay=published"),
        picture("&above=95.5&cleanup=yes"),
        picture("&overlay=published&methods=grad-cam,integrated-gradients"),
    ] {
        let mut expected: Vec<String> = question.pairs().into_iter().map(|pair| pair.0).collect();
        expected.sort();
        for form in ALL.iter().filter_map(|names| view_form(&question, "here", names)) {
            let mut names: Vec<String> = form.hidden.into_iter().map(|pair| pair.0).collect();
            names.extend(form.opacity.map(|_| "opacity".to_owned()));
            names.extend(form.selects.into_iter().map(|select| select.name));
            let mass = form.mass.map(|_| ["above", "below"].map(str::to_owned));
            names.extend(mass.into_iter().flatten());
            let region = form.region.filter(|region| !region.is_empty());
            names.extend(region.map(|_| "region".to_owned()));
            names.extend(form.switches.into_iter().map(|switch| switch.0.to_owned()));
            names.extend(form.layers.map(|_| "layers".to_owned()));
            names.sort();
            assert_eq!(names, expected);
        }
    }
}

#[test]
fn each_choice_stands_with_what_it_changes() {
    let question = picture("&opacity=0.29&polarity=signed&above=95.5&cleanup=yes&region=1,2,30,40");
    let form = |names| view_form(&question, "here", names).expect("there is one");
    let all = form(OF_EXPLANATIONS);
    let opacity = all.opacity.expect("there is one");
    assert_eq!((opacity.value.as_str(), opacity.percent), ("0.29", 29));
    let signs = form(OF_SIGNS);
    let mass = signs.mass.expect("there is one");
    assert_eq!((mass.above.as_str(), mass.below.as_str()), ("95.5", "0"));
    assert_eq!((mass.least_above.as_str(), mass.most_below.as_str()), ("0.1", "95.4"));
    let ticked: Vec<_> = signs.switches.iter().map(|switch| (switch.0, switch.2)).collect();
    assert_eq!(ticked, [("cleanup", true), ("outline", false)]);
    assert_eq!(chosen(&signs.selects[0].choices), ["signed"]);
    assert_eq!(form(OF_MAPS).region.as_deref(), Some("1,2,30,40"));
    assert!(form(OF_MAPS).selects.is_empty(), "a scene has no rain");
    let rain = rain("");
    let names = |names| {
        let form = view_form(&rain, "here", names).expect("there is one");
        form.selects.into_iter().map(|select| select.name).collect::<Vec<_>>()
    };
    assert_eq!(names(OF_MAPS), ["palette"]);
    assert_eq!(names(OF_EXPLANATIONS), ["overlay"]);
    assert!(view_form(&rain, "here", OF_SIGNS).is_none());
}

/// What is drawn in colours of its own does not pretend to follow a choice.
#[test]
fn published_colours_are_not_for_choice() {
    let question = picture("&overlay=published");
    let form = view_form(&question, "here", OF_EXPLANATIONS).expect("there is one");
    assert!(form.fixed.is_some_and(|words| words.contains("jet")));
    let names: Vec<_> = form.selects.iter().map(|select| select.name.as_str()).collect();
    assert_eq!(names, ["overlay"]);
    let form = view_form(&picture(""), "here", OF_EXPLANATIONS).expect("there is one");
    assert!(form.fixed.is_none());
    assert_eq!(form.selects.len(), 2);
}

#[test]
fn layers_stand_under_their_headings() {
    let of_layers = |more| view_form(&rain(more), "grad-cam", OF_LAYERS);
    let form =
        of_layers("&layers=first,last").and_then(|form| form.layers).expect("there are some");
    let groups: Vec<_> = form
        .groups
        .iter()
        .map(|group| {
            (group.name, group.layers.iter().map(|l| (l.label.as_str(), l.chosen)).collect())
        })
        .collect::<Vec<(_, Vec<_>)>>();
    let encoder = vec![("The first", true), ("The second", false)];
    assert_eq!(groups, [("Encoder", encoder), ("Decoder", vec![("The last", true)])]);
    assert_eq!((form.n_shown, form.n_all), (2, 3));
    assert!(form.all.contains("layers=first,second,last"), "{}", form.all);
    assert!(form.all.ends_with("#grad-cam"), "{}", form.all);
    assert!(of_layers("&methods=saliency").is_none(), "no method looks at layers");
}
