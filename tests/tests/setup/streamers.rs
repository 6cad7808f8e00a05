//! Streamers of a server: pasted names, links, invites, and where each is announced.

use super::{Admin, admin};
use crate::flow::until;
use serde_json::{Value, json};
use sm_tests::scenario;

#[tokio::test]
async fn pasted_names_come_back_with_a_result_each() {
    scenario(async |t| {
        let ana = t.streamer("ana").await;
        let ada = admin(t, &ana).await;
        t.twitch.add_user("bruno", "Bruno");
        let names = json!({"names": ["ana", "@Bruno", "twitch.tv/nobody_at_all", "https://evil.example/x", "", "bruno"]});
        let results = ada.browser.post(&ada.path("streamers"), &names).await.ok();
        let results: Vec<_> =
            results.as_array().unwrap().iter().map(|r| r["result"].as_str().unwrap()).collect();
        assert_eq!(results, ["already", "added", "unknown", "invalid", "invalid", "already"]);
        let too_many = json!({"names": vec!["x"; 101]});
        ada.browser.post(&ada.path("streamers"), &too_many).await.refused(422, "invalid");
        let page = ada.browser.get(&ada.path("streamers?limit=1")).await.ok();
        assert_eq!(page["items"][0]["login"], "ana");
        let next = page["next"].as_str().unwrap();
        let page = ada.browser.get(&ada.path(&format!("streamers?limit=1&after={next}"))).await.ok();
        assert_eq!((&page["items"][0]["login"], &page["next"]), (&json!("bruno"), &Value::Null));
        for bad in ["limit=0", "limit=101", "limit=x", "after=%21", "after=AA"] {
            let answer = ada.browser.get(&ada.path(&format!("streamers?{bad}"))).await;
            assert_eq!((answer.status, answer.code()), (400, "malformed"), "{bad}");
        }
        let found = ada.browser.get(&ada.path("streamers/search?q=bru")).await.ok();
        assert_eq!(found[0]["login"], "bruno");
        t.work().await;
    })
    .await;
}

#[tokio::test]
async fn pasted_addresses_name_their_channel_or_say_what_they_are() {
    scenario(async |t| {
        let ana = t.streamer("ana").await;
        let ada = admin(t, &ana).await;
        // Twitch knows users of these names; none of the addresses means them.
        for login in ["hana", "popout", "moderator", "videos", "settings", "u"] {
            t.twitch.add_user(login, login);
        }
        let names = [
            ("https://www.twitch.tv/popout/hana/chat?popout=", "hana"),
            ("https://www.twitch.tv/moderator/hana", "hana"),
            ("https://dashboard.twitch.tv/u/hana/stream-manager", "hana"),
            ("https://player.twitch.tv/?channel=hana&parent=x", "hana"),
            ("[hana](https://twitch.tv/hana)", "hana"),
            ("https://www.twitch.tv/hana/clip/Slug", "hana"),
            ("moderator", "moderator"),
            ("https://www.twitch.tv/videos/123456", "video"),
            ("https://clips.twitch.tv/Slug", "clip"),
            ("https://www.twitch.tv/settings", "page"),
            ("https://evil.example/hana", "elsewhere"),
        ];
        let body = json!({"names": names.map(|(name, _)| name)});
        let results = ada.browser.post(&ada.path("streamers"), &body).await.ok();
        for (result, (name, meaning)) in results.as_array().unwrap().iter().zip(names) {
            let named = result["login"].as_str().or(result["reason"].as_str());
            assert_eq!(named, Some(meaning), "{name}");
        }
        assert_eq!(
            results[7]["message"],
            "This is the address of a video. Paste the channel's name or address instead, such as twitch.tv/hana."
        );
        let search = ada.path("streamers/search?q=%3Ctwitch.tv/embed/hana/chat%3E");
        assert_eq!(ada.browser.get(&search).await.ok()[0]["login"], "hana");
        let refused = ada.browser.get(&ada.path("streamers/search?q=twitch.tv/videos/12")).await;
        assert!(refused.body.to_string().contains("address of a video"), "{}", refused.body);
        refused.refused(400, "malformed");
        t.work().await;
    })
    .await;
}

#[tokio::test]
async fn pastes_of_the_same_names_in_other_orders_do_not_block_each_other() {
    scenario(async |t| {
        let ana = t.streamer("ana").await;
        let ada = admin(t, &ana).await;
        let names: Vec<_> = (0..40).map(|n| format!("name_{n}")).collect();
        for name in &names {
            t.twitch.add_user(name, name);
        }
        let other = admin(t, &ana).await;
        let paste = async |admin: &Admin<'_>, names: Vec<&String>| {
            admin.browser.post(&admin.path("streamers"), &json!({"names": names})).await.ok()
        };
        for _ in 0..3 {
            let (there, back) = tokio::join!(
                paste(&ada, names.iter().collect()),
                paste(&other, names.iter().rev().collect())
            );
            for results in [there, back] {
                let results = results.as_array().unwrap().clone();
                assert!(results.iter().all(|r| r["result"] == "added" || r["result"] == "already"));
            }
        }
        t.work().await;
    })
    .await;
}

