import { useTranslation } from "react-i18next";
import styles from "./template-editor.module.css";

const NEAR = 0.9;

/** How much of a limit is used; says so when it gets tight. */
export function Counter({ id, used, limit }: { id: string; used: number; limit: number }) {
  const { t } = useTranslation("editor");
  const level = levelOf(used, limit);
  return (
    <>
      <span id={id} className={styles.counter} data-level={level}>
        <span aria-hidden="true">
          {used}/{limit}
        </span>
        <span className={styles.hidden}>{t("counter.label", { used, limit })}</span>
      </span>
      <output className={styles.hidden}>
        {level !== "fine" && t(`counter.${level}`, { limit })}
      </output>
    </>
  );
}

function levelOf(used: number, limit: number): "fine" | "near" | "over" {
  if (used > limit) return "over";
  return used >= NEAR * limit ? "near" : "fine";
}
