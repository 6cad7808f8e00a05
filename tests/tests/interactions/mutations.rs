//! Bodies that nobody has thought of: none of them breaks the reader.

use super::{admin, member, scenario};
use serde_json::{Value, json};
use sm_discord::interaction::Interaction;
use sm_sim::discord::Signing;

const MUTATIONS: u32 = 100_000;

/// Numbers that look random and are the same each time.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        // xorshift64
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % sides.max(1) as u64).unwrap_or(0)
    }
}

const PIECES: [&[u8]; 14] = [
    b"null",
    b"[]",
    b"{}",
    b"-1",
    b"1e999",
    b"\"\\ud800\"",
    b"\"\\u0000\"",
    b"18446744073709551616",
    b"\xff",
    b"[[[[[[[[[[[[[[[[",
    b"\"type\":",
    b"\"options\":[{\"name\":\"a\",\"type\":1,\"options\":",
    b",",
    b"\"",
];

fn mutate(seed: &[u8], dice: &mut Dice) -> Vec<u8> {
    let mut body = seed.to_vec();
    for _ in 0..=dice.roll(4) {
        let at = dice.roll(body.len());
        match dice.roll(6) {
            0 => body[at] = u8::try_from(dice.roll(256)).unwrap_or(0),
            1 => body.truncate(at.max(1)),
            2 => {
                let piece = PIECES[dice.roll(PIECES.len())];
                body.splice(at..at, piece.iter().copied());
            }
            3 => {
                let end = (at + dice.roll(40)).min(body.len());
                body.drain(at..end);
            }
            4 => {
                let end = (at + dice.roll(60)).min(body.len());
                let copy = body[at..end].to_vec();
                body.splice(at..at, copy);
            }
            _ => {
                let piece = PIECES[dice.roll(PIECES.len())];
                let end = (at + piece.len()).min(body.len());
                body.splice(at..end, piece.iter().copied());
            }
        }
        if body.is_empty() {
            body.push(b'{');
        }
    }
    body
}

#[tokio::test]
async fn hundred_thousand_mutated_bodies_are_read_or_refused() {
    scenario(async |t| {
        let guild = t.guild_following(&t.streamer("ana").await).await;
        let (ada, bea) = (admin(t, guild), member(t, guild, "bea"));
        let modal = json!({ "custom_id": "v1:add:-:-", "components": [{ "type": 18, "component": { "custom_id": "names", "value": "a" } }] });
        let mut seeds: Vec<Value> = vec![
            t.discord.interaction_body(bea, "live mute", &[("streamer", json!("ana"))]),
            t.discord.interaction_body(ada, "streammaxing add", &[("buttons", json!(true))]),
        ];
        for (kind, data) in [(3, json!({ "custom_id": "v1:mute:7" })), (5, modal), (4, seeds[0]["data"].clone())] {
            let mut seed = seeds[0].clone();
            seed["type"] = json!(kind);
            seed["data"] = data;
            seeds.push(seed);
        }
        let seeds: Vec<_> = seeds.iter().map(|seed| seed.to_string().into_bytes()).collect();
        let mut dice = Dice(0x5eed);
        let (mut read, mut posted) = (0, 0);
        for n in 0..MUTATIONS {
            let body = mutate(&seeds[dice.roll(seeds.len())], &mut dice);
            let understood = Interaction::parse(&body).is_some();
            read += u32::from(understood);
            // Some go the whole way, to whatever is behind the reader.
            if n % 500 == 0 {
                posted += 1;
                let (status, _) = t.discord.send_interaction(&body, Signing::Good).await;
                assert!(matches!(status, 200 | 400 | 401), "{status}: {}", String::from_utf8_lossy(&body));
                assert_eq!(status == 400, !understood, "{}", String::from_utf8_lossy(&body));
            }
        }
        assert!(read > MUTATIONS / 20 && read < MUTATIONS, "{read} of {MUTATIONS} are read");
        assert_eq!(posted, MUTATIONS / 500);
        t.work().await;
    })
    .await;
}
