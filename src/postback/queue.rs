//! Which event is sent next: one queue a destination, fair to all of them. Pure.
//!
//! In: events that wait, and what became of tries. Out: the event to try now, or when to look
//! again. Knows no event's content, only its place, its action and when it is due. Owned by
//! `postback::deliver`.
//!
//! Invariants: events of one action go out in order, one at a time. A destination has at most
//! [`Limits::each`] tries under way, and all together at most [`Limits::all`]. A destination that
//! was slow with its last answer has one try under way, and slow ones together at most half of
//! all: so however many are stuck, the others are sent.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Bound;
use std::sync::Arc;

use ahash::{AHashMap, AHashSet};

use crate::model::time::Millis;

use super::ledger::Place;

/// How many tries may be under way.
#[derive(Clone, Copy, Debug)]
pub(super) struct Limits {
    /// Of one destination.
    pub(super) each: usize,
    /// Of all together.
    pub(super) all: usize,
}

/// One event: its destination and its place there.
pub(super) type Name = (u32, Place);

#[derive(Debug)]
struct Event {
    action: Arc<str>,
    next_at: Millis,
    /// When it first was due.
    since: Millis,
}

/// The events of one action at one destination.
#[derive(Debug, Default)]
struct Action {
    places: BTreeSet<Place>,
    /// The one that stands in [`Lane::due`].
    due: Option<(Millis, Place)>,
    /// The one that is being tried.
    flying: Option<Place>,
}

#[derive(Debug, Default)]
struct Lane {
    events: BTreeMap<Place, Event>,
    actions: AHashMap<Arc<str>, Action>,
    /// The first event of each action that is not being tried.
    due: BTreeSet<(Millis, Place)>,
    flying: usize,
    is_slow: bool,
}

impl Lane {
    /// Puts the first event of `action` among the due ones, unless one of it is being tried.
    fn line_up(&mut self, action: &Arc<str>) {
        let Some(state) = self.actions.get_mut(action) else {
            return;
        };
        if let Some(due) = state.due.take() {
            self.due.remove(&due);
        }
        if state.flying.is_some() {
            return;
        }
        let Some(first) = state.places.first() else {
            self.actions.remove(action);
            return;
        };
        if let Some(event) = self.events.get(first) {
            let due = (event.next_at, *first);
            state.due = Some(due);
            self.due.insert(due);
        }
    }

    fn land(&mut self, place: Place) -> Option<Arc<str>> {
        let action = Arc::clone(&self.events.get(&place)?.action);
        let state = self.actions.get_mut(&action)?;
        if state.flying.take_if(|flying| *flying == place).is_some() {
            self.flying = self.flying.saturating_sub(1);
        }
        Some(action)
    }

    fn is_full(&self, limits: Limits) -> bool {
        self.flying >= if self.is_slow { 1 } else { limits.each }
    }
}

/// All events that wait.
#[derive(Debug)]
pub(super) struct Queue {
    limits: Limits,
    lanes: BTreeMap<u32, Lane>,
    /// The destinations that are sent to.
    active: AHashSet<u32>,
    /// The destination that was served last.
    served: u32,
    flying: usize,
}

impl Queue {
    pub(super) fn new(limits: Limits) -> Self {
        Self {
            limits,
            lanes: BTreeMap::new(),
            active: AHashSet::new(),
            served: 0,
            flying: 0,
        }
    }

    /// Adds an event; returns whether it is new.
    pub(super) fn add(&mut self, name: Name, action: &str, next_at: Millis) -> bool {
        let (destination, place) = name;
        let lane = self.lanes.entry(destination).or_default();
        if lane.events.contains_key(&place) {
            return false;
        }
        let known = lane.actions.get_key_value(action);
        let action = known.map_or_else(|| Arc::from(action), |(known, _)| Arc::clone(known));
        let event = Event {
            action: Arc::clone(&action),
            next_at,
            since: next_at,
        };
        lane.events.insert(place, event);
        let state = lane.actions.entry(Arc::clone(&action)).or_default();
        state.places.insert(place);
        lane.line_up(&action);
        true
    }

