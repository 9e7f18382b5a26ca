//! Plain pictures without axes, for lists and the frames of an animation.

use stormlens_data::field::Field;
use stormlens_data::outcome::Colours;
use stormlens_data::scene::Picture;

use super::pixels::{Pixels, mean_bytes, reduced};
use super::{RainPalette, Style, Theme, palette, raster, scales};

/// A PNG of a field of rain or of a share on the ground of a theme, `size_px` pixels on its longer side.
///
/// Where it is smaller than the field, a pixel shows the mean of what it covers; missing values don't
/// count, and a pixel that covers nothing else is missing.
///
/// # Panics
/// If the picture would have more than `u32::MAX` pixels on a side.
pub fn thumbnail(
    field: &Field,
    colours: Colours,
    palette: RainPalette,
    theme: Theme,
    size_px: usize,
) -> Vec<u8> {
    let longer = field.height.max(field.width).max(1);
    let scaled = |n: usize| (n * size_px / longer).max(1);
    let small = reduced(field, (scaled(field.width), scaled(field.height)), f32::MIN_POSITIVE);
    let scale = match colours {
        Colours::Rain => scales::rain(&Style { palette, theme, ..Style::default() }),
        _ => scales::share(theme, field),
    };
    let mut table = scale.table();
    if scale.hides_first {
        let [r, g, b] = palette::inks(theme).ground;
        table[1] = [r, g, b, 255];
    }
    let indices: Vec<u8> = small.values.iter().map(|&v| scale.index(v)).collect();
    raster::indexed(small.height, small.width, &indices, &table)
        .expect("a picture of this size can be written")
}

/// A small PNG of a picture, at most `side_px` pixels on its longer side. Where it is smaller than the
/// picture, a pixel is the mean of what it covers.
///
/// # Panics
/// For a picture without pixels, which no decoder makes.
pub fn picture_thumbnail(picture: &Picture, side_px: usize) -> Vec<u8> {
    let Picture { width, height, .. } = *picture;
    let longer = width.max(height).max(1);
    let scaled = |n: usize| (n * side_px / longer).clamp(1, n);
    let (new_width, new_height) = (scaled(width), scaled(height));
    let values = mean_bytes(|i| picture.rgb.at(i), 3, (width, height), (new_width, new_height));
    let small = Pixels { width: new_width, height: new_height, n_channels: 3, values };
    small.png().expect("a picture of this size can be written")
}
