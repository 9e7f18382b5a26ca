//! What lies on a map, from the lowest.

use stormlens_data::field::Field;
use stormlens_data::scene::Rectangle;

use super::PlotError;
use super::canvas::{Frame, Pen};
use super::pixels::{self, Pixels};
use super::scale::Scale;

/// A picture over a piece of the domain, painted when it is drawn.
pub struct Layer {
    pub picture: Picture,
    pub piece: Rectangle,
    /// Whether the edges of pixels are kept.
    pub sharp: bool,
}

pub enum Picture {
    /// A field in the colours of a scale.
    Scaled(Field, Scale),
    Bytes(Pixels),
}

impl Layer {
    /// A field in the colours of a scale, its pixels kept sharp.
    pub fn sharp((field, piece): (Field, Rectangle), scale: &Scale) -> Self {
        Self { picture: Picture::Scaled(field, scale.clone()), piece, sharp: true }
    }

    /// The same, smooth where it has other pixels than the screen.
    pub fn smooth(values: (Field, Rectangle), scale: &Scale) -> Self {
        Self { sharp: false, ..Self::sharp(values, scale) }
    }

    /// A photograph.
    pub fn photograph(pixels: Pixels, piece: Rectangle) -> Self {
        Self { picture: Picture::Bytes(pixels), piece, sharp: false }
    }

    /// Draws it into the frame of its piece.
    pub fn draw(self, pen: &Pen, frame: Frame) -> Result<(), PlotError> {
        if self.piece.width == 0 || self.piece.height == 0 {
            return Ok(());
        }
        let png = match self.picture {
            Picture::Scaled(field, scale) => {
                scale.paint(&pixels::for_print(field, frame), pen.inks.ground)?
            }
            Picture::Bytes(pixels) => pixels.for_print(frame).png()?,
        };
        match self.sharp {
            true => pen.picture(frame, &png),
            false => pen.photograph(frame, &png),
        }
        Ok(())
    }
}
