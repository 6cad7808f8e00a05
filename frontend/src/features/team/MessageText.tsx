import { Anchor } from "@mantine/core";
import { parts } from "./text";
import classes from "./Team.module.css";

/** What somebody has said: text as it is, links to the web, mentions marked. Nothing in it is ever HTML. */
export function MessageText({
  text,
  names,
  me,
}: {
  text: string;
  /** Who can be mentioned. */
  names: readonly string[];
  me: string;
}) {
  return (
    <div className={classes.text} dir="auto">
      {parts(text, names).map((part, at) => {
        if (part.kind === "link") {
          return (
            <Anchor
              key={at}
              href={part.href}
              target="_blank"
              rel="noopener noreferrer nofollow"
              underline="always"
              inherit
            >
              {part.text}
            </Anchor>
          );
        }
        if (part.kind === "mention") {
          const own = part.text.slice(1).toLowerCase() === me.toLowerCase();
          return (
            <mark key={at} className={classes.mention} data-own={own || undefined}>
              {part.text}
            </mark>
          );
        }
        return part.text;
      })}
    </div>
  );
}
