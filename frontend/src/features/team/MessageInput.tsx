import { Text, Textarea } from "@mantine/core";
import { useId, type KeyboardEvent, type ReactNode, type Ref } from "react";
import { useTranslation } from "react-i18next";
import { MAX_CHARS, measure } from "./text";
import classes from "./Team.module.css";

/** From here on it is told how much room is left. */
const NEAR_FULL = 400;
/** A key that belongs to an input method; Safari ends the composition before it tells of the key. */
const COMPOSING = 229;

/** A field for a message, with its counter: Enter sends, Shift+Enter makes a line. */
export function MessageInput({
  ref,
  label,
  value,
  error,
  disabled = false,
  actions,
  onChange,
  onSubmit,
  onUp,
  onEscape,
}: {
  ref?: Ref<HTMLTextAreaElement>;
  label: string;
  value: string;
  error?: string | null;
  disabled?: boolean;
  actions: ReactNode;
  onChange: (text: string) => void;
  /** Only for what fits. */
  onSubmit: (text: string) => void;
  /** Arrow up in an empty field. */
  onUp?: () => void;
  onEscape?: () => void;
}) {
  const { t } = useTranslation("team");
  const { chars, fault } = measure(value);
  const counter = useId();
  const pressed = (event: KeyboardEvent) => {
    if (event.nativeEvent.isComposing || event.keyCode === COMPOSING) return;
    if (event.key === "Enter" && !event.shiftKey) {
      event.preventDefault();
      if (fault === null && !disabled) onSubmit(value);
    } else if (event.key === "ArrowUp" && value === "" && onUp) {
      event.preventDefault();
      onUp();
    } else if (event.key === "Escape" && onEscape) {
      // The dialog or menu around it is not meant.
      event.stopPropagation();
      onEscape();
    }
  };
  const wrong = fault !== null && fault !== "empty" ? t(`input.${fault}`) : (error ?? null);
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        if (fault === null && !disabled) onSubmit(value);
      }}
    >
      <div className={classes.input}>
        <Textarea
          ref={ref}
          className={classes.field}
          aria-label={label}
          aria-describedby={counter}
          placeholder={label}
          value={value}
          onChange={(event) => onChange(event.currentTarget.value)}
          onKeyDown={pressed}
          disabled={disabled}
          autosize
          minRows={1}
          maxRows={6}
          dir="auto"
          error={wrong}
        />
        {actions}
      </div>
      <Text
        id={counter}
        size="xs"
        className={classes.counter}
        c={chars > MAX_CHARS ? "var(--mantine-color-error)" : "dimmed"}
        role={chars > NEAR_FULL ? "status" : undefined}
      >
        {t("input.counter", { chars, most: MAX_CHARS })}
      </Text>
    </form>
  );
}
