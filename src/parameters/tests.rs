use super::*;
use stormlens_plot::Theme;

fn parse(query: &str) -> Parameters {
    Parameters::parse(Some(query))
}

fn pairs(parameters: &Parameters) -> Vec<(&str, &str)> {
    parameters.pairs().collect()
}

#[test]
fn pairs_are_decoded_and_keep_their_order() {
    let found = parse("b=2&a=one+two&%6C%61yers=a%2Cb&c=%E2%82%AC");
    assert_eq!(pairs(&found), [("b", "2"), ("a", "one two"), ("layers", "a,b"), ("c", "€")]);
    assert_eq!(Parameters::parse(None), Parameters::default());
}

#[test]
fn fields_left_blank_count_as_absent() {
    let found = parse("a=&b&&=&c=0&a=");
    assert_eq!(pairs(&found), [("c", "0")]);
    assert!(!found.has("a") && found.has("c"));
    assert_eq!(found.one("a"), Ok(None));
}

#[test]
fn what_may_stand_once_stands_once() {
    let found = parse("a=1&b=2&b=2");
    assert_eq!(found.one("a"), Ok(Some("1")));
    let error = found.one("b").unwrap_err();
    assert_eq!(error.to_string(), "the parameter b may be given only once");
    assert!(found.number::<u32>("b", "a number", |_| true).is_err());
    assert!(found.choice("b", Theme::Light).is_err());
}

#[test]
fn names_that_mean_nothing_are_refused_with_those_that_do() {
    let found = parse("model=a&mdoel=b");
    assert_eq!(found.only(&["model", "mdoel"]), Ok(()));
    let error = found.only(&["model", "sample"]).unwrap_err();
    assert_eq!(error.to_string(), "there is no parameter called “mdoel”");
    assert_eq!(error.known(), ["model", "sample"]);
}

#[test]
fn numbers_are_read_within_their_range() {
    let read = |text: &str| {
        let found = parse(&format!("n={text}"));
        found.number("n", "a whole number from 2 to 9", |n: &u32| (2..=9).contains(n))
    };
    assert_eq!(read("7"), Ok(Some(7)));
    assert_eq!(read("%207%20"), Ok(Some(7)));
    assert_eq!(read(""), Ok(None));
    for bad in ["1", "10", "2.5", "-3", "seven", "99999999999999999999", "%D9%A7", "7%00", "0x7"] {
        let error = read(bad).unwrap_err().to_string();
        assert!(error.contains("but must be a whole number from 2 to 9"), "{bad}: {error}");
    }
    let finite = |text: &str| {
        parse(&format!("n={text}")).number("n", "0 to 1", |n: &f64| (0.0..=1.0).contains(n))
    };
    assert_eq!(finite("1e-3"), Ok(Some(0.001)));
    for bad in ["NaN", "inf", "-inf", "1e999", "1,5", "-0.1"] {
        assert!(finite(bad).is_err(), "{bad}");
    }
}

#[test]
fn a_choice_is_one_of_those_that_there_are() {
    let read = |query: &str| parse(query).choice("theme", Theme::Light);
    assert_eq!(read(""), Ok(Theme::Light));
    assert_eq!(read("theme=dark"), Ok(Theme::Dark));
    let error = read("theme=Dark").unwrap_err();
    assert_eq!(error.to_string(), "there is no theme called “Dark”");
    assert_eq!(error.known(), ["light", "dark"]);
}

#[test]
fn the_last_word_of_a_switch_counts() {
    let check = |query: &str, expected: bool| {
        assert_eq!(parse(query).switch("on", true), Ok(expected), "{query}");
    };
    check("", true);
    check("on=no", false);
    check("on=no&on=yes", true);
    check("on=yes&on=no", false);
    check("on=yes&on=no&on=yes", true);
    check("on=no,yes", true);
    for bad in ["on=perhaps", "on=perhaps&on=yes", "on=yes&on=1", "on=YES"] {
        let error = parse(bad).switch("on", true).unwrap_err().to_string();
        assert_eq!(error, "the parameter on must be yes or no", "{bad}");
    }
}

