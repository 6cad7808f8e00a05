//! The commands as Discord has them.

use super::scenario;
use sm_services::interactions::registration;
use sm_tests::World;

fn puts(t: &World) -> usize {
    t.discord.requests().iter().filter(|seen| seen.method == "PUT").count()
}

#[tokio::test]
async fn commands_are_registered_once_and_again_when_something_differs() {
    scenario(async |t| {
        t.discord.add_entry_point("launch");
        assert_eq!(registration::register(&t.app).await.unwrap(), ["live", "streammaxing"]);
        assert_eq!(registration::register(&t.app).await.unwrap(), Vec::<String>::new());
        assert_eq!(puts(t), 1, "a second run sends nothing");
        let names: Vec<_> =
            t.discord.commands().iter().map(|command| command["name"].clone()).collect();
        assert_eq!(names, ["live", "streammaxing", "launch"], "the portal's own command stays");
        let admin = &t.discord.commands()[1];
        assert_eq!(admin["default_member_permissions"], "32");
        let german = &admin["options"][1]["name_localizations"]["de"];
        assert_eq!(german, "hinzufügen");
    })
    .await;
}
