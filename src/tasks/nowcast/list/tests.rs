use super::*;
use crate::parameters::QuestionError;
use crate::tasks::tests::data;

fn read(query: &str) -> Result<Filter, QuestionError> {
    Filter::read(&Parameters::parse(Some(query)))
}

fn found(query: &str) -> Vec<String> {
    let samples = Samples::open(&data()).expect("the repository has samples");
    let filter = read(query).expect("it can be asked");
    let admitted = samples.list().iter().filter(|sample| filter.admits(sample, &samples));
    admitted.map(|sample| sample.id.clone()).collect()
}

#[test]
fn samples_are_found_by_field_time_and_observation() {
    assert_eq!(found("").len(), 4153 + 13);
    assert_eq!(found("field=cloud-cover").len(), 13);
    assert_eq!(found("field=precipitation&observed=yes").len(), 4003);
    assert_eq!(found("observed=yes").len(), 4003 + 7);
    let between = "from=2010-08-26T05:30&to=2010-08-26T05:35Z";
    assert_eq!(found(between), ["knmi-20100826T0530", "knmi-20100826T0535"]);
    let wet = "from=2010-08-26T05:30&to=2010-08-26T05:30&min-wet=";
    // 63.1 % of that frame have rain.
    assert_eq!(found(&format!("{wet}63")).len(), 1);
    assert_eq!(found(&format!("{wet}64")).len(), 0);
}

#[test]
fn samples_of_a_country_are_a_choice_away() {
    let samples = Samples::open(&data()).expect("the repository has samples");
    let offered = datasets(&samples, Some("radklim"));
    let (name, label, is_chosen) = offered.iter().find(|o| o.1.contains("Germany")).expect("there");
    assert_eq!((name.as_str(), is_chosen), ("radklim", &true));
    let of_it = found("dataset=radklim");
    assert_eq!(*label, format!("Germany, radklim: {}", format::plural(of_it.len(), "sample")));
    assert!(of_it.iter().all(|id| id.starts_with("radklim-")));
    let all: usize = offered.iter().map(|(name, ..)| found(&format!("dataset={name}")).len()).sum();
    assert_eq!(all, samples.list().len(), "each sample is of one of them");
    assert!(found("dataset=nowhere").is_empty());
}

#[test]
fn the_address_of_a_page_finds_the_same() {
    let query = "field=precipitation&dataset=knmi&from=2010-08-26T05:30&to=2010-08-26T06:30&min-wet=12.5&observed=yes";
    let filter = read(query).expect("it can be asked");
    let page = filter.page(3);
    let (path, query) = page.split_once('?').expect("it has parameters");
    assert_eq!(path, "/samples");
    assert!(query.ends_with("&page=3"), "{query}");
    let again = read(query).expect("it can be asked again");
    assert_eq!(again.page(3), page);
    assert_eq!(read("").expect("asked").page(1), "/samples");
}

#[test]
fn what_is_no_filter_is_refused() {
    let check = |query: &str, expected: &str| {
        let error = read(query).err().expect("it is refused");
        let text = format!("{error}; {}", error.known().join(", "));
        assert!(text.contains(expected), "{text}");
    };
    check("field=snow", "precipitation, cloud-cover");
    check("from=yesterday", "2010-08-26T05:35");
    check("to=2010-13-01T00:00", "a time in UTC");
    check("min-wet=101", "percentage from 0 to 100");
    check("min-wet=NaN", "percentage from 0 to 100");
    check("observed=maybe", "yes or no");
    check("field=precipitation&field=cloud-cover", "only once");
}
