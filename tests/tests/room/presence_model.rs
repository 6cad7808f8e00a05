//! Random histories of people's tabs, told to the database and to a small model: both say the same.

use futures_util::{StreamExt, stream};
use sm_db::{Pool, live::presence};
use sm_tests::TestDatabase;
use sm_types::{UserId, live::Page};
use std::collections::{BTreeMap, HashMap};
use time::{Duration, OffsetDateTime};
use uuid::Uuid;

/// Histories that are played side by side: people of one do not know those of another.
const TOGETHER: usize = 300;
const STEPS: usize = 40;
const PEOPLE: usize = 3;
/// Everybody is a member of the first server, and all but the last person of the second.
const SERVERS: usize = 2;
/// Who stands still for longer than this has changed what time it is.
const STALLED: std::time::Duration = std::time::Duration::from_secs(4);

/// A pseudo-random number below `limit`.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % limit as u64) as usize
    }
}

/// A tab as its browser knows it.
#[derive(Debug, Clone)]
struct Open {
    id: String,
    session: Uuid,
}

/// A tab as it is known to whoever listens.
#[derive(Debug, Clone)]
struct Tab {
    session: Uuid,
    expires: i64,
    path: Option<String>,
    active: usize,
}

#[derive(Debug, Default)]
struct Person {
    id: i64,
    sessions: [Uuid; 2],
    ended: Vec<Uuid>,
    open: Vec<Open>,
    tabs: BTreeMap<String, Tab>,
    online: bool,
    expires: i64,
    path: Option<String>,
    invisible: bool,
    /// What each server was told: nothing, or a page that may be none.
    shown: [Option<Option<String>>; SERVERS],
    told: [Vec<bool>; SERVERS],
}

#[derive(Debug, Default)]
struct History {
    number: usize,
    now: i64,
    people: Vec<Person>,
    /// What was done, for whoever looks for the reason.
    log: Vec<String>,
}

impl History {
    fn guild(&self, server: usize) -> i64 {
        1_000_000 + (self.number * SERVERS + server) as i64
    }
}

impl Person {
    fn hear(&mut self, id: &str, session: Uuid, path: Option<&str>, now: i64, step: usize) -> bool {
        if self.ended.contains(&session) {
            return false;
        }
        let new = Tab { session, expires: 0, path: None, active: step };
        let tab = self.tabs.entry(id.to_owned()).or_insert(new);
        tab.expires = tab.expires.max(now + 75);
        if let Some(path) = path {
            (tab.path, tab.active) = (Some(path.to_owned()), step);
        }
        self.expires = self.expires.max(now + 75);
        !std::mem::replace(&mut self.online, true) || path.is_some()
    }

    fn live(&self, now: i64) -> impl Iterator<Item = (&String, &Tab)> {
        self.tabs.iter().filter(move |(_, tab)| tab.expires > now)
    }

    /// Whether a sweep has anything to do.
    fn due(&self, now: i64) -> bool {
        let silent = self.tabs.values().any(|tab| tab.expires <= now);
        self.online && (self.expires <= now || silent)
    }

    fn latest(&self, now: i64) -> Option<i64> {
        self.live(now).map(|(_, tab)| tab.expires).max()
    }

    fn settle(&mut self, now: i64, end: bool, guilds: [Option<i64>; SERVERS]) {
        self.online &= !(end && self.expires <= now);
        let shown = self.live(now).max_by_key(|(id, tab)| (tab.path.is_some(), tab.active, *id));
        let shown = shown.map(|(_, tab)| tab.path.clone());
        self.path = if self.online { shown.unwrap_or(self.path.take()) } else { None };
        self.tabs.retain(|_, tab| self.online && !(end && tab.expires <= now));
        for (server, guild) in guilds.iter().enumerate() {
            let seen = self.online && !self.invisible;
            let wanted = guild.filter(|_| seen).map(|guild| {
                let own = format!("/s/{guild}");
                self.path.clone().filter(|path| *path == own || path.starts_with("/live/"))
            });
            if self.shown[server] != wanted {
                self.told[server].push(wanted.is_some());
                self.shown[server] = wanted;
            }
        }
    }
}

