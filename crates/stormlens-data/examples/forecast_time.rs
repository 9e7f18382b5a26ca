//! Our side of `tools/pysteps/race.py`: for each line on standard input, one forecast of the name in that line at six
//! lead times from radar frames of 288 × 288 pixels. Says how many seconds it took and how much it rains at the end.

use std::io::{BufRead, Write};
use std::path::Path;
use std::time::Instant;

use stormlens_data::field::Field;
use stormlens_data::forecast::{RecentRain, reference_forecasters};
use stormlens_data::import::knmi;

const LEAD_TIMES_MIN: [u32; 6] = [5, 10, 15, 20, 25, 30];

fn frame(time: &str) -> Result<Field, Box<dyn std::error::Error>> {
    let name = format!("../../data/knmi/RAD_NL25_RAP_5min_20100826{time}.h5");
    let image = knmi::read(&Path::new(env!("CARGO_MANIFEST_DIR")).join(name))?;
    let rain = image.crop()?.into_iter().map(|value| knmi::to_mm_h(knmi::normalise(value)));
    Ok(Field::new(knmi::CROP_SIZE, knmi::CROP_SIZE, rain.collect()))
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let frames = ["0325", "0330", "0335"].map(frame).into_iter().collect::<Result<Vec<_>, _>>()?;
    let recent = RecentRain::new(&frames, knmi::FRAME_STEP_MIN, 1.0)?;
    let forecasters = reference_forecasters();
    for line in std::io::stdin().lock().lines() {
        let name = line?;
        let found = forecasters.iter().find(|forecaster| forecaster.name() == name);
        let forecaster = found.ok_or_else(|| format!("there is no forecast {name:?}"))?;
        let start = Instant::now();
        let fields = forecaster.forecast(&recent, &LEAD_TIMES_MIN)?;
        let seconds = start.elapsed().as_secs_f64();
        let last: Vec<f32> = fields[5].finite().collect();
        println!("{seconds} {}", last.iter().sum::<f32>() / last.len() as f32);
        std::io::stdout().flush()?;
    }
    Ok(())
}
