//! What a visitor does on a map: a part to look at closely, forecast and observation in turn.

use serde_json::json;

use crate::browser::{FIGURES_DRAWN, INSPECTED};
use crate::webdriver::Browser;

const WHOLE: &str = "return !location.search.includes('region=')";
const PART: &str = "return /[?&]region=[0-9,%C]+/.test(location.search)";
/// The page with the part is in place, and nothing waits.
const SHOWN: &str = "return document.querySelector('main:not(.busy) figure[data-head]') !== null";

/// The part that the page says it shows: top, left, height, width.
pub async fn part(browser: &Browser<'_>) -> Vec<usize> {
    browser.wait("a part", PART).await;
    browser.wait("the part", SHOWN).await;
    browser.wait("figures", FIGURES_DRAWN).await;
    let asked = browser.run("return document.querySelector('input[name=region]').value").await;
    let shown =
        "return [...document.querySelectorAll('figure[data-head]')].map((f) => f.dataset.region)";
    let shown = browser.run(shown).await;
    let shown = shown.as_array().expect("a list");
    assert!(shown.iter().all(|region| *region == asked), "all maps show {asked}: {shown:?}");
    let numbers = asked.as_str().unwrap_or_default().split(',').filter_map(|n| n.parse().ok());
    numbers.collect()
}

pub async fn show_all(browser: &Browser<'_>) {
    browser.type_into(&format!("{INSPECTED} .plane"), "x").await;
    browser.wait("all of it", WHOLE).await;
    browser.wait("the whole map", SHOWN).await;
    browser.wait("figures", FIGURES_DRAWN).await;
}

/// A rectangle drawn with the mouse is the part that is shown.
pub async fn drag(browser: &Browser<'_>) {
    let frame = "return document.querySelector('figure[data-head]').dataset.frame";
    let frame = browser.run(frame).await;
    let numbers = frame.as_str().unwrap_or_default().split(',').filter_map(|n| n.parse().ok());
    let numbers: Vec<f64> = numbers.collect();
    let &[left, top, width, height] = numbers.as_slice() else { panic!("{frame} is no frame") };
    let at = |x: f64, y: f64| [left + x * width, top + y * height];
    let places = [at(0.25, 0.5), at(0.5, 0.6), at(0.75, 0.75)];
    browser.drag(&format!("{INSPECTED} img"), &places).await;
    let numbers = part(browser).await;
    let near = |value: usize, expected: usize| value.abs_diff(expected) <= 3;
    let expected = [144, 72, 72, 144];
    let is_drawn = numbers.len() == 4 && numbers.iter().zip(expected).all(|(n, e)| near(*n, e));
    assert!(is_drawn, "{numbers:?}, not about {expected:?} of 288 × 288 pixels");
    show_all(browser).await;
}

const FORECAST: &str = "figure[data-figure^=map-prediction]";

/// Picture, title and value of the first forecast and of the observation.
const PAIR: &str = "
    const say = (name) => {
        const figure = document.querySelector(`figure[data-figure^=map-${name}]`);
        const title = figure.querySelector('figcaption strong').textContent;
        const value = figure.querySelector('output.value').textContent.split(' at ')[0];
        return [figure.querySelector('img').src, title, value];
    };
    const [forecast, observation] = [say('prediction'), say('observation')];";

/// What a browser tells when the page scrolls under a mouse at rest: a move by nothing, and that it left.
const MOUSE_LEAVES: &str = "
    const plane = document.querySelector('figure[data-figure^=map-prediction] .plane');
    const box = plane.getBoundingClientRect();
    const at = { pointerType: 'mouse', bubbles: true, clientX: box.x + box.width / 2, clientY: box.y + box.height / 2 };
    plane.dispatchEvent(new PointerEvent('pointermove', at));
    plane.dispatchEvent(new PointerEvent('pointerleave', { ...at, bubbles: false }));";

/// A key shows the observation in place of the forecasts, whose values are then its values, also where
/// the pointer rests.
pub async fn flicker(browser: &Browser<'_>, section: &str) {
    let label = format!("return document.querySelector('{FORECAST} .plane').ariaLabel");
    let label = browser.run(&label).await;
    assert!(label.as_str().is_some_and(|label| label.contains("F: switch")), "{label}");
    browser.type_into(&format!("{FORECAST} .plane"), "\u{E015}").await;
    let told = |of: &str| format!("{PAIR} return {of}[2] !== '';");
    browser.wait("a value of the forecast", &told("forecast")).await;
    browser.wait("a value of the observation", &told("observation")).await;
    browser.run(MOUSE_LEAVES).await;
    let stays = browser.run(&told("forecast")).await;
    assert_eq!(stays, true, "what a key asked for stays when the page moves away under the mouse");
    let before = browser.run(&format!("{PAIR} return [forecast, observation];")).await;
    assert_ne!(before[0][0], before[1][0]);
    assert_ne!(before[0][2], before[1][2], "a place where both differ");
    browser.type_into(&format!("{FORECAST} .plane"), "f").await;
    let same = format!("{PAIR} return forecast.every((part, i) => part === observation[i]);");
    browser.wait("the observation in place of the forecast, with its value", &same).await;
    let back = format!(
        "{PAIR} return JSON.stringify([forecast, observation]) === {};",
        json!(before.to_string())
    );
    browser.wait("the forecast again", &back).await;
    browser.type_into(&format!("{FORECAST} .plane"), "f").await;
    browser.wait("the forecast stays", &back).await;
    assert_eq!(
        browser.text(&format!("{section} [data-flicker]")).await,
        "Switch between forecast and observation"
    );
}

/// Where there is no observation, no map says that it can be switched to.
pub async fn nothing_flickers(browser: &Browser<'_>) {
    let labels =
        "return [...document.querySelectorAll('figure[data-head] .plane')].map((p) => p.ariaLabel)";
    let labels = browser.run(labels).await;
    let labels = labels.as_array().expect("a list");
    assert!(
        !labels.is_empty()
            && labels.iter().all(|label| label.as_str().is_some_and(|l| l.contains("Z: ")))
    );
    assert!(
        labels.iter().all(|label| !label.as_str().is_some_and(|l| l.contains("F: "))),
        "{labels:?}"
    );
}
