//! Every form of every page, pressed with JavaScript: as it stands, and with each of its lists changed. Where a page or a part
//! of it answers with an error, the browser complains.

use std::time::Duration;

use serde_json::json;

use crate::accessibility::FINLAND;
use crate::browser::{in_browser, scripted_leads};
use crate::support::SAMPLE;
use crate::webdriver::Browser;

/// Forms that are sent by GET and take no file. The last choice of the list of that number is taken, the first one where the
/// last is taken already; without a number the form is sent as it stands. The answer is what there was to press.
const PRESS: &str = "
    const isPressed = (form) => form.method === 'get' && !form.querySelector('input[type=file]');
    const form = [...document.querySelectorAll('form')].filter(isPressed)[FORM];
    if (!form) return 'no form';
    if (LIST !== null) {
        const list = form.querySelectorAll('select')[LIST];
        if (!list) return 'no list';
        const last = list.options.length - 1;
        list.selectedIndex = list.selectedIndex === last ? 0 : last;
        for (const name of ['input', 'change']) list.dispatchEvent(new Event(name, { bubbles: true }));
    }
    const button = form.querySelector('button:not([type=button])');
    if (LIST === null || button?.offsetParent) form.requestSubmit(button ?? undefined);
    return 'pressed';";

const ANSWERED: &str = "return document.readyState === 'complete' && !document.querySelector('.waiting, [data-filling]')";

/// For a page to begin to go, or to ask for a part of itself.
const BEGINS: Duration = Duration::from_millis(400);

/// Presses a form of a page; whether there was something to press.
async fn press(browser: &Browser<'_>, page: &str, form: usize, list: Option<usize>) -> String {
    browser.open(page).await;
    browser.wait("the page", ANSWERED).await;
    let script = PRESS.replace("FORM", &form.to_string()).replace("LIST", &json!(list).to_string());
    let found = browser.run(&script).await.as_str().expect("it answers").to_owned();
    if found == "pressed" {
        tokio::time::sleep(BEGINS).await;
        browser.wait("the answer", ANSWERED).await;
        let complaints = browser.complaints().await;
        assert!(complaints.is_empty(), "{page}, form {form}, list {list:?}: {complaints:?}");
    }
    found
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_form_leads_somewhere_with_javascript() {
    in_browser(scripted_leads, async |driver, address| {
        let browser = driver.browser(true).await;
        let mut n_pressed = 0;
        for page in [
            "/samples",
            &format!("/samples/{SAMPLE}"),
            "/scenes",
            "/rain",
            "/rain/mrms-20160922T1100",
            "/probability",
            "/models/polar-low",
            "/verification",
            FINLAND,
            &format!("/v1/result?sample={SAMPLE}&methods=grad-cam,integrated-gradients,saliency"),
            &format!("/v1/compare?sample={SAMPLE}"),
        ] {
            let page = format!("{address}{page}");
            for form in 0.. {
                if press(&browser, &page, form, None).await == "no form" {
                    break;
                }
                n_pressed += 1;
                for list in 0.. {
                    if press(&browser, &page, form, Some(list)).await == "no list" {
                        break;
                    }
                    n_pressed += 1;
                }
            }
        }
        assert!(n_pressed >= 25, "{n_pressed}");
        browser.close().await;
    })
    .await;
}
