//! The orders of a table.

/// How a table is ordered.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Sort {
    /// As the scenes stand in the address.
    #[default]
    Order,
    Name,
    /// The most probable first.
    Probability,
    /// Those unlike the training scenes last.
    Familiarity,
}

impl Sort {
    pub const ALL: [Self; 4] = [Self::Order, Self::Name, Self::Probability, Self::Familiarity];

    pub fn name(self) -> &'static str {
        match self {
            Self::Order => "order",
            Self::Name => "name",
            Self::Probability => "probability",
            Self::Familiarity => "familiarity",
        }
    }
}

impl std::fmt::Display for Sort {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name())
    }
}

impl std::str::FromStr for Sort {
    type Err = ();

    fn from_str(name: &str) -> Result<Self, ()> {
        Self::ALL.into_iter().find(|sort| sort.name() == name).ok_or(())
    }
}
