//! Codes that are exchanged at Discord and Twitch: once per consent, few at a time, and not while Discord refuses.

use sm_sim::discord::{Fault, FaultKind, LimitScope};
use sm_tests::{Browser, World, scenario};
use std::time::Duration;

const CONSENT: &str = "__Host-consent";
const BUSY: &str = "/login?error=rate_limited";

/// A consent that was given, and what the browser would call with it.
struct Answered {
    cookie: String,
    path: String,
}

/// Goes to a consent page and agrees, but does not come back.
async fn answered(t: &World, begun: &str, choice: &str) -> Answered {
    let browser = t.browser();
    let begun = browser.get(begun).await;
    let page = format!("{}&{choice}", begun.location());
    let answer = sm_aws::lazy_http().get(page).send().await.unwrap();
    let callback = answer.headers()["location"].to_str().unwrap();
    let path = callback.strip_prefix(&t.url).unwrap().to_owned();
    Answered { cookie: browser.cookie(CONSENT).unwrap(), path }
}

async fn sign_in(t: &World) -> Answered {
    let ada = t.discord.add_user("ada", None);
    answered(t, "/api/auth/discord/login", &format!("as={ada}")).await
}

fn holding<'a>(t: &'a World, answered: &Answered) -> Browser<'a> {
    let browser = t.browser();
    browser.set_cookie(CONSENT, &answered.cookie);
    browser
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn consent_is_exchanged_once_however_often_it_comes_back() {
    scenario(async |t| {
        let given = sign_in(t).await;
        let callbacks = (0..50).map(|n| {
            let browser = holding(t, &given);
            let path = format!("{}&n={n}", given.path.replace("code=", "code=another-"));
            async move { browser.get(&path).await.location().to_owned() }
        });
        let pages = futures_util::future::join_all(callbacks).await;
        assert!(pages.iter().all(|page| page == "/login?error=code_refused"), "{pages:?}");
        assert_eq!(t.discord.token_exchanges(), 1);
        // The good code comes too late: the consent is used up.
        assert_eq!(
            holding(t, &given).get(&given.path).await.location(),
            "/login?error=code_refused"
        );
        assert_eq!((t.discord.token_exchanges(), t.count("sessions").await), (1, 0));
    })
    .await;
}

