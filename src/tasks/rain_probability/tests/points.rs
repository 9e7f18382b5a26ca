//! Where deformable convolutions read: what is asked of the network, and what becomes of its answer.

use stormlens_data::outcome::Role;
use stormlens_plot::{Figure, Style};

use super::*;

/// Two levels, the second with two layers: lengths of 0.5 pixels; of each point its number as row, column and weight.
pub fn layer(name: &str) -> ShownLayer {
    let n = if name.ends_with("points") { 27 } else { 1 };
    let shape = if name.starts_with("levels.0") { [n, 8, 12] } else { [n, 4, 6] };
    let n_pixels = shape[1] * shape[2];
    let value = |i: usize| {
        if n == 1 { 0.5 } else { (i / n_pixels) as f32 + (i % n_pixels) as f32 / 1000.0 }
    };
    ShownLayer { name: name.to_owned(), shape, values: (0..n * n_pixels).map(value).collect() }
}

#[test]
fn lengths_and_points_are_asked_of_the_last_layer_of_each_level() {
    let task = task();
    let show = |query: &str| {
        let (request, cards) = (request(&task, query), cards(Some(card())));
        task.prepare(&request, &cards).expect("it can be prepared").passes.remove(0).show
    };
    let asked = format!("fields={SAMPLE}");
    assert!(show(&asked).is_empty(), "nothing by default");
    let lengths = ["levels.0.blocks.0.dcn.offset_length", "levels.1.blocks.1.dcn.offset_length"];
    assert_eq!(show(&format!("{asked}&points=all")), lengths);
    let all = show(&format!("{asked}&points=node:41.3,2.1"));
    assert_eq!(all.len(), 4);
    assert_eq!(all[3], "levels.1.blocks.1.dcn.points");
}

#[test]
fn points_of_a_node_are_marks_on_the_map_of_lengths() {
    let task = task();
    let (_, outcome) = answered(&task, &format!("fields={SAMPLE}&points=node:41.3,2.1"));
    let map = outcome.variable("offset_length/2").expect("the second level");
    assert_eq!((map.plane, &map.role), (Some([4, 6]), &Role::Diagnostic));
    assert_eq!(map.map(0).values, [0.5; 24]);
    // As every map of a day, to its end.
    let end = "2008-04-09T00:00:00Z".parse().expect("a time");
    assert_eq!(map.axis().and_then(|axis| axis.time(0)), Some(end));
    let marks = outcome.variable("offset_length/2/marks").expect("points of the second level");
    assert_eq!(marks.axes[0].label(0), "the pixel");
    assert_eq!(marks.axes[0].label(9), "group 1, point 9");
    let value = |i: usize| marks.values.at(i);
    let [row, column] = [value(0), value(1)];
    assert!(value(2).is_nan());
    // Pixels of four rows and four columns: 41.3° N is in the second one, 2.1° E in the last.
    assert_eq!([row, column], [1.0, 5.0]);
    let place = (row * 6.0 + column) / 1000.0;
    for i in 0..27 {
        assert!((value(3 + i) - (i as f64 + place)).abs() < 1e-5, "{i}: {}", value(3 + i));
    }
    let figure = Figure::map("offset_length/2");
    let drawn = stormlens_plot::draw(&outcome, &figure, &Style::default()).expect("a map");
    assert!(drawn.contains("<circle"), "dots");
    let alt = stormlens_plot::alt_text(&outcome, &figure);
    assert!(alt.contains("points that are read for the pixel of 41.3° N, 2.1° E"), "{alt}");
    // Rows and columns of the third point and those after it are 6 and more.
    assert!(alt.contains("7 of them beyond the map"), "{alt}");
}

#[test]
fn points_where_none_are_read_are_refused_in_words() {
    let task = task();
    let refused = |more: &str, words: &str| {
        let error = subject(&task, &format!("fields={SAMPLE}&{more}")).expect_err(more);
        assert!(error.contains(words), "{error}");
    };
    refused("points=node:20,2", "is of no node");
    refused("points=here", "is “here”, but");
    refused("points=box:0,40,2,42", "is a box");
    refused("points=all&blocks=identity", "choose active");
}
