//! What cannot be asked, and in which words that is said.

use super::*;

#[test]
fn what_does_not_exist_is_refused_with_what_does() {
    refused(ask("sample=knmi-1"), SAMPLE);
    refused(ask(""), "model is missing: choose one of the networks");
    refused(ask("model=rain"), "sample is missing: choose one of the samples");
    refused(ask("model=polar"), "scene is missing: choose a sample or upload a picture");
    refused(rain("&model=other"), "rain");
    refused(rain("&checkpoint=three"), "late");
    refused(rain("&layers=none"), "second");
    refused(rain("&methods=lime"), "integrated-gradients");
    refused(rain("&palette=jet"), "steps-be");
    refused(rain("&overlay=jet"), "published");
    refused(rain("&lead-time=45"), "one of the lead times in minutes: 30, 60, 180");
    refused(rain("&region=1,2"), "TOP,LEFT,HEIGHT,WIDTH");
    refused(picture("&model=other"), "polar");
    refused(picture("&checkpoint=three"), "simulated");
    refused(picture("&class=maybe"), "pos");
    refused(picture("&resampling=cubic"), "bilinear");
    refused(picture("&fit=crop"), "letterbox");
    refused(picture("&methods=lime"), "integrated-gradients, saliency, none");
    refused(picture("&layers=middle"), "first");
    refused(picture("&output=score"), "logit");
    refused(picture("&interpolation=cubic"), "smooth");
    refused(picture("&evidence=rainbow"), "jet");
    refused(picture("&polarity=both"), "signed");
}

#[test]
fn weights_that_are_not_there_are_told_of() {
    let error = rain("&model=bare").err().expect("it has no weights");
    assert_eq!(error, QuestionError::NoWeights { model: "bare", title: "A network" });
    let none = Catalog::new(CardBox::default(), Vec::new());
    let error = Question::read(&Parameters::parse(Some("sample=a")), &none, &[]).err();
    assert_eq!(error, Some(QuestionError::NoNetworks));
}

#[test]
fn a_scene_that_is_gone_is_said() {
    let error = ask("scene=0123456789abcdef").err().expect("there is none");
    assert!(error.to_string().contains("no scene called “0123456789abcdef”"), "{error}");
    let QuestionError::Gone { remedy, back, .. } = error else { panic!("{error:?}") };
    assert!(remedy.contains("upload the picture again"), "{remedy}");
    assert_eq!(back, "/scenes");
}

#[test]
fn numbers_out_of_range_are_refused() {
    for bad in ["-1", "NaN", "inf", "1e9", "much", "1,5"] {
        refused(rain(&format!("&threshold={bad}")), "0 to 500 mm/h");
    }
    for bad in ["0", "-30", "30.5", "half", "4294967326"] {
        refused(rain(&format!("&lead-time={bad}")), "in minutes: 30, 60, 180");
    }
    for bad in ["-0.1", "1.1", "NaN"] {
        refused(rain(&format!("&opacity={bad}")), "0 to 1");
        refused(picture(&format!("&opacity={bad}")), "0 to 1");
    }
    for bad in ["-1", "101", "NaN"] {
        refused(picture(&format!("&above={bad}")), "0 to 100");
        refused(picture(&format!("&below={bad}")), "0 to 100");
    }
    refused(picture("&above=50&below=50"), "above must be larger than below");
    refused(picture("&cleanup=perhaps"), "yes or no");
    for bad in
        ["1,2,3", "1,2,3,4,5", "-1,2,3,4", "a,b,c,d", "1.5,2,3,4", "99999999999999999999,0,9,9"]
    {
        refused(picture(&format!("&region={bad}")), "must be TOP,LEFT,HEIGHT,WIDTH");
    }
}

/// Also of a method that is not asked for: a form would send it as if it counted.
#[test]
fn options_out_of_range_are_refused() {
    for asked in ["", "&methods=integrated-gradients", "&methods=none"] {
        let with = |option: &str| rain(&format!("{asked}&integrated-gradients.{option}"));
        for bad in ["0", "1", "1601", "2.5", "-5"] {
            refused(with(&format!("steps={bad}")), "integrated-gradients.steps is");
            refused(with(&format!("steps={bad}")), "from 2 to 1600");
        }
        for bad in ["0", "2", "NaN", "-1", "never"] {
            refused(with(&format!("tolerance={bad}")), "0.001 to 1");
        }
        refused(with("baseline=white"), "zero, blurred, mean");
        refused(with("colour=white"), "integrated-gradients.colour");
    }
}

#[test]
fn what_may_stand_once_stands_once() {
    let twice = [
        "model=rain",
        "checkpoint=one",
        "lead-time=30",
        "threshold=1",
        "opacity=1",
        "region=0,0,9,9",
    ];
    for pair in twice {
        refused(rain(&format!("&{pair}&{pair}")), "only once");
    }
    refused(rain(&format!("&sample={SAMPLE}")), "only once");
    refused(picture("&class=pos&class=neg"), "only once");
    let steps = "&integrated-gradients.steps=20";
    refused(rain(&format!("{steps}{steps}")), "integrated-gradients.steps may be given only once");
}

