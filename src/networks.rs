//! The networks that a program has: their cards, and how whoever computes with them is built.

use std::sync::Arc;

use crate::catalog::{CardBox, Catalog};
use crate::jobs::WorkerFactory;

/// Plain data and one function, so that nobody has to know what computes.
pub struct Networks {
    pub cards: CardBox,
    /// Given the catalogue, the function that builds the worker on its thread.
    pub worker: Box<dyn FnOnce(Arc<Catalog>) -> WorkerFactory>,
    /// What of the weights cannot be used, each with the name of the file.
    pub problems: Vec<String>,
}

impl Networks {
    /// What a program without networks has: pages and stored data only.
    pub fn none() -> Self {
        let reason = "this program was built without networks; build it with its default features";
        Self {
            cards: CardBox::default(),
            worker: Box::new(move |_| Box::new(move || Err(reason.to_owned()))),
            problems: Vec::new(),
        }
    }
}
