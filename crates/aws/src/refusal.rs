//! What a failed call to AWS tells, without the answer's body: that could hold a secret.

use aws_smithy_runtime_api::client::{orchestrator::HttpResponse, result::SdkError};
use aws_smithy_types::error::metadata::ProvideErrorMetadata;

/// Codes of a 400 that time alone can change.
const PASSING: [&str; 3] = ["Throttl", "LimitExceeded", "TooManyRequests"];

/// Whether the same call may succeed later.
pub(crate) fn passes<E: ProvideErrorMetadata>(error: &SdkError<E, HttpResponse>) -> bool {
    if let SdkError::ConstructionFailure(_) = error {
        return false;
    }
    let code = error.code().unwrap_or_default();
    let status = error.raw_response().map(|response| response.status().as_u16());
    PASSING.iter().any(|passing| code.contains(passing))
        || !status.is_some_and(|status| (400..500).contains(&status) && status != 429)
}

/// A clause such as `refused (DisabledException): key … is disabled`.
pub(crate) fn describe<E: ProvideErrorMetadata>(error: &SdkError<E, HttpResponse>) -> String {
    match (error, error.code()) {
        (SdkError::ConstructionFailure(_), _) => {
            "could not be asked: check the AWS_ settings".into()
        }
        (SdkError::TimeoutError(_), _) => "did not answer in time".into(),
        (SdkError::DispatchFailure(_), _) => "did not answer".into(),
        (_, Some(code)) => match error.message() {
            Some(message) => format!("refused ({code}): {message}"),
            None => format!("refused ({code})"),
        },
        (_, None) => {
            let status = error.raw_response().map_or(0, |response| response.status().as_u16());
            format!("sent an answer that cannot be read ({status})")
        }
    }
}
