//! The dashboard as a visitor meets it: the router in process, and once in a real browser.

mod accessibility;
mod attacks;
#[cfg(feature = "nn")]
mod batches;
mod bench;
mod browser;
mod caching;
mod cases;
#[cfg(feature = "nn")]
mod commands;
mod comparison;
mod diagrams;
mod errors;
mod evaluation;
mod field_files;
#[cfg(feature = "nn")]
mod field_results;
mod field_uploads;
mod fields;
#[cfg(feature = "nn")]
mod file_commands;
mod files;
mod forms;
mod forms_in_browser;
#[cfg(feature = "nn")]
mod forms_of_networks;
mod frames;
mod installed;
mod journey;
mod limits;
mod looks;
mod maps;
#[cfg(feature = "nn")]
mod mask_journey;
#[cfg(feature = "nn")]
mod odim_commands;
mod pages;
mod painting;
#[cfg(feature = "nn")]
mod probability;
mod proxy;
#[cfg(feature = "nn")]
mod rain_arrays;
#[cfg(feature = "nn")]
mod rain_commands;
mod rain_grib;
#[cfg(feature = "nn")]
mod rain_journey;
mod rain_uploads;
mod refusal;
#[cfg(feature = "nn")]
mod refused_commands;
mod results;
mod rush;
#[cfg(feature = "nn")]
mod scene_commands;
mod scene_journey;
mod scene_tables;
mod scenes;
mod serve;
mod site;
#[cfg(feature = "nn")]
mod spark_commands;
#[cfg(feature = "nn")]
mod spark_evaluation;
#[cfg(feature = "nn")]
mod spark_files;
mod splits;
mod support;
mod upload_limits;
mod uploads;
mod values;
mod verification;
mod webdriver;
mod widths;
mod wording;
mod words;
