//! Any bytes hold the recipe of a figure, or are refused; and a recipe says the same when it is written
//! down and read again.

#![no_main]

use libfuzzer_sys::fuzz_target;
use stormlens::export::Recipe;

fuzz_target!(|bytes: &[u8]| {
    let recipe = match Recipe::from_file_bytes(bytes) {
        Ok(recipe) => recipe,
        Err(error) => {
            let _ = error.to_string();
            return;
        }
    };
    let json = recipe.to_json();
    let again: Recipe = serde_json::from_str(&json).expect("we wrote it");
    assert_eq!(again.to_json(), json);
});
