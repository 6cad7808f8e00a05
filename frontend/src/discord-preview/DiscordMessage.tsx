import { useMemo, useState, type ReactNode } from "react";
import { useTranslation } from "react-i18next";
import type { RenderedMessage } from "~/template-language";
import styles from "./discord-preview.module.css";
import { EmbedView } from "./EmbedView";
import { Markdown, WebLink } from "./Markdown";
import { parseMarkdown } from "./markdown";
import { isJumbo, plainText } from "./plain-text";
import { SettingContext, useWords, type MentionNames, type Setting } from "./setting";

/** A button that leads to an address. */
interface LinkButton {
  label: string;
  url: string;
  emoji?: string;
}

/** What `DiscordMessage` takes. */
export interface DiscordMessageProps {
  message: RenderedMessage & { buttons?: readonly LinkButton[] };
  /** Discord's own scheme, whatever the app's is. */
  scheme: "dark" | "light";
  /** Who posts; the product's own bot when left out. */
  bot?: { name: string; avatarUrl?: string };
  names?: MentionNames;
  /** When it was posted, and what time it is; both default to the time of the first showing. */
  sentAt?: Date;
  now?: Date;
  timeZone?: string;
  edited?: boolean;
  /** The hosts from which pictures are loaded; those that the server's policy allows. */
  imageHosts?: readonly string[];
}

const IMAGE_HOSTS = ["cdn.discordapp.com", "media.discordapp.net", "static-cdn.jtvnw.net"];
const NO_NAMES: MentionNames = {};
const MAX_SPOKEN = 200;

/** A message as Discord shows it. */
export function DiscordMessage(props: DiscordMessageProps) {
  const [shownAt] = useState(() => new Date());
  const { names = NO_NAMES, now = shownAt, timeZone, imageHosts = IMAGE_HOSTS } = props;
  const { i18n } = useTranslation("preview");
  const locale = i18n.language;
  const setting = useMemo<Setting>(() => {
    const time = { locale, now, ...(timeZone ? { timeZone } : {}) };
    return { names, time, imageHosts };
  }, [names, now, timeZone, locale, imageHosts]);
  return (
    <SettingContext value={setting}>
      <Message {...props} now={now} />
    </SettingContext>
  );
}

function Message({
  message: { content, embeds, buttons = [] },
  scheme,
  bot = { name: "StreamMaxing" },
  now,
  sentAt = now,
  edited = false,
}: DiscordMessageProps & { now: Date }) {
  const { t, read, calendar } = useWords();
  const nodes = useMemo(() => parseMarkdown(content, "content"), [content]);
  const spoken = shorten(plainText(nodes, read, t("spoiler.hidden")).trim());
  const label = [
    spoken === "" ? t("label.noText") : t("label.text", { text: spoken }),
    ...(embeds.length > 0 ? [t("label.embed", { count: embeds.length })] : []),
    ...(buttons.length > 0 ? [t("label.button", { count: buttons.length })] : []),
  ].join(", ");
  return (
    <article className={`${styles.message} ${styles[scheme]}`} aria-label={label}>
      <Avatar url={bot.avatarUrl} />
      <div className={styles.body}>
        <div className={styles.header}>
          <span className={styles.name}>{bot.name}</span>
          <span className={styles.tag}>{t("app")}</span>
          <time className={styles.sent} dateTime={sentAt.toISOString()}>
            {calendar(sentAt)}
          </time>
        </div>
        <div className={`${styles.content} ${isJumbo(nodes) ? styles.jumbo : ""}`}>
          <Markdown nodes={nodes} />
          {edited && content !== "" && <span className={styles.edited}> {t("edited")}</span>}
        </div>
        {embeds.map((embed, at) => (
          // oxlint-disable-next-line react/no-array-index-key
          <EmbedView key={at} embed={embed} />
        ))}
        {edited && content === "" && <div className={styles.edited}>{t("edited")}</div>}
        {buttons.length > 0 && <Buttons buttons={buttons} />}
      </div>
    </article>
  );
}

function shorten(text: string): string {
  const chars = Array.from(text);
  return chars.length > MAX_SPOKEN ? `${chars.slice(0, MAX_SPOKEN).join("").trimEnd()}…` : text;
}

function Avatar({ url }: { url: string | undefined }) {
  if (url) {
    return (
      <img
        className={styles.avatar}
        src={url}
        alt=""
        width={40}
        height={40}
        referrerPolicy="no-referrer"
      />
    );
  }
  return (
    <svg className={styles.avatar} viewBox="0 0 32 32" aria-hidden="true">
      <rect width="32" height="32" fill="#6741d9" />
      <circle cx="16" cy="16" r="3.5" fill="#fff" />
      <path
        d="M9.5 22.5a9.2 9.2 0 0 1 0-13M22.5 22.5a9.2 9.2 0 0 0 0-13"
        fill="none"
        stroke="#fff"
        strokeWidth="2.4"
        strokeLinecap="round"
      />
    </svg>
  );
}

function Buttons({ buttons }: { buttons: readonly LinkButton[] }): ReactNode {
  return (
    <div className={styles.buttons}>
      {buttons.map(({ label, url, emoji }) => (
        <WebLink key={`${label} ${url}`} className={styles.button} href={url}>
          {emoji && <span aria-hidden="true">{emoji}</span>}
          {label}
          <svg className={styles.leave} viewBox="0 0 24 24" aria-hidden="true">
            <path
              d="M14 4h6v6M20 4l-9 9M18 14v5a1 1 0 0 1-1 1H5a1 1 0 0 1-1-1V7a1 1 0 0 1 1-1h5"
              fill="none"
              stroke="currentColor"
              strokeWidth="2"
              strokeLinecap="round"
              strokeLinejoin="round"
            />
          </svg>
        </WebLink>
      ))}
    </div>
  );
}
