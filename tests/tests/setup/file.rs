//! A server's configuration as a file: exported, compared, applied as a whole or not at all.

use super::{Admin, admin};
use serde_json::{Value, json};
use sm_tests::{Answer, World, scenario};

async fn exported(ada: &Admin<'_>) -> String {
    let answer = ada.browser.get(&ada.path("export")).await.ok();
    answer.as_str().unwrap().to_owned()
}

async fn import(ada: &Admin<'_>, file: &str, more: Value) -> Answer {
    let mut body = json!({ "file": file });
    body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    ada.browser.post(&ada.path("import"), &body).await
}

/// What would change, as `part name kind`, and the fields.
fn told(report: &Value) -> Vec<String> {
    let text = |value: &Value| value.as_str().unwrap_or("-").to_owned();
    let fields = |change: &Value| {
        let each = change["fields"].as_array().unwrap().iter();
        each.map(|field| {
            format!("{} {}→{}", text(&field["field"]), field["before"], field["after"])
        })
        .collect::<Vec<_>>()
        .join(", ")
    };
    let changes = report["changes"].as_array().unwrap().iter();
    changes
        .map(|change| {
            let [part, name, kind] = ["part", "name", "kind"].map(|key| text(&change[key]));
            format!("{part} {name} {kind} {}", fields(change)).trim_end().to_owned()
        })
        .collect()
}

async fn stored(t: &World) -> Vec<i64> {
    let mut counts = Vec::new();
    for table in ["guild_streamers", "destinations", "message_templates", "audit_log"] {
        counts.push(t.count(table).await);
    }
    counts
}

#[tokio::test]
async fn exported_file_changes_nothing_and_edited_changes_what_it_says() {
    scenario(async |t| {
        let ana = t.streamer("ana").await;
        t.streamer("bo").await;
        let ada = admin(t, &ana).await;
        let other = t.discord.add_channel(ada.guild.id, "clips");
        let template = json!({"name": "Big: \"one\"", "message": {"content": "{url} #1\n\n- yes: no\n"}});
        let made = ada.browser.post(&ada.path("templates"), &template).await.ok();
        ada.change("config", |config| {
            config["template_id"] = made["id"].clone();
            config["quiet_hours"] = json!({"from": "04:10", "until": "04:20"});
            config["rules"]["title"]["lacks"] = json!(["rerun", "~", "null", "0123"]);
        })
        .await
        .ok();
        let file = exported(&ada).await;
        assert!(file.starts_with("# yaml-language-server: $schema=http"), "{file}");
        let report = import(&ada, &file, json!({"remove_others": true})).await.ok();
        assert_eq!((told(&report), &report["applied"]), (Vec::new(), &json!(false)));

        // An id without quotes is an id all the same.
        let edited = file.replace("04:10", "04:15").replace(
            "streamers:\n",
            &format!(
                "streamers:\n- login: https://www.twitch.tv/Bo\n  destinations:\n  - channel_id: {other}\n    \
                 cooldown_seconds: 60\n    template: 'BIG: \"one\"'\n"
            ),
        );
        assert!(edited != file, "{file}");
        let before = stored(t).await;
        let report = import(&ada, &edited, json!({})).await.ok();
        let expected =
            ["settings - changed quiet_hours.from \"04:10\"→\"04:15\"", "streamer bo added"];
        assert_eq!(told(&report), expected);
        assert_eq!(stored(t).await, before, "a comparison changes nothing");
        let from = json!({"made_from": report["made_from"]});
        let applied = import(&ada, &edited, from.clone()).await.ok();
        assert_eq!((told(&applied).len(), &applied["applied"]), (2, &json!(true)));
        assert_eq!(told(&import(&ada, &edited, json!({})).await.ok()), Vec::<String>::new());
        let config = ada.browser.get(&ada.path("config")).await.ok();
        assert_eq!(config["quiet_hours"]["from"], "04:15");
        let log = ada.browser.get(&ada.path("audit")).await.ok();
        let names: Vec<_> = (0..3).map(|n| log["items"][n]["action"].as_str().unwrap()).collect();
        assert_eq!(names, ["streamer.update", "guild_config.update", "streamer.add"]);
        // What was compared is there no more.
        import(&ada, &edited, from).await.refused(412, "conflict");

        // Back to how it was; without the word for it, bo would stay.
        let report = import(&ada, &file, json!({})).await.ok();
        assert_eq!((told(&report).len(), &report["kept"]), (1, &json!(1)));
        let report = import(&ada, &file, json!({"remove_others": true})).await.ok();
        let from = json!({"made_from": report["made_from"], "remove_others": true});
        import(&ada, &file, from).await.ok();
        assert_eq!(exported(&ada).await, file);
        t.twitch.go_live(&ana).await;
        t.work().await;
        let found = t.messages(ada.guild);
        assert_eq!(found[0].content, "https://www.twitch.tv/ana #1\n\n- yes: no");
    })
    .await;
}

