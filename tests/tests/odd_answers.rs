//! Answers that no protocol foresees: each costs itself only.

use sm_services::streamers::reconcile;
use sm_sim::{
    discord::{Fault, FaultKind},
    twitch,
    unkind::OddBody,
};
use sm_tests::{Guild, World, scenario};
use time::Duration;

const BODIES: [OddBody; 3] = [OddBody::Empty, OddBody::Cut, OddBody::Page];

fn odd(status: u16, body: OddBody) -> Fault {
    Fault::new(FaultKind::odd(status, body), 1)
}

/// Two servers announce a streamer; the first one's channel has a fault.
async fn two_servers_with(t: &World, fault: Fault) -> [Guild; 2] {
    let ana = t.streamer("ana").await;
    let guilds = [t.guild_following(&ana).await, t.guild_following(&ana).await];
    t.discord.fault(fault.in_channel(guilds[0].channel));
    t.twitch.go_live(&ana).await;
    t.work().await;
    guilds
}

async fn circuit_is_open(t: &World) -> bool {
    t.count("discord_gate where key = 'global' and reason is not null").await > 0
}

#[tokio::test]
async fn refusal_that_cannot_be_read_is_no_block_of_everybody() {
    for (status, body) in [
        (403, OddBody::Empty),
        (403, OddBody::Cut),
        (429, OddBody::Empty),
        (429, OddBody::Cut),
        (502, OddBody::Page),
    ] {
        scenario(async |t| {
            let [odd, other] = two_servers_with(t, odd(status, body)).await;
            assert!(!circuit_is_open(t).await, "{status} {body:?}");
            assert_eq!(t.messages(other).len(), 1, "{status} {body:?}");
            t.sql("update discord_gate set blocked_until = now() - interval '1 second'").await;
            t.after(Duration::seconds(5)).await;
            assert_eq!(t.messages(odd).len(), 1, "{status} {body:?}");
            assert_eq!(t.deliveries(odd).await, ["online sent"]);
        })
        .await;
    }
}

const PAGE: &str = "<html><body><center><h1>400</h1></center><hr>cloudflare</body></html>";

#[tokio::test]
async fn stray_page_is_retried() {
    for status in [400, 404, 413] {
        scenario(async |t| {
            let page = FaultKind::answer(status, &[("Content-Type", "text/html")], PAGE);
            let [odd, other] = two_servers_with(t, Fault::new(page, 1)).await;
            assert_eq!(t.deliveries(odd).await, ["online pending discord_unavailable"], "{status}");
            assert_eq!(t.messages(other).len(), 1);
            t.after(Duration::seconds(2)).await;
            assert_eq!(t.deliveries(odd).await, ["online sent"], "{status}");
            assert_eq!(t.messages(odd).len(), 1);
        })
        .await;
    }
}

#[tokio::test]
async fn refusal_with_headers_of_discords_is_about_one_channel() {
    for body in ["", PAGE] {
        scenario(async |t| {
            let headers =
                [("Retry-After", "1"), ("X-RateLimit-Scope", "user"), ("Via", "1.1 google")];
            let limit = FaultKind::answer(429, &headers, body);
            let [odd, other] = two_servers_with(t, Fault::new(limit, 1)).await;
            assert!(!circuit_is_open(t).await, "{body:?}");
            assert_eq!(t.deliveries(odd).await, ["online pending rate_limited"], "{body:?}");
            assert_eq!(t.messages(other).len(), 1, "{body:?}");
            t.sql("update discord_gate set blocked_until = now() - interval '1 second'").await;
            t.after(Duration::seconds(5)).await;
            assert_eq!(t.messages(odd).len(), 1, "{body:?}");
        })
        .await;
    }
}

#[tokio::test]
async fn refusal_as_if_of_everybody_costs_one_message_unless_it_is_repeated() {
    for kind in [FaultKind::Cloudflare, FaultKind::Refuse { status: 401, code: 0 }] {
        scenario(async |t| {
            let [odd, other] = two_servers_with(t, Fault::new(kind.clone(), 1)).await;
            assert!(!circuit_is_open(t).await, "{kind:?}");
            t.after(Duration::seconds(5)).await;
            assert_eq!((t.messages(odd).len(), t.messages(other).len()), (1, 1), "{kind:?}");
        })
        .await;
    }
}

