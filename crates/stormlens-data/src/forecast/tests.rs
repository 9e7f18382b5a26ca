//! Forecasts against pysteps (`tools/pysteps`), and against what must hold.

mod laws;
mod pysteps;