#[tokio::test]
async fn one_streamer_goes_to_several_channels_in_their_own_way() {
    scenario(async |t| {
        let ana = t.streamer("ana").await;
        let ada = admin(t, &ana).await;
        let second = t.discord.add_channel(ada.guild.id, "second");
        let role = t.discord.add_role(ada.guild.id, "Fans", true);
        let rest = format!("streamers/{ana}");
        let loaded = ada.browser.get(&ada.path(&rest)).await;
        let etag = loaded.header("etag").to_owned();
        let first = loaded.ok()["destinations"][0]["settings"]["id"].clone();
        let body = json!({"enabled": true, "destinations": [
            {"id": first, "channel_id": null},
            {"channel_id": second, "mention": {"kind": "role", "role_id": role}, "game_filter": ["Chess"]},
        ]});
        let saved = ada.browser.put_from(&ada.path(&rest), &etag, &body).await;
        let etag = saved.header("etag").to_owned();
        assert_eq!(saved.ok()["destinations"].as_array().unwrap().len(), 2);
        t.twitch.set_channel(&ana, "Openings", "Chess");
        t.twitch.go_live(&ana).await;
        t.work().await;
        assert_eq!(t.messages(ada.guild).len(), 1);
        assert_eq!(t.discord.messages(second)[0].mention_roles, [role.to_string()]);
        // Swapped, one of them removed, and what is not ours.
        let elsewhere = t.discord.add_guild("Elsewhere");
        let foreign = t.discord.add_channel(elsewhere, "general");
        let put = async |destinations: Value| {
            let body = json!({"enabled": true, "destinations": destinations});
            ada.browser.put_from(&ada.path(&rest), &etag, &body).await
        };
        let cases = [
            (json!([]), "destinations"),
            (json!([{"channel_id": second}, {"channel_id": second}]), "destinations[0].channel_id"),
            (json!([{"channel_id": foreign}]), "destinations[0].channel_id"),
            (json!([{"id": "0198b2e4-1111-7000-8000-000000000000", "channel_id": null}]), "destinations[0].id"),
            (json!([{"channel_id": null, "cooldown_seconds": -1}]), "destinations[0].cooldown_seconds"),
            (json!([{"channel_id": null, "game_filter": []}]), "destinations[0].game_filter"),
            (json!([{"channel_id": null, "title_filter": " "}]), "destinations[0].title_filter"),
        ];
        let twice = put(json!([{"channel_id": null}, {"channel_id": second}, {"channel_id": second}])).await;
        assert_eq!(twice.fields(), ["destinations[1].channel_id", "destinations[2].channel_id"]);
        assert_eq!(twice.body["errors"][0]["code"], "channel_twice");
        let unknown = "0198b2e4-1111-7000-8000-000000000000";
        let gone = put(json!([{"channel_id": null}, {"channel_id": second, "template_id": unknown}])).await;
        assert_eq!(gone.fields(), ["destinations[1].template_id"]);
        assert_eq!(gone.body["errors"][0]["code"], "unknown_template");
        for (destinations, field) in cases {
            let answer = put(destinations).await;
            assert_eq!(answer.fields().first(), Some(&field), "{}", answer.body);
            answer.refused(422, "invalid");
        }
        put(json!([{"id": first, "channel_id": second}])).await.ok();
        let history = ada.browser.get(&ada.path("deliveries")).await.ok();
        assert_eq!(history["items"].as_array().unwrap().len(), 2, "the history stays");
    })
    .await;
}

#[tokio::test]
async fn the_list_is_searched_by_login_and_name() {
    scenario(async |t| {
        let ana = t.streamer("ana").await;
        let ada = admin(t, &ana).await;
        for (login, name) in [("chiyo", "Chiyo"), ("nova_ana", "Nova"), ("tokyo_77", "東京のアナ")]
        {
            t.twitch.add_user(login, name);
        }
        let names = json!({"names": ["chiyo", "nova_ana", "tokyo_77"]});
        ada.browser.post(&ada.path("streamers"), &names).await.ok();
        let found = async |query: &str| {
            let page = ada.browser.get(&ada.path(&format!("streamers?{query}"))).await.ok();
            let logins = page["items"].as_array().unwrap().iter();
            let logins: Vec<_> = logins.map(|i| i["login"].as_str().unwrap().to_owned()).collect();
            (logins.join(" "), page["next"].as_str().map(str::to_owned))
        };
        assert_eq!(found("q=ANA").await.0, "ana nova_ana");
        assert_eq!(found("q=%20NOVA%20").await.0, "nova_ana");
        assert_eq!(found("q=%E4%BA%AC").await.0, "tokyo_77");
        assert_eq!(found("q=%25").await.0, "", "no wildcards");
        assert_eq!(found("q=").await.0, "ana chiyo nova_ana tokyo_77");
        let (first, next) = found("q=ana&limit=1").await;
        let next = next.expect("there is one more");
        assert_eq!(
            (first.as_str(), found(&format!("q=ana&after={next}")).await.0),
            ("ana", "nova_ana".to_owned())
        );
        let long = ada.path(&format!("streamers?q={}", "x".repeat(101)));
        ada.browser.get(&long).await.refused(400, "malformed");
        t.work().await;
    })
    .await;
}

