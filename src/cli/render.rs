//! `stormlens render`: a figure drawn again from the recipe in itself.

use std::collections::HashSet;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use stormlens_data::card::MethodCard;
use stormlens_data::files::read_file;
use stormlens_data::outcome::{Outcome, Provenance};
use stormlens_data::request::{Explain, Request};

use super::speech::Speech;
use super::standard_output::{is_standard_output, to_standard_output};
use crate::export::{self, Recipe};
use crate::written;
use stormlens_plot::{Figure, Style};

/// The variable that tells which pixels are explained.
const TARGET_MASK: &str = "target_mask";

/// Draw a figure again from the recipe in itself, in another format or size
#[derive(Debug, clap::Args)]
pub struct Args {
    /// A PNG, SVG or PDF figure of this program
    figure: PathBuf,
    /// Where to write it: .png, .svg or .pdf; - is standard output
    #[arg(long, value_name = "FILE|-")]
    output: PathBuf,
    /// What is written, where the ending does not say it
    #[arg(long, value_name = "png|svg|pdf")]
    format: Option<String>,
    /// Dots per inch of a PNG
    #[arg(long, default_value_t = 300)]
    dpi: u32,
    /// Another width than that of the figure, 40 to 400 mm
    #[arg(long, value_name = "MM")]
    width_mm: Option<f64>,
}

/// Computes what the figure shows again with `outcome_of`, of all `methods` those that it needs, and draws it.
///
/// # Errors
/// If the figure holds no recipe, the weights or the data are not those of the recipe, or the output
/// can't be written.
pub fn run(
    args: &Args,
    methods: &[MethodCard],
    speech: Speech,
    outcome_of: &dyn Fn(&Request) -> anyhow::Result<Outcome>,
) -> anyhow::Result<()> {
    let format = Format::of(&args.output, args.format.as_deref())?;
    if !is_standard_output(&args.output) {
        written::check_place(&args.output)?;
    }
    let name = args.figure.display();
    let bytes = read_file(&args.figure, Recipe::MAX_FILE_BYTES as u64)?;
    let recipe = Recipe::from_file_bytes(&bytes).with_context(|| name.to_string())?;
    let (width_mm, figure) = (width_mm(args, &recipe)?, recipe.figure.parse()?);
    let outcome = outcome_of(&needed(&figure, &recipe.request, methods))
        .with_context(|| format!("{} can't be computed again", recipe.request))?;
    compare(&recipe.provenance, &outcome.provenance).with_context(|| name.to_string())?;
    // The figure is one of the whole request, whatever of it was computed now.
    let outcome = Outcome { request: recipe.request.clone(), ..outcome };
    let (svg, recipe) =
        draw(&figure, recipe, &outcome, width_mm).with_context(|| name.to_string())?;
    let file = match format {
        Format::Svg => export::svg(&svg, &recipe)?,
        Format::Png => export::png(&svg, args.dpi, &recipe)?,
        Format::Pdf => export::pdf(&svg, &recipe)?,
    };
    if is_standard_output(&args.output) {
        return to_standard_output(&file);
    }
    let output = args.output.display();
    written::write(&args.output, file)?;
    speech.line(format_args!("{output}: {}, {}", recipe.figure, recipe.request));
    Ok(())
}

/// The width that was asked for, or that of the figure, within the limits of the dashboard.
fn width_mm(args: &Args, recipe: &Recipe) -> anyhow::Result<f64> {
    let width_mm = args.width_mm.unwrap_or(recipe.style.width_mm);
    if !Style::WIDTH_RANGE_MM.contains(&width_mm) {
        let (least, most) = (Style::WIDTH_RANGE_MM.start(), Style::WIDTH_RANGE_MM.end());
        bail!("the figure would be {width_mm} mm wide; choose a width from {least} to {most} mm");
    }
    Ok(width_mm)
}

