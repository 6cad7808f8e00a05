//! The sockets of this process: who listens to what, and what was told lately.
//!
//! Everything here is in memory and never waits. A topic's latest events are kept, so that many who come back at once
//! are served without a query each.

use super::{
    changes::Changes,
    channel::{Channel, Listener},
    frames::{Told, pages, written},
    line::{Close, Cut, Frame, Line, QUEUE, lock, send},
    tabs::Tabs,
};
use sm_types::{
    UserId,
    live::{FeedKinds, Place, ServerFrame, Topic},
};
use std::{
    collections::{HashMap, HashSet},
    fmt,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
};
use tokio::sync::{Notify, mpsc};
use uuid::Uuid;

/// Tells other processes that sessions have ended.
pub(super) const SESSIONS: &str = "sessions";
/// Tells other processes that who may see what of feeds has changed.
pub(super) const FEEDS: &str = "feeds";

/// The sockets of this process; clones share them.
#[derive(Clone, Default)]
pub struct Hub(Arc<Inner>);

#[derive(Default)]
struct Inner {
    name: Name,
    state: Mutex<State>,
    woken: Notify,
    /// Whether other processes reach this one by notifications.
    listens: AtomicBool,
    /// Who may see what of feeds has changed.
    feeds_suspect: Notify,
    /// What other processes are to be told.
    outbound: Mutex<HashSet<String>>,
    tabs: Tabs,
    changes: Changes,
}

/// What other processes know this one by.
struct Name(String);

impl Default for Name {
    fn default() -> Self {
        Self(Uuid::new_v4().simple().to_string())
    }
}

#[derive(Default)]
struct State {
    connections: HashMap<String, Connection>,
    channels: HashMap<Topic, Channel>,
    /// Topics in which there may be something new.
    dirty: HashSet<Topic>,
    sessions_suspect: bool,
}

struct Connection {
    user: UserId,
    session: Uuid,
    topics: HashSet<Topic>,
    queue: mpsc::Sender<Frame>,
    cut: Arc<Cut>,
}

/// From where on somebody wants to listen.
#[derive(Debug, Clone, Copy)]
pub(super) enum From<'a> {
    Now,
    After {
        seen: &'a Place,
        /// Whether it was told already that it listens.
        told: bool,
    },
    /// From now on, since what was before is not known any more.
    Anew,
}

/// What became of a wish to listen.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Joined {
    /// The answer is in the queue, and so is what follows.
    Yes,
    /// What the reader has missed is kept no more: it has to be fetched first.
    Behind,
    /// The reader has seen more than this process: it has to look.
    Ahead,
    /// Nobody listens to it yet: its place has to be looked up.
    Unknown,
    /// The connection listens to too many topics, or is gone.
    No,
}

impl fmt::Debug for Hub {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Hub").field("connections", &self.len()).finish_non_exhaustive()
    }
}

impl Hub {
    /// Topics of one connection at most.
    pub const MAX_TOPICS: usize = 32;

    /// What other processes know this one by.
    pub(super) fn name(&self) -> &str {
        &self.0.name.0
    }

    /// Whether other processes reach this one by notifications.
    pub fn listens(&self) -> bool {
        self.0.listens.load(Ordering::Relaxed)
    }

    /// Other processes reach this one from now on, or no more; what they told meanwhile has to be looked for.
    pub(super) fn set_listens(&self, listens: bool) {
        if self.0.listens.swap(listens, Ordering::Relaxed) != listens {
            self.suspect_all();
            self.0.woken.notify_one();
        }
    }

