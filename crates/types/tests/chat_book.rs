//! Who is answered, by which command: levels × badges × lists, names in any script, and lines at random.

use proptest::prelude::*;
use sm_types::{
    TwitchUserId,
    chat::{
        Asks, Badge, Book, BookSettings, Builtin, BuiltinSettings, Chatter, Command, CommandId,
        Heard, Level, Line, Order, Person, Silence, Source, Target, When, text,
    },
};
use time::{Duration, OffsetDateTime};

const NOW: OffsetDateTime = OffsetDateTime::UNIX_EPOCH;

fn command(name: &str) -> Command {
    Command {
        id: CommandId(uuid::Uuid::from_u128(name.len() as u128 + 1)),
        name: name.to_owned(),
        aliases: vec![],
        responses: vec!["hi {user}".to_owned()],
        order: Order::Random,
        reply: true,
        level: Level::Everyone,
        allow: vec![],
        deny: vec![],
        cooldown: 5,
        user_cooldown: 30,
        no_cooldown_from: Some(Level::Moderator),
        when: When::Always,
        enabled: true,
        expires_at: None,
        category: String::new(),
        fetch: None,
    }
}

fn line(text: &str, badges: &[&str]) -> Line {
    let badge = |set: &&str| Badge { set: (*set).to_owned(), id: "1".to_owned() };
    Heard {
        channel: "1".into(),
        message_id: "m".into(),
        chatter: Chatter {
            id: "2".into(),
            login: "ana".into(),
            name: "Ana".into(),
            badges: badges.iter().map(badge).collect(),
        },
        text: text.into(),
        fragments: vec![],
        reply: None,
        source: None,
        sent_at: NOW,
    }
    .into()
}

fn person(id: &str) -> Person {
    Person { id: TwitchUserId::from(id), login: "ana".into() }
}

fn asks(line: &Line) -> Asks<'_> {
    Asks { person: line.chatter.id.as_str(), level: line.level(), is_live: true, now: NOW }
}

fn found<'a>(book: &'a Book, text: &str) -> Option<&'a str> {
    match book.find(text)?.target {
        Target::Own(entry) => Some(&entry.command.name),
        Target::Builtin(builtin) => Some(builtin.name()),
    }
}

fn prefixed(prefix: &str, commands: Vec<Command>) -> Book {
    Book::new(BookSettings { prefix: prefix.to_owned(), ..BookSettings::default() }, commands)
}

#[test]
fn every_level_lets_through_whom_it_should() {
    let badges: [(&[&str], Level); 8] = [
        (&[], Level::Everyone),
        (&["glhf-pledge"], Level::Everyone),
        (&["subscriber"], Level::Subscriber),
        (&["founder"], Level::Subscriber),
        (&["vip"], Level::Vip),
        (&["vip", "founder"], Level::Vip),
        (&["moderator"], Level::Moderator),
        (&["lead_moderator", "subscriber"], Level::Moderator),
    ];
    for needed in Level::ALL {
        for (worn, stands) in badges {
            for (allowed, denied) in [(false, false), (true, false), (false, true), (true, true)] {
                let mut of = command("hi");
                of.level = needed;
                of.allow = if allowed { vec![person("2")] } else { vec![person("9")] };
                of.deny = if denied { vec![person("2")] } else { vec![] };
                let book = prefixed("!", vec![of]);
                let line = line("!hi", worn);
                let hit = book.read(&line).unwrap();
                let expected = if denied {
                    Err(Silence::Denied)
                } else if allowed || stands >= needed {
                    Ok(())
                } else {
                    Err(Silence::Level { needed })
                };
                let answer = book.permit(hit.target, &asks(&line)).map(|_| ());
                assert_eq!(answer, expected, "{worn:?} at {needed:?}, {allowed} {denied}");
            }
        }
        // The broadcaster always may, also from the list of those who may not.
        let mut of = command("hi");
        (of.level, of.deny) = (needed, vec![person("1")]);
        let book = prefixed("!", vec![of]);
        let mut line = line("!hi", &[]);
        line.chatter.id = "1".into();
        assert!(book.permit(book.read(&line).unwrap().target, &asks(&line)).is_ok());
    }
}

#[test]
fn alias_asks_for_the_level_and_id_of_its_target() {
    let mut of = command("secret");
    (of.aliases, of.level) = (vec!["Geheim".into()], Level::Moderator);
    let id = of.id;
    let book = prefixed("!", vec![of]);
    let line = line("!GEHEIM", &[]);
    let target = book.read(&line).unwrap().target;
    assert_eq!(target.id(), id);
    let refused = Err(Silence::Level { needed: Level::Moderator });
    assert_eq!(book.permit(target, &asks(&line)), refused);
}

