use std::path::Path;

use super::*;
use crate::tasks::scene::refusals::Refusals;
use crate::tasks::scene::scenes::{CacheOptions, Scenes};
use crate::tasks::scene::{Crowd, Recent, UploadLimits};
use crate::tasks::tests::{catalog, data, scene, typhoon};

fn task() -> SceneTask {
    let folder = Path::new("no/such/folder").to_owned();
    SceneTask {
        scenes: Scenes::open(&data(), CacheOptions { folder, ..CacheOptions::default() }),
        refusals: Refusals::default(),
        summaries: Recent::new(1),
        limits: UploadLimits::default(),
        uploads: UploadLimits::default().shares(),
        crowd: Crowd::default(),
    }
}

fn read(query: &str) -> Result<TableQuery, QuestionError> {
    TableQuery::read(&Parameters::parse(Some(query)), &task(), &catalog())
}

#[test]
fn gaps_are_filled() {
    let full = "scenes=b,a&model=polar&checkpoint=one&resampling=nearest&fit=stretch&sort=order";
    let query = read("scenes=b,a,b").expect("it can be asked");
    assert_eq!(query.page(), format!("/scenes/compare?{full}"));
    assert!(query.is_written_as(&Parameters::parse(Some(full))));
    assert!(!query.is_written_as(&Parameters::parse(Some("scenes=b,a,b"))));
    assert_eq!((query.class, query.class_label), (1, "polar low"));
}

#[test]
fn the_address_survives_being_read_again() {
    for query in [
        "scenes=a",
        "scenes=a&scenes=b,c&sort=training-range&fit=letterbox&resampling=bilinear",
        "scenes=a&checkpoint=simulated&sort=probability&refused=0123abcd",
        "scenes=%00,%2F..%2F,%3Cscript%3E&sort=name",
    ] {
        let once = read(query).expect("it can be asked");
        let written = to_query(&once.pairs());
        let twice = read(&written).expect("it can be asked again");
        assert_eq!(twice.pairs(), once.pairs(), "{query}");
        assert!(twice.is_written_as(&Parameters::parse(Some(&written))), "{query}");
    }
}

#[test]
fn what_does_not_exist_is_refused_with_what_does() {
    let check = |query: &str, expected: &str| {
        let error = read(query).expect_err("it is refused");
        let text = format!("{error}; {}", error.known().join(", "));
        assert!(text.contains(expected), "{text}");
    };
    check("", "scenes must name from 1 to 96 scenes");
    check("scenes=,", "scenes must name from 1 to 96 scenes");
    let many: Vec<_> = (0..97).map(|i| i.to_string()).collect();
    check(&format!("scenes={}", many.join(",")), "from 1 to 96 scenes");
    check("scenes=a&model=lstm", "polar");
    check("scenes=a&model=rain", "polar");
    check("scenes=a&checkpoint=three", "simulated");
    check("scenes=a&sort=size", "order, name, probability, training-range");
    check("scenes=a&fit=crop", "letterbox");
    check("scenes=a&class=neg", "“class”");
    check("scenes=a&sort=name&sort=name", "only once");
    assert!(read(&format!("scenes={}", many[..96].join(","))).is_ok());
}

/// A row asks what the scene's own page asks, without an explanation.
#[test]
fn a_row_asks_as_the_page_of_its_scene() {
    let (catalog, id) = (catalog(), typhoon());
    let query = read(&format!("scenes={id}&fit=letterbox&checkpoint=simulated")).expect("asked");
    let request = query.request(&id);
    assert!(request.explain.is_empty());
    let question = query.question(&catalog, &id).expect("it can be asked");
    assert_eq!(question.request.subject, request.subject);
    assert_eq!(question.request.checkpoint, request.checkpoint);
    assert_eq!(query.scene_page(&catalog, &id), result::page(&question));
    assert_eq!(query.scene_page(&catalog, "<gone>"), "/v1/result?scene=%3Cgone%3E");
    let others = read(&format!("scenes={id},{}", scene("sentinel1-simulated/front.png")));
    assert_eq!(others.expect("it can be asked").scenes.len(), 2);
}

#[test]
fn an_order_has_a_name() {
    for &sort in Sort::ALL {
        assert_eq!(sort.to_string().parse(), Ok(sort));
    }
    assert_eq!(
        "size".parse::<Sort>(),
        Err("there is no order \"size\"; take order, name, probability or training-range".into())
    );
}
