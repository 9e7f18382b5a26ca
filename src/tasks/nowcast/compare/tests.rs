use stormlens_data::card::{CheckpointCard, NowcastField};

use super::*;
use crate::tasks::tests::{CLOUDS, SAMPLE, catalog, data};

fn read(query: &str) -> Result<Comparison, QuestionError> {
    let task =
        Nowcasts::new(&data(), &data().join("no/such/cache")).expect("the repository has samples");
    Comparison::read(&Parameters::parse(Some(query)), &task, &catalog())
}

fn rain(more: &str) -> Result<Comparison, QuestionError> {
    read(&format!("sample={SAMPLE}{more}"))
}

fn refused(asked: Result<Comparison, QuestionError>, expected: &str) {
    let error = asked.err().expect("it is refused");
    let text = format!("{error}; {}", error.known().join(", "));
    assert!(text.contains(expected), "{text}");
}

/// Those that forecast the same time can stand beside each other.
#[test]
fn networks_that_forecast_the_lead_time_are_compared() {
    let names = |more: &str| rain(more).expect("it can be compared").names;
    assert_eq!(names(""), ["rain/one", "rain/assumed", "spark/hour"]);
    assert_eq!(names("&lead-time=60"), ["rain/one", "rain/late", "spark/hour"]);
    assert_eq!(names("&lead-time=180"), ["rain/one"]);
    assert_eq!(names("&networks=rain/late,rain/one&lead-time=60"), ["rain/one", "rain/late"]);
    let clouds = read(&format!("sample={CLOUDS}")).expect("it can be compared");
    assert_eq!(clouds.names, ["clouds/europe"], "of the same field");
}

#[test]
fn the_address_survives_being_read_again() {
    for more in [
        "",
        "&lead-time=60&threshold=-0",
        "&networks=rain/late",
        "&networks=rain/one&networks=rain/assumed",
        "&region=40,60,100,120",
    ] {
        let once = rain(more).expect("it can be compared");
        let twice = read(&once.to_query()).expect("it can be compared again");
        assert_eq!(twice.to_query(), once.to_query());
        assert_eq!(twice.target, once.target);
        assert_eq!(twice.region, once.region);
        let requests =
            |c: &Comparison| c.questions.iter().map(|q| q.request.key()).collect::<Vec<_>>();
        assert_eq!(requests(&twice), requests(&once));
    }
}

#[test]
fn nothing_is_explained() {
    let comparison = rain("&networks=rain/one").expect("it can be compared");
    assert!(comparison.questions.iter().all(|question| question.request.explain.is_empty()));
    assert_eq!(
        comparison.target,
        Target::SumAbove { threshold: 1.5, lead_time_min: 30, last_lead_time_min: None }
    );
}

#[test]
fn all_maps_show_the_same_part() {
    let comparison = rain("&region=40,60,100,120").expect("it can be compared");
    let parts = |c: &Comparison| c.questions.iter().map(|q| q.style.region).collect::<Vec<_>>();
    let part = "40,60,100,120".parse().ok();
    assert_eq!(parts(&comparison), [part; 3]);
    assert_eq!(parts(&rain("").expect("it can be compared")), [None; 3], "all of it");
}

#[test]
fn what_cannot_be_compared_is_refused_with_what_can() {
    refused(read(""), "sample is missing");
    refused(read("sample=knmi-1"), SAMPLE);
    refused(rain("&networks=lstm"), "rain/one, rain/late, rain/assumed");
    refused(rain("&networks=clouds/europe"), "rain/one");
    refused(rain("&lead-time=7"), "one of the lead times in minutes: 30, 60, 180");
    refused(rain("&networks=rain/late&lead-time=30"), "in minutes: 60");
    let some = rain("&networks=rain/late,rain/one&lead-time=30").expect("one of them can");
    assert_eq!(some.names, ["rain/one"], "what does not forecast the lead time is left out");
    refused(rain("&threshold=wet"), "from 0 to 500 mm/h");
    refused(rain("&region=1,2"), "TOP,LEFT,HEIGHT,WIDTH");
    refused(rain("&methods=none"), "“methods”");
    refused(rain("&lead-time=30&lead-time=60"), "only once");
}

/// Nothing that can answer is left out until somebody leaves it out.
#[test]
fn as_many_are_compared_as_one_page_may_ask_for() {
    let mut known = crate::tasks::tests::cards();
    let one = known.checkpoints[0].clone();
    let more = |i: usize| CheckpointCard { name: format!("more-{i}"), ..one.clone() };
    known.checkpoints.extend((0..9).map(more));
    let many = Catalog::new(known.clone(), catalog().tasks().to_vec());
    let task =
        Nowcasts::new(&data(), &data().join("no/such/cache")).expect("the repository has samples");
    let read =
        |query: &str, of: &Catalog| Comparison::read(&Parameters::parse(Some(query)), &task, of);
    let all = read(&format!("sample={SAMPLE}"), &many).expect("it can be compared");
    assert_eq!(all.names.len(), MAX_NETWORKS);
    assert_eq!(all.names.last().map(String::as_str), Some("spark/hour"), "{:?}", all.names);
    known.checkpoints.push(more(9));
    let one_more = Catalog::new(known, catalog().tasks().to_vec());
    let choices = choices(&one_more, NowcastField::Precipitation);
    let named: Vec<&str> = choices.iter().map(|choice| choice.name.as_str()).collect();
    let asked = read(&format!("sample={SAMPLE}&networks={}", named.join(",")), &one_more);
    refused(asked, "but 12 at most");
}
