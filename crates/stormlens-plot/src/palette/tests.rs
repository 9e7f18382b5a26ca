use super::*;
use crate::colour::{decode, distance, encode, oklab};

/// Red, green, blue in linear light as seen without one kind of cones (Machado, Oliveira and Fernandes
/// 2009, *A physiologically-based model for simulation of color vision deficiency*, severity 1).
const DEFICIENCIES: [(&str, [[f64; 3]; 3]); 3] = [
    (
        "protanopia",
        [
            [0.152286, 1.052583, -0.204868],
            [0.114503, 0.786281, 0.099216],
            [-0.003882, -0.048116, 1.051998],
        ],
    ),
    (
        "deuteranopia",
        [
            [0.367322, 0.860646, -0.227968],
            [0.280085, 0.672501, 0.047413],
            [-0.011820, 0.042940, 0.968881],
        ],
    ),
    (
        "tritanopia",
        [
            [1.255528, -0.076749, -0.178779],
            [-0.078411, 0.930809, 0.147602],
            [0.004733, 0.691367, 0.303900],
        ],
    ),
];

/// What is told apart at a glance: well above what is just noticeable side by side (0.02).
const DISTINCT: f64 = 0.04;

fn seen(colour: Rgb, matrix: &[[f64; 3]; 3]) -> Rgb {
    let light = colour.map(decode);
    matrix.map(|row| encode(row.iter().zip(light).map(|(a, b)| a * b).sum()))
}

/// The smallest distance between two colours at most so many places apart, with full colour
/// vision and under each deficiency.
fn closest(colours: &[Rgb], most_apart: usize) -> [f64; 4] {
    let among = |view: &dyn Fn(Rgb) -> Rgb| {
        let pairs = colours
            .iter()
            .enumerate()
            .flat_map(|(i, &a)| colours[i + 1..].iter().take(most_apart).map(move |&b| (a, b)));
        let distances = pairs.map(|(a, b)| distance(oklab(view(a)), oklab(view(b))));
        distances.fold(f64::INFINITY, f64::min)
    };
    let [protan, deutan, tritan] = [0, 1, 2].map(|i| among(&|c| seen(c, &DEFICIENCIES[i].1)));
    [among(&|c| c), protan, deutan, tritan]
}

fn lightness(colour: &Rgb) -> f64 {
    oklab(*colour)[0]
}

#[test]
fn all_classes_differ_for_everyone() {
    for theme in Theme::ALL {
        let colours = RainPalette::Uniform.classes(*theme).colours;
        let closest = closest(&colours, colours.len());
        assert!(closest.iter().all(|&d| d > DISTINCT), "{theme}: {closest:.3?}");
    }
}

#[test]
fn the_familiar_palettes_fail_colour_blind_readers() {
    // The reason why neither is the default. If these numbers change, so must the module's words.
    for (palette, neighbours_differ) in
        [(RainPalette::StepsBe, true), (RainPalette::Pysteps, false)]
    {
        let colours = palette.classes(Theme::Light).colours;
        let neighbours = closest(&colours, 1);
        assert_eq!(
            neighbours.iter().all(|&d| d > DISTINCT),
            neighbours_differ,
            "{palette}: {neighbours:.3?}"
        );
        let any = closest(&colours, colours.len());
        assert!(any.iter().any(|&d| d < DISTINCT), "{palette}: {any:.3?}");
        let lightness: Vec<f64> = colours.iter().map(lightness).collect();
        assert!(!lightness.is_sorted() && !lightness.is_sorted_by(|a, b| a > b), "{palette}");
    }
}

#[test]
fn familiar_palettes_have_one_colour_a_level() {
    for (palette, level_mm_h, expected) in [
        (RainPalette::StepsBe, 0.1, [0x00, 0xFF, 0xFF]),
        (RainPalette::StepsBe, 6.3, [0xFF, 0xFF, 0x00]),
        (RainPalette::StepsBe, 100.0, [0x00, 0x00, 0x00]),
        (RainPalette::Pysteps, 0.08, [0x9C, 0x7E, 0x94]),
        (RainPalette::Pysteps, 10.0, [0xC8, 0xFF, 0x00]),
        (RainPalette::Pysteps, 160.0, [0x8B, 0x00, 0x00]),
    ] {
        let classes = palette.classes(Theme::Light);
        assert_eq!(classes.levels_mm_h.len(), classes.colours.len());
        let i = classes.levels_mm_h.iter().position(|&l| l == level_mm_h).expect("a level");
        assert_eq!(classes.colours[i], expected, "{palette} from {level_mm_h} mm/h");
    }
}