#[tokio::test]
async fn link_to_twitch_is_exchanged_once_too() {
    scenario(async |t| {
        let bruno = t.twitch.add_user("bruno", "Bruno");
        t.guild_following(&t.streamer("ana").await).await;
        t.sql(
            "insert into invite_links (code, guild_id, created_by, created_at, expires_at)
             select 'abcdefghijklmnopqrstuv', guild_id, 1, now(), now() + interval '1 day' from guilds",
        )
        .await;
        let link = "/api/invites/abcdefghijklmnopqrstuv/link";
        let given = answered(t, link, &format!("as={bruno}")).await;
        let forged = given.path.replace("code=", "code=another-");
        for _ in 0..20 {
            let landed = holding(t, &given).get(&forged).await;
            assert_eq!(landed.location(), "/invite/abcdefghijklmnopqrstuv?error=code_refused");
        }
        assert_eq!(t.twitch.token_exchanges(), 1);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn exchanges_of_all_processes_share_one_limit_and_the_rest_may_try_again() {
    scenario(async |t| {
        let two = t.two_servers(&[("SIGN_INS_PER_SECOND", "5")]);
        let mut given = Vec::new();
        for _ in 0..20 {
            given.push(sign_in(t).await);
        }
        let begun = tokio::time::Instant::now();
        let callbacks = given.iter().enumerate().map(|(n, given)| {
            let url = format!("http://{}{}", two.addresses[n % 2], given.path);
            let request = sm_aws::lazy_http().get(url);
            let request = request.header("cookie", format!("{CONSENT}={}", given.cookie));
            async move { request.send().await.unwrap() }
        });
        let answers = futures_util::future::join_all(callbacks).await;
        let page =
            |answer: &reqwest::Response| answer.headers()["location"].to_str().unwrap().to_owned();
        let allowed = 5 + begun.elapsed().as_secs() * 5 + 5;
        let exchanged = t.discord.token_exchanges();
        assert!((5..=allowed).contains(&exchanged), "{exchanged} of {allowed}");
        let busy = |n: &usize| page(&answers[*n]) == BUSY;
        let waiting: Vec<usize> = (0..20).filter(busy).collect();
        assert_eq!(waiting.len() as u64 + exchanged, 20);
        for n in &waiting {
            let headers = answers[*n].headers();
            assert_eq!(headers["retry-after"], "1");
            assert!(headers.get("set-cookie").is_none(), "the consent is as good as it was");
        }
        // Where there is room again, the same address does.
        let (n, given) = (waiting[0], &given[waiting[0]]);
        let landed = async || holding(t, given).get(&given.path).await.location().to_owned();
        let page = landed().await;
        assert_eq!(page, "/servers", "callback {n}");
    })
    .await;
}

#[tokio::test]
async fn refusals_are_counted_as_discord_counts_and_end_the_asking() {
    scenario(async |t| {
        let limited =
            FaultKind::RateLimit { scope: LimitScope::User, retry_after: 30.0, header: None };
        t.discord.fault(Fault::new(limited, 1).under("oauth2/token"));
        let [first, second] = [sign_in(t).await, sign_in(t).await];
        let landed = holding(t, &first).get(&first.path).await;
        assert_eq!((landed.location(), landed.header("retry-after")), (BUSY, "30"));
        let counted = "select coalesce(sum(count), 0)::bigint from discord_invalid_requests";
        let counted: i64 = sqlx::query_scalar(counted).fetch_one(&t.app.pool).await.unwrap();
        assert_eq!(counted, 1);
        let asked = t.discord.token_exchanges();
        for given in [&first, &second] {
            let landed = holding(t, given).get(&given.path).await;
            assert!(landed.location().contains("error="), "{}", landed.location());
        }
        assert_eq!(t.discord.token_exchanges(), asked, "Discord is left alone");
        // The second has lost nothing by it.
        t.sql("delete from rate_buckets where key like 'exchanges:%'").await;
        assert_eq!(holding(t, &second).get(&second.path).await.location(), "/servers");
    })
    .await;
}

#[tokio::test]
async fn nobody_signs_in_while_the_circuit_is_open_and_the_first_after_it_finds_out() {
    scenario(async |t| {
        let given = sign_in(t).await;
        t.sql(
            "insert into discord_gate (key, blocked_until, reason)
             values ('global', now() + interval '100 seconds', 'invalid_requests')",
        )
        .await;
        let requests = t.discord.request_count();
        let landed = holding(t, &given).get(&given.path).await;
        assert_eq!(landed.location(), BUSY);
        let wait: u64 = landed.header("retry-after").parse().unwrap();
        assert!((90..=100).contains(&wait), "{wait}");
        assert_eq!(t.discord.request_count(), requests);
        // Where nothing else happens, nobody else would ask whether Discord takes us again.
        t.sql("update discord_gate set blocked_until = now() - interval '1 second'").await;
        assert_eq!(holding(t, &given).get(&given.path).await.location(), "/servers");
    })
    .await;
}

/// What was used is remembered for longer than a consent lasts.
#[tokio::test]
async fn used_consent_outlives_its_cookie() {
    use sm_db::accounts::exchanges::{Pass, Shared, hold, take};
    scenario(async |t| {
        let shared = Shared { key: "exchanges:test", per_second: 2 };
        let lifetime = Duration::from_secs(600);
        let take = async |consent: &str| take(&t.app.pool, consent, lifetime, shared).await.unwrap();
        assert_eq!(take("one").await, Pass::Granted);
        assert_eq!(take("one").await, Pass::Used);
        let left: f64 = sqlx::query_scalar(
            "select extract(epoch from next_at - clock_timestamp())::float8 from rate_buckets where key = 'one'",
        )
        .fetch_one(&t.app.pool)
        .await
        .unwrap();
        assert!((590.0..=600.0).contains(&left), "{left}");
        hold(&t.app.pool, shared.key, Duration::from_secs(60)).await.unwrap();
        let Pass::Busy { wait } = take("two").await else { panic!("nobody may") };
        assert!((59..=62).contains(&wait.as_secs()), "{wait:?}");
    })
    .await;
}
