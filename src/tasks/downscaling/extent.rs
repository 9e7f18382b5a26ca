//! Which part of a domain is refined: whole tiles, and what lies beside them.

use stormlens_data::downscale::{Domain, Fit, Geometry, Tile, tiles};
use stormlens_data::field::{FieldError, degrees};

/// Less of a degree is rounding.
const TOLERANCE_DEG: f64 = 1e-6;

/// What the tiles cover, and what was to be refined.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Extent {
    /// `[south, north, west, east]` of the tiles, degrees.
    refined: [f64; 4],
    domain: Domain,
    tile_deg: f64,
    margin_deg: f64,
}

impl Extent {
    /// Of one tile or more.
    pub fn of(tiles: &[Tile], geometry: &Geometry, domain: Domain) -> Self {
        let side = geometry.tile_deg();
        let start = [f64::INFINITY, f64::NEG_INFINITY, f64::INFINITY, f64::NEG_INFINITY];
        let refined = tiles.iter().fold(start, |a, &Tile { min_lat, min_lon, .. }| {
            let ends = [a[1].max(min_lat + side), a[3].max(min_lon + side)];
            [a[0].min(min_lat), ends[0], a[2].min(min_lon), ends[1]]
        });
        let margin_deg = geometry.padding as f64 * geometry.coarse_deg;
        Self { refined, domain, tile_deg: side, margin_deg }
    }

    /// `[south, north, west, east]` of what is refined, degrees.
    pub fn bounds(&self) -> [f64; 4] {
        self.refined
    }

    /// Which edges of the domain, or of the whole field where that is the domain, no tile reaches; `None` where all is
    /// refined. `field` is where the field goes, `[south, north, west, east]`.
    pub fn left_out(&self, field: [f64; 4]) -> Option<String> {
        let is_all = self.domain == whole(field);
        let (what, own) = match is_all {
            true => ("field", field),
            false => ("domain", self.domain.bounds()),
        };
        let [south, north, west, east] = self.refined;
        let edges = [
            ("southern", south - own[0]),
            ("northern", own[1] - north),
            ("western", west - own[2]),
            ("eastern", own[3] - east),
        ];
        let edges = edges.into_iter().filter(|(_, width)| *width > TOLERANCE_DEG);
        let edges: Vec<String> =
            edges.map(|(name, width)| format!("{name} {}°", degrees(width))).collect();
        let (last, others) = edges.split_last()?;
        let listed = match others {
            [] => last.clone(),
            others => format!("{} and {last}", others.join(", ")),
        };
        let margin = match is_all {
            true => format!(", and the network looks {}° beyond them", degrees(self.margin_deg)),
            false => String::new(),
        };
        Some(format!(
            "refined is {}; the {listed} of the {what} ({}) are left out: only whole tiles of {}° are refined{margin}",
            words(self.refined),
            words(own),
            degrees(self.tile_deg)
        ))
    }

    /// The error of a field that does not cover the tiles, in terms of what is refined: nodes beside it would be places that
    /// nobody named. `around` says what beside the tiles is needed, too.
    pub fn not_covered(&self, error: FieldError, around: &str, remedy: &str) -> FieldError {
        let FieldError::Domain { name, own, .. } = error else { return error };
        let what = format!(
            "{name} goes from {own}, which does not cover {}, the part that is refined{around}: {remedy}",
            words(self.refined)
        );
        FieldError::Domains { what }
    }

    /// What the network looks at beside its tiles, behind the part that is refined.
    pub fn margin(&self) -> String {
        format!(", and {}° around it", degrees(self.margin_deg))
    }

    /// `37 to 39° N, -115 to -113° E`
    pub fn in_words(&self) -> String {
        words(self.refined)
    }
}

/// All of a field that a network can refine: it looks a coarse node beyond its tiles, which begin at such a node.
/// `[south, north, west, east]` of the nodes.
pub fn whole([south, north, west, east]: [f64; 4]) -> Domain {
    let inward =
        |low: f64, high: f64| [(low * 4.0).ceil() / 4.0 + 0.25, (high * 4.0).floor() / 4.0 - 0.25];
    let ([south, north], [west, east]) = (inward(south, north), inward(west, east));
    Domain { south, north, west, east }
}

/// The same before anything is computed: which edges of a domain no tile reaches, or that none fits in it.
pub fn left_out_of(domain: Domain, geometry: &Geometry, field: [f64; 4]) -> Option<String> {
    let found = tiles(&domain, geometry, Fit::Inside);
    if found.is_empty() {
        let (side, bounds) = (degrees(geometry.tile_deg()), words(domain.bounds()));
        return Some(format!("no whole tile of {side}° fits in {bounds}: nothing can be refined"));
    }
    Extent::of(&found, geometry, domain).left_out(field)
}

/// `37 to 39° N, -115 to -113° E`, of `[south, north, west, east]`.
pub fn words(bounds: [f64; 4]) -> String {
    let [south, north, west, east] = bounds.map(degrees);
    format!("{south} to {north}° N, {west} to {east}° E")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn left_out(domain: Domain, field: [f64; 4]) -> Option<String> {
        left_out_of(domain, &Geometry::V4, field)
    }

    #[test]
    fn edges_that_no_tile_reaches_are_named() {
        let field = [30.0, 45.0, -120.0, -100.0];
        let domain = |north: f64, east: f64| Domain { south: 37.0, north, west: -115.0, east };
        assert_eq!(left_out(domain(39.0, -111.0), field), None);
        let words = left_out(domain(39.5, -111.0), field).expect("an edge");
        assert_eq!(
            words,
            "refined is 37 to 39° N, -115 to -111° E; the northern 0.5° of the domain (37 to 39.5° N, -115 to -111° E) \
             are left out: only whole tiles of 2° are refined"
        );
        let words = left_out(domain(39.5, -110.25), field).expect("two edges");
        assert!(words.contains("the northern 0.5° and eastern 0.75° of the domain"), "{words}");
        let words = left_out(domain(38.5, -111.0), field).expect("all of it");
        assert_eq!(
            words,
            "no whole tile of 2° fits in 37 to 38.5° N, -115 to -111° E: nothing can be refined"
        );
    }

    #[test]
    fn of_a_whole_field_its_own_edges_count() {
        let field = [36.0, 39.0, -116.0, -112.5];
        let words = left_out(whole(field), field).expect("all four");
        let edges =
            "the southern 0.25°, northern 0.75°, western 0.25° and eastern 1.25° of the field";
        assert!(
            words.starts_with("refined is 36.25 to 38.25° N, -115.75 to -113.75° E"),
            "{words}"
        );
        assert!(words.contains(edges) && words.ends_with("looks 0.25° beyond them"), "{words}");
    }
}
