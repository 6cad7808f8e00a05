//! Webhooks and sessions that flow without pause, while something changes beneath them.

use axum::{
    Router,
    body::Bytes,
    extract::{Request, State},
    response::{IntoResponse, Response},
};
use futures_util::future::join_all;
use reqwest::header::{HOST, LOCATION, SET_COOKIE};
use serde_json::json;
use sm_aws::{Http, lazy_http};
use sm_sim::twitch::sign;
use sm_tests::World;
use sm_types::{TwitchUserId, UserId};
use std::{
    cell::{Cell, RefCell},
    sync::Arc,
    time::Duration,
};
use time::format_description::well_known::Rfc3339;
use tokio::{net::TcpListener, sync::Notify, time::Instant};

/// After how many requests a person signs in anew.
const REQUESTS_PER_SESSION: usize = 10;
/// How often each goes round at most, until the next [`Flow::go_round`]: on a slow machine, what has to be worked off
/// does not grow with the time that everything takes.
const ROUNDS_AHEAD: usize = 10;

/// The product as it is reached from outside.
pub(crate) struct Site {
    /// Where requests are sent to.
    pub(crate) edge: String,
    /// Where the product thinks that it is.
    public: String,
    http: Http,
}

impl Site {
    pub(crate) fn new(edge: String, public: String) -> Self {
        Self { edge, public, http: lazy_http() }
    }

    pub(crate) async fn get(&self, path: &str, cookie: &str) -> reqwest::Response {
        let request = self.http.get(format!("{}{path}", self.edge));
        request.header("cookie", cookie).send().await.unwrap()
    }

    /// A challenge as Twitch sends it; the status of its answer.
    pub(crate) async fn webhook(&self, t: &World, secret: &str) -> u16 {
        let id = uuid::Uuid::new_v4().to_string();
        let body = json!({ "challenge": "c", "subscription": {
            "id": "s", "type": "stream.online", "version": "1", "status": "pending" } })
        .to_string();
        let timestamp = t.clock.now().format(&Rfc3339).unwrap();
        let request = self
            .http
            .post(format!("{}/webhooks/twitch", self.edge))
            .header("Twitch-Eventsub-Message-Id", &id)
            .header("Twitch-Eventsub-Message-Timestamp", &timestamp)
            .header("Twitch-Eventsub-Message-Type", "webhook_callback_verification")
            .header(
                "Twitch-Eventsub-Message-Signature",
                sign(secret, &id, &timestamp, body.as_bytes()),
            );
        request.body(body).send().await.unwrap().status().as_u16()
    }

    /// Signs in by way of Discord's consent page; the session's cookie, or where else it led.
    pub(crate) async fn sign_in(&self, user: UserId) -> Result<String, String> {
        let begun = self.get("/api/auth/discord/login", "").await;
        let state = cookies(&begun).remove(0);
        let page = begun.headers()[LOCATION].to_str().unwrap().to_owned();
        let consent = self.http.get(format!("{page}&as={user}")).send().await.unwrap();
        let back = consent.headers()[LOCATION].to_str().unwrap();
        let landed = self.get(back.strip_prefix(&self.public).unwrap(), &state).await;
        let page = landed.headers().get(LOCATION).map_or("", |page| page.to_str().unwrap());
        if page != "/servers" {
            return Err(format!("{} {page}", landed.status()));
        }
        let session = cookies(&landed).into_iter().find(|pair| pair.starts_with("__Host-session="));
        session.ok_or_else(|| "no cookie".to_owned())
    }
}

fn cookies(answer: &reqwest::Response) -> Vec<String> {
    let pair = |set: &str| set.split(';').next().unwrap().to_owned();
    answer.headers().get_all(SET_COOKIE).iter().map(|set| pair(set.to_str().unwrap())).collect()
}

/// How requests go on: to an address and for a host of its choice, by one client.
type Onward = (Arc<dyn Fn() -> (String, String) + Send + Sync>, Http);

/// Stands where a viewer's network would: what is sent there arrives where `choose` says.
pub(crate) async fn edge(choose: impl Fn() -> (String, String) + Send + Sync + 'static) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let onward: Onward = (Arc::new(choose), lazy_http());
    let router = Router::new().fallback(pass).with_state(onward);
    tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
    url
}

async fn pass(State((choose, http)): State<Onward>, request: Request) -> Response {
    let (address, host) = choose();
    let (parts, body) = request.into_parts();
    let path = parts.uri.path_and_query().unwrap();
    let body: Bytes = axum::body::to_bytes(body, 1 << 20).await.unwrap();
    let url = format!("{address}{path}");
    let mut onward = http.request(parts.method, url).body(body);
    for (name, value) in parts.headers.iter().filter(|(name, _)| *name != HOST) {
        onward = onward.header(name, value);
    }
    let answer = onward.header(HOST, host).header("X-Forwarded-Proto", "https").send().await;
    let answer = answer.unwrap();
    let (status, headers) = (answer.status(), answer.headers().clone());
    let mut response = answer.bytes().await.unwrap().into_response();
    (*response.status_mut(), *response.headers_mut()) = (status, headers);
    response
}

