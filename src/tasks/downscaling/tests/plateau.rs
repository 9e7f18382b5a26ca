//! Heights as a file: NetCDF in its classic format, written by hand.

/// A plateau, with nodes 1° apart from `south` to `north` and from `west` to `east`.
pub fn plateau([south, north, west, east]: [f64; 4], metres: f32) -> Vec<u8> {
    let nodes =
        |from: f64, to: f64| (0..=(to - from) as u32).map(|k| from + f64::from(k)).collect();
    let (latitudes, longitudes): (Vec<f64>, Vec<f64>) = (nodes(south, north), nodes(west, east));
    let (rows, columns) = (latitudes.len() as u32, longitudes.len() as u32);
    let doubles = |values: &[f64]| values.iter().flat_map(|v| v.to_be_bytes()).collect::<Vec<u8>>();
    let heights = std::iter::repeat_n(metres, (rows * columns) as usize);
    let data = [
        doubles(&latitudes),
        doubles(&longitudes),
        heights.flat_map(|v| v.to_be_bytes()).collect(),
    ];
    let head = |begin: u32| {
        let begins = [begin, begin + 8 * rows, begin + 8 * (rows + columns)];
        let mut head = [b"CDF\x01".to_vec(), words(&[0, 10, 2])].concat();
        for (name, length) in [("lat", rows), ("lon", columns)] {
            head.extend([text(name), words(&[length])].concat());
        }
        head.extend(words(&[0, 0, 11, 3]));
        for (i, (name, dimensions, unit, kind)) in [
            ("lat", vec![0], "degrees_north", 6),
            ("lon", vec![1], "degrees_east", 6),
            ("orog", vec![0, 1], "m", 5),
        ]
        .into_iter()
        .enumerate()
        {
            let axes = [vec![dimensions.len() as u32], dimensions].concat();
            let unit = [words(&[12, 1]), text("units"), words(&[2]), text(unit)].concat();
            let place = words(&[kind, data[i].len() as u32, begins[i]]);
            head.extend([text(name), words(&axes), unit, place].concat());
        }
        head
    };
    let begin = head(0).len() as u32;
    [head(begin), data.concat()].concat()
}

fn words(words: &[u32]) -> Vec<u8> {
    words.iter().flat_map(|word| word.to_be_bytes()).collect()
}

/// Its length, and the letters up to a multiple of four.
fn text(text: &str) -> Vec<u8> {
    let room = vec![0; text.len().next_multiple_of(4) - text.len()];
    [words(&[text.len() as u32]), text.as_bytes().to_vec(), room].concat()
}