#[tokio::test]
async fn failed_subscription_is_tried_again_on_request() {
    scenario(async |t| {
        let ana = t.streamer("ana").await;
        let ada = admin(t, &ana).await;
        let bruno = t.twitch.add_user("bruno", "Bruno");
        t.twitch.set_max_total_cost(0);
        let names = json!({"names": ["bruno"]});
        ada.browser.post(&ada.path("streamers"), &names).await.ok();
        t.work().await;
        let path = ada.path(&format!("streamers/{bruno}"));
        let again = format!("{path}/subscribe");
        let row = ada.browser.get(&path).await.ok()["streamer"].clone();
        assert_eq!(row["subscription"], "failed");
        assert_eq!(row["subscription_reason"], "too_many_subscriptions");
        ada.browser.post(&again, &json!({})).await.refused(409, "tried_just_now");
        t.twitch.set_max_total_cost(10_000);
        // Later than a minute, and earlier than it is planned after several failures.
        t.sql("update eventsub_targets set next_try_at = now() + interval '5 hours' where state = 'failed'").await;
        t.clock.advance(time::Duration::seconds(90));
        assert_eq!(ada.browser.post(&again, &json!({})).await.status, 202);
        ada.browser.post(&again, &json!({})).await.refused(409, "tried_just_now");
        t.work().await;
        let row = ada.browser.get(&path).await.ok()["streamer"].clone();
        assert_ne!(row["subscription"], "failed");
        assert_eq!(row["subscription_reason"], Value::Null);
        ada.browser.post(&again, &json!({})).await.refused(409, "not_failed");
        let other = ada.path("streamers/999/subscribe");
        ada.browser.post(&other, &json!({})).await.refused(404, "not_found");
        let log = ada.browser.get(&ada.path("audit")).await.ok();
        assert_eq!(log["items"][0]["action"], "streamer.subscribe");
        assert_eq!(log["items"][0]["after"]["login"], "bruno");
        t.work().await;
    })
    .await;
}

#[tokio::test]
async fn channel_that_is_back_is_taken_up_where_twitch_tells() {
    scenario(async |t| {
        let bruno = t.twitch.add_user("bruno", "Bruno");
        let ana = t.streamer("ana").await;
        let ada = admin(t, &ana).await;
        ada.browser.post(&ada.path("streamers"), &json!({"names": ["bruno"]})).await.ok();
        t.work().await;
        let row = async || {
            let path = ada.path(&format!("streamers/{bruno}"));
            ada.browser.get(&path).await.ok()["streamer"].clone()
        };
        // Twitch challenges beside its answer.
        let back = async || {
            let row = row().await;
            (&row["exists"], &row["subscription"]) == (&json!(true), &json!("enabled"))
        };
        until("its subscription is there", 20, back).await;
        // A ban that is taken back within the minute: the subscription is accepted again.
        t.twitch.remove_user(&bruno).await;
        let gone = row().await;
        assert_eq!(
            (&gone["exists"], &gone["subscription_reason"]),
            (&json!(false), &json!("user_removed"))
        );
        assert_eq!(
            gone["subscription_error"],
            "Twitch removed the account: it was closed or suspended"
        );
        t.twitch.restore_user(&bruno);
        t.after(time::Duration::seconds(61)).await;
        until("its subscription is there", 20, back).await;
        // One of hours: nothing is subscribed any more, and Get Users lists the account again.
        t.twitch.remove_user(&bruno).await;
        for _ in 0..3 {
            t.clock.advance(time::Duration::minutes(11));
            t.sweep().await;
        }
        assert_eq!(row().await["exists"], false);
        t.twitch.restore_user(&bruno);
        t.clock.advance(time::Duration::minutes(11));
        t.sweep().await;
        t.work().await;
        until("its subscription is there", 20, back).await;
        // An event of it, sent later than the removal was told of.
        t.sql("update streamers set status = 'removed'").await;
        t.twitch.go_live(&bruno).await;
        assert_eq!(row().await["exists"], true);
        t.work().await;
    })
    .await;
}