#[tokio::test]
async fn whatever_is_wrong_is_told_at_its_place_and_nothing_is_changed() {
    scenario(async |t| {
        let ana = t.streamer("ana").await;
        t.streamer("bo").await;
        let ada = admin(t, &ana).await;
        let foreign = t.guild_following(&ana).await;
        let head = "format: streammaxing-server\nversion: 1\n";
        let bo = "templates: [{name: New, message: {content: '{url}'}}]\nstreamers:\n- login: bo\n";
        let nobody = "- login: nobody_at_all\n";
        let strange = format!("  destinations: [{{channel_id: {}}}]\n", foreign.channel);
        let cases = [
            ("}{".to_owned(), vec!["file"]),
            ("null".to_owned(), vec!["file"]),
            ("a: &a [*a, *a]\nb: *a".to_owned(), vec!["file"]),
            ("format: streammaxing-chat\nversion: 1".to_owned(), vec!["file"]),
            (format!("{head}setings: {{}}"), vec!["setings"]),
            (format!("{head}settings: []"), vec!["settings"]),
            (
                format!("{head}settings: {{end_action: explode, template: Nope}}"),
                vec!["settings.template"],
            ),
            (format!("{head}settings: {{enabled: 7}}"), vec!["settings.enabled"]),
            (
                format!("{head}settings: {{end_action: explode}}\n{bo}  enabled: yes please\n"),
                vec!["streamers[0].enabled"],
            ),
            (format!("{head}{bo}{strange}"), vec!["streamers[0].destinations[0].channel_id"]),
            (format!("{head}{bo}{nobody}"), vec!["streamers[1].login"]),
            (format!("{head}{bo}- login: BO\n"), vec!["streamers[1].login"]),
            (
                format!("{head}templates: [{{name: A, message: {{content: '{{titel}}'}}}}]"),
                vec!["templates[0].message.content"],
            ),
            (
                format!("{head}{bo}  destinations: [{{cooldown_seconds: -1}}]\n"),
                vec!["streamers[0].destinations[0].cooldown_seconds"],
            ),
        ];
        let before = (stored(t).await, exported(&ada).await);
        for (file, fields) in cases {
            let asked = import(&ada, &file, json!({})).await;
            assert_eq!((asked.status, asked.fields()), (422, fields), "{file}: {}", asked.body);
        }
        // The last thing that can go wrong, a person's limit, undoes what was written before.
        let report = import(&ada, &format!("{head}{bo}"), json!({})).await.ok();
        t.sql("update streamers set authorized = false").await;
        t.sql(
            "insert into streamers (twitch_user_id, login, display_name)
             select 900000 + n, 'x' || n, 'X' from generate_series(1, 500) n",
        )
        .await;
        t.sql(
            "insert into guild_streamers (guild_id, twitch_user_id, source, added_by)
             select (select max(guild_id) from guilds), twitch_user_id, 'admin', (select max(user_id) from users)
             from streamers where login like 'x%'",
        )
        .await;
        let from = json!({"made_from": report["made_from"]});
        let refused = import(&ada, &format!("{head}{bo}"), from).await;
        assert_eq!(refused.fields(), ["streamers[0].login"], "{}", refused.body);
        assert_eq!(exported(&ada).await, before.1);
        assert_eq!(t.count("message_templates").await, before.0[2]);
        assert_eq!(t.count("audit_log").await, before.0[3]);
    })
    .await;
}
