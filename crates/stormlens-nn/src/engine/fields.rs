//! Of which fields weights are.

use stormlens_data::card::{FieldStatement, FieldsCard};

use crate::network::FieldSizes;

/// What weights of these sizes are for. Those that state nothing are taken for the published ones where they have their
/// sizes; `None` where they have others, so that nothing can be said of their fields.
///
/// # Errors
/// In words that follow the name of the file, for a statement that contradicts itself or the weights.
pub(super) fn card(
    stated: Option<FieldStatement>,
    sizes: &FieldSizes,
) -> Result<Option<FieldsCard>, String> {
    let is_stated = stated.is_some();
    let fields = stated.unwrap_or_else(FieldStatement::published);
    let fits = check(&fields, sizes);
    match (fits, is_stated) {
        (Ok(()), _) => {
            let FieldSizes { patch, n_classes, depths, .. } = *sizes;
            Ok(Some(FieldsCard { fields, is_stated, patch, n_classes, depths }))
        }
        (Err(_), false) => Ok(None),
        (Err(reason), true) => Err(reason),
    }
}

fn check(fields: &FieldStatement, sizes: &FieldSizes) -> Result<(), String> {
    fields.check()?;
    fields.check_weights(sizes.n_variables, sizes.n_classes)?;
    let [rows, columns] = fields.size;
    sizes.tokens(rows, columns).map(|_| ())
}

#[cfg(test)]
mod tests {
    use super::*;

    const PUBLISHED: FieldSizes = FieldSizes {
        n_variables: 16,
        patch: [4, 16, 16],
        n_places: 14 * 8,
        n_classes: Some(3),
        depths: [4, 4, 18, 4],
    };

    #[test]
    fn weights_that_state_nothing_are_the_published_where_their_sizes_are() {
        let found = card(None, &PUBLISHED).unwrap().expect("the published");
        assert!(!found.is_stated && found.fields == FieldStatement::published());
        for other in [
            FieldSizes { n_variables: 12, ..PUBLISHED },
            FieldSizes { n_places: 24, ..PUBLISHED },
            FieldSizes { n_classes: Some(4), ..PUBLISHED },
        ] {
            assert_eq!(card(None, &other), Ok(None), "{other:?}");
        }
        let pre_trained = FieldSizes { n_classes: None, ..PUBLISHED };
        assert!(card(None, &pre_trained).unwrap().is_some());
    }

    #[test]
    fn a_statement_that_the_weights_contradict_is_refused() {
        let stated = FieldStatement { hours: 3, ..FieldStatement::published() };
        let found = card(Some(stated.clone()), &PUBLISHED).unwrap().expect("stated");
        assert!(found.is_stated && found.fields.hours == 3);
        let check = |sizes: FieldSizes, words: &str| {
            let error = card(Some(stated.clone()), &sizes).unwrap_err();
            assert!(error.contains(words), "{error}");
        };
        check(FieldSizes { n_variables: 12, ..PUBLISHED }, "its weights take 12");
        check(FieldSizes { n_classes: Some(4), ..PUBLISHED }, "4 classes");
        check(FieldSizes { n_places: 24, ..PUBLISHED }, "224 × 128 pixels");
    }
}
