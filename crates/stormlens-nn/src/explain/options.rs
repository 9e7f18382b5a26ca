//! What may be chosen about a method, checked.

use std::collections::BTreeMap;

use stormlens_data::card::{MethodCard, ModelCard, OptionCard};

/// A value for each option on a method's card.
#[derive(Clone, Debug, PartialEq)]
pub struct Options(BTreeMap<&'static str, String>);

impl Options {
    /// What was given; for what was not, the value of the network's publication or the method's own.
    ///
    /// # Errors
    /// In words, for a value that may not be and for an option that the method does not have.
    pub fn read(
        method: &MethodCard,
        model: &ModelCard,
        given: &BTreeMap<String, String>,
    ) -> Result<Self, String> {
        if let Some(name) = given.keys().find(|name| method.option(name).is_none()) {
            return Err(unknown(method, name));
        }
        let read = |option: &OptionCard| {
            let text = given.get(option.name).map(String::as_str);
            let text = text.unwrap_or_else(|| method.default_of(option, model));
            let value = option.read(text);
            let value = value.map_err(|why| format!("{} of {} {why}", option.name, method.id))?;
            Ok((option.name, value))
        };
        method.options.iter().map(read).collect::<Result<_, _>>().map(Self)
    }

    /// An option that is a whole number.
    ///
    /// # Panics
    /// As all of these, if the card has no such option or one of another kind.
    pub fn whole(&self, name: &str) -> usize {
        self.choice(name).parse().expect("a whole number, as it was read")
    }

    /// An option that is a share, or none.
    pub fn share(&self, name: &str) -> Option<f64> {
        let text = self.choice(name);
        (text != "none").then(|| text.parse().expect("a share, as it was read"))
    }

    /// The text of an option.
    pub fn choice(&self, name: &str) -> &str {
        self.0.get(name).expect("a method asks for options on its own card")
    }
}

fn unknown(method: &MethodCard, name: &str) -> String {
    let known: Vec<_> = method.options.iter().map(|option| option.name).collect();
    let known = match known.as_slice() {
        [] => "no options; leave it out".to_owned(),
        known => known.join(", "),
    };
    format!("{} has no option “{name}”; it has {known}", method.id)
}
