//! Who waits for long work, so that it stops with the last of them.

use std::collections::HashMap;
use std::time::{Duration, Instant};

/// A page without scripts asks for itself again every two seconds; one that has not done so for that long
/// is closed.
const PAGE_STAYS: Duration = Duration::from_secs(6);
/// Pages that were shown in that time; beyond these the first to come are not counted.
const MAX_PAGES: usize = 1024;

/// Pages and streams of events, by the names that the server gave to those who look.
#[derive(Default)]
pub struct Viewers {
    /// When each page was shown last.
    pages: HashMap<String, Instant>,
    /// One entry a stream; a stream without a name is that of nobody else.
    streams: Vec<String>,
    /// Who has said not to wait any more; the stream may be there for a moment longer.
    left: Vec<String>,
}

impl Viewers {
    /// A page was shown.
    pub fn sees(&mut self, viewer: &str) {
        self.pages.retain(|_, shown| shown.elapsed() < PAGE_STAYS);
        self.left.retain(|left| left != viewer);
        if self.pages.len() < MAX_PAGES {
            self.pages.insert(viewer.to_owned(), Instant::now());
        }
    }

    pub fn listens(&mut self, viewer: &str) {
        self.streams.push(viewer.to_owned());
    }

    pub fn hangs_up(&mut self, viewer: &str) {
        if let Some(place) = self.streams.iter().position(|stream| stream == viewer) {
            self.streams.swap_remove(place);
        }
    }

    /// Somebody does not wait any more. Whether nobody else does. Where it is not known who that is, pages do not count:
    /// one of them is theirs.
    pub fn leave(&mut self, viewer: Option<&str>) -> bool {
        if let Some(viewer) = viewer {
            self.pages.remove(viewer);
            self.left.push(viewer.to_owned());
        }
        let is_open = |viewer: &String| !self.left.contains(viewer);
        let has_page = self.pages.values().any(|shown| shown.elapsed() < PAGE_STAYS);
        !(self.streams.iter().any(is_open) || viewer.is_some() && has_page)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_to_leave_ends_it() {
        let mut viewers = Viewers::default();
        for viewer in ["a", "b"] {
            viewers.sees(viewer);
            viewers.listens(viewer);
        }
        assert!(!viewers.leave(Some("a")), "b waits");
        assert!(viewers.leave(Some("b")), "also before their streams are closed");
        viewers.hangs_up("a");
        viewers.sees("a");
        assert!(!viewers.leave(Some("b")), "a has come back");
    }

    #[test]
    fn a_page_without_a_stream_waits_too() {
        let mut viewers = Viewers::default();
        viewers.sees("with scripts");
        viewers.listens("with scripts");
        viewers.sees("without");
        assert!(!viewers.leave(Some("with scripts")));
        assert!(viewers.leave(Some("without")));
    }

    #[test]
    fn who_does_not_say_who_he_is_ends_it_for_pages_but_not_for_streams() {
        let mut viewers = Viewers::default();
        viewers.sees("a");
        assert!(viewers.leave(None));
        viewers.listens("a");
        assert!(!viewers.leave(None));
        viewers.hangs_up("a");
        assert!(viewers.leave(None));
    }
}
