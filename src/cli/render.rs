//! `stormlens render`: a figure drawn again from the recipe in itself.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use stormlens_data::outcome::{Outcome, Provenance};
use stormlens_data::request::Request;

use crate::export::{self, Recipe};
use stormlens_plot::Style;

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
    compare(&recipe.provenance, &outcome.provenance).with_context(|| name.to_string())?;
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
    let width_mm = width_mm.unwrap_or(recipe.style.width_mm);
    let (figure, style) = (recipe.figure.parse()?, Style { width_mm, ..recipe.style });
    let svg = stormlens_plot::draw(outcome, &figure, &style)?;
    Ok((svg, Recipe::new(outcome, &figure, &style)))
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
    use stormlens_plot::Figure;
    use stormlens_plot::testing::{outcome, scene_outcome};

    /// Writes a PNG figure, renders it with the outcome given, and returns the rendered file's recipe.
    fn render(output: &str, figure: &(String, Recipe), now: &Outcome) -> anyhow::Result<Recipe> {
        let folder = tempfile::tempdir()?;
        let (old, output) = (folder.path().join("old.png"), folder.path().join(output));
        std::fs::write(&old, export::png(&figure.0, 72, &figure.1)?)?;
        let args = Args { figure: old, output: output.clone(), dpi: 72, width_mm: Some(170.0) };
        run(&args, &|_| Ok(now.clone()))?;
        Ok(Recipe::from_file_bytes(&std::fs::read(output)?)?)
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
}
