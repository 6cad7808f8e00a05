//! `make bench`: figures of the main path on this machine, printed, never asserted.

mod ack;
mod cold_start;
mod fan_out;
mod figures;

use figures::say;

#[tokio::main]
async fn main() {
    if let Some(address) = ack::server_address() {
        return ack::serve(address).await;
    }
    say("StreamMaxing, figures of this machine");
    say(&figures::machine());
    cold_start::run().await;
    ack::run().await;
    fan_out::run().await;
}