/// The part of a request that a figure shows: other methods and other layers would be computed for nothing.
fn needed(figure: &Figure, request: &Request, methods: &[MethodCard]) -> Request {
    let names = figure.variables();
    let card = |explain: &Explain| methods.iter().find(|card| card.id == explain.method);
    let parts = |explain: &Explain| {
        let start = explain.method.replace('-', "_");
        let part = |name: &&str| match name.strip_prefix(start.as_str()) {
            Some("") => Some(String::new()),
            Some(rest) => rest.strip_prefix('/').map(str::to_owned),
            None => None,
        };
        names.iter().filter_map(part).collect::<Vec<_>>()
    };
    let mut request = request.clone();
    let is_long = |explain: &&Explain| card(explain).is_some_and(|card| card.own_passes.is_some());
    let short = request.explain.iter().find(|explain| !is_long(explain));
    let first = short.or(request.explain.first()).cloned();
    request.explain.retain(|explain| !parts(explain).is_empty());
    if request.explain.is_empty() && names.contains(&TARGET_MASK) {
        // Which pixels are explained, every method says alike.
        request.explain.extend(first);
    }
    for explain in &mut request.explain {
        let parts = parts(explain);
        if card(explain).is_some_and(|card| card.has_layers) {
            explain.layers = parts.iter().map(|part| layer(part).to_owned()).collect();
            let mut seen = HashSet::new();
            explain.layers.retain(|layer| seen.insert(layer.clone()));
        }
    }
    request
}

/// The layer of `cbam4`, `cbam4/raw`, `cbam4/weights`.
fn layer(part: &str) -> &str {
    part.split_once('/').map_or(part, |(layer, _)| layer)
}

/// The figure of a recipe, and the recipe of what was drawn.
fn draw(
    figure: &Figure,
    recipe: Recipe,
    outcome: &Outcome,
    width_mm: f64,
) -> anyhow::Result<(String, Recipe)> {
    let style = Style { width_mm, ..recipe.style };
    let svg = stormlens_plot::draw(outcome, figure, &style)?;
    Ok((svg, Recipe::new(outcome, figure, &style)))
}

/// What a figure is written as.
enum Format {
    Svg,
    Png,
    Pdf,
}

impl Format {
    fn of(output: &Path, format: Option<&str>) -> anyhow::Result<Self> {
        let extension = output.extension().and_then(|e| e.to_str()).unwrap_or_default();
        Ok(match format.unwrap_or(extension).to_ascii_lowercase().as_str() {
            "svg" => Self::Svg,
            "png" => Self::Png,
            "pdf" => Self::Pdf,
            _ if is_standard_output(output) => {
                bail!("say with --format what goes to standard output: png, svg or pdf")
            }
            _ => bail!("{} ends in none of .png, .svg and .pdf", output.display()),
        })
    }
}