    /// Sends to the destinations in `active` from here on; the events of others wait. Nothing is
    /// sent before the first call.
    pub(super) fn keep(&mut self, active: &[u32]) {
        self.active = active.iter().copied().collect();
    }

    /// The next event to try at `now`, which is under way from here on.
    pub(super) fn start(&mut self, now: Millis) -> Option<Name> {
        if self.flying >= self.limits.all {
            return None;
        }
        let slow = self.lanes.values().filter(|lane| lane.is_slow);
        let is_slow_full = slow.map(|lane| lane.flying).sum::<usize>() >= self.slow_most();
        let after = (Bound::Excluded(self.served), Bound::Unbounded);
        let from_start = (Bound::Unbounded, Bound::Included(self.served));
        let round = self.lanes.range(after).chain(self.lanes.range(from_start));
        let mut ready = round.filter_map(|(destination, lane)| {
            let (at, place) = lane.due.first()?;
            let is_held = !self.active.contains(destination)
                || lane.is_full(self.limits)
                || (lane.is_slow && is_slow_full)
                || *at > now;
            (!is_held).then_some((*destination, *place))
        });
        let (destination, place) = ready.next()?;
        drop(ready);
        self.served = destination;
        self.flying += 1;
        let lane = self.lanes.get_mut(&destination)?;
        lane.flying += 1;
        let action = Arc::clone(&lane.events.get(&place)?.action);
        if let Some(state) = lane.actions.get_mut(&action) {
            state.flying = Some(place);
        }
        lane.line_up(&action);
        Some((destination, place))
    }

    fn slow_most(&self) -> usize {
        (self.limits.all / 2).max(1)
    }

    /// When the next event becomes due after `now`. One that is due already, yet did not start, is
    /// held up by tries under way: the end of one of them is the time to look again.
    pub(super) fn wake(&self, now: Millis) -> Option<Millis> {
        let lanes = self.lanes.iter();
        let open = lanes.filter(|(destination, _)| self.active.contains(destination));
        open.filter_map(|(_, lane)| lane.due.first())
            .map(|(at, _)| *at)
            .filter(|at| *at > now)
            .min()
    }

    /// The try of an event is over, and it waits for the next one.
    pub(super) fn retry(&mut self, name: Name, next_at: Millis, was_slow: bool) {
        let (destination, place) = name;
        let Some(lane) = self.lanes.get_mut(&destination) else {
            return;
        };
        self.flying = self.flying.saturating_sub(1);
        lane.is_slow = was_slow;
        let action = lane.land(place);
        if let Some(event) = lane.events.get_mut(&place) {
            event.next_at = next_at;
        }
        if let Some(action) = action {
            lane.line_up(&action);
        }
    }

    /// The try of an event is over, and it needs no other.
    pub(super) fn finish(&mut self, name: Name, was_slow: bool) {
        let (destination, place) = name;
        let Some(lane) = self.lanes.get_mut(&destination) else {
            return;
        };
        self.flying = self.flying.saturating_sub(1);
        lane.is_slow = was_slow;
        let action = lane.land(place);
        lane.events.remove(&place);
        if let Some(action) = action {
            if let Some(state) = lane.actions.get_mut(&action) {
                state.places.remove(&place);
            }
            lane.line_up(&action);
        }
    }

    /// Events of destinations that are not active, due before `before` and not under way.
    pub(super) fn stranded(&self, before: Millis) -> Vec<Name> {
        let lanes = self.lanes.iter();
        let closed = lanes.filter(|(destination, _)| !self.active.contains(destination));
        let events = closed.flat_map(|(destination, lane)| {
            let events = lane.events.iter();
            let old = events.filter(move |(place, event)| {
                let action = lane.actions.get(&event.action);
                let flying = action.and_then(|action| action.flying);
                event.since < before && flying != Some(**place)
            });
            old.map(|(place, _)| (*destination, *place))
        });
        events.collect()
    }

    /// Forgets an event that is not under way.
    pub(super) fn remove(&mut self, name: Name) {
        let (destination, place) = name;
        let Some(lane) = self.lanes.get_mut(&destination) else {
            return;
        };
        let Some(event) = lane.events.remove(&place) else {
            return;
        };
        if let Some(state) = lane.actions.get_mut(&event.action) {
            state.places.remove(&place);
        }
        lane.line_up(&event.action);
    }

