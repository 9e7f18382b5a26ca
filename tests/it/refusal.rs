//! What pages say where a question is refused.

use crate::support::TestApp;

/// The page at an address has a status, says these words, and has a way back.
pub async fn check_of(app: &TestApp, address: &str, status: u16, words: &[&str]) {
    let page = app.get(address).await;
    assert_eq!(page.status.as_u16(), status, "{address}");
    let text = page.texts(".error").concat();
    for word in words {
        assert!(text.contains(word), "{address} says “{word}”, not: {text}");
    }
    assert_eq!(page.count(".error a.button"), 1, "{address} has a way back");
    assert_eq!(page.header("cache-control"), "no-store", "{address}");
}

/// The same of a server that nobody has asked anything.
pub async fn check(address: &str, status: u16, words: &[&str]) {
    check_of(&TestApp::new(), address, status, words).await;
}
