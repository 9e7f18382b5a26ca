//! What a task is to the rest of the program: a kind of question that some networks answer.
//!
//! A task turns what is looked at into numbers for a network, and a network's numbers into the variables
//! of a result, in physical units. It lives in a folder of its own below `tasks`; its pages are
//! [`Pages`](crate::web::Pages).

use std::any::Any;
use std::path::PathBuf;

use stormlens_data::card::{CheckpointCard, MethodCard, ModelCard};
use stormlens_data::network::{self, Answer, Asked, Input, Pass, ShownLayer};
use stormlens_data::outcome::{Outcome, Provenance};
use stormlens_data::request::{Cancelled, Progress, Request, Subject, Target};

use crate::export::Extra;
use crate::jobs::WorkerError;
use crate::memory::MemoryLimit;
use crate::parameters::{Parameters, QuestionError};
use crate::question::Cards;
use crate::results::Unfit;
use stormlens_plot::Style;

/// A parameter of a task, as help texts describe it.
#[derive(Clone, Copy, Debug)]
pub struct ParameterHelp {
    pub name: &'static str,
    pub help: &'static str,
}

/// What a network is given, and what is needed to make a result of its answers.
pub struct Prepared {
    pub passes: Vec<Pass>,
    /// What the passes are, for people who wait, where there are several.
    pub phase: &'static str,
    /// The task's own; comes back with the answer.
    pub rest: Box<dyn Any + Send>,
}

impl Prepared {
    /// A single input and what is asked about it.
    pub fn one(input: Input, asked: Vec<Asked>, rest: Box<dyn Any + Send>) -> Self {
        Self { passes: vec![Pass::new(input, asked)], phase: "prediction", rest }
    }
}

/// Answers, and where they came from.
pub struct Answered<'a> {
    pub request: &'a Request,
    pub cards: &'a Cards,
    pub rest: Box<dyn Any + Send>,
    /// One for each pass, in their order.
    pub answers: Vec<Answer>,
    /// What the weights hold for single places, whatever the input; of networks that have such weights.
    pub placed: Vec<ShownLayer>,
    /// Program, weights and device; what the data are, the task fills in.
    pub provenance: Provenance,
    pub duration_ms: f64,
    pub methods: &'a [MethodCard],
    /// Is told of what takes long beside the network.
    pub progress: &'a dyn Progress,
}

/// About how much memory passes take on a CPU, in bytes.
pub struct Takes {
    /// What is done then, in words that begin a sentence.
    pub what: String,
    /// Whatever goes through the network, without the program and its weights, which are there by then.
    pub beside_bytes: u64,
    /// A prediction of one input, while it is computed.
    pub predicting_bytes: u64,
    /// The same with all that is wanted to explain it.
    pub explaining_bytes: u64,
    /// A prediction that is kept until the last one is there.
    pub prediction_bytes: u64,
}

/// Files from the command line that are not in the catalogue.
pub struct Files<'a> {
    pub paths: &'a [PathBuf],
    /// What was said of them: `units`, `elevation`, `grid`, `variable`, `end`, `each-hours`, as far as they were given.
    pub parameters: &'a Parameters,
    /// The weights that are to look at them.
    pub checkpoint: &'a CheckpointCard,
    pub memory: MemoryLimit,
}

/// A kind of question.
pub trait Task: Send + Sync {
    /// Whether a network answers its questions.
    fn runs(&self, model: &ModelCard) -> bool;

    /// Its own parameters in addresses and on the command line, in their order.
    fn parameters(&self) -> &'static [ParameterHelp];

    /// Which of them says what is looked at.
    fn subject_parameter(&self) -> &'static str;

    /// Whether weights can be asked about what is named; of those that can, the first is the default.
    fn suits(&self, _: &Parameters, _: &CheckpointCard) -> bool {
        true
    }

    /// What is to be looked at.
    fn read_subject(
        &self,
        parameters: &Parameters,
        cards: &Cards,
    ) -> Result<Subject, QuestionError>;

    /// Which number is to be explained.
    fn read_target(&self, parameters: &Parameters, cards: &Cards) -> Result<Target, QuestionError>;