#[tokio::test]
async fn limits_hold_for_requests_at_the_same_time() {
    scenario(async |t| {
        let ana = t.streamer("ana").await;
        let ada = admin(t, &ana).await;
        let path = ada.path("invites");
        let invite = async || ada.browser.post(&path, &json!({})).await.status;
        let statuses = futures_util::future::join_all((0..30).map(|_| invite())).await;
        assert_eq!(statuses.iter().filter(|status| **status == 201).count(), 25, "{statuses:?}");
        assert_eq!(t.count("invite_links").await, 25);
        t.work().await;
    })
    .await;
}

#[tokio::test]
async fn streamers_link_their_own_channel_by_invite() {
    scenario(async |t| {
        let ana = t.streamer("ana").await;
        let ada = admin(t, &ana).await;
        let [bruno, chiyo] = ["bruno", "chiyo"].map(|login| t.twitch.add_user(login, login));
        let made =
            ada.browser.post(&ada.path("invites"), &json!({"hours": 1, "max_uses": 1})).await.ok();
        let code = made["code"].as_str().unwrap();
        let visitor = t.browser();
        let view = visitor.get(&format!("/api/invites/{code}")).await.ok();
        assert_eq!(view["guild_name"], "Guild");
        let link = format!("/api/invites/{code}/link");
        let denied = visitor.get(&link).await;
        let landed = visitor.consent(denied.location(), "deny=1").await;
        assert_eq!(landed.location(), format!("/invite/{code}?error=access_denied"));
        let begun = visitor.get(&link).await;
        let landed = visitor.consent(begun.location(), &format!("as={bruno}")).await;
        assert_eq!(landed.location(), format!("/invite/{code}?linked=bruno"));
        // Used up: whoever follows the link reads why on a page.
        assert_eq!(
            visitor.get(&link).await.location(),
            format!("/invite/{code}?error=invite_invalid")
        );
        let strange = visitor.get("/api/invites/a%2F%0D%0Ab%00/link").await;
        assert_eq!(strange.location(), "/invite/-?error=invite_invalid");
        let strange = visitor.get("/api/invites/%2F%2Fevil.example/link").await;
        assert_eq!(strange.location(), "/invite/evilexample?error=invite_invalid");
        let page = ada.browser.get(&ada.path("streamers")).await.ok();
        let bruno_row = &page["items"][1];
        assert_eq!((&bruno_row["source"], &bruno_row["linked"]), (&json!("invite"), &json!(true)));
        t.work().await;
        let types: Vec<_> = t
            .twitch
            .subscriptions()
            .into_iter()
            .filter(|s| s.condition.to_string().contains(bruno.as_str()))
            .map(|s| (s.kind, s.cost))
            .collect();
        assert_eq!(types.len(), 4, "{types:?}");
        assert!(types.iter().all(|(_, cost)| *cost == 0), "authorised ones are free: {types:?}");
        // Revoked between the click and the return.
        let made = ada.browser.post(&ada.path("invites"), &json!({})).await.ok();
        let code = made["code"].as_str().unwrap();
        let begun = visitor.get(&format!("/api/invites/{code}/link")).await;
        assert_eq!(ada.browser.delete(&ada.path(&format!("invites/{code}"))).await.status, 204);
        let landed = visitor.consent(begun.location(), &format!("as={chiyo}")).await;
        assert_eq!(landed.location(), format!("/invite/{code}?error=invite_invalid"));
        t.clock.advance(time::Duration::hours(2));
        let all = ada.browser.get(&ada.path("invites")).await.ok();
        assert!(all.as_array().unwrap().iter().all(|invite| invite["active"] == false), "{all}");
    })
    .await;
}

#[tokio::test]
async fn admins_link_by_oauth_and_only_while_they_are_admins() {
    scenario(async |t| {
        let ana = t.streamer("ana").await;
        let ada = admin(t, &ana).await;
        let bruno = t.twitch.add_user("bruno", "Bruno");
        let begun = ada.browser.get(&ada.path("streamers/link")).await;
        let landed = ada.browser.consent(begun.location(), &format!("as={bruno}")).await;
        assert_eq!(landed.location(), format!("/s/{}/streamers?linked=bruno", ada.guild.id));
        let begun = ada.browser.get(&ada.path("streamers/link")).await;
        let somebody = t.discord.add_user("somebody", None);
        t.discord.set_owner(ada.guild.id, somebody);
        let landed = ada.browser.consent(begun.location(), &format!("as={bruno}")).await;
        assert!(landed.location().ends_with("error=not_an_admin"), "{}", landed.location());
        t.work().await;
    })
    .await;
}