#[tokio::test]
async fn success_that_cannot_be_read_posts_once() {
    for body in BODIES {
        scenario(async |t| {
            let [odd, other] = two_servers_with(t, odd(200, body)).await;
            assert_eq!(t.messages(other).len(), 1, "{body:?}");
            t.after(Duration::seconds(5)).await;
            assert_eq!(t.messages(odd).len(), 1, "{body:?}");
            assert_eq!(t.deliveries(odd).await, ["online sent"]);
        })
        .await;
    }
}

#[tokio::test]
async fn announcement_goes_out_whatever_twitch_answers() {
    for path in ["channels", "users"] {
        for (status, body) in [(200, OddBody::Empty), (200, OddBody::Cut), (403, OddBody::Empty)] {
            scenario(async |t| {
                let ana = t.streamer("ana").await;
                let guild = t.guild_following(&ana).await;
                t.twitch.fault(twitch::Fault::odd(path, status, body));
                t.twitch.go_live(&ana).await;
                t.work().await;
                assert_eq!(t.messages(guild).len(), 1, "{path} {status} {body:?}");
            })
            .await;
        }
    }
}

#[tokio::test]
async fn comparisons_change_nothing_by_an_answer_that_cannot_be_read() {
    scenario(async |t| {
        let ana = t.streamer("ana").await;
        let guild = t.guild_following(&ana).await;
        t.twitch.go_live(&ana).await;
        t.work().await;
        t.after(Duration::hours(1)).await;
        for (status, body) in [
            (200, OddBody::Empty),
            (200, OddBody::Cut),
            (200, OddBody::Page),
            (403, OddBody::Empty),
            (404, OddBody::Page),
            (429, OddBody::Empty),
        ] {
            for path in ["streams", "users", "eventsub"] {
                t.twitch.fault(twitch::Fault::odd(path, status, body));
            }
            t.clock.advance(Duration::days(1));
            let mut failed = t.sweep().await.failed_jobs;
            failed.sort_unstable();
            // A 429 is a wait; what else is odd makes the job try again.
            let expected: &[&str] =
                if status == 429 { &[] } else { &["names", "streams", "subscriptions"] };
            assert_eq!(failed, expected, "{status} {body:?}");
        }
        assert_eq!(t.count("stream_sessions where ended_at is null").await, 1);
        assert_eq!(t.count("streamers where status = 'removed'").await, 0);
        assert_eq!(t.count("eventsub_targets where state = 'enabled'").await, 4);
        t.work().await;
        assert!(t.message(guild).content.contains("is live"));
    })
    .await;
}

#[tokio::test]
async fn subscription_is_not_given_up_by_a_refusal_without_a_reason() {
    for (status, body) in [(403, OddBody::Empty), (403, OddBody::Page), (202, OddBody::Empty)] {
        scenario(async |t| {
            let ana = t.twitch.add_user("ana", "ANA");
            let id = t.discord.add_guild("Guild");
            let channel = t.discord.add_channel(id, "live");
            let pool = &t.app.pool;
            sm_db::guilds::upsert(pool, id, "Guild").await.unwrap();
            let none = sm_db::guilds::Mention::None;
            sm_db::guilds::configure(pool, id, Some(channel), none).await.unwrap();
            let streamer = sm_db::streamers::Streamer {
                id: &ana,
                login: "ana",
                display_name: "ANA",
                profile_image_url: None,
            };
            sm_db::streamers::upsert(pool, &streamer).await.unwrap();
            t.follow(id, &ana, None).await;
            let path = "POST eventsub";
            for _ in 0..4 {
                t.twitch.fault(twitch::Fault::odd(path, status, body));
            }
            reconcile::subscriptions(&t.app).await.ok();
            t.work().await;
            let failed = t.count("eventsub_targets where state = 'failed'").await;
            assert_eq!(failed, 0, "{status} {body:?}");
            t.twitch.clear_faults();
            for _ in 0..4 {
                t.after(Duration::minutes(3)).await;
            }
            let mut kinds: Vec<_> = t.twitch.subscriptions().into_iter().map(|s| s.kind).collect();
            kinds.retain(|kind| kind.starts_with("stream."));
            kinds.sort_unstable();
            assert_eq!(kinds, ["stream.offline", "stream.online"], "{status} {body:?}");
        })
        .await;
    }
}