#[test]
fn a_list_has_commas_or_is_repeated_and_says_each_once() {
    let found = parse("l=a,b&x=c&l=+c+,,a&l=,");
    assert_eq!(found.list("l"), ["a", "b", "c"]);
    assert_eq!(found.list("m"), [""; 0]);
}

/// A list as long as a client likes is read in one pass.
#[test]
fn a_very_long_list_is_read() {
    let n = 300_000;
    let values: Vec<_> = (0..n).map(|i| i.to_string()).collect();
    let found =
        Parameters::of([("l".to_owned(), values.join(",")), ("l".to_owned(), values.join(","))]);
    assert_eq!(found.list("l").len(), n);
}

/// Texts that mean something in addresses, to terminals or to nobody.
const HOSTILE: [&str; 14] = [
    "a,b:c",
    "%2C%3A%252C",
    "&b=2",
    "=",
    "+ +",
    "#fragment?query",
    "\0",
    "a\r\nSet-Cookie: b",
    "\u{1b}[31m",
    "\u{202e}gnp.exe",
    "<script>alert(1)</script>",
    "../../etc/passwd",
    "äöü € 🌧",
    "'\"; DROP TABLE samples; --",
];

#[test]
fn every_text_survives_in_an_address() {
    for text in HOSTILE {
        let written = to_query(&[("a", text.to_owned()), ("b", "1".to_owned())]);
        assert!(written.is_ascii() && !written.contains(char::is_control), "{written}");
        assert_eq!(pairs(&parse(&written)), [("a", text), ("b", "1")], "{written}");
    }
    assert_eq!(encode("cbam4,cbam5"), "cbam4,cbam5", "people can read it");
}

#[test]
fn what_is_no_text_is_read_all_the_same() {
    assert_eq!(pairs(&parse("a=%FF%C3")), [("a", "\u{fffd}\u{fffd}")]);
    assert_eq!(pairs(&parse("a=%zz&b=%")), [("a", "%zz"), ("b", "%")]);
    let found = parse("%00=1&a%3Db=2");
    assert_eq!(pairs(&found), [("\0", "1"), ("a=b", "2")]);
    assert!(found.only(&["a"]).is_err());
}

#[test]
fn a_message_repeats_no_more_than_people_read() {
    let long = "ä".repeat(1_000_000);
    let unknown = QuestionError::unknown("sample", &long, ["a"]).to_string();
    assert!(unknown.chars().count() < 500, "{}", unknown.len());
    assert!(unknown.starts_with("there is no sample called “ää") && unknown.ends_with("ää”"));
    let found = Parameters::of([("n".to_owned(), long.clone())]);
    let error = found.number::<u32>("n", "a whole number", |_| true).unwrap_err().to_string();
    assert!(error.chars().count() < 500, "{}", error.len());
    assert!(error.ends_with("ä”, but must be a whole number"), "{error}");
    let error = parse(&format!("{}=1", "b".repeat(100_000))).only(&["a"]).unwrap_err().to_string();
    assert!(error.chars().count() < 500, "{}", error.len());
}

/// A link that was passed on leads where it led; a misspelt name is still refused.
#[test]
fn what_others_append_to_links_is_passed_over() {
    let query = "sample=a&fbclid=IwAR0&utm_source=mail&utm_campaign=x&gclid=1&mc_cid=2&mtm_group=3";
    let parameters = Parameters::parse(Some(query));
    assert_eq!(parameters.pairs().collect::<Vec<_>>(), [("sample", "a")]);
    assert!(parameters.only(&["sample"]).is_ok());
    for misspelt in ["smaple=a", "utm=1", "xfbclid=1", "clid=1"] {
        assert!(Parameters::parse(Some(misspelt)).only(&["sample"]).is_err(), "{misspelt}");
    }
    // On the command line nobody appends anything.
    let typed = Parameters::of([("fbclid".to_owned(), "1".to_owned())]);
    assert!(typed.only(&["sample"]).is_err());
}
