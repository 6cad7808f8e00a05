//! How long a line is looked up among a channel's commands.

use crate::figures::{percentile, say};
use sm_types::chat::{Book, BookSettings, Command, CommandId, Level, Order, When};
use std::{
    hint::black_box,
    time::{Duration, Instant},
};

const COMMANDS: u128 = 10_000;
/// Lines of one measurement: one alone is too short for the clock.
const LINES: u32 = 100;

pub(crate) fn run() {
    say(&format!("\nA line of chat among {COMMANDS} commands with two aliases each"));
    let book = Book::new(BookSettings::default(), (0..COMMANDS).map(command).collect());
    for (what, text) in [
        ("calls nothing", "just talking about the game, nothing to see here Kappa Kappa"),
        ("calls an unknown one", "!nobody has this name"),
        ("calls one", "!Command9999 and three arguments"),
        ("calls one by an alias with an umlaut", "!ÄLIAS9999 and three arguments"),
    ] {
        let mut took: Vec<Duration> = (0..1_000).map(|_| lines(&book, text)).collect();
        took.sort_unstable();
        let micros = |share| percentile(&took, share).as_secs_f64() * 1e6 / f64::from(LINES);
        say(&format!("  {what:37} p50 {:6.2} µs  p99 {:6.2} µs", micros(0.5), micros(0.99)));
    }
}

fn lines(book: &Book, text: &str) -> Duration {
    let begun = Instant::now();
    for _ in 0..LINES {
        black_box(book.find(black_box(text)));
    }
    begun.elapsed()
}

fn command(number: u128) -> Command {
    Command {
        id: CommandId(uuid::Uuid::from_u128(number)),
        name: format!("command{number}"),
        aliases: vec![format!("älias{number}"), format!("other{number}")],
        responses: vec!["Hello {touser}, this is number {count}".to_owned()],
        order: Order::Random,
        reply: true,
        level: Level::Everyone,
        allow: vec![],
        deny: vec![],
        cooldown: 5,
        user_cooldown: 0,
        no_cooldown_from: None,
        when: When::Always,
        enabled: true,
        expires_at: None,
        category: String::new(),
        fetch: None,
    }
}
