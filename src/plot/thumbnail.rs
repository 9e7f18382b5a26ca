//! Plain pictures of rain, without axes: for lists of samples and the frames of an animation.

use stormlens_data::field::Field;

use super::palette::inks;
use super::scale::Scale;
use super::{RainPalette, Theme, raster};

/// A PNG of a rain field on light ground, `size_px` pixels on its longer side.
///
/// Where it is smaller than the field, a pixel shows the mean rain rate of what it covers; missing
/// values don't count, and a pixel that covers nothing else is missing.
pub fn thumbnail(field_mm_h: &Field, palette: RainPalette, size_px: usize) -> Vec<u8> {
    thumbnail_in(field_mm_h, palette, Theme::Light, size_px)
}

/// A [`thumbnail`] in the colours of a theme.
///
/// # Panics
/// If the picture would have more than `u32::MAX` pixels on a side.
pub fn thumbnail_in(
    field_mm_h: &Field,
    palette: RainPalette,
    theme: Theme,
    size_px: usize,
) -> Vec<u8> {
    let longer = field_mm_h.height.max(field_mm_h.width).max(1);
    let scaled = |n: usize| (n * size_px / longer).max(1);
    let small = resize(field_mm_h, scaled(field_mm_h.height), scaled(field_mm_h.width));
    let scale = Scale::rain(palette, theme);
    let mut table = scale.table();
    let [r, g, b] = inks(theme).ground;
    table[1] = [r, g, b, 255];
    let indices: Vec<u8> = small.values.iter().map(|&v| scale.index(v)).collect();
    raster::indexed(small.height, small.width, &indices, &table)
        .expect("a picture of this size can be written")
}

/// Means over what each new pixel covers, or the nearest pixel where it covers less than one.
fn resize(field: &Field, height: usize, width: usize) -> Field {
    let covered = |i: usize, new: usize, old: usize| {
        let from = i * old / new;
        from..((i + 1) * old / new).max(from + 1).min(old)
    };
    let mut values = Vec::with_capacity(height * width);
    for row in 0..height {
        for column in 0..width {
            let (mut sum, mut n) = (0.0, 0);
            for r in covered(row, height, field.height) {
                for c in covered(column, width, field.width) {
                    let value = field.at(r, c);
                    if value.is_finite() {
                        sum += value;
                        n += 1;
                    }
                }
            }
            values.push(if n > 0 { sum / n as f32 } else { f32::NAN });
        }
    }
    Field::new(height, width, values)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pixel_is_the_mean_of_what_it_covers() {
        let field = Field::new(2, 4, vec![1.0, 3.0, f32::NAN, 8.0, 1.0, 3.0, f32::NAN, f32::NAN]);
        assert_eq!(resize(&field, 1, 2).values, [2.0, 8.0]);
        assert_eq!(resize(&field, 4, 8).values[..4], [1.0, 1.0, 3.0, 3.0]);
    }

    #[test]
    fn the_longer_side_has_the_size() {
        let field = Field::new(20, 40, vec![5.0; 800]);
        let png = thumbnail(&field, RainPalette::Uniform, 10);
        let picture = image::load_from_memory(&png).expect("it is a PNG").to_rgb8();
        assert_eq!(picture.dimensions(), (10, 5));
        let colours = RainPalette::Uniform.classes(Theme::Light).colours;
        assert_eq!(picture.get_pixel(3, 3).0, colours[4], "5 mm/h starts the fifth class");
    }
}
