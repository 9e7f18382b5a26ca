//! Which vector instructions the kernels use: found out when the program runs.

use std::fmt;
use std::str::FromStr;
use std::sync::OnceLock;

/// A set of vector instructions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Level {
    /// 16 numbers at a time (x86-64).
    Avx512,
    /// 8 numbers at a time, with fused multiply-add (x86-64).
    Avx2,
    /// 4 numbers at a time (AArch64).
    Neon,
    /// What every processor of this architecture has.
    Portable,
}

/// All levels, the widest first.
pub const LEVELS: [Level; 4] = [Level::Avx512, Level::Avx2, Level::Neon, Level::Portable];

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LevelError {
    #[error(
        "there is no level of vector instructions {0:?}; choose one of avx512, avx2, neon and portable"
    )]
    Unknown(String),
    #[error("this processor has no {wanted}; it has {}", names(available))]
    Missing { wanted: Level, available: Vec<Level> },
}

impl Level {
    /// The widest that this processor has.
    pub fn detect() -> Self {
        static BEST: OnceLock<Level> = OnceLock::new();
        *BEST.get_or_init(|| Self::available()[0])
    }

    /// All that this processor has, the widest first; never empty.
    pub fn available() -> Vec<Self> {
        LEVELS.into_iter().filter(|level| level.is_available()).collect()
    }

    /// A level by name, if this processor has it.
    ///
    /// # Errors
    /// For an unknown name, and for instructions that this processor lacks.
    pub fn require(name: &str) -> Result<Self, LevelError> {
        let wanted: Self = name.parse()?;
        match wanted.is_available() {
            true => Ok(wanted),
            false => Err(LevelError::Missing { wanted, available: Self::available() }),
        }
    }

    pub(crate) fn is_available(self) -> bool {
        match self {
            #[cfg(target_arch = "x86_64")]
            Self::Avx512 => pulp::x86::V4::is_available(),
            #[cfg(target_arch = "x86_64")]
            Self::Avx2 => pulp::x86::V3::is_available(),
            #[cfg(target_arch = "aarch64")]
            Self::Neon => pulp::aarch64::Neon::is_available(),
            Self::Portable => true,
            #[allow(unreachable_patterns, reason = "some architectures have all that is left")]
            _ => false,
        }
    }

    /// The proof that this processor has the instructions; without it, what every processor has.
    pub(crate) fn token(self) -> Token {
        match self {
            #[cfg(target_arch = "x86_64")]
            Self::Avx512 => pulp::x86::V4::try_new().map_or(Token::None, Token::Avx512),
            #[cfg(target_arch = "x86_64")]
            Self::Avx2 => pulp::x86::V3::try_new().map_or(Token::None, Token::Avx2),
            #[cfg(target_arch = "aarch64")]
            Self::Neon => pulp::aarch64::Neon::try_new().map_or(Token::None, Token::Neon),
            _ => Token::None,
        }
    }
}

/// That a processor has a level's instructions.
pub(crate) enum Token {
    #[cfg(target_arch = "x86_64")]
    Avx512(pulp::x86::V4),
    #[cfg(target_arch = "x86_64")]
    Avx2(pulp::x86::V3),
    #[cfg(target_arch = "aarch64")]
    Neon(pulp::aarch64::Neon),
    None,
}

/// `at_level!(level, |sums| work)` runs `work`, compiled once for each level: everything in it that
/// is inlined may use the level's instructions. `sums` is a [`Sums`].
///
/// A macro and no function, because a closure that is called from several places is not inlined
/// into them, and then is compiled for the smallest level only.
macro_rules! at_level {
    ($level:expr, |$sums:ident| $work:expr) => {
        match $crate::level::Level::token($level) {
            #[cfg(target_arch = "x86_64")]
            $crate::level::Token::Avx512(simd) => simd.vectorize($crate::level::Work(|| {
                let $sums = $crate::level::Sums::FUSED;
                $work
            })),
            #[cfg(target_arch = "x86_64")]
            $crate::level::Token::Avx2(simd) => simd.vectorize($crate::level::Work(|| {
                let $sums = $crate::level::Sums::FUSED;
                $work
            })),
            #[cfg(target_arch = "aarch64")]
            $crate::level::Token::Neon(simd) => simd.vectorize($crate::level::Work(|| {
                let $sums = $crate::level::Sums::FUSED;
                $work
            })),
            $crate::level::Token::None => {
                let $sums = $crate::level::Sums::APART;
                $work
            }
        }
    };
    ($level:expr, || $work:expr) => {
        $crate::level::at_level!($level, |_sums| $work)
    };
}
pub(crate) use at_level;

/// How products are summed up: known while compiling, wherever it is inlined.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sums {
    fused: bool,
}

impl Sums {
    pub const FUSED: Self = Self { fused: true };
    pub const APART: Self = Self { fused: false };

    /// `sum + a · b`, rounded once where that is one instruction.
    #[inline(always)]
    pub fn add(self, sum: f32, a: f32, b: f32) -> f32 {
        if self.fused { a.mul_add(b, sum) } else { a * b + sum }
    }
}

/// Work to be inlined where it is called.
pub(crate) struct Work<F>(pub F);

impl<R, F: FnOnce() -> R> pulp::NullaryFnOnce for Work<F> {
    type Output = R;

    #[inline(always)]
    fn call(self) -> R {
        (self.0)()
    }
}

impl fmt::Display for Level {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Avx512 => "avx512",
            Self::Avx2 => "avx2",
            Self::Neon => "neon",
            Self::Portable => "portable",
        })
    }
}

impl FromStr for Level {
    type Err = LevelError;

    fn from_str(name: &str) -> Result<Self, LevelError> {
        let found = LEVELS.into_iter().find(|level| level.to_string() == name);
        found.ok_or_else(|| LevelError::Unknown(name.to_owned()))
    }
}

fn names(levels: &[Level]) -> String {
    levels.iter().map(Level::to_string).collect::<Vec<_>>().join(" and ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_processor_has_the_portable_level() {
        assert_eq!(Level::available().last(), Some(&Level::Portable));
        assert_eq!(Level::require("portable"), Ok(Level::Portable));
        assert!(matches!(Level::require("mmx"), Err(LevelError::Unknown(_))));
        for level in Level::available() {
            let found = at_level!(level, |sums| sums.add(1.0, 2.0, 3.0));
            assert_eq!(found, 7.0, "{level}");
        }
    }

    #[test]
    fn a_level_of_another_architecture_is_refused() {
        let foreign = if cfg!(target_arch = "aarch64") { "avx2" } else { "neon" };
        let error = Level::require(foreign).unwrap_err();
        assert!(error.to_string().contains(foreign), "{error}");
    }
}