#[test]
fn names_are_found_in_any_script_and_case() {
    let names = ["info", "straße", "İ", "ПРИВЕТ", "é", "👋"].map(command);
    let book = prefixed("!", names.to_vec());
    for (text, name) in [
        ("!INFO", Some("info")),
        ("  !info now", Some("info")),
        ("\u{200b}!info\u{e0000}", Some("info")),
        ("!STRASSE", Some("straße")),
        ("!i\u{307}", Some("İ")),
        ("!привет", Some("ПРИВЕТ")),
        ("!E\u{301}", Some("é")),
        ("!👋", Some("👋")),
        ("!inf", None),
        ("! info", None),
        ("info", None),
        ("hey !info", None),
        ("", None),
        ("!", None),
    ] {
        assert_eq!(found(&book, text), name, "{text:?}");
    }
}

#[test]
fn prefix_may_be_long_or_missing() {
    assert_eq!(found(&prefixed("", vec![command("hello")]), "Hello there"), Some("hello"));
    assert_eq!(found(&prefixed("Bot.", vec![command("hello")]), "bot.hello"), Some("hello"));
    assert_eq!(found(&prefixed("🤖", vec![command("hello")]), "🤖hello"), Some("hello"));
    assert_eq!(found(&prefixed("!!", vec![command("hello")]), "!hello"), None);
}

#[test]
fn builtin_holds_its_name_until_it_is_switched_off() {
    let mut settings = BookSettings::default();
    let book = Book::new(settings.clone(), vec![command("uptime")]);
    assert_eq!(book.named("UPTIME"), Some(Target::Builtin(Builtin::Uptime)));
    let off = BuiltinSettings { enabled: false, ..BuiltinSettings::default() };
    settings.builtins.insert(Builtin::Uptime, off);
    let book = Book::new(settings, vec![command("uptime")]);
    assert!(matches!(book.named("uptime"), Some(Target::Own(_))));
}

#[test]
fn conditions_and_strangers_are_met_with_silence() {
    let line = line("!hi", &[]);
    let silent = |change: fn(&mut Command), is_live| {
        let mut of = command("hi");
        change(&mut of);
        let book = prefixed("!", vec![of]);
        let asks = Asks { is_live, ..asks(&line) };
        book.read(&line).and_then(|hit| book.permit(hit.target, &asks)).err()
    };
    assert_eq!(silent(|_| {}, true), None);
    assert_eq!(silent(|of| of.enabled = false, true), Some(Silence::Disabled));
    assert_eq!(silent(|of| of.expires_at = Some(NOW), true), Some(Silence::Expired));
    assert_eq!(silent(|of| of.expires_at = Some(NOW + Duration::SECOND), true), None);
    assert_eq!(silent(|of| of.when = When::Online, false), Some(Silence::Offline));
    assert_eq!(silent(|of| of.when = When::Offline, true), Some(Silence::Online));
}

#[test]
fn bots_ignored_people_and_other_channels_are_never_answered() {
    let settings = BookSettings { ignored: vec![person("7")], ..BookSettings::default() };
    let book = Book::new(settings, vec![command("hi")]);
    assert!(book.read(&line("!hi", &[])).is_ok());
    assert_eq!(book.read(&line("!hi", &["bot-badge"])), Err(Silence::Ignored));
    let mut ignored = line("!hi", &["moderator"]);
    ignored.chatter.id = "7".into();
    assert_eq!(book.read(&ignored), Err(Silence::Ignored));
    let mut shared = line("!hi", &[]);
    shared.source = Some(Source { channel: "9".into(), message_id: "s".into(), badges: vec![] });
    assert_eq!(book.read(&shared), Err(Silence::FromElsewhere));
    assert_eq!(book.read(&line("!nothing", &[])), Err(Silence::NoCommand));
}

#[test]
fn waiting_is_two_independent_keys_and_moderators_are_exempt() {
    let book = prefixed("!", vec![command("hi")]);
    for (badges, exempt) in [(&[][..], false), (&["moderator"][..], true)] {
        let line = line("!hi", badges);
        let waits = book.permit(book.read(&line).unwrap().target, &asks(&line)).unwrap();
        assert_eq!((waits.global, waits.user, waits.exempt), (5, 30, exempt));
    }
}

proptest! {
    #[test]
    fn any_line_is_read_without_panic_and_only_by_its_first_word(
        prefix in "(\\PC){0,5}", name in "[^\\s\\p{C}]{1,12}", text in "(\\PC|[!\\u{200b}\\u{e0000} \\u{1}]){0,80}",
    ) {
        let prefix: String = prefix.split_whitespace().collect();
        let book = prefixed(&prefix, vec![command(&name)]);
        if let Some(hit) = book.find(&text) {
            let first = text::tokens(&text).next().unwrap_or_default();
            let called = format!("{}{}", text::fold(&prefix), text::fold(hit.target.name()));
            prop_assert_eq!(text::fold(first), called);
        }
    }

    #[test]
    fn command_is_found_by_its_own_name(name in "[\\p{L}\\p{N}]{1,20}", args in "[a-z @]{0,20}") {
        let book = Book::new(BookSettings::default(), vec![command(&name)]);
        let text = format!("!{name} {args}");
        prop_assert!(book.find(&text).is_some(), "{}", text);
    }
}