    /// Events that wait, those under way included.
    pub(super) fn len(&self) -> usize {
        self.lanes.values().map(|lane| lane.events.len()).sum()
    }

    /// Events of one destination that wait, those under way included.
    pub(super) fn len_of(&self, destination: u32) -> usize {
        let lane = self.lanes.get(&destination);
        lane.map_or(0, |lane| lane.events.len())
    }

    /// Since when the event that waits longest is due.
    pub(super) fn oldest(&self) -> Option<Millis> {
        let lanes = self.lanes.values();
        lanes
            .flat_map(|lane| lane.events.values())
            .map(|event| event.since)
            .min()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::id::Slot;
    use proptest::prelude::*;

    fn place(sequence: u32) -> Place {
        Place {
            slot: Slot(1),
            sequence,
        }
    }

    fn queue(all: usize, active: &[u32]) -> Queue {
        let mut queue = Queue::new(Limits { each: 4, all });
        queue.keep(active);
        queue
    }

    fn started(queue: &mut Queue, now: Millis) -> Vec<(u32, u32)> {
        std::iter::from_fn(|| queue.start(now))
            .map(|(destination, place)| (destination, place.sequence))
            .collect()
    }

    #[test]
    fn events_of_one_action_go_one_after_the_other() {
        let mut queue = queue(64, &[1]);
        for (sequence, action) in [(1, "a"), (2, "a"), (3, "b"), (4, "a")] {
            assert!(queue.add((1, place(sequence)), action, Millis(0)));
        }
        assert!(!queue.add((1, place(3)), "b", Millis(0)));
        assert_eq!(started(&mut queue, Millis(0)), [(1, 1), (1, 3)]);
        queue.retry((1, place(1)), Millis(50), false);
        assert_eq!(started(&mut queue, Millis(0)), []);
        assert_eq!(queue.wake(Millis(0)), Some(Millis(50)));
        assert_eq!(started(&mut queue, Millis(50)), [(1, 1)]);
        queue.finish((1, place(1)), false);
        assert_eq!(started(&mut queue, Millis(50)), [(1, 2)]);
        queue.finish((1, place(2)), false);
        // An older event that is sent again goes before the next one.
        assert!(queue.add((1, place(1)), "a", Millis(60)));
        assert_eq!(started(&mut queue, Millis(55)), []);
        assert_eq!(started(&mut queue, Millis(60)), [(1, 1)]);
        queue.finish((1, place(1)), false);
        queue.finish((1, place(3)), false);
        assert_eq!(queue.oldest(), Some(Millis(0)));
        assert_eq!(started(&mut queue, Millis(60)), [(1, 4)]);
        queue.finish((1, place(4)), false);
        assert_eq!((queue.len(), queue.oldest()), (0, None));
    }

    #[test]
    fn destinations_take_turns_within_their_limits() {
        let mut queue = queue(6, &[1, 2, 3]);
        for sequence in 0..6 {
            for destination in [1, 2, 4] {
                let action = sequence.to_string();
                queue.add((destination, place(sequence)), &action, Millis(0));
            }
        }
        let turns = [(1, 0), (2, 0), (1, 1), (2, 1), (1, 2), (2, 2)];
        assert_eq!(started(&mut queue, Millis(0)), turns);
        queue.finish((2, place(0)), false);
        queue.finish((2, place(1)), false);
        assert_eq!(started(&mut queue, Millis(0)), [(1, 3), (2, 3)]);
        queue.finish((2, place(2)), false);
        // The first one has four under way.
        assert_eq!(started(&mut queue, Millis(0)), [(2, 4)]);
        // One that is not active has none.
        queue.keep(&[4]);
        queue.finish((2, place(3)), false);
        assert_eq!(started(&mut queue, Millis(0)), [(4, 0)]);
    }

    #[test]
    fn what_waits_for_a_destination_that_is_not_active_is_stranded() {
        let mut queue = queue(6, &[1, 2]);
        for (destination, sequence, at) in [(1, 1, 0), (1, 2, 0), (1, 3, 9), (2, 1, 0)] {
            queue.add((destination, place(sequence)), "a", Millis(at));
        }
        assert_eq!(started(&mut queue, Millis(0)), [(1, 1), (2, 1)]);
        assert_eq!(queue.stranded(Millis(5)), []);
        queue.keep(&[2]);
        // The first one is under way, the last one not due for so long.
        assert_eq!(queue.stranded(Millis(5)), [(1, place(2))]);
        queue.remove((1, place(2)));
        queue.keep(&[1, 2]);
        queue.finish((1, place(1)), false);
        assert_eq!(started(&mut queue, Millis(9)), [(1, 3)]);
        assert_eq!(queue.len(), 2);
    }

    #[test]
    fn slow_destinations_leave_half_to_the_others() {
        let active: Vec<u32> = (1..=40).collect();
        let mut queue = queue(8, &active);
        for destination in 1..=40 {
            for sequence in 0..8 {
                let action = sequence.to_string();
                let at = Millis(i64::from(destination == 40));
                queue.add((destination, place(sequence)), &action, at);
            }
        }
        // All but the last have been slow once.
        for _ in 0..39 {
            let name = queue.start(Millis(0)).unwrap();
            queue.retry(name, Millis(0), true);
        }
        let began = started(&mut queue, Millis(0));
        assert_eq!(began.len(), 4);
        assert_eq!(queue.wake(Millis(0)), Some(Millis(1)));
        let began: Vec<u32> = started(&mut queue, Millis(1))
            .into_iter()
            .map(|name| name.0)
            .collect();
        assert_eq!(began, [40, 40, 40, 40]);
    }

    proptest! {
        /// Any order of adds, starts, failures and ends: each event is tried until it is done,
        /// never beside another of its action, never after a later one, within the limits.
        #[test]
        fn every_event_is_tried_in_order_until_it_is_done(
            adds in prop::collection::vec((1_u32..4, 0_u32..5), 1..60),
            choices in prop::collection::vec((any::<u8>(), any::<bool>(), any::<bool>()), 400),
        ) {
            let mut queue = queue(5, &[1, 2, 3]);
            let mut left: BTreeMap<u32, BTreeMap<u32, BTreeSet<u32>>> = BTreeMap::new();
            for (sequence, (destination, action)) in (0..).zip(&adds) {
                queue.add((*destination, place(sequence)), &action.to_string(), Millis(0));
                let actions = left.entry(*destination).or_default();
                actions.entry(*action).or_default().insert(sequence);
            }
            let mut flying: Vec<Name> = Vec::new();
            let mut now = Millis(0);
            let mut choices = choices.into_iter().cycle();
            let mut failures = 300;
            while queue.len() > 0 {
                while let Some(name) = queue.start(now) {
                    prop_assert!(!flying.contains(&name));
                    flying.push(name);
                    let of_lane = flying.iter().filter(|other| other.0 == name.0).count();
                    prop_assert!(of_lane <= 4 && flying.len() <= 5);
                    let sequence = name.1.sequence;
                    let action = adds[sequence as usize].1;
                    prop_assert_eq!(left[&name.0][&action].first(), Some(&sequence));
                }
                prop_assert!(!flying.is_empty() || queue.wake(now).is_some());
                if flying.is_empty() {
                    now = queue.wake(now).unwrap();
                    continue;
                }
                let (pick, fails, slow) = choices.next().unwrap();
                let name = flying.swap_remove(usize::from(pick) % flying.len());
                if fails && failures > 0 {
                    failures -= 1;
                    queue.retry(name, now.plus(i64::from(pick)), slow);
                } else {
                    queue.finish(name, slow);
                    let action = adds[name.1.sequence as usize].1;
                    let of_lane = left.get_mut(&name.0).unwrap();
                    of_lane.get_mut(&action).unwrap().remove(&name.1.sequence);
                }
            }
            prop_assert!(left.values().flat_map(BTreeMap::values).all(BTreeSet::is_empty));
        }
    }
}
