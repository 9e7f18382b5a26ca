//! Plain pictures without axes, for lists and the frames of an animation.

use stormlens_data::field::{Field, Grid};
use stormlens_data::outcome::Colours;
use stormlens_data::scene::Picture;

use super::pixels::{Pixels, mean_bytes, reduced};
use super::place::size_km;
use super::scale::opaque;
use super::{RainPalette, Style, Theme, basemap, palette, raster, scales};

/// A PNG of a field of rain or of a share on the ground of a theme, `size_px` pixels on its longer side.
///
/// Where it is smaller than the field, a pixel shows the mean of what it covers; missing values don't
/// count, and a pixel that covers nothing else is missing. With a grid, coasts and borders lie on it, as far
/// as its plane is known.
///
/// # Panics
/// If the picture would have more than `u32::MAX` pixels on a side.
pub fn thumbnail(
    field: &Field,
    grid: Option<&Grid>,
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
    let mut indices: Vec<u8> = small.values.iter().map(|&v| scale.index(v)).collect();
    if let Some(grid) = grid
        && let Ok(ink) = u8::try_from(table.len())
    {
        table.push(opaque(palette::inks(theme).coast));
        draw_coast(&mut indices, (small.width, small.height), grid, ink);
    }
    raster::indexed(small.height, small.width, &indices, &table)
        .expect("a picture of this size can be written")
}

/// Lines of one pixel.
fn draw_coast(indices: &mut [u8], (width, height): (usize, usize), grid: &Grid, ink: u8) {
    let (width_km, height_km) = size_km(grid);
    let (across, down) = (width as f64 / width_km, height as f64 / height_km);
    let mut dot = |east: f64, north: f64| {
        let (x, y) = (east * across, (height_km - north) * down);
        let inside = x >= 0.0 && y >= 0.0 && x < width as f64 && y < height as f64;
        if inside {
            indices[y as usize * width + x as usize] = ink;
        }
    };
    for line in basemap::lines(grid).unwrap_or_default() {
        for pair in line.points_km.windows(2) {
            let ((x, y), (x_to, y_to)) = (pair[0], pair[1]);
            let n = (((x_to - x) * across).abs().max(((y_to - y) * down).abs()).ceil()).max(1.0);
            for share in (0..=n as usize).map(|i| i as f64 / n) {
                dot(x + (x_to - x) * share, y + (y_to - y) * share);
            }
        }
    }
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
