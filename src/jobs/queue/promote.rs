//! A job of a bulk that somebody now waits for by itself.

use std::sync::Arc;

use super::recall::{MAX_RECALLS, count};
use super::{Inner, Job, Lane, Queue, line_up};

impl Queue {
    /// Has a job that waits as one of a bulk wait among single ones, if there is room. Where there is
    /// none it stays where it is: it was taken, so it is not refused, and the next who asks for it tries
    /// again.
    pub(super) fn promote(&self, inner: &mut Inner, job: &Arc<Job>) {
        if job.lane() == Lane::Single {
            return;
        }
        let mut has_moved = false;
        let Inner { recalling, waiting, .. } = inner;
        for (queue, room) in [(recalling, MAX_RECALLS), (waiting, self.room(Lane::Single))] {
            let place = queue.iter().position(|other| Arc::ptr_eq(other, job));
            let has_room = count(queue, Lane::Single) < room;
            if let Some(place) = place.filter(|_| has_room) {
                queue.remove(place);
                job.leave_bulk();
                line_up(queue, job.clone());
                has_moved = true;
            }
        }
        if has_moved {
            inner.renumber();
            self.notify_worker.notify_one();
        }
    }
}
