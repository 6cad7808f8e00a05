//! `make bench`: figures of the main path on this machine, printed, never asserted.

mod ack;
mod chat;
mod cold_start;
mod comeback;
mod expand;
mod fan_out;
mod figures;
mod interactions;
mod matching;
mod queue;
mod scale;
mod socket;

use figures::say;
use sm_tests::{flood, scenario};

#[tokio::main]
async fn main() {
    if let Some(address) = ack::server_address() {
        return ack::serve(address).await;
    }
    say("StreamMaxing, figures of this machine");
    say(&figures::machine());
    // `bench ack` prints one part alone; `bench scale` is asked for by name only, since it fills for minutes.
    let only = std::env::args().nth(1);
    if only.as_deref() == Some("scale") {
        return scale::run().await;
    }
    let wanted = |name: &str| only.as_deref().is_none_or(|only| only == name);
    if wanted("cold_start") {
        cold_start::run().await;
    }
    if wanted("ack") {
        ack::run().await;
    }
    if wanted("fan_out") {
        fan_out::run().await;
    }
    if wanted("expand") {
        expand::run().await;
    }
    if wanted("queue") {
        queue::run().await;
    }
    if wanted("chat") {
        matching::run();
        chat::run().await;
    }
    if wanted("interactions") {
        interactions::run().await;
    }
    if wanted("socket") {
        socket::run().await;
    }
    if wanted("comeback") {
        comeback::run().await;
    }
    if wanted("flood") {
        say("\nStrangers flood a server for 20 seconds");
        scenario(async |t| say(&flood::flood(t, 20, 100).await.to_string())).await;
    }
}
