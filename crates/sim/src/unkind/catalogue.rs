//! Unkind answers with names: those of the page of `streammaxing dev`, and those that the product is held to.

use super::{OddBody, OddRows, Unkind};

/// What an answer is like to whoever asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// The remote, or something before it, says no or not now.
    Refused,
    /// There is none, or none in time.
    Silent,
    /// It says yes, and what is in it is none of the remote's.
    Unreadable,
    /// It is a list, and not the whole truth.
    Rows,
}

impl Kind {
    pub const ALL: [Self; 4] = [Self::Refused, Self::Silent, Self::Unreadable, Self::Rows];

    pub fn name(self) -> &'static str {
        match self {
            Self::Refused => "refused",
            Self::Silent => "silent",
            Self::Unreadable => "unreadable",
            Self::Rows => "rows",
        }
    }
}

/// An unkind answer with a name.
#[derive(Debug, Clone, Copy)]
pub struct Named {
    pub name: &'static str,
    pub kind: Kind,
    pub about: &'static str,
    make: fn() -> Unkind,
}

impl Named {
    pub fn answer(&self) -> Unkind {
        (self.make)()
    }
}

/// The answer of a name.
pub fn find(name: &str) -> Option<&'static Named> {
    ANSWERS.iter().find(|answer| answer.name == name)
}

macro_rules! answers {
    ($($kind:ident $name:literal $about:literal $make:expr;)*) => {
        /// All of them.
        pub const ANSWERS: &[Named] = &[$(
            Named { name: $name, kind: Kind::$kind, about: $about, make: || $make },
        )*];
    };
}

/// Nothing of the remote's at all.
fn instead(status: u16, text: &str) -> Unkind {
    Unkind::answer(status, &[], text)
}

fn page(status: u16) -> Unkind {
    Unkind { carried_out: Some(false), ..Unkind::odd(status, OddBody::Page) }
}

answers! {
    Refused "400" "A bad request, in the remote's own words" Unkind::status(400);
    Refused "401" "A token that is not taken" Unkind::status(401);
    Refused "403" "Forbidden, in the remote's own words" Unkind::status(403);
    Refused "404" "Unknown, in the remote's own words" Unkind::status(404);
    Refused "409" "A conflict" Unkind::status(409);
    Refused "410" "Gone" Unkind::status(410);
    Refused "418" "A status that nobody expects" Unkind::status(418);
    Refused "429" "A limit, in the remote's own words" Unkind::status(429);
    Refused "429-bare" "A limit that does not say how long" Unkind::odd(429, OddBody::Empty);
    Refused "429-long" "A limit of a day" Unkind::answer(429, &[("Retry-After", "86400"), ("Ratelimit-Reset", "99999999999"), ("Via", "1.1 google")], r#"{"message":"slow down","retry_after":86400.0,"global":false}"#);
    Refused "403-page" "A page of a proxy that forbids it" page(403);
    Refused "404-page" "A page of a proxy that knows nothing" page(404);
    Refused "403-empty" "Forbidden, without a word" Unkind::odd(403, OddBody::Empty);
    Refused "500" "An error of the remote's" Unkind::status(500);
    Refused "502-page" "A proxy's page: the remote is away" page(502);
    Refused "503-empty" "Out of order, without a word" Unkind::odd(503, OddBody::Empty);
    Refused "504-done" "A proxy that was too impatient: the request was carried out" Unkind { carried_out: Some(true), ..Unkind::odd(504, OddBody::Page) };
    Silent "slow" "It takes two and a half seconds" Unkind::slow(2_500);
    Silent "too-slow" "It takes longer than anybody waits; the request was carried out" Unkind::slow(6_000);
    Silent "lost-before" "The connection breaks, and the request is lost" Unkind::lost(false);
    Silent "lost-after" "The connection breaks, and the request was carried out" Unkind::lost(true);
    Unreadable "200-empty" "Accepted, with an empty body" Unkind::odd(200, OddBody::Empty);
    Unreadable "204" "Accepted, and there is nothing to say" Unkind::status(204);
    Unreadable "200-page" "Accepted, with a page" Unkind::odd(200, OddBody::Page);
    Unreadable "200-cut" "Accepted, with a body that ends in the middle" Unkind { body: Some(OddBody::Cut), ..Unkind::default() };
    Unreadable "200-stray-page" "A page of a proxy, and the request is lost" page(200);
    Unreadable "200-null" "`null`, and the request is lost" instead(200, "null");
    Unreadable "200-list" "`[]`, and the request is lost" instead(200, "[]");
    Unreadable "200-object" "`{}`, and the request is lost" instead(200, "{}");
    Unreadable "301" "Moved, to where nobody is" Unkind::answer(301, &[("Location", "http://127.0.0.1:9/elsewhere")], "");
    Unreadable "bom" "A byte order mark before the body" Unkind { body: Some(OddBody::Bom), ..Unkind::default() };
    Unreadable "huge" "Nine megabytes" Unkind { body: Some(OddBody::Huge), ..Unkind::default() };
    Rows "dropped" "No row at all" Unkind::rows(OddRows::Dropped);
    Rows "halved" "Every other row" Unkind::rows(OddRows::Halved);
    Rows "doubled" "Every row twice" Unkind::rows(OddRows::Doubled);
    Rows "reversed" "The last row first" Unkind::rows(OddRows::Reversed);
    Rows "nulled" "Every field is null" Unkind::rows(OddRows::Nulled);
    Rows "nameless" "Every field is null that is no id" Unkind::rows(OddRows::Nameless);
    Rows "mistyped" "Every field is of another type" Unkind::rows(OddRows::Mistyped);
    Rows "circling" "A cursor that leads to the same page again" Unkind::rows(OddRows::Circling);
}
