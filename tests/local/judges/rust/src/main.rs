//! A function under AWS's Rust runtime; what it does stands in the event.
use lambda_runtime::{run, service_fn, streaming, Error, LambdaEvent};
use serde_json::{json, Value};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

async fn handle(event: LambdaEvent<Value>) -> Result<Value, Error> {
    let (payload, context) = event.into_parts();
    match payload["do"].as_str() {
        Some("fail") => return Err("it failed".into()),
        Some("panic") => panic!("it panicked"),
        Some("exit") => std::process::exit(3),
        Some("sleep") => tokio::time::sleep(Duration::from_secs(60)).await,
        _ => {}
    }
    let now = SystemTime::now().duration_since(UNIX_EPOCH)?.as_millis() as u64;
    Ok(json!({
        "event": payload,
        "id": context.request_id,
        "arn": context.invoked_function_arn,
        "left": context.deadline.saturating_sub(now),
        "name": context.env_config.function_name,
        "pid": std::process::id(),
    }))
}

async fn stream(_: LambdaEvent<Value>) -> Result<streaming::Response<streaming::Body>, Error> {
    let (mut sender, body) = streaming::channel();
    tokio::spawn(async move {
        for part in ["one,", "two"] {
            let _ = sender.send_data(part.into()).await;
        }
    });
    Ok(streaming::Response::from(body))
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    if std::env::var("_HANDLER")? == "stream" {
        run(service_fn(stream)).await
    } else {
        run(service_fn(handle)).await
    }
}
