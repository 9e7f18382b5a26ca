use super::*;

fn url(text: &str) -> Result<PublicUrl, String> {
    text.parse()
}

#[test]
fn an_address_is_an_origin_and_a_path() {
    let check = |text: &str, origin: &str, samples: &str| {
        let url = url(text).unwrap_or_else(|error| panic!("{error}"));
        assert_eq!((url.origin(), url.path("/samples").as_str()), (origin, samples));
    };
    check("https://lab.example.org", "https://lab.example.org", "/samples");
    check("https://Lab.example.org:443/", "https://lab.example.org", "/samples");
    check("http://lab:8000/tools/stormlens/", "http://lab:8000", "/tools/stormlens/samples");
    check("http://[::1]:80/a", "http://[::1]", "/a/samples");
}

#[test]
fn what_is_no_address_of_a_server_is_refused() {
    for text in [
        "lab.example.org",
        "ftp://lab.example.org",
        "https://",
        "https://user:word@lab.example.org",
        "https://lab.example.org/?x=1",
        "https://lab.example.org/#part",
        "https://lab.example.org/a//b",
        "https://lab.example.org/%22",
        "https://lab.example.org/a'b",
        "/stormlens",
        "",
    ] {
        assert!(url(text).is_err(), "{text}");
    }
}
