//! `down server`.

use super::Operator;
use sm_tests::{TestDatabase, scenario};
use std::fs;

/// Names of what is in a database's schema.
async fn objects(database: &TestDatabase) -> Vec<String> {
    let pool = sqlx::PgPool::connect(&database.url).await.unwrap();
    let all = "select relname::text from pg_class where relnamespace = 'public'::regnamespace
               union all select proname::text from pg_proc where pronamespace = 'public'::regnamespace
               union all select typname::text from pg_type where typnamespace = 'public'::regnamespace";
    let found = sqlx::query_scalar(all).fetch_all(&pool).await.unwrap();
    pool.close().await;
    found
}

#[tokio::test]
async fn everything_is_taken_away_and_the_database_only_when_told() {
    scenario(async |t| {
        let operator = Operator::new(t).await;
        // Sets everything up but the process, which nobody starts.
        let up = ["up", "server", "--no-test", "--wait", "0"];
        assert_eq!(operator.run(&up, &operator.answers()).await.code, 1);
        let ana = t.streamer("ana").await;
        let callback = format!("{}/webhooks/twitch", operator.base());
        for address in [callback.clone(), format!("{callback}?key=0123")] {
            t.twitch.subscribe(&ana, "stream.online", &address, "a-secret-of-that-one");
        }
        t.discord.set_webhook_events_url(&format!("{}/webhooks/discord", operator.base()));
        t.discord.set_interactions_url(&format!("{}/interactions", operator.base()));
        t.discord.add_entry_point("launch");
        sm_services::interactions::registration::register(&t.app).await.unwrap();
        let others = t.twitch.subscriptions().len() - 2;

        let none = [].into();
        let wrong = operator.run(&["down", "server", "--name", "other.example"], &none).await;
        assert!(wrong.code == 2 && wrong.stderr.contains(&operator.address), "{}", wrong.stderr);
        let nobody = operator.run(&["down", "server"], &none).await;
        assert!(nobody.code == 2 && nobody.stderr.contains("say --name"), "{}", nobody.stderr);
        assert_eq!(t.twitch.subscriptions().len(), others + 2);

        let down = ["down", "server", "--name", &operator.address];
        let done = operator.run(&down, &none).await;
        assert_eq!(done.code, 0, "{}", done.stderr);
        assert!(done.stderr.contains("2 ended at Twitch"), "{}", done.stderr);
        let left = t.twitch.subscriptions();
        assert!(left.len() == others && left.iter().all(|s| !s.callback.starts_with(&callback)));
        assert_eq!(t.discord.webhook_events_url(), None);
        assert_eq!((t.discord.interactions_url(), t.discord.commands().len()), (None, 1));
        assert!(objects(&operator.database).await.contains(&"guilds".to_owned()));

        let pool = sqlx::PgPool::connect(&operator.database.url).await.unwrap();
        sqlx::query("create table of_somebody_else (id int)").execute(&pool).await.unwrap();
        pool.close().await;
        let done = operator.run(&[&down[..], &["--with-data"]].concat(), &none).await;
        assert_eq!(done.code, 0, "{}", done.stderr);
        let mut left = objects(&operator.database).await;
        left.sort_unstable();
        assert_eq!(left, ["_of_somebody_else", "of_somebody_else", "of_somebody_else"]);
        assert!(fs::exists(operator.file()).unwrap(), "it has the keys of every copy");
        operator.finish().await;
    })
    .await;
}

#[tokio::test]
async fn product_that_still_runs_is_not_taken_away() {
    scenario(async |t| {
        let operator = Operator::new(t).await;
        let mut running = operator.answers();
        running.insert("PUBLIC_BASE_URL", t.url.clone());
        let up = ["up", "server", "--no-test", "--wait", "0"];
        operator.run(&up, &running).await;
        let name = t.url.strip_prefix("http://").unwrap();
        let refused = operator.run(&["down", "server", "--name", name], &[].into()).await;
        assert!(
            refused.code == 1 && refused.stderr.contains("still answers"),
            "{}",
            refused.stderr
        );
        operator.finish().await;
    })
    .await;
}
