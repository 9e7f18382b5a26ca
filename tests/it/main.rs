//! The dashboard as a visitor meets it: the router in process, and once in a real browser.

mod browser;
#[cfg(feature = "nn")]
mod commands;
mod errors;
mod files;
mod limits;
mod pages;
mod results;
#[cfg(feature = "nn")]
mod scene_commands;
mod scenes;
mod serve;
mod support;
mod uploads;
mod webdriver;
