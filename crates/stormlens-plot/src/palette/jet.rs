//! Jet, for comparison with published overlays only: it is neither uniform nor safe for colour-blind
//! readers.

use crate::colour::Rgb;

/// Entry `index` of the 256 colours that OpenCV calls `COLORMAP_JET`.
///
/// Three tents of slope 4. OpenCV's table rounds one blue entry down, and so does this.
pub fn jet(index: u8) -> Rgb {
    let i = i32::from(index);
    let red = (4 * i - 382).min(1148 - 4 * i);
    let green = (4 * i - 128).min(892 - 4 * i);
    let blue = if i == 159 { 1 } else { (4 * i + 128).min(638 - 4 * i) };
    [red, green, blue].map(|v| v.clamp(0, 255) as u8)
}
