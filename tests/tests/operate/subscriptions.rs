//! `subscriptions`: what is told beforehand is what is done.

use sm_tests::scenario;

#[tokio::test]
async fn reconcile_tells_beforehand_and_repairs() {
    scenario(async |t| {
        let ana = t.streamer("ana").await;
        t.guild_following(&ana).await;
        // One that nobody follows, one that is missing.
        let stray = t.twitch.add_user("stray", "Stray");
        t.twitch.subscribe(
            &stray,
            "stream.online",
            &format!("{}/webhooks/twitch", t.url),
            sm_tests::EVENTSUB_SECRET,
        );
        let ben = t.twitch.add_user("ben", "Ben");
        let streamer = sm_db::streamers::Streamer {
            id: &ben,
            login: "ben",
            display_name: "Ben",
            profile_image_url: None,
        };
        sm_db::streamers::upsert(&t.app.pool, &streamer).await.unwrap();
        let guild = t.discord.add_guild("Other");
        sm_db::guilds::upsert(&t.app.pool, guild, "Other").await.unwrap();
        t.follow(guild, &ben, None).await;

        let list = async || t.operate(&["subscriptions", "list", "--json"]).await.ok();
        let before = list().await;
        for _ in 0..2 {
            let plan = t.operate(&["subscriptions", "reconcile", "--dry-run", "--json"]).await.ok();
            assert_eq!(
                (&plan["missing"], &plan["strays"], &plan["app_wide_missing"]),
                (&2.into(), &1.into(), &true.into()),
                "{plan}"
            );
        }
        assert_eq!(list().await, before, "a dry run changes nothing");

        t.operate(&["subscriptions", "reconcile"]).await;
        t.verified().await;
        let plan = t.operate(&["subscriptions", "reconcile", "--dry-run", "--json"]).await.ok();
        assert_eq!(
            (&plan["missing"], &plan["strays"], &plan["app_wide_missing"]),
            (&0.into(), &0.into(), &false.into()),
            "{plan}"
        );
        let all = list().await;
        let all = all.as_array().unwrap();
        assert!(
            all.iter().all(|s| s["state"] == "enabled" && s["at_twitch"] == "enabled"),
            "{all:?}"
        );
        let problems = t.operate(&["subscriptions", "list", "--problems", "--json"]).await.ok();
        assert_eq!(problems, serde_json::json!([]));
    })
    .await;
}