/// What is done in a step, for all histories together.
#[derive(Default)]
struct Doings {
    passed: Vec<(i64, f64)>,
    beats: Vec<presence::Tab>,
    left: Vec<(String, UserId)>,
    signed_out: Vec<(i64, Uuid, Uuid)>,
    hidden: Vec<(i64, bool)>,
}

/// Chooses what happens next in a history, and does it to the model.
fn play(history: &mut History, step: usize, random: &mut Random, doings: &mut Doings) {
    let guilds: [i64; SERVERS] = std::array::from_fn(|server| history.guild(server));
    let seconds = if random.below(3) == 0 { 10 * random.below(10) as i64 } else { 0 };
    history.now += seconds;
    let who = random.below(PEOPLE);
    let (now, what, number) = (history.now, random.below(12), history.number);
    doings.passed.extend(history.people.iter().map(|person| (person.id, seconds as f64)));
    let of = [Some(guilds[0]), Some(guilds[1]).filter(|_| who + 1 < PEOPLE)];
    let person = &mut history.people[who];
    let user = UserId::from_db(person.id);
    let mut log = format!("{step}: {seconds} s pass, person {who} ");
    match what {
        // A tab is opened, says that it is there, or turns to a page.
        0..=5 => {
            if person.open.is_empty() || (what == 0 && person.open.len() < 3) {
                let id = format!("{number}.{who}.{step}");
                let session = person.sessions[random.below(2)];
                person.open.push(Open { id, session });
            }
            let Open { id, session } = person.open[random.below(person.open.len())].clone();
            let paths = [
                None,
                None,
                Some(format!("/s/{}", guilds[0])),
                Some(format!("/s/{}", guilds[1])),
                Some("/me".to_owned()),
                Some(format!("/live/{}", random.below(3))),
            ];
            let path = paths[random.below(paths.len())].clone();
            log += &format!("beats {id} {path:?}");
            if person.hear(&id, session, path.as_deref(), now, step) {
                person.settle(now, false, of);
            }
            let page = path.map(|path| Page { path, title: String::new() });
            doings.beats.push(presence::Tab { id, user, session, page });
        }
        // A tab is closed.
        6 | 7 if !person.open.is_empty() => {
            let Open { id, .. } = person.open.swap_remove(random.below(person.open.len()));
            log += &format!("closes {id}");
            if person.tabs.remove(&id).is_some() {
                let grace = person.expires.min(now + 15);
                person.expires = person.latest(now).unwrap_or(grace);
                person.settle(now, false, of);
            }
            doings.left.push((id, user));
        }
        // A process is killed: its tabs say nothing more.
        8 => {
            log += "loses all tabs";
            person.open.clear();
        }
        // Tabs of a session that has ended may still speak, and are not heard.
        9 => {
            let which = random.below(2);
            let (old, new) = (person.sessions[which], Uuid::new_v4());
            log += &format!("signs out of {which}");
            person.sessions[which] = new;
            person.ended.push(old);
            person.tabs.retain(|_, tab| tab.session != old);
            person.expires = person.latest(now).unwrap_or(now);
            person.settle(now, true, of);
            doings.signed_out.push((person.id, old, new));
        }
        10 => {
            person.invisible = !person.invisible;
            log += if person.invisible { "hides" } else { "shows up" };
            person.settle(now, false, of);
            doings.hidden.push((person.id, person.invisible));
        }
        _ => log += "does nothing",
    }
    history.log.push(log);
}

