//! Parts that several statements have in common which accept a webhook.

/// The message id `$1`, received at `$2`: a row when it is new, and `$only_if` holds.
macro_rules! fresh_message {
    () => {
        concat!("with ", fresh_message!("true"))
    };
    ($only_if:literal) => {
        concat!(
            "message as (
           insert into webhook_messages (message_id, received_at, received_on)
           select $1, $2, ($2 at time zone 'utc')::date
           where ",
            $only_if,
            " and not exists (select from webhook_messages
                              where message_id = $1 and received_on = ($2 at time zone 'utc')::date - 1)
           on conflict do nothing returning 1
         )"
        )
    };
}

/// The same, unless anybody has wished for the feed of streamer `$4`: then nothing is done, and that is told.
macro_rules! fresh_message_without_feed {
    () => {
        concat!(
            "with feed as materialized (
           select 1 from topics where topic = 'feed:' || $4
         ), ",
            fresh_message!("not exists (select from feed)")
        )
    };
}

/// The two texts of a statement: of one that tells the feed, and of one that does not, which costs a tenth less.
macro_rules! with_feed_and_without {
    (($($body:tt)*), ($($fed:tt)*), ($($select:tt)*)) => {
        [
            concat!(fresh_message_without_feed!(), $($body)*, " ", $($select)*),
            concat!(fresh_message!(), $($body)*, ", ", fed!($($fed)*), $($select)*),
        ]
    };
}

/// Tells the feed of streamer `$4` of something, where anybody has wished for that feed and `$when` holds.
macro_rules! fed {
    ($kind:literal, $data:literal, $when:literal) => {
        concat!(
            "told as (
               update topics t set position = t.position + 1, tag = left(gen_random_uuid()::text, 8), updated_at = now()
               from message
               where t.topic = 'feed:' || $4 and ",
            $when,
            " returning t.topic, t.position, t.tag
             ), feed as (
               insert into feed_events (twitch_user_id, position, event_id, kind, data, occurred_at)
               select $4, told.position, $1, '",
            $kind,
            "', jsonb_build_object(",
            $data,
            "), $3 from told
               on conflict on constraint feed_events_event_key do nothing
               returning feed_event_id
             ), feed_event as (
               insert into topic_events (topic, position, tag, kind, subject)
               select told.topic, told.position, told.tag, 'feed', feed.feed_event_id::text from told, feed
             )"
        )
    };
}

/// An account that Twitch tells of is there.
macro_rules! seen {
    ($streamer:literal) => {
        concat!(
            "seen as (
               delete from doubts using message where kind = 'streamer_gone' and subject = ",
            $streamer,
            ")"
        )
    };
}

/// Names, unless newer ones have been told; empty ones are not told.
macro_rules! names {
    ($at:literal, $login:literal, $name:literal) => {
        concat!(
            "login = case when ",
            $login,
            " = '' or names_told_at > ",
            $at,
            " then login else ",
            $login,
            " end,
             display_name = case when ",
            $name,
            " = '' or names_told_at > ",
            $at,
            " then display_name else ",
            $name,
            " end,
             names_told_at = case when ",
            $login,
            " = '' then names_told_at else greatest(names_told_at, ",
            $at,
            ") end"
        )
    };
}

pub(crate) use {
    fed, fresh_message, fresh_message_without_feed, names, seen, with_feed_and_without,
};
