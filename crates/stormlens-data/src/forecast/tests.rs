//! Forecasts against pysteps (`tools/pysteps`), and against what must hold.

mod edges;
mod laws;
mod parts;
mod pysteps;