    /// How many sockets are open.
    pub fn len(&self) -> usize {
        lock(&self.0.state).connections.len()
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Takes a socket in.
    pub fn open(&self, id: String, user: UserId, session: Uuid) -> Line {
        let (sender, queue) = mpsc::channel(QUEUE);
        let cut = Arc::new(Cut::default());
        let connection =
            Connection { user, session, topics: HashSet::new(), queue: sender, cut: cut.clone() };
        lock(&self.0.state).connections.insert(id.clone(), connection);
        Line { id, queue, cut }
    }

    /// Forgets a socket.
    pub fn close(&self, id: &str) {
        let mut state = lock(&self.0.state);
        let Some(connection) = state.connections.remove(id) else { return };
        for topic in connection.topics {
            state.leave(topic, id);
        }
    }

    /// Says something to one socket.
    pub(super) fn say(&self, id: &str, frame: &ServerFrame) {
        let state = lock(&self.0.state);
        if let Some(connection) = state.connections.get(id) {
            send(&connection.queue, &connection.cut, written(frame));
        }
    }

    /// Closes the sockets that `which` picks, by id, user and session.
    pub fn cut(&self, why: Close, which: impl Fn(&str, UserId, Uuid) -> bool) {
        for (id, connection) in &lock(&self.0.state).connections {
            if which(id, connection.user, connection.session) {
                connection.cut.now(why);
            }
        }
    }

    /// Every open socket with its user and session.
    pub(super) fn sessions(&self) -> Vec<(String, UserId, Uuid)> {
        let state = lock(&self.0.state);
        state.connections.iter().map(|(id, c)| (id.clone(), c.user, c.session)).collect()
    }

    /// Whether a socket is open.
    pub(super) fn has(&self, id: &str) -> bool {
        lock(&self.0.state).connections.contains_key(id)
    }

    /// What changes in servers.
    pub(crate) fn changes(&self) -> &Changes {
        &self.0.changes
    }

    /// What the sockets say of their tabs.
    pub(super) fn tabs(&self) -> &Tabs {
        &self.0.tabs
    }

    /// Who listens to what.
    pub(super) fn listeners(&self) -> Vec<(String, Uuid, Topic)> {
        let state = lock(&self.0.state);
        let each = state.connections.iter();
        each.flat_map(|(id, c)| c.topics.iter().map(|topic| (id.clone(), c.session, *topic)))
            .collect()
    }

    /// Lets a socket listen to what it may see.
    pub(super) fn join(&self, id: &str, topic: Topic, sees: FeedKinds, from: From<'_>) -> Joined {
        let mut guard = lock(&self.0.state);
        let state = &mut *guard;
        let Some(connection) = state.connections.get_mut(id) else { return Joined::No };
        if !connection.topics.contains(&topic) && connection.topics.len() >= Self::MAX_TOPICS {
            return Joined::No;
        }
        let Some(channel) = state.channels.get_mut(&topic) else { return Joined::Unknown };
        let (queue, cut) = (&connection.queue, &connection.cut);
        let place = channel.place.clone();
        match from {
            From::Now => send(queue, cut, written(&ServerFrame::Subscribed { topic, place })),
            From::After { seen, .. } if channel.is_before_what_is_kept(seen) => {
                return Joined::Behind;
            }
            From::After { seen, .. } if seen.position > place.position => return Joined::Ahead,
            From::After { seen, told } if channel.knows(seen) => {
                if !told {
                    let from = seen.clone();
                    send(queue, cut, written(&ServerFrame::Subscribed { topic, place: from }));
                }
                for frame in channel.missed_since(topic, seen.position, sees) {
                    send(queue, cut, frame.clone());
                }
            }
            From::After { .. } | From::Anew => {
                send(queue, cut, written(&ServerFrame::Reset { topic, place }));
            }
        }
        let listener = Listener { queue: queue.clone(), cut: cut.clone(), sees };
        channel.listeners.insert(id.to_owned(), listener);
        connection.topics.insert(topic);
        Joined::Yes
    }

    /// Begins to carry a topic from a place on, with what was told last up to there; one that is carried already stays as it is.
    pub(super) fn carry(&self, topic: Topic, place: Place, before: &[Told]) {
        let mut state = lock(&self.0.state);
        state.channels.entry(topic).or_insert_with(|| Channel::new(place, before));
        // What was told between the look and this moment is found by the next.
        state.dirty.insert(topic);
        drop(state);
        self.0.woken.notify_one();
    }

    /// A reader who is behind what is kept: all that was missed, in one go, before it joins.
    pub(super) fn catch_up(
        &self,
        id: &str,
        (topic, sees): (Topic, FeedKinds),
        after: &Place,
        told: &[Told],
    ) -> Place {
        let state = lock(&self.0.state);
        let Some(connection) = state.connections.get(id) else { return after.clone() };
        for frame in pages(topic, sees, after.position, told) {
            send(&connection.queue, &connection.cut, frame);
        }
        told.last().map_or_else(|| after.clone(), |last| last.place.clone())
    }

    /// Lets a socket listen no more.
    pub(super) fn leave(&self, id: &str, topic: Topic, reason: &'static str) {
        let mut state = lock(&self.0.state);
        let Some(connection) = state.connections.get_mut(id) else { return };
        if connection.topics.remove(&topic) {
            let frame = written(&ServerFrame::Unsubscribed { topic, reason });
            send(&connection.queue, &connection.cut, frame);
            state.leave(topic, id);
        }
    }

    /// What a socket may see of a topic from now on.
    pub(super) fn see(&self, id: &str, topic: Topic, sees: FeedKinds) {
        let mut state = lock(&self.0.state);
        let channel = state.channels.get_mut(&topic);
        if let Some(listener) = channel.and_then(|channel| channel.listeners.get_mut(id)) {
            listener.sees = sees;
        }
    }

    /// Who may see what of feeds has changed, for sockets here and elsewhere.
    pub fn feeds_changed(&self) {
        self.suspect_feeds();
        self.announce(FEEDS.to_owned());
    }

    /// The rights of sockets here that listen to feeds are to be looked at.
    pub(super) fn suspect_feeds(&self) {
        self.0.feeds_suspect.notify_one();
    }

    /// Waits until the rights of those who listen to feeds are to be looked at.
    pub(super) async fn feeds_suspected(&self) {
        self.0.feeds_suspect.notified().await;
    }

    /// There may be something new in a topic: for the sockets here, and for those of other processes.
    pub fn told(&self, topic: Topic) {
        self.woken_by_another(topic);
        self.announce(topic.to_string());
    }

    /// Sessions have ended: their sockets close, here and elsewhere.
    pub fn sessions_ended(&self) {
        self.suspect_sessions();
        self.announce(SESSIONS.to_owned());
    }

    /// Sessions of sockets here may have ended.
    pub(super) fn suspect_sessions(&self) {
        lock(&self.0.state).sessions_suspect = true;
        self.0.woken.notify_one();
    }

    /// Whether sessions are to be looked at; asked once.
    pub(super) fn take_suspicion(&self) -> bool {
        std::mem::take(&mut lock(&self.0.state).sessions_suspect)
    }

    /// These connections have made room for others of the same person.
    pub fn replaced(&self, ids: &[String]) {
        self.cut(Close::Replaced, |id, _, _| ids.iter().any(|gone| gone == id));
        for id in ids {
            self.announce(format!("connection:{id}"));
        }
    }

    fn announce(&self, what: String) {
        lock(&self.0.outbound).insert(what);
        self.0.woken.notify_one();
    }

    /// What other processes are to be told; it is gone from here.
    pub(super) fn take_announcements(&self) -> Vec<String> {
        lock(&self.0.outbound).drain().collect()
    }

    /// Another process has told something in a topic.
    pub(super) fn woken_by_another(&self, topic: Topic) {
        let mut state = lock(&self.0.state);
        if state.channels.contains_key(&topic) && state.dirty.insert(topic) {
            drop(state);
            self.0.woken.notify_one();
        }
    }

    /// Everything may have something new.
    pub(super) fn suspect_all(&self) {
        let mut state = lock(&self.0.state);
        state.dirty = state.channels.keys().copied().collect();
    }

    /// Waits until there is something to look at or to announce.
    pub(super) async fn woken(&self) {
        self.0.woken.notified().await;
    }

    /// Topics to look at.
    pub(super) fn take_dirty(&self) -> Vec<Topic> {
        std::mem::take(&mut lock(&self.0.state).dirty).into_iter().collect()
    }

    /// Where the sockets here stand in a topic; `None`: nobody listens.
    pub(super) fn place(&self, topic: Topic) -> Option<Place> {
        lock(&self.0.state).channels.get(&topic).map(|channel| channel.place.clone())
    }

    /// Tells everybody who listens to a topic what is new in it; how many frames were sent.
    pub(super) fn broadcast(&self, topic: Topic, told: Vec<Told>) -> usize {
        let mut state = lock(&self.0.state);
        let Some(channel) = state.channels.get_mut(&topic) else { return 0 };
        let before = channel.place.position;
        let told = told.into_iter().filter(|told| told.place.position > before);
        for told in told {
            channel.place = told.place.clone();
            channel.keep(&told);
        }
        // One writing for all who see the same. Who may see nothing of it moves on all the same.
        let mut written: HashMap<FeedKinds, Vec<Frame>> = HashMap::new();
        let mut sent = 0;
        for Listener { queue, cut, sees } in channel.listeners.values() {
            let all =
                written.entry(*sees).or_insert_with(|| channel.written_since(topic, before, *sees));
            for frame in all.iter() {
                send(queue, cut, frame.clone());
            }
            sent += all.len();
        }
        channel.forget_the_oldest();
        if channel.listeners.is_empty() {
            state.channels.remove(&topic);
        }
        sent
    }
}

impl State {
    fn leave(&mut self, topic: Topic, id: &str) {
        if let Some(channel) = self.channels.get_mut(&topic) {
            channel.listeners.remove(id);
            if channel.listeners.is_empty() {
                self.channels.remove(&topic);
            }
        }
    }
}
