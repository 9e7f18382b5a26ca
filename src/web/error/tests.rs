use super::*;
use stormlens_plot::RainPalette;

fn described(error: impl Into<AppError>) -> (u16, &'static str, String) {
    let Described { status, title, remedy, .. } = error.into().describe();
    (status.as_u16(), title, remedy)
}

#[test]
fn known_names_are_told_while_people_can_read_them() {
    let names = |n: usize| (0..n).map(|i| i.to_string()).collect::<Vec<_>>();
    assert_eq!(known_names(&[]), "There are none here");
    assert_eq!(known_names(&names(2)), "Choose one of: 0, 1");
    assert!(known_names(&names(40)).ends_with("38, 39"));
    assert!(known_names(&names(42)).ends_with("38, 39 and 2 more"));
}

#[test]
fn what_has_a_page_of_its_own_is_not_found_and_a_choice_is_wrong() {
    let check = |what, status, title: &str| {
        let found = described(QuestionError::unknown(what, "x", ["a", "b"]));
        assert_eq!(found, (status, title, "Choose one of: a, b".to_owned()), "{what}");
    };
    check("sample", 404, "Unknown sample");
    check("model", 404, "Unknown model");
    check("checkpoint", 404, "Unknown checkpoint");
    check("file", 404, "Unknown name");
    check("parameter", 400, "Unknown parameter");
    check("method", 422, "Unknown method");
    check("layer", 422, "Unknown layer");
    check("palette", 422, "Unknown name");
}

#[test]
fn every_question_that_is_not_understood_says_what_to_do() {
    let check = |error: QuestionError, status, words: &str| {
        let (found, _, remedy) = described(error);
        assert_eq!(found, status, "{remedy}");
        assert!(remedy.contains(words), "{remedy}");
    };
    check(QuestionError::parameter("steps", "is 0"), 400, "choose again in a form");
    check(QuestionError::NoNetworks, 501, "default features");
    let no_weights = QuestionError::NoWeights { model: "sar-unet", title: "SAR-UNet" };
    check(no_weights, 422, "checkpoints/sar-unet/");
    let (message, remedy, back) = ("there is no scene".to_owned(), "Upload it again", "/scenes");
    check(QuestionError::Gone { message, remedy, back }, 404, "Upload it again");
}

#[test]
fn what_a_worker_says_leads_back_or_on() {
    let way = Way { page: "/v1/result?a=b".to_owned(), back: "/samples/a".to_owned() };
    let check = |error: WorkerError, status: u16, href: &str| {
        let Described { status: found, back, .. } = AppError::from_worker(error, &way).describe();
        assert_eq!((found.as_u16(), back.href.as_str()), (status, href));
    };
    let text = || "why".to_owned();
    check(WorkerError::Invalid { message: text(), remedy: text() }, 422, "/samples/a");
    check(WorkerError::Failed(text()), 500, "/samples/a");
    check(WorkerError::TooBusy(text()), 503, "/v1/result?a=b");
    check(WorkerError::TooSlow(text()), 504, "/samples/a");
    check(WorkerError::Cancelled, 503, "/v1/result?a=b");
}

#[test]
fn a_figure_that_cannot_be_drawn_is_no_fault_of_the_question() {
    let error = "jet".parse::<RainPalette>().unwrap_err();
    assert!(error.contains("steps-be"), "{error}");
    let (status, title, _) = described(PlotError::RegionText { text: "1,2".to_owned() });
    assert_eq!((status, title), (500, "File cannot be made"));
}
