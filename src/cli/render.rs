//! `stormlens render`: a figure drawn again from the recipe in itself.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use stormlens_data::outcome::{Outcome, Provenance};
use stormlens_data::request::Request;

use crate::export::{self, Look, Recipe};
use crate::plot::{self, scene};

/// Draw a figure again from the recipe in itself, in another format or size
#[derive(Debug, clap::Args)]
pub struct Args {
    /// A PNG, SVG or PDF figure of this program
    figure: PathBuf,
    /// Where to write it: .png, .svg or .pdf
    #[arg(long, value_name = "FILE")]
    output: PathBuf,
    /// Dots per inch of a PNG
    #[arg(long, default_value_t = 300)]
    dpi: u32,
    /// Another width than that of the figure, 40 to 400 mm
    #[arg(long, value_name = "MM")]
    width_mm: Option<f64>,
}

/// Computes the result again with `outcome_of` and draws it.
///
/// # Errors
/// If the figure holds no recipe, the weights or the data are not those of the recipe, or the output
/// can't be written.
pub fn run(
    args: &Args,
    outcome_of: &dyn Fn(&Request) -> anyhow::Result<Outcome>,
) -> anyhow::Result<()> {
    let format = Format::of(&args.output)?;
    let name = args.figure.display();
    let bytes = std::fs::read(&args.figure).with_context(|| format!("{name} can't be read"))?;
    let recipe = Recipe::from_file_bytes(&bytes).with_context(|| name.to_string())?;
    let outcome = outcome_of(&recipe.request)
        .with_context(|| format!("{} can't be computed again", recipe.request))?;
    compare(&recipe.provenance, outcome.provenance()).with_context(|| name.to_string())?;
    let (svg, recipe) = draw(recipe, &outcome, args.width_mm).with_context(|| name.to_string())?;
    let file = match format {
        Format::Svg => export::svg(&svg, &recipe)?,
        Format::Png => export::png(&svg, args.dpi, &recipe)?,
        Format::Pdf => export::pdf(&svg, &recipe)?,
    };
    let output = args.output.display();
    std::fs::write(&args.output, file).with_context(|| format!("{output} can't be written"))?;
    println!("{output}: {}, {}", recipe.figure, recipe.request);
    Ok(())
}

/// The figure of a recipe, and the recipe of what was drawn.
fn draw(
    recipe: Recipe,
    outcome: &Outcome,
    width_mm: Option<f64>,
) -> anyhow::Result<(String, Recipe)> {
    let width_mm = width_mm.unwrap_or(recipe.style.width_mm());
    match (outcome, recipe.style.with_width_mm(width_mm)) {
        (Outcome::Nowcast(outcome), Look::Nowcast(style)) => {
            let figure = recipe.figure.parse()?;
            let svg = plot::draw(outcome, &figure, &style)?;
            Ok((svg, Recipe::new(outcome, &figure, &style)))
        }
        (Outcome::Scene(outcome), Look::Scene(style)) => {
            let figure = recipe.figure.parse()?;
            let svg = scene::draw(outcome, &figure, &style)?;
            Ok((svg, Recipe::of_scene(outcome, &figure, &style)))
        }
        _ => bail!("the answer is of another kind than the figure: choose another model"),
    }
}

/// What a figure is written as.
enum Format {
    Svg,
    Png,
    Pdf,
}

impl Format {
    fn of(output: &Path) -> anyhow::Result<Self> {
        let extension = output.extension().and_then(|e| e.to_str()).unwrap_or_default();
        Ok(match extension.to_ascii_lowercase().as_str() {
            "svg" => Self::Svg,
            "png" => Self::Png,
            "pdf" => Self::Pdf,
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
                 {now}, in the figure it is {then}; bring back the original {what} to draw it again"
            );
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plot::Figure;
    use crate::plot::Style;
    use crate::plot::scene::{SceneFigure, SceneStyle};
    use crate::testing::{outcome, scene_outcome};

    /// Writes a PNG figure, renders it with the outcome given, and returns the rendered file's recipe.
    fn render(output: &str, figure: &(String, Recipe), now: &Outcome) -> anyhow::Result<Recipe> {
        let folder = tempfile::tempdir()?;
        let (old, output) = (folder.path().join("old.png"), folder.path().join(output));
        std::fs::write(&old, export::png(&figure.0, 72, &figure.1)?)?;
        let args = Args { figure: old, output: output.clone(), dpi: 72, width_mm: Some(170.0) };
        run(&args, &|_| Ok(now.clone()))?;
        Ok(Recipe::from_file_bytes(&std::fs::read(output)?)?)
    }

    fn of_nowcast() -> ((String, Recipe), Outcome) {
        let (outcome, style) = (outcome(), Style::default());
        let svg = plot::draw(&outcome, &Figure::FrameSums, &style).expect("it can be drawn");
        let recipe = Recipe::new(&outcome, &Figure::FrameSums, &style);
        ((svg, recipe), Outcome::Nowcast(outcome.into()))
    }

    fn of_scene() -> ((String, Recipe), Outcome) {
        let outcome = scene_outcome();
        let style = SceneStyle { opacity: 0.5, ..SceneStyle::default() };
        let svg = scene::draw(&outcome, &SceneFigure::Path, &style).expect("it can be drawn");
        let recipe = Recipe::of_scene(&outcome, &SceneFigure::Path, &style);
        ((svg, recipe), Outcome::Scene(outcome.into()))
    }

    #[test]
    fn a_figure_is_drawn_again_from_itself() {
        for (figure, outcome) in [of_nowcast(), of_scene()] {
            for output in ["new.pdf", "new.svg", "new.PNG"] {
                let recipe = render(output, &figure, &outcome).expect("it can be drawn again");
                let wide = Recipe {
                    style: figure.1.style.clone().with_width_mm(170.0),
                    ..figure.1.clone()
                };
                assert_eq!(recipe, wide);
            }
        }
    }

    #[test]
    fn other_weights_and_other_data_are_refused() {
        let (figure, Outcome::Nowcast(now)) = of_nowcast() else { unreachable!("it is one") };
        let check = |change: fn(&mut Provenance), expected: &str| {
            let mut now = (*now).clone();
            change(&mut now.provenance);
            let outcome = Outcome::Nowcast(now.into());
            let error = format!("{:#}", render("new.pdf", &figure, &outcome).unwrap_err());
            assert!(error.contains(expected), "{error}");
        };
        check(|p| p.weights_sha256 = "ab".repeat(32), "the weights here (test) are not those");
        check(|p| p.data_sha256 = "cd".repeat(32), "the data here (KNMI radar");
    }

    #[test]
    fn an_answer_of_another_kind_is_refused() {
        let ((figure, _), (_, Outcome::Scene(now))) = (of_nowcast(), of_scene()) else {
            unreachable!("it is one")
        };
        let mut now = (*now).clone();
        now.provenance = figure.1.provenance.clone();
        let error = render("new.pdf", &figure, &Outcome::Scene(now.into())).unwrap_err();
        assert!(format!("{error:#}").contains("of another kind than the figure"), "{error:#}");
    }

    #[test]
    fn an_unknown_format_is_refused_before_any_work() {
        let (figure, outcome) = of_nowcast();
        let error = render("new.jpg", &figure, &outcome).unwrap_err().to_string();
        assert!(error.contains("new.jpg ends in none of .png, .svg and .pdf"), "{error}");
    }
}
