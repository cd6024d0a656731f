//! Whose request goes to a registry next: slots in all, for each registry and for each client.
//!
//! Documents and blobs have slots of their own, so that nobody who pulls large layers, or does not read them, is in
//! the way of those who look something up.
//! Of the requests that wait, the one whose client has the fewest on their way goes first, else the oldest. When a
//! request waits, a client that reads nothing loses its slot. One client has only a part of the places of those who wait.

use std::collections::{HashMap, VecDeque};
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use tokio::sync::oneshot;

use crate::connection::Connection;
use crate::limits::Limits;

/// What is requested.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum SlotKind {
    /// A manifest or list, which is held in memory.
    Document,
    /// A blob, of which a few chunks are.
    Blob,
}

/// What has a limit of its own.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Group {
    Blobs,
    RegistryBlobs(Arc<str>),
    Documents,
    RegistryDocuments(Arc<str>),
    Client(IpAddr),
}

/// All slots.
pub(crate) struct Slots {
    limits: Limits,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    next: u64,
    counts: HashMap<Group, usize>,
    running: HashMap<u64, Member>,
    waiting: VecDeque<(u64, Member, oneshot::Sender<()>)>,
}

struct Member {
    groups: Vec<Group>,
    connection: Option<Arc<Connection>>,
    /// Its connection was cut, so it is about to leave.
    leaves: bool,
}

/// There are too many requests, or none left its slot in time.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Busy;

/// One request's place, until this is dropped.
pub(crate) struct Slot {
    slots: Arc<Slots>,
    id: u64,
}

impl Slots {
    pub(crate) fn new(limits: Limits) -> Arc<Self> {
        Arc::new(Self {
            limits,
            state: Mutex::default(),
        })
    }

    /// Waits until one more request to `registry` may be on its way for this client.
    pub(crate) async fn take(
        self: &Arc<Self>,
        registry: &str,
        kind: SlotKind,
        client: Option<IpAddr>,
        connection: Option<&Arc<Connection>>,
    ) -> Result<Slot, Busy> {
        let (slot, granted) = self.enter(Member::new(registry, kind, client, connection))?;
        if let Some(granted) = granted {
            let granted = tokio::time::timeout(self.limits.turn, granted).await;
            granted.map_err(|_| Busy)?.map_err(|_| Busy)?;
        }
        Ok(slot)
    }

    fn enter(
        self: &Arc<Self>,
        member: Member,
    ) -> Result<(Slot, Option<oneshot::Receiver<()>>), Busy> {
        let mut state = self.state();
        let id = state.next;
        state.next += 1;
        // Those who wait are those who do not fit, so nobody is overtaken.
        let granted = if state.fits(&member, &self.limits) {
            state.start(id, member);
            None
        } else if state.may_wait(&member, &self.limits) {
            let (sender, receiver) = oneshot::channel();
            state.waiting.push_back((id, member, sender));
            Some(receiver)
        } else {
            return Err(Busy);
        };
        let slots = Arc::clone(self);
        Ok((Slot { slots, id }, granted))
    }

    /// Where requests wait for slots of clients that read nothing, cuts these. To be called again and again.
    pub(crate) fn relieve(&self, now: Instant) {
        let mut state = self.state();
        if state.waiting.is_empty() {
            return;
        }
        let stalled = |(id, member): (&u64, &Member)| {
            let connection = member.connection.as_ref().filter(|_| !member.leaves)?;
            Some((connection.stalled_for(self.limits.stall, now)?, *id))
        };
        let mut stalled: Vec<_> = state.running.iter().filter_map(stalled).collect();
        stalled.sort_unstable();
        // What there will be when those leave that were cut before.
        let mut room = HashMap::new();
        let leaving = state.running.values().filter(|member| member.leaves);
        for group in leaving.flat_map(|member| &member.groups) {
            *room.entry(group.clone()).or_insert(0_usize) += 1;
        }
        let State {
            counts,
            running,
            waiting,
            ..
        } = &mut *state;
        for (_, member, _) in waiting.iter() {
            for group in &member.groups {
                let count = counts.get(group).copied().unwrap_or_default();
                let spared = room.entry(group.clone()).or_default();
                if count < group.limit(&self.limits) + *spared {
                    continue;
                }
                let in_group = |(_, id): &(_, u64)| {
                    let member = running.get(id);
                    member.is_some_and(|member| member.groups.contains(group))
                };
                let Some(found) = stalled.iter().rposition(in_group) else {
                    continue;
                };
                let (_, id) = stalled.remove(found);
                if let Some(victim) = running.get_mut(&id) {
                    victim.leaves = true;
                    if let Some(connection) = &victim.connection {
                        connection.cut();
                    }
                    for group in &victim.groups {
                        *room.entry(group.clone()).or_default() += 1;
                    }
                }
            }
            for group in &member.groups {
                let spared = room.entry(group.clone()).or_default();
                *spared = spared.saturating_sub(1);
            }
        }
    }

