//! Several scenes asked the same: the question of `/scenes/compare`.

mod csv;
mod page;
mod rows;
mod sort;

use std::collections::HashMap;

use stormlens_data::request::{Request, Subject};
use stormlens_data::scene::{Coding, Fit, Resampling};

pub use self::csv::csv;
pub use self::page::show;
pub use self::rows::{N_SUMMARIES, Summaries};
use self::rows::{Standing, Summary};
use self::sort::Sort;
use super::SceneTask;
use super::question::{classification, write_coding};
use crate::catalog::Catalog;
use crate::parameters::{Parameters, QuestionError, encode, to_query};
use crate::question::{Cards, Question, read_cards};
use crate::web::result;

#[cfg(test)]
mod tests;

/// The address of tables.
pub const PATH: &str = "/scenes/compare";
/// The parameters that the address of a table may have.
const NAMES: [&str; 7] = ["scenes", "model", "checkpoint", "resampling", "fit", "sort", "refused"];
/// Scenes in one table: as many as one upload may bring, a few times over.
const MAX_SCENES: usize = 96;

/// The question of a table, checked against the catalogue but for the scenes, which may have gone.
#[derive(Clone, Debug)]
pub struct TableQuery {
    scenes: Vec<String>,
    cards: Cards,
    /// What is said of the numbers of some of the scenes, by their ids.
    codings: HashMap<String, Coding>,
    resampling: Resampling,
    fit: Fit,
    /// The class whose probability is shown.
    class: usize,
    class_label: &'static str,
    sort: Sort,
    /// The name of the list of files that came with these scenes and were not taken.
    refused: Option<String>,
}

impl TableQuery {
    fn read(
        parameters: &Parameters,
        task: &SceneTask,
        catalog: &Catalog,
    ) -> Result<Self, QuestionError> {
        parameters.only(&NAMES)?;
        let cards = read_cards(parameters, catalog, task)?;
        let scenes: Vec<_> = parameters.list("scenes").into_iter().map(str::to_owned).collect();
        if scenes.is_empty() || scenes.len() > MAX_SCENES {
            let message = format!("must name from 1 to {MAX_SCENES} scenes, with commas");
            return Err(QuestionError::parameter("scenes", message));
        }
        let classes = classification(&cards)?;
        let (class, class_label) =
            (classes.default_class, classes.classes[classes.default_class].label);
        let coding = |id: &String| {
            let coding = task.scenes.find(id)?.coding;
            (!coding.is_default()).then(|| (id.clone(), coding))
        };
        Ok(Self {
            codings: scenes.iter().filter_map(coding).collect(),
            scenes,
            cards,
            resampling: parameters.choice("resampling", Resampling::default())?,
            fit: parameters.choice("fit", Fit::default())?,
            class,
            class_label,
            sort: parameters.choice("sort", Sort::default())?,
            refused: parameters.one("refused")?.map(str::to_owned),
        })
    }

    fn pairs(&self) -> Vec<(&'static str, String)> {
        let mut pairs = vec![
            ("scenes", self.scenes.join(",")),
            ("model", self.cards.model.id.to_owned()),
            ("checkpoint", self.cards.checkpoint.name.clone()),
            ("resampling", self.resampling.to_string()),
            ("fit", self.fit.to_string()),
            ("sort", self.sort.to_string()),
        ];
        pairs.extend(self.refused.clone().map(|name| ("refused", name)));
        pairs
    }

    /// The address of the table.
    fn page(&self) -> String {
        format!("{PATH}?{}", to_query(&self.pairs()))
    }

    /// Whether an address says exactly this, with nothing left to a default.
    fn is_written_as(&self, parameters: &Parameters) -> bool {
        let pairs = self.pairs();
        pairs.iter().map(|(name, value)| (*name, value.as_str())).eq(parameters.pairs())
    }

    /// The question of one scene's own page.
    fn question(&self, catalog: &Catalog, id: &str) -> Result<Question, QuestionError> {
        let own = self
            .pairs()
            .into_iter()
            .filter(|pair| !["scenes", "sort", "refused"].contains(&pair.0));
        let scene = [("scene", id.to_owned())].into_iter().chain(write_coding(self.coding(id)));
        let pairs = own.chain(scene).map(|(name, value)| (name.to_owned(), value));
        Question::read(&Parameters::of(pairs), catalog, &[])
    }

    fn coding(&self, id: &str) -> Coding {
        self.codings.get(id).copied().unwrap_or_default()
    }

    /// The address of one scene's own result.
    fn scene_page(&self, catalog: &Catalog, id: &str) -> String {
        self.question(catalog, id).map_or_else(
            |_| format!("{}?scene={}", result::PATH, encode(id)),
            |question| result::page(&question),
        )
    }

    /// What a row asks: nothing is explained.
    fn request(&self, id: &str) -> Request {
        let (resampling, fit) = (self.resampling, self.fit);
        Request {
            model: self.cards.model.id.to_owned(),
            checkpoint: self.cards.checkpoint.name.clone(),
            subject: Subject::Scene {
                scene: id.to_owned(),
                resampling,
                fit,
                coding: self.coding(id),
            },
            explain: Vec::new(),
        }
    }
}