#[test]
fn more_stands_out_more_from_the_paper() {
    for theme in Theme::ALL {
        let paper = lightness(&inks(*theme).ground);
        let rain = RainPalette::Uniform.classes(*theme).colours;
        for map in [rain.as_slice(), evidence(*theme)] {
            let contrast: Vec<f64> = map.iter().map(|c| (lightness(c) - paper).abs()).collect();
            assert!(contrast.windows(2).all(|w| w[1] > w[0] - 0.004), "{theme}: {contrast:.3?}");
        }
    }
}

#[test]
fn continuous_maps_have_equal_steps() {
    for theme in Theme::ALL {
        for map in [evidence(*theme), signed(*theme)] {
            assert_eq!(map.len(), N_CONTINUOUS);
            // Over sixteen colours, since a single step is near the rounding to bytes.
            let steps: Vec<f64> =
                map.windows(17).map(|w| distance(oklab(w[0]), oklab(w[16]))).collect();
            let middle = N_CONTINUOUS / 2;
            let across = |i: usize| map.len() == N_CONTINUOUS && i < middle && i + 16 > middle;
            let straight = steps.iter().enumerate().filter(|(i, _)| !across(*i)).map(|(_, &s)| s);
            let (low, high) =
                straight.fold((f64::INFINITY, 0.0f64), |(l, h), s| (l.min(s), h.max(s)));
            assert!(high / low < 1.6, "{theme}: {low:.4} to {high:.4}");
        }
    }
}

#[test]
fn the_signs_differ_for_everyone() {
    for theme in Theme::ALL {
        let map = signed(*theme);
        for offset in [40, 80, N_CONTINUOUS / 2] {
            let (negative, positive) =
                (map[N_CONTINUOUS / 2 - offset], map[N_CONTINUOUS / 2 + offset]);
            for (name, matrix) in &DEFICIENCIES {
                let apart = distance(oklab(seen(negative, matrix)), oklab(seen(positive, matrix)));
                assert!(apart > DISTINCT, "{theme}, {name}, {offset}: {apart:.3}");
            }
            let same = (lightness(&negative) - lightness(&positive)).abs();
            assert!(same < 0.03, "equal sizes are equally strong: {same:.3}");
        }
    }
}

#[test]
fn jet_is_that_of_opencv() {
    let text = include_str!("../../tests/fixtures/jet.json");
    let table: Vec<u8> = serde_json::from_str(text).expect("the fixture is JSON");
    let drawn: Vec<u8> = (0..=255).flat_map(jet).collect();
    assert_eq!(drawn, table);
}

#[test]
fn text_is_readable() {
    let luminance = |c: Rgb| {
        let [r, g, b] = c.map(decode);
        0.2126 * r + 0.7152 * g + 0.0722 * b
    };
    for theme in Theme::ALL {
        let Inks { paper, text, muted, coast, .. } = inks(*theme);
        for ink in [text, muted, coast] {
            let (a, b) = (luminance(paper), luminance(ink));
            let contrast = (a.max(b) + 0.05) / (a.min(b) + 0.05);
            assert!(contrast >= 4.5, "{theme}: {contrast:.1}");
        }
    }
}

#[test]
fn lines_of_diagrams_differ_for_everyone_and_stand_out() {
    for theme in Theme::ALL {
        let colours: Vec<Rgb> =
            (0..crate::MAX_FORECASTS).map(|i| crate::diagram::colour(i, *theme)).collect();
        let closest = closest(&colours, colours.len());
        assert!(closest.iter().all(|&d| d > DISTINCT), "{theme}: {closest:.3?}");
        for colour in colours {
            let contrast = contrast(colour, inks(*theme).paper);
            assert!(contrast >= 3.0, "{theme}: {colour:?} has {contrast:.2} to 1 (WCAG 1.4.11)");
        }
    }
}

/// Contrast of WCAG 2.
fn contrast(a: Rgb, b: Rgb) -> f64 {
    let luminance = |c: Rgb| {
        let [r, g, b] = c.map(decode);
        0.2126 * r + 0.7152 * g + 0.0722 * b
    };
    let (a, b) = (luminance(a), luminance(b));
    (a.max(b) + 0.05) / (a.min(b) + 0.05)
}
