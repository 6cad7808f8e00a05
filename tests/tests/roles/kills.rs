//! Workers killed in the midst of granting: everybody gets what they want, and the ping reaches exactly them.

use super::{paced, people, role, server, set, wish};
use sm_tests::{process::Process, scenario_within};
use std::{collections::BTreeSet, time::Duration};

fn setting(name: &str, default: usize) -> usize {
    #[expect(clippy::disallowed_methods, reason = "how large a run is")]
    std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(default)
}

#[tokio::test]
async fn killed_workers_leave_everybody_with_what_they_want() {
    let _loaded = sm_tests::machine().await;
    let wanting = setting("CHAOS_OPT_INS", 200);
    let (leaving, kills) = (wanting / 10, setting("CHAOS_KILLS", 4).min(20));
    scenario_within(Duration::from_secs(900), async |t| {
        let ana = t.streamer("ana").await;
        let guild = server(t, &ana).await;
        let members = people(t, guild, wanting + leaving);
        t.discord.set_role_window(Some(Duration::from_millis(100)));
        let mut settings = paced(t);
        settings.push(("LOG_LEVEL", "error".to_owned()));
        wish(t, guild, Some(&ana), &members[..wanting], true).await;
        let begun = std::time::Instant::now();
        let listen = ["serve", "--api-only", "--listen", "127.0.0.1:0"];
        let made = || t.discord.role_changes().0;
        for kill in 1..=kills {
            let mut worker = Process::start("streammaxing", &listen, &settings);
            let goal = u64::try_from(wanting * kill / (kills + 1)).unwrap();
            while made() < goal {
                tokio::time::sleep(Duration::from_millis(3)).await;
            }
            worker.kill();
            if kill == kills / 2 {
                // Some have the role by now, others not yet.
                wish(t, guild, Some(&ana), &members[..leaving / 2], false).await;
                wish(t, guild, Some(&ana), &members[wanting - leaving / 2..wanting], false).await;
            }
        }
        let mut worker = Process::start("streammaxing", &listen, &settings);
        let expected = set(members[leaving / 2..wanting - leaving / 2].to_vec());
        let holders = || t.discord.roles(guild.id).first().map(|role| t.discord.holders(guild.id, role.0));
        while holders().is_none_or(|held| set(held) != expected) {
            tokio::time::sleep(Duration::from_millis(50)).await;
            // Leases of those who were killed end, and so do the pauses between changes of one member.
            t.sql("update role_holders set due_at = now() where held is null and due_at > now() + interval '25 seconds'").await;
        }
        let took = begun.elapsed();
        worker.kill();
        t.sql("update role_holders set due_at = now() where due_at is not null").await;
        t.work().await;
        let (made, idle) = t.discord.role_changes();
        assert_eq!(set(t.discord.holders(guild.id, role(t, guild))), expected);
        assert!(idle <= u64::try_from(8 * (kills + 1)).unwrap(), "{idle} calls for nothing");
        assert!(t.discord.invalid_responses() <= u64::try_from(kills * 2).unwrap(), "limits were met");
        let left = sm_db::roles::claim::outlook(&t.app.pool, t.clock.now()).await.unwrap();
        assert_eq!(left.waiting, 0);
        t.twitch.go_live(&ana).await;
        t.work().await;
        let notified: BTreeSet<_> = t.message(guild).notified.into_iter().collect();
        assert_eq!(notified, expected);
        println!(
            "{wanting} opt-ins, {leaving} opt-outs, {kills} kills: {made} changes, {idle} for nothing, {} refused, {:.1} s",
            t.discord.invalid_responses(),
            took.as_secs_f64()
        );
    })
    .await;
}
