//! How a scene's figures look: what can change without computing anything.

use std::fmt::Write;

use super::read_choice;
use crate::plot::scene::{CamPalette, Interpolation, Polarity, Registration, SceneStyle};
use crate::web::AppError;
use crate::web::pages::scene::{Select, select};
use crate::web::parameters::Parameters;

/// The parameters of the look, in their order.
pub const LOOK_NAMES: [&str; 9] = [
    "registration",
    "interpolation",
    "opacity",
    "palette",
    "polarity",
    "above",
    "below",
    "cleanup",
    "outline",
];

/// The look of all figures of a scene's result.
#[derive(Clone, Debug, PartialEq)]
pub struct Look {
    pub registration: Registration,
    pub interpolation: Interpolation,
    /// Of attributions over the scene, in percent.
    pub opacity_percent: u8,
    pub palette: CamPalette,
    pub polarity: Polarity,
    /// Percent of the mass of integrated gradients below the value at which colours end.
    pub above_percent: f64,
    /// Percent of that mass that is too weak to be shown.
    pub below_percent: f64,
    pub cleanup: bool,
    pub outline: bool,
}

impl Look {
    pub fn read(parameters: &Parameters) -> Result<Self, AppError> {
        let default = SceneStyle::default();
        let opacity = parameters
            .number("opacity", "a number from 0 to 1", |o: &f64| (0.0..=1.0).contains(o))?
            .unwrap_or_else(|| f64::from(default.opacity));
        let look = Self {
            registration: read_choice(parameters, "registration", Registration::ALL)?,
            interpolation: read_choice(parameters, "interpolation", Interpolation::ALL)?,
            opacity_percent: (opacity * 100.0).round() as u8,
            palette: read_choice(parameters, "palette", CamPalette::ALL)?,
            polarity: read_choice(parameters, "polarity", Polarity::ALL)?,
            above_percent: read_mass(parameters, "above", default.above)?,
            below_percent: read_mass(parameters, "below", default.below)?,
            cleanup: read_switch(parameters, "cleanup")?,
            outline: read_switch(parameters, "outline")?,
        };
        match look.below_percent < look.above_percent {
            true => Ok(look),
            false => Err(AppError::parameter("above", "must be larger than below")),
        }
    }

    /// As it stands at the end of an address, with an ampersand before each parameter.
    pub fn to_query(&self) -> String {
        let Self { registration, interpolation, palette, polarity, .. } = self;
        let opacity = f64::from(self.opacity_percent) / 100.0;
        let mut text = format!(
            "&registration={registration}&interpolation={interpolation}&opacity={opacity}\
             &palette={palette}&polarity={polarity}"
        );
        let switch = |on: bool| if on { "yes" } else { "no" };
        // Writing to a string cannot fail.
        let _ = write!(
            text,
            "&above={}&below={}&cleanup={}&outline={}",
            self.above_percent,
            self.below_percent,
            switch(self.cleanup),
            switch(self.outline)
        );
        text
    }

    /// As figures take it, without the names of the layers.
    pub fn style(&self) -> SceneStyle {
        SceneStyle {
            registration: self.registration,
            interpolation: self.interpolation,
            opacity: f32::from(self.opacity_percent) / 100.0,
            palette: self.palette,
            polarity: self.polarity,
            above: self.above_percent,
            below: self.below_percent,
            cleanup: self.cleanup,
            outline: self.outline,
            ..SceneStyle::default()
        }
    }

    /// The choices beside the figures of the layers.
    pub fn layer_selects(&self) -> Vec<Select> {
        vec![
            self.registration_select(),
            select(
                "interpolation",
                "Between cells",
                Interpolation::ALL,
                self.interpolation,
                Interpolation::label,
            ),
            select("palette", "Colours", CamPalette::ALL, self.palette, CamPalette::label),
        ]
    }

    /// The choices beside the figures of the pixels.
    pub fn pixel_selects(&self) -> Vec<Select> {
        let polarity = select("polarity", "Show", Polarity::ALL, self.polarity, Polarity::label);
        vec![polarity, self.registration_select()]
    }

    fn registration_select(&self) -> Select {
        let label = Registration::label;
        select("registration", "Placed", Registration::ALL, self.registration, label)
    }
}

fn read_mass(parameters: &Parameters, name: &'static str, default: f64) -> Result<f64, AppError> {
    let expected = "a percentage of the attribution’s mass from 0 to 100";
    let share = parameters.number(name, expected, |p: &f64| (0.0..=100.0).contains(p))?;
    // −0 and 0 are one look.
    Ok(share.unwrap_or(default) + 0.0)
}

/// `yes` or `no`. The last one counts: a form sends `no` before the tick.
fn read_switch(parameters: &Parameters, name: &'static str) -> Result<bool, AppError> {
    match parameters.list(name).last() {
        None | Some(&"no") => Ok(false),
        Some(&"yes") => Ok(true),
        Some(_) => Err(AppError::parameter(name, "must be yes or no")),
    }
}
