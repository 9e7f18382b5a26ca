//! Which requests are long, and that short ones go in between, with the networks and the data of the repository.

use std::path::Path;

use stormlens_data::request::Request;

use super::*;
use crate::parameters::Parameters;
use crate::question::Question;

const RAIN: &str = "model=smaat-unet&checkpoint=narrow-knmi-20100826&sample=knmi-20100826T0535";
const SPARK: &str = "model=spat-spark&checkpoint=narrow-germany-2018&sample=knmi-20100826T0535";
const COARSE: &str = "model=harpnet&rain=mrms-20160922T1100";
/// One tile of it.
const TILE: &str = "model=harpnet&rain=mrms-20160922T1100&domain=-115,37,-113,39&methods=none";
const FIELDS: &str = "model=sslpdl&checkpoint=iberia-narrow&fields=iberia-2008-04-08";

struct Real {
    catalog: Arc<Catalog>,
    worker: Box<dyn Worker>,
    _cache: tempfile::TempDir,
}

fn real() -> Real {
    let cache = tempfile::tempdir().expect("a folder");
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let sources = Sources {
        device: DeviceArgs { device: DeviceChoice::Cpu },
        data: root.join("data"),
        checkpoints: root.join("checkpoints"),
        memory_limit: MemoryLimit::default(),
        cache: CacheArgs { folder: cache.path().to_owned() },
    };
    let Networks { cards, worker, .. } = networks(&sources);
    let opened = tasks::open(&sources.folders()).expect("the data of the repository");
    let tasks = opened.into_iter().map(|opened| opened.task).collect();
    let catalog = Arc::new(Catalog::new(cards, tasks));
    let worker = worker(catalog.clone())().expect("there is always a CPU");
    Real { catalog, worker, _cache: cache }
}

impl Real {
    fn request(&self, query: &str) -> Request {
        let read = Question::read(&Parameters::parse(Some(query)), &self.catalog, &[]);
        read.unwrap_or_else(|error| panic!("{query}: {error}")).request
    }
}

#[test]
fn what_takes_many_passes_is_long_whatever_asks_for_them() {
    let real = real();
    for (query, is_long) in [
        (format!("{RAIN}&methods=none"), false),
        (format!("{RAIN}&methods=grad-cam,saliency"), false),
        (format!("{RAIN}&methods=integrated-gradients&integrated-gradients.steps=2"), true),
        (format!("{RAIN}&methods=none&steps-mean=yes"), true),
        (format!("{SPARK}&methods=none"), false),
        (format!("{SPARK}&methods=none&hide=3"), false),
        (format!("{SPARK}&methods=none&masks=2"), true),
        (format!("{SPARK}&methods=patch-occlusion"), true),
        (format!("{COARSE}&methods=grad-cam"), false),
        (TILE.to_owned(), false),
        (format!("{TILE}&ensemble=dropout&members=2"), true),
        (format!("{TILE}&ensemble=epochs"), true),
        (format!("{FIELDS}&methods=none"), false),
        (format!("{FIELDS}&methods=none&masks=2"), true),
        (format!("{FIELDS}&methods=occlusion&occlusion.parts=tokens"), true),
    ] {
        assert_eq!(real.catalog.is_long(&real.request(&query)), is_long, "{query}");
    }
}

/// Of each kind of long run a short one need not wait for the end.
#[test]
fn a_short_run_goes_in_between_whatever_makes_a_run_long() {
    let (Real { mut worker, .. }, real) = (real(), real());
    let short = real.request(&format!("{TILE}&target=tile:0"));
    for query in [
        format!("{RAIN}&methods=integrated-gradients&integrated-gradients.steps=2"),
        format!("{RAIN}&methods=none&steps-mean=yes"),
        format!("{SPARK}&methods=none&masks=2"),
        format!("{SPARK}&methods=patch-occlusion"),
        format!("{TILE}&ensemble=dropout&members=2"),
        format!("{TILE}&ensemble=epochs"),
        format!("{FIELDS}&methods=none&masks=2"),
        format!("{FIELDS}&methods=occlusion&occlusion.parts=variables"),
    ] {
        let long = real.request(&query);
        let (mut n_lent, mut answered) = (0, None);
        let mut between = |worker: &mut dyn Worker| {
            n_lent += 1;
            // Not the first time, which is before anything was done.
            if n_lent == 2 {
                answered = Some(worker.run(&short, &Silent));
            }
        };
        worker.run_in_steps(&long, &Silent, &mut between).expect("an outcome");
        assert!(n_lent >= 2, "{query}: {n_lent}");
        assert!(matches!(answered, Some(Ok(_))), "{query}: {answered:?}");
    }
}
