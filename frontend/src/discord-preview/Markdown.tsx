import { use, useState, type ReactNode } from "react";
import type { Inline, Node } from "./ast";
import styles from "./discord-preview.module.css";
import { SettingContext, useWords } from "./setting";
import { formatTime } from "./time";

/** Shows parsed text. */
export function Markdown({ nodes }: { nodes: readonly Node[] }) {
  // The tree is built anew from the text; a place in it is all that a node is known by.
  return nodes.map((node, at) => <Part key={`${at}${node.type}`} node={node} />);
}

function Part({ node }: { node: Node }): ReactNode {
  switch (node.type) {
    case "text":
      // In an element of its own: a browser that translates the page moves bare text elsewhere, and React
      // would look for it here in vain.
      return <span>{node.text}</span>;
    case "bold":
      return <strong>{inside(node)}</strong>;
    case "italic":
      return <em>{inside(node)}</em>;
    case "underline":
      return <u>{inside(node)}</u>;
    case "strike":
      return <s>{inside(node)}</s>;
    case "spoiler":
      return <Spoiler>{inside(node)}</Spoiler>;
    case "code":
      return <code className={styles.code}>{node.text}</code>;
    case "codeBlock":
      return (
        <pre className={styles.codeBlock}>
          <code>{node.text}</code>
        </pre>
      );
    case "link":
      return (
        <WebLink href={node.url} title={node.title}>
          {inside(node)}
        </WebLink>
      );
    case "mention":
      return <Mention node={node} />;
    case "emoji":
      return <CustomEmoji node={node} />;
    case "timestamp":
      return <Timestamp node={node} />;
    case "heading":
      return <Heading level={node.level}>{inside(node)}</Heading>;
    case "subtext":
      return <small className={styles.subtext}>{inside(node)}</small>;
    case "quote":
      return <blockquote className={styles.quote}>{inside(node)}</blockquote>;
    default:
      return <List node={node} />;
  }
}

function inside({ children }: { children: readonly Node[] }) {
  return <Markdown nodes={children} />;
}

/** A link that leads out of the app. */
export function WebLink({
  href,
  children,
  ...rest
}: {
  href: string;
  children: ReactNode;
  title?: string | undefined;
  className?: string | undefined;
}) {
  return (
    <a className={styles.link} {...rest} href={href} target="_blank" rel="noopener noreferrer">
      {children}
    </a>
  );
}

/** Headings of a shown message are none of the page, so they are not announced as such. */
function Heading({ level, children }: { level: 1 | 2 | 3; children: ReactNode }) {
  return <div className={[styles.h1, styles.h2, styles.h3][level - 1]}>{children}</div>;
}

function List({ node }: { node: Extract<Node, { type: "list" }> }) {
  const items = node.items.map((item, at) => (
    // oxlint-disable-next-line react/no-array-index-key
    <li key={at}>
      <Markdown nodes={item} />
    </li>
  ));
  if (!node.ordered) return <ul className={styles.list}>{items}</ul>;
  return (
    <ol className={styles.list} start={node.start}>
      {items}
    </ol>
  );
}

function Spoiler({ children }: { children: ReactNode }) {
  const { t } = useWords();
  const [shown, setShown] = useState(false);
  if (shown) {
    // It keeps the focus that it had as a button.
    return (
      <span className={styles.spoilerShown} tabIndex={-1}>
        {children}
      </span>
    );
  }
  const reveal = () => setShown(true);
  return (
    <span
      // A button element would not break across lines as text does.
      // oxlint-disable-next-line jsx-a11y/prefer-tag-over-role
      role="button"
      tabIndex={0}
      aria-label={t("spoiler.reveal")}
      className={styles.spoiler}
      onClick={reveal}
      onKeyDown={(event) => {
        if (event.key !== "Enter" && event.key !== " ") return;
        event.preventDefault();
        reveal();
      }}
    >
      <span inert>{children}</span>
    </span>
  );
}

function Mention({ node }: { node: Extract<Inline, { type: "mention" }> }) {
  const { read } = useWords();
  return <span className={styles.mention}>{read(node)}</span>;
}

function Timestamp({ node }: { node: Extract<Inline, { type: "timestamp" }> }) {
  const { read } = useWords();
  const { time } = use(SettingContext);
  const at = new Date(node.seconds * 1000);
  return (
    <time
      className={styles.timestamp}
      dateTime={at.toISOString()}
      title={formatTime(at, "F", time)}
    >
      {read(node)}
    </time>
  );
}

function CustomEmoji({ node }: { node: Extract<Inline, { type: "emoji" }> }) {
  const [failed, setFailed] = useState(false);
  const name = `:${node.name}:`;
  if (failed) return <span>{name}</span>;
  const file = `${node.id}.${node.animated ? "gif" : "webp"}`;
  return (
    <img
      className={styles.emoji}
      src={`https://cdn.discordapp.com/emojis/${file}?size=48`}
      alt={name}
      title={name}
      loading="lazy"
      referrerPolicy="no-referrer"
      onError={() => setFailed(true)}
    />
  );
}
