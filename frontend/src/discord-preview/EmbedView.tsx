import type { CSSProperties } from "react";
import type { Embed } from "~/template-language";
import styles from "./discord-preview.module.css";
import { fieldColumns } from "./fields";
import { Markdown, WebLink } from "./Markdown";
import { parseMarkdown } from "./markdown";
import { Picture } from "./Picture";
import type { Place } from "./rules";
import { useWords } from "./setting";

/** Shows an embed. */
export function EmbedView({ embed }: { embed: Embed }) {
  const { t } = useWords();
  const { author, title, url, description, fields = [], image, thumbnail } = embed;
  return (
    <article
      aria-label={t("embed.label")}
      className={styles.embed}
      style={embed.color ? { borderInlineStartColor: hex(embed.color) } : undefined}
    >
      <div className={styles.embedText}>
        {author && <Author author={author} />}
        {title && (
          <div className={styles.title}>
            {url ? (
              <WebLink href={url}>{markdown(title, "title")}</WebLink>
            ) : (
              markdown(title, "title")
            )}
          </div>
        )}
        {description && (
          <div className={styles.description}>{markdown(description, "description")}</div>
        )}
        {fields.length > 0 && <Fields fields={fields} />}
      </div>
      {thumbnail && (
        <div className={styles.thumbnail}>
          <Picture
            className={styles.thumbnailPicture}
            url={thumbnail.url}
            alt={t("picture.thumbnail")}
          />
        </div>
      )}
      {image && <Picture className={styles.image} url={image.url} alt={t("picture.image")} />}
      <Footer text={embed.footer?.text} timestamp={embed.timestamp} />
    </article>
  );
}

function markdown(text: string, place: Place) {
  return <Markdown nodes={parseMarkdown(text, place)} />;
}

function hex(color: number): string {
  return `#${color.toString(16).padStart(6, "0")}`;
}

function Author({ author }: { author: NonNullable<Embed["author"]> }) {
  return (
    <div className={styles.author}>
      {author.icon_url && <Picture className={styles.icon} url={author.icon_url} alt="" />}
      {author.url ? (
        <WebLink className={styles.authorLink} href={author.url}>
          {author.name}
        </WebLink>
      ) : (
        <span>{author.name}</span>
      )}
    </div>
  );
}

function Fields({ fields }: { fields: NonNullable<Embed["fields"]> }) {
  const columns = fieldColumns(fields);
  return (
    <div className={styles.fields}>
      {fields.map(({ name, value }, at) => (
        // oxlint-disable-next-line react/no-array-index-key
        <div key={at} className={styles.field} style={column(columns[at])}>
          <div className={styles.fieldName}>{markdown(name, "fieldName")}</div>
          <div className={styles.fieldValue}>{markdown(value, "fieldValue")}</div>
        </div>
      ))}
    </div>
  );
}

function column([start, end]: [number, number] = [1, 13]): CSSProperties {
  return { gridColumn: `${start} / ${end}` };
}

function Footer({ text, timestamp }: { text: string | undefined; timestamp: string | undefined }) {
  const { calendar } = useWords();
  if (!text && !timestamp) return null;
  const time = timestamp && <time dateTime={timestamp}>{calendar(new Date(timestamp))}</time>;
  return (
    <div className={styles.footer}>
      {text}
      {text && time && <span aria-hidden="true"> • </span>}
      {time}
    </div>
  );
}
