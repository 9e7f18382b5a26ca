//! Files that went wrong for people, and what is right: one table, a line a file (`tests/cases/README.md`).

use std::fs;
use std::path::{Path, PathBuf};

use hdf5_reader::Hdf5File;
use stormlens::web::PublicUrl;
use stormlens_data::archive;
use stormlens_data::files::netcdf;
use stormlens_data::import::{ImportError, knmi};
use stormlens_data::scene::{Bands, Coding, Decoded, Limits, Values, decode_as};

use crate::support::{FORM, TestApp, form};

/// What became of a file in a few words, or why it was refused.
type Found = Result<String, String>;

/// A file, how it is looked at, and what is right: words that have to be among those that come.
type Case = (&'static str, fn(&Path) -> Found, Right);

#[derive(Debug)]
enum Right {
    Is(&'static [&'static str]),
    Refused(&'static [&'static str]),
}
use Right::{Is, Refused};

const FRAME: [&str; 2] = ["2024-09-01T00:05:00Z as its name says, no pixel missing", LARGEST];
/// In words of [`radar`].
const LARGEST: &str = "at most 1.36 mm";

const CASES: &[Case] = &[
    (
        "missing_65534_RAD_NL25_RAC_5min_202409010005_cor.h5",
        radar,
        Is(&["00:05:00Z", "100 missing", LARGEST]),
    ),
    ("RAD_NL25_RAC_MFBS_EM_5min_202409010005_NL.h5", radar, Is(&FRAME)),
    ("RAD_NL25_RAC_RT_202409010005.h5", radar, Is(&FRAME)),
    (
        "interval_1h_RAD_NL25_RAC_5min_202409010005_cor.h5",
        radar,
        Refused(&["from 31-AUG-2024;23:05", "to 01-SEP-2024;00:05"]),
    ),
    ("RAD_NL25_RAC_FM_202409010005.h5", radar, Refused(&["several images, as forecasts do"])),
    (
        "storage_float32_RAD_NL25_RAC_5min_202409010005_cor.h5",
        radar,
        Is(&["00:05:00Z", "no pixel missing", LARGEST]),
    ),
    (
        "storage_int32_RAD_NL25_RAC_5min_202409010005_cor.h5",
        radar,
        Is(&["00:05:00Z", "no pixel missing", LARGEST]),
    ),
    ("storage_lzf_RAD_NL25_RAC_5min_202409010005_cor.h5", radar, Refused(&["h5repack -f GZIP=4"])),
    (
        "storage_uint8_RAD_NL25_RAC_5min_202409010005_cor.h5",
        radar,
        Refused(&["8 bits, which end at 255"]),
    ),
    ("odim_RAD_NL25_RAC_5min_202409010005_cor.h5", radar, Refused(&["in the layout of ODIM_H5"])),
    ("min_lzw_tiled.tif", picture, Is(&["24 × 24 pixels"])),
    ("gdal_cog.tif", picture, Is(&["the pixels of rgb8.png, with its place"])),
    ("min_planar_tiled.tif", picture, Is(&["24 × 24 pixels"])),
    ("cut_eoi.jpg", picture, Refused(&["it is cut off"])),
    ("gdal_rgb16.tif", picture, Is(&["the pixels of rgb8.png, with its place"])),
    ("pages_thumb_first.tif", picture, Is(&["the pixels of rgb8.png", "the largest of 2"])),
    ("big.tif", picture, Is(&["the pixels of rgb8.png"])),
    ("f32_db.tif", picture, Refused(&["one band of float32 numbers", "decibels"])),
    ("i16_db.tif", picture, Refused(&["int16", "hundredths"])),
    ("vvvh_planar.tif", picture, Refused(&["2 bands of uint8 numbers"])),
    ("s1_grd_uint16.tif", picture, Refused(&["counts"])),
    ("f32_db.tif", decibels, Is(&["176 × 176 pixels", "from -25 to 0 dB as grey 1 to 255"])),
    ("i16_db.tif", hundredths, Is(&["176 × 176 pixels", "from -25 to 0 dB as grey 1 to 255"])),
    ("vvvh_planar.tif", two_bands, Is(&["176 × 176 pixels", "cross-polarised is band 2"])),
    ("s1_grd_uint16.tif", counts, Is(&["not calibrated", "with its place"])),
    ("axis_x_km.nc", x_axis, Is(&["taken for a longitude"])),
    ("axis_x_m.nc", x_axis, Is(&["begins at 225 km"])),
    ("noaxis_km.nc", x_axis, Is(&["begins at 225 km"])),
    ("our result", x_axis_of_ours, Is(&["begins at 225 km"])),
];

