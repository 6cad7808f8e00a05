//! The entry point in AWS Lambda.

use lambda_runtime::{Error, LambdaEvent, service_fn};
use serde_json::value::RawValue;
use sm_lambda::{Config, dispatch::Dispatcher, lazy_app, logging, ops::Ops};
use sm_types::Clock;

// One invocation at a time on a fraction of a core: a single thread starts fastest.
#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    let config = Config::from_env()?;
    logging::init_json(config.log_level);
    let (stage, clock) = (config.stage.clone(), Clock::system());
    let ops = Ops::new(config.clone(), clock.clone());
    let edge = config.edge.clone();
    let dispatcher = Dispatcher::new(edge, lazy_app(config, clock.clone())).with_ops(ops);
    lambda_runtime::run(service_fn(async |event: LambdaEvent<Box<RawValue>>| {
        let reply = Box::pin(dispatcher.handle(event)).await;
        logging::write_metrics(&stage, clock.now());
        reply
    }))
    .await
}
