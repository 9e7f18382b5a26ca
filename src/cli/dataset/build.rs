//! `stormlens dataset build`.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use jiff::Timestamp;
use stormlens_data::card::NowcastField;
use stormlens_data::dataset::{
    self, BuildOptions, BuildReport, MaskOptions, MaskReport, Rule, Split, masks,
};
use stormlens_data::time;

use super::tell_gaps;
use crate::cli::progress::Bar;
use crate::places::{DATA, Places};
use crate::written;

/// Build the intermediate and the windowed HDF5 file of a training set of rain; or, for cloud cover,
/// windows of wet/dry masks of radar
#[derive(Debug, clap::Args)]
pub struct Build {
    /// What the frames are to show: precipitation, or cloud-cover, which needs --from-radar
    #[arg(long, value_name = "FIELD", default_value_t, requires_if("cloud-cover", "from_radar"))]
    field: NowcastField,
    /// With --field cloud-cover: folder with raw radar frames, of which wet/dry masks are made every
    /// 15 minutes. They are no clouds, and the set says so
    #[arg(
        long,
        value_name = "FOLDER",
        conflicts_with_all = ["raw", "intermediate", "input_length", "img_ahead", "compat"]
    )]
    from_radar: Option<PathBuf>,
    /// With --from-radar: rain rate above which a pixel is wet, mm/h
    #[arg(long, value_name = "MM/H", default_value_t = 0.1, requires = "from_radar")]
    wet_above: f64,
    /// With --from-radar: height and width, in the middle of the radar crop
    #[arg(long, value_name = "PIXELS", default_value_t = 256, requires = "from_radar")]
    size: usize,
    /// With --from-radar: minutes between the starts of two windows
    #[arg(long, value_name = "MINUTES", default_value_t = 15, requires = "from_radar")]
    stride_min: u32,
    /// Folder with raw frames, RAD_NL25_RAC_5min_…_cor.h5 or RAD_NL25_RAP_5min_….h5
    #[arg(
        long,
        value_name = "FOLDER",
        default_value_os_t = Places::here().find(DATA).join("knmi"),
        conflicts_with = "intermediate"
    )]
    raw: PathBuf,
    /// Build only the windows, from an intermediate file that is there already
    #[arg(long, value_name = "FILE", conflicts_with_all = ["train_until", "validate_until"])]
    intermediate: Option<PathBuf>,
    /// Folder to write to; with --from-radar a new or empty one
    #[arg(long, value_name = "FOLDER", default_value = "data/sets")]
    output: PathBuf,
    /// Last instant of the training group, in UTC, e.g. 2018-12-31T23:55; without it the end of 2018
    #[arg(long, value_name = "TIME", value_parser = instant)]
    train_until: Option<Timestamp>,
    /// Last instant of the validation group, in UTC; without it the set has none
    #[arg(long, value_name = "TIME", value_parser = instant)]
    validate_until: Option<Timestamp>,
    /// Input frames of a window
    #[arg(long, value_name = "FRAMES", default_value_t = 12)]
    input_length: usize,
    /// Frames from the last input to the one to predict; 6 are 30 minutes
    #[arg(long, value_name = "FRAMES", default_value_t = 6)]
    img_ahead: usize,
    /// Share of the pixels, 0 to 1, that have to be wet; without it 0.5, and 0 with --from-radar
    #[arg(long, value_name = "SHARE")]
    rain_threshold: Option<f64>,
    /// Choose windows exactly as the reference program does: rain is looked for one frame after the
    /// window, and windows may straddle gaps
    #[arg(long)]
    compat: bool,
}

impl Build {
    pub fn run(self, out: &mut dyn Write) -> anyhow::Result<()> {
        if self.from_radar.is_some() && self.field != NowcastField::CloudCover {
            bail!("--from-radar makes masks in the place of clouds: add --field cloud-cover");
        }
        let from = self.from_radar.as_ref().or(self.intermediate.as_ref()).unwrap_or(&self.raw);
        // Before anything is made for it.
        fs::metadata(from).with_context(|| {
            format!("the training set was not built: {} cannot be read", from.display())
        })?;
        written::make_folder(&self.output)?;
        if let Some(radar) = &self.from_radar {
            return self.run_masks(radar, out);
        }
        let options = self.options();
        let bar = Bar::new();
        let built = match &self.intermediate {
            Some(file) => dataset::build_windows(file, &self.output, &options, &bar),
            None => dataset::build(&self.raw, &self.output, &options, &bar),
        };
        drop(bar);
        Ok(tell(out, &built.context("the training set was not built")?)?)
    }

    fn run_masks(&self, radar: &Path, out: &mut dyn Write) -> anyhow::Result<()> {
        let bar = Bar::new();
        let built = dataset::build_masks(radar, &self.output, &self.mask_options(), &bar);
        drop(bar);
        let report = built.context("the masks were not made")?;
        Ok(self.tell_masks(out, &report)?)
    }

    fn split(&self) -> Split {
        let train_until = self.train_until.unwrap_or(Split::default().train_until);
        Split { train_until, validate_until: self.validate_until }
    }

    pub fn mask_options(&self) -> MaskOptions {
        MaskOptions {
            split: self.split(),
            wet_above_mm_h: self.wet_above,
            size: self.size,
            stride_min: self.stride_min,
            rain_threshold: self.rain_threshold.unwrap_or(0.0),
        }
    }

    fn tell_masks(&self, out: &mut dyn Write, report: &MaskReport) -> io::Result<()> {
        for (group, n_windows) in &report.groups {
            writeln!(out, "{group}: {n_windows} windows")?;
        }
        let MaskReport { n_straddling, n_dry, .. } = report;
        if *n_straddling > 0 {
            writeln!(out, "left out: {n_straddling} windows that lie in two blocks of time")?;
        }
        if *n_dry > 0 {
            writeln!(out, "left out: {n_dry} windows with too few wet pixels")?;
        }
        for skipped in &report.skipped {
            writeln!(out, "skipped {}: {}", skipped.file, skipped.reason)?;
        }
        writeln!(out, "{} in {}", masks::WHAT, self.output.display())
    }

    pub fn options(&self) -> BuildOptions {
        BuildOptions {
            split: self.split(),
            input_length: self.input_length,
            img_ahead: self.img_ahead,
            rain_threshold: self.rain_threshold.unwrap_or(BuildOptions::default().rain_threshold),
            rule: if self.compat { Rule::Compat } else { Rule::Fixed },
        }
    }
}

fn tell(out: &mut dyn Write, report: &BuildReport) -> io::Result<()> {
    for group in &report.groups {
        writeln!(out, "{}: {} frames, {} windows", group.name, group.n_frames, group.n_windows)?;
        tell_gaps(out, &group.gaps)?;
    }
    for skipped in &report.skipped {
        writeln!(out, "skipped {}: {}", skipped.file, skipped.reason)?;
    }
    for group in report.groups.iter().filter(|group| group.n_windows == 0) {
        let name = &group.name;
        writeln!(
            out,
            "the {name} group has no window: choose other --train-until and --validate-until"
        )?;
    }
    writeln!(out, "{}\n{}", report.intermediate.display(), report.windows.display())
}

fn instant(text: &str) -> Result<Timestamp, String> {
    time::parse_utc(text)
        .ok_or_else(|| "expected a time in UTC such as 2018-12-31T23:55".to_owned())
}
