//! A piece of work that can be timed and looked at.

use std::time::{Duration, Instant};

/// A result by name, as it goes into an `.npz` file.
pub struct Array {
    pub name: String,
    pub shape: Vec<usize>,
    pub values: Values,
}

pub enum Values {
    F32(Vec<f32>),
    U8(Vec<u8>),
}

impl Array {
    pub fn f32(name: &str, shape: &[usize], values: Vec<f32>) -> Self {
        Self { name: name.to_owned(), shape: shape.to_vec(), values: Values::F32(values) }
    }

    pub fn u8(name: &str, shape: &[usize], values: Vec<u8>) -> Self {
        Self { name: name.to_owned(), shape: shape.to_vec(), values: Values::U8(values) }
    }
}

/// What a path does once.
pub trait Work {
    /// Does it; the time excludes freeing the result.
    fn time(&mut self) -> anyhow::Result<Duration>;
    /// Does it once more and gives the result.
    fn arrays(&mut self) -> anyhow::Result<Vec<Array>>;
}

/// Work as a function, and the function that reads its result.
pub struct Run<R, A> {
    run: R,
    arrays: A,
}

/// `run` is what is timed; `arrays` turns its result into arrays by name.
pub fn work<T, R, A>(run: R, arrays: A) -> Box<dyn Work>
where
    T: 'static,
    R: FnMut() -> anyhow::Result<T> + 'static,
    A: FnMut(T) -> anyhow::Result<Vec<Array>> + 'static,
{
    Box::new(Run { run, arrays })
}

impl<T, R, A> Work for Run<R, A>
where
    R: FnMut() -> anyhow::Result<T>,
    A: FnMut(T) -> anyhow::Result<Vec<Array>>,
{
    fn time(&mut self) -> anyhow::Result<Duration> {
        let start = Instant::now();
        let result = (self.run)()?;
        let elapsed = start.elapsed();
        drop(result);
        Ok(elapsed)
    }

    fn arrays(&mut self) -> anyhow::Result<Vec<Array>> {
        let result = (self.run)()?;
        (self.arrays)(result)
    }
}