/// What has flowed, and what of it was lost.
#[derive(Debug, Default, Clone)]
pub(crate) struct Flowed {
    /// Requests with a session.
    pub(crate) requests: usize,
    /// Sign-ins that have led to a session.
    pub(crate) sign_ins: usize,
    /// Notifications and challenges of Twitch.
    pub(crate) webhooks: usize,
    /// Sign-ins and sessions that were refused, and webhooks that were not accepted.
    pub(crate) lost: Vec<String>,
}

/// A flow under way.
#[derive(Default)]
pub(crate) struct Flow {
    rounds: RefCell<Vec<usize>>,
    /// The rounds at the last [`Flow::go_round`].
    rounds_before: RefCell<Vec<usize>>,
    went_round: Notify,
    goes_on: Notify,
    ending: Cell<bool>,
    flowed: RefCell<Flowed>,
}

impl Flow {
    /// Lets events of these streamers and requests of these people flow while `during` runs.
    ///
    /// The first of the people signs in once; the others every few requests.
    pub(crate) async fn run<F: Future>(
        t: &World,
        site: &Site,
        (streamers, people): (&[TwitchUserId], &[UserId]),
        during: impl FnOnce(std::rc::Rc<Self>) -> F,
    ) -> Flowed {
        let flow = std::rc::Rc::new(Self::default());
        flow.rounds.replace(vec![0; streamers.len() + people.len()]);
        flow.rounds_before.replace(flow.rounds.borrow().clone());
        let seen = t.twitch.deliveries().len();
        let events = streamers.iter().enumerate().map(|(place, id)| flow.events(t, place, id));
        let sessions = people.iter().enumerate().map(|(turn, person)| {
            let sessions = if turn == 0 { usize::MAX } else { REQUESTS_PER_SESSION };
            flow.sessions((t, site), streamers.len() + turn, *person, sessions)
        });
        let during = async {
            during(flow.clone()).await;
            flow.ending.set(true);
            flow.goes_on.notify_waiters();
        };
        tokio::join!(join_all(events), join_all(sessions), during);
        let mut flowed = flow.flowed.take();
        for delivery in &t.twitch.deliveries()[seen..] {
            flowed.webhooks += 1;
            if !delivery.status.is_some_and(|status| (200..300).contains(&status)) {
                flowed.lost.push(format!("{delivery:?}"));
            }
        }
        flowed
    }

    /// Waits until everything that flows has come round.
    pub(crate) async fn go_round(&self) {
        let before = self.rounds.borrow().clone();
        self.rounds_before.replace(before.clone());
        self.goes_on.notify_waiters();
        let behind = || {
            let rounds = self.rounds.borrow();
            rounds.iter().zip(&before).any(|(now, before)| now <= before)
        };
        while behind() {
            self.went_round.notified().await;
        }
    }

    async fn count(&self, place: usize) {
        self.rounds.borrow_mut()[place] += 1;
        self.went_round.notify_waiters();
        let ahead = || self.rounds.borrow()[place] - self.rounds_before.borrow()[place];
        while ahead() >= ROUNDS_AHEAD && !self.ending.get() {
            self.goes_on.notified().await;
        }
    }

    async fn events(&self, t: &World, place: usize, streamer: &TwitchUserId) {
        while !self.ending.get() {
            t.twitch.go_live(streamer).await;
            t.twitch.end_stream(streamer).await;
            self.count(place).await;
            // Where nobody has subscribed to them, nothing is sent, and nothing waited for.
            tokio::task::yield_now().await;
        }
    }

    async fn sessions(
        &self,
        (t, site): (&World, &Site),
        place: usize,
        person: UserId,
        requests: usize,
    ) {
        let mut session = None;
        for turn in 0.. {
            if self.ending.get() {
                return;
            }
            if session.is_none() || turn % requests == 0 {
                session = self.sign_in(site, person).await;
            }
            if let Some(session) = &session {
                // The limit per user is another test's business.
                t.sql("delete from rate_buckets where key like 'user:%'").await;
                let status = site.get("/api/auth/me", session).await.status();
                let mut flowed = self.flowed.borrow_mut();
                flowed.requests += 1;
                if status != 200 {
                    flowed.lost.push(format!("a session of {person}: {status}"));
                }
            }
            self.count(place).await;
        }
    }

    async fn sign_in(&self, site: &Site, person: UserId) -> Option<String> {
        let signed_in = site.sign_in(person).await;
        let mut flowed = self.flowed.borrow_mut();
        match signed_in {
            Ok(session) => {
                flowed.sign_ins += 1;
                Some(session)
            }
            Err(why) => {
                flowed.lost.push(format!("a sign-in of {person}: {why}"));
                None
            }
        }
    }
}

/// Waits for what is about to happen.
pub(crate) async fn until(what: &str, seconds: u64, mut happened: impl AsyncFnMut() -> bool) {
    let end = Instant::now() + Duration::from_secs(seconds);
    while !happened().await {
        assert!(Instant::now() < end, "it did not happen within {seconds} s: {what}");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}