/// The figure must be of the same weights and the same data, or it would be another figure.
fn compare(then: &Provenance, now: &Provenance) -> anyhow::Result<()> {
    let hashes = [
        ("weights", &then.checkpoint, &then.weights_sha256, &now.weights_sha256),
        ("data", &then.data_source, &then.data_sha256, &now.data_sha256),
    ];
    for (what, name, then, now) in hashes {
        if then != now {
            bail!(
                "the {what} here ({name}) are not those the figure was drawn from: their SHA-256 is \
                 {now}, in the figure it is {then}; restore the original {what} to draw it again"
            );
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use stormlens_plot::testing::{methods, outcome, scene_outcome};

    /// Writes a PNG figure, renders it with the outcome given, and returns the rendered file's recipe.
    fn render(output: &str, figure: &(String, Recipe), now: &Outcome) -> anyhow::Result<Recipe> {
        let folder = tempfile::tempdir()?;
        let (old, output) = (folder.path().join("old.png"), folder.path().join(output));
        std::fs::write(&old, export::png(&figure.0, 72, &figure.1)?)?;
        run(&args(old, output.clone()), methods(), Speech::default(), &|_| Ok(now.clone()))?;
        Ok(Recipe::from_file_bytes(&std::fs::read(output)?)?)
    }

    fn args(figure: PathBuf, output: PathBuf) -> Args {
        Args { figure, output, format: None, dpi: 72, width_mm: Some(170.0) }
    }

    fn drawn(outcome: Outcome, figure: &str, opacity: f32) -> ((String, Recipe), Outcome) {
        let figure: Figure = figure.parse().expect("a figure");
        let style = Style { opacity, ..Style::default() };
        let svg = stormlens_plot::draw(&outcome, &figure, &style).expect("it can be drawn");
        let recipe = Recipe::new(&outcome, &figure, &style);
        ((svg, recipe), outcome)
    }

    fn bars() -> ((String, Recipe), Outcome) {
        drawn(outcome(), "bars-integrated_gradients/sums", 0.75)
    }

    fn curve() -> ((String, Recipe), Outcome) {
        drawn(scene_outcome(), "curve-integrated_gradients/path", 0.5)
    }

    #[test]
    fn a_figure_is_drawn_again_from_itself() {
        for (figure, outcome) in [bars(), curve()] {
            for output in ["new.pdf", "new.svg", "new.PNG"] {
                let recipe = render(output, &figure, &outcome).expect("it can be drawn again");
                let style = Style { width_mm: 170.0, ..figure.1.style.clone() };
                assert_eq!(recipe, Recipe { style, ..figure.1.clone() });
            }
        }
    }

    #[test]
    fn other_weights_and_other_data_are_refused() {
        let (figure, now) = bars();
        let check = |change: fn(&mut Provenance), expected: &str| {
            let mut now = now.clone();
            change(&mut now.provenance);
            let error = format!("{:#}", render("new.pdf", &figure, &now).unwrap_err());
            assert!(error.contains(expected), "{error}");
        };
        check(|p| p.weights_sha256 = "ab".repeat(32), "the weights here (test) are not those");
        check(|p| p.data_sha256 = "cd".repeat(32), "the data here (KNMI radar");
    }

    #[test]
    fn an_answer_without_the_variables_of_the_figure_is_refused() {
        let ((figure, _), (_, mut now)) = (bars(), curve());
        now.provenance = figure.1.provenance.clone();
        let error = format!("{:#}", render("new.pdf", &figure, &now).unwrap_err());
        assert!(error.contains("integrated_gradients/sums"), "{error}");
    }

    #[test]
    fn an_unknown_format_is_refused_before_any_work() {
        let (figure, outcome) = bars();
        let error = render("new.jpg", &figure, &outcome).unwrap_err().to_string();
        assert!(error.contains("new.jpg ends in none of .png, .svg and .pdf"), "{error}");
    }

    /// Integrated gradients take half a minute; a map of the forecast shows nothing of them.
    #[test]
    fn only_what_the_figure_shows_is_computed() {
        let whole = outcome().request;
        assert!(whole.explain.len() > 1, "{whole}");
        let needed = |figure: &str| {
            let figure: Figure = figure.parse().expect("a figure");
            let request = needed(&figure, &whole, methods());
            assert_eq!(request.subject, whole.subject);
            let of = |e: &Explain| format!("{} {}", e.method, e.layers.join(","));
            request.explain.iter().map(of).collect::<Vec<_>>()
        };
        assert!(needed("map-prediction").is_empty());
        assert!(needed("difference-prediction,observation").is_empty());
        assert_eq!(needed("map-grad_cam/cbam4"), ["grad-cam cbam4"]);
        assert_eq!(needed("bars-integrated_gradients/sums"), ["integrated-gradients "]);
        assert_eq!(needed("strip-integrated_gradients"), ["integrated-gradients "]);
        assert_eq!(needed("grid-grad_cam/cbam4,grad_cam/cbam5"), ["grad-cam cbam4,cbam5"]);
        assert_eq!(needed("map-target_mask").len(), 1);
        assert_eq!(needed("map-target_mask")[0].split(' ').next(), Some("grad-cam"));
    }

    /// A figure may come from anywhere.
    #[test]
    fn a_width_beyond_the_limits_is_refused_before_any_work() {
        let ((svg, recipe), now) = bars();
        for width_mm in [0.0, -1.0, 1e9] {
            let style = Style { width_mm, ..recipe.style.clone() };
            let figure = (svg.clone(), Recipe { style, ..recipe.clone() });
            let folder = tempfile::tempdir().expect("a folder");
            let old = folder.path().join("old.png");
            let png = export::png(&figure.0, 72, &figure.1).expect("a PNG");
            std::fs::write(&old, png).expect("a file");
            let new = Args { width_mm: None, ..args(old, folder.path().join("new.pdf")) };
            let error = run(&new, methods(), Speech::default(), &|_| Ok(now.clone()))
                .unwrap_err()
                .to_string();
            assert!(error.contains("from 40 to 400 mm"), "{error}");
        }
    }

    #[test]
    fn standard_output_needs_a_format() {
        let of = |format| Format::of(Path::new("-"), format);
        assert!(matches!(of(Some("pdf")), Ok(Format::Pdf)));
        assert!(of(None).err().expect("no format").to_string().contains("--format"));
    }
}
