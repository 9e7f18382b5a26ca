//! What the pages of all results have: methods, look, the form to ask again, files, provenance.

use stormlens_data::card::Citation;
use stormlens_data::outcome::Provenance;

use super::forms::{MethodChoice, OF_EXPLANATIONS, OF_MAPS, ViewForm, method_choices, view_form};
use super::methods::{MethodSection, sections};
use super::pages::Shown;
use super::result::PATH;
use super::views::Figures;
use crate::export;

/// The section that begins the explanations.
const LOOK: &str = "look";

/// All of it, for templates.
pub struct Report {
    pub model: &'static str,
    pub model_page: String,
    pub checkpoint: String,
    /// What the weights were trained on, in their own words.
    pub training_data: String,
    pub methods: Vec<MethodSection>,
    /// What all maps show, and how.
    pub maps: Option<ViewForm>,
    /// How explanations are drawn; `None` where nothing is explained.
    pub look: Option<ViewForm>,
    pub ask: AskForm,
    pub files: Vec<File>,
    pub provenance: Provenance,
    pub citations: Vec<Citation>,
    pub bibtex: String,
}

/// The same subject asked otherwise; what only the task asks for, its template adds.
pub struct AskForm {
    pub hidden: Vec<(String, String)>,
    pub methods: Vec<MethodChoice>,
}

/// A file about the whole result.
pub struct File {
    pub href: String,
    pub name: String,
    pub what: String,
}

impl Report {
    /// `own` are the parameters that the task's part of the form asks for, `maps` is the section of the
    /// first maps.
    pub fn new(shown: &Shown<'_>, figures: &Figures<'_>, own: &[&str], maps: &str) -> Self {
        let Shown { question, outcome, .. } = shown;
        let model = &question.cards.model;
        let has_explanations = !question.request.explain.is_empty();
        let options: Vec<String> =
            question.methods().iter().map(|method| format!("{}.", method.id)).collect();
        let mut asked = [own, &["methods"]].concat();
        asked.extend(options.iter().map(String::as_str));
        Self {
            model: model.title,
            model_page: format!("/models/{}", model.id),
            checkpoint: question.cards.checkpoint.name.clone(),
            training_data: question.cards.checkpoint.training_data.clone(),
            methods: sections(question, outcome, figures),
            maps: view_form(question, maps, OF_MAPS),
            look: has_explanations.then(|| view_form(question, LOOK, OF_EXPLANATIONS)).flatten(),
            ask: AskForm {
                hidden: question.hidden(&asked),
                methods: method_choices(question.methods(), model, Some(question)),
            },
            files: files(shown),
            provenance: outcome.provenance.clone(),
            citations: export::works(outcome, model, &[]),
            bibtex: export::bibtex(outcome, model, question.methods(), &question.style),
        }
    }
}

fn files(shown: &Shown<'_>) -> Vec<File> {
    let query = shown.question.to_query();
    let file = |name: &str, what: &str| File {
        href: format!("{PATH}/{name}?{query}"),
        name: name.to_owned(),
        what: what.to_owned(),
    };
    let generic = export::FILES.iter().map(|kind| file(kind.name, kind.what));
    let tables = shown.question.task.tables(shown.outcome);
    generic.chain(tables.iter().map(|table| file(&table.name, &table.what))).collect()
}
