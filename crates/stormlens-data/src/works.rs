//! What to cite for a result beside its network and its methods: whatever else is in it by somebody.

mod list;

pub use list::{
    AYER, BOWLER, FERRO, GERMANN, HERSBACH, KALNAY, LUCAS, PYSTEPS, REBORA, ROBERTS, SEED, TERZAGO,
    WERNLI,
};

use crate::card::Citation;
use crate::forecast;
use crate::outcome::{Outcome, Role, Variable};

/// Works behind reference forecasts, rivals, recalibration and scores of a result, each once, in the order of its
/// variables and numbers, then the work that describes its data.
pub fn of_outcome(outcome: &Outcome) -> Vec<Citation> {
    let variables = outcome.variables.iter().flat_map(of_variable);
    let numbers = outcome.numbers.iter().flat_map(|number| of_score(&number.name));
    once(variables.chain(numbers).chain(of_data(&outcome.provenance.data_source)))
}

/// The work whose citation a data set asks for, by what its source is called.
fn of_data(source: &str) -> Option<Citation> {
    source.contains("NCEP/NCAR").then_some(KALNAY)
}

/// Works behind a forecast without a network and a score, by their names, e.g. `s-prog` and `fss`.
pub fn of_names<'a>(names: impl IntoIterator<Item = &'a str>) -> Vec<Citation> {
    let of = |name: &'a str| forecast::citations(name).iter().copied().chain(of_score(name));
    once(names.into_iter().flat_map(of))
}

fn of_variable(variable: &Variable) -> Vec<Citation> {
    let name = variable.name.as_str();
    let is_of_events = variable.axes.iter().any(|axis| axis.name == "event");
    match (&variable.role, name) {
        (Role::Reference, _) if name.starts_with("rainfarm_orographic") => vec![REBORA, TERZAGO],
        (Role::Reference, _) if name.starts_with("rainfarm") => vec![REBORA],
        (Role::Reference, _) => forecast::citations(name).to_vec(),
        (Role::Prediction, "probability") if is_of_events => vec![AYER],
        _ => of_score(name),
    }
}

fn of_score(name: &str) -> Vec<Citation> {
    match name.rsplit('/').next().unwrap_or(name) {
        "fss" | "fractions_skill_score" => vec![ROBERTS],
        "structure" | "amount" | "location" => vec![WERNLI],
        "crps" => vec![HERSBACH],
        "crps_fair" => vec![HERSBACH, FERRO],
        _ => Vec::new(),
    }
}

/// Each work once, by its key.
fn once(works: impl Iterator<Item = Citation>) -> Vec<Citation> {
    let mut found: Vec<Citation> = Vec::new();
    for work in works {
        if found.iter().all(|known| known.key != work.key) {
            found.push(work);
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys(names: &[&str]) -> Vec<&'static str> {
        of_names(names.iter().copied()).into_iter().map(|work| work.key).collect()
    }

    #[test]
    fn forecasts_and_scores_have_their_works() {
        assert_eq!(keys(&["persistence", "pod"]), Vec::<&str>::new());
        let lagrangian = ["germann2002scale", "lucas1981iterative", "pulkkinen2019pysteps"];
        assert_eq!(keys(&["lagrangian_persistence"]), lagrangian);
        assert!(keys(&["s-prog"]).contains(&"seed2003dynamic"));
        assert!(keys(&["steps_mean"]).contains(&"bowler2006steps"));
        assert_eq!(keys(&["fss", "location"]), ["roberts2008scale", "wernli2008sal"]);
        assert_eq!(keys(&["rainfarm/crps_fair"]), ["hersbach2000crps", "ferro2014fair"]);
    }

    #[test]
    fn a_reanalysis_has_its_work() {
        let found = of_data("NCEP/NCAR Reanalysis 1 and GHCN-Daily").map(|work| work.key);
        assert_eq!(found, Some("kalnay1996ncep"));
        assert_eq!(of_data("KNMI"), None);
    }

    /// An entry begins with its key, and its braces are closed.
    #[test]
    fn entries_are_well_formed() {
        let all = [
            AYER, BOWLER, FERRO, GERMANN, HERSBACH, KALNAY, LUCAS, PYSTEPS, REBORA, ROBERTS, SEED,
            TERZAGO, WERNLI,
        ];
        for work in all {
            let key = work.bibtex.split(['{', ',']).nth(1);
            assert_eq!(key, Some(work.key));
            let count = |brace| work.bibtex.matches(brace).count();
            assert_eq!(count('{'), count('}'), "{}", work.key);
            assert!(work.url.starts_with("https://") && !work.url.contains('<'), "{}", work.url);
        }
    }
}
