import { ActionIcon, Textarea, Tooltip } from "@mantine/core";
import { IconBraces } from "@tabler/icons-react";
import { useId, useLayoutEffect, useRef, useState, type KeyboardEvent } from "react";
import { useTranslation } from "react-i18next";
import { candidates, complete, insert, openVariable, type Variable } from "./completion";
import { useAboutVariable } from "./useAboutVariable";
import classes from "./Bot.module.css";

const NONE: readonly Variable[] = [];

/** A field for what is said: `{`, Ctrl-Space or the button offer variables. */
export function ResponseField({
  label,
  description,
  value,
  onChange,
  variables,
  maxLength,
  error,
}: {
  label: string;
  description?: string;
  value: string;
  onChange: (text: string) => void;
  variables: readonly Variable[];
  maxLength: number;
  error?: string;
}) {
  const { t } = useTranslation("bot");
  const id = useId();
  const field = useRef<HTMLTextAreaElement>(null);
  const [offered, setOffered] = useState<readonly Variable[]>(NONE);
  const [at, setAt] = useState(0);
  /** Where the cursor goes once the text is there. */
  const cursor = useRef<number>(null);
  useLayoutEffect(() => {
    if (cursor.current === null) return;
    field.current?.setSelectionRange(cursor.current, cursor.current);
    cursor.current = null;
  });

  const offer = (found: readonly Variable[]) => {
    setOffered(found);
    setAt(0);
  };
  const follow = () => {
    const element = field.current;
    if (!element) return;
    const open = openVariable(element.value, element.selectionStart);
    offer(open ? candidates(variables, open.word) : NONE);
  };
  const pick = (variable: Variable) => {
    const element = field.current;
    if (!element) return;
    const { selectionStart: start, selectionEnd: end } = element;
    const next =
      start === end ? complete(value, start, variable) : insert(value, start, end, variable);
    cursor.current = next.cursor;
    onChange(next.text);
    offer(NONE);
    element.focus();
  };
  const step = (by: number) => setAt((now) => (now + by + offered.length) % offered.length);
  const pressed = (event: KeyboardEvent) => {
    if (event.nativeEvent.isComposing) return;
    if (event.ctrlKey && event.key === " ") {
      event.preventDefault();
      const open = openVariable(value, field.current?.selectionStart ?? 0);
      offer(open ? candidates(variables, open.word) : variables);
      return;
    }
    if (offered.length === 0) return;
    const chosen = offered[at];
    if (event.key === "Tab") {
      // It is gone before the focus moves on.
      offer(NONE);
      return;
    }
    if (event.key === "ArrowDown") step(1);
    else if (event.key === "ArrowUp") step(-1);
    else if (event.key === "Escape") offer(NONE);
    else if (event.key === "Enter" && chosen) pick(chosen);
    else return;
    event.preventDefault();
    event.stopPropagation();
  };
  const listed = offered.length > 0;
  return (
    <div className={classes.response}>
      <Textarea
        ref={field}
        label={label}
        description={description}
        value={value}
        onChange={(event) => {
          onChange(event.currentTarget.value);
          follow();
        }}
        onKeyDown={pressed}
        onBlur={() => offer(NONE)}
        maxLength={maxLength}
        autosize
        minRows={2}
        maxRows={8}
        dir="auto"
        spellCheck={false}
        error={error}
        // Escape closes the list, and not the dialog around it.
        data-mantine-stop-propagation={listed || undefined}
        aria-autocomplete="list"
        aria-controls={listed ? `${id}list` : undefined}
        aria-activedescendant={listed ? `${id}${at}` : undefined}
        rightSection={
          <Tooltip label={t("variables.insert")}>
            <ActionIcon
              variant="subtle"
              color="gray"
              aria-label={t("variables.insertIn", { label })}
              // The field keeps the focus, and with it the selection.
              onMouseDown={(event) => event.preventDefault()}
              onClick={() => {
                field.current?.focus();
                offer(listed ? NONE : variables);
              }}
            >
              <IconBraces size={18} />
            </ActionIcon>
          </Tooltip>
        }
      />
      {listed && <Options id={id} offered={offered} at={at} onPick={pick} />}
    </div>
  );
}

function Options({
  id,
  offered,
  at,
  onPick,
}: {
  id: string;
  offered: readonly Variable[];
  at: number;
  onPick: (variable: Variable) => void;
}) {
  const { t } = useTranslation("bot");
  const about = useAboutVariable();
  const list = useRef<HTMLDivElement>(null);
  useLayoutEffect(() => {
    list.current?.children[at]?.scrollIntoView({ block: "nearest" });
  }, [at]);
  return (
    <div
      id={`${id}list`}
      ref={list}
      role="listbox"
      // It scrolls; a key has closed it before the focus gets here.
      tabIndex={0}
      onMouseDown={(event) => event.preventDefault()}
      aria-label={t("variables.label")}
      className={classes.options}
    >
      {offered.map((variable, place) => (
        // Keys are the field's: the list never has the focus.
        // oxlint-disable-next-line jsx-a11y/click-events-have-key-events, jsx-a11y/interactive-supports-focus
        <div
          key={variable.name}
          id={`${id}${place}`}
          role="option"
          aria-selected={place === at}
          className={classes.option}
          onMouseDown={(event) => event.preventDefault()}
          onClick={() => onPick(variable)}
        >
          <code>{variable.example}</code>
          <span>{about(variable)}</span>
        </div>
      ))}
    </div>
  );
}
