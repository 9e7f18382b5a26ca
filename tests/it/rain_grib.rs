//! GRIB files of rain of which one message cannot be used.

use axum::http::StatusCode;

use crate::field_files::grib::Draft;
use crate::rain_uploads::{roomy, send};
use crate::support::{Page, TestApp};

/// Millimetres of three hours, everywhere the same.
fn sum(from: u32) -> Draft {
    Draft {
        height: 16,
        width: 16,
        north_west: [40.0, -115.0],
        step_degrees: 0.25,
        ..Draft::rain([from, from + 3], &[30; 256])
    }
}

/// A picture that is none, which is known only when it is decoded.
fn broken(from: u32) -> Vec<u8> {
    let mut bytes = Draft { packing: 41, ..sum(from) }.bytes();
    let at = bytes.windows(4).position(|w| w == b"\x89PNG").expect("a picture");
    bytes[at] = 0;
    bytes
}

async fn upload(app: &TestApp, message: &[u8]) -> Page {
    let bytes = [&sum(0).bytes()[..], message, &sum(6).bytes()].concat();
    send(app, "application/json", &[("files", Some("rain.grib2"), &bytes)]).await
}

/// The pages of the sums of an upload, in their order.
async fn sums(app: &TestApp, receipt: &Page) -> Vec<Page> {
    assert_eq!(receipt.status, StatusCode::CREATED, "{}", receipt.text());
    let mut pages = Vec::new();
    for sum in receipt.json()["sums"].as_array().expect("a list") {
        pages.push(app.get(sum["page"].as_str().expect("an address")).await);
    }
    pages
}

#[tokio::test]
async fn a_message_that_is_not_read_is_no_sum_of_the_file() {
    let app = roomy();
    let packing = Draft { packing: 199, ..sum(3) };
    let mut edition = sum(3).bytes();
    edition[7] = 3;
    for message in [packing.bytes(), edition] {
        let receipt = upload(&app, &message).await;
        let pages = sums(&app, &receipt).await;
        assert_eq!(pages.len(), 2);
        assert!(pages.iter().all(|page| page.status == StatusCode::OK));
    }
    // Alone, its reason is said.
    let bytes = packing.bytes();
    let page = send(&app, "text/html", &[("files", Some("rain.grib2"), &bytes)]).await;
    assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY, "{}", page.text());
    assert!(page.text().contains("its packing 5.199 is not read"), "{}", page.text());
}

/// What is wrong with a file is for its visitor to mend, and never a fault of the server.
#[tokio::test]
async fn a_message_that_cannot_be_decoded_is_refused_in_words() {
    let app = roomy();
    let receipt = upload(&app, &broken(3)).await;
    let pages = sums(&app, &receipt).await;
    let statuses: Vec<u16> = pages.iter().map(|page| page.status.as_u16()).collect();
    assert_eq!(statuses, [200, 422, 200]);
    let text = pages[1].text();
    assert!(text.contains("its data are no PNG picture"), "{text}");
    assert!(text.contains("2 other sums do not need this field"), "{text}");
    let bytes = broken(0);
    let page = send(&app, "text/html", &[("files", Some("rain.grib2"), &bytes)]).await;
    assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY, "{}", page.text());
}