/// Where files of tests lie.
const FOLDERS: [&str; 5] = [
    "tests/cases",
    "crates/stormlens-data/tests/radar",
    "crates/stormlens-data/tests/pictures",
    "crates/stormlens-nn/tests/checkpoints",
    "crates/stormlens-checkpoint/tests/keras",
];

/// The place of a file; of none, the name alone.
fn place(name: &str) -> PathBuf {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut places = FOLDERS.iter().map(|folder| root.join(folder).join(name));
    places.find(|path| path.exists()).unwrap_or_else(|| name.into())
}

/// What is wrong with a case, if something is.
fn fault((name, look, right): &Case) -> Option<String> {
    let found = look(&place(name));
    let (words, expected) = match (&found, right) {
        (Ok(words), Is(expected)) | (Err(words), Refused(expected)) => (words, *expected),
        _ => return Some(format!("{name}: {found:?}, where {right:?} is right")),
    };
    let is_missing = |word: &&&str| !words.contains(**word);
    expected.iter().find(is_missing).map(|word| format!("{name}: no {word:?} in {words:?}"))
}

#[tokio::test]
async fn cases() {
    let mut faults: Vec<String> = CASES.iter().filter_map(fault).collect();
    #[cfg(feature = "nn")]
    faults.extend(networks::CASES.iter().filter_map(fault));
    faults.extend(behind_nginx().await);
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

/// A frame: its time, and what its crop holds.
fn radar(path: &Path) -> Found {
    let image = knmi::read(path).map_err(|error| error.to_string())?;
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let is_named = archive::frame_time(&name) == Some(image.end);
    let missing = match image.crop() {
        Ok(_) => "no pixel missing".to_owned(),
        Err(ImportError::Missing { count, .. }) => format!("{count} missing"),
        Err(error) => return Err(error.to_string()),
    };
    // Where `crop` has it; that refuses the whole of a crop of which a pixel is missing.
    let rows = image.pixel_values.chunks_exact(image.width).skip(284).take(knmi::CROP_SIZE);
    let crop = rows.flat_map(|pixels| &pixels[225..225 + knmi::CROP_SIZE]);
    let largest = crop.filter(|&&value| value != u16::MAX).max().copied().unwrap_or_default();
    let named = if is_named { "as its name says" } else { "not as its name says" };
    Ok(format!("{} {named}, {missing}, at most {} mm", image.end, f32::from(largest) / 100.0))
}

fn picture(path: &Path) -> Found {
    picture_of(path, Values::Stated, Bands::Named)
}

fn decibels(path: &Path) -> Found {
    picture_of(path, Values::Decibels, Bands::Named)
}

fn hundredths(path: &Path) -> Found {
    picture_of(path, Values::Hundredths, Bands::Co)
}

fn two_bands(path: &Path) -> Found {
    picture_of(path, Values::Picture, Bands::CoCross)
}

fn counts(path: &Path) -> Found {
    picture_of(path, Values::Counts, Bands::Named)
}

/// A picture: how large it is, whether it is that of `rgb8.png`, and how its numbers became colours.
fn picture_of(path: &Path, values: Values, bands: Bands) -> Found {
    let decode = |path: &Path, coding| {
        let bytes = fs::read(path).map_err(|error| error.to_string())?;
        decode_as(&bytes, &Limits::default(), coding).map_err(|error| error.to_string())
    };
    let Decoded { picture, coding, place: on_earth, .. } = decode(path, Coding { values, bands })?;
    let scene = decode(&place("rgb8.png"), Coding::default())?.picture;
    let pixels = match picture.pixels().eq(scene.pixels()) {
        true => "the pixels of rgb8.png".to_owned(),
        false => format!("{} × {} pixels", picture.width, picture.height),
    };
    let with = if on_earth.is_some() { "with its place" } else { "without a place" };
    Ok(format!("{pixels}, {with}; {coding}"))
}

/// GDAL takes an axis "X" between 180 and 360 for a longitude, unless it is in metres.
fn x_axis(path: &Path) -> Found {
    x_axis_of(&Hdf5File::open(path).map_err(|error| error.to_string())?)
}

fn x_axis_of_ours(_: &Path) -> Found {
    let bytes = netcdf::to_bytes(&stormlens_plot::testing::outcome(), &[]);
    let bytes = bytes.map_err(|error| error.to_string())?;
    x_axis_of(&Hdf5File::from_vec(bytes).map_err(|error| error.to_string())?)
}

fn x_axis_of(file: &Hdf5File) -> Found {
    let x = file.dataset("x").map_err(|error| error.to_string())?;
    let text =
        |name: &str| x.attribute(name).and_then(|text| text.read_string()).unwrap_or_default();
    let values = x.read_array::<f64>().map_err(|error| error.to_string())?;
    let (first, second) = (values[[0]], values[[1]]);
    // Values are the middles of pixels.
    let edge = first - 0.5 * (second - first);
    match (text("axis").as_str(), text("units").as_str()) {
        ("X" | "", "m") => Ok(format!("begins at {} km", edge / 1000.0)),
        ("", "km") => Ok(format!("begins at {edge} km")),
        (axis, unit) => Ok(format!("axis {axis:?} in {unit}: taken for a longitude")),
    }
}

/// What the three servers of `nginx_default.conf` hand on: its own address for the host, or that of the visitor, also
/// from below a path. One option, `--public-url`, is enough for each.
async fn behind_nginx() -> Vec<String> {
    let servers = [
        ("http://127.0.0.1:18081/", "127.0.0.1:18080"),
        ("http://127.0.0.1:18082/", "127.0.0.1:18082"),
        ("http://127.0.0.1:18083/stormlens/", "127.0.0.1:18083"),
    ];
    let mut faults = Vec::new();
    for (public, host) in servers {
        let url: PublicUrl = public.parse().expect("an address");
        let app = TestApp::set_up(|setup| setup.public_url = Some(url));
        let (origin, path) = public.split_at(public.rfind(":18").expect("a port") + 6);
        let scene = fs::read(place("rgb8.png")).expect("it is there");
        let request = axum::http::Request::post("/scenes")
            .header("host", host)
            .header("origin", origin)
            .header("accept", "text/html")
            .header("content-type", FORM)
            .body(form("files", &[("a.png", &scene)]).into());
        let page = app.send(request.expect("a request")).await;
        let is_below = page.header("location").starts_with(&format!("{path}v1/result?"));
        if page.status != 303 || !is_below {
            faults.push(format!("{public}: {} {}", page.status, page.header("location")));
        }
        let style = app.get_from("/", &[("host", host)]).await.attributes("link", "href");
        faults.extend(style.into_iter().filter(|href| !href.starts_with(path)));
    }
    faults
}

/// Files for which networks have to be there.
#[cfg(feature = "nn")]
mod networks {
    use super::*;
    use crate::bench::Bench;
    use stormlens_data::files::npy;

    const SAME: Right = Is(&["as of the weights alone"]);

    pub(super) const CASES: &[Case] = &[
        ("tiny_state_dictionary.pt", weights, Refused(&["belong to no known network", "`w`"])),
        ("b00_baseline.safetensors", weights, SAME),
        ("b02_compile.pt", weights, SAME),
        ("b05_swa_averaged.pt", weights, SAME),
        ("b06_lightning_loss_weight.ckpt", weights, SAME),
        ("b11_recipe_model_state_dict.pt", weights, SAME),
        ("b20_no_counters.pt", weights, SAME),
        ("model.h5", import, Is(&["23737 parameters"])),
        ("model.h5", import_of_800, Refused(&["pictures of 48; leave --variant out"])),
        ("model.weights.h5", import, Refused(&["--variant 192, 800 or 1536"])),
        ("k3_model.h5", keras_3, Is(&["as Keras 3 says"])),
        ("one_pixel_deep_16.npy", deepest_layer, Is(&["raw 0.0020, shown as 1"])),
    ];

    fn path(name: &str) -> String {
        place(name).display().to_string()
    }

    fn weights(file: &Path) -> Found {
        let bench = Bench::new();
        let predict = |file: &str, name: &str| {
            let input = path("x_12x48x48.npy");
            bench
                .tries(&format!("predict --checkpoint {file} --input {input} --output @{name}"))?;
            npy::read_npy_f32(&bench.path(name)).map_err(|error| error.to_string())
        };
        let found = predict(&file.display().to_string(), "y.npy")?;
        let is_equal = found == predict(&path("b00_baseline.safetensors"), "expected.npy")?;
        Ok(if is_equal { "as of the weights alone".into() } else { "another prediction".into() })
    }

    fn import(file: &Path) -> Found {
        let file = file.display();
        Bench::new().tries(&format!("import --from {file} --output @w.safetensors"))
    }

    fn import_of_800(file: &Path) -> Found {
        let file = file.display();
        Bench::new().tries(&format!("import --from {file} --variant 800 --output @w.safetensors"))
    }

    /// The sizes come from the file, and the probabilities are those of Keras 3.
    fn keras_3(_: &Path) -> Found {
        let Some(folder) = std::env::var_os("STORMLENS_GOLDEN_DIR") else {
            println!("skipped: STORMLENS_GOLDEN_DIR is not set, so there is no k3_model.h5");
            return Ok("as Keras 3 says, if it were here".into());
        };
        let file = Path::new(&folder).join("../cases/keras/k3_model.h5");
        if !file.exists() {
            println!("skipped: there is no {}", file.display());
            return Ok("as Keras 3 says, if it were here".into());
        }
        let bench = Bench::new();
        bench.tries(&format!("import --from {} --output @w.safetensors", file.display()))?;
        let contradiction = format!("import --from {} --variant 800", file.display());
        bench.fails(&format!("{contradiction} --output @v.safetensors"), &["leave --variant out"]);
        let predict = "predict --model polar-low --checkpoint @w.safetensors --output @y.json";
        bench.tries(&format!("{predict} --input {}", path("scene_192.png")))?;
        let json = |path: PathBuf| -> serde_json::Value {
            serde_json::from_slice(&fs::read(path).expect("it is there")).expect("JSON")
        };
        let [ours, theirs] = [
            json(bench.path("y.json"))["series"]["probability"].take(),
            json(place("k3_probs.json")),
        ]
        .map(|list| list.as_array().into_iter().flatten().filter_map(|v| v.as_f64()).collect());
        let [ours, theirs]: [Vec<f64>; 2] = [ours, theirs];
        // Both compute in float32.
        let is_near = |(a, b): (&f64, &f64)| (a - b).abs() < 1e-5;
        match ours.len() == 2 && theirs.len() == 2 && ours.iter().zip(&theirs).all(is_near) {
            true => Ok("as Keras 3 says".into()),
            false => Ok(format!("{ours:?}, where Keras 3 says {theirs:?}")),
        }
    }

    /// The layer has one cell there, so that its map has one value.
    fn deepest_layer(file: &Path) -> Found {
        let bench = Bench::new();
        let (file, layer) = (file.display(), "RRCNN5");
        let explain = "explain --checkpoint knmi-20100826 --output @e.npz threshold=0.1";
        let said = bench.tries(&format!("{explain} --input {file} layers={layer}"))?;
        if !said.contains(", 0 of them zero everywhere") {
            return Ok(said);
        }
        let array = |name: &str| {
            let mut zip =
                zip::ZipArchive::new(fs::File::open(bench.path("e.npz")).expect("a file"));
            let zip = zip.as_mut().expect("an archive");
            let mut bytes = Vec::new();
            let mut entry = zip.by_name(&format!("{name}.npy")).expect("it is there");
            std::io::copy(&mut entry, &mut bytes).expect("it is whole");
            fs::write(bench.path("one.npy"), bytes).expect("there is room");
            npy::read_npy_f32(&bench.path("one.npy")).expect("an array").1
        };
        let (raw, shown) = (array("grad_cam/RRCNN5/raw"), array("grad_cam/RRCNN5"));
        assert!(shown.iter().all(|value| *value == shown[0]), "one cell covers the map");
        Ok(format!("raw {:.4}, shown as {}", raw[0], shown[0]))
    }
}
