//! crates/api/asyncapi.json says what the code does.

use serde_json::{Value, json};
use sm_types::live::ClientFrame;
use std::collections::BTreeSet;

const FRAMES: &str = include_str!("../../../crates/types/src/live/frames.rs");
const LINE: &str = include_str!("../../../crates/services/src/live/line.rs");
const WORDS: &str = include_str!("../../../docs/realtime.md");

fn document() -> Value {
    serde_json::from_str(sm_tests::ASYNC_API).unwrap()
}

/// The variants of an enum in a source, as serde writes them.
fn variants(source: &str, name: &str) -> BTreeSet<String> {
    let (_, body) = source.split_once(&format!("pub enum {name} {{\n")).unwrap();
    let (body, _) = body.split_once("\n}\n").unwrap();
    let own = body.lines().filter_map(|line| line.strip_prefix("    "));
    let own = own.filter(|line| line.starts_with(|c: char| c.is_ascii_uppercase()));
    own.map(|line| snake(line.split(|c: char| !c.is_alphanumeric()).next().unwrap())).collect()
}

fn snake(name: &str) -> String {
    let each = name.chars().enumerate().flat_map(|(n, c)| {
        let bar = (n > 0 && c.is_ascii_uppercase()).then_some('_');
        bar.into_iter().chain([c.to_ascii_lowercase()])
    });
    each.collect()
}

fn texts(list: &Value) -> BTreeSet<String> {
    list.as_array().unwrap().iter().map(|text| text.as_str().unwrap().to_owned()).collect()
}

#[test]
fn every_frame_is_described_and_no_other() {
    let document = document();
    let named = |operation: &str| {
        let messages = document["operations"][operation]["messages"].as_array().unwrap();
        let name = |message: &Value| {
            let key = message["$ref"].as_str().unwrap().rsplit('/').next().unwrap().to_owned();
            let described = &document["components"]["messages"][&key]["name"];
            described.as_str().unwrap().to_owned()
        };
        messages.iter().map(name).collect::<BTreeSet<_>>()
    };
    assert_eq!(named("hear"), variants(FRAMES, "ClientFrame"));
    assert_eq!(named("say"), variants(FRAMES, "ServerFrame"));
    let schemas = &document["components"]["schemas"];
    assert_eq!(texts(&schemas["Refusal"]["enum"]), variants(FRAMES, "Refusal"));
    let kinds = schemas["Event"]["oneOf"].as_array().unwrap().iter().map(|kind| {
        let key = kind["$ref"].as_str().unwrap().rsplit('/').next().unwrap();
        schemas[key]["properties"]["kind"]["const"].as_str().unwrap().to_owned()
    });
    assert_eq!(kinds.collect::<BTreeSet<_>>(), variants(FRAMES, "Fact"));
    // The codes of close frames, in the code, in the schema and in words.
    let codes = &schemas["ServerClosingFrame"]["properties"]["code"]["enum"];
    for code in codes.as_array().unwrap() {
        assert!(LINE.contains(&format!("=> {code},")), "{code}");
        assert!(WORDS.contains(&format!("| {code} |")), "{code}");
    }
    assert_eq!(codes.as_array().unwrap().len(), variants(LINE, "Close").len());
    for frame in variants(FRAMES, "ClientFrame").union(&variants(FRAMES, "ServerFrame")) {
        assert!(WORDS.contains(&format!("`{frame}`")), "docs/realtime.md does not tell of {frame}");
    }
    for refusal in variants(FRAMES, "Refusal") {
        assert!(WORDS.contains(&format!("`{refusal}`")), "docs/realtime.md: {refusal}");
    }
}

#[test]
fn examples_are_frames() {
    let document = document();
    for (key, message) in document["components"]["messages"].as_object().unwrap() {
        let examples = message["examples"].as_array().unwrap();
        assert!(!examples.is_empty(), "{key}");
        for example in examples {
            let frame = &example["payload"];
            if key.starts_with("Client") {
                sm_tests::check_frame("Client", frame);
                serde_json::from_value::<ClientFrame>(frame.clone()).unwrap();
            } else {
                sm_tests::check_frame("Server", frame);
            }
        }
    }
    let odd = std::panic::catch_unwind(|| {
        sm_tests::check_frame("Server", &json!({ "type": "pong", "more": 1 }));
    });
    assert!(odd.is_err(), "the schemas take anything");
}