    /// The requests that are on their way, and those that wait.
    pub(crate) fn counts(&self) -> (usize, usize) {
        let state = self.state();
        (state.running.len(), state.waiting.len())
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Group {
    fn limit(&self, limits: &Limits) -> usize {
        match self {
            Self::Blobs => limits.blobs,
            Self::RegistryBlobs(_) => limits.blobs_per_registry,
            Self::Documents => limits.documents,
            Self::RegistryDocuments(_) => limits.documents_per_registry,
            Self::Client(_) => limits.per_client,
        }
    }
}

impl Member {
    fn new(
        registry: &str,
        kind: SlotKind,
        client: Option<IpAddr>,
        connection: Option<&Arc<Connection>>,
    ) -> Self {
        let registry = registry.into();
        let mut groups = match kind {
            SlotKind::Document => vec![Group::Documents, Group::RegistryDocuments(registry)],
            SlotKind::Blob => vec![Group::Blobs, Group::RegistryBlobs(registry)],
        };
        groups.extend(client.map(Group::Client));
        Self {
            groups,
            connection: connection.cloned(),
            leaves: false,
        }
    }

    /// Its client, where that has a limit.
    fn client(&self) -> Option<&Group> {
        let mut groups = self.groups.iter();
        groups.find(|group| matches!(group, Group::Client(_)))
    }
}

impl State {
    fn count(&self, group: &Group) -> usize {
        self.counts.get(group).copied().unwrap_or_default()
    }

    fn fits(&self, member: &Member, limits: &Limits) -> bool {
        let mut groups = member.groups.iter();
        groups.all(|group| self.count(group) < group.limit(limits))
    }

    fn start(&mut self, id: u64, member: Member) {
        for group in &member.groups {
            *self.counts.entry(group.clone()).or_default() += 1;
        }
        self.running.insert(id, member);
    }

    /// Requests of the same client that are on their way.
    fn of_client(&self, member: &Member) -> usize {
        member.client().map_or(0, |client| self.count(client))
    }

    /// Whether there is a place to wait, for anybody and for its client.
    fn may_wait(&self, member: &Member, limits: &Limits) -> bool {
        let has_place = |client: &Group| {
            let waiting = self.waiting.iter();
            let waiting = waiting.filter(|(_, other, _)| other.client() == Some(client));
            waiting.count() < limits.waiting_per_client()
        };
        self.waiting.len() < limits.waiting && member.client().is_none_or(has_place)
    }

    /// Starts those who wait and fit now.
    fn grant(&mut self, limits: &Limits) {
        loop {
            let fitting = self.waiting.iter().enumerate();
            let fitting = fitting.filter(|(_, (_, member, _))| self.fits(member, limits));
            let next = fitting.min_by_key(|(at, (_, member, _))| (self.of_client(member), *at));
            let Some((id, member, granted)) = next
                .map(|(at, _)| at)
                .and_then(|at| self.waiting.remove(at))
            else {
                return;
            };
            // Who went away meanwhile leaves by dropping its slot.
            self.start(id, member);
            let _ = granted.send(());
        }
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        let mut state = self.slots.state();
        if let Some(member) = state.running.remove(&self.id) {
            for group in &member.groups {
                if let Some(count) = state.counts.get_mut(group) {
                    *count -= 1;
                    if *count == 0 {
                        state.counts.remove(group);
                    }
                }
            }
            state.grant(&self.slots.limits);
        } else {
            state.waiting.retain(|(id, ..)| *id != self.id);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn slots() -> Arc<Slots> {
        Slots::new(Limits {
            blobs: 4,
            blobs_per_registry: 3,
            documents: 2,
            documents_per_registry: 2,
            per_client: 2,
            waiting: 4,
            turn: Duration::from_millis(100),
            ..Limits::default()
        })
    }

    fn client(number: u8) -> Arc<Connection> {
        Connection::new([192, 0, 2, number].into())
    }

    async fn blob(slots: &Arc<Slots>, registry: &str, of: u8) -> Result<Slot, Busy> {
        let connection = client(of);
        let of = connection.client();
        slots
            .take(registry, SlotKind::Blob, of, Some(&connection))
            .await
    }

    #[tokio::test]
    async fn neither_a_client_nor_a_registry_takes_all_slots() {
        let slots = slots();
        let _first = blob(&slots, "a", 1).await.unwrap();
        let _second = blob(&slots, "a", 1).await.unwrap();
        assert!(blob(&slots, "b", 1).await.is_err(), "the client has two");
        let _third = blob(&slots, "a", 2).await.unwrap();
        assert!(
            blob(&slots, "a", 3).await.is_err(),
            "the registry has three"
        );
        let fourth = blob(&slots, "b", 3).await.unwrap();
        assert!(blob(&slots, "c", 4).await.is_err(), "there are four");
        drop(fourth);
        assert!(blob(&slots, "c", 4).await.is_ok());
    }

    #[tokio::test]
    async fn documents_and_blobs_leave_each_other_room() {
        let slots = slots();
        let document = async |registry| slots.take(registry, SlotKind::Document, None, None).await;
        let _first = document("a").await.unwrap();
        let _second = document("b").await.unwrap();
        assert!(document("c").await.is_err());
        assert!(slots.take("c", SlotKind::Blob, None, None).await.is_ok());
    }

    #[tokio::test]
    async fn who_has_least_is_served_first() {
        let slots = slots();
        let first = blob(&slots, "a", 1).await.unwrap();
        let _second = blob(&slots, "a", 2).await.unwrap();
        let _third = blob(&slots, "a", 3).await.unwrap();
        let waits = |of| {
            let connection = client(of);
            let member = Member::new("a", SlotKind::Blob, connection.client(), Some(&connection));
            let (slot, granted) = slots.enter(member).unwrap();
            (slot, granted.unwrap())
        };
        let (_slot, mut second_of_two) = waits(2);
        let (_other, mut first_of_four) = waits(4);
        drop(first);
        assert!(first_of_four.try_recv().is_ok());
        assert!(second_of_two.try_recv().is_err());
    }

    #[test]
    fn no_client_takes_all_places_of_those_who_wait() {
        let slots = Slots::new(Limits {
            blobs: 1,
            blobs_per_registry: 1,
            per_client: 1,
            waiting: 8,
            ..Limits::default()
        });
        let enter = |client: Option<IpAddr>| {
            let member = Member::new("a", SlotKind::Blob, client, None);
            slots.enter(member)
        };
        let one = Some(IpAddr::from([192, 0, 2, 1]));
        let other = Some(IpAddr::from([192, 0, 2, 2]));
        let _running = enter(one).unwrap();
        let mut places = Vec::new();
        for (client, has_place) in [(one, true), (one, true), (one, false), (other, true)] {
            let place = enter(client);
            assert_eq!(place.is_ok(), has_place, "{client:?}");
            places.push(place);
        }
        // Those who are not told apart share what is left.
        for has_place in [true, true, true, true, true, false] {
            let place = enter(None);
            assert_eq!(place.is_ok(), has_place);
            places.push(place);
        }
        drop(places);
        assert!(slots.state().waiting.is_empty());
    }

    #[tokio::test]
    async fn those_who_gave_up_and_those_beyond_the_queue_hold_nothing() {
        let slots = slots();
        let running: Vec<_> =
            futures::future::join_all((0..3).map(|of| blob(&slots, "a", of))).await;
        let asked = futures::future::join_all((10..20).map(|of| blob(&slots, "a", of))).await;
        assert!(asked.iter().all(Result::is_err));
        assert!(slots.state().waiting.is_empty());
        drop(running);
        assert!(slots.state().counts.is_empty() && slots.state().running.is_empty());
    }
}