/// Does the same to the database, where no time passes but what is said to.
async fn act(pool: &Pool, doings: Doings, since: &mut OffsetDateTime) {
    let now: OffsetDateTime =
        sqlx::query_scalar("select clock_timestamp()").fetch_one(pool).await.unwrap();
    let (users, seconds): (Vec<i64>, Vec<f64>) = doings.passed.into_iter().unzip();
    for statement in [
        "update presences p set expires_at = expires_at + make_interval(secs => $3 - x.seconds)
         from unnest($1::bigint[], $2::float8[]) as x (user_id, seconds) where p.user_id = x.user_id",
        "update presence_tabs p set expires_at = expires_at + make_interval(secs => $3 - x.seconds)
         from unnest($1::bigint[], $2::float8[]) as x (user_id, seconds) where p.user_id = x.user_id",
    ] {
        let passed = sqlx::query(statement).bind(&users).bind(&seconds);
        passed.bind((now - *since).as_seconds_f64()).execute(pool).await.unwrap();
    }
    *since = now;
    presence::beat(pool, &doings.beats, now).await.unwrap();
    presence::leave(pool, &doings.left).await.unwrap();
    let sign_outs = doings.signed_out.into_iter().map(async |(user, old, new)| {
        let ended = "with old as (update sessions set revoked_at = now() where session_id = $1)
                     insert into sessions (session_id, user_id, created_at, last_seen_at, expires_at)
                     values ($2, $3, now(), now(), now() + interval '1 day')";
        let ended = sqlx::query(ended).bind(old).bind(new).bind(user);
        ended.execute(pool).await.unwrap();
        presence::sign_out(pool, UserId::from_db(user), now).await.unwrap();
    });
    let hide = async |(user, invisible)| {
        presence::set_invisible(pool, UserId::from_db(user), invisible).await.unwrap();
    };
    tokio::join!(
        stream::iter(sign_outs).for_each_concurrent(4, |done| done),
        stream::iter(doings.hidden).for_each_concurrent(4, hide),
    );
}

async fn sweep(pool: &Pool) {
    let regularly = "insert into presence_watch (watched_since, swept_at) values (now() - interval '1 hour', now())
                     on conflict on constraint presence_watch_pkey do update
                     set watched_since = excluded.watched_since, swept_at = excluded.swept_at";
    sqlx::query(regularly).execute(pool).await.unwrap();
    let gap = Duration::seconds(90);
    let (one, two) = tokio::join!(presence::sweep(pool, gap), presence::sweep(pool, gap));
    one.and(two).unwrap();
}

/// People, their sessions and servers; of the second server nobody has ever asked in every other history.
async fn people(pool: &Pool, first: usize, count: usize) -> Vec<History> {
    let mut histories = Vec::new();
    for number in first..first + count {
        let person = |who| Person {
            id: (1_000_000 + number * PEOPLE + who) as i64,
            sessions: [Uuid::new_v4(), Uuid::new_v4()],
            ..Person::default()
        };
        let people = (0..PEOPLE).map(person).collect();
        histories.push(History { number, people, ..History::default() });
    }
    let all = || histories.iter().flat_map(|history| &history.people);
    let guilds: Vec<i64> =
        histories.iter().flat_map(|h| (0..SERVERS).map(|server| h.guild(server))).collect();
    let ids: Vec<i64> = all().map(|person| person.id).collect();
    let sessions: Vec<Uuid> = all().flat_map(|person| person.sessions).collect();
    let statements = [
        "insert into guilds (guild_id, name) select unnest($1), 'Guild'",
        "insert into topics (topic) select 'presence:' || g from unnest($1) as g where g % 4 <> 1",
        "insert into users (user_id, username) select unnest($2), 'x'",
        "insert into sessions (session_id, user_id, created_at, last_seen_at, expires_at)
         select s, $2[(n + 1) / 2], now(), now(), now() + interval '1 day'
         from unnest($3) with ordinality as x (s, n)",
        "insert into user_guilds (user_id, guild_id, name, owner, permissions)
         select u, g, '', false, 0 from unnest($2) with ordinality as x (u, n), unnest($1) with ordinality as y (g, m)
         where (n - 1) / 3 = (m - 1) / 2 and not (n % 3 = 0 and m % 2 = 0)",
    ];
    for statement in statements {
        // Each is given what it needs of all.
        let statement =
            format!("with given as (select $1::bigint[], $2::bigint[], $3::uuid[]) {statement}");
        let filled = sqlx::query(sqlx::AssertSqlSafe(statement));
        filled.bind(&guilds).bind(&ids).bind(&sessions).execute(pool).await.unwrap();
    }
    histories
}