/// What one task knows, another does not: it would change nothing, and look as if it did.
#[test]
fn parameters_that_mean_nothing_are_refused() {
    refused(rain("&thresold=2"), "“thresold”");
    refused(rain("&class=pos"), "“class”");
    refused(rain("&above=90"), "“above”");
    refused(picture("&threshold=2"), "“threshold”");
    refused(picture("&palette=pysteps"), "“palette”");
    refused(picture(&format!("&sample={SAMPLE}")), "“scene”");
    refused(ask(&format!("sample={SAMPLE}&model=polar")), "“sample”");
    refused(rain("&grad-cam.steps=20"), "“grad-cam.steps”");
    refused(rain("&version=1"), "“version”");
    let parameters = Parameters::parse(Some(&format!("sample={SAMPLE}&version=1")));
    assert!(Question::read(&parameters, &catalog(), &["version"]).is_ok(), "whoever asks knows it");
}

#[test]
fn every_name_that_is_read_is_told() {
    let question = picture("").expect("it can be asked");
    let known = names(
        &*question.task,
        question.task.style_names(&question.cards),
        question.methods(),
        &["more"],
    );
    let all = "&methods=grad-cam,integrated-gradients&region=0,0,96,96";
    for (name, _) in picture(all).expect("it can be asked").pairs() {
        assert!(known.contains(&name), "{name}");
    }
    assert!(known.contains(&"more".to_owned()));
    let mut once = known.clone();
    once.sort();
    once.dedup();
    assert_eq!(once.len(), known.len(), "no name has two meanings");
}

#[test]
fn hostile_addresses_are_refused_in_few_words() {
    let long = "9".repeat(100_000);
    let hostile = ["%00", "%FF%FE", "..%2F..%2Fetc%2Fpasswd", "%3Cscript%3E", "%E2%80%AE", &long];
    for text in hostile {
        for name in
            ["model", "checkpoint", "layers", "methods", "palette", "lead-time", "region", text]
        {
            let error = rain(&format!("&{name}={text}")).err();
            let words = error.expect("it is refused").to_string();
            assert!(words.chars().count() < 1000, "{name}: {} characters", words.len());
        }
        let words = ask(&format!("sample={text}")).err().expect("there is none").to_string();
        assert!(words.chars().count() < 1000, "{} characters", words.len());
        let words = ask(&format!("scene={text}")).err().expect("there is none").to_string();
        assert!(words.chars().count() < 1000, "{} characters", words.len());
    }
    // Encoded or not, a name is a name.
    same(ask(&format!("%73ample={SAMPLE}&l%61yers=%66irst%2Clast")), rain("&layers=first,last"));
    let many = "&layers=first".repeat(10_000);
    same(rain(&many), rain("&layers=first"));
}

/// A recipe may come from anywhere: what it asks for is held to the limits of addresses.
#[test]
fn a_request_from_elsewhere_is_held_to_the_limits_of_addresses() {
    let all = "&methods=grad-cam,integrated-gradients,saliency";
    for question in [rain(all), rain("&methods=none"), picture(all), picture("&output=logit")] {
        let request = question.expect("it can be asked").request;
        let again = Question::of_request(&request, &catalog()).expect("it can be asked again");
        assert_eq!(again.request, request);
    }
    let check = |change: &dyn Fn(&mut Request), expected: &str| {
        let mut request = rain(all).expect("it can be asked").request;
        change(&mut request);
        refused(Question::of_request(&request, &catalog()), expected);
    };
    for steps in ["1000000000000", "0", "-1", "", "many"] {
        let set = |request: &mut Request| {
            request.explain[1].options.insert("steps".to_owned(), steps.to_owned());
        };
        check(&set, if steps.is_empty() { "says what no address can" } else { "from 2 to 1600" });
    }
    let without = |request: &mut Request| request.explain[1].options.clear();
    check(&without, "says what no address can");
    check(&|request| request.explain[0].method = "lime".to_owned(), "lime");
    check(&|request| request.model = "resnet".to_owned(), "resnet");
    check(&|request| request.checkpoint = "other".to_owned(), "other");
    let far = Target::SumAbove { threshold: 1e9, lead_time_min: 30, last_lead_time_min: None };
    check(&|request| request.explain.iter_mut().for_each(|e| e.target = far.clone()), "500");
    check(&|request| request.explain[2].target = far.clone(), "says what no address can");
}

/// Whatever stands in an address; the seeds are those of the fuzzer.
#[test]
fn mutated_addresses_are_asked_or_refused_and_survive_being_written() {
    const N_MUTATIONS: usize = 20_000;
    let seeds: Vec<_> = corpus(&["query"]).into_iter().map(|(_, bytes)| bytes).collect();
    let (mut random, mut n_asked) = (Random(20_100_826), 0);
    for i in 0..N_MUTATIONS {
        let bytes = mutate(&seeds[i % seeds.len()], &seeds, &mut random);
        let text = String::from_utf8_lossy(&bytes);
        let Ok(question) = ask(&text) else { continue };
        let query = question.to_query();
        let again = ask(&query).unwrap_or_else(|error| panic!("{text} → {query}: {error}"));
        assert_eq!(
            (again.to_query(), &again.request),
            (query.clone(), &question.request),
            "{text}"
        );
        assert!(question.is_written_as(&Parameters::parse(Some(&query))), "{text} → {query}");
        let of_request = Question::of_request(&question.request, &catalog());
        assert!(of_request.is_ok(), "{query} as a request: {:?}", of_request.err());
        n_asked += 1;
    }
    assert!(n_asked > N_MUTATIONS / 100 && n_asked < N_MUTATIONS, "{n_asked}");
}
