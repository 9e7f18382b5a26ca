//! Small GRIB2 messages, made byte by byte.

use jiff::Timestamp;
use jiff::tz::TimeZone;

/// What a message is to say.
#[derive(Clone)]
pub(crate) struct Draft {
    pub discipline: u8,
    pub centre: u16,
    pub category: u8,
    pub number: u8,
    pub reference_time: Timestamp,
    /// Hours from the reference time; a sum where they differ.
    pub hours: [u32; 2],
    pub height: u32,
    pub width: u32,
    /// Latitude and longitude of the node in the north-west, degrees.
    pub north_west: [f64; 2],
    pub step_degrees: f64,
    /// Sixteen bits each; the value is `(reference + packed) / 10^decimals`.
    pub packed: Vec<u16>,
    pub reference: f32,
    pub decimals: u8,
    pub scanning: u8,
    /// One bit a point, if some are missing.
    pub bitmap: Option<Vec<u8>>,
    pub packing: u16,
    /// What was done over the hours of a sum (code table 4.10), 1 for a sum.
    pub process: u8,
    /// So many ranges of time lie in one; of more than one no interval follows.
    pub n_ranges: u8,
    /// Of the first fixed surface: kind and value (code table 4.5); a pressure in Pa.
    pub level: (u8, u32),
}

impl Draft {
    pub fn rain(hours: [u32; 2], packed: &[u16]) -> Self {
        Self {
            discipline: 0,
            centre: 7,
            category: 1,
            number: 8,
            reference_time: "2024-05-01T00:00:00Z".parse().unwrap(),
            hours,
            height: 2,
            width: u32::try_from(packed.len() / 2).unwrap(),
            north_west: [40.0, 10.0],
            step_degrees: 1.0,
            packed: packed.to_vec(),
            reference: 0.0,
            decimals: 1,
            scanning: 0,
            bitmap: None,
            packing: 0,
            process: 1,
            n_ranges: 1,
            level: (1, 0),
        }
    }

    pub fn bytes(&self) -> Vec<u8> {
        let sections =
            [self.one(), self.three(), self.four(), self.five(), self.six(), self.seven()];
        let body: Vec<u8> = sections.concat();
        let length = (16 + body.len() + 4) as u64;
        let head =
            [b"GRIB".as_slice(), &[0, 0, self.discipline, 2], &length.to_be_bytes()].concat();
        [head, body, b"7777".to_vec()].concat()
    }

    fn one(&self) -> Vec<u8> {
        let parts = [
            &self.centre.to_be_bytes()[..],
            &[0, 0, 2, 1, 1],
            &moment(self.reference_time),
            &[0, 1],
        ];
        section(1, &parts.concat())
    }

    fn three(&self) -> Vec<u8> {
        let (height, width) = (self.height, self.width);
        // A sign is the first bit; longitudes have none.
        let micro = |degrees: f64| (degrees.abs() * 1e6).round() as u32;
        let latitude = |degrees: f64| micro(degrees) | (u32::from(degrees < 0.0) << 31);
        let longitude = |degrees: f64| micro(degrees.rem_euclid(360.0));
        let (west, south) = (self.scanning & 0x80 != 0, self.scanning & 0x40 != 0);
        let [north, west_end] = self.north_west;
        let length = |n: u32| f64::from(n - 1) * self.step_degrees;
        let mut latitudes = [north, north - length(height)].map(latitude);
        let mut longitudes = [west_end, west_end + length(width)].map(longitude);
        if south {
            latitudes.reverse();
        }
        if west {
            longitudes.reverse();
        }
        let parts = [
            &[0][..],
            &(height * width).to_be_bytes(),
            &[
                0, 0, 0, 0, 6, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255,
                255, 255,
            ],
            &width.to_be_bytes(),
            &height.to_be_bytes(),
            &[0, 0, 0, 0, 255, 255, 255, 255],
            &latitudes[0].to_be_bytes(),
            &longitudes[0].to_be_bytes(),
            &[0x30],
            &latitudes[1].to_be_bytes(),
            &longitudes[1].to_be_bytes(),
            &micro(self.step_degrees).to_be_bytes(),
            &micro(self.step_degrees).to_be_bytes(),
            &[self.scanning],
        ];
        section(3, &parts.concat())
    }

    fn four(&self) -> Vec<u8> {
        let [from, to] = self.hours;
        let is_sum = from != to;
        let template: u16 = if is_sum { 8 } else { 0 };
        let (kind, value) = self.level;
        let value = value.to_be_bytes();
        let surface = [&[kind, 0][..], &value, &[255, 255, 255, 255, 255, 255]].concat();
        let mut body = [
            &[0, 0][..],
            &template.to_be_bytes(),
            &[self.category, self.number, 2, 0, 0, 0, 0, 0, 1],
            &from.to_be_bytes(),
            &surface,
        ]
        .concat();
        if is_sum {
            let end = self.reference_time + jiff::SignedDuration::from_hours(i64::from(to));
            body.extend(moment(end));
            body.extend([self.n_ranges, 0, 0, 0, 0, self.process, 2, 1]);
            body.extend((to - from).to_be_bytes());
            body.extend([255, 0, 0, 0, 0]);
        }
        section(4, &body)
    }

    fn five(&self) -> Vec<u8> {
        let n = self.packed.len() as u32;
        let parts = [
            &n.to_be_bytes()[..],
            &self.packing.to_be_bytes(),
            &self.reference.to_be_bytes(),
            &[0, 0, 0, self.decimals, 16, 0],
        ];
        section(5, &parts.concat())
    }

    fn six(&self) -> Vec<u8> {
        match &self.bitmap {
            None => section(6, &[255]),
            Some(bits) => section(6, &[&[0][..], bits].concat()),
        }
    }

    fn seven(&self) -> Vec<u8> {
        let simple: Vec<u8> = self.packed.iter().flat_map(|value| value.to_be_bytes()).collect();
        section(7, &if self.packing == 41 { self.png() } else { simple })
    }

    fn png(&self) -> Vec<u8> {
        let mut bytes = std::io::Cursor::new(Vec::new());
        let picture = image::ImageBuffer::<image::Luma<u16>, _>::from_raw(
            self.width,
            self.height,
            self.packed.clone(),
        );
        picture.unwrap().write_to(&mut bytes, image::ImageFormat::Png).unwrap();
        bytes.into_inner()
    }
}

fn section(number: u8, body: &[u8]) -> Vec<u8> {
    let length = (body.len() + 5) as u32;
    [&length.to_be_bytes()[..], &[number], body].concat()
}

fn moment(time: Timestamp) -> [u8; 7] {
    let t = TimeZone::UTC.to_datetime(time);
    let [high, low] = t.year().to_be_bytes();
    [high, low, t.month() as u8, t.day() as u8, t.hour() as u8, t.minute() as u8, t.second() as u8]
}