    /// The pairs that [`Self::read_subject`] and [`Self::read_target`] read so.
    fn write(
        &self,
        subject: &Subject,
        target: &Target,
        cards: &Cards,
    ) -> Vec<(&'static str, String)>;

    /// The look of its figures until the visitor chooses.
    fn style(&self) -> Style;

    /// Which parts of the look can be chosen, by their names in addresses.
    fn style_names(&self, cards: &Cards) -> &'static [&'static str];

    /// Target of the explanation, in a word for names of files; empty where that says nothing.
    fn target_in_names(&self, _: &Target, _: &Cards) -> String {
        String::new()
    }

    /// What is looked at, in words.
    fn title(&self, subject: &Subject) -> String;

    /// Takes files in for this run of the program. Answers the values of [`Self::subject_parameter`] that name
    /// what is in them.
    ///
    /// # Errors
    /// For a file that it cannot read, and for one that cannot be what is said of it.
    fn bring(&self, files: &Files<'_>) -> anyhow::Result<Vec<String>>;

    /// About how many passes what is looked at takes by itself, or other work that takes as long; small inputs that go
    /// through the network together are one. Those of methods do not count.
    fn n_passes(&self, _: &Request, _: &Cards) -> usize {
        1
    }

    /// What a pass about an input of this shape takes. `None`, where inputs have a few known sizes.
    fn memory(&self, _: &Request, _: &Cards, _: [usize; 3]) -> Option<Takes> {
        None
    }

    /// What of its samples cannot be read, each with the name of the file. Takes some seconds: everything is
    /// read once.
    fn problems(&self) -> Vec<String>;

    /// Gives back the memory of what it has read and can read again: nobody has asked for anything for some time.
    fn rest(&self) {}

    /// Reads and checks what is looked at.
    fn prepare(&self, request: &Request, cards: &Cards) -> Result<Prepared, WorkerError>;

    /// What a network is given to warm it up, and a number that could be explained then.
    fn zeros(&self, cards: &Cards) -> (Input, network::Target);

    /// The result of an answer.
    ///
    /// # Errors
    /// When nobody waits for it any more.
    fn answer(&self, answered: Answered<'_>) -> Result<Outcome, Cancelled>;

    /// Names of the tables that a result may have beside its variables.
    fn table_names(&self) -> &'static [&'static str] {
        &[]
    }

    /// Those that a result has, as CSV.
    fn tables(&self, _: &Outcome) -> Vec<Extra> {
        Vec::new()
    }

    /// Whether a stored result is still that of the present data, and has all that pages rely on; that
    /// it holds together has been checked.
    fn check(&self, outcome: &Outcome, request: &Request, cards: &Cards) -> Result<(), Unfit>;
}

/// What a task of a test needs where requests are made by hand: no address asks it, and no page shows it.
#[cfg(test)]
macro_rules! asked_by_hand {
    () => {
        fn parameters(&self) -> &'static [$crate::task::ParameterHelp] {
            &[]
        }

        fn subject_parameter(&self) -> &'static str {
            "nothing"
        }

        fn read_subject(
            &self,
            _: &$crate::parameters::Parameters,
            _: &$crate::question::Cards,
        ) -> Result<::stormlens_data::request::Subject, $crate::parameters::QuestionError> {
            unreachable!("requests are made by hand")
        }

        fn read_target(
            &self,
            _: &$crate::parameters::Parameters,
            _: &$crate::question::Cards,
        ) -> Result<::stormlens_data::request::Target, $crate::parameters::QuestionError> {
            unreachable!("requests are made by hand")
        }

        fn write(
            &self,
            _: &::stormlens_data::request::Subject,
            _: &::stormlens_data::request::Target,
            _: &$crate::question::Cards,
        ) -> Vec<(&'static str, String)> {
            Vec::new()
        }

        fn style(&self) -> ::stormlens_plot::Style {
            ::stormlens_plot::Style::default()
        }

        fn style_names(&self, _: &$crate::question::Cards) -> &'static [&'static str] {
            &[]
        }

        fn title(&self, _: &::stormlens_data::request::Subject) -> String {
            String::new()
        }

        fn bring(&self, _: &$crate::task::Files<'_>) -> anyhow::Result<Vec<String>> {
            Ok(Vec::new())
        }

        fn problems(&self) -> Vec<String> {
            Vec::new()
        }
    };
}
#[cfg(test)]
pub(crate) use asked_by_hand;
