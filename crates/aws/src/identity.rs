//! STS: who the credentials belong to.

use crate::{
    AwsSettings, Http,
    signed::{Call, CallError, element, send},
};
use reqwest::Method;
use time::OffsetDateTime;

/// Who asks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    /// The account's twelve digits.
    pub account: String,
    /// The user, or the role and its session.
    pub arn: String,
}

/// Asks AWS who we are. No permission is needed for that.
pub async fn identity(
    aws: &AwsSettings,
    http: &Http,
    now: OffsetDateTime,
) -> Result<Identity, CallError> {
    let call = Call {
        name: "STS",
        service: "sts",
        method: Method::POST,
        path: "/",
        headers: &[("content-type", "application/x-www-form-urlencoded")],
        body: "Action=GetCallerIdentity&Version=2011-06-15".to_owned(),
    };
    let answer = send(aws, http, call, now).await?;
    let field = |name| element(&answer, name).map(str::to_owned);
    let (Some(account), Some(arn)) = (field("Account"), field("Arn")) else {
        return Err(CallError::Unavailable("STS sent an answer without an identity".to_owned()));
    };
    Ok(Identity { account, arn })
}