/// What the servers see now is what the model says.
async fn compare(pool: &Pool, histories: &[History]) {
    let rows: Vec<(i64, i64, Option<String>)> =
        sqlx::query_as("select guild_id, user_id, path from presence_guilds")
            .fetch_all(pool)
            .await
            .unwrap();
    let mut seen: HashMap<(i64, i64), Option<String>> =
        rows.into_iter().map(|(guild, user, path)| ((guild, user), path)).collect();
    for history in histories {
        for person in &history.people {
            for server in 0..SERVERS {
                let found = seen.remove(&(history.guild(server), person.id));
                assert_eq!(
                    found,
                    person.shown[server],
                    "server {server} of {person:#?}\n{}",
                    history.log.join("\n")
                );
            }
        }
    }
    assert!(seen.is_empty(), "{seen:?}");
}

/// What the servers were told is what the model says: each leave once.
async fn compare_told(pool: &Pool, histories: &[History]) {
    let rows: Vec<(String, String, bool)> = sqlx::query_as(
        "select topic, subject, (data ->> 'online')::boolean from topic_events order by topic, position",
    )
    .fetch_all(pool)
    .await
    .unwrap();
    let mut told: HashMap<(String, String), Vec<bool>> = HashMap::new();
    for (topic, subject, online) in rows {
        told.entry((topic, subject)).or_default().push(online);
    }
    for history in histories {
        for person in &history.people {
            for server in 0..SERVERS {
                let guild = history.guild(server);
                let found = told.remove(&(format!("presence:{guild}"), person.id.to_string()));
                let listened = guild % 4 != 1;
                let expected = Some(person.told[server].clone());
                let expected = expected.filter(|told| listened && !told.is_empty());
                assert_eq!(
                    found,
                    expected,
                    "server {server} of {person:#?}\n{}",
                    history.log.join("\n")
                );
                let found = found.unwrap_or_default();
                assert!(!found.windows(2).any(|two| two == [false, false]), "{found:?}");
            }
        }
    }
    assert!(told.is_empty(), "{told:?}");
}

/// Plays histories; false when the machine has stood still meanwhile.
async fn agree(first: usize, count: usize) -> bool {
    let database = TestDatabase::create().await;
    let pool = database.pool();
    let mut random = Random(0x9e37_79b9_7f4a_7c15 ^ (first as u64 + 1) << 20);
    let mut histories = people(&pool, first, count).await;
    let mut since = sqlx::query_scalar("select clock_timestamp()").fetch_one(&pool).await.unwrap();
    let mut moved = true;
    for step in 0..STEPS {
        let begun = tokio::time::Instant::now();
        let mut doings = Doings::default();
        for history in &mut histories {
            play(history, step, &mut random, &mut doings);
        }
        act(&pool, doings, &mut since).await;
        // The last one finds everybody who is gone by then.
        if random.below(2) == 0 || step + 1 == STEPS {
            sweep(&pool).await;
            for history in &mut histories {
                history.log.push("sweep".to_owned());
                let (now, guilds) = (history.now, [history.guild(0), history.guild(1)]);
                for (who, person) in history.people.iter_mut().enumerate() {
                    let of = [Some(guilds[0]), Some(guilds[1]).filter(|_| who + 1 < PEOPLE)];
                    if person.due(now) {
                        person.settle(now, true, of);
                    }
                }
            }
        }
        moved = begun.elapsed() < STALLED;
        if !moved {
            break;
        }
        compare(&pool, &histories).await;
    }
    if moved {
        compare_told(&pool, &histories).await;
    }
    pool.close().await;
    database.drop_it().await;
    moved
}

#[tokio::test]
async fn random_histories_agree_with_a_model() {
    #[expect(clippy::disallowed_methods, reason = "how many histories a run has")]
    let count = std::env::var("PRESENCE_HISTORIES").ok().and_then(|text| text.parse().ok());
    let count: usize = count.unwrap_or(TOGETHER);
    for first in (0..count).step_by(TOGETHER) {
        while !agree(first, TOGETHER.min(count - first)).await {}
    }
}
