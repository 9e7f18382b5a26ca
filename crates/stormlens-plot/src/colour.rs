//! Colours, and the Oklab space in which equal distances look equal.

/// Red, green, blue in sRGB.
pub type Rgb = [u8; 3];

/// A colour in Oklab's cylindrical form (Ottosson 2020, *A perceptual color space for image
/// processing*): lightness 0 to 1, chroma from 0, hue in degrees.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Lch {
    pub lightness: f64,
    pub chroma: f64,
    pub hue_deg: f64,
}

pub const fn lch(lightness: f64, chroma: f64, hue_deg: f64) -> Lch {
    Lch { lightness, chroma, hue_deg }
}

impl Lch {
    /// A point on the straight line between two colours of the cylinder; hues are not wrapped.
    fn mix(self, other: Self, t: f64) -> Self {
        let blend = |a: f64, b: f64| a + (b - a) * t;
        lch(
            blend(self.lightness, other.lightness),
            blend(self.chroma, other.chroma),
            blend(self.hue_deg, other.hue_deg),
        )
    }

    fn lab(self) -> [f64; 3] {
        let (sin, cos) = self.hue_deg.to_radians().sin_cos();
        [self.lightness, self.chroma * cos, self.chroma * sin]
    }

    /// The colour of this lightness and hue, less saturated where a screen can't show it.
    fn shown(self) -> Self {
        let inside = |chroma: f64| {
            let linear = linear_of_lab(Self { chroma, ..self }.lab());
            linear.iter().all(|v| (-1e-4..=1.0001).contains(v))
        };
        if inside(self.chroma) {
            return self;
        }
        let (mut low, mut high) = (0.0, self.chroma);
        for _ in 0..24 {
            let middle = (low + high) / 2.0;
            if inside(middle) { low = middle } else { high = middle }
        }
        Self { chroma: low, ..self }
    }

    /// In sRGB, less saturated where a screen can't show it.
    pub fn rgb(self) -> Rgb {
        linear_of_lab(self.shown().lab()).map(encode)
    }
}

/// `n` colours along the knots, at equal distances in Oklab.
pub fn ramp(knots: &[Lch], n: usize) -> Vec<Rgb> {
    const FINE: usize = 2048;
    let on_path = |share: f64| {
        let at = share * (knots.len() - 1) as f64;
        let span = (at as usize).min(knots.len() - 2);
        knots[span].mix(knots[span + 1], at - span as f64)
    };
    let fine: Vec<[f64; 3]> =
        (0..=FINE).map(|i| on_path(i as f64 / FINE as f64).shown().lab()).collect();
    let mut length = vec![0.0];
    for step in fine.windows(2) {
        length.push(length[length.len() - 1] + distance(step[0], step[1]));
    }
    let total = length[FINE];
    let colour = |i: usize| {
        let wanted = total * i as f64 / (n - 1).max(1) as f64;
        let end = length.partition_point(|&l| l < wanted).clamp(1, FINE);
        let within = (wanted - length[end - 1]) / (length[end] - length[end - 1]);
        on_path((end as f64 - 1.0 + within) / FINE as f64).rgb()
    };
    (0..n).map(colour).collect()
}

/// Lightness, green–red and blue–yellow of a colour in Oklab.
#[cfg(test)]
pub fn oklab(rgb: Rgb) -> [f64; 3] {
    let [r, g, b] = rgb.map(decode);
    let l = (0.412_221_470_8 * r + 0.536_332_536_3 * g + 0.051_445_992_9 * b).cbrt();
    let m = (0.211_903_498_2 * r + 0.680_699_545_1 * g + 0.107_396_956_6 * b).cbrt();
    let s = (0.088_302_461_9 * r + 0.281_718_837_6 * g + 0.629_978_700_5 * b).cbrt();
    [
        0.210_454_255_3 * l + 0.793_617_785_0 * m - 0.004_072_046_8 * s,
        1.977_998_495_1 * l - 2.428_592_205_0 * m + 0.450_593_709_9 * s,
        0.025_904_037_1 * l + 0.782_771_766_2 * m - 0.808_675_766_0 * s,
    ]
}

/// How different two colours look; about 0.02 is just noticeable side by side.
pub fn distance(a: [f64; 3], b: [f64; 3]) -> f64 {
    a.iter().zip(b).map(|(a, b)| (a - b).powi(2)).sum::<f64>().sqrt()
}

/// Linear light of an sRGB byte.
#[cfg(test)]
pub fn decode(byte: u8) -> f64 {
    let v = f64::from(byte) / 255.0;
    if v <= 0.040_45 { v / 12.92 } else { ((v + 0.055) / 1.055).powf(2.4) }
}

/// The sRGB byte of linear light.
pub fn encode(linear: f64) -> u8 {
    let v = linear.clamp(0.0, 1.0);
    let v = if v <= 0.003_130_8 { v * 12.92 } else { 1.055 * v.powf(1.0 / 2.4) - 0.055 };
    (v * 255.0).round() as u8
}

fn linear_of_lab([lightness, a, b]: [f64; 3]) -> [f64; 3] {
    let l = (lightness + 0.396_337_777_4 * a + 0.215_803_757_3 * b).powi(3);
    let m = (lightness - 0.105_561_345_8 * a - 0.063_854_172_8 * b).powi(3);
    let s = (lightness - 0.089_484_177_5 * a - 1.291_485_548_0 * b).powi(3);
    [
        4.076_741_662_1 * l - 3.307_711_591_3 * m + 0.230_969_929_2 * s,
        -1.268_438_004_6 * l + 2.609_757_401_1 * m - 0.341_319_396_5 * s,
        -0.004_196_086_3 * l - 0.703_418_614_7 * m + 1.707_614_701_0 * s,
    ]
}
