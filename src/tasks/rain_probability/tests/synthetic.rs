//! Days of a synthetic world, whose truth is known.

use super::*;

/// A network that knows the truth is calibrated: what maps make of it stays near to it.
#[test]
fn recalibration_leaves_true_probabilities_as_they_are() {
    let world = world::World::open(Path::new("synthetic"), &synthetic()).expect("it is made");
    let statement = synthetic();
    let part = stormlens_data::card::Part::Validation;
    let nothing = |_: usize, _: usize, _: Vec<f32>| Ok(vec![0.0; 3 * 256]);
    let asked = calibrate::Asked::of(&world, &statement, part, nothing).expect("asked");
    let truth = |event: usize| -> Vec<f64> {
        let of = |case: &world::Case| case.truth.as_ref().expect("it is known")[event];
        asked.cases.iter().map(of).collect()
    };
    let maps = asked.maps(&statement, truth);
    assert_eq!(maps.len(), 2);
    let n = asked.cases.len() as f64;
    for (event, map) in maps.iter().enumerate() {
        let errors = truth(event).into_iter().map(|p| (map.apply(p) - p).powi(2));
        let error = (errors.sum::<f64>() / n).sqrt();
        assert!(error < 0.08, "{error}");
    }
}

fn synthetic() -> FieldStatement {
    use stormlens_data::probability::synthetic::{SyntheticOptions, SyntheticWorld};
    SyntheticWorld::new(SyntheticOptions::default()).statement().clone()
}

/// Rain and true probabilities of the synthetic world stand beside what weights of it say, and other weights refuse it.
#[test]
fn a_synthetic_day_has_its_truth() {
    let samples = samples();
    let id = "synthetic-s12-e01-d1";
    assert!(samples.find(id).is_ok() && samples.find("synthetic-s13-e01-d1").is_err());
    let own = FieldsCard { fields: synthetic(), ..card() };
    let loaded = samples.load(id, &own).expect("its own weights");
    let (rain, truth) = loaded.world.as_ref().expect("a world");
    assert_eq!((rain.len(), truth.len()), (256, 512));
    assert!(truth[..256].iter().zip(&truth[256..]).all(|(rain, heavy)| rain >= heavy));
    assert!(samples.suits(id, &own) && !samples.suits(id, &card()));
    let error = samples.load(id, &card()).expect_err("other weights").to_string();
    assert!(error.contains("not of the synthetic world"), "{error}");
}

/// Weights that were trained on some of the variables are calibrated and verified on these.
#[test]
fn a_world_gives_the_variables_that_are_asked_for() {
    let of = |all: &FieldStatement, names: [&str; 2]| {
        let variable = |name: &str| all.variables[all.channel(name).expect("it is there")].clone();
        FieldStatement { variables: names.map(variable).to_vec(), ..all.clone() }
    };
    let path = data().join("iberia");
    for (dataset, all, names) in [
        (Path::new("synthetic"), synthetic(), ["GPH500", "RH850"]),
        (path.as_path(), statement(), ["RAIN", "SLP"]),
    ] {
        let some = of(&all, names);
        let world = world::World::open(dataset, &some).expect("it has them");
        let [whole, part] = [&all, &some].map(|statement| world.input(40, statement));
        let n = all.size[0] * all.size[1];
        let expected = names.map(|name| {
            let channel = all.channel(name).expect("it is there");
            whole[channel * n..(channel + 1) * n].to_vec()
        });
        assert_eq!(part, expected.concat(), "{names:?}");
    }
}

/// Where rain is known everywhere, what a network learns from stands on maps too.
#[test]
fn labels_of_a_synthetic_day_are_maps() {
    let (task, id) = (task(), "synthetic-s12-e01-d1");
    let own = FieldsCard { fields: synthetic(), depths: [1, 1, 0, 0], ..card() };
    let request = request(&task, &format!("fields={id}"));
    let prepared = task.prepare(&request, &cards(Some(own))).expect("it can be prepared");
    let work = prepared
        .rest
        .downcast::<crate::tasks::rain_probability::prepare::Work>()
        .expect("of this task");
    let labels = crate::tasks::rain_probability::gauges::labels(&work);
    let [hard, density] = &labels[..] else { panic!("two variables") };
    let (rain, _) = work.loaded.world.as_ref().expect("a world");
    let [first, second] = synthetic().thresholds_mm[..] else { panic!("two thresholds") };
    for (i, &mm) in rain.iter().enumerate() {
        let class = f64::from(u8::from(f64::from(mm) >= first) + u8::from(f64::from(mm) >= second));
        assert_eq!(hard.values.at(i), class, "{mm} mm");
        let shares: Vec<f64> = (0..3).map(|k| density.values.at(k * rain.len() + i)).collect();
        assert!((shares.iter().sum::<f64>() - 1.0).abs() < 1e-6, "{shares:?}");
        assert!(class > 0.0 || shares[2] == 0.0, "{mm} mm: {shares:?}");
    }
    assert!((0..rain.len()).any(|i| hard.values.at(i) > 0.0), "it rains somewhere");
}
