//! The entry point in AWS Lambda.

use lambda_runtime::{Error, LambdaEvent, service_fn};
use serde_json::value::RawValue;
use sm_lambda::{Config, dispatch, lazy_app, logging};
use sm_types::Clock;

// One invocation at a time on a fraction of a core: a single thread starts fastest.
#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    let config = Config::from_env()?;
    logging::init_json(config.log_level);
    let dispatcher = dispatch::Dispatcher::new(lazy_app(config, Clock::system()));
    lambda_runtime::run(service_fn(|event: LambdaEvent<Box<RawValue>>| dispatcher.handle(event)))
        .await
}
