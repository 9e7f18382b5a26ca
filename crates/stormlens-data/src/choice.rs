//! Choices that have names.

use std::fmt::Display;
use std::str::FromStr;

/// One of several values that have names in addresses, files, forms and on the command line.
pub trait Choice: Copy + PartialEq + Display + FromStr + 'static {
    /// All there are, in the order of lists.
    const ALL: &'static [Self];
}

/// What is said of a name that none of them has.
pub fn unknown<T: Choice>(what: &str, name: &str) -> String {
    let names: Vec<String> = T::ALL.iter().map(ToString::to_string).collect();
    let known = match names.split_last() {
        Some((last, rest)) if !rest.is_empty() => format!("{} or {last}", rest.join(", ")),
        _ => names.concat(),
    };
    format!("there is no {what} {name:?}; take {known}")
}

/// Defines a [`Choice`] with its names and, behind a colon, what people read where that is another word; the
/// default is marked.
#[macro_export]
macro_rules! choice {
    (@label $text:literal) => { $text };
    (@label $text:literal $label:literal) => { $label };
    ($(#[$meta:meta])* $name:ident ($what:literal) {
        $($(#[$doc:meta])* $variant:ident = $text:literal $(: $label:literal)?),+ $(,)?
    }) => {
        $(#[$meta])*
        #[derive(
            Clone, Copy, Debug, Default, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize,
        )]
        #[serde(rename_all = "kebab-case")]
        pub enum $name {
            $($(#[$doc])* $variant),+
        }

        impl $name {
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// The name in addresses and files.
            pub fn name(self) -> &'static str {
                match self {
                    $(Self::$variant => $text),+
                }
            }

            /// The name for people.
            pub fn label(self) -> &'static str {
                match self {
                    $(Self::$variant => $crate::choice!(@label $text $($label)?)),+
                }
            }
        }

        impl $crate::choice::Choice for $name {
            const ALL: &'static [Self] = $name::ALL;
        }

        impl std::str::FromStr for $name {
            type Err = String;

            fn from_str(s: &str) -> Result<Self, String> {
                let found = Self::ALL.iter().find(|choice| choice.name() == s);
                found.copied().ok_or_else(|| $crate::choice::unknown::<Self>($what, s))
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.name())
            }
        }
    };
}

pub use choice;
