//! A part of a domain to look at more closely.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use stormlens_data::scene::Rectangle;

use super::PlotError;

/// A rectangle in pixels of a domain, of a scene in those of the square that it became. Its text form is
/// `TOP,LEFT,HEIGHT,WIDTH`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Region {
    pub top: usize,
    pub left: usize,
    pub height: usize,
    pub width: usize,
}

impl Region {
    /// Fewer pixels on a side are no map, and axes have no whole numbers to show.
    pub const MIN_PX: usize = 8;

    /// The same rectangle, if it is large enough and within a domain.
    pub(super) fn within(self, [height, width]: [usize; 2]) -> Result<Rectangle, PlotError> {
        let Self { top, left, .. } = self;
        let fits = |from: usize, n: usize, end: usize| {
            n >= Self::MIN_PX.min(end) && from.checked_add(n).is_some_and(|to| to <= end)
        };
        match fits(top, self.height, height) && fits(left, self.width, width) {
            true => Ok(Rectangle { left, top, width: self.width, height: self.height }),
            false => Err(PlotError::Region { region: self, height, width }),
        }
    }
}

impl fmt::Display for Region {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{},{},{},{}", self.top, self.left, self.height, self.width)
    }
}

impl FromStr for Region {
    type Err = PlotError;

    fn from_str(text: &str) -> Result<Self, PlotError> {
        let numbers = text.split(',').map(|n| n.trim().parse()).collect::<Result<Vec<usize>, _>>();
        match numbers.as_deref() {
            Ok(&[top, left, height, width]) => Ok(Self { top, left, height, width }),
            _ => Err(PlotError::RegionText { text: text.to_owned() }),
        }
    }
}
