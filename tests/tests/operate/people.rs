//! `user` and `guild`: handing over and deleting, which is only told until `--yes`.

use sm_tests::scenario;
use sm_types::UserId;

#[tokio::test]
async fn person_is_exported_and_deleted_on_confirmation_only() {
    scenario(async |t| {
        let ana = t.streamer("ana").await;
        let guild = t.guild_following(&ana).await;
        let ada = t.discord.add_user("ada", None);
        t.discord.set_owner(guild.id, ada);
        let browser = t.signed_in(ada).await;
        sm_db::guilds::preferences::set(&t.app.pool, guild.id, None, ada, true).await.unwrap();
        let id = ada.to_string();
        let export = t.operate(&["user", "export", &id]).await.ok();
        assert_eq!(
            (&export["user"]["username"], export["preferences"].as_array().unwrap().len()),
            (&"ada".into(), 1)
        );
        let told = t.operate(&["user", "delete", &id, "--json"]).await.ok();
        assert_eq!(
            (&told["deleted"], &told["sessions"], &told["preferences"]),
            (&false.into(), &1.into(), &1.into())
        );
        browser.get("/api/auth/me").await.ok();
        let done = t.operate(&["user", "delete", &id, "--yes", "--json"]).await.ok();
        assert_eq!(done["deleted"], true);
        browser.get("/api/auth/me").await.refused(401, "unauthenticated");
        assert_eq!((t.count("users").await, t.count("user_preferences").await), (0, 0));
        let gone = t.operate(&["user", "delete", &id, "--yes"]).await;
        assert!(gone.code == 1 && gone.stderr.contains("nothing is stored"), "{}", gone.stderr);
        assert_eq!(t.operate(&["user", "export", "not-an-id"]).await.code, 2);
    })
    .await;
}

#[tokio::test]
async fn server_is_exported_and_purged_on_confirmation_only() {
    scenario(async |t| {
        let ana = t.streamer("ana").await;
        let [guild, other] = [t.guild_following(&ana).await, t.guild_following(&ana).await];
        t.twitch.go_live(&ana).await;
        t.work().await;
        for n in 1..=30 {
            sm_db::guilds::preferences::set(&t.app.pool, guild.id, None, UserId(n), true)
                .await
                .unwrap();
        }
        let id = guild.id.to_string();
        let export = t.operate(&["guild", "export", &id]).await.ok();
        let rows = |table: &str| export[table].as_array().unwrap().len();
        assert_eq!(
            (rows("guilds"), rows("destinations"), rows("deliveries"), rows("user_preferences")),
            (1, 1, 1, 30)
        );
        let told = t.operate(&["guild", "purge", &id, "--json"]).await.ok();
        assert_eq!(
            (&told["deleted"], &told["deliveries"], &told["preferences"]),
            (&false.into(), &1.into(), &30.into())
        );
        assert_eq!(t.count("guilds").await, 2);
        t.operate(&["guild", "purge", &id, "--leave", "--yes"]).await;
        assert_eq!(
            (
                t.count("guilds").await,
                t.count("notification_log").await,
                t.count("user_preferences").await
            ),
            (1, 1, 0)
        );
        assert_eq!(t.deliveries(other).await, ["online sent"]);
        assert_eq!(t.operate(&["guild", "purge", &id, "--yes"]).await.code, 1);
    })
    .await;
}

#[tokio::test]
async fn servers_configuration_goes_out_and_comes_back_from_a_file() {
    scenario(async |t| {
        let ana = t.streamer("ana").await;
        let guild = t.guild_following(&ana).await;
        let id = guild.id.to_string();
        let file = std::env::temp_dir().join(format!("{}.yaml", uuid::Uuid::now_v7()));
        let at = file.display().to_string();
        let exported = t.operate(&["guild", "config", &id]).await;
        assert!(exported.stdout.contains("format: streammaxing-server"), "{}", exported.stdout);
        std::fs::write(&file, exported.stdout.replace("end_action: edit", "end_action: delete"))
            .unwrap();
        let told = t.operate(&["guild", "apply", &id, &at]).await;
        assert!(told.stdout.contains("end_action: \"edit\" → \"delete\""), "{}", told.stdout);
        let stored = "guild_config where end_action = 'delete'";
        assert_eq!(t.count(stored).await, 0, "only told");
        let done = t.operate(&["guild", "apply", &id, &at, "--yes", "--json"]).await.ok();
        assert_eq!((&done["applied"], t.count(stored).await), (&true.into(), 1));
        std::fs::write(
            &file,
            "format: streammaxing-server\nversion: 1\nsettings: {end_action: x}\n",
        )
        .unwrap();
        let wrong = t.operate(&["guild", "apply", &id, &at, "--yes"]).await;
        assert_eq!((wrong.code, wrong.stderr.contains("settings.end_action")), (1, true));
        std::fs::remove_file(&file).unwrap();
        assert_eq!(t.operate(&["guild", "apply", &id, &at]).await.code, 1);
    })
    .await;
}
